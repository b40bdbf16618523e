//! Exit codes and what is said beside them.

use snapbox::str;

use crate::command::{Folder, definition, stderr};

#[test]
fn help_names_every_command_and_exit_code() {
    Folder::new().run(&["--help"]).code(0).stderr_eq("").stdout_eq(str![[r#"
What ECS tasks cost, what they need, and what to change

Usage: fargauge[EXE] [OPTIONS] <COMMAND>

Commands:
...
  price        Price task definitions: hour and month, component by component
  prices       Show, check and renew the rates that prices stand on
...
  completions  Write a shell's completion script
...
Exit codes:
  0  fine
  1  a policy is violated
  2  bad usage or configuration
  3  something could not be evaluated (AWS, data, missing prices)

"#]]);
}

#[test]
fn usage_errors_exit_2_and_keep_stdout_empty() {
    let folder = Folder::new().with("task.json", definition("256", "512"));
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["price"],
        &["price", "task.json", "--region", "us-east-1", "--count", "0"],
        &["price", "task.json", "--region", "us-east-1", "--hours", "0"],
        &["price", "task.json", "--region", "us-east-1", "--hours", "a week"],
        &["price", "task.json", "--region", "us-east-1", "--format", "xml"],
        &["price", "task.json", "--region", "us-east-1", "--as-of", "soon"],
        &["price", "-", "-", "--region", "us-east-1"],
        &["completions", "csh"],
        &["demo", "--no-such-flag"],
        &["demo", "--format", "xml"],
        &["report"],
        &["collect", "--region", "eu-west-1"],
        &["collect", "--out", "snapshot", "--region", "eu-west-1", "--lookback", "2 weeks"],
        &["collect", "--out", "snapshot", "--region", "eu-west-1", "--period", "17"],
    ] {
        let run = folder.run(arguments).code(2).stdout_eq("");
        assert!(!stderr(&run).is_empty(), "{arguments:?}");
    }
}

#[test]
fn no_region_is_a_usage_error_that_names_the_flag() {
    let folder = Folder::new().with("task.json", definition("256", "512"));
    let message = str![[r#"
error: no region is named, and prices differ between regions
help: add --region, such as --region us-east-1, or set AWS_REGION

"#]];
    folder.run(&["price", "task.json"]).code(2).stdout_eq("").stderr_eq(message.clone());
    folder.fargauge().args(["price", "task.json"]).env("AWS_REGION", "").assert().code(2).stderr_eq(message);
}

#[test]
fn the_region_is_the_flags_then_the_configs_then_the_environments() {
    let folder = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("settings.toml", "region = \"eu-west-1\"\n")
        .with("broken.toml", "region = [\n");
    let region = |arguments: &[&str]| {
        let price = ["price", "task.json", "-v"];
        let run = folder.fargauge().args(price).args(arguments).env("AWS_REGION", "us-west-2").assert();
        stderr(&run.code(0)).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(region(&[]), "info: region us-west-2 (from AWS_REGION)");
    assert_eq!(region(&["--config", "settings.toml"]), "info: region eu-west-1 (from the config)");
    assert_eq!(
        region(&["--config", "settings.toml", "--region", "us-east-1"]),
        "info: region us-east-1 (from --region)"
    );
    let here = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("fargauge.toml", "region = \"eu-north-1\"\n");
    let price = here.run(&["price", "task.json", "-v"]).code(0);
    assert!(stderr(&price).starts_with("info: region eu-north-1 (from the config)"), "{}", stderr(&price));
    for (config, message) in [
        ("broken.toml", "error: broken.toml:1: "),
        ("missing.toml", "error: cannot read config missing.toml\n  cause: "),
    ] {
        let run = folder.run(&["price", "task.json", "--config", config]).code(2);
        assert!(stderr(&run).starts_with(message), "{}", stderr(&run));
    }
}

#[test]
fn what_cannot_be_evaluated_exits_3_with_file_place_and_reason() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("empty")).unwrap();
    let folder = folder
        .with("size.json", definition("256", "\"3 GB\""))
        .with("cpu.json", definition("\"300\"", "\"512\""))
        .with("windows.json", definition("256", "512"))
        .with("placeholder.json", definition("\"<CPU>\"", "512"))
        .with("bare.json", "{\n  \"cpu\": <CPU>, \"containerDefinitions\": []\n}")
        .with("syntax.json", "{\n  \"cpu\": 256,,\n  \"containerDefinitions\": []\n}")
        .with("lots.json", definition("256", "\"lots\""))
        .with("nothing.json", "{\"cpu\": 256}")
        .with("nosize.json", r#"{"containerDefinitions": [{"cpu": 256, "memory": 512}]}"#)
        .with("ec2.json", r#"{"cpu": "256", "memory": "512", "requiresCompatibilities": ["EC2"], "containerDefinitions": []}"#);
    for (arguments, message) in [
        (
            &["size.json"][..],
            "error: size.json: invalid-task-size: cpu 256 with memory 3072 is not a Fargate task size: 3072 MiB does not go with 256 CPU units; choose 512, 1024, 2048\n",
        ),
        (
            &["cpu.json"],
            "error: cpu.json: invalid-task-size: cpu 300 with memory 512 is not a Fargate task size: 300 CPU units is not a Fargate CPU size; the sizes are 256, 512, 1024, 2048, 4096, 8192, 16384, 32768\n",
        ),
        (
            &["windows.json", "--os", "windows"],
            "error: windows.json: invalid-task-size: cpu 256 with memory 512 is not a Fargate task size: 256 CPU units is not offered for Windows; choose 1024, 2048 or 4096\n",
        ),
        (
            &["placeholder.json"],
            "error: placeholder.json:1:66: unresolved-setting: cpu: \"<CPU>\" is a placeholder, not a size; put the value in\nhelp: price the file as it is once",
        ),
        (&["syntax.json"], "error: syntax.json:2:14: not valid JSON: "),
        (
            &["bare.json"],
            "error: bare.json:2:10: unresolved-setting: cpu: the placeholder <CPU> is filled in elsewhere\nhelp: price",
        ),
        (
            &["lots.json"],
            "error: lots.json:1:81: memory: \"lots\" is not a memory size; write MiB such as \"512\", or GB such as \"0.5 GB\"\n",
        ),
        (
            &["nothing.json"],
            "error: nothing.json holds no task definition\nhelp: expected a task definition (the input of",
        ),
        (
            &["nosize.json"],
            "error: nosize.json: missing-task-size: the definition has no task-level cpu and memory\nhelp: Fargate needs both",
        ),
        (
            &["ec2.json"],
            "error: ec2.json: ec2-launch-type: the definition is for EC2 only, which is not billed by the task\n",
        ),
        (&["missing.json"], "error: cannot read missing.json: "),
        (&["empty"], "error: empty holds no task definition\n"),
    ] {
        let run =
            folder.run(&[&["price", "--region", "us-east-1"], arguments].concat()).code(3).stdout_eq("");
        assert!(stderr(&run).starts_with(message), "{}", stderr(&run));
    }
}

#[test]
fn a_region_or_combination_without_rates_exits_3_and_is_never_defaulted() {
    let folder = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("large.json", definition("1024", "2048"));
    for (arguments, message) in [
        (
            &["task.json", "--region", "xx-nowhere-1"][..],
            "error: task.json: no-price-for-region: the price book has no linux/x86_64 on-demand vcpu rate for xx-nowhere-1; it has one for af-south-1, ",
        ),
        (
            &["task.json", "--region", "eu-west-3", "--arch", "arm64"],
            "error: task.json: no-price-for-region: the price book has no linux/arm64 on-demand vcpu rate for eu-west-3",
        ),
        (
            &["task.json", "--region", "cn-north-1"],
            "error: task.json: no-price-for-region: cn-north-1 is billed in CNY",
        ),
        (
            &["large.json", "--region", "us-east-1", "--os", "windows", "--spot"],
            "error: large.json: no-price-for-region: Fargate Spot is not offered for Windows",
        ),
    ] {
        let run = folder.run(&[&["price"], arguments].concat()).code(3).stdout_eq("");
        assert!(stderr(&run).starts_with(message), "{}", stderr(&run));
    }
}

#[test]
fn on_incomplete_decides_about_the_exit_code_and_the_word() {
    let folder = Folder::new().with("bad.json", "[]");
    let run =
        |mode: &str| folder.run(&["price", "bad.json", "--region", "us-east-1", "--on-incomplete", mode]);
    assert!(stderr(&run("fail").code(3)).starts_with("error: bad.json holds no"));
    assert!(stderr(&run("warn").code(0)).starts_with("warning: bad.json holds no"));
    run("pass").code(0).stderr_eq("");
}
