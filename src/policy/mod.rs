//! What a pull request is judged by: rules, their levels, waivers, a baseline, and the verdict.
//!
//! Takes templates, what production is known to need, and settings; gives findings. Pure: the time is given.

mod baseline;
mod costs;
mod counterparts;
mod docket;
mod finding;
mod judge;
mod link;
mod matching;
mod price;
mod production;
mod purchase;
mod rule;
mod rules;
mod running;
mod settings;
mod subject;
mod tally;
mod verdict;
mod waiver;
mod wording;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, BaselineError};
pub use costs::{TaskCosts, costs};
pub use finding::{Finding, Judgement, NotJudged};
pub use judge::{Case, judge};
pub use link::linked;
pub use production::{Production, enough_for};
pub use rule::{Level, Rule};
pub use settings::{CheckSettings, Floor, SettingsError, UnknownRule};
pub use verdict::{OnIncomplete, Verdict};
pub use waiver::Waiver;
