//! A snapshot that is not what was written is refused, naming the file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::command::{Folder, stderr};

fn assert_refused(what: &str, spoil: impl FnOnce(&Path) -> PathBuf) {
    let folder = Folder::new();
    folder.run(&["demo", "--out", "kept", "--format", "csv"]).code(0);
    folder.run(&["report", "kept"]).code(0);
    let spoilt = spoil(&folder.path("kept"));
    let run = folder.run(&["report", "kept"]).code(3).stdout_eq("");
    let name = spoilt.file_name().unwrap().to_str().unwrap();
    assert!(stderr(&run).contains(name), "{what} does not name {name}: {}", stderr(&run));
}

fn some_parquet(snapshot: &Path) -> PathBuf {
    fs::read_dir(snapshot.join("utilization")).unwrap().next().unwrap().unwrap().path()
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_truncated_file() {
    assert_refused("a truncated file", |snapshot| {
        let path = some_parquet(snapshot);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        path
    });
}

#[test]
fn a_missing_file() {
    assert_refused("a missing file", |snapshot| {
        let path = some_parquet(snapshot);
        fs::remove_file(&path).unwrap();
        path
    });
}

#[test]
fn an_edited_inventory() {
    assert_refused("an edited inventory", |snapshot| {
        let path = snapshot.join("inventory.json");
        change(&path, "\"desired_count\"", "\"desired_Count\"");
        path
    });
}

#[test]
fn a_newer_format() {
    assert_refused("a newer format", |snapshot| {
        let path = snapshot.join("manifest.json");
        change(&path, "\"format_version\": 1", "\"format_version\": 999");
        path
    });
}

#[test]
fn a_folder_that_is_no_snapshot() {
    let folder = Folder::new().with("manifest.txt", "");
    for path in [".", "absent"] {
        let run = folder.run(&["report", path]).code(3).stdout_eq("");
        assert!(stderr(&run).contains(path), "{path}: {}", stderr(&run));
    }
}
