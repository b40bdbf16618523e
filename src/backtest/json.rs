//! The backtest as JSON: everything that was measured, for programs; and the JSON Schema of it.

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;

use super::{counts::InputCounts, run::Backtest, run::Ceiling, score::RuleScore};

/// What the sizes were priced by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PriceBase {
    pub region: String,
    pub price_book: String,
    pub effective_date: String,
}

/// How sizing rules would have done: sized on what was seen, measured on what came after.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Backtest")]
struct Document<'a> {
    schema_version: u32,
    /// Series in the data.
    series: usize,
    train_days: f64,
    test_days: f64,
    step_days: f64,
    /// In the sequence of time.
    windows: Vec<WindowTimes>,
    /// `current-price`: what would cost more than the current size keeps it; `none`: any size.
    ceiling: &'static str,
    prices: &'a PriceBase,
    input: &'a InputCounts,
    /// What figures of a snapshot are of; nothing of traces.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [&'static str],
    /// By saved, most first; those without a figure last, then by name.
    rules: &'a [RuleScore],
}

/// Seconds since the epoch; each end is exclusive.
#[derive(Serialize, JsonSchema)]
struct WindowTimes {
    train_start: i64,
    train_end: i64,
    test_end: i64,
}

/// One object, indented, with a newline at its end.
pub fn render(backtest: &Backtest, prices: &PriceBase) -> String {
    let days = |seconds: i64| (seconds as f64 / 86_400.0 * 10_000.0).round() / 10_000.0;
    let document = Document {
        schema_version: 1,
        series: backtest.series,
        train_days: days(backtest.split.train),
        test_days: days(backtest.split.test),
        step_days: days(backtest.split.step),
        windows: backtest
            .windows
            .iter()
            .map(|window| WindowTimes {
                train_start: window.train_start,
                train_end: window.train_end,
                test_end: window.test_end,
            })
            .collect(),
        ceiling: match backtest.ceiling {
            Ceiling::Current => "current-price",
            Ceiling::None => "none",
        },
        prices,
        input: &backtest.input,
        notes: &backtest.notes,
        rules: &backtest.rules,
    };
    serde_json::to_string_pretty(&document).expect("numbers, text and lists are JSON") + "\n"
}

/// JSON Schema (2020-12) of what [`render`] writes; `reports/backtest.schema.json` is its committed form.
pub fn backtest_schema() -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Document<'_>>();
    schema.insert("title".into(), "fargauge backtest".into());
    schema
}
