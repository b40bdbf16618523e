//! `fargauge price`: figures and formats.

use snapbox::str;

use crate::command::{Folder, definition, stderr, stdout};

const WINDOWS: &str = r#"{"taskDefinition": {"family": "win", "cpu": "1 vCPU", "memory": "2 GB",
    "ephemeralStorage": {"sizeInGiB": 50}, "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
    "containerDefinitions": []}, "tags": []}"#;

#[test]
fn the_smallest_task_all_month_is_9_01_usd() {
    let folder = Folder::new().with("task.json", definition("\"256\"", "\"512\""));
    folder.run(&["price", "task.json", "--region", "us-east-1"]).code(0).stderr_eq("").stdout_eq(str![[r#"
web (task.json): 9.01 USD a month
0.25 vCPU / 0.5 GB, linux/x86_64, on-demand, us-east-1, 1 task, 730 hours a month

  Component  Each task  Rate                 USD/hour  USD/month
  vCPU       0.25 vCPU  0.04048 / vCPU-hour    0.0101     7.3876
  Memory     0.5 GB     0.004445 / GB-hour     0.0022     1.6224
  Total                                        0.0123     9.0100

Rates of 2026-09-29 for vCPU, Memory (high confidence): [..]
Price book embedded-[..]

"#]]);
}

#[test]
fn storage_and_the_windows_licence_are_components_and_a_count_multiplies_them() {
    let folder = Folder::new().with("win.json", WINDOWS);
    folder
        .run(&["price", "win.json", "--region", "us-east-1", "--count", "3", "--hours", "100"])
        .code(0)
        .stderr_eq("")
        .stdout_eq(str![[r#"
win (win.json): 31.83 USD a month for 3 tasks, 10.61 each
1 vCPU / 2 GB, windows/x86_64, on-demand, us-east-1, 3 tasks, 100 hours a month

  Component            Each task  Rate                  USD/hour  USD/month
  vCPU                 1 vCPU     0.046552 / vCPU-hour    0.1397    13.9656
  Memory               2 GB       0.00511175 / GB-hour    0.0307     3.0671
  Storage over 20 GiB  30 GB      0.000111 / GB-hour      0.0100     0.9990
  Windows licence      1 vCPU     0.046 / vCPU-hour       0.1380    13.8000
  Total, 3 tasks                                          0.3184    31.8317
  One task                                                0.1061    10.6106

Rates of [..] for Storage over 20 GiB (high confidence): [..]
Rates of [..] for vCPU, Memory, Windows licence (high confidence): [..]
Price book embedded-[..]

"#]]);
}

#[test]
fn spot_says_that_its_rates_float_and_of_when_they_are() {
    let folder = Folder::new().with("task.json", definition("1024", "2048"));
    let run =
        folder.run(&["price", "task.json", "--region", "us-east-1", "--spot", "--arch", "arm64"]).code(0);
    let text = stdout(&run);
    assert!(text.contains("linux/arm64, spot, us-east-1"), "{text}");
    assert!(text.contains("Spot rates float with supply and demand; these are of 2026-09-28."), "{text}");
    assert!(text.contains("(medium confidence)"), "{text}");
}

#[test]
fn stdin_is_priced_like_a_file() {
    let folder = Folder::new();
    let run = |definition: String| {
        folder.fargauge().args(["price", "-", "--region", "us-east-1"]).stdin(definition).assert()
    };
    let priced = stdout(&run(definition("\".25 vcpu\"", "\".5 GB\"")).code(0));
    assert!(priced.starts_with("web (stdin): 9.01 USD a month\n"), "{priced}");
    let refused = stderr(&run(String::new()).code(3));
    assert!(refused.starts_with("error: stdin holds no task definition"), "{refused}");
}

/// `python3 -c 'print(4*0.04048*730, 8*0.004445*730)'`: 118.2016 25.9588
#[test]
fn json_has_numbers_provenance_and_totals_that_are_sums() {
    let folder = Folder::new()
        .with("task.json", definition("4096", "8192"))
        .with("win.json", WINDOWS)
        .with("nosize.json", r#"{"containerDefinitions": []}"#)
        .with("broken.json", "{\n\"cpu\": 1.5, \"containerDefinitions\": [] }");
    let files = ["task.json", "win.json", "nosize.json", "broken.json"];
    let run =
        folder.run(&[&["price", "--region", "us-east-1", "--format", "json"][..], &files].concat()).code(3);
    let json: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    let [task, win, nosize, broken] = &json["task_definitions"].as_array().unwrap()[..] else {
        panic!("four definitions")
    };

    assert_eq!(task["components"][0]["monthly_cost"].to_string(), "118.2016");
    assert_eq!(task["components"][1]["monthly_cost"].to_string(), "25.9588");
    assert_eq!(task["components"][0]["rate_usd"].to_string(), "0.04048");
    for key in ["effective_date", "confidence", "source", "purchase_option", "rate_unit"] {
        assert!(task["components"][0][key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    assert_eq!(task["monthly_cost"].to_string(), "144.1604");
    assert_eq!(win["platform"]["os"], "windows");
    assert_eq!(win["ephemeral_storage_gib"], 50);
    assert_eq!(nosize["not_priced"]["reason"], "missing-task-size");
    assert!(nosize["monthly_cost"].is_null() && nosize["error"].is_null());
    assert_eq!(broken["error"]["line"], 2);
    assert!(broken["monthly_cost"].is_null() && broken["not_priced"].is_null());

    // Four decimals at most, so as text they sum exactly.
    let ten_thousandths = |value: &serde_json::Value| {
        format!("{:.4}", value.as_f64().unwrap()).replace('.', "").parse::<i64>().unwrap()
    };
    for cost in ["hourly_cost", "monthly_cost"] {
        for priced in [task, win] {
            let components = priced["components"].as_array().unwrap();
            let sum: i64 = components.iter().map(|component| ten_thousandths(&component[cost])).sum();
            assert_eq!(sum, ten_thousandths(&priced[cost]));
        }
        let sum = ten_thousandths(&task[cost]) + ten_thousandths(&win[cost]);
        assert_eq!(sum, ten_thousandths(&json["totals"][cost]));
    }
    assert_eq!((&json["totals"]["priced"], &json["totals"]["unpriced"]), (&2.into(), &2.into()));
}

#[test]
fn csv_has_a_row_per_component_and_one_per_definition_without_a_price() {
    let folder = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("nosize.json", r#"{"containerDefinitions": []}"#);
    let run = folder
        .run(&[
            "price",
            "task.json",
            "nosize.json",
            "--region",
            "us-east-1",
            "--count",
            "2",
            "--format",
            "csv",
        ])
        .code(3);
    let text = stdout(&run);
    let rows: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(
        rows[0].starts_with("path,family,region,operating_system,architecture,purchase_option,cpu_units,")
    );
    assert!(rows[1].starts_with("task.json,web,us-east-1,linux,x86_64,on-demand,256,512,20,2,730,vcpu,0.25,vCPU,0.04048,vCPU-hour,0.0202,14.7752,2026-09-29,high,"));
    assert!(rows[2].contains(",memory,0.5,GB,0.004445,GB-hour,0.0044,3.2449,"), "{}", rows[2]);
    assert!(
        rows[3].ends_with(",missing-task-size,the definition has no task-level cpu and memory"),
        "{}",
        rows[3]
    );
}

#[test]
fn several_files_are_priced_as_far_as_can_be() {
    let folder = Folder::new()
        .with("a.json", definition("256", "512"))
        .with("b.json", definition("512", "1024"))
        .with("c.json", "[]");
    let run = folder.run(&["price", "a.json", "b.json", "c.json", "--region", "us-east-1"]).code(3);
    let text = stdout(&run);
    assert!(text.contains("Total of 2 task definitions; 1 without a price: 27.03 USD a month"), "{text}");
    assert!(stderr(&run).starts_with("error: c.json holds no task definition\n"), "{}", stderr(&run));
}

#[test]
fn as_of_before_the_rates_is_said() {
    let folder = Folder::new().with("task.json", definition("256", "512"));
    let run =
        |as_of: &str| folder.run(&["price", "task.json", "--region", "us-east-1", "--as-of", as_of]).code(0);
    assert_eq!(
        stderr(&run("2026-01-31")),
        "warning: rates of 2026-09-29 are used, which is after --as-of 2026-01-31T00:00:00Z\n"
    );
    assert_eq!(stderr(&run("2026-09-29")), "");
}

#[test]
fn the_largest_terms_are_priced_exactly() {
    let row = |dimension: &str, unit: &str| {
        format!("us-east-1,linux,x86_64,on-demand,{dimension},{unit},1000000,2026-01-01,low,made up\n")
    };
    let header = "region,operating_system,architecture,purchase_option,dimension,unit,usd,effective_date,confidence,source\n";
    let folder = Folder::new()
        .with("task.json", definition("\"32 vCPU\"", "\"244 GB\""))
        .with("book.csv", [header, &row("vcpu", "vCPU-hour"), &row("memory", "GB-hour")].concat());
    let terms =
        ["--region", "us-east-1", "--price-book", "book.csv", "--count", "1000000", "--hours", "1000000"];
    let run = folder.run(&[&["price", "task.json"], &terms[..]].concat()).code(0);
    // (32 + 244) x 10^6 USD x 10^6 tasks x 10^6 hours
    assert!(stdout(&run).contains(": 276000000000000000000.00 USD a month"), "{}", stdout(&run));
}

const STACK: &str = "\
Parameters:
  Memory: {Type: Number}
Resources:
  Api:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: api
      Cpu: 256
      Memory: !Ref Memory
      ContainerDefinitions: [{Name: app, Image: x, Memory: !Ref Elsewhere}]
  ApiService:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Api, DesiredCount: 3}
  Job:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: 512, Memory: 1024, ContainerDefinitions: []}
  JobService:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Job, DesiredCount: !Ref Elsewhere}
  OnInstances:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: 512, Memory: 1024, ContainerDefinitions: []}
  OnInstancesService:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref OnInstances, LaunchType: EC2}
  Wrong:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: 256, Memory: lots}
";

#[test]
fn each_task_of_a_template_is_priced_by_its_services_count() {
    let folder = Folder::new().with("stack.yaml", STACK);
    let price = ["price", "stack.yaml", "--region", "us-east-1", "--parameter", "Memory=512"];
    let run = folder.run(&price).code(3);
    let text = stdout(&run);
    for line in [
        "api (stack.yaml:4): 27.03 USD a month for 3 tasks, 9.01 each\n",
        "us-east-1, 3 tasks (the desired count), 730 hours a month\n",
        "Job (stack.yaml:14): 18.02 USD a month\n",
        "us-east-1, 1 task (the desired count is not known), 730 hours a month\n",
        "Total of 2 task definitions; 2 without a price: 45.05 USD a month",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    run.stderr_eq(str![[r#"
error: stack.yaml:20:3: OnInstances: ec2-launch-type: the definition is for EC2 only, which is not billed by the task
error: stack.yaml:28:36: memory: "lots" is not a memory size; write MiB such as "512", or GB such as "0.5 GB"

"#]]);

    let counted = stdout(&folder.run(&[&price[..], &["--count", "2"]].concat()).code(3));
    assert!(counted.contains("api (stack.yaml:4): 18.02 USD a month for 2 tasks, 9.01 each\n"), "{counted}");
    assert!(counted.contains("us-east-1, 2 tasks, 730 hours"), "{counted}");
}

#[test]
fn a_value_that_only_the_deployment_knows_is_named_with_its_place() {
    let folder = Folder::new()
        .with("stack.yaml", STACK)
        .with("values.json", r#"[{"ParameterKey": "Memory", "ParameterValue": "1024"}]"#);
    let run = |arguments: &[&str]| {
        folder
            .run(&[&["price", "stack.yaml", "--region", "us-east-1", "--format", "json"], arguments].concat())
    };
    let open = run(&[]).code(3);
    assert!(
        stderr(&open).starts_with(
            "error: stack.yaml:9:15: api: unresolved-setting: memory: parameter Memory has no default; give --parameter Memory="
        ),
        "{}",
        stderr(&open)
    );
    let json: serde_json::Value = serde_json::from_str(&stdout(&open)).unwrap();
    let api = &json["task_definitions"][0];
    assert_eq!(
        (&api["kind"], &api["name"], &api["line"]),
        (&"cloudformation".into(), &"Api".into(), &4.into())
    );
    assert_eq!(api["not_priced"]["reason"], "unresolved-setting");
    assert_eq!((&api["not_priced"]["line"], &api["not_priced"]["column"]), (&9.into(), &15.into()));
    assert_eq!((&api["count"], &api["count_from"]), (&3.into(), &"desired-count".into()));
    assert!(json["count"].is_null(), "the counts differ");
    assert_eq!(json["task_definitions"][1]["count_from"], "default");
    let wrong = &json["task_definitions"][3];
    assert_eq!((&wrong["name"], &wrong["error"]["line"]), (&"Wrong".into(), &28.into()));

    for given in [&["--parameter-file", "values.json"][..], &["--parameter", "Memory=1024"]] {
        let json: serde_json::Value = serde_json::from_str(&stdout(&run(given).code(3))).unwrap();
        assert_eq!(json["task_definitions"][0]["memory_mib"], 1024);
    }
    folder.run(&["price", "stack.yaml", "--region", "us-east-1", "--parameter", "Memory"]).code(2);
    run(&["--parameter-file", "missing.json"]).code(2).stdout_eq("");
}

#[test]
fn a_folder_is_priced_whole_and_what_is_named_twice_once() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("deploy/.aws")).unwrap();
    std::fs::create_dir_all(folder.path("deploy/copilot/api")).unwrap();
    let folder = folder
        .with("deploy/.aws/web.json", definition("256", "512"))
        .with("deploy/package.json", r#"{"name": "app"}"#)
        .with(
            "deploy/copilot/api/manifest.yml",
            "name: api\ntype: Backend Service\ncpu: 256\nmemory: 512\ncount: 2\n",
        )
        .with(
            "deploy/compose.yaml",
            "x-aws-cluster: main\nservices:\n  worker:\n    deploy: {replicas: 4, resources: {limits: {cpus: '0.5', memory: 1g}}}\n",
        );
    let run = folder.run(&["price", "deploy", "deploy/.aws/web.json", "--region", "us-east-1"]).code(0);
    let text = stdout(&run.stderr_eq(""));
    let heads: Vec<&str> = text.lines().filter(|line| line.contains(" USD a month")).collect();
    assert_eq!(
        heads,
        [
            "web (deploy/.aws/web.json): 9.01 USD a month",
            "worker (deploy/compose.yaml:3): 72.08 USD a month for 4 tasks, 18.02 each",
            "api (deploy/copilot/api/manifest.yml:1): 18.02 USD a month for 2 tasks, 9.01 each",
            "Total of 3 task definitions: 99.11 USD a month (99.1103), 0.1357 USD an hour",
        ],
        "{text}"
    );
}

#[test]
fn what_the_flags_say_of_the_platform_need_not_be_known() {
    let text = definition("256", "512")
        .replace("\"cpu\"", r#""runtimePlatform": {"cpuArchitecture": "${arch}"}, "cpu""#);
    let folder = Folder::new().with("task.json", text);
    let price = ["price", "task.json", "--region", "us-east-1"];
    let run = folder.run(&price).code(3);
    assert!(stderr(&run).contains("unresolved-setting: runtimePlatform"), "{}", stderr(&run));
    folder.run(&[&price[..], &["--os", "linux", "--arch", "x86_64"]].concat()).code(0);
}

#[test]
fn the_files_of_a_terraform_folder_are_priced_together_however_they_are_named() {
    let folder = Folder::new()
        .with(
            "main.tf",
            "resource \"aws_ecs_task_definition\" \"web\" {\n  family = \"web\"\n  cpu = var.cpu\n  memory = 512\n  container_definitions = file(\"x.json\")\n}\n",
        )
        .with("variables.tf", "variable \"cpu\" {\n  default = 256\n}\n");
    for paths in [&["."][..], &["main.tf", "variables.tf"], &["main.tf"]] {
        let run = folder.run(&[&["price", "--region", "us-east-1"], paths].concat()).code(0).stderr_eq("");
        assert!(stdout(&run).starts_with("web (main.tf:1): 9.01 USD a month\n"), "{}", stdout(&run));
    }
    std::fs::remove_file(folder.path("variables.tf")).unwrap();
    let run = folder.run(&["price", "main.tf", "--region", "us-east-1"]).code(3).stdout_eq("");
    assert!(
        stderr(&run).starts_with("error: main.tf:3:9: web: unresolved-setting: cpu: variable cpu"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn what_stands_beside_a_named_file_of_terraform_is_read_for_its_values_alone() {
    let task = |name: &str| {
        format!(
            "resource \"aws_ecs_task_definition\" \"{name}\" {{\n  family = \"{name}\"\n  cpu = var.cpu\n  memory = 512\n  container_definitions = \"[]\"\n}}\n"
        )
    };
    let folder = Folder::new()
        .with("main.tf", task("web"))
        .with("other.tf", task("other"))
        .with("variables.tf", "variable \"cpu\" {}\n")
        .with("terraform.tfvars", "cpu = 256\n")
        .with("task.json", definition("256", "512"))
        .with(
            "services.tf",
            "resource \"aws_ecs_service\" \"web\" {\n  name = \"web\"\n  desired_count = 2\n  task_definition = aws_ecs_task_definition.web.arn\n}\n",
        );
    for named in [&["main.tf"][..], &["./main.tf"], &["main.tf", "./main.tf"], &["main.tf", "variables.tf"]] {
        let run = folder.run(&[&["price", "--region", "us-east-1"], named].concat()).code(0).stderr_eq("");
        let text = stdout(&run);
        assert!(text.starts_with("web (main.tf:1): 18.02 USD a month for 2 tasks, 9.01 each\n"), "{text}");
        assert!(!text.contains("other") && !text.contains("Total of"), "{text}");
    }
    let run = folder.run(&["price", "variables.tf", "task.json", "--region", "us-east-1"]).code(3);
    assert!(stderr(&run).contains("variables.tf holds no task definition"), "{}", stderr(&run));
    assert!(stdout(&run).contains("web (task.json): 9.01 USD"), "{}", stdout(&run));
    // What is wrong beside it may be what it lacks.
    let folder = folder.with("terraform.tfvars", "cpu = [\n");
    let run = folder.run(&["price", "main.tf", "--region", "us-east-1"]).code(3);
    assert!(stderr(&run).contains("error: terraform.tfvars:"), "{}", stderr(&run));
    assert!(stderr(&run).contains("main.tf:3:9: web: unresolved-setting"), "{}", stderr(&run));
}

#[test]
fn prices_do_not_replace_what_they_are_of() {
    let text = definition("256", "512");
    let folder = Folder::new().with("task.json", &text);
    let run = folder.run(&["price", "task.json", "--region", "us-east-1", "-o", "./task.json"]).code(2);
    assert!(stderr(&run).contains("is one of the files that are read"), "{}", stderr(&run));
    assert_eq!(folder.read("task.json"), text);
    let folder = folder.with("values.json", "[]");
    let arguments = [
        "price",
        "task.json",
        "--region",
        "us-east-1",
        "--parameter-file",
        "values.json",
        "-o",
        "values.json",
    ];
    let run = folder.run(&arguments).code(2);
    assert!(stderr(&run).contains("--output and --parameter-file are the same file"), "{}", stderr(&run));
    assert_eq!(folder.read("values.json"), "[]");
}

#[test]
fn what_is_not_created_is_named() {
    let task = "{Type: AWS::ECS::TaskDefinition, Properties: {Family: web, Cpu: 256, Memory: 512}}";
    let folder = Folder::new().with(
        "stack.yaml",
        format!(
            "Parameters:\n  Stage: {{Type: String, Default: test}}\nConditions:\n  IsProd: !Equals [!Ref Stage, prod]\nResources:\n  Web: {task}\n  Worker: {}\n",
            task.replacen('{', "{Condition: IsProd, ", 1)
        ),
    );
    let left_out = "note: 1 resource is left out, as count, for_each or a condition makes none with the values known: \
                    Worker (stack.yaml:7)\n";
    let run = folder.run(&["price", "stack.yaml", "--region", "us-east-1"]).code(0).stderr_eq(left_out);
    assert!(!stdout(&run).contains("Worker"), "{}", stdout(&run));
    folder.run(&["check", "stack.yaml"]).code(0).stderr_eq(left_out);
    let prod = ["price", "stack.yaml", "--region", "us-east-1", "--parameter", "Stage=prod"];
    folder.run(&prod).code(0).stderr_eq("");
    folder.run(&["check", "-q", "stack.yaml"]).code(0).stderr_eq("");
}

#[test]
fn a_number_of_tasks_that_is_the_minimum_of_scaling_is_called_so() {
    let service = |desired: &str| {
        format!(
            "Resources:\n  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{Family: web, Cpu: 256, Memory: 512}}}}\n  Service: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task{desired}}}}}\n  Target:\n    Type: AWS::ApplicationAutoScaling::ScalableTarget\n    Properties:\n      MinCapacity: 3\n      MaxCapacity: 9\n      ServiceNamespace: ecs\n      ScalableDimension: ecs:service:DesiredCount\n      ResourceId: !Sub service/main/${{Service.Name}}\n"
        )
    };
    for (desired, count, said, from) in [
        ("", 3, "3 tasks (the minimum of auto scaling, which may run more), 730", "scaling-minimum"),
        (
            ", DesiredCount: 1",
            3,
            "3 tasks (the minimum of auto scaling, which may run more), 730",
            "scaling-minimum",
        ),
        (", DesiredCount: 3", 3, "3 tasks (the desired count), 730", "desired-count"),
        (", DesiredCount: 5", 5, "5 tasks (the desired count), 730", "desired-count"),
    ] {
        let folder = Folder::new().with("stack.yaml", service(desired));
        let price = ["price", "stack.yaml", "--region", "us-east-1", "--format"];
        let run = |format: &str| stdout(&folder.run(&[&price[..], &[format]].concat()).code(0));
        assert!(run("table").contains(said), "{}", run("table"));
        let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
        let item = &json["task_definitions"][0];
        assert_eq!((&item["count"], &item["count_from"]), (&count.into(), &from.into()));
        assert!(run("csv").contains(from), "{}", run("csv"));
    }
}
