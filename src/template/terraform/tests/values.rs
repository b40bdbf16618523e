use super::*;

/// What `cpu` comes to with an expression, the literal that says it, and what refers to it.
fn cpu_with(declarations: &str, expression: &str) -> (u32, String, Option<String>) {
    let text = format!("{}{declarations}", in_task(&format!("cpu = {expression}")));
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    let (value, at, used_at) = known(&texts, &task.cpu);
    (value.0, at, used_at)
}

#[test]
fn a_value_is_known_with_the_literal_that_says_it_and_what_refers_to_it() {
    let cases = [
        ("", "256", 256, "256", None),
        ("", "\"256\"", 256, "\"256\"", None),
        ("", "\"1 vCPU\"", 1024, "\"1 vCPU\"", None),
        ("variable \"c\" {\n  default = 512\n}", "var.c", 512, "512", Some("var.c")),
        ("variable \"c\" {\n  default = 512\n}", "\"${var.c}\"", 512, "512", Some("\"${var.c}\"")),
        ("variable \"c\" {\n  default = 512\n}", "tostring(var.c)", 512, "512", Some("tostring(var.c)")),
        ("locals {\n  c = \"1024\"\n}", "local.c", 1024, "\"1024\"", Some("local.c")),
        (
            "locals {\n  s = { api = { cpu = 2048 } }\n}",
            "local.s[\"api\"].cpu",
            2048,
            "2048",
            Some("local.s[\"api\"].cpu"),
        ),
        (
            "locals {\n  s = { api = 512 }\n}",
            "lookup(local.s, \"api\", 256)",
            512,
            "512",
            Some("lookup(local.s, \"api\", 256)"),
        ),
        ("locals {\n  s = { api = 512 }\n}", "lookup(local.s, \"web\", 256)", 256, "256", None),
        ("locals {\n  s = { api = 512 }\n}", "try(local.s.web, 256)", 256, "256", None),
        ("variable \"e\" {\n  default = \"prod\"\n}", "var.e == \"prod\" ? 1024 : 256", 1024, "1024", None),
        ("", "coalesce(null, \"\", 512)", 512, "512", None),
        ("", "merge({ a = 1 }, { a = 256 }).a", 256, "256", None),
        ("", "concat([1], [256])[1]", 256, "256", None),
        ("", "element([256, 512], 3)", 512, "512", None),
        ("", "jsondecode(\"{\\\"cpu\\\": 256}\").cpu", 256, "256", None),
        // Put together: no literal says it.
        ("", "2 * 128", 256, "2 * 128", None),
        ("", "max(256, 512)", 512, "max(256, 512)", None),
        ("", "format(\"%d\", 512)", 512, "format(\"%d\", 512)", None),
        ("", "\"${256 + 256}\"", 512, "256 + 256", None),
        ("", "{ for k, v in { a = 256 } : k => v }.a", 256, "256", None),
        ("", "[for v in [128] : v * 2][0]", 256, "v * 2", None),
    ];
    for (declarations, expression, value, at, used_at) in cases {
        assert_eq!(
            cpu_with(declarations, expression),
            (value, at.to_owned(), used_at.map(str::to_owned)),
            "{expression}"
        );
    }
}

#[test]
fn what_the_files_do_not_tell_is_unresolved_by_name() {
    let cases = [
        ("var.c", "variable c is declared in none of the files read"),
        ("local.c", "local c is defined in none of the files read"),
        ("data.aws_ssm_parameter.cpu.value", "the data source data.aws_ssm_parameter.cpu.value"),
        ("module.sizes.cpu", "outputs of modules are not followed (module sizes)"),
        ("aws_ssm_parameter.cpu.value", "aws_ssm_parameter.cpu.value is known only when it is applied"),
        ("each.value.cpu", "each.value.cpu is another for each key of for_each"),
        ("count.index * 256", "count.index is another for each instance"),
        ("terraform.workspace == \"prod\" ? 1024 : 256", "--parameter terraform.workspace=VALUE"),
        ("jsondecode(file(\"sizes.json\")).cpu", "file reads a file when it is planned"),
        ("timestamp()", "what timestamp gives is known when it is planned"),
        ("provider::x::cpu()", "a function of a provider"),
        ("max(256, var.c)", "variable c is declared"),
        ("merge({ a = 256 }, var.sizes).a", "variable sizes is declared"),
        ("1 / 0", "divided by zero"),
        ("{ a = 1 }.b", "a map without b is asked for it"),
    ];
    for (expression, expected) in cases {
        let task = task(&format!("cpu = {expression}"));
        assert!(why(&task.cpu).contains(expected), "{expression}: {}", why(&task.cpu));
    }
}

#[test]
fn a_variable_without_a_default_names_the_parameter_to_give() {
    let text = format!("{}variable \"c\" {{}}\n", in_task("cpu = var.c"));
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(why(&task.cpu), "variable c has no default; give --parameter c=VALUE");
    let task = task_of(&texts, &parameters(&[("c", "512")]));
    assert_eq!(task.cpu.known(), Some(&CpuUnits(512)));
}

#[test]
fn references_that_go_round_end() {
    let cases = [
        "locals {\n  c = local.c\n}",
        "locals {\n  c = local.d\n  d = [local.c][0]\n}",
        "variable \"v\" {\n  default = local.c\n}\nlocals {\n  c = var.v\n}",
    ];
    for declarations in cases {
        let text = format!("{}{declarations}\n", in_task("cpu = local.c"));
        let task = task_of(&[("main.tf", &text)], &Inputs::default());
        assert!(why(&task.cpu).contains("refers to itself"), "{}", why(&task.cpu));
    }
}

#[test]
fn later_values_of_a_variable_are_the_stronger() {
    let main = format!("{}variable \"c\" {{\n  default = 256\n}}\n", in_task("cpu = var.c"));
    let all = [
        ("infra/main.tf", main.as_str()),
        ("infra/terraform.tfvars", "c = 512\n"),
        ("infra/terraform.tfvars.json", "{\"c\": 1024}"),
        ("infra/a.auto.tfvars", "c = 2048\n"),
        ("infra/b.auto.tfvars", "c = 4096\n"),
    ];
    for (count, expected) in [(1, "256"), (2, "512"), (3, "1024"), (4, "2048"), (5, "4096")] {
        let texts = &all[..count];
        let task = task_of(texts, &Inputs::default());
        let (value, at, used_at) = known(texts, &task.cpu);
        assert_eq!(value.0.to_string(), expected);
        assert_eq!((at.as_str(), used_at.as_deref()), (expected, Some("var.c")));
    }
    let task = task_of(&all, &parameters(&[("c", "8192")]));
    assert_eq!(task.cpu.known(), Some(&CpuUnits(8192)));
    // What has to be asked for with -var-file, and what another folder has, has no say.
    let others = [all[0], ("infra/prod.tfvars", "c = 512\n"), ("other/terraform.tfvars", "c = 512\n")];
    let task = task_of(&others, &Inputs::default());
    assert_eq!(task.cpu.known(), Some(&CpuUnits(256)));
}

#[test]
fn a_parameter_of_a_file_has_its_place_there() {
    let text = in_task("cpu = var.c");
    let place =
        Place { path: Arc::new("values.json".into()), span: Span { start: 7, end: 10 }, line: 1, column: 8 };
    let mut inputs = parameters(&[("c", "512")]);
    inputs.places.insert("c".to_owned(), place.clone());
    let task = task_of(&[("main.tf", &text)], &inputs);
    let Setting::Known { at, used_at, .. } = task.cpu else { panic!("it is known") };
    assert_eq!(at, place);
    assert_eq!(used_at.map(|used| used.line), Some(2));
}

#[test]
fn optional_attributes_have_the_default_of_their_type() {
    let text = format!(
        "{}variable \"services\" {{\n  type = map(object({{ cpu = optional(number, 512), memory = number }}))\n  default = {{ api = {{ memory = 1024 }} }}\n}}\n",
        in_task("for_each = var.services\ncpu = each.value.cpu\nmemory = each.value.memory")
    );
    let texts = [("main.tf", text.as_str())];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(task.name, "aws_ecs_task_definition.app[\"api\"]");
    assert_eq!(known(&texts, &task.cpu).1, "512");
    assert_eq!(known(&texts, &task.memory).1, "1024");
}

#[test]
fn each_known_key_is_a_task_definition_and_an_unknown_collection_is_one() {
    let text = format!(
        "{}locals {{\n  sizes = {{\n    api = 256\n    web = 512\n  }}\n}}\n",
        in_task("for_each = local.sizes\nfamily = each.key\ncpu = each.value")
    );
    let texts = [("main.tf", text.as_str())];
    let tasks = read_texts(&texts, &Inputs::default()).remove(0).tasks;
    let found: Vec<_> = tasks
        .iter()
        .map(|task| (task.name.as_str(), task.family.known().unwrap().as_str(), known(&texts, &task.cpu).1))
        .collect();
    assert_eq!(
        found,
        [
            ("aws_ecs_task_definition.app[\"api\"]", "api", "256".to_owned()),
            ("aws_ecs_task_definition.app[\"web\"]", "web", "512".to_owned()),
        ]
    );
    let task = task("for_each = var.sizes\ncpu = each.value\nmemory = 512");
    assert!(why(&task.cpu).contains("each.value"));
    assert_eq!(task.memory.known(), Some(&MemoryMib(512)));
}

#[test]
fn texts_that_double_and_lists_that_double_are_given_up() {
    use std::fmt::Write as _;
    for (first, next) in [
        ("\"xxxxxxxxxxxxxxxx\"", "\"${local.NAME}${local.NAME}\""),
        ("[1]", "concat(local.NAME, local.NAME)"),
        ("[1]", "[local.NAME, local.NAME]"),
    ] {
        let mut text = format!("locals {{\n  n0 = {first}\n");
        for step in 1..60 {
            writeln!(text, "  n{step} = {}", next.replace("NAME", &format!("n{}", step - 1))).unwrap();
        }
        text.push_str("}\n");
        text.push_str(&in_task("cpu = 256\ncontainer_definitions = jsonencode([{ name = local.n59 }])"));
        let task = task_of(&[("main.tf", &text)], &Inputs::default());
        assert_eq!(task.cpu.known(), Some(&CpuUnits(256)));
        assert!(task.containers.iter().all(|container| container.name.known().is_none()));
    }
}

#[test]
fn a_value_that_its_validation_does_not_allow_is_an_error_that_names_it() {
    let text = in_task("cpu = var.c")
        + "variable \"c\" {\n  default = 256\n  validation {\n    condition = contains([256, 512], var.c)\n    error_message = \"Small ones only.\"\n  }\n  validation {\n    condition = can(regex(\"^[0-9]+$\", var.c))\n    error_message = \"Digits.\"\n  }\n}\n";
    let read =
        |value: &str| super::read(&files(&[("main.tf", &text)]), &parameters(&[("c", value)])).remove(0);
    assert_eq!(read("512").error, None);
    let error = read("1024").error.unwrap();
    assert_eq!(error.message, "variable c has a value that its validation does not allow: Small ones only.");
    assert_eq!(error.line, 7);
}

fn named(texts: &[(&str, &str)]) -> Vec<SourceFile> {
    files(texts).into_iter().map(|file| SourceFile { named: true, ..file }).collect()
}

fn cpu_of(files: &[SourceFile], inputs: &Inputs) -> Setting<CpuUnits> {
    super::read(files, inputs)
        .iter()
        .flat_map(|file| &file.tasks)
        .map(|task| task.cpu.clone())
        .next()
        .unwrap()
}

#[test]
fn a_file_of_values_that_is_named_applies_after_those_that_terraform_finds() {
    let text = in_task("cpu = var.c") + "variable \"c\" {}\n";
    let all = [
        ("infra/main.tf", text.as_str()),
        ("infra/a.auto.tfvars", "c = 256\n"),
        ("infra/prod.tfvars", "c = 512\n"),
        ("infra/prod2.tfvars.json", "{\"c\": \"512\"}"),
        ("infra/test.tfvars", "c = 1024\n"),
        ("other/x.tfvars", "c = 2048\n"),
    ];
    let cpu =
        |texts: &[(&str, &str)], inputs: &Inputs| cpu_of(&named(texts), inputs).known().map(|cpu| cpu.0);
    assert_eq!(cpu(&all[..2], &Inputs::default()), Some(256));
    assert_eq!(cpu(&all[..3], &Inputs::default()), Some(512));
    assert_eq!(cpu(&all[..4], &Inputs::default()), Some(512), "both say the same");
    assert_eq!(cpu(&[all[0], all[5]], &Inputs::default()), None, "it is another folder's");
    assert_eq!(cpu(&all[..3], &parameters(&[("c", "4096")])), Some(4096));
    let both = cpu_of(&named(&all[..5]), &Inputs::default());
    assert_eq!(
        why(&both),
        "variable c has one value in prod2.tfvars.json and another in test.tfvars; name one of them"
    );
}

#[test]
fn a_parameter_file_of_terraform_is_read_as_its_variables_are() {
    let text = in_task("cpu = var.sizes.cpu\nmemory = var.m") + "variable \"sizes\" {}\nvariable \"m\" {}\n";
    let files =
        files(&[("infra/main.tf", &text), ("infra/a.auto.tfvars", "sizes = { cpu = 256 }\nm = 512\n")]);
    let given = |path: &str, values: &str| {
        let file = SourceFile {
            path: Arc::new(PathBuf::from(path)),
            bytes: Arc::from(values.as_bytes()),
            named: true,
        };
        Inputs::from_parameter_file(&file)
    };
    let values = "sizes = { cpu = 1024 }\n";
    let inputs = given("envs/prod.tfvars", values).unwrap();
    let task = super::read(&files, &inputs).remove(1).tasks.remove(0);
    let Setting::Known { value, at, .. } = &task.cpu else { panic!("{:?}", task.cpu) };
    assert_eq!(
        (value.0, at.path.to_str(), &values[at.span.start..at.span.end]),
        (1024, Some("envs/prod.tfvars"), "1024")
    );
    assert_eq!(task.memory.known(), Some(&MemoryMib(512)));
    let inputs = given("prod.tfvars.json", r#"{"sizes": {"cpu": "2048"}, "m": 4096}"#).unwrap();
    assert_eq!(cpu_of(&files, &inputs).known(), Some(&CpuUnits(2048)));
    let error = given("prod.tfvars", "a = = 1\n").unwrap_err().to_string();
    assert!(error.starts_with("prod.tfvars:1:"), "{error}");
    assert!(given("prod.tfvars.json", "{").is_err());
}
