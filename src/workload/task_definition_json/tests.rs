use proptest::prelude::*;

use super::*;
use crate::workload::{Architecture, OperatingSystem};

fn read(json: &str) -> TaskDefinition {
    TaskDefinition::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn error(json: &str) -> String {
    TaskDefinition::from_json(json.as_bytes()).expect_err(json).to_string()
}

const FULL: &str = r#"{
  "family": "checkout",
  "cpu": "1 vCPU",
  "memory": "2 GB",
  "networkMode": "awsvpc",
  "requiresCompatibilities": ["FARGATE"],
  "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
  "ephemeralStorage": { "sizeInGiB": 50 },
  "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
  "volumes": [
    { "name": "a", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } },
    { "name": "b", "host": { "sourcePath": "/secret/path" } },
    { "name": "c", "configuredAtLaunch": true },
    { "name": "d", "host": {} }
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
fn every_field_that_counts_is_read() {
    let definition = read(FULL);
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
    assert!(app.essential && app.privileged);
    assert_eq!(app.gpus, 2);
    let settings: Vec<_> = app.runtime_settings.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(settings, ["-Xmx", "-XX:MaxRAMPercentage"]);
    assert!(!sidecar.essential);
    assert_eq!((sidecar.cpu, sidecar.memory, sidecar.memory_reservation), (CpuUnits(0), None, None));
}

#[test]
fn no_secret_survives_the_reading() {
    let kept = format!("{:?}", read(FULL));
    for secret in ["hunter2", "DB_PASSWORD", "/secret/path", "arn:aws:iam"] {
        assert!(!kept.contains(secret), "{secret} was kept");
    }
    for json in [
        r#"{"containerDefinitions": "hunter2"}"#,
        r#"{"containerDefinitions": ["hunter2"]}"#,
        r#"{"containerDefinitions": [{"environment": [{"name": "A", "value": "hunter2"}], "memory": true}]}"#,
        r#"{"taskDefinition": "hunter2"}"#,
        r#""hunter2""#,
    ] {
        assert!(!error(json).contains("hunter2"), "{}", error(json));
    }
}

#[test]
fn a_definition_may_be_wrapped_or_described() {
    let bare = read(r#"{"family": "web", "cpu": 256, "memory": 512, "containerDefinitions": []}"#);
    let described = read(
        r#"{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
            "family": "web", "revision": 7, "cpu": "256", "memory": "512", "status": "ACTIVE",
            "containerDefinitions": [], "compatibilities": ["EC2", "FARGATE"], "requiresAttributes": [{"name": "x"}]},
            "tags": [{"key": "team", "value": "core"}]}"#,
    );
    assert_eq!((described.cpu, described.memory), (bare.cpu, bare.memory));
    assert_eq!(described.revision, 7);
    assert!(described.arn.ends_with("web:7"));
    assert_eq!(described.tags["team"], "core");
    assert_eq!(bare.tags.len() + bare.arn.len(), 0);
}

#[test]
fn absent_null_and_empty_sizes_are_absent_not_zero() {
    for json in [
        r#"{"containerDefinitions": [{}]}"#,
        r#"{"cpu": null, "memory": null, "runtimePlatform": null, "ephemeralStorage": null, "volumes": null,
            "tags": null, "containerDefinitions": [{"cpu": "", "memory": null, "memoryReservation": 0, "environment": null}]}"#,
        r#"{"cpu": "", "memory": " ", "runtimePlatform": {"cpuArchitecture": ""}, "ephemeralStorage": {},
            "containerDefinitions": [{"cpu": 0, "memory": ""}]}"#,
    ] {
        let definition = read(json);
        assert_eq!((definition.cpu, definition.memory), (None, None));
        assert_eq!(definition.requested(), (None, None));
        assert_eq!(definition.containers, [Container { essential: true, ..Container::default() }]);
    }
}

#[test]
fn a_byte_order_mark_and_crlf_are_accepted() {
    let json = "\u{feff}{\r\n\"cpu\": \"256\",\r\n\"containerDefinitions\": []\r\n}\r\n";
    assert_eq!(read(json).cpu, Some(CpuUnits(256)));
}

#[test]
fn a_windows_family_means_windows() {
    let json = r#"{"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, "containerDefinitions": []}"#;
    assert_eq!(read(json).platform.os, OperatingSystem::Windows);
}

#[test]
fn an_odd_shape_without_bearing_on_the_price_is_passed_over() {
    let definition = read(
        r#"{"family": 5, "tags": {"a": "b"}, "volumes": "none", "networkMode": [], "requiresCompatibilities": "FARGATE",
            "containerDefinitions": [{"name": null, "environment": "A=b", "command": "gunicorn -w 4", "logConfiguration": 7}]}"#,
    );
    assert_eq!(definition.requires_compatibilities, ["FARGATE"]);
    assert_eq!(definition.containers[0].runtime_settings.len(), 1);
}

#[test]
fn a_bad_value_is_named_with_its_line_and_field() {
    for (json, message) in [
        (
            "{\n  \"cpu\": \"<PLACEHOLDER>\",\n  \"containerDefinitions\": []}",
            "line 2 column 24: cpu: \"<PLACEHOLDER>\" is a placeholder, not a size; put the value in",
        ),
        (
            "{\"containerDefinitions\": [{},\n{\"memory\":\n\"lots\"}]}",
            "line 3 column 6: containerDefinitions[1].memory: \"lots\" is not a whole number",
        ),
        (
            "{\"taskDefinition\": {\"memory\": 0.5, \"containerDefinitions\": []}}",
            "line 1 column 33: taskDefinition.memory: \"0.5\" is not a whole number of MiB; write GB with the unit, such as \"0.5 GB\"",
        ),
        ("{\"cpu\": -256}", "line 1 column 12: cpu: \"-256\" is not a CPU size"),
        (
            "{\"cpu\": true}",
            "line 1 column 12: cpu: invalid type: boolean `true`, expected CPU units or vCPU",
        ),
        ("{\"memory\": 1e300}", "line 1 column 16: memory: \"1000"),
        (
            "{\"ephemeralStorage\": {\"sizeInGiB\": 20}}",
            "line 1 column 38: ephemeralStorage.sizeInGiB: 20 GiB of ephemeral storage cannot be asked for; choose 21 to 200",
        ),
        (
            "{\"runtimePlatform\": {\"cpuArchitecture\": \"<ARCH>\"}}",
            "line 1 column 49: runtimePlatform.cpuArchitecture: must be X86_64 or ARM64, not \"<ARCH>\"",
        ),
        (
            "{\"containerDefinitions\": [{\"resourceRequirements\": [{\"type\": \"GPU\", \"value\": \"many\"}]}]}",
            "line 1 column 86: containerDefinitions[0].resourceRequirements: \"many\" is not a whole number",
        ),
        ("{\"cpu\": 256, \"cpu\": 512}", "line 1 column 18: duplicate field `cpu`"),
        (
            "{\"containerDefinitions\": {}}",
            "line 1 column 27: containerDefinitions: invalid type: map, expected an array",
        ),
    ] {
        assert!(error(json).starts_with(message), "{json}\n{}", error(json));
    }
}

#[test]
fn what_is_no_task_definition_is_told_what_is_expected() {
    for (json, message) in [
        ("[{\"name\": \"app\"}]", "invalid type: sequence, expected a task definition: the input of"),
        ("{}", "line 1 column 1: the document has no containerDefinitions; expected the input of"),
        ("{\"taskDefinition\": {}}", "line 1 column 1: taskDefinition has no containerDefinitions"),
        (
            "{\"taskDefinition\": \"web:3\"}",
            "taskDefinition: invalid type: string, expected a task definition",
        ),
        (
            "{\"taskDefinition\": {\"taskDefinition\": {\"containerDefinitions\": []}}}",
            "taskDefinition has no",
        ),
        ("{\"Resources\": {}}", "this looks like a CloudFormation template"),
        ("", "line 1 column 1: not valid JSON: EOF while parsing"),
        (
            "{\n  {{command}}\n}",
            "line 2 column 3: not valid JSON: key must be a string; a placeholder outside of quotes",
        ),
        (
            "{\n  \"a\": {{b}}\n}",
            "line 2 column 9: not valid JSON: key must be a string; a placeholder outside of quotes",
        ),
        ("{\n  ...\n}", "line 2 column 3: not valid JSON: key must be a string; dots stand for"),
        (
            "{\"cpu\": {{ cpu }}}",
            "line 1 column 9: cpu: invalid type: map, expected CPU units or vCPU; a placeholder outside of quotes",
        ),
        (
            "{\"cpu\": <CPU>}",
            "line 1 column 9: not valid JSON: expected value; a placeholder outside of quotes",
        ),
        ("{\n  // size\n}", "line 2 column 3: not valid JSON: key must be a string; JSON has no comments"),
        ("{\"containerDefinitions\": [],}", "not valid JSON: trailing comma"),
        ("{\"containerDefinitions\": []} {}", "line 1 column 30: not valid JSON: trailing characters"),
    ] {
        assert!(error(json).contains(message), "{json}\n{}", error(json));
    }
    let utf16 = TaskDefinition::from_json(b"\xff\xfe{\0}\0").unwrap_err().to_string();
    assert!(utf16.contains("UTF-16"), "{utf16}");
}

#[test]
fn deep_nesting_is_refused_not_overflowed() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for json in [
        deep("[", "]"),
        deep("{\"taskDefinition\":", "}"),
        format!("{{\"containerDefinitions\": {}}}", deep("[", "]")),
        format!("{{\"containerDefinitions\": [{{\"environment\": {}}}]}}", deep("[", "]")),
    ] {
        assert!(TaskDefinition::from_json(json.as_bytes()).is_err());
    }
    // What is passed over may be as deep as it likes.
    read(&format!("{{\"unknown\": {}, \"containerDefinitions\": []}}", deep("[", "]")));
}

proptest! {
    #[test]
    fn a_mutated_definition_is_read_or_refused_with_a_place(
        changes in prop::collection::vec((0..FULL.len(), any::<u8>()), 1..6),
        cut in 0..FULL.len(),
        cut_it: bool,
    ) {
        let mut json = FULL.as_bytes().to_vec();
        for (at, byte) in changes {
            json[at] = byte;
        }
        if cut_it {
            json.truncate(cut);
        }
        if let Err(error) = TaskDefinition::from_json(&json) {
            let lines = json.split(|byte| *byte == b'\n').count();
            prop_assert!((1..=lines).contains(&error.line), "{}", error);
        }
    }

    #[test]
    fn any_json_value_in_any_place_is_read_or_refused(
        field in prop::sample::select(vec![
            "cpu", "memory", "family", "revision", "tags", "volumes", "runtimePlatform", "ephemeralStorage",
            "containerDefinitions", "taskDefinition", "requiresCompatibilities", "placementConstraints",
        ]),
        value in prop::sample::select(vec![
            "null", "true", "0", "-1", "1.5", "1e308", "18446744073709551615", "\"\"", "\"x\"", "[]", "{}",
            "[null]", "[[]]", "[{}]", "{\"sizeInGiB\": []}", "{\"cpuArchitecture\": 1}", "[{\"memory\": {}}]",
            "[{\"cpu\": 4294967295, \"memory\": 4294967295}, {\"cpu\": 4294967295, \"memory\": 4294967295}]",
        ]),
    ) {
        let json = format!("{{\"{field}\": {value}}}");
        if let Ok(definition) = TaskDefinition::from_json(json.as_bytes()) {
            definition.requested();
        }
    }
}
