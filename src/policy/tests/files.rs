//! From files as teams write them to what is said of them.

use std::fmt::Write as _;

use super::*;
use crate::template::{Inputs, SourceFile, read_all};

fn read(path: &str, text: &str) -> Vec<TaskTemplate> {
    let file = SourceFile { path: Arc::new(PathBuf::from(path)), bytes: text.as_bytes().into(), named: true };
    let read = read_all(&[file], &Inputs::default());
    assert!(read.unknown.is_empty() && read.files.iter().all(|file| file.error.is_none()), "{read:?}");
    read.files.into_iter().flat_map(|file| file.tasks).collect()
}

fn given(path: &str, now: &str, before: Option<&str>) -> Given {
    let mut given = Given::of(task(256, 512));
    given.tasks = read(path, now);
    given.base = before.map(|before| read(path, before));
    assert_eq!(given.tasks.len(), 1);
    given
}

/// A `CloudFormation` template of a task and its services.
fn stack(cpu: u32, memory: u32, services: &[&str]) -> String {
    let mut text = format!(
        "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: api\n      \
         RequiresCompatibilities: [FARGATE]\n      Cpu: {cpu}\n      Memory: {memory}\n      ContainerDefinitions: \
         [{{Name: a, Image: x}}]\n"
    );
    for (index, properties) in services.iter().enumerate() {
        write!(text,
            "  S{index}:\n    Type: AWS::ECS::Service\n    Properties: {{ServiceName: s{index}, TaskDefinition: !Ref T, \
             {properties}}}\n")
        .unwrap();
    }
    text
}

/// Of the only template: USD a month before and now.
fn usd(given: &Given) -> (Option<String>, Option<String>) {
    let (_, now, before) = given.costs().remove(0);
    (before, now)
}

fn both(before: &str, now: &str) -> (Option<String>, Option<String>) {
    (Some(before.to_owned()), Some(now.to_owned()))
}

const TEN: &str = "LaunchType: FARGATE, DesiredCount: 10";
const OPEN: &str = "LaunchType: FARGATE, DesiredCount: !Ref Count";
const UNSET: &str = "LaunchType: FARGATE";

#[test]
fn a_number_of_tasks_behind_a_parameter_hides_no_rise() {
    let of = |now: (u32, u32, &str), before: (u32, u32, &str)| {
        let text = |(cpu, memory, service)| stack(cpu, memory, &[service]);
        usd(&given("a.yaml", &text(now), Some(&text(before))))
    };
    for open in [OPEN, UNSET] {
        assert_eq!(of((4096, 8192, open), (1024, 2048, TEN)), both("360.40", "1441.60"));
        assert_eq!(of((1024, 2048, open), (1024, 2048, TEN)), both("360.40", "360.40"));
        assert_eq!(of((1024, 2048, TEN), (1024, 2048, open)), both("360.40", "360.40"));
    }
    let terraform = |cpu: u32, memory: u32, count: &str| {
        format!(
            "resource \"aws_ecs_task_definition\" \"t\" {{\n  family = \"api\"\n  requires_compatibilities = \
             [\"FARGATE\"]\n  cpu = {cpu}\n  memory = {memory}\n  container_definitions = \"[]\"\n}}\nresource \
             \"aws_ecs_service\" \"s\" {{\n  name = \"api\"\n  task_definition = \
             aws_ecs_task_definition.t.arn\n  desired_count = {count}\n}}\n"
        )
    };
    let (now, before) = (terraform(4096, 8192, "var.unknown"), terraform(1024, 2048, "10"));
    assert_eq!(usd(&given("m.tf", &now, Some(&before))), both("360.40", "1441.60"));
}

#[test]
fn services_and_strategies_are_priced_as_ecs_places_them() {
    let spot = |count: u32| {
        format!(
            "CapacityProviderStrategy: [{{CapacityProvider: FARGATE_SPOT, Weight: 1}}], DesiredCount: {count}"
        )
    };
    let three = "LaunchType: FARGATE, DesiredCount: 3";
    // 72.0802 a task on demand; 22.9446 on Spot.
    let added = given("a.yaml", &stack(2048, 4096, &[three, &spot(1)]), Some(&stack(2048, 4096, &[three])));
    assert_eq!(usd(&added), both("216.24", "239.19"));
    let mixed = given("a.yaml", &stack(256, 512, &[three, &spot(2)]), None);
    assert_eq!(mixed.costs()[0].1.as_deref(), Some("32.77"));
    let based = "CapacityProviderStrategy: [{CapacityProvider: FARGATE, Base: 4, Weight: 1}, {CapacityProvider: \
                 FARGATE_SPOT, Weight: 3}], DesiredCount: 4";
    let based = given("a.yaml", &stack(1024, 2048, &[based]), None);
    assert_eq!(based.costs()[0].1.as_deref(), Some("144.16"));
}

#[test]
fn what_leaves_the_spot_of_production_is_underlined_where_it_says_so() {
    let runs = Production { spot_share: Decimal::new(65625, 5), ..production(8) };
    let found = given("a.yaml", &stack(1024, 2048, &[UNSET]), None).running_as(runs).judged().findings;
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((finding.rule, finding.at.as_ref().unwrap().line), (Rule::LaunchTypeDearer, 12));
    assert!(finding.message.contains("from 66 % Spot to on demand"), "{}", finding.message);
}

#[test]
fn a_renamed_family_is_the_same_task() {
    let definition = |family: &str| {
        format!(
            "{{\"family\": \"{family}\", \"requiresCompatibilities\": [\"FARGATE\"], \"cpu\": \"1024\", \"memory\": \
             \"2048\", \"containerDefinitions\": [{{\"name\": \"a\", \"image\": \"x\"}}]}}"
        )
    };
    let renamed = given("app.json", &definition("web"), Some(&definition("app")));
    assert_eq!((usd(&renamed), renamed.found()), (both("36.04", "36.04"), vec![]));
    assert_eq!(renamed.costs().len(), 1, "the old one is not gone beside it");
}
