//! Texts of every kind, before and after.

use std::{path::PathBuf, sync::Arc};

use proptest::prelude::*;

use super::{
    Edit, Limits, Repository, Wish,
    plan::{Plan, plan, tasks},
};
use crate::{
    template::{ReadTemplates, SourceFile, TaskTemplate},
    units::{CpuUnits, MemoryMib},
};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: Arc::new(PathBuf::from(path)), bytes: Arc::from(text.as_bytes()), named: true }
}

fn repository(texts: &[(&str, &str)]) -> Repository {
    Repository { files: texts.iter().map(|(path, text)| file(path, text)).collect(), ..Repository::default() }
}

/// CPU and memory of a task, and the settings of its containers: CPU, hard limit, soft limit.
type Sizes = (u32, u32, Vec<(u32, Option<u32>, Option<u32>)>);

fn sizes(task: &TaskTemplate) -> Sizes {
    let containers = task.containers.iter().map(|container| {
        (
            container.cpu.known().map_or(0, |cpu| cpu.0),
            container.memory.known().map(|memory| memory.0),
            container.memory_reservation.known().map(|memory| memory.0),
        )
    });
    let (cpu, memory) = (task.cpu.known(), task.memory.known());
    (cpu.map_or(0, |cpu| cpu.0), memory.map_or(0, |memory| memory.0), containers.collect())
}

/// The plan for giving every task of which `of` says something that size; containers not named keep what they have.
fn planned(repository: &Repository, of: impl Fn(&TaskTemplate) -> Option<Sizes>) -> (ReadTemplates, Plan) {
    let templates = repository.read().unwrap();
    let wishes: Vec<Wish> = tasks(&templates.files)
        .filter_map(|(id, task)| {
            let (cpu, memory, containers) = of(task)?;
            let kept = sizes(task).2.split_off(containers.len().min(task.containers.len()));
            let limits = containers.into_iter().chain(kept).map(|(cpu, memory, reservation)| Limits {
                cpu: CpuUnits(cpu),
                memory: memory.map(MemoryMib),
                memory_reservation: reservation.map(MemoryMib),
            });
            Some(Wish {
                task: id,
                cpu: CpuUnits(cpu),
                memory: MemoryMib(memory),
                containers: limits.collect(),
            })
        })
        .collect();
    let plan = plan(repository, &templates.files, &wishes);
    (templates, plan)
}

fn texts(repository: &Repository) -> Vec<String> {
    let files = repository.files.iter().chain(&repository.parameter_files);
    files.map(|file| String::from_utf8(file.bytes.to_vec()).unwrap()).collect()
}

/// A text, what of it is to be replaced by what, and the size that is meant by it.
struct Case {
    says: &'static str,
    path: &'static str,
    text: &'static str,
    to: (u32, u32),
    containers: &'static [(u32, Option<u32>, Option<u32>)],
    /// In the sequence of the text.
    changes: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        says: "a task definition keeps order, comments, blanks and what is no JSON's business",
        path: "taskdef.json",
        text: "\u{feff}{\r\n  // sized by hand\r\n  \"memory\" :  \"2048\",\r\n\t\"cpu\":\"1024\", \"family\": \"café\",\r\n  \
               \"containerDefinitions\": [{\"name\": \"app\", \"cpu\": 1024, \"memory\": 2048, \"image\": \"<IMAGE>\"}]\r\n}",
        to: (512, 1024),
        containers: &[(512, Some(1024), None)],
        changes: &[
            ("\"2048\"", "\"1024\""),
            ("\"1024\", \"f", "\"512\", \"f"),
            ("1024, \"m", "512, \"m"),
            ("2048", "1024"),
        ],
    },
    Case {
        says: "numbers stay numbers, and units stay units",
        path: "taskdef.json",
        text: r#"{"family": "a", "cpu": ".25 vcpu", "memory": ".5 GB", "containerDefinitions": [
            {"name": "app", "cpu": 0, "memory": 512, "memoryReservation": 256}, {"name": "log", "memory": "100"}]}"#,
        to: (512, 1024),
        containers: &[(0, Some(1024), Some(512))],
        changes: &[(".25 vcpu", ".5 vcpu"), (".5 GB", "1 GB"), ("512,", "1024,"), ("256}", "512}")],
    },
    Case {
        says: "the output of describe-task-definition is changed within",
        path: "described.json",
        text: r#"{"taskDefinition": {"family": "a", "cpu": "256", "memory": "512", "revision": 256,
            "containerDefinitions": [{"name": "app", "cpu": 256}]}, "tags": []}"#,
        to: (512, 1024),
        containers: &[],
        changes: &[("\"256\"", "\"512\""), ("\"512\", \"rev", "\"1024\", \"rev")],
    },
    Case {
        says: "YAML keeps comments, plain and quoted scalars, and anchors",
        path: "template.yml",
        text: "# a template\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: a\n      \
               Cpu: &cpu '1024'   # see the wiki\n      Memory: \"2 GB\"\n      ContainerDefinitions:\n        - Name: app\n          \
               Cpu: *cpu\n          Memory: 2048 # all of it\n        - {Name: log, Cpu: 0, MemoryReservation: 50}\n",
        to: (512, 1024),
        containers: &[(512, Some(1024), None)],
        changes: &[("'1024'", "'512'"), ("\"2 GB\"", "\"1 GB\""), ("2048", "1024")],
    },
    Case {
        says: "parameters and mappings are changed where they are defined",
        path: "template.json",
        text: r#"{"Parameters": {"Cpu": {"Type": "Number", "Default": 1024}, "Env": {"Type": "String", "Default": "prod"}},
            "Mappings": {"Sizes": {"prod": {"Memory": "2048"}, "dev": {"Memory": "512"}}},
            "Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "a",
            "Cpu": {"Ref": "Cpu"}, "Memory": {"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "Memory"]},
            "ContainerDefinitions": [{"Name": "app", "Cpu": {"Fn::Sub": "${Cpu}"}}]}}}}"#,
        to: (512, 1024),
        containers: &[(512, None, None)],
        changes: &[("1024", "512"), ("\"2048\"", "\"1024\"")],
    },
    Case {
        says: "Terraform keeps comments and alignment; JSON in jsonencode is changed in place",
        path: "main.tf",
        text: "resource \"aws_ecs_task_definition\" \"a\" {\n  family = \"a\"\n  cpu    = 1024 # vCPU\n  memory = \"2048\"\n  \
               container_definitions = jsonencode([\n    {\n      name   = \"app\"\n      cpu    = 1024\n      memory = 2048 /* MiB \
               */\n    },\n  ])\n}\n",
        to: (512, 1024),
        containers: &[(512, Some(1024), None)],
        changes: &[("1024 #", "512 #"), ("\"2048\"", "\"1024\""), ("1024", "512"), ("2048", "1024")],
    },
    Case {
        says: "variables, locals and JSON in a heredoc are changed where they are written",
        path: "main.tf",
        text: "variable \"cpu\" {\n  default = \"1024\"\n}\nlocals {\n  memory = 2048\n}\nresource \
               \"aws_ecs_task_definition\" \"a\" {\n  family = \"a\"\n  cpu = var.cpu\n  memory = local.memory\n  \
               container_definitions = <<EOF\n[{\"name\": \"app\", \"cpu\": ${var.cpu}, \"memory\": 2048}]\nEOF\n}\n",
        to: (512, 1024),
        containers: &[(512, Some(1024), None)],
        changes: &[("\"1024\"", "\"512\""), ("2048", "1024"), ("2048}", "1024}")],
    },
    Case {
        says: "a Copilot manifest is YAML",
        path: "copilot/web/manifest.yml",
        text: "name: web\ntype: Backend Service\ncpu: 1024 # units\nmemory: 2048\n",
        to: (512, 1024),
        containers: &[],
        changes: &[("1024", "512"), ("2048", "1024")],
    },
    Case {
        says: "a compose file counts vCPU without, memory with a unit of its own",
        path: "compose.yml",
        text: "x-aws-cluster: c\nservices:\n  web:\n    image: a\n    deploy:\n      resources:\n        limits:\n          \
               cpus: '1.0'\n          memory: 2048M\n",
        to: (512, 1024),
        containers: &[],
        changes: &[("'1.0'", "'0.5'"), ("2048M", "1024M")],
    },
];

#[test]
fn what_a_tool_takes_by_default_is_not_there_to_be_changed() {
    let repository =
        repository(&[("copilot/web/manifest.yml", "name: web\ntype: Backend Service\ncpu: 512\n")]);
    let (_, plan) = planned(&repository, |_| Some((1024, 2048, Vec::new())));
    let why: Vec<&str> = plan.refused.values().map(String::as_str).collect();
    assert_eq!((plan.edits.len(), why), (0, vec!["memory is not there; put 2048 in by hand"]));
    let (_, plan) = planned(&repository, |_| Some((256, 512, Vec::new())));
    assert_eq!((plan.edits.len(), plan.refused.len()), (1, 0));
}

#[test]
fn literals_and_nothing_else_are_changed() {
    for Case { says, path, text, to, containers, changes } in CASES {
        let repository = repository(&[(path, text)]);
        let wanted = |_: &TaskTemplate| Some((to.0, to.1, containers.to_vec()));
        let (_, plan) = planned(&repository, wanted);
        assert!(plan.refused.is_empty(), "{says}: {:?}", plan.refused);
        let mut expected = String::new();
        let mut rest = *text;
        for (from, to) in *changes {
            let at = rest.find(from).unwrap_or_else(|| panic!("{says}: no {from} in {rest}"));
            expected.push_str(&rest[..at]);
            expected.push_str(to);
            rest = &rest[at + from.len()..];
        }
        expected.push_str(rest);
        let edited = repository.edited(&plan.edits);
        assert_eq!(texts(&edited), [expected], "{says}");
        let (again, second) = planned(&edited, wanted);
        assert_eq!(second, Plan::default(), "{says}: a second time there is nothing to do");
        let (cpu, memory, _) = sizes(&again.files[0].tasks[0]);
        assert_eq!((cpu, memory), *to, "{says}");
    }
}

/// Edits as `path: old -> new`, and the reasons why tasks stay.
fn shown(repository: &Repository, plan: &Plan) -> (Vec<String>, Vec<String>) {
    let edit = |edit: &Edit| {
        let old = &repository.text(&edit.path).unwrap()[edit.span.start..edit.span.end];
        format!("{}: {old} -> {}", edit.path.display(), edit.replacement)
    };
    (plan.edits.iter().map(edit).collect(), plan.refused.values().cloned().collect())
}

const TWO_TASKS: &str = "Parameters:\n  Memory: {Type: Number, Default: 2048}\nResources:\n  A:\n    Type: \
                         AWS::ECS::TaskDefinition\n    Properties: {Family: a, Cpu: 512, Memory: !Ref Memory}\n  B:\n    Type: \
                         AWS::ECS::TaskDefinition\n    Properties: {Family: b, Cpu: 256, Memory: !Ref Memory}\n";

#[test]
fn a_shared_value_is_changed_only_where_all_that_share_it_agree() {
    let repository = repository(&[("t.yml", TWO_TASKS)]);
    let agree = |_: &TaskTemplate| Some((256, 1024, vec![]));
    let (edits, refused) = shown(&repository, &planned(&repository, agree).1);
    assert_eq!(
        (edits, refused),
        (vec!["t.yml: 2048 -> 1024".to_owned(), "t.yml: 512 -> 256".to_owned()], vec![])
    );

    let differ =
        |task: &TaskTemplate| Some(if task.name == "A" { (256, 1024, vec![]) } else { (256, 512, vec![]) });
    let (edits, refused) = shown(&repository, &planned(&repository, differ).1);
    assert_eq!(edits, Vec::<String>::new(), "half of a size is not changed either");
    assert_eq!(refused.len(), 2);
    assert!(refused[0].contains("memory should be 1024, but what is written at t.yml:2"), "{refused:?}");
    assert!(refused[0].contains("memory of B, too, which should be 512"), "{refused:?}");

    let one = |task: &TaskTemplate| (task.name == "A").then(|| (512, 1024, vec![]));
    let (edits, refused) = shown(&repository, &planned(&repository, one).1);
    assert_eq!(edits, Vec::<String>::new());
    assert!(refused[0].contains("memory of B, too, which stays 2048"), "{refused:?}");
}

#[test]
fn a_conflict_takes_along_those_who_relied_on_the_one_in_it() {
    // B shares its memory with A, and its CPU with C, which stays.
    let text = TWO_TASKS.replace("Cpu: 256", "Cpu: &c 256")
        + "  C:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {Family: c, Cpu: *c, Memory: 2048}\n";
    let repository = repository(&[("t.yml", &text)]);
    let wanted = |task: &TaskTemplate| (task.name != "C").then(|| (512, 1024, vec![]));
    let (edits, refused) = shown(&repository, &planned(&repository, wanted).1);
    assert_eq!((edits.len(), refused.len()), (0, 2), "{edits:?} {refused:?}");
}

#[test]
fn what_is_not_written_there_is_named_with_the_size_it_should_have() {
    let template = |memory: &str| {
        format!(
            "Parameters:\n  M: {{Type: Number}}\n  P: {{Type: Number, Default: 4}}\nResources:\n  A:\n    Type: \
             AWS::ECS::TaskDefinition\n    Properties:\n      Family: a\n      Cpu: 256\n{memory}"
        )
    };
    for (memory, why) in [
        ("", "memory is not there; put 1024 in by hand"),
        ("      Memory: !Ref M\n", "memory at t.yml:10 is not known: parameter M has no default"),
        (
            "      Memory: !Sub '51${P}'\n",
            "memory at t.yml:10 is `!Sub '51${P}'`, not a plain value; change what gives it to 1024",
        ),
    ] {
        let repository = repository(&[("t.yml", &template(memory))]);
        let (edits, refused) = shown(&repository, &planned(&repository, |_| Some((256, 1024, vec![]))).1);
        assert_eq!(edits, Vec::<String>::new(), "{memory}");
        assert!(refused[0].contains(why), "{memory}: {refused:?}");
    }
    let mut given = repository(&[("t.yml", &template("      Memory: !Ref M\n"))]);
    given.parameters.insert("M".to_owned(), "512".to_owned());
    let (_, refused) = shown(&given, &planned(&given, |_| Some((256, 1024, vec![]))).1);
    assert!(refused[0].contains("memory at t.yml:10 is `!Ref M`, not a plain value"), "{refused:?}");
    let given = Repository {
        parameter_files: vec![file("p.json", r#"[{"ParameterKey": "M", "ParameterValue": "512"}]"#)],
        parameters: std::collections::BTreeMap::new(),
        ..given
    };
    let (edits, _) = shown(&given, &planned(&given, |_| Some((256, 1024, vec![]))).1);
    assert_eq!(edits, [r#"p.json: "512" -> "1024""#]);
}

#[test]
fn a_variable_in_another_file_is_changed_there() {
    let repository = repository(&[
        (
            "main.tf",
            "resource \"aws_ecs_task_definition\" \"a\" {\n  family = \"a\"\n  cpu = var.cpu\n  memory = 512\n  \
                     container_definitions = \"[]\"\n}\n",
        ),
        ("variables.tf", "variable \"cpu\" {\n  type    = number\n  default = 512 # small\n}\n"),
        ("terraform.tfvars", "cpu = 1024 # prod\n"),
    ]);
    let (edits, refused) = shown(&repository, &planned(&repository, |_| Some((256, 512, vec![]))).1);
    assert_eq!((edits, refused), (vec!["terraform.tfvars: 1024 -> 256".to_owned()], vec![]));
}

prop_compose! {
    /// A task definition in JSON, CloudFormation or Terraform, with blanks and quotes of any kind.
    fn any_text()(
        kind in 0..3usize, quoted: [bool; 4], gap in "[ \t]{0,3}", comment in "[a-zé ]{0,12}", crlf: bool,
        cpu in prop::sample::select(vec![256u32, 512, 1024, 2048]), memory in 512u32..8192,
    ) -> (&'static str, String) {
        let value = |value: u32, quoted: bool| if quoted { format!("\"{value}\"") } else { value.to_string() };
        let (cpu, memory) = (value(cpu, quoted[0]), value(memory, quoted[1]));
        let (own_cpu, own_memory) = (value(128, quoted[2]), value(300, quoted[3]));
        let (path, text) = match kind {
            0 => ("t.json", format!(
                "{{{gap}\"cpu\":{gap}{cpu},\n\"family\": \"{comment}\",\"memory\":{memory}{gap},\n\
                 \"containerDefinitions\": [{{\"cpu\":{own_cpu},{gap}\"name\":\"a\",\n\"memory\": {own_memory}}}]}}\n"
            )),
            1 => ("t.yml", format!(
                "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Cpu: {cpu} # {comment}\n      \
                 Memory: {memory}\n      ContainerDefinitions:\n      - {{Name: a, Cpu: {own_cpu}, Memory: {own_memory}}}\n"
            )),
            _ => ("t.tf", format!(
                "# {comment}\nresource \"aws_ecs_task_definition\" \"t\" {{\n  family = \"t\"\n  cpu{gap}={gap}{cpu}\n  memory = \
                 {memory} # {comment}\n  container_definitions = jsonencode([{{ name = \"a\", cpu = {own_cpu}, memory = \
                 {own_memory} }}])\n}}\n"
            )),
        };
        (path, if crlf { text.replace('\n', "\r\n") } else { text })
    }
}

/// A text without some spans of it.
fn without(text: &str, spans: &[(usize, usize)]) -> String {
    let mut rest = 0;
    let mut kept = String::new();
    for (start, end) in spans {
        kept.push_str(&text[rest..*start]);
        kept.push('\0');
        rest = *end;
    }
    kept + &text[rest..]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_was_patched_is_read_as_meant_and_differs_in_the_spans_alone(
        (path, text) in any_text(),
        to in (1u32..70_000, 1u32..300_000), own in (1u32..4096, 1u32..8192),
    ) {
        let repository = repository(&[(path, &text)]);
        let meant: Sizes = (to.0, to.1, vec![(own.0, Some(own.1), None)]);
        let (_, plan) = planned(&repository, |_| Some(meant.clone()));
        prop_assert!(plan.refused.is_empty(), "{:?} {text}", plan.refused);
        let edited = repository.edited(&plan.edits);
        let after = texts(&edited).remove(0);
        prop_assert_eq!(sizes(&edited.read().unwrap().files[0].tasks[0]), meant.clone());
        let old: Vec<_> = plan.edits.iter().map(|edit| (edit.span.start, edit.span.end)).collect();
        let mut shift = 0i64;
        let new: Vec<_> = plan.edits.iter().map(|edit| {
            let start = usize::try_from(i64::try_from(edit.span.start).unwrap() + shift).unwrap();
            shift += i64::try_from(edit.replacement.len()).unwrap()
                - i64::try_from(edit.span.end - edit.span.start).unwrap();
            (start, start + edit.replacement.len())
        }).collect();
        prop_assert_eq!(without(&text, &old), without(&after, &new));
        prop_assert_eq!(planned(&edited, |_| Some(meant.clone())).1, Plan::default());
    }
}

const CONSTRAINED: &str = "Parameters:
  Cpu:
    Type: Number
    Default: 1024
    AllowedValues: [256, 1024]
  Mem:
    Type: Number
    Default: 2048
    MinValue: 2048
    MaxValue: 8192
  Odd:
    Type: String
    Default: '1024'
    AllowedPattern: '\\d+'
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: CPU, Memory: MEMORY}
";

#[test]
fn nothing_is_written_that_the_template_itself_forbids() {
    for (cpu, memory, to, why) in [
        ("!Ref Cpu", "2048", (512, 2048), "parameter Cpu takes 256 or 1024 only (AllowedValues, t.yml:5)"),
        ("1024", "!Ref Mem", (1024, 1024), "parameter Mem takes no less than 2048 (MinValue, t.yml:9)"),
        ("1024", "!Ref Mem", (1024, 9216), "parameter Mem takes no more than 8192 (MaxValue, t.yml:10)"),
        ("!Ref Odd", "2048", (512, 2048), "parameter Odd is held to a pattern (AllowedPattern, t.yml:14)"),
    ] {
        let text = CONSTRAINED.replace("CPU", cpu).replace("MEMORY", memory);
        let repository = repository(&[("t.yml", &text)]);
        let (_, plan) = planned(&repository, |_| Some((to.0, to.1, vec![])));
        assert_eq!(plan.edits, [], "{cpu} {memory}");
        let refused: Vec<&String> = plan.refused.values().collect();
        assert!(refused[0].contains(why), "{refused:?}");
    }
    let text = CONSTRAINED.replace("CPU", "!Ref Cpu").replace("MEMORY", "!Ref Mem");
    let (_, plan) = planned(&repository(&[("t.yml", &text)]), |_| Some((256, 4096, vec![])));
    let edits: Vec<&str> = plan.edits.iter().map(|edit| edit.replacement.as_str()).collect();
    assert_eq!(edits, ["256", "4096"], "{:?}", plan.refused);
}

#[test]
fn a_parameter_file_is_held_to_what_the_template_allows_too() {
    let text = CONSTRAINED.replace("CPU", "!Ref Cpu").replace("MEMORY", "2048");
    let mut repository = repository(&[("t.yml", &text)]);
    repository.parameter_files = vec![file("p.json", r#"{"Cpu": "1024"}"#)];
    let (_, plan) = planned(&repository, |_| Some((512, 2048, vec![])));
    assert_eq!(plan.edits, []);
    assert!(plan.refused.values().all(|why| why.contains("AllowedValues, t.yml:5")), "{:?}", plan.refused);
}

#[test]
fn a_validation_of_terraform_holds() {
    let text = |validation: &str| {
        format!(
            "variable \"cpu\" {{\n  default = 2048\n  validation {{\n    condition = {validation}\n    error_message = \"No.\"\n  }}\n}}\n"
        )
    };
    let task = "resource \"aws_ecs_task_definition\" \"app\" {\n  cpu = var.cpu\n  memory = 4096\n}\n";
    let called =
        "module \"app\" {\n  source = \"../task\"\n  cpu = local.cpu\n}\nlocals {\n  cpu = 2048\n}\n";
    for (validation, to, why) in [
        (
            "contains([1024, 2048, 4096], var.cpu)",
            512,
            Some("variable cpu takes 1024, 2048 or 4096 only (validation,"),
        ),
        ("contains([1024, 2048, 4096], var.cpu)", 1024, None),
        ("contains([\"1024\", \"2048\"], tostring(var.cpu))", 1024, None),
        (
            "var.cpu >= 1024",
            512,
            Some("variable cpu is held to a condition that is not followed (validation,"),
        ),
        (
            "var.cpu >= 1024",
            1024,
            Some("variable cpu is held to a condition that is not followed (validation,"),
        ),
    ] {
        let own = text(validation) + task;
        for files in [
            vec![("task/main.tf", own.as_str())],
            vec![("task/main.tf", own.as_str()), ("live/main.tf", called)],
        ] {
            let repository = repository(&files);
            let (_, plan) = planned(&repository, |_| Some((to, 4096, vec![])));
            match why {
                None => assert_eq!(plan.edits.len(), 1, "{validation} {:?}", plan.refused),
                Some(why) => {
                    assert_eq!(plan.edits, [], "{validation}");
                    let refused: Vec<&String> = plan.refused.values().collect();
                    assert!(refused[0].contains(why) && refused[0].contains("task/main.tf:4"), "{refused:?}");
                }
            }
        }
    }
}
