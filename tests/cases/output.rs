//! Where results go: files, pipes, devices.

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use crate::command::{Folder, definition, stderr, stdout};

#[test]
fn output_goes_to_the_file_alone_in_the_format_of_its_ending() {
    let folder = Folder::new().with("task.json", definition("256", "512"));
    let price = ["price", "task.json", "--region", "us-east-1", "--output"];
    folder.run(&[&price[..], &["cost.json"]].concat()).code(0).stdout_eq("").stderr_eq("");
    assert!(folder.read("cost.json").contains("\"monthly_cost\": 9.01"));
    folder.run(&[&price[..], &["cost.csv"]].concat()).code(0).stdout_eq("");
    assert!(folder.read("cost.csv").starts_with("path,family,"));
    let dash = stdout(&folder.run(&[&price[..], &["-"]].concat()).code(0));
    assert!(dash.starts_with("web (task.json): 9.01 USD"), "{dash}");
}

#[test]
fn an_ending_without_a_format_is_refused_before_the_work() {
    let folder = Folder::new();
    for (command, file, endings) in [
        (&["report", "missing"][..], "report.xlsx", ".json, .csv, .txt"),
        (&["demo"], "report.tsv", ".json, .csv, .txt"),
        (&["compare", "missing"], "compare.html", ".json, .csv, .txt"),
        (&["prices", "list"], "prices.md", ".json, .csv, .txt"),
        (&["explain", "missing", "api"], "page.csv", ".json, .txt"),
    ] {
        let run = folder.run(&[command, &["--output", file]].concat()).code(2).stdout_eq("");
        assert!(stderr(&run).contains(&format!("end the file in {endings}, or name")), "{}", stderr(&run));
        assert!(!folder.path(file).exists());
    }
    folder.run(&["prices", "list", "--format", "csv", "--output", "prices.md"]).code(0);
    assert!(folder.read("prices.md").starts_with("region,"), "{}", folder.read("prices.md"));
    folder.run(&["prices", "list", "--output", "prices.txt"]).code(0);
    folder.run(&["prices", "list", "--output", "prices"]).code(0);
    assert_eq!(folder.read("prices.txt"), folder.read("prices"));
}

#[test]
fn an_unwritable_output_is_refused_before_the_work() {
    let folder = Folder::new();
    for output in ["missing/cost.json", "."] {
        // The input is missing, too: the output is looked at first.
        let run = folder
            .run(&["price", "missing.json", "--region", "us-east-1", "--output", output])
            .code(2)
            .stdout_eq("");
        assert!(
            stderr(&run).starts_with(&format!("error: cannot write {output}\n  cause: ")),
            "{}",
            stderr(&run)
        );
    }
}

#[test]
fn a_failed_run_leaves_the_old_file_as_it_was() {
    let folder = Folder::new().with("cost.json", "old");
    folder.run(&["prices", "show", "--region", "xx", "--output", "cost.json"]).code(3);
    assert_eq!(folder.read("cost.json"), "old");
    assert_eq!(std::fs::read_dir(folder.path(".")).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_reader_that_leaves_early_is_fine() {
    for arguments in [&["prices", "list", "--format", "json"][..], &["completions", "bash"], &["--help"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fargauge"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_not_a_short_answer() {
    let folder = Folder::new();
    let run = folder.run(&["prices", "list", "--output", "/dev/full"]).code(3);
    assert!(
        stderr(&run).starts_with("error: cannot write the output\n  cause: No space left"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&Folder::new().run(&["completions", shell]).code(0).stderr_eq(""));
        assert!(script.contains("price-book") && script.contains("prices"), "{shell}");
    }
}
