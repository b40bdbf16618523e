//! What a pull request is judged by: rules, their levels, waivers, a baseline, and the verdict.
//!
//! Takes templates, what production is known to need, and settings; gives findings. Pure: the time is given.

mod finding;
mod production;
mod rule;

pub use finding::{Finding, Judgement, NotJudged};
pub use production::Production;
pub use rule::{Level, Rule};
