use super::*;

const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{"root_module":{
"resources":[
 {"address":"aws_ecs_task_definition.app","mode":"managed","type":"aws_ecs_task_definition","name":"app","values":
  {"container_definitions":"[{\"name\":\"\u00e9\\u00e9 app\",\"cpu\":128,\"memory\":512,\"environment\":[{\"name\":\"TOKEN\",\"value\":\"s3cret\"}]}]",
   "cpu":"256","memory":"512","family":"app","network_mode":"awsvpc","requires_compatibilities":["FARGATE"],
   "ephemeral_storage":[{"size_in_gib":30}],"runtime_platform":[{"cpu_architecture":"ARM64","operating_system_family":"LINUX"}],
   "volume":[{"name":"v","host_path":"","efs_volume_configuration":[{"file_system_id":"fs-1"}],"docker_volume_configuration":[]}],
   "tags":null,"tags_all":{"team":"a"}}},
 {"address":"aws_ecs_service.app","mode":"managed","type":"aws_ecs_service","name":"app","values":
  {"name":"app","desired_count":2,"launch_type":"FARGATE","capacity_provider_strategy":[{"base":1,"weight":2,"capacity_provider":"FARGATE_SPOT"}]}}],
"child_modules":[{"address":"module.jobs[\"a.b\"]","resources":[
 {"address":"module.jobs[\"a.b\"].aws_ecs_task_definition.job[0]","mode":"managed","type":"aws_ecs_task_definition","name":"job","index":0,"values":
  {"cpu":null,"memory":"1024","family":"job","runtime_platform":[]}},
 {"address":"module.jobs[\"a.b\"].aws_ecs_service.job[0]","mode":"managed","type":"aws_ecs_service","name":"job","index":0,"values":
  {"name":"job","desired_count":1}}]}]}},
"resource_changes":[
 {"address":"module.jobs[\"a.b\"].aws_ecs_task_definition.job[0]","change":{"actions":["create"],"before":null,"after":{},"after_unknown":{"cpu":true,"container_definitions":true,"tags_all":true}}},
 {"address":"aws_ecs_service.app","change":{"actions":["create"],"after_unknown":{"task_definition":true}}}],
"configuration":{"root_module":{"resources":[
 {"address":"aws_ecs_service.app","type":"aws_ecs_service","expressions":{"task_definition":{"references":["aws_ecs_task_definition.app.arn","aws_ecs_task_definition.app"]}}}],
 "module_calls":{"jobs":{"module":{"resources":[
 {"address":"aws_ecs_service.job","type":"aws_ecs_service","expressions":{"task_definition":{"references":["aws_ecs_task_definition.job[0].arn","aws_ecs_task_definition.job[0]"]}}}]}}}}}}
"#;

#[test]
fn a_plan_is_read_with_its_child_modules() {
    let texts = [("plan.json", PLAN)];
    assert!(recognise(PLAN.as_bytes()));
    let file = read_texts(&texts, &Inputs::default()).remove(0);
    assert_eq!(file.kind, TemplateKind::TerraformPlan);
    let [app, job] = &file.tasks[..] else { panic!("there are two") };
    assert_eq!(app.name, "aws_ecs_task_definition.app");
    assert_eq!(known(&texts, &app.cpu), (CpuUnits(256), "\"256\"".to_owned(), None));
    assert_eq!(known(&texts, &app.ephemeral_storage).0, StorageGib(30));
    assert_eq!(known(&texts, &app.platform).1, "\"ARM64\"");
    assert_eq!((app.volume_kinds.as_slice(), app.tags_unresolved), (["efs".to_owned()].as_slice(), false));
    assert_eq!(app.tags.get("team").map(String::as_str), Some("a"));
    let container = &app.containers[0];
    assert_eq!(
        known(&texts, &container.name),
        ("éé app".to_owned(), "\\\"\\u00e9\\\\u00e9 app\\\"".to_owned(), None)
    );
    assert_eq!(known(&texts, &container.memory), (MemoryMib(512), "512".to_owned(), None));
    assert!(!format!("{app:?}").contains("s3cret"));
    assert_eq!(job.name, "module.jobs[\"a.b\"].aws_ecs_task_definition.job[0]");
    assert_eq!(why(&job.cpu), "it is known only after the plan is applied");
    assert!(job.containers_unresolved.is_some() && job.tags_unresolved);
    assert_eq!(job.platform, Setting::Absent);
}

#[test]
fn services_of_a_plan_are_with_what_the_configuration_refers_to() {
    let texts = [("plan.json", PLAN)];
    let tasks = read_texts(&texts, &Inputs::default()).remove(0).tasks;
    let [app] = &tasks[0].services[..] else { panic!("there is one") };
    assert_eq!(known(&texts, &app.desired_count).0, 2);
    assert_eq!(
        (app.strategy[0].provider.as_deref(), app.strategy[0].base, app.strategy[0].weight),
        (Some("FARGATE_SPOT"), Some(1), Some(2))
    );
    let [job] = &tasks[1].services[..] else { panic!("there is one") };
    assert_eq!(job.name.known().map(String::as_str), Some("job"));
}

#[test]
fn a_strategy_that_is_known_after_the_apply_is_not_none() {
    let unknown = PLAN.replace(
        r#""after_unknown":{"task_definition":true}"#,
        r#""after_unknown":{"task_definition":true,"capacity_provider_strategy":true}"#,
    );
    let tasks = read_texts(&[("plan.json", &unknown)], &Inputs::default()).remove(0).tasks;
    let providers: Vec<_> =
        tasks[0].services[0].strategy.iter().map(|line| line.provider.as_deref()).collect();
    assert_eq!(providers, [None]);
}

#[test]
fn a_plan_that_is_cut_off_is_an_error_with_its_place() {
    let cut = &PLAN[..PLAN.len() / 2];
    let read = read(&files(&[("plan.json", cut)]), &Inputs::default());
    let error = read[0].error.as_ref().expect("it is cut off");
    assert!(error.line >= 1 && error.message.contains("not valid JSON"), "{error}");
    assert!(read[0].tasks.is_empty());
}

#[test]
fn the_json_syntax_of_terraform_says_to_give_the_plan() {
    let text = r#"{"resource": {"aws_ecs_task_definition": {"app": {"family": "app"}}}}"#;
    let read = read(&files(&[("main.tf.json", text)]), &Inputs::default());
    let error = read[0].error.as_ref().expect("it is not read");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("terraform show -json")), "{error}");
}
