//! The command line as its users meet it: no AWS, no network, the binary alone.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod demo;
mod snapshot;
mod usage;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// The binary, with nothing of the caller's environment.
fn fargauge(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fargauge"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    fargauge(arguments).output().unwrap()
}

/// Runs it, which must work, and gives what it printed.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
