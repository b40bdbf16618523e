//! `fargauge check` as a pipeline runs it: files in, findings and an exit code out.

use std::process::Command;

use serde_json::Value;

use crate::command::{Folder, definition, stderr, stdout};

/// A definition of the demo's `session-cache`, which needs 1 vCPU and 3 GB.
fn session_cache(memory: u32) -> String {
    format!(
        r#"{{
  "family": "session-cache",
  "requiresCompatibilities": ["FARGATE"],
  "cpu": "1024",
  "memory": "{memory}",
  "containerDefinitions": [{{"name": "app", "image": "cache:1"}}]
}}
"#
    )
}

fn with_demo(folder: Folder) -> Folder {
    folder.run(&["demo", "--out", "demo", "--format", "csv", "-q"]).code(0);
    folder
}

fn git(folder: &Folder, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn report(folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["check", "--format", "json", "--as-of", "2026-11-20"];
    all.extend(arguments);
    serde_json::from_str(&stdout(&folder.run(&all).code(code))).unwrap()
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_change_is_judged_by_production_and_by_the_base_in_git() {
    let folder = with_demo(Folder::new()).with("task.json", session_cache(3072));
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "task.json"]);
    git(&folder, &["commit", "-qm", "base"]);
    let folder = folder.with("task.json", session_cache(8192));
    let judged = ["task.json", "--snapshot", "demo", "--base", "HEAD"];
    let found = report(&folder, &judged, 0);
    assert_eq!(rules(&found), ["cost-increase", "memory-overprovisioned"]);
    let finding = &found["findings"][1];
    let message = finding["message"].as_str().unwrap();
    // 5 GB x 0.004445 x 730 = 16.22.
    assert!(
        message.starts_with("this change takes the task from 3 GB to 8 GB of memory, the 14-day peak is ")
    );
    assert!(message.contains("+16.22 USD a month per task"), "{message}");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(5), Some(13)));
    assert_eq!(found["totals"]["monthly_cost_change"], found["findings"][0]["monthly_cost_change"]);
    assert_eq!(found["tasks"][0]["memory_mib"], 8192);

    let denied = [&judged[..], &["--deny", "memory-overprovisioned"]].concat();
    assert_eq!(report(&folder, &denied, 1)["verdict"], "fail");
    // What was there before the change may stay.
    git(&folder, &["commit", "-qam", "more"]);
    assert_eq!(report(&folder, &[&denied[..], &["--new-only"]].concat(), 0)["verdict"], "pass");
    folder.run(&["check", "task.json", "--base", "no-such-branch"]).code(3);
}

#[test]
fn the_base_is_where_the_branch_left_it() {
    let folder = Folder::new().with("a.json", definition("\"256\"", "\"512\""));
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "a.json"]);
    git(&folder, &["commit", "-qm", "base"]);
    git(&folder, &["checkout", "-qb", "feature"]);
    git(&folder, &["checkout", "-q", "main"]);
    let folder = folder.with("a.json", definition("\"1024\"", "\"2048\""));
    git(&folder, &["commit", "-qam", "main goes on"]);
    git(&folder, &["checkout", "-q", "feature"]);
    let found = report(&folder, &["a.json", "--base", "main", "--region", "us-east-1"], 0);
    assert_eq!(found["totals"]["monthly_cost_change"], 0.0);
}

#[test]
fn a_folder_can_be_the_base() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("old")).unwrap();
    let folder = folder
        .with("old/a.json", definition("\"256\"", "\"512\""))
        .with("a.json", definition("\"512\"", "\"1024\""));
    let found = report(&folder, &["a.json", "--base-path", "old", "--region", "us-east-1"], 0);
    // A 0.25 vCPU / 0.5 GB task is 9.01 USD a month (AWS Fargate pricing page), and this is twice that.
    assert_eq!(rules(&found), ["cost-increase"]);
    // 18.0201 - 9.0100, both as they are printed.
    assert_eq!(found["totals"]["monthly_cost_change"], 9.0101);
}

#[test]
fn a_file_named_in_several_ways_is_one_file() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("infra")).unwrap();
    let folder = folder.with("infra/a.json", definition("\"256\"", "\"512\""));
    let absolute = folder.path("infra").display().to_string();
    let ways = ["infra/a.json", "./infra/a.json", "infra/../infra/a.json", &absolute, "."];
    let found = report(&folder, &ways, 0);
    assert_eq!(found["totals"]["tasks"], 1, "{found}");
    assert_eq!(found["files"][0]["path"], "infra/a.json");
}

#[test]
fn the_base_is_found_whatever_way_the_files_are_named() {
    let folder = Folder::new();
    for name in ["old/infra", "infra"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    let folder = folder
        .with("old/infra/a.json", definition("\"256\"", "\"512\""))
        .with("old/infra/b.json", definition("\"512\"", "\"1024\""))
        .with("infra/a.json", definition("\"512\"", "\"1024\""))
        .with("infra/b.json", definition("\"512\"", "\"1024\""));
    let absolute = folder.path("infra").display().to_string();
    for (path, base) in [("infra", "old"), (".", "./old"), (&absolute, "old"), ("./infra", "old/../old")] {
        let found = report(&folder, &[path, "--base-path", base, "--region", "us-east-1"], 0);
        assert_eq!(found["totals"]["tasks"], 2, "the base is no part of what is checked: {path} {base}");
        assert_eq!(found["totals"]["monthly_cost_change"], 9.0101, "{path} {base}");
    }
    // What lies elsewhere has no counterpart in the base; joined to it, it would be compared with itself.
    let elsewhere = Folder::new().with("a.json", definition("\"512\"", "\"1024\""));
    let path = elsewhere.path("a.json").display().to_string();
    let run = folder.run(&["check", &path, "--base-path", "old"]).code(2);
    assert!(stderr(&run).contains("is not below the current folder"), "{}", stderr(&run));
}

#[test]
fn a_renamed_file_that_is_named_keeps_its_base() {
    let bad = definition("\"256\"", "\"4096\"");
    let other = definition("\"512\"", "\"1024\"").replace("web", "other");
    let folder =
        Folder::new().with("known.json", &bad).with("removed.json", &other).with("kept.json", &other);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-qm", "base"]);
    std::fs::create_dir_all(folder.path("infra")).unwrap();
    std::fs::create_dir_all(folder.path("old")).unwrap();
    for name in ["known.json", "removed.json", "kept.json"] {
        std::fs::copy(folder.path(name), folder.path("old").join(name)).unwrap();
    }
    std::fs::rename(folder.path("known.json"), folder.path("infra/renamed.json")).unwrap();
    std::fs::remove_file(folder.path("removed.json")).unwrap();
    for base in [["--base", "HEAD"], ["--base-path", "old"]] {
        let named = [&["infra/renamed.json", "--new-only"][..], &base].concat();
        let found = report(&folder, &named, 0);
        assert_eq!(
            (rules(&found), &found["findings"][0]["known"]),
            (vec!["invalid-task-size"], &Value::from(true))
        );
        // What else is gone was not asked about.
        assert_eq!(found["tasks"].as_array().unwrap().len(), 1, "{found}");
    }
    // From a folder of the repository, too: the file came from above it.
    let run = folder.fargauge().current_dir(folder.path("infra"));
    run.args(["check", "renamed.json", "--base", "HEAD", "--new-only"]).assert().code(0);
    // A new file of another family has none.
    let folder = folder.with("new.json", bad.replace("web", "new"));
    report(&folder, &["new.json", "--base", "HEAD", "--new-only"], 1);
}

#[test]
fn what_git_refuses_is_told_in_its_words() {
    let folder = Folder::new().with("a.json", definition("\"256\"", "\"512\""));
    let check = ["check", "a.json", "--base", "main"];
    let outside =
        folder.fargauge().env("GIT_CEILING_DIRECTORIES", folder.path("")).args(check).assert().code(3);
    assert!(stderr(&outside).contains("not a git repository"), "{}", stderr(&outside));
    assert!(stderr(&outside).contains("inside the repository"), "{}", stderr(&outside));
    let without = folder.fargauge().env("PATH", folder.path("")).args(check).assert().code(3);
    assert!(stderr(&without).contains("help: install git"), "{}", stderr(&without));
    git(&folder, &["init", "-q"]);
    let untrusted =
        folder.fargauge().env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").args(check).assert().code(3);
    assert!(stderr(&untrusted).contains("dubious ownership"), "{}", stderr(&untrusted));
    assert!(stderr(&untrusted).contains("help: git does not trust"), "{}", stderr(&untrusted));
    let unknown = folder.run(&check).code(3);
    assert!(stderr(&unknown).contains("git has no revision \"main\" here"), "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("help: fetch it first"), "{}", stderr(&unknown));
}

#[test]
fn what_git_ignores_now_is_not_gone() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("node_modules")).unwrap();
    let folder = folder
        .with("node_modules/a.json", definition("\"512\"", "\"1024\""))
        .with("kept.json", definition("\"512\"", "\"1024\""))
        .with("gone.json", definition("\"256\"", "\"512\""));
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-f", "."]);
    git(&folder, &["commit", "-qm", "base"]);
    std::fs::remove_file(folder.path("gone.json")).unwrap();
    let folder = folder.with(".gitignore", "kept.json\n");
    let found = report(&folder, &[".", "--base", "HEAD", "--region", "us-east-1"], 0);
    assert_eq!(found["totals"]["monthly_cost_change"], -9.01);
}

#[test]
fn folders_are_searched_by_content_and_hidden_ones_too() {
    let folder = Folder::new();
    for name in [".aws", "infra", "node_modules", ".git", "ignored"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    let bad = definition("\"256\"", "\"4096\"");
    let folder = folder
        .with(".aws/task.txt", &bad)
        .with("infra/app.yaml", "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      RequiresCompatibilities: [FARGATE]\n      Cpu: 256\n      Memory: 4096\n")
        .with("node_modules/task.json", &bad)
        .with(".git/task.json", &bad)
        .with("ignored/task.json", &bad)
        .with(".gitignore", "ignored/\n")
        .with("package.json", "{}")
        .with("logo.png", [0_u8, 159, 146, 150]);
    let found = report(&folder, &["."], 1);
    let paths: Vec<&str> =
        found["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [".aws/task.txt", "infra/app.yaml"]);
    assert_eq!(rules(&found), ["invalid-task-size", "invalid-task-size"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_fails_only_if_that_is_asked() {
    let folder = Folder::new()
        .with("broken.json", "{\"containerDefinitions\": [}")
        .with("fine.json", definition("\"256\"", "\"512\""));
    let run = folder.run(&["check", "broken.json", "fine.json"]).code(0);
    assert!(stdout(&run).contains("broken.json:1:27"), "{}", stdout(&run));
    assert!(stderr(&run).contains("1 file could not be read"), "{}", stderr(&run));
    folder.run(&["check", "broken.json", "--on-incomplete", "fail"]).code(3);
    folder.run(&["check", "no-such-file.json"]).code(2);
    // 3 beats 1.
    let folder = folder.with("bad.json", definition("\"256\"", "\"4096\""));
    folder.run(&["check", "broken.json", "bad.json"]).code(1);
    folder.run(&["check", "broken.json", "bad.json", "--on-incomplete", "fail"]).code(3);
}

#[test]
fn a_baseline_of_a_part_is_not_written_where_that_is_to_fail() {
    let folder = Folder::new()
        .with("broken.json", "{\"containerDefinitions\": [}")
        .with("bad.json", definition("\"256\"", "\"4096\""));
    let write = ["check", ".", "--write-baseline", "known.json"];
    folder.run(&[&write[..], &["--on-incomplete", "fail"]].concat()).code(3);
    assert!(!folder.path("known.json").exists());
    folder.run(&write).code(0);
    assert!(folder.read("known.json").contains("invalid-task-size"));
    // All that is found is written, what the base has, too.
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "bad.json"]);
    git(&folder, &["commit", "-qm", "base"]);
    folder.run(&[&write[..3], &["again.json", "--base", "HEAD", "--new-only"]].concat()).code(0);
    assert!(folder.read("again.json").contains("invalid-task-size"));
}

#[test]
fn what_cannot_be_read_is_neither_new_nor_gone() {
    let fine = definition("\"512\"", "\"1024\"");
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("old")).unwrap();
    let folder = folder.with("old/a.json", "{\"containerDefinitions\": [}").with("a.json", &fine);
    let arguments = ["a.json", "--base-path", "old", "--region", "us-east-1"];
    let found = report(&folder, &arguments, 0);
    assert_eq!((rules(&found), &found["totals"]["monthly_cost_change"]), (vec![], &Value::from(0.0)));
    assert!(
        found["not_judged"].to_string().contains("a.json of the base, which may have it, could not be read")
    );
    let folder = folder.with("a.json", "{\"containerDefinitions\": [}").with("old/a.json", &fine);
    let found = report(&folder, &arguments, 0);
    assert_eq!(found["totals"]["monthly_cost_change"], 0.0, "{found}");
    assert_eq!(found["tasks"][0]["monthly_cost"], Value::Null);
}

#[test]
fn a_file_about_something_else_is_no_error() {
    let folder = Folder::new().with("package.json", "{\"name\": \"x\"}");
    let run = folder.run(&["check", "package.json"]).code(0);
    assert_eq!(stderr(&run), "warning: package.json holds nothing about ECS tasks\n");
}

#[test]
fn levels_waivers_and_baselines() {
    let bad = definition("\"256\"", "\"4096\"");
    let folder = Folder::new().with("bad.json", &bad);
    folder.run(&["check", "bad.json"]).code(1);
    folder.run(&["check", "bad.json", "--warn", "invalid-task-size"]).code(0);
    folder.run(&["check", "bad.json", "--warn", "invalid-task-size", "--deny", "invalid-task-size"]).code(2);
    folder.run(&["check", "bad.json", "--deny", "no-such-rule"]).code(2);

    folder.run(&["check", "bad.json", "--write-baseline", "known.json"]).code(0);
    folder.run(&["check", "bad.json", "--baseline", "known.json"]).code(1);
    folder.run(&["check", "bad.json", "--baseline", "known.json", "--new-only"]).code(0);
    // It outlives a move of the file and of the line.
    let folder = folder.with("moved.json", format!("\n\n{bad}"));
    let moved = ["check", "moved.json", "--baseline", "known.json", "--new-only"];
    // A copy is another one.
    folder.run(&moved).code(1);
    std::fs::remove_file(folder.path("bad.json")).unwrap();
    folder.run(&moved).code(0);
    let folder = folder.with("bad.json", &bad);

    let waiver = "[[waiver]]\nrule = \"invalid-task-size\"\nmatch = { family = \"web\" }\nreason = \"until the move\"\nowner = \"web\"\nexpires = 2026-11-30\n";
    let folder = folder.with("fargauge.toml", waiver);
    folder.run(&["check", "bad.json", "--as-of", "2026-11-30"]).code(0);
    let waived = report(&folder, &["bad.json"], 0);
    assert_eq!(waived["findings"][0]["waived"], "until the move");
}

#[test]
fn an_expired_waiver_no_longer_covers() {
    let waiver = "[[waiver]]\nrule = \"invalid-task-size\"\nmatch = { family = \"web\" }\nreason = \"until the move\"\nowner = \"web\"\nexpires = 2026-11-30\n";
    let folder =
        Folder::new().with("bad.json", definition("\"256\"", "\"4096\"")).with("fargauge.toml", waiver);
    folder.run(&["check", "bad.json", "--as-of", "2026-12-01"]).code(1);
    folder.run(&["check", "bad.json", "--as-of", "2026-11-30"]).code(0);
    let folder = folder.with("fargauge.toml", waiver.replace("owner = \"web\"\n", ""));
    let run = folder.run(&["check", "bad.json"]).code(2);
    assert!(stderr(&run).contains("fargauge.toml:1: missing field `owner`"), "{}", stderr(&run));
}

#[test]
fn parameters_are_given_on_the_command_line_or_in_a_file() {
    let template = "Parameters:\n  Cpu: {Type: String}\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Cpu: !Ref Cpu\n      Memory: '512'\n      RequiresCompatibilities: [FARGATE]\n";
    let folder = Folder::new()
        .with("t.yaml", template)
        .with("p.json", r#"[{"ParameterKey": "Cpu", "ParameterValue": "300"}]"#);
    assert_eq!(rules(&report(&folder, &["t.yaml"], 0)), ["unresolved-size"]);
    assert_eq!(rules(&report(&folder, &["t.yaml", "--parameter", "Cpu=256"], 0)), [""; 0]);
    assert_eq!(rules(&report(&folder, &["t.yaml", "--parameter-file", "p.json"], 1)), ["invalid-task-size"]);
    folder.run(&["check", "t.yaml", "--parameter", "Cpu"]).code(2);
}

#[test]
fn every_rule_explains_itself() {
    let folder = Folder::new();
    let run = folder.run(&["check", "--explain", "memory-overprovisioned"]).code(0);
    assert!(stdout(&run).starts_with("# memory-overprovisioned\n"));
    folder.run(&["check", "--explain", "nope"]).code(2);
    folder.run(&["check"]).code(2);
}

/// Each a clear error, soon, and in bounded memory: the test would time out or be killed otherwise.
#[test]
fn hostile_files_are_refused() {
    let laughs: String = std::iter::once("a0: &a0 lol\n".to_owned())
        .chain((1..40).map(|n| {
            let before = n - 1;
            format!("a{n}: &a{n} [*a{before},*a{before},*a{before},*a{before},*a{before},*a{before},*a{before},*a{before}]\n")
        }))
        .chain(["Resources: {T: {Type: 'AWS::ECS::TaskDefinition', Properties: *a39}}\n".to_owned()])
        .collect();
    let deep = format!("{{\"containerDefinitions\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let large = format!("{{\"containerDefinitions\": [], \"x\": \"{}\"}}", "y".repeat(20 << 20));
    let folder = Folder::new()
        .with("laughs.yaml", laughs)
        .with("deep.json", deep)
        .with("large.json", large)
        .with("latin1.json", b"{\"containerDefinitions\": [\"caf\xe9\"]}");
    #[cfg(unix)]
    std::os::unix::fs::symlink("loop.json", folder.path("loop.json")).unwrap();
    for name in ["laughs.yaml", "deep.json", "large.json", "latin1.json"] {
        let run = folder.run(&["check", name, "--on-incomplete", "fail"]).code(3);
        assert!(stdout(&run).contains(name), "{name}: {}", stdout(&run));
    }
    #[cfg(unix)]
    folder.run(&["check", "loop.json"]).code(2);
    // In a folder, a link is not followed.
    folder.run(&["check", ".", "--on-incomplete", "pass"]).code(0);
}

#[test]
fn hosts_are_told_paths_of_the_repository_and_people_their_own() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("infra/sub")).unwrap();
    let bad = definition("\"256\"", "\"4096\"");
    let folder = folder.with("a.json", &bad).with("infra/sub/b.json", bad.replace("web", "b"));
    let check = |path: &str, format: &str| {
        let run = folder.fargauge().current_dir(folder.path("infra"));
        stdout(&run.args(["check", path, "--format", format]).assert().code(1))
    };
    // No repository: from the current folder.
    assert!(check("sub", "github").contains("file=sub/b.json,"));
    git(&folder, &["init", "-q"]);
    let absolute = folder.path("a.json").canonicalize().unwrap().display().to_string();
    for format in ["github", "gitlab", "sarif", "junit", "markdown"] {
        let text = check("sub", format);
        assert!(text.contains("infra/sub/b.json"), "{format}: {text}");
        for path in ["../a.json", &absolute] {
            let text = check(path, format);
            assert!(text.contains("a.json") && !text.contains("../a.json"), "{format}: {text}");
            assert!(!text.contains(&absolute), "{format}: {text}");
        }
    }
    for format in ["table", "json"] {
        let text = check("sub", format);
        assert!(text.contains("sub/b.json") && !text.contains("infra/sub/b.json"), "{format}: {text}");
    }
}

#[test]
fn the_settings_of_the_repository_hold_in_its_folders() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("infra")).unwrap();
    let folder = folder.with("infra/bad.json", definition("\"256\"", "\"4096\"")).with(
        "fargauge.toml",
        "[[waiver]]\nrule = \"invalid-task-size\"\nmatch = { path = \"infra/*\" }\nreason = \"r\"\nowner = \"o\"\nexpires = 2099-01-01\n",
    );
    let check = || folder.fargauge().current_dir(folder.path("infra")).args(["check", "bad.json"]).assert();
    check().code(1);
    git(&folder, &["init", "-q"]);
    check().code(0);
}

#[test]
fn what_is_piped_in_is_judged() {
    let folder = Folder::new();
    let run =
        folder.fargauge().args(["check", "-"]).stdin(definition("\"256\"", "\"4096\"")).assert().code(1);
    assert!(stdout(&run).contains("--> stdin:1:"), "{}", stdout(&run));
    folder.fargauge().args(["check", "-", "--base", "HEAD"]).stdin("").assert().code(2);
}

#[test]
fn the_ending_of_the_file_decides_on_the_format_unless_one_is_named() {
    let folder = Folder::new().with("bad.json", definition("\"256\"", "\"4096\""));
    for (file, start) in [
        ("x.json", "{\n  \"schema_version\""),
        ("x.sarif", "{\n  \"$schema\""),
        ("x.sarif.json", "{\n  \"$schema\""),
        ("x.XML", "<?xml"),
        ("x.md", "<!-- fargauge-check -->"),
        ("x.txt", "error"),
    ] {
        folder.run(&["check", "bad.json", "-o", file]).code(1);
        let text = folder.read(file);
        assert!(
            text.starts_with(start) || file == "x.txt" && !text.starts_with(['{', '<']),
            "{file}: {text}"
        );
    }
    let run = folder.run(&["check", "bad.json", "-o", "x.csv"]).code(2);
    let help = "help: end the file in .sarif, .json, .xml, .md, .txt, or name the format with --format\n";
    assert!(stderr(&run).ends_with(help) && !folder.path("x.csv").exists(), "{}", stderr(&run));
    folder.run(&["check", "bad.json", "-o", "y.json", "--format", "junit"]).code(1);
    assert!(folder.read("y.json").starts_with("<?xml"));
}

#[test]
fn a_result_does_not_replace_what_it_is_made_of() {
    let bad = definition("\"256\"", "\"4096\"");
    let folder = Folder::new().with("bad.json", &bad).with("kept.json", "[]");
    for arguments in [
        &["bad.json", "-o", "bad.json"][..],
        &[".", "--output", "./bad.json"],
        &["bad.json", "--also", "json=bad.json"],
        &["bad.json", "--write-baseline", "bad.json"],
    ] {
        let run = folder.run(&[&["check"], arguments].concat()).code(2);
        assert!(stderr(&run).contains("is one of the files that are read"), "{}", stderr(&run));
        assert_eq!(folder.read("bad.json"), bad);
    }
    for (read, written) in [("--baseline", "-o"), ("--parameter-file", "-o"), ("--parameter-file", "--also")]
    {
        let to = if written == "-o" { "kept.json" } else { "json=./kept.json" };
        let run = folder.run(&["check", "bad.json", read, "kept.json", written, to]).code(2);
        assert!(
            stderr(&run).contains(&format!(" and {read} are the same file, kept.json\n")),
            "{}",
            stderr(&run)
        );
        assert_eq!(folder.read("kept.json"), "[]");
    }
    // An earlier result is no such thing.
    folder.run(&["check", ".", "-o", "out.json"]).code(1);
    folder.run(&["check", ".", "-o", "out.json"]).code(1);
}

#[test]
fn two_results_never_go_to_one_place() {
    let folder = Folder::new().with("good.json", definition("\"256\"", "\"512\""));
    for (arguments, why) in [
        (&["--also", "json=x", "--also", "sarif=./x"][..], "--also and --also are the same file, ./x"),
        (&["--output", "x", "--also", "json=x"], "--output and --also are the same file, x"),
        (&["--output", "x", "--write-baseline", "x"], "--output and --write-baseline are the same file, x"),
        (&["--also", "json=x", "--write-baseline", "x"], "--also and --write-baseline are the same file, x"),
        (&["--also", "json=-"], "--output and --also are both stdout"),
    ] {
        let run = folder.run(&[&["check", "good.json"], arguments].concat()).code(2).stdout_eq("");
        assert!(stderr(&run).starts_with(&format!("error: {why}\n")), "{}", stderr(&run));
        assert!(!folder.path("x").exists());
    }
    folder.run(&["check", "good.json", "--also", "json=x", "--also", "json=y"]).code(0);
    assert_eq!(folder.read("x"), folder.read("y"));
    folder.run(&["check", "good.json", "-o", "x", "--also", "json=-"]).code(0);
}

#[test]
fn a_parameter_that_no_file_has_is_told() {
    let template = "Parameters:\n  TaskCpu: {Type: String}\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {Cpu: !Ref TaskCpu, Memory: 512}\n";
    let folder = Folder::new().with("t.yaml", template);
    let run =
        folder.run(&["check", "t.yaml", "--parameter", "TaskCpu=256", "--parameter", "Task_Cp=1"]).code(0);
    assert_eq!(stderr(&run), "warning: no file has a parameter or variable Task_Cp\n");
    let run = folder.run(&["check", "t.yaml", "--parameter", "Cp=256"]).code(0);
    assert_eq!(stderr(&run), "warning: no file has a parameter or variable Cp\n");
}

#[cfg(unix)]
#[test]
fn links_that_stay_in_the_folder_are_followed() {
    use std::os::unix::fs::symlink;
    let bad = definition("\"256\"", "\"4096\"");
    let elsewhere = Folder::new().with("a.json", &bad);
    let folder =
        Folder::new().with("kept.json", &bad).with("ignored.json", &bad).with(".gitignore", "ignored.json\n");
    std::fs::create_dir_all(folder.path("sub")).unwrap();
    symlink("../kept.json", folder.path("sub/same.json")).unwrap();
    symlink("ignored.json", folder.path("link.json")).unwrap();
    symlink(elsewhere.path("a.json"), folder.path("out.json")).unwrap();
    symlink("nowhere", folder.path("dangling")).unwrap();
    symlink(".", folder.path("loop")).unwrap();
    let run = folder.run(&["check", ".", "--format", "json"]).code(1);
    let found: Value = serde_json::from_str(&stdout(&run)).unwrap();
    let paths: Vec<&str> =
        found["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["kept.json", "link.json"]);
    // And .gitignore.
    assert_eq!(found["ignored_files"], 4);
    assert_eq!(
        stderr(&run),
        "note: 3 links are ignored, which lead out of the folder, to a folder or nowhere: dangling, loop, out.json\n"
    );
}

#[test]
fn a_base_that_has_none_of_the_paths_is_told() {
    let folder = Folder::new().with("a.json", definition("\"256\"", "\"512\""));
    std::fs::create_dir_all(folder.path("old")).unwrap();
    let run = folder.run(&["check", "a.json", "--base-path", "old"]).code(0);
    assert!(stderr(&run).contains("warning: --base-path old has nothing at the paths"), "{}", stderr(&run));
}

#[test]
fn what_is_misspelt_is_answered_with_what_there_is() {
    let folder = Folder::new().with("a.json", definition("\"256\"", "\"512\""));
    let run = folder.run(&["check", "a.json", "--region", "mars"]).code(0);
    assert!(stderr(&run).contains("no rates of region mars, but of af-south-1, "), "{}", stderr(&run));
    let run = folder.run(&["check", "a.json", "--also", "foo=x"]).code(2);
    assert!(
        stderr(&run)
            .contains("\"foo\" is no format; choose table, json, sarif, junit, github, gitlab, markdown")
    );
    for flag in ["--write-baseline", "--also", "--output"] {
        let file = if flag == "--also" { "json=no/such/folder" } else { "no/such/folder" };
        let run = folder.run(&["check", "a.json", flag, file]).code(2);
        assert!(stderr(&run).contains(&format!("choose another file for {flag},")), "{}", stderr(&run));
    }
}

#[test]
fn every_format_goes_to_a_file_whole() {
    let folder = Folder::new().with("bad.json", definition("\"256\"", "\"4096\""));
    for format in ["table", "json", "sarif", "junit", "github", "gitlab", "markdown"] {
        folder.run(&["check", "bad.json", "--format", format, "--output", "out"]).code(1).stdout_eq("");
        assert!(folder.read("out").contains("invalid-task-size"), "{format}");
    }
}

#[test]
fn a_terraform_file_is_judged_with_the_rest_of_its_module() {
    let folder = Folder::new()
        .with("variables.tf", "variable \"memory\" {\n  default = 512\n}\n")
        .with("x.auto.tfvars", "memory = 999\n")
        .with("main.tf", "resource \"aws_ecs_task_definition\" \"app\" {\n  family = \"app\"\n  requires_compatibilities = [\"FARGATE\"]\n  cpu = 256\n  memory = var.memory\n  container_definitions = \"[]\"\n}\n");
    for named in ["variables.tf", "x.auto.tfvars", "main.tf", "."] {
        assert_eq!(rules(&report(&folder, &[named], 1)), ["invalid-task-size"], "{named}");
    }
}

#[test]
fn values_that_terraform_reads_count_though_they_are_ignored_and_are_no_change() {
    let main = |tag: &str| {
        format!(
            "variable \"memory\" {{}}\nresource \"aws_ecs_task_definition\" \"app\" {{\n  family = \"app\"\n  \
             requires_compatibilities = [\"FARGATE\"]\n  cpu = 256\n  memory = var.memory\n  \
             container_definitions = \"[]\"\n  tags = {{ a = \"{tag}\" }}\n}}\n"
        )
    };
    let folder = Folder::new();
    std::fs::create_dir(folder.path("infra")).unwrap();
    let folder = folder
        .with("infra/main.tf", main("1"))
        .with("infra/terraform.tfvars", "memory = 999\n")
        .with("infra/prod.tfvars", "memory = 512\n")
        .with(".gitignore", "*.tfvars\n");
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-qm", "base"]);
    let folder = folder.with("infra/main.tf", main("2"));
    for path in [".", "infra", "infra/main.tf"] {
        assert_eq!(rules(&report(&folder, &[path], 1)), ["invalid-task-size"], "{path}");
        let new = report(&folder, &[path, "--base", "HEAD", "--new-only"], 0);
        assert_eq!(
            (rules(&new), &new["findings"][0]["known"]),
            (vec!["invalid-task-size"], &true.into()),
            "{path}"
        );
    }
}

#[test]
fn the_discount_of_the_config_is_off_every_amount() {
    let folder = Folder::new().with("task.json", session_cache(8192)).with(
        "fargauge.toml",
        "[discount]\nenterprise_percent = 50\n[check]\nbudget_usd = 30\n[check.levels]\ncost-over-budget = \"deny\"\n",
    );
    // (0.04048 + 8 x 0.004445) x 730 = 55.51, of which half is paid.
    let paid = report(&folder, &["task.json", "--region", "us-east-1"], 0);
    assert_eq!(paid["tasks"][0]["monthly_cost"].to_string(), "27.7546");
    let folder =
        folder.with("list.toml", "[check]\nbudget_usd = 30\n[check.levels]\ncost-over-budget = \"deny\"\n");
    let list = report(&folder, &["task.json", "--region", "us-east-1", "--config", "list.toml"], 1);
    assert_eq!(list["tasks"][0]["monthly_cost"].to_string(), "55.5092");
}
