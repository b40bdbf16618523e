//! Help, bad usage, and the streams.

use std::{fs, process::Stdio};

use crate::{fargauge, printed, run, stderr, text};

#[test]
fn help_lists_the_commands() {
    let help = printed(&["--help"]);
    for command in ["demo", "collect", "report", "price", "prices"] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(command)),
            "{command} is not in: {help}"
        );
        assert!(printed(&[command, "--help"]).contains("Usage"), "{command} --help");
    }
}

#[test]
fn bad_usage_is_exit_2_and_names_what_is_wrong() {
    for (arguments, named) in [
        (&["demo", "--no-such-flag"][..], "--no-such-flag"),
        (&["no-such-command"], "no-such-command"),
        (&["collect", "--region", "eu-west-1"], "--out"),
        (&["collect", "--out", "x", "--region", "eu-west-1", "--lookback", "2 weeks"], "--lookback"),
        (&["collect", "--out", "x", "--region", "eu-west-1", "--period", "17"], "--period"),
        (&["demo", "--format", "papyrus"], "papyrus"),
        (&["report"], "SNAPSHOT"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{arguments:?} does not name {named}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "stdout carries the report alone");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = fargauge(&["demo", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panic"), "{}", stderr(&output));
}

#[test]
fn the_smallest_task_costs_nine_dollars_a_month() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("task.json");
    fs::write(
        &path,
        r#"{"family": "web", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "app", "image": "app", "essential": true}]}"#,
    )
    .unwrap();
    let price = printed(&["price", text(&path), "--region", "us-east-1"]);
    assert!(price.contains("9.01"), "{price}");
}
