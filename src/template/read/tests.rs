mod robustness;

use std::path::PathBuf;

use super::*;
use crate::{
    template::{Place, Setting},
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{Architecture, OperatingSystem, Platform},
};

fn file(path: &str, bytes: &[u8], named: bool) -> SourceFile {
    SourceFile { path: Arc::new(PathBuf::from(path)), bytes: Arc::from(bytes), named }
}

fn read_text(text: &str) -> TemplateFile {
    let mut read = read_all(&[file("t", text.as_bytes(), true)], &Inputs::default());
    assert_eq!(read.unknown, [], "{text}");
    read.files.remove(0)
}

fn task(text: &str) -> TaskTemplate {
    let mut file = read_text(text);
    assert_eq!(file.error, None, "{text}");
    assert_eq!(file.tasks.len(), 1, "{text}");
    file.tasks.remove(0)
}

fn error(text: &str) -> String {
    read_text(text).error.unwrap_or_else(|| panic!("{text}: no error")).to_string()
}

fn known<T: Clone + std::fmt::Debug>(setting: &Setting<T>) -> T {
    setting.known().cloned().unwrap_or_else(|| panic!("{setting:?}"))
}

fn why<T: std::fmt::Debug>(setting: &Setting<T>) -> &str {
    match setting {
        Setting::Unresolved { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

fn slice<'a>(text: &'a str, place: Option<&Place>) -> &'a str {
    let span = place.expect("a place").span;
    &text[span.start..span.end]
}

const FULL: &str = r#"{
  "family": "checkout",
  "cpu": "1 vCPU",
  "memory": 2048,
  "networkMode": "awsvpc",
  "requiresCompatibilities": ["FARGATE"],
  "runtimePlatform": { "operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64" },
  "ephemeralStorage": { "sizeInGiB": 50 },
  "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
  "volumes": [
    { "name": "a", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } },
    { "name": "b", "host": { "sourcePath": "/secret/path" } },
    { "name": "c", "configuredAtLaunch": true },
    { "name": "d", "host": {}, "dockerVolumeConfiguration": null }
  ],
  "placementConstraints": [{ "type": "memberOf", "expression": "attribute:ecs.os-type == linux" }],
  "tags": [{ "key": "team", "value": "payments" }],
  "containerDefinitions": [
    {
      "name": "app",
      "image": "<IMAGE1_NAME>",
      "cpu": "512",
      "memory": 1024,
      "memoryReservation": 768,
      "privileged": true,
      "resourceRequirements": [{ "type": "GPU", "value": "2" }, { "type": "InferenceAccelerator", "value": "d1" }],
      "environment": [
        { "name": "JAVA_OPTS", "value": "-Xmx512m -Dtoken=hunter2" },
        { "name": "DB_PASSWORD", "value": "hunter2" }
      ],
      "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:hunter2" }],
      "command": ["java", "-XX:MaxRAMPercentage=75", "--password=hunter2"]
    },
    { "name": "sidecar", "essential": false, "cpu": 0, "memory": null }
  ]
}"#;

#[test]
fn every_setting_is_read_with_the_place_of_its_literal() {
    let task = task(FULL);
    assert_eq!(task.name, "checkout");
    for (setting, literal) in [
        (task.cpu.place(), "\"1 vCPU\""),
        (task.memory.place(), "2048"),
        (task.family.place(), "\"checkout\""),
        (task.network_mode.place(), "\"awsvpc\""),
        (task.ephemeral_storage.place(), "50"),
        (task.platform.place(), "\"ARM64\""),
        (task.containers[0].cpu.place(), "\"512\""),
        (task.containers[0].memory.place(), "1024"),
        (task.containers[0].memory_reservation.place(), "768"),
        (Some(&task.containers[0].runtime_settings[0].1), "\"-Xmx512m -Dtoken=hunter2\""),
        (Some(&task.containers[0].runtime_settings[1].1), "\"-XX:MaxRAMPercentage=75\""),
        (Some(&task.at), "{"),
    ] {
        assert_eq!(slice(FULL, setting), literal);
    }
    let memory = task.memory.place().unwrap();
    assert_eq!((memory.line, memory.column), (4, 13));
    assert_eq!((known(&task.cpu), known(&task.memory)), (CpuUnits(1024), MemoryMib(2048)));
    assert_eq!(known(&task.platform), Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 });
    assert_eq!(known(&task.ephemeral_storage), StorageGib(50));
    assert_eq!(task.volume_kinds, ["efs", "host", "ebs", "bind"]);
    assert_eq!(task.placement_constraints, ["attribute:ecs.os-type == linux"]);
    assert_eq!(task.tags["team"], "payments");
    let [app, sidecar] = &task.containers[..] else { panic!("two containers") };
    assert!(app.essential && app.privileged && !sidecar.essential);
    assert_eq!(app.gpus, 2);
    assert_eq!((known(&sidecar.cpu), &sidecar.memory), (CpuUnits(0), &Setting::Absent));
}

#[test]
fn a_template_registers_as_the_task_definition_that_it_is() {
    let definition = task(FULL).definition().unwrap();
    assert_eq!(definition.family, "checkout");
    assert_eq!((definition.cpu, definition.memory), (Some(CpuUnits(1024)), Some(MemoryMib(2048))));
    assert_eq!(definition.platform, Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 });
    assert_eq!(definition.ephemeral_storage, Some(StorageGib(50)));
    assert_eq!(definition.network_mode.as_deref(), Some("awsvpc"));
    assert_eq!(definition.requires_compatibilities, ["FARGATE"]);
    assert_eq!(definition.volume_kinds, ["efs", "host", "ebs", "bind"]);
    assert_eq!(definition.placement_constraints, ["attribute:ecs.os-type == linux"]);
    assert_eq!(definition.tags["team"], "payments");
    let [app, sidecar] = &definition.containers[..] else { panic!("two containers") };
    assert_eq!(
        (app.cpu, app.memory, app.memory_reservation),
        (CpuUnits(512), Some(MemoryMib(1024)), Some(MemoryMib(768)))
    );
    assert!(app.essential && app.privileged && !sidecar.essential);
    assert_eq!(app.gpus, 2);
    let settings: Vec<_> = app.runtime_settings.iter().map(|setting| setting.name.as_str()).collect();
    assert_eq!(settings, ["-Xmx", "-XX:MaxRAMPercentage"]);
    assert_eq!((sidecar.cpu, sidecar.memory, sidecar.memory_reservation), (CpuUnits(0), None, None));
    let open = task(r#"{"cpu": "${cpu}", "memory": "512", "containerDefinitions": []}"#);
    let (why, at) = open.definition().unwrap_err();
    assert_eq!(
        (why.as_str(), at.column),
        ("cpu: \"${cpu}\" is a placeholder, not a size; put the value in", 9)
    );
}

#[test]
fn what_a_task_costs_is_known_where_only_its_containers_are_not() {
    let open = task(
        r#"{"cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "memory": "${memory}"}]}"#,
    );
    assert!(open.definition().is_err());
    let costed = open.task_level().unwrap();
    assert_eq!((costed.cpu, costed.memory), (Some(CpuUnits(256)), Some(MemoryMib(512))));
}

#[test]
fn odd_texts_and_odd_shapes_without_bearing_on_size_are_read() {
    let marked = task("\u{feff}{\r\n\"cpu\": \"256\",\r\n\"containerDefinitions\": []\r\n}\r\n");
    assert_eq!((known(&marked.cpu), marked.cpu.place().unwrap().line), (CpuUnits(256), 2));
    let odd = task(
        r#"{"family": 5, "tags": {"a": "b"}, "volumes": "none", "networkMode": [], "requiresCompatibilities": "FARGATE",
            "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
            "containerDefinitions": [{"name": null, "environment": "A=b", "command": "gunicorn -w 4", "logConfiguration": 7}]}"#,
    );
    assert_eq!(known(&odd.platform).os, OperatingSystem::Windows);
    assert_eq!(odd.requires_compatibilities, ["FARGATE"]);
    assert_eq!(odd.containers[0].runtime_settings.len(), 1);
}

#[test]
fn no_secret_survives_the_reading() {
    let kept = format!("{:?}", task(FULL));
    for secret in ["hunter2", "DB_PASSWORD", "/secret/path", "arn:aws:iam"] {
        assert!(!kept.contains(secret), "{secret} was kept");
    }
    for text in [
        r#"{"containerDefinitions": "hunter2"}"#,
        r#"{"containerDefinitions": ["hunter2"]}"#,
        r#"{"containerDefinitions": [{"environment": [{"name": "A", "value": "hunter2" "#,
    ] {
        assert!(!error(text).contains("hunter2"), "{}", error(text));
    }
    let refused = task(
        r#"{"containerDefinitions": [{"environment": [{"name": "A", "value": "hunter2"}], "memory": true}]}"#,
    );
    assert!(!format!("{refused:?}").contains("hunter2") && refused.refused.len() == 1, "{refused:?}");
}

#[test]
fn a_task_definition_is_known_in_every_shape() {
    let described = task(
        r#"{"taskDefinition": {"taskDefinitionArn": "x", "family": "web", "revision": 7, "cpu": "256", "memory": "512",
            "status": "ACTIVE", "containerDefinitions": [], "compatibilities": ["EC2"]}, "tags": [{"key": "team", "value": "core"}]}"#,
    );
    assert_eq!((known(&described.family).as_str(), known(&described.cpu)), ("web", CpuUnits(256)));
    assert_eq!(described.tags["team"], "core");

    let containers =
        task("[\n  {\"name\": \"app\", \"image\": \"x\", \"cpu\": ${fargate_cpu}, \"memory\": 512}\n]");
    assert_eq!((containers.name.as_str(), &containers.cpu), ("app", &Setting::Absent));
    assert_eq!(why(&containers.containers[0].cpu), "the placeholder ${fargate_cpu} is filled in elsewhere");
    assert_eq!(known(&containers.containers[0].memory), MemoryMib(512));

    let several = read_text(
        r#"[{"family": "a", "containerDefinitions": []}, {"family": "b", "containerDefinitions": []}]"#,
    );
    assert_eq!(several.tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);

    let yaml = "# c\nfamily: web\ncpu: '.25 vcpu'\nmemory: .5 gb\ncontainerDefinitions:\n  - name: app\n    image: x\n    memory: 100\n";
    let task = task(yaml);
    assert_eq!((known(&task.cpu), known(&task.memory)), (CpuUnits(256), MemoryMib(512)));
    assert_eq!(slice(yaml, task.memory.place()), ".5 gb");
    assert_eq!(known(&task.containers[0].memory), MemoryMib(100));

    let dockerrun =
        self::task(r#"{"AWSEBDockerrunVersion": 2, "containerDefinitions": [{"name": "a", "memory": 128}]}"#);
    assert_eq!(dockerrun.name, "a");
}

#[test]
fn absent_null_and_empty_settings_are_absent() {
    for text in [
        r#"{"containerDefinitions": [{}]}"#,
        r#"{"family": "", "cpu": "", "memory": " ", "runtimePlatform": {"cpuArchitecture": ""}, "ephemeralStorage": {"sizeInGiB": 0},
            "tags": null, "volumes": null, "containerDefinitions": [{"name": null, "cpu": "", "memory": 0, "memoryReservation": null, "resourceRequirements": [{"type": "GPU", "value": ""}]}]}"#,
    ] {
        let task = task(text);
        assert_eq!(
            (&task.cpu, &task.memory, &task.family),
            (&Setting::Absent, &Setting::Absent, &Setting::Absent)
        );
        assert_eq!((&task.platform, &task.ephemeral_storage), (&Setting::Absent, &Setting::Absent));
        let container = &task.containers[0];
        assert_eq!(
            (&container.cpu, &container.memory, &container.memory_reservation),
            (&Setting::Absent, &Setting::Absent, &Setting::Absent)
        );
        assert_eq!((container.essential, container.gpus), (true, 0));
    }
}

#[test]
fn placeholders_stop_nothing_and_leave_sizes_open() {
    let text = "{% set x = 1 %}\n{ \"family\": \"{{ name }}\", \"cpu\": <CPU>, \"memory\": \"<PLACEHOLDER>\", \"tags\": [{\"key\": \"a\", \"value\": {{ a }}}],\n\"containerDefinitions\": [{\"name\": \"app\", \"command\": [{{command}}], \"environment\": [ {{ env }} ]}, {{ sidecars }}] }";
    let task = task(text);
    assert_eq!(task.name, "{{ name }}");
    assert!(why(&task.family).contains("{{ name }}"));
    assert_eq!(why(&task.cpu), "the placeholder <CPU> is filled in elsewhere");
    assert_eq!(slice(text, task.cpu.place()), "<CPU>");
    assert!(why(&task.memory).contains("is a placeholder"));
    assert!(task.tags_unresolved);
    assert_eq!(task.containers.len(), 1);
    assert!(task.containers_unresolved.unwrap().0.contains("{{ sidecars }}"));
}

#[test]
fn a_size_that_ecs_refuses_is_no_error_of_the_file_and_named_with_its_line_and_field() {
    let sized = |key: &str, value: &str| format!("{{\"{key}\":\n{value}, \"containerDefinitions\": []}}");
    let container =
        |key: &str, value: &str| format!("{{\"containerDefinitions\": [{{}}, {{\"{key}\":\n{value}}}]}}");
    for (text, message) in [
        (sized("memory", "\"512MB\""), "2:1 memory: \"512MB\" is not a memory size"),
        (sized("memory", "\"2 GiB\""), "2:1 memory: \"2 GiB\" is not a memory size"),
        (sized("memory", "0.5"), "2:1 memory: \"0.5\" is not a whole number of MiB; write GB with the unit"),
        (sized("memory", "1e400"), "2:1 memory: \"1e400\" is not a memory size"),
        (sized("cpu", "-256"), "2:1 cpu: \"-256\" is not a CPU size"),
        (sized("cpu", "256.5"), "2:1 cpu: \"256.5\" is not a whole number of CPU units"),
        (sized("cpu", "\"0.3 vCPU\""), "2:1 cpu: \"0.3 vCPU\" is not a whole number of CPU units"),
        (sized("cpu", "true"), "2:1 cpu: \"true\" is not a CPU size"),
        (sized("cpu", "[]"), "2:1 cpu: must be a number, not a list"),
        (sized("cpu", "4294967296"), "2:1 cpu: \"4294967296\" is larger than any task"),
        (
            sized("ephemeralStorage", "{\"sizeInGiB\": 20}"),
            "2:15 ephemeralStorage.sizeInGiB: 20 GiB of ephemeral storage cannot be asked for",
        ),
        (
            sized("ephemeralStorage", "{\"sizeInGiB\": 500}"),
            "2:15 ephemeralStorage.sizeInGiB: 500 GiB of ephemeral storage cannot be asked for",
        ),
        (
            container("memory", "\"1 GB\""),
            "2:1 containerDefinitions[1].memory: \"1 GB\" is not a whole number",
        ),
        (container("cpu", "-1"), "2:1 containerDefinitions[1].cpu: \"-1\" is not a whole number"),
    ] {
        let task = task(&text);
        let [refused] = &task.refused[..] else { panic!("{text}: {:?}", task.refused) };
        let found = format!("{}:{} {}: {}", refused.at.line, refused.at.column, refused.setting, refused.why);
        assert!(found.starts_with(message), "{found}");
    }
    for value in ["\"1 vCPU\"", "\"1vcpu\"", "1024", "\"1024\"", "\".25 vCPU\"", "\"<CPU>\"", "\"\""] {
        assert_eq!(task(&sized("cpu", value)).refused, [], "{value}");
    }
    for value in ["\"1GB\"", "\"1 gb\"", "\"0.5 GB\"", "512"] {
        assert_eq!(task(&sized("memory", value)).refused, [], "{value}");
    }
}

#[test]
fn a_bad_value_is_named_with_its_line_and_field() {
    for (text, message) in [
        (
            "{\"runtimePlatform\": {\"cpuArchitecture\": \"ARM\"}, \"containerDefinitions\": []}",
            "t:1:41: runtimePlatform.cpuArchitecture: must be X86_64 or ARM64, not \"ARM\"",
        ),
        (
            "{\"containerDefinitions\": [{\"resourceRequirements\": [{\"type\": \"GPU\", \"value\": \"many\"}]}]}",
            "t:1:78: containerDefinitions[0].resourceRequirements: \"many\" is not a whole number",
        ),
        (
            "{\"containerDefinitions\": {}}",
            "t:1:26: containerDefinitions: must be a list of container definitions, not an object",
        ),
        (
            "{\"containerDefinitions\": [7]}",
            "t:1:27: containerDefinitions[0]: must be a container definition object, not a number",
        ),
        (
            "{\"family\": \"a\",\n\"containerDefinitions\": [],}",
            "t:2:27: not valid JSON: a comma stands before the closing bracket",
        ),
        ("{\"containerDefinitions\": []\n} }", "t:2:3: not valid JSON: something stands after the end"),
        ("{\"containerDefinitions\": [\n", "t:1:26: not valid JSON: this [ is never closed"),
        ("family: a\ncontainerDefinitions:\n  - a: 1\n   b: 2\n", "t:4:4: not valid YAML: "),
    ] {
        assert!(error(text).starts_with(message), "{text}\n{}", error(text));
    }
}

#[test]
fn a_file_that_was_named_is_never_passed_over() {
    for (bytes, message) in [
        (&b"{\"a\": [1}"[..], "t:1:9: not valid JSON: "),
        (b"\xff\xfe{\0}\0", "t:1:1: the file is UTF-16"),
        (b"{\"caf\xe9\": 1}", "t:1:6: not valid UTF-8"),
        (b"\x7fELF\x02\x01\0\0", "t:1:7: not valid YAML: "),
    ] {
        let read = read_all(&[file("t", bytes, true)], &Inputs::default());
        assert_eq!((read.files.len(), read.ignored), (0, 0));
        assert!(read.unknown[0].to_string().starts_with(message), "{}", read.unknown[0]);
    }
    for nothing in [&b"{}"[..], b"", b"hello"] {
        let read = read_all(&[file("t", nothing, true)], &Inputs::default());
        assert_eq!((read.files.len(), read.unknown.len(), read.ignored), (0, 0, 0));
        assert_eq!(read.without, [Arc::new(PathBuf::from("t"))]);
    }
}

#[test]
fn a_folder_s_other_files_are_counted_and_no_more() {
    let quoting = "# How to\n\n```yaml\nResources:\n  A:\n    Type: AWS::ECS::TaskDefinition\n```\n";
    let code = "export const task = {\n  containerDefinitions: [{ name: 'app' }],\n};\n";
    let go = "package main\n\nvar x = `\nType: \"AWS::ECS::TaskDefinition\"`\n";
    let compose = "services:\n  web:\n    image: x\n    deploy:\n      resources: {limits: {memory: 1g}}\n";
    let notebook = r##"{"cells": [{"source": ["# containerDefinitions\": 1"]}]}"##;
    let files: Vec<SourceFile> = [quoting, code, go, compose, notebook, "", "\u{0}\u{1}"]
        .iter()
        .enumerate()
        .map(|(index, text)| file(&format!("f{index}"), text.as_bytes(), false))
        .chain([
            file("task.json", FULL.as_bytes(), false),
            file("bad.json", b"{\"containerDefinitions\": [", false),
        ])
        .collect();
    let read = read_all(&files, &Inputs::default());
    let paths: Vec<_> = read.files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect();
    assert_eq!(
        paths,
        ["bad.json", "task.json"],
        "sorted, and one that looks like a template is not passed over"
    );
    assert!(read.files[0].error.is_some() && read.files[1].error.is_none());
    assert_eq!((read.ignored, read.unknown.len()), (7, 0));
}

#[test]
fn a_cdk_tree_beside_its_template_is_left_to_the_template() {
    let template =
        r#"{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": "256"}}}}"#;
    let tree = r#"{"version": "tree-0.1", "tree": {"id": "App", "path": "", "children": {"S": {"id": "S", "path": "S", "children": {
        "Task": {"path": "S/Task/Resource", "attributes": {"aws:cdk:cloudformation:type": "AWS::ECS::TaskDefinition",
            "aws:cdk:cloudformation:props": {"cpu": "512", "memory": {"Ref": "P"}, "containerDefinitions": [{"name": "a", "environment": [{"name": "JAVA_OPTS", "value": "-Xmx1g"}]}]}}},
        "Service": {"path": "S/Service/Resource", "attributes": {"aws:cdk:cloudformation:type": "AWS::ECS::Service",
            "aws:cdk:cloudformation:props": {"desiredCount": 3, "taskDefinition": {"Ref": "Task12AB34CD"}}}}}}}}}"#;
    let files = |named| {
        [
            file("cdk.out/S.template.json", template.as_bytes(), false),
            file("cdk.out/tree.json", tree.as_bytes(), named),
        ]
    };
    let read = read_all(&files(false), &Inputs::default());
    assert_eq!((read.files.len(), read.ignored), (1, 1));
    let read = read_all(&files(true), &Inputs::default());
    let task = &read.files[1].tasks[0];
    assert_eq!((task.name.as_str(), known(&task.cpu)), ("S/Task", CpuUnits(512)));
    assert!(why(&task.memory).contains("what P gives"));
    assert_eq!(known(&task.services[0].desired_count), 3);
    assert_eq!(task.containers[0].runtime_settings.len(), 1);
}

#[test]
fn copilot_manifests_give_a_task_for_each_environment_of_its_own_size() {
    let text = "name: api\ntype: Load Balanced Web Service\nimage: {build: ./Dockerfile}\ncpu: 256\nmemory: 512\nplatform: linux/arm64\ncount:\n  range: 1-10\nvariables:\n  NODE_OPTIONS: --max-old-space-size=400\n  PASSWORD: hunter2\nsidecars:\n  proxy: {image: x, essential: false}\nenvironments:\n  test:\n    http: {}\n  prod:\n    cpu: 1024\n    count: {spot: 4}\n    variables: {STAGE: prod}\n    sidecars: {proxy: {essential: true}, logs: {image: y}}\n";
    let file = read_text(text);
    assert_eq!((file.kind, file.error), (TemplateKind::Copilot, None));
    let [base, prod] = &file.tasks[..] else { panic!("two tasks") };
    assert_eq!((base.name.as_str(), prod.name.as_str()), ("api", "api/prod"));
    assert_eq!(
        (known(&base.cpu), known(&prod.cpu), known(&prod.memory)),
        (CpuUnits(256), CpuUnits(1024), MemoryMib(512))
    );
    assert_eq!(slice(text, prod.cpu.place()), "1024");
    assert_eq!(known(&base.platform).arch, Architecture::Arm64);
    assert!(why(&base.services[0].desired_count).contains("scaled"));
    assert_eq!(
        (known(&prod.services[0].desired_count), prod.services[0].strategy[0].provider.as_deref()),
        (4, Some("FARGATE_SPOT"))
    );
    assert_eq!(base.containers.len(), 2);
    assert_eq!(base.containers[0].runtime_settings[0].0.value, "400");
    // Maps of an environment are put over those of the manifest.
    assert_eq!(prod.containers[0].runtime_settings[0].0.value, "400");
    let containers: Vec<_> = prod.containers.iter().map(|one| (one.label.as_str(), one.essential)).collect();
    assert_eq!(containers, [("api", true), ("proxy", true), ("logs", true)]);
    assert!(!format!("{base:?}").contains("hunter2"));
}

#[test]
fn compose_files_with_keys_of_the_ecs_integration_are_read() {
    let text = "x-aws-cluster: main\nservices:\n  web:\n    environment: [JAVA_OPTS=-Xmx1g, PASSWORD=hunter2]\n    deploy:\n      replicas: 2\n      resources:\n        limits: {cpus: '0.5', memory: 2Gb}\n  odd:\n    deploy: {resources: {limits: {cpus: '0.3', memory: 700M}}}\n";
    let file = read_text(text);
    assert_eq!((file.kind, file.error), (TemplateKind::Compose, None));
    let [web, odd] = &file.tasks[..] else { panic!("two tasks") };
    assert_eq!((known(&web.cpu), known(&web.memory)), (CpuUnits(512), MemoryMib(2048)));
    assert_eq!((slice(text, web.cpu.place()), slice(text, web.memory.place())), ("'0.5'", "2Gb"));
    assert_eq!(
        (known(&web.services[0].desired_count), known(&web.services[0].cluster).as_str()),
        (2, "main")
    );
    assert_eq!(web.containers[0].runtime_settings[0].0.name, "-Xmx");
    assert!(why(&odd.cpu).contains("the smallest Fargate size that holds"));
    assert_eq!(slice(text, odd.memory.place()), "700M");
    assert!(!format!("{web:?}").contains("hunter2"));
}

#[test]
fn what_copilot_and_compose_files_do_not_say_is_their_tools_default() {
    let text =
        "name: w\ntype: Backend Service\nimage: {location: x}\nenvironments:\n  prod: {memory: 1024}\n";
    let file = read_text(text);
    let [base, prod] = &file.tasks[..] else { panic!("two tasks") };
    assert_eq!((known(&base.cpu), known(&base.memory)), (CpuUnits(256), MemoryMib(512)));
    assert!(base.cpu.is_default_of_tool() && base.memory.is_default_of_tool());
    assert_eq!(slice(text, base.cpu.place()), "name", "a finding points at the head");
    assert_eq!((known(&prod.cpu), known(&prod.memory)), (CpuUnits(256), MemoryMib(1024)));
    assert!(prod.cpu.is_default_of_tool() && !prod.memory.is_default_of_tool());
    assert_eq!(known(&base.services[0].desired_count), 1);

    let text = "x-aws-cluster: main\nservices:\n  bare: {image: a}\n  cpu:\n    deploy: {resources: {limits: {cpus:                 '1'}}}\n  memory:\n    deploy: {resources: {limits: {memory: 8G}}}\n  odd:\n    deploy: {resources:                 {limits: {cpus: '0.3'}}}\n  open:\n    deploy: {resources: {limits: {cpus: '${C}'}}}\n";
    let file = read_text(text);
    let [bare, cpu, memory, odd, open] = &file.tasks[..] else { panic!("five tasks") };
    let size = |task: &TaskTemplate| (known(&task.cpu).0, known(&task.memory).0);
    assert_eq!((size(bare), size(cpu), size(memory)), ((256, 512), (1024, 2048), (1024, 8192)));
    assert!(cpu.memory.is_default_of_tool() && memory.cpu.is_default_of_tool());
    assert!(why(&odd.cpu).contains("the smallest Fargate size that holds"));
    assert_eq!(why(&open.memory), "it follows from limits.cpus, which is not known");
}

#[test]
fn a_heap_that_a_shell_sets_is_read_where_it_stands() {
    let text = r#"{"containerDefinitions": [{"name": "a",
        "environment": [{"name": "PORT", "value": "3000"}, {"name": "A_OPTS", "value": "-Xmx3g"}],
        "secrets": [{"name": "JAVA_TOOL_OPTIONS", "valueFrom": "arn:aws:ssm:hunter2"}],
        "command": ["sh", "-c", "java $A_OPTS -jar a.jar & ./b -J-Xmx2g"]}]}"#;
    let task = task(text);
    let settings = &task.containers[0].runtime_settings;
    let read: Vec<_> = settings
        .iter()
        .map(|(setting, at)| (setting.process, setting.value.as_str(), slice(text, Some(at))))
        .collect();
    let script = r#""java $A_OPTS -jar a.jar & ./b -J-Xmx2g""#;
    let secret = r#""JAVA_TOOL_OPTIONS""#;
    assert_eq!(read, [(Some(1), "2g", script), (Some(2), "3g", r#""-Xmx3g""#)]);
    let unknown = text.replace("$A_OPTS -jar", "-jar");
    let task = self::task(&unknown);
    let (setting, at) = &task.containers[0].runtime_settings[2];
    assert_eq!((setting.name.as_str(), setting.value.as_str()), ("JAVA_TOOL_OPTIONS", ""));
    assert_eq!(slice(&unknown, Some(at)), secret);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn of_a_heap_that_is_set_several_times_the_one_that_holds_is_read() {
    let task = task(
        r#"{"containerDefinitions": [{"name": "a", "environment": [{"name": "JAVA_OPTS", "value": "-Xmx2g -Xmx256m"}]},
            {"name": "b", "environment": [{"name": "JAVA_TOOL_OPTIONS", "value": "-Xmx2g"}], "command": ["java", "-Xmx512m"]}]}"#,
    );
    let settings = |index: usize| -> Vec<&str> {
        task.containers[index].runtime_settings.iter().map(|(setting, _)| setting.value.as_str()).collect()
    };
    assert_eq!((settings(0), settings(1)), (vec!["256m"], vec!["512m"]));
}

#[test]
fn heads_end_with_the_character_they_begin_with() {
    let definition = task("é: 1\ncontainerDefinitions:\n- ü: 1\n  name: a\n");
    let text = "é: 1\ncontainerDefinitions:\n- ü: 1\n";
    assert_eq!(slice(text, Some(&definition.at)), "é");
    assert_eq!(slice(text, Some(&definition.containers[0].at)), "ü");
}

#[test]
fn a_container_without_a_known_name_is_called_by_what_stands_there() {
    let task = task(
        r#"{"containerDefinitions": [{"name": "<A>"}, {"name": ${B}}, {"cpu": 1}, {"name": "app"}, {"name": ""}]}"#,
    );
    let labels: Vec<&str> = task.containers.iter().map(|container| container.label.as_str()).collect();
    assert_eq!(labels, ["<A>", "${B}", "2", "app", "4"]);
    let names: Vec<String> = task.definition().unwrap().containers.into_iter().map(|c| c.name).collect();
    assert_eq!(names, labels);
}

#[test]
fn what_is_not_utf_8_is_shown_at_the_byte_that_is_not() {
    let read = |path: &str, bytes: &[u8]| {
        let mut read = read_all(&[file(path, bytes, true)], &Inputs::default());
        let file = read.files.remove(0);
        let error = file.error.unwrap();
        let line = file.text.lines().nth(error.line - 1).map(str::to_owned);
        (error.column, line)
    };
    let json = b"{\"containerDefinitions\": [],\n \"family\": \"caf\xe9\"}";
    assert_eq!(read("t.json", json), (16, Some(" \"family\": \"caf\u{fffd}\"}".to_owned())));
    let hcl = b"resource \"aws_ecs_task_definition\" \"app\" {\n  family = \"caf\xe9\"\n}\n";
    assert_eq!(read("t.tf", hcl), (16, Some("  family = \"caf\u{fffd}\"".to_owned())));
}
