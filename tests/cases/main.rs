//! The command line as a user meets it: spawns the binary, looks at stdout, stderr and the exit code.
//! Links nothing of fargauge.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]
#![allow(clippy::needless_raw_string_hashes, reason = "snapbox writes its snapshots so")]

mod backtest;
mod check;
mod command;
mod compare;
mod demo;
mod exit_codes;
mod explain;
mod hostile;
mod output;
mod patch;
mod price;
mod prices;
mod readme;
mod refresh;
mod snapshot;
mod structure;
