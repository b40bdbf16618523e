//! The `fargauge` binary: reads arguments, runs a subcommand, sets the exit code.

fn main() {}
