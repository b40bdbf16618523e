mod brute_force;
mod examples;
mod fleet;
mod properties;
