//! Names and files made to break something.

use crate::command::{Folder, definition, stderr, stdout};

/// A family that colours the terminal, turns its direction, ends lines, and starts like a formula.
const HOSTILE_FAMILY: &str = r"=cmd|' /C calc'!A0\u001b[31m\r\n\u202etxt\u0000";

fn hostile_definition() -> String {
    definition("256", "512").replace("web", HOSTILE_FAMILY)
}

fn only_plain_lines(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
}

#[test]
fn a_hostile_family_is_shown_and_not_obeyed() {
    let folder = Folder::new().with("task.json", hostile_definition());
    let run = |format: &str| {
        stdout(&folder.run(&["price", "task.json", "--region", "us-east-1", "--format", format]).code(0))
    };
    let table = run("table");
    assert!(only_plain_lines(&table), "{table:?}");
    assert!(
        table.starts_with("=cmd|' /C calc'!A0\\u{1b}[31m\\r\\n\\u{202e}txt\\u{0} (task.json): 9.01 USD"),
        "{table}"
    );
    assert!(run("csv").lines().nth(1).unwrap().starts_with("task.json,\"'=cmd|' /C calc'!A0"));
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert!(json["task_definitions"][0]["family"].as_str().unwrap().contains("\u{1b}[31m\r\n"));
}

#[test]
fn a_family_of_thousands_of_characters_is_no_trouble() {
    let family = "長い".repeat(3_000);
    let folder = Folder::new().with("task.json", definition("256", "512").replace("web", &family));
    folder.run(&["price", "task.json", "--region", "us-east-1"]).code(0);
}

#[test]
fn a_hostile_region_or_size_is_shown_and_not_obeyed() {
    let folder = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("size.json", definition(r#""\u001b[2J\u0007""#, "512"));
    for arguments in [["task.json", "--region", "\u{1b}[31m\nus"], ["size.json", "--region", "us-east-1"]] {
        let text = stderr(&folder.run(&[&["price"], &arguments[..]].concat()).code(3));
        assert!(only_plain_lines(&text), "{text:?}");
        assert!(text.contains("\\u{1b}["), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_hostile_file_name_is_shown_and_not_obeyed() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    let name = OsStr::from_bytes(b"\x1b[31m\n=\xff.json");
    let folder = Folder::new().with(name, definition("256", "512"));
    let run = folder.fargauge().args(["price", "--region", "us-east-1"]).arg(name).assert().code(0);
    assert!(stdout(&run).starts_with("web (\\u{1b}[31m\\n=\u{fffd}.json): 9.01 USD"), "{}", stdout(&run));
    let run =
        folder.fargauge().args(["price", "--region", "us-east-1", "-f", "json"]).arg(name).assert().code(0);
    assert!(serde_json::from_str::<serde_json::Value>(&stdout(&run)).is_ok());
    let missing = OsStr::from_bytes(b"\x1b[2J\xff");
    let run = folder.fargauge().args(["price", "--region", "us-east-1"]).arg(missing).assert().code(3);
    assert!(only_plain_lines(&stderr(&run)), "{:?}", stderr(&run));
}

#[test]
fn huge_deep_and_binary_inputs_are_refused_in_one_line() {
    let folder = Folder::new()
        .with("deep.json", "{\"containerDefinitions\":[{\"environment\":".to_owned() + &"[".repeat(1_000_000))
        .with("huge.json", vec![b' '; (16 << 20) + 1])
        .with("binary.json", (0..=255_u8).cycle().take(100_000).collect::<Vec<_>>())
        .with("utf16.json", b"\xff\xfe{\0}\0");
    for (file, message) in [
        ("deep.json", "nested more than 128 levels deep"),
        ("huge.json", "more than 16 MiB; such templates are not read"),
        ("binary.json", "not valid UTF-8"),
        ("utf16.json", "the file is UTF-16"),
    ] {
        let text = stderr(&folder.run(&["price", file, "--region", "us-east-1"]).code(3));
        assert!(text.starts_with(&format!("error: {file}:")) && text.contains(message), "{text}");
        assert!(only_plain_lines(&text) && text.len() < 500, "{text:?}");
    }
}
