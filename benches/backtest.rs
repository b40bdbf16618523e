//! How long a backtest takes: `cargo bench --bench backtest`. The traces are generated, so that every run and
//! every later version is measured on the same input.
//!
//! | bar | benchmark |
//! |---|---|
//! | 406 series of 30 days at 300 s (3.5 million samples), without reading a file, within 2 s together | `from_rows`, `all_rules` |

use std::{collections::BTreeMap, ops::Range};

use divan::Bencher;
use fargauge::{
    backtest::{Dataset, Ladder, Options, Split, rules, run},
    config::Config,
    pricing::PriceBook,
    utilization::{DEFAULT_MEMORY_KIB, DEFAULT_VCPU, TraceRow},
    workload::Region,
};

fn main() {
    divan::main();
}

const SERIES: usize = 406;
const SAMPLES: usize = 30 * 288;

/// A daily wave of its own height for each series, with noise that repeats nowhere near.
fn row(number: usize) -> TraceRow {
    let (series, sample) = (number / SAMPLES, number % SAMPLES);
    let day = (sample % 288) as f64 / 288.0 * std::f64::consts::TAU;
    let noise = (number.wrapping_mul(2_654_435_761) >> 7) % 1000;
    let level = (series % 40) as f64;
    TraceRow {
        timestamp: i64::try_from(sample * 300).ok(),
        cpu_percent: Some(level * (1.0 + day.sin()) + noise as f64 / 100.0),
        memory_percent: Some(level + noise as f64 / 500.0),
        vcpu: Some(DEFAULT_VCPU),
        memory_kib: Some(DEFAULT_MEMORY_KIB),
        ..TraceRow::default()
    }
}

#[expect(clippy::single_range_in_vec_init, reason = "every series has its rows in one stretch")]
fn dataset() -> Dataset {
    let by_series: BTreeMap<String, Vec<Range<usize>>> = (0..SERIES)
        .map(|series| (format!("vm-{series:03}"), vec![series * SAMPLES..(series + 1) * SAMPLES]))
        .collect();
    Dataset::from_traces(by_series, 0, row).expect("they are in seconds")
}

/// Rows to absolute demand.
#[divan::bench(sample_count = 10)]
fn from_rows() -> Dataset {
    dataset()
}

/// Every rule, one window.
#[divan::bench(sample_count = 10)]
fn all_rules(bencher: Bencher<'_, '_>) {
    let data = dataset();
    let ladder =
        Ladder::new(PriceBook::embedded(), &Region("us-east-1".into())).expect("the book has this region");
    let rules = rules::all(&Config::default().sizing);
    bencher.bench(|| {
        run(&data, Split::DEFAULT, &ladder, &rules, Options::default()).expect("there is a window")
    });
}
