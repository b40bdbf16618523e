mod robustness;

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use crate::{
    template::{Inputs, Place, Setting, SourceFile, TaskTemplate, TemplateFile, TemplateKind, read_all},
    units::{CpuUnits, MemoryMib},
    workload::{LaunchType, Region},
};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: Arc::new(PathBuf::from(path)), bytes: Arc::from(text.as_bytes()), named: true }
}

fn read_with(text: &str, inputs: &Inputs) -> TemplateFile {
    let mut read = read_all(&[file("t.yaml", text)], inputs);
    assert_eq!(read.unknown, [], "{text}");
    read.files.remove(0)
}

fn task_with(text: &str, inputs: &Inputs) -> TaskTemplate {
    let mut file = read_with(text, inputs);
    assert_eq!((file.kind, file.error), (TemplateKind::CloudFormation, None), "{text}");
    file.tasks.remove(0)
}

fn given(parameters: &[(&str, &str)]) -> Inputs {
    Inputs {
        parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Inputs::default()
    }
}

/// The template with an expression for the task's CPU.
fn with_cpu(expression: &str) -> String {
    format!(
        "Parameters:
  Cpu: {{Type: String, Default: '512'}}
  Open: {{Type: Number}}
  Stage: {{Type: String, Default: test}}
  Sizes: {{Type: CommaDelimitedList, Default: '256, 1024'}}
  FromSsm: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /cpu}}
Mappings:
  BySize:
    small: {{Cpu: 256}}
    large: {{Cpu: \"2 vCPU\"}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  Either: !Or [!Equals [!Ref Open, 1], !Condition IsTest]
  Both: !And [!Equals [!Ref Open, 1], {{Condition: IsTest}}]
  Circle: !Not [!Condition Circle]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: {expression}
"
    )
}

#[test]
fn intrinsic_functions_give_a_value_with_the_literal_that_says_it_and_where_it_is_used() {
    for (expression, units, literal, used) in [
        ("256", 256, "256", None),
        ("!Ref Cpu", 512, "'512'", Some("!Ref Cpu")),
        ("{Ref: Cpu}", 512, "'512'", Some("{Ref: Cpu}")),
        ("!Sub '${Cpu}'", 512, "'512'", Some("!Sub '${Cpu}'")),
        ("!Sub '1024'", 1024, "'1024'", None),
        ("!Sub ['${X}', {X: !Ref Cpu}]", 512, "'512'", Some("!Ref Cpu")),
        ("!FindInMap [BySize, small, Cpu]", 256, "256", Some("!FindInMap [BySize, small, Cpu]")),
        (
            "!FindInMap [BySize, !Sub 'large', Cpu]",
            2048,
            "\"2 vCPU\"",
            Some("!FindInMap [BySize, !Sub 'large', Cpu]"),
        ),
        ("!FindInMap [BySize, huge, Cpu, {DefaultValue: 4096}]", 4096, "4096", None),
        ("!If [IsProd, 4096, 256]", 256, "256", None),
        ("!If [IsTest, !Ref Cpu, 256]", 512, "'512'", Some("!Ref Cpu")),
        ("!If [Either, 1024, 256]", 1024, "1024", None),
        ("{'Fn::If': [IsProd, 1, {'Fn::If': [IsTest, 2048, 1]}]}", 2048, "2048", None),
        ("!Join ['', [!Ref Cpu]]", 512, "'512'", Some("!Ref Cpu")),
        ("!Join ['.', [0, '25 vCPU']]", 256, "!Join ['.', [0, '25 vCPU']]", None),
        ("!Sub '${Cpu} '", 512, "!Sub '${Cpu} '", None),
        ("!Select [1, !Ref Sizes]", 1024, "!Select [1, !Ref Sizes]", None),
        ("!Select ['0', [2048, 1]]", 2048, "2048", None),
        ("!Select [1, !Split ['-', 'a-256']]", 256, "!Select [1, !Split ['-', 'a-256']]", None),
    ] {
        let text = with_cpu(expression);
        let task = task_with(&text, &Inputs::default());
        let Setting::Known { value, at, used_at } = &task.cpu else { panic!("{expression}: {:?}", task.cpu) };
        let slice = |place: &Place| text[place.span.start..place.span.end].to_owned();
        assert_eq!(*value, CpuUnits(units), "{expression}");
        assert_eq!(slice(at), literal, "{expression}");
        assert_eq!(used_at.as_ref().map(slice).as_deref(), used, "{expression}");
    }
}

#[test]
fn what_only_a_deployment_tells_is_unresolved_by_name() {
    for (expression, message) in [
        ("!Ref Open", "parameter Open has no default; give --parameter Open=VALUE"),
        ("!Ref FromSsm", "parameter FromSsm is read from SSM; give --parameter FromSsm=VALUE"),
        ("!Ref Cluster", "what Cluster gives is known only when it is deployed"),
        ("!Ref AWS::Region", "AWS::Region is known when it is deployed; give --parameter AWS::Region=VALUE"),
        ("!GetAtt Other.Cpu", "an attribute of a resource is known only when it is deployed"),
        ("!ImportValue x", "what Fn::ImportValue gives is known only when it is deployed"),
        ("{'Fn::Transform': {Name: x}}", "what Fn::Transform gives is known only when it is deployed"),
        ("!Sub '${Open}'", "parameter Open has no default"),
        ("!Sub 'a${Other.Cpu}b'", "Other.Cpu is known only when it is deployed"),
        ("!Join ['', [a, !Ref Open]]", "parameter Open has no default"),
        (
            "!FindInMap [BySize, !Ref Open, Cpu]",
            "a key of Fn::FindInMap is not known: parameter Open has no default",
        ),
        ("!FindInMap [BySize, huge, Cpu]", "the mappings have no BySize.huge.Cpu"),
        ("!If [Both, 1, 2]", "condition Both is not known: parameter Open has no default"),
        ("!If [Circle, 1, 2]", "condition Circle is not known: condition Circle depends on itself"),
        ("!If [Missing, 1, 2]", "there is no condition Missing"),
        ("!If [IsProd, 1]", "Fn::If needs a condition and two values"),
        ("!Select [7, !Ref Sizes]", "Fn::Select finds no item 7"),
        ("'{{resolve:ssm:/cpu}}'", "a dynamic reference is read when it is deployed"),
    ] {
        let task = task_with(&with_cpu(expression), &Inputs::default());
        let Setting::Unresolved { why, at } = &task.cpu else { panic!("{expression}: {:?}", task.cpu) };
        assert!(why.starts_with(message), "{expression}: {why}");
        assert_eq!(at.line, 21, "{expression}");
    }
    let absent = task_with(&with_cpu("!Ref AWS::NoValue"), &Inputs::default());
    assert_eq!(absent.cpu, Setting::Absent);
}

#[test]
fn parameters_that_are_given_win_over_defaults() {
    let inputs = given(&[
        ("Cpu", "1024"),
        ("Open", "1"),
        ("Stage", "prod"),
        ("AWS::Region", "us-east-1"),
        ("Nothing", "7"),
    ]);
    for (expression, units) in [
        ("!Ref Cpu", 1024),
        ("!Sub '${Cpu}'", 1024),
        ("!If [IsProd, 4096, 256]", 4096),
        ("!If [Both, 4096, 512]", 512),
    ] {
        assert_eq!(
            task_with(&with_cpu(expression), &inputs).cpu.known(),
            Some(&CpuUnits(units)),
            "{expression}"
        );
    }
    let Setting::Known { at, used_at, .. } = task_with(&with_cpu("!Ref Cpu"), &inputs).cpu else {
        panic!("known")
    };
    assert_eq!((at.line, used_at), (21, None), "no file says it: where it is used");
    assert!(
        matches!(task_with(&with_cpu("!Ref Nothing"), &inputs).cpu, Setting::Unresolved { .. }),
        "not declared"
    );
}

#[test]
fn parameter_files_of_every_form_say_where_each_value_stands() {
    for text in [
        r#"[{"ParameterKey": "Cpu", "ParameterValue": "1024"}, {"ParameterKey": "Old", "UsePreviousValue": true}]"#,
        r#"{"Parameters": {"Cpu": "1024", "Subnets": "a,b"}, "Tags": {"team": "x"}}"#,
        r#"{"Parameters": {"Cpu": 1024}}"#,
        r#"{"Cpu": 1024, "Subnets": ["a", "b"]}"#,
        r#"["Cpu=1024", "Subnets=a,b"]"#,
        "Parameters:\n  Cpu: '1024'\n",
        "- ParameterKey: Cpu\n  ParameterValue: 1024\n",
    ] {
        let inputs = Inputs::from_parameter_file(&file("parameters.json", text))
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(inputs.parameters["Cpu"], "1024", "{text}");
        let task = task_with(&with_cpu("!Ref Cpu"), &inputs);
        let Setting::Known { value, at, used_at } = task.cpu else { panic!("{text}") };
        assert_eq!(value, CpuUnits(1024));
        assert_eq!(at.path.to_str(), Some("parameters.json"));
        assert!(text[at.span.start..at.span.end].contains("1024"), "{text}");
        assert_eq!(used_at.map(|place| place.line), Some(21));
    }
    for (text, message) in [
        ("{", "p:1:1: this { is never closed"),
        ("7", "p:1:1: the file holds a number"),
        ("{\"Parameters\": {\"A\": {}}}", "p:1:22: the value of A is an object"),
        ("[{\"ParameterValue\": 1}]", "p:1:2: no ParameterKey"),
        ("", "p:1:1: the file is empty"),
    ] {
        let error = Inputs::from_parameter_file(&file("p", text)).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
}

const FLEET: &str = "AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Heap: {Type: String, Default: 400m}
  Count: {Type: Number, Default: 3}
Conditions:
  WithProxy: !Equals [a, b]
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub 'web'
      Cpu: '256'
      Memory: 0.5GB
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      RuntimePlatform: {CpuArchitecture: ARM64, OperatingSystemFamily: LINUX}
      EphemeralStorage: {SizeInGiB: 30}
      Volumes:
        - Name: efs
          EFSVolumeConfiguration: {FilesystemId: fs-1}
      Tags:
        - {Key: team, Value: core}
        - {Key: stack, Value: !Ref AWS::StackName}
      ContainerDefinitions:
        - Name: app
          Memory: 400
          Environment:
            - {Name: JAVA_OPTS, Value: !Sub '-Xmx${Heap} -Dx=hunter2'}
            - {Name: SECRET, Value: hunter2}
            - !If [WithProxy, {Name: X, Value: y}, !Ref AWS::NoValue]
        - !If
          - WithProxy
          - {Name: proxy, Cpu: 10}
          - !Ref AWS::NoValue
  Service:
    Type: AWS::ECS::Service
    DependsOn: Web
    Properties:
      ServiceName: web-service
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Web
      DesiredCount: !Ref Count
      CapacityProviderStrategy:
        - {CapacityProvider: FARGATE, Base: 1, Weight: 1}
        - {CapacityProvider: FARGATE_SPOT, Weight: 3}
        - CapacityProvider: !Ref Own
      Tags: [{Key: tier, Value: front}]
  ByFamily:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: 'web:3', LaunchType: FARGATE, DesiredCount: 2, Cluster: main}
  Job:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: x}}
      Cpu: 256
      ContainerDefinitions: !FindInMap [A, B, C]
  Fn::ForEach::Workers:
    - Size
    - [256, 512]
    - Worker${Size}:
        Type: AWS::ECS::TaskDefinition
        Properties: {Cpu: !Ref Size, Memory: 1024}
";

#[test]
fn a_whole_template_is_read_with_its_services() {
    let file = read_with(FLEET, &Inputs::default());
    assert_eq!(file.error, None);
    let names: Vec<&str> = file.tasks.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(names, ["Web", "Job", "Worker${Size}"]);
    let web = &file.tasks[0];
    assert_eq!(&FLEET[web.at.span.start..web.at.span.end], "Web");
    assert_eq!(web.family.known().map(String::as_str), Some("web"));
    assert_eq!((web.cpu.known(), web.memory.known()), (Some(&CpuUnits(256)), Some(&MemoryMib(512))));
    assert_eq!(web.volume_kinds, ["efs"]);
    assert_eq!((web.tags.len(), web.tags_unresolved), (1, true));
    assert_eq!(web.containers.len(), 1, "the proxy is left out by its condition");
    assert_eq!(web.containers_unresolved, None);
    let (setting, at) = &web.containers[0].runtime_settings[0];
    assert_eq!((setting.name.as_str(), setting.value.as_str(), at.line), ("-Xmx", "400m", 30));
    assert!(!format!("{web:?}").contains("hunter2"));

    let [service, by_family] = &web.services[..] else { panic!("two services") };
    assert_eq!(service.name.known().map(String::as_str), Some("web-service"));
    assert_eq!(service.desired_count.known(), Some(&3));
    assert!(matches!(service.cluster, Setting::Unresolved { .. }));
    let strategy: Vec<_> =
        service.strategy.iter().map(|item| (item.provider.as_deref(), item.base, item.weight)).collect();
    assert_eq!(
        strategy,
        [
            (Some("FARGATE"), Some(1), Some(1)),
            (Some("FARGATE_SPOT"), Some(0), Some(3)),
            (None, Some(0), Some(0))
        ]
    );
    assert_eq!(service.tags["tier"], "front");
    assert_eq!(
        (by_family.launch_type.known(), by_family.desired_count.known()),
        (Some(&LaunchType::Fargate), Some(&2))
    );

    let job = &file.tasks[1];
    assert_eq!(job.cpu.known(), Some(&CpuUnits(256)));
    assert!(matches!(&job.memory, Setting::Unresolved { why, .. } if why == "Fn::Transform may give memory"));
    assert!(job.containers_unresolved.is_some());
    assert!(
        matches!(&file.tasks[2].cpu, Setting::Unresolved { why, .. } if why.starts_with("what Size gives"))
    );
}

#[test]
fn json_is_read_as_yaml_is_and_a_comma_too_many_is_no_error() {
    let text = r#"{"Parameters": {"Cpu": {"Type": "String", "Default": "512",}}, "Resources": {"T": {"Type": "AWS::ECS::TaskDefinition",
        "Properties": {"Cpu": {"Ref": "Cpu"}, "Memory": {"Fn::Join": ["", ["1024"]]}, "ContainerDefinitions": [],}}}}"#;
    let task = task_with(text, &Inputs::default());
    assert_eq!((task.cpu.known(), task.memory.known()), (Some(&CpuUnits(512)), Some(&MemoryMib(1024))));
}

#[test]
fn resources_without_their_section_and_templates_without_tasks_are_known() {
    let fragment =
        "TaskDefinition:\n  Type: AWS::ECS::TaskDefinition\n  Properties:\n    Cpu: !Ref TaskCPU\n";
    assert!(matches!(task_with(fragment, &Inputs::default()).cpu, Setting::Unresolved { .. }));
    let none = read_with(
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B: {Type: AWS::S3::Bucket}\n",
        &Inputs::default(),
    );
    assert_eq!((none.tasks.len(), none.error), (0, None));
}

#[test]
fn a_size_that_ecs_refuses_is_named_at_its_literal_and_where_it_is_used() {
    let text = with_cpu("!Ref Cpu").replace("'512'", "'lots'");
    let file = read_with(&text, &Inputs::default());
    assert_eq!(file.error, None);
    let [refused] = &file.tasks[0].refused[..] else { panic!("{:?}", file.tasks[0].refused) };
    assert!(refused.why.starts_with("\"lots\" is not a CPU size"), "{refused:?}");
    assert_eq!((refused.at.line, refused.at.column), (2, 32));
    assert_eq!(&text[refused.used_at.as_ref().unwrap().span.start..][..8], "!Ref Cpu");
}

#[test]
fn what_a_condition_keeps_from_being_created_is_no_task_and_runs_none() {
    let text = |condition: &str, stage: &str| {
        format!(
            "Parameters:
  Stage: {{Type: String, Default: {stage}}}
  Open: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOpen: !Equals [!Ref Open, prod]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    {condition}
    Properties: {{Cpu: 256, Memory: 999}}
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties: {{Cpu: 256, Memory: 512}}
  Service:
    Type: AWS::ECS::Service
    {condition}
    Properties: {{TaskDefinition: !Ref Other}}
"
        )
    };
    for (condition, stage, tasks) in [
        ("Condition: IsProd", "prod", vec![("Task", 0), ("Other", 1)]),
        ("Condition: IsProd", "test", vec![("Other", 0)]),
        // Whether it holds is not known: judged as if it did.
        ("Condition: IsOpen", "test", vec![("Task", 0), ("Other", 1)]),
        ("Condition: Missing", "test", vec![("Task", 0), ("Other", 1)]),
        ("Condition: [IsProd]", "test", vec![("Task", 0), ("Other", 1)]),
    ] {
        let file = read_with(&text(condition, stage), &Inputs::default());
        let found: Vec<_> = file.tasks.iter().map(|task| (task.name.as_str(), task.services.len())).collect();
        assert_eq!(found, tasks, "{condition}, {stage}");
    }
    let file = read_with(&text("Condition: IsProd", "prod"), &given(&[("Stage", "test")]));
    assert_eq!(file.tasks.len(), 1, "a parameter that is given decides");
}

#[test]
fn a_value_that_its_parameter_does_not_take_is_an_error_that_names_it() {
    let text = "Parameters:
  Mem: {Type: String, Default: 1 GB, AllowedValues: [1 GB, 2 GB]}
  Cpu: {Type: Number, Default: 256, MinValue: 256, MaxValue: 1024}
  List: {Type: CommaDelimitedList, Default: 'a,b', AllowedValues: [a, b]}
  Unused: {Type: String, Default: x, AllowedValues: [y]}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: !Ref Cpu, Memory: !Ref Mem, Family: !Select [0, !Ref List]}
";
    let error = |parameters: &[(&str, &str)]| {
        read_with(text, &given(parameters)).error.map(|error| (error.line, error.message))
    };
    assert_eq!(error(&[]), None);
    assert_eq!(error(&[("Mem", "2 GB"), ("Cpu", "1024.0"), ("List", "b, a")]), None);
    for (name, value, line, message) in [
        ("Mem", "16 GB", 2, "parameter Mem takes 1 GB or 2 GB only (AllowedValues)"),
        ("Cpu", "128", 3, "parameter Cpu takes no less than 256 (MinValue)"),
        ("Cpu", "2048", 3, "parameter Cpu takes no more than 1024 (MaxValue)"),
        ("Cpu", "many", 3, "parameter Cpu takes no less than 256 (MinValue)"),
        ("List", "a,c", 4, "parameter List takes a or b only (AllowedValues)"),
    ] {
        let (at, found) = error(&[(name, value)]).unwrap();
        assert_eq!(at, line, "{found}");
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn auto_scaling_says_the_fewest_tasks_of_its_service() {
    let text = |resource: &str| {
        format!(
            "Parameters:
  Cluster: {{Type: String}}
  Name: {{Type: String, Default: api}}
Resources:
  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{Cpu: 256, Memory: 512}}}}
  Service:
    Type: AWS::ECS::Service
    Properties: {{ServiceName: api, TaskDefinition: !Ref Task, DesiredCount: 1}}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: ecs
      ScalableDimension: ecs:service:DesiredCount
      MinCapacity: 4
      MaxCapacity: 8
      ResourceId: {resource}
"
        )
    };
    for (resource, tasks) in [
        ("service/prod/api", 4),
        ("!Sub 'service/${Cluster}/${Service.Name}'", 4),
        ("!Sub 'service/${Cluster}/api'", 4),
        ("!Sub 'service/${Cluster}/${Name}'", 4),
        ("!Join ['/', [service, !Ref Cluster, !GetAtt Service.Name]]", 4),
        ("!Join ['/', [service, !Ref Cluster, !Ref Name]]", 4),
        ("!Join ['', [service/, !Ref Cluster, /api]]", 4),
        ("service/prod/web", 1),
        ("!Sub 'service/${Cluster}/${Cluster}'", 1),
        ("!Ref Cluster", 1),
    ] {
        let task = task_with(&text(resource), &Inputs::default());
        assert_eq!(task.desired_count(), Some(tasks), "{resource}");
    }
    let tables = text("service/prod/api").replace("ServiceNamespace: ecs", "ServiceNamespace: dynamodb");
    assert_eq!(task_with(&tables, &Inputs::default()).desired_count(), Some(1));
}

#[test]
fn what_a_condition_keeps_from_being_made_is_told() {
    let text = "Parameters:
  Stage: {Type: String, Default: test}
  Open: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOpen: !Equals [!Ref Open, yes]
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Condition: IsProd, Properties: {Cpu: 256, Memory: 512}}
  Perhaps: {Type: AWS::ECS::TaskDefinition, Condition: IsOpen, Properties: {Cpu: 256, Memory: 512}}
  Service: {Type: AWS::ECS::Service, Condition: IsProd, Properties: {TaskDefinition: !Ref Perhaps}}
  Bucket: {Type: AWS::S3::Bucket, Condition: IsProd}
";
    let told = |inputs: &Inputs| {
        let file = read_with(text, inputs);
        let left_out = file.not_created.iter().map(|it| format!("{}:{}", it.name, it.at.line));
        (file.tasks.len(), left_out.collect::<Vec<_>>())
    };
    assert_eq!(told(&Inputs::default()), (1, vec!["Task:8".to_owned(), "Service:10".to_owned()]));
    assert_eq!(told(&given(&[("Stage", "prod")])), (2, vec![]));
}

#[test]
fn the_region_that_is_given_is_what_a_template_sees() {
    let text = "Mappings:
  Sizes:
    us-east-1: {Cpu: 256}
    cn-north-1: {Cpu: 1024}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: !FindInMap [Sizes, !Ref 'AWS::Region', Cpu], Family: !Sub '${AWS::Partition}-a'}
";
    for (region, cpu, family) in [
        ("us-east-1", Some(256), "aws-a"),
        ("cn-north-1", Some(1024), "aws-cn-a"),
        ("us-gov-west-1", None, "aws-us-gov-a"),
    ] {
        let mut inputs = Inputs::default();
        inputs.deployed_to(&Region(region.into()));
        let task = task_with(text, &inputs);
        assert_eq!(task.cpu.known().map(|cpu| cpu.0), cpu, "{region}");
        assert_eq!(task.family.known().map(String::as_str), Some(family));
    }
    let mut inputs = given(&[("AWS::Region", "cn-north-1")]);
    inputs.deployed_to(&Region("us-east-1".into()));
    assert_eq!(task_with(text, &inputs).cpu.known(), Some(&CpuUnits(1024)), "what is given wins");
}

#[test]
fn what_is_not_known_of_a_strategy_is_a_line_of_its_own() {
    for (strategy, providers) in [
        ("!If [Spot, [{CapacityProvider: FARGATE_SPOT}], !Ref AWS::NoValue]", vec![None]),
        (
            "[!If [Spot, {CapacityProvider: FARGATE_SPOT}, !Ref AWS::NoValue], {CapacityProvider: FARGATE}]",
            vec![None, Some("FARGATE")],
        ),
        ("[{CapacityProvider: !Ref Stage}]", vec![None]),
        ("!Ref AWS::NoValue", vec![]),
    ] {
        let text = format!(
            "Parameters:
  Stage: {{Type: String}}
Conditions:
  Spot: !Equals [!Ref Stage, test]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{Cpu: 256}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      CapacityProviderStrategy: {strategy}
"
        );
        let task = task_with(&text, &Inputs::default());
        let found: Vec<_> = task.services[0].strategy.iter().map(|line| line.provider.as_deref()).collect();
        assert_eq!(found, providers, "{strategy}");
    }
}
