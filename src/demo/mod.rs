//! A made-up fleet, so that everything can be tried without AWS.
//!
//! Takes the number of workloads; gives what `collect` would have gathered: an inventory, time series
//! in parts, gaps. The same number always gives the same bytes, on every machine. Refuses nothing.
//!
//! The table of what exists is [`archetypes`]; with more workloads than rows the table repeats, with
//! numbered names and a demand of a few per cent more or less.

mod archetype;
mod archetypes;
mod fleet;
mod history;
mod instances;
mod member;
mod prng;
mod resources;
mod series;
mod shapes;
#[cfg(test)]
mod tests;
mod window;

pub use archetype::Intent;
pub use fleet::Fleet;
