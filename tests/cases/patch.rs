//! `fargauge patch` on the generated fleet: what a user gets, byte for byte.

use std::{fs, path::Path, process::Command, sync::LazyLock};

use crate::command::{Folder, stderr, stdout};

/// A snapshot of the generated fleet. Of its services, `order-worker` runs at 512 / 1024 and is to have
/// 256 / 512, `session-cache` at 1024 / 8192 and is to have 1024 / 3072.
static FLEET: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new();
    folder.run(&["demo", "--out", "fleet"]).code(0);
    folder
});

/// `fargauge patch --snapshot FLEET` with these arguments.
fn patch(folder: &Folder, arguments: &[&str]) -> snapbox::cmd::OutputAssert {
    let fleet = FLEET.path("fleet");
    folder.run(&[&["patch", "--snapshot", fleet.to_str().unwrap()], arguments].concat())
}

const JSON: &str = "\u{feff}{\r\n  \"family\" : \"order-worker\", // the café's\r\n  \"requiresCompatibilities\": \
                    [\"FARGATE\"],\r\n  \"memory\": \"1 GB\",\r\n  \"cpu\": \"512\",\r\n  \"containerDefinitions\": \
                    [\r\n    {\"name\": \"app\", \"cpu\": 512, \"memory\": 1024, \"image\": \
                    \"<IMAGE>\"}\r\n  ]\r\n}";

const YAML: &str = "# caches
Parameters:
  Memory: {Type: Number, Default: '8192'} # MiB
Resources:
  Cache:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: session-cache
      RequiresCompatibilities: [FARGATE]
      Cpu: \"1024\"
      Memory: !Ref Memory
      ContainerDefinitions: [{Name: app, Image: cache}]
";

const HCL: &str = r#"variable "sizes" {
  default = {
    cpu    = 512 # vCPU: half
    memory = "1024"
  }
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "order-worker"
  requires_compatibilities = ["FARGATE"]
  cpu                      = var.sizes.cpu
  memory                   = var.sizes["memory"]

  container_definitions = jsonencode([
    { name = "app", image = "worker", cpu = 512, memoryReservation = 256 },
  ])
}
"#;

#[test]
fn what_is_piped_in_is_patched_to_stdout() {
    let folder = Folder::new();
    let fleet = FLEET.path("fleet");
    let run = |arguments: &[&str], text: &str| {
        let all = [&["patch", "-", "--snapshot", fleet.to_str().unwrap()], arguments].concat();
        folder.fargauge().args(all).stdin(text.to_owned()).assert()
    };
    let diff = stdout(&run(&[], JSON).code(0));
    assert!(diff.starts_with("--- a/stdin\n+++ b/stdin\n"), "{diff}");
    let text = stdout(&run(&["--write"], JSON).code(0));
    assert_eq!(text, JSON.replace("1 GB", "0.5 GB").replace("512", "256").replace("1024", "512"));
    // What needs no change comes through as it is.
    assert_eq!(stdout(&run(&["--write"], &text).code(0)), text);
    run(&["x.json", "--write"], JSON).code(2);
}

#[test]
fn a_diff_does_not_replace_what_it_is_of() {
    let folder = Folder::new().with("worker.json", JSON);
    let run = patch(&folder, &["worker.json", "-o", "worker.json"]).code(2);
    assert!(stderr(&run).contains("is one of the files that are read"), "{}", stderr(&run));
    assert_eq!(folder.read("worker.json"), JSON);
    let folder = folder.with("values.json", "[]");
    let run =
        patch(&folder, &["worker.json", "--parameter-file", "values.json", "-o", "values.json"]).code(2);
    assert!(stderr(&run).contains("--output and --parameter-file are the same file"), "{}", stderr(&run));
    assert_eq!(folder.read("values.json"), "[]");
}

/// A folder of three files that the fleet runs.
fn infrastructure() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("infra")).unwrap();
    folder
        .with("infra/order-worker.json", JSON)
        .with("infra/cache.yml", YAML)
        .with("infra/main.tf", HCL)
        .with("infra/notes.txt", "cpu: 512, memory: 1024\n")
}

fn patched() -> [(&'static str, String); 3] {
    let json = JSON.replace("1 GB", "0.5 GB").replace("512", "256").replace("1024", "512");
    let hcl = HCL.replace("512", "\0").replace("1024", "512").replace('\0', "256");
    [
        ("infra/order-worker.json", json),
        ("infra/cache.yml", YAML.replace("8192", "3072")),
        ("infra/main.tf", hcl),
    ]
}

fn git(folder: &Folder, arguments: &[&str]) {
    let git = Command::new("git").args(arguments).current_dir(folder.path("")).output().unwrap();
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
}

#[test]
fn files_get_the_recommended_sizes_and_no_other_change() {
    let folder = infrastructure();
    let run = patch(&folder, &["infra", "--write"]).code(0);
    assert_eq!(stdout(&run), "", "what was written is not printed, too");
    for (name, expected) in patched() {
        assert_eq!(folder.read(name), expected, "{name}");
    }
    assert_eq!(folder.read("infra/notes.txt"), "cpu: 512, memory: 1024\n");
    let told = stderr(&run);
    assert!(
        told.contains("order-worker from 0.5 vCPU / 1 GB to 0.25 vCPU / 0.5 GB, with the limits of app"),
        "{told}"
    );
    assert!(told.contains("Cache from 1 vCPU / 8 GB to 1 vCPU / 3 GB, saves "), "{told}");
    assert!(told.contains("changed 3 tasks in 3 files"), "{told}");

    let again = patch(&folder, &["infra", "--write"]).code(0);
    assert!(stderr(&again).contains("nothing to change; 3 tasks as recommended"), "{}", stderr(&again));
    assert_eq!(stdout(&patch(&folder, &["infra"]).code(0)), "");
}

#[test]
fn the_diff_does_what_write_does_and_leaves_the_files_alone() {
    let folder = infrastructure();
    let run = patch(&folder, &["infra"]).code(0);
    for (name, before) in
        [("infra/order-worker.json", JSON), ("infra/cache.yml", YAML), ("infra/main.tf", HCL)]
    {
        assert_eq!(folder.read(name), before, "{name}");
    }
    assert!(stderr(&run).contains("would change 3 tasks in 3 files; --write does"), "{}", stderr(&run));
    let diff = stdout(&run);
    let removed = diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---")).count();
    assert_eq!(removed, 3 + 1 + 3, "{diff}");
    patch(&folder, &["infra", "--output", "sizes.patch"]).code(0).stdout_eq("");
    assert_eq!(folder.read("sizes.patch"), diff);
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["apply", "sizes.patch"]);
    for (name, expected) in patched() {
        assert_eq!(folder.read(name), expected, "{name}");
    }
}

/// A task definition of `order-worker` with these containers.
fn worker(containers: &str) -> String {
    format!(
        r#"{{"family": "order-worker", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
            "containerDefinitions": [{containers}]}}"#
    )
}

#[test]
fn what_cannot_be_changed_is_named_and_stays() {
    for (says, text, why) in [
        (
            "a heap that the new memory does not hold",
            worker(
                r#"{"name": "app", "image": "a", "environment": [{"name": "JAVA_TOOL_OPTIONS", "value": "-Xmx600m"}]}"#,
            ),
            "heap-exceeds-memory",
        ),
        (
            "sidecars that leave nothing",
            worker(
                r#"{"name": "app", "image": "a", "memory": 512},
                   {"name": "log", "image": "b", "essential": false, "memory": 512}"#,
            ),
            "by hand; 0.25 vCPU / 0.5 GB is recommended (cpu 256, memory 512)",
        ),
        (
            "containers other than those that run, which would get less than the task used",
            worker(
                r#"{"name": "app", "image": "a", "memory": 824},
                   {"name": "log", "image": "b", "essential": false, "memory": 200}"#,
            ),
            "\"app\" would be left 312 MiB",
        ),
        (
            "a workload that is not rated",
            worker("{\"name\": \"app\", \"image\": \"a\"}").replace("order-worker", "profile-api"),
            "is not rated: mixed-revisions",
        ),
        (
            "a workload on instances",
            worker("{\"name\": \"app\", \"image\": \"a\"}").replace("order-worker", "dns-resolver"),
            "does not run on Fargate",
        ),
        (
            "a size that is filled in elsewhere",
            worker("{\"name\": \"app\", \"image\": \"a\"}").replace("\"1024\"", "\"${MEMORY}\""),
            "memory: ",
        ),
    ] {
        let folder = Folder::new().with("t.json", &text);
        let run = patch(&folder, &["t.json", "--write"]).code(0);
        assert_eq!(folder.read("t.json"), text, "{says}");
        let told = stderr(&run);
        assert!(told.contains("is left as it is") && told.contains(why), "{says}: {told}");
        assert!(
            told.contains("nothing to change; 0 tasks as recommended, 1 left as they are"),
            "{says}: {told}"
        );
    }
}

#[test]
fn a_task_that_nothing_runs_is_named_and_a_link_says_what_runs_it() {
    let text = worker("{\"name\": \"app\", \"image\": \"a\"}").replace("order-worker", "prod-orders");
    let folder = Folder::new().with("t.json", &text);
    let run = patch(&folder, &["t.json"]).code(0);
    assert_eq!(stdout(&run), "");
    assert!(stderr(&run).contains("known to run prod-orders"), "{}", stderr(&run));
    let folder = folder.with(
        "fargauge.toml",
        "[[check.link]]\nmatch = { family = \"prod-*\" }\nworkload = \"*/prod/order-worker\"\n",
    );
    let diff = stdout(&patch(&folder, &["t.json"]).code(0));
    assert!(diff.contains("+{\"family\": \"prod-orders\"") && diff.contains("\"cpu\": \"256\""), "{diff}");
}

#[test]
fn only_the_tasks_asked_for_are_changed() {
    let folder = infrastructure();
    patch(&folder, &["infra", "--write", "--task", "Ca*"]).code(0);
    assert_eq!(folder.read("infra/cache.yml"), patched()[1].1);
    assert_eq!(folder.read("infra/order-worker.json"), JSON);
    assert_eq!(folder.read("infra/main.tf"), HCL);
}

#[test]
fn a_value_given_from_outside_is_changed_in_its_file_or_named() {
    let template = YAML.replace(", Default: '8192'", "");
    let parameters = "[\n  {\"ParameterKey\": \"Memory\", \"ParameterValue\": \"8192\"}\n]\n";
    let folder = Folder::new().with("t.yml", &template).with("p.json", parameters);
    patch(&folder, &["t.yml", "--parameter-file", "p.json", "--write"]).code(0);
    assert_eq!(folder.read("p.json"), parameters.replace("8192", "3072"));
    assert_eq!(folder.read("t.yml"), template);

    let run = patch(&folder, &["t.yml", "--parameter", "Memory=8192"]).code(0);
    assert_eq!(stdout(&run), "");
    let why = "memory at t.yml:11 is `!Ref Memory`, not a plain value; change what gives it to 3072";
    assert!(stderr(&run).contains(why), "{}", stderr(&run));
}

#[test]
fn a_size_that_hangs_on_the_region_is_changed_where_one_is_named() {
    let text = "Mappings:
  ByRegion:
    us-east-1: {Memory: '8192'}
Resources:
  Cache:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: session-cache
      RequiresCompatibilities: [FARGATE]
      Cpu: \"1024\"
      Memory: !FindInMap [ByRegion, !Ref AWS::Region, Memory]
      ContainerDefinitions: [{Name: app, Image: cache}]
";
    let folder = Folder::new().with("t.yaml", text);
    let told = stderr(&patch(&folder, &["t.yaml"]).code(0));
    assert!(told.contains("AWS::Region is known when it is deployed"), "{told}");
    patch(&folder, &["t.yaml", "--region", "us-east-1", "--write"]).code(0);
    assert_eq!(folder.read("t.yaml"), text.replace("8192", "3072"));
}

#[test]
fn what_stands_beside_a_named_file_of_terraform_is_read_and_stays() {
    let other = HCL.replace("\"worker\"", "\"other\"").replace("sizes", "other_sizes");
    for (main, locals) in [
        (HCL.replace("\"order-worker\"", "local.it"), "locals {\n  it = \"order-worker\"\n}\n"),
        (
            HCL.replace("\"1024\"\n  }", "\"1024\"\n  }\n  type = any")
                .replace("var.sizes[\"memory\"]", "local.it"),
            "locals {\n  it = 1024\n}\n",
        ),
    ] {
        let folder = Folder::new().with("main.tf", &main).with("locals.tf", locals).with("other.tf", &other);
        let run = patch(&folder, &["main.tf", "--write"]).code(0);
        let told = stderr(&run);
        assert!(!told.contains("other"), "{told}");
        if locals.contains("1024") {
            let why =
                "memory is defined at locals.tf:2, which is not among the files named; it should be 512";
            assert!(told.contains(why), "{told}");
            assert_eq!(folder.read("main.tf"), main);
            let run = patch(&folder, &["main.tf", "locals.tf", "--write"]).code(0);
            assert!(stderr(&run).contains("changed 1 task in 2 files"), "{}", stderr(&run));
            assert_eq!(folder.read("locals.tf"), locals.replace("1024", "512"));
        } else {
            assert!(told.contains("changed 1 task in 1 file"), "{told}");
            assert_eq!(folder.read("main.tf"), main.replace("512", "256").replace("1024", "512"));
            assert_eq!(folder.read("locals.tf"), locals);
        }
        assert_eq!(folder.read("other.tf"), other);
    }
}

#[test]
fn the_exit_code_says_what_could_not_be_done() {
    let folder = Folder::new()
        .with("t.json", "{\"family\": \"a\", \"containerDefinitions\": [")
        .with("good.json", worker("{\"name\": \"app\", \"image\": \"a\"}"));
    folder.run(&["patch", "t.json"]).code(2);
    patch(&folder, &["missing.json"]).code(2);
    patch(&folder, &["good.json", "--output", "no/such/folder"]).code(2);
    patch(&folder, &["good.json", "--parameter-file", "missing.json"]).code(2);
    folder.run(&["patch", "good.json", "--snapshot", "missing"]).code(3);
    for (choice, code) in [("warn", 0), ("pass", 0), ("fail", 3)] {
        let run = patch(&folder, &["t.json", "good.json", "--on-incomplete", choice]).code(code);
        assert!(stdout(&run).contains("+++ b/good.json"), "{choice}");
        assert_eq!(stderr(&run).contains("t.json:1:"), choice != "pass", "{choice}: {}", stderr(&run));
    }
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_nothing_is_left_behind() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new().with("t.json", worker("{\"name\": \"app\", \"image\": \"a\"}"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(folder.path("t.json"), fs::Permissions::from_mode(0o640)).unwrap();
    patch(&folder, &["t.json", "--write"]).code(0);
    assert_eq!(mode(&folder.path("t.json")), 0o640);
    assert!(folder.read("t.json").contains("\"cpu\": \"256\""));
    let names: Vec<_> =
        fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["t.json"], "nothing is left behind");
}
