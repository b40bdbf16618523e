//! What the README shows whole is what the binary prints.

use std::{fs, path::Path};

use crate::command::{Folder, stdout};

/// The text in the fence between `<!-- NAME:` and `<!-- /NAME -->`.
fn shown(name: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = readme.split(&format!("<!-- {name}:")).nth(1).unwrap_or_else(|| panic!("no block {name}"));
    let block = block.split(&format!("<!-- /{name} -->")).next().unwrap();
    block.lines().skip(1).filter(|line| !line.starts_with("```")).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn the_demo() {
    let run = Folder::new().run(&["demo", "--top", "8", "--width", "110", "-q"]).code(0);
    assert_eq!(stdout(&run), shown("demo"));
}

#[test]
fn the_backtest() {
    let folder = Folder::new();
    folder.run(&["demo", "--out", "fleet", "--format", "csv"]).code(0);
    let rules = ["--rule", "fargauge", "--rule", "compute-optimizer-proxy", "--rule", "keep"];
    let arguments = [&["backtest", "fleet"][..], &rules, &["--width", "110", "-q"]].concat();
    assert_eq!(stdout(&folder.run(&arguments).code(0)), shown("backtest"));
}
