mod brute_force;
mod properties;
