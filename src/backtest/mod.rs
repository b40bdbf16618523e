//! Sizing rules judged on data they have not seen: sized on the past, measured on what came after.
//!
//! Takes a [`Dataset`] (absolute demand per series, from traces or from a snapshot), a [`Split`] in time,
//! a [`Ladder`] of sizes with prices, and [`Rule`]s; gives a [`Backtest`]: per rule what it would have saved
//! and how often it would have run short. Refuses data too short for one window. Every rule sees the
//! same samples, picks from the same sizes at the same prices, and is held to the same ceiling.
//!
//! How a decision is judged, per series and window:
//!
//! | figure | is |
//! |---|---|
//! | saved | 1 − sum of the chosen sizes' prices / sum of the current sizes' prices, each of all tasks |
//! | memory violating | share of series whose largest later memory sample is above the chosen memory |
//! | CPU samples over | share of all later CPU samples above the chosen vCPU |
//! | CPU violating | share of series with any such sample |
//! | not rated | share of series that got no decision, or had too little later data to judge one |
//! | churn | share of decisions that differ from the same series' decision one window earlier |
//!
//! A series without a decision keeps its size and is judged so; one without later data counts in
//! nothing but "not rated". CPU is judged by each period's maximum where the data has it, else by its
//! average. What a report knows of a workload whatever the window ([`Known`]) holds for the product's own
//! rule, too; a traced machine is one task of which nothing is known. Intervals are percentile bootstraps over series, which is what varies between fleets:
//! samples of one series are far from independent.

pub mod chart;
mod counts;
pub mod csv;
mod decision;
mod from_snapshot;
mod headroom;
pub mod json;
mod known;
mod ladder;
mod rule;
pub mod rules;
mod run;
mod score;
mod series;
mod split;
pub mod table;
mod traces;
mod training;

#[cfg(test)]
mod tests;

pub use counts::InputCounts;
pub use decision::Decision;
pub use from_snapshot::from_snapshot;
pub use headroom::{Headroom, LearntHeadroom};
pub use known::{Known, ONE_TASK};
pub use ladder::{Ladder, Need, Price};
pub use rule::{Answer, Rule, each};
pub use run::{Backtest, Ceiling, DetailRow, Options, run};
pub use score::{Interval, RuleScore};
pub use series::{Dataset, Series, Track};
pub use split::{NoWindow, Split, Window};
pub use traces::NotSeconds;
pub use training::{Capped, Samples, Training};
