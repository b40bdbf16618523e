use super::*;

const CONTAINERS: &str = r#"
  container_definitions = jsonencode([
    {
      name              = "app"
      cpu               = var.container_cpu
      memory            = 512
      memoryReservation = local.soft
      essential         = true
      environment       = [{ name = "JAVA_OPTS", value = "-Xmx${var.heap}m" }, { name = "TOKEN", value = "s3cret" }]
      command           = ["node", "--max-old-space-size=300"]
    },
    merge({ name = "sidecar", essential = false }, local.small)
  ])
"#;

#[test]
fn containers_of_jsonencode_have_the_places_of_their_literals() {
    let main = in_task(CONTAINERS);
    let variables = "variable \"container_cpu\" {\n  default = 128\n}\nvariable \"heap\" {\n  default = 400\n}\nlocals {\n  soft  = 256\n  small = { cpu = 32 }\n}\n";
    let texts = [("main.tf", main.as_str()), ("variables.tf", variables)];
    let task = task_of(&texts, &Inputs::default());
    let [app, sidecar] = &task.containers[..] else { panic!("there are two") };
    assert_eq!(known(&texts, &app.name), ("app".to_owned(), "\"app\"".to_owned(), None));
    assert_eq!(
        known(&texts, &app.cpu),
        (CpuUnits(128), "128".to_owned(), Some("var.container_cpu".to_owned()))
    );
    assert_eq!(known(&texts, &app.memory), (MemoryMib(512), "512".to_owned(), None));
    assert_eq!(known(&texts, &app.memory_reservation).2.as_deref(), Some("local.soft"));
    assert_eq!((app.at.line, app.essential, sidecar.essential), (4, true, false));
    assert_eq!(known(&texts, &sidecar.cpu).1, "32");
    let settings: Vec<_> =
        app.runtime_settings.iter().map(|(setting, at)| (setting.value.as_str(), at.line)).collect();
    assert!(settings.iter().any(|(value, line)| value.contains("400") && *line == 10), "{settings:?}");
    assert!(settings.iter().any(|(value, line)| value.contains("300") && *line == 11), "{settings:?}");
    assert!(!format!("{task:?}").contains("s3cret"));
}

#[test]
fn containers_of_a_heredoc_have_the_places_of_what_is_in_it() {
    let text = in_task(
        "  container_definitions = <<-EOF\n  [\n    {\"name\": \"é-${var.name}\", \"cpu\": ${var.cpu}, \"memory\": 512, \"memoryReservation\": \"${var.cpu}\"},\n    {\"name\": \"b\", \"memory\": ${var.unknown}, \"image\": \"$${x}\"}\n  ]\n  EOF\n",
    ) + "variable \"cpu\" {\n  default = 256\n}\nvariable \"name\" {\n  default = \"app\"\n}\n";
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    let [first, second] = &task.containers[..] else { panic!("there are two") };
    assert_eq!(known(&texts, &first.name).0, "é-app");
    assert_eq!(known(&texts, &first.cpu), (CpuUnits(256), "256".to_owned(), Some("${var.cpu}".to_owned())));
    assert_eq!(known(&texts, &first.memory), (MemoryMib(512), "512".to_owned(), None));
    assert_eq!(known(&texts, &first.memory_reservation).2.as_deref(), Some("\"${var.cpu}\""));
    assert!(why(&second.memory).contains("variable unknown"));
    assert_eq!((first.at.line, second.at.line), (4, 5));
}

#[test]
fn containers_of_a_plain_string_have_the_places_of_what_is_in_it() {
    let text =
        in_task(r#"  container_definitions = "[{\"name\": \"app\", \"cpu\": 10, \"memory\": ${256 * 2}}]""#);
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(known(&texts, &task.containers[0].name).1, "\\\"app\\\"");
    assert_eq!(known(&texts, &task.containers[0].cpu).1, "10");
    assert_eq!(known(&texts, &task.containers[0].memory).0, MemoryMib(512));
}

#[test]
fn json_within_json_is_followed() {
    let text =
        in_task("  container_definitions = \"[${local.one}, ${jsonencode({ name = \"b\", cpu = 2 })}]\"")
            + "locals {\n  one = jsonencode({ name = \"a\", cpu = 1 })\n}\n";
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    let found: Vec<_> = task.containers.iter().map(|container| known(&texts, &container.cpu).1).collect();
    assert_eq!(found, ["1", "2"]);
}

#[test]
fn conditions_and_loops_of_a_heredoc_are_followed() {
    let text = in_task(
        "  container_definitions = <<EOF\n[\n%{ for name in [\"a\", \"b\"] ~}\n  {\"name\": \"${name}\"},\n%{ endfor ~}\n%{ if true }{\"name\": \"c\"}%{ else }oops%{ endif }\n]\nEOF\n",
    );
    let task = task_of(&[("main.tf", &text)], &Inputs::default());
    let names: Vec<_> =
        task.containers.iter().filter_map(|container| container.name.known().cloned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn containers_that_are_not_known_say_why() {
    let cases = [
        ("templatefile(\"task.json\", {})", "templatefile reads a file"),
        ("file(\"task.json\")", "file reads a file"),
        ("data.template_file.task.rendered", "data source"),
        ("module.container.json_map_encoded_list", "outputs of modules"),
        ("jsonencode(concat([{ name = \"a\" }], var.sidecars))", "variable sidecars"),
        ("\"[${join(\",\", var.all)}]\"", "variable all"),
        ("\"%{ if var.debug }[]%{ endif }\"", "variable debug"),
    ];
    for (expression, expected) in cases {
        let task = task(&format!("container_definitions = {expression}"));
        let (why, at) = task.containers_unresolved.expect(expression);
        assert!(why.contains(expected), "{expression}: {why}");
        assert_eq!(at.line, 2);
    }
}

#[test]
fn what_cannot_be_containers_is_an_error_with_its_place() {
    let cases = [
        ("<<EOF\n[\n  {\"name\": }\n]\nEOF", 4, 12, "not valid JSON"),
        ("\"[{\\\"name\\\": oops}]\"", 2, 38, "not valid JSON"),
        ("[{ name = \"a\" }]", 2, 25, "use jsonencode"),
    ];
    for (expression, line, column, message) in cases {
        let text = in_task(&format!("container_definitions = {expression}\n"));
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        let error = read[0].error.clone().expect(expression);
        assert!(error.message.contains(message), "{error}");
        assert_eq!((error.line, error.column), (line, column), "{error}");
        assert!(read[0].tasks[0].containers_unresolved.is_some());
    }
}

#[test]
fn the_blocks_of_a_task_definition_are_read() {
    let text = in_task(
        r#"
  family                   = "app"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE", var.other]
  ephemeral_storage {
    size_in_gib = 30
  }
  runtime_platform {
    operating_system_family = "WINDOWS_SERVER_2022_CORE"
    cpu_architecture        = "ARM64"
  }
  volume {
    name = "a"
    efs_volume_configuration {
      file_system_id = "fs-1"
    }
  }
  dynamic "volume" {
    for_each = { b = "/srv" }
    content {
      name      = volume.key
      host_path = volume.value
    }
  }
  placement_constraints {
    type       = "memberOf"
    expression = "attribute:zone == a"
  }
"#,
    );
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(task.name, "aws_ecs_task_definition.app");
    assert_eq!(&text[task.at.span.start..task.at.span.end], "resource \"aws_ecs_task_definition\" \"app\"");
    assert_eq!(known(&texts, &task.ephemeral_storage).0, StorageGib(30));
    assert_eq!(known(&texts, &task.platform).1, "\"ARM64\"");
    assert_eq!(task.requires_compatibilities, ["FARGATE"]);
    assert_eq!(task.volume_kinds, ["efs", "host"]);
    assert_eq!(task.placement_constraints, ["attribute:zone == a"]);
}

#[test]
fn a_dynamic_block_over_nothing_is_absent_and_over_what_is_not_known_is_unresolved() {
    let dynamic = |for_each: &str| {
        task(&format!(
            "dynamic \"ephemeral_storage\" {{\n  for_each = {for_each}\n  content {{\n    size_in_gib = ephemeral_storage.value\n  }}\n}}"
        ))
    };
    assert_eq!(dynamic("[]").ephemeral_storage, Setting::Absent);
    assert_eq!(dynamic("[40]").ephemeral_storage.known(), Some(&StorageGib(40)));
    assert!(why(&dynamic("var.storage").ephemeral_storage).contains("variable storage"));
}

#[test]
fn tags_have_those_of_the_provider_beneath() {
    let provider =
        |tags: &str| format!("provider \"aws\" {{\n  default_tags {{\n    tags = {tags}\n  }}\n}}\n");
    let body = "tags = merge({ team = \"b\" }, { app = \"x\" })";
    let tags = |text: &str| {
        let task = task_of(&[("main.tf", text)], &Inputs::default());
        let tags: Vec<String> = task.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (tags.join(","), task.tags_unresolved)
    };
    let with = |default: &str| tags(&format!("{}{}", provider(default), in_task(body)));
    assert_eq!(with("{ team = \"a\", cost = \"1\" }"), ("app=x,cost=1,team=b".to_owned(), false));
    assert_eq!(with("var.tags"), ("app=x,team=b".to_owned(), true));
    assert_eq!(
        tags(&format!("provider \"aws\" {{}}\n{}", in_task("tags = merge(var.t, { a = \"b\" })"))),
        ("a=b".to_owned(), true)
    );
    // The provider may be that of whoever calls this module.
    assert!(tags(&in_task(body)).1);
}

#[test]
fn a_service_is_with_the_task_definition_that_it_refers_to() {
    let service = |name: &str, body: &str| {
        format!("resource \"aws_ecs_service\" \"{name}\" {{\n  name = \"{name}\"\n{body}\n}}\n")
    };
    let text = [
        in_task("family = \"fam\""),
        "resource \"aws_ecs_task_definition\" \"other\" {\n  family = \"fam\"\n}\n".to_owned(),
        "resource \"aws_ecs_cluster\" \"main\" {\n  name = \"blue\"\n}\nlocals {\n  definition = aws_ecs_task_definition.app.arn\n}\n".to_owned(),
        service(
            "a",
            "  task_definition = aws_ecs_task_definition.app.arn\n  cluster = aws_ecs_cluster.main.id\n  desired_count = 3\n  launch_type = \"FARGATE\"\n  lifecycle {\n    ignore_changes = [desired_count]\n  }\n",
        ),
        service(
            "b",
            "  task_definition = \"${aws_ecs_task_definition.app.family}:${aws_ecs_task_definition.app.revision}\"\n  capacity_provider_strategy {\n    capacity_provider = \"FARGATE_SPOT\"\n    weight = 4\n  }\n  capacity_provider_strategy {\n    capacity_provider = \"FARGATE\"\n    base = 1\n    weight = 1\n  }\n",
        ),
        service("c", "  task_definition = local.definition\n  desired_count = var.count\n"),
        service("d", "  task_definition = aws_ecs_task_definition.gone.arn\n"),
        service("e", "  task_definition = \"fam:3\"\n"),
    ]
    .concat();
    let texts = [("main.tf", text.as_str())];
    let tasks = read_texts(&texts, &Inputs::default()).remove(0).tasks;
    let names = |task: &TaskTemplate| -> Vec<String> {
        task.services.iter().filter_map(|service| service.name.known().cloned()).collect()
    };
    assert_eq!(names(&tasks[0]), ["a", "b", "c", "e"]);
    assert_eq!(names(&tasks[1]), ["e"], "what shares a family is told apart by reference");
    let [a, b, c, _] = &tasks[0].services[..] else { panic!("there are four") };
    assert_eq!(known(&texts, &a.cluster).0, "blue");
    assert_eq!(known(&texts, &a.desired_count), (3, "3".to_owned(), None));
    assert_eq!(a.launch_type.known(), Some(&LaunchType::Fargate));
    let strategy: Vec<_> =
        b.strategy.iter().map(|line| (line.provider.as_deref(), line.base, line.weight)).collect();
    assert_eq!(strategy, [(Some("FARGATE_SPOT"), Some(0), Some(4)), (Some("FARGATE"), Some(1), Some(1))]);
    assert!(why(&c.desired_count).contains("variable count"));
}

#[test]
fn what_is_not_known_of_a_strategy_is_a_line_of_its_own() {
    let line = |body: &str| format!("capacity_provider_strategy {{\n    {body}\n  }}");
    let dynamic = |list: &str| {
        format!(
            "dynamic \"capacity_provider_strategy\" {{\n    for_each = {list}\n    content {{\n      \
             capacity_provider = \"FARGATE_SPOT\"\n      weight = 1\n    }}\n  }}"
        )
    };
    for (strategy, providers) in [
        (dynamic("var.spot ? [1] : []"), vec![None]),
        (dynamic("[1]"), vec![Some("FARGATE_SPOT")]),
        (dynamic("[]"), vec![]),
        (line("capacity_provider = var.provider"), vec![None]),
        (line("capacity_provider = aws_ecs_capacity_provider.own.name"), vec![None]),
        (line("capacity_provider = \"own\""), vec![Some("own")]),
    ] {
        let text = format!(
            "{}variable \"spot\" {{}}\nvariable \"provider\" {{}}\nresource \"aws_ecs_service\" \"s\" {{\n  \
             task_definition = aws_ecs_task_definition.app.arn\n  {strategy}\n}}\n",
            in_task("cpu = 256")
        );
        let task = task_of(&[("main.tf", &text)], &Inputs::default());
        let found: Vec<_> = task.services[0].strategy.iter().map(|line| line.provider.as_deref()).collect();
        assert_eq!(found, providers, "{strategy}");
    }
}

#[test]
fn services_of_for_each_are_with_the_instance_of_their_key() {
    let text = "locals {\n  all = { a = 256, b = 512 }\n}\nresource \"aws_ecs_task_definition\" \"t\" {\n  for_each = local.all\n  cpu = each.value\n}\nresource \"aws_ecs_service\" \"s\" {\n  for_each = local.all\n  name = each.key\n  task_definition = aws_ecs_task_definition.t[each.key].arn\n}\n";
    let tasks = read_texts(&[("main.tf", text)], &Inputs::default()).remove(0).tasks;
    let services: Vec<Vec<_>> = tasks
        .iter()
        .map(|task| task.services.iter().filter_map(|service| service.name.known().cloned()).collect())
        .collect();
    assert_eq!(services, [["a"], ["b"]]);
}

#[test]
fn auto_scaling_says_the_fewest_tasks_of_its_service() {
    let text = |resource: &str| {
        format!(
            "{}resource \"aws_ecs_service\" \"api\" {{\n  name = \"api\"\n  desired_count = 1\n  task_definition = aws_ecs_task_definition.app.arn\n}}\nvariable \"cluster\" {{}}\nresource \"aws_appautoscaling_target\" \"t\" {{\n  service_namespace = \"ecs\"\n  scalable_dimension = \"ecs:service:DesiredCount\"\n  min_capacity = 4\n  max_capacity = 8\n  resource_id = {resource}\n}}\n",
            in_task("cpu = 256")
        )
    };
    for (resource, tasks) in [
        ("\"service/prod/api\"", 4),
        ("\"service/${var.cluster}/api\"", 4),
        ("\"service/${var.cluster}/${aws_ecs_service.api.name}\"", 4),
        ("\"service/prod/web\"", 1),
        ("\"service/prod/${var.cluster}\"", 1),
        ("\"service/prod/${aws_ecs_service.other.name}\"", 1),
    ] {
        let task = task_of(&[("main.tf", &text(resource))], &Inputs::default());
        assert_eq!(task.desired_count(), Some(tasks), "{resource}");
    }
}
