use super::*;

const MODULE: &str = "variable \"cpu\" {\n  default = 256\n}\nvariable \"name\" {}\nresource \"aws_ecs_task_definition\" \"this\" {\n  family = var.name\n  cpu    = var.cpu\n}\n";

#[test]
fn a_module_that_is_called_has_the_arguments_of_each_call() {
    let root = "module \"api\" {\n  source = \"./modules/task\"\n  name   = \"api\"\n  cpu    = local.cpu\n}\nmodule \"web\" {\n  source = \"./modules/../modules/task/\"\n  name   = \"web\"\n}\nlocals {\n  cpu = 1024\n}\n";
    let texts = [("infra/main.tf", root), ("infra/modules/task/main.tf", MODULE)];
    let read = read_texts(&texts, &parameters(&[("cpu", "4096")]));
    let tasks: Vec<&TaskTemplate> = read.iter().flat_map(|file| &file.tasks).collect();
    let found: Vec<_> = tasks
        .iter()
        .map(|task| (task.name.as_str(), task.at.path.display().to_string(), known(&texts, &task.cpu)))
        .collect();
    let this = |module: &str| format!("module.{module}.aws_ecs_task_definition.this");
    let file = || "infra/modules/task/main.tf".to_owned();
    let used = || Some("var.cpu".to_owned());
    assert_eq!(
        found,
        [
            (this("api").as_str(), file(), (CpuUnits(1024), "1024".to_owned(), used())),
            (this("web").as_str(), file(), (CpuUnits(256), "256".to_owned(), used())),
        ]
    );
    let Setting::Known { at, .. } = &tasks[0].cpu else { panic!("it is known") };
    assert_eq!(at.path.as_path(), std::path::Path::new("infra/main.tf"));
}

#[test]
fn a_module_that_nothing_calls_is_read_with_its_defaults() {
    let task = task_of(&[("task/main.tf", MODULE)], &Inputs::default());
    assert_eq!(task.cpu.known(), Some(&CpuUnits(256)));
    assert!(why(&task.family).contains("--parameter name=VALUE"));
}

#[test]
fn calls_of_for_each_are_told_apart() {
    let root = "module \"svc\" {\n  source   = \"../task\"\n  for_each = { a = 512, b = 1024 }\n  name     = each.key\n  cpu      = each.value\n}\n";
    let texts = [("live/main.tf", root), ("task/main.tf", MODULE)];
    let tasks: Vec<TaskTemplate> =
        read_texts(&texts, &Inputs::default()).into_iter().flat_map(|file| file.tasks).collect();
    let found: Vec<_> = tasks.iter().map(|task| (task.name.as_str(), known(&texts, &task.cpu).1)).collect();
    assert_eq!(
        found,
        [
            ("module.svc[\"a\"].aws_ecs_task_definition.this", "512".to_owned()),
            ("module.svc[\"b\"].aws_ecs_task_definition.this", "1024".to_owned()),
        ]
    );
}

#[test]
fn calls_that_are_too_many_or_too_deep_are_an_error() {
    let call = |name: &str, source: &str| format!("module \"{name}\" {{\n  source = \"{source}\"\n}}\n");
    let task = in_task("cpu = 256");
    let many: String = (0..501).map(|nth| call(&format!("m{nth:03}"), "./task")).collect();
    let found = read(&files(&[("main.tf", &many), ("task/main.tf", &task)]), &Inputs::default());
    assert_eq!(found.iter().map(|file| file.tasks.len()).sum::<usize>(), 500);
    let error = found[0].error.as_ref().unwrap();
    assert_eq!(
        (error.line, error.message.as_str()),
        (1501, "more than 500 calls of modules; the rest is not read")
    );

    let mut deep: Vec<(String, String)> =
        (0..7).map(|nth| (format!("d{nth}/main.tf"), call("m", &format!("../d{}", nth + 1)))).collect();
    deep.push(("d7/main.tf".to_owned(), task));
    let deep: Vec<(&str, &str)> = deep.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = read(&files(&deep), &Inputs::default());
    let error = found.iter().find_map(|file| file.error.as_ref()).unwrap();
    assert!(error.message.starts_with("calls of modules within each other are followed 6 deep"), "{error}");
}

#[test]
fn modules_that_call_each_other_end() {
    let a = format!("{MODULE}module \"b\" {{\n  source = \"../b\"\n  name = \"b\"\n}}\n");
    let b = "module \"a\" {\n  source = \"../a\"\n  name = \"a\"\n}\nmodule \"again\" {\n  source = \"../a\"\n  name = \"a\"\n}\n";
    let root = "module \"a\" {\n  source = \"../a\"\n  name = \"a\"\n}\n";
    let read =
        read(&files(&[("root/main.tf", root), ("a/main.tf", &a), ("b/main.tf", b)]), &Inputs::default());
    assert!(read.iter().map(|file| file.tasks.len()).sum::<usize>() > 1);
}

#[test]
fn folders_without_tasks_are_left_alone_unless_what_is_named_cannot_be_read() {
    let texts = [
        ("app/main.tf", MODULE),
        ("app/variables.tf", "variable \"x\" {}\n"),
        ("dns/main.tf", "resource \"aws_route53_zone\" \"z\" {\n"),
        ("vpc/main.tf", "resource \"aws_vpc\" \"v\" {}\n"),
    ];
    let paths = |files: &[SourceFile]| -> Vec<String> {
        read(files, &Inputs::default()).iter().map(|file| file.path.display().to_string()).collect()
    };
    let mut given = files(&texts);
    assert_eq!(paths(&given), ["app/main.tf", "app/variables.tf"]);
    for file in &mut given {
        file.named = true;
    }
    assert_eq!(paths(&given), ["app/main.tf", "app/variables.tf", "dns/main.tf"]);
}

#[test]
fn files_that_do_not_belong_together_lose_no_task_definition_and_share_no_variable() {
    let file = |cpu: u32| {
        format!(
            "{}variable \"c\" {{\n  default = {cpu}\n}}\nresource \"aws_ecs_service\" \"s\" {{\n  name = \"s{cpu}\"\n  task_definition = aws_ecs_task_definition.app.arn\n}}\n",
            in_task("cpu = var.c")
        )
    };
    let (a, b) = (file(256), file(512));
    let c = "resource \"aws_ecs_task_definition\" \"c\" {\n  cpu = var.c\n}\n";
    let texts = [("a.tf", a.as_str()), ("b.tf", b.as_str()), ("c.tf", c)];
    let tasks: Vec<TaskTemplate> =
        read_texts(&texts, &Inputs::default()).into_iter().flat_map(|file| file.tasks).collect();
    let found: Vec<_> = tasks
        .iter()
        .map(|task| {
            let services =
                task.services.iter().filter_map(|service| service.name.known().map(String::as_str));
            (task.cpu.known().map(|cpu| cpu.0), services.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(found, [(Some(256), vec!["s256"]), (Some(512), vec!["s512"]), (None, vec![])]);
    assert!(why(&tasks[2].cpu).contains("declared 2 times"));
}

#[test]
fn what_count_or_for_each_makes_none_of_is_no_task_and_runs_none() {
    let service = "resource \"aws_ecs_service\" \"s\" {\n  META\n  name = \"s\"\n  task_definition = aws_ecs_task_definition.on.arn\n}\n";
    let text = |meta: &str| {
        format!(
            "variable \"create\" {{\n  default = false\n}}\nvariable \"open\" {{}}\n{}{}{}",
            in_task(&format!("  {meta}\n  cpu = 256")),
            "resource \"aws_ecs_task_definition\" \"on\" {\n  cpu = 512\n}\n",
            service.replace("META", meta)
        )
    };
    for (meta, parameters, tasks) in [
        ("count = 0", &[][..], vec![(512, 0)]),
        ("count = var.create ? 1 : 0", &[], vec![(512, 0)]),
        ("count = var.create ? 1 : 0", &[("create", "true")], vec![(256, 0), (512, 1)]),
        ("count = var.open", &[], vec![(256, 0), (512, 1)]),
        ("count = var.open", &[("open", "0")], vec![(512, 0)]),
        ("count = 2", &[], vec![(256, 0), (256, 0), (512, 2)]),
        ("count = 2000", &[], vec![(256, 0), (512, 1)]),
        ("for_each = {}", &[], vec![(512, 0)]),
        ("for_each = toset([])", &[], vec![(512, 0)]),
        ("for_each = var.open", &[], vec![(256, 0), (512, 1)]),
    ] {
        let file = read_texts(&[("main.tf", &text(meta))], &super::parameters(parameters)).remove(0);
        let found: Vec<_> = file
            .tasks
            .iter()
            .map(|task| (task.cpu.known().map_or(0, |cpu| cpu.0), task.services.len()))
            .collect();
        assert_eq!(found, tasks, "{meta} {parameters:?}");
    }
}

#[test]
fn a_module_that_is_called_no_times_makes_nothing() {
    let call =
        |meta: &str| format!("module \"api\" {{\n  source = \"../task\"\n  name = \"api\"\n  {meta}\n}}\n");
    for (meta, tasks) in [("count = 0", 0), ("for_each = {}", 0), ("count = 1", 1)] {
        let read = read_texts(&[("live/main.tf", &call(meta)), ("task/main.tf", MODULE)], &Inputs::default());
        assert_eq!(read.iter().map(|file| file.tasks.len()).sum::<usize>(), tasks, "{meta}");
    }
    for (meta, tasks) in [("create = false", 0), ("create_task_definition = false", 0), ("create = true", 1)]
    {
        let known = format!(
            "module \"svc\" {{\n  source = \"terraform-aws-modules/ecs/aws//modules/service\"\n  cpu = 256\n  {meta}\n}}\n"
        );
        let read = read_texts(&[("main.tf", &known)], &Inputs::default());
        assert_eq!(read.iter().map(|file| file.tasks.len()).sum::<usize>(), tasks, "{meta}");
    }
}

#[test]
fn the_instances_of_a_count_have_their_index() {
    let alone = task("count = 1\n  family = \"c-${count.index}\"\n  cpu = 256");
    assert_eq!(alone.name, "aws_ecs_task_definition.app");
    assert_eq!(alone.family.known().map(String::as_str), Some("c-0"));
    let service = "resource \"aws_ecs_service\" \"s\" {\n  count = 2\n  name = \"s-${count.index}\"\n  \
                   task_definition = aws_ecs_task_definition.app[count.index].arn\n}\n";
    let both = format!("{}{service}", in_task("count = 2\n  cpu = [256, 512][count.index]"));
    let tasks = read_texts(&[("main.tf", &both)], &Inputs::default()).remove(0).tasks;
    let found: Vec<_> = tasks
        .iter()
        .map(|task| {
            let services: Vec<_> = task.services.iter().filter_map(|it| it.name.known()).collect();
            (task.name.as_str(), task.cpu.known().unwrap().0, services)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("aws_ecs_task_definition.app[0]", 256, vec![&"s-0".to_owned()]),
            ("aws_ecs_task_definition.app[1]", 512, vec![&"s-1".to_owned()]),
        ]
    );
}

#[test]
fn null_for_a_variable_that_takes_none_is_its_default() {
    let module = |nullable: &str| {
        format!("variable \"size\" {{\n  default = 512\n{nullable}\n}}\n{}", in_task("cpu = var.size"))
    };
    let call = "module \"m\" {\n  source = \"./m\"\n  size = null\n}\n";
    let cpu = |nullable: &str| {
        let texts = [("main.tf", call), ("m/main.tf", &*module(nullable))];
        task_of(&texts, &Inputs::default()).cpu.known().map(|cpu| cpu.0)
    };
    assert_eq!(cpu("nullable = false"), Some(512));
    assert_eq!(cpu("nullable = true"), None);
    assert_eq!(cpu(""), None);
}

#[test]
fn what_no_instance_is_made_of_is_told() {
    let task = in_task("  cpu = 256\n  memory = 512");
    let zero = task.replacen('{', "{\n  count = var.on ? 1 : 0\n", 1);
    let none = task.replacen("\"app\" {", "\"each\" {\n  for_each = toset([])\n", 1);
    let root = format!(
        "variable \"on\" {{\n  default = false\n}}\n{zero}{none}\
         resource \"aws_ecs_service\" \"app\" {{\n  count = 0\n}}\n\
         resource \"aws_s3_bucket\" \"b\" {{\n  count = 0\n}}\n\
         resource \"aws_ecs_task_definition\" \"open\" {{\n  count = var.unknown\n  cpu = 256\n}}\n"
    );
    let calls = "module \"deep\" {\n  source = \"./outer\"\n  count = 0\n}\n\
                 module \"other\" {\n  source = \"./network\"\n  count = 0\n}\n\
                 module \"known\" {\n  source = \"terraform-aws-modules/ecs/aws//modules/service\"\n  create = false\n}\n\
                 module \"cluster\" {\n  source = \"terraform-aws-modules/ecs/aws//modules/cluster\"\n  create = false\n}\n";
    let outer = "module \"inner\" {\n  source = \"../inner\"\n}\n";
    let network = "resource \"aws_vpc\" \"v\" {}\nmodule \"x\" {\n  source = \"../elsewhere\"\n}\n";
    let texts = [
        ("calls.tf", calls),
        ("inner/main.tf", &task),
        ("main.tf", &root),
        ("network/main.tf", network),
        ("outer/main.tf", outer),
    ];
    let told = |inputs: &Inputs| -> Vec<String> {
        let read = read_texts(&texts, inputs);
        let left_out = read.iter().flat_map(|file| &file.not_created);
        left_out.map(|it| format!("{} {}:{}", it.name, it.at.path.display(), it.at.line)).collect()
    };
    let off = told(&Inputs::default());
    assert_eq!(
        off,
        [
            "module.deep calls.tf:1",
            "module.known calls.tf:9",
            "aws_ecs_service.app main.tf:16",
            "aws_ecs_task_definition.app main.tf:4",
            "aws_ecs_task_definition.each main.tf:10",
        ]
    );
    assert_eq!(told(&parameters(&[("on", "true")])).len(), off.len() - 1);
}

#[test]
fn folders_that_call_each_other_many_times_are_looked_at_once() {
    let calls = |source: &str| -> String {
        let call = |number: u32| format!("module \"m{number}\" {{\n  source = \"{source}\"\n}}\n");
        (0..60).map(call).collect::<Vec<_>>().concat()
    };
    let root = "module \"x\" {\n  source = \"./a\"\n  count  = 0\n}\n";
    let read = read_texts(
        &[("main.tf", root), ("a/main.tf", &calls("../b")), ("b/main.tf", &calls("../a"))],
        &Inputs::default(),
    );
    assert_eq!(read.iter().flat_map(|file| &file.tasks).count(), 0);
}
