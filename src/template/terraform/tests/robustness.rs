use proptest::prelude::*;

use super::*;

const TEXT: &str = "\u{feff}variable \"cpu\" {\r\n  type = number\r\n  default = 256\r\n}\r\nlocals {\r\n  é = { a = [1, \"x\"], b = true }\r\n}\r\nresource \"aws_ecs_task_definition\" \"app\" {\r\n  cpu = var.cpu * 2\r\n  memory = \"${local.é.b ? 512 : 1024}\"\r\n  container_definitions = <<-EOF\r\n    [{\"name\": \"é\", \"cpu\": ${var.cpu}, \"memory\": 64}]\r\n  EOF\r\n  dynamic \"volume\" {\r\n    for_each = [for v in [\"a\"] : upper(v)]\r\n    content {\r\n      name = volume.value\r\n    }\r\n  }\r\n}\r\n";

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_move_places() {
    let texts = [("main.tf", TEXT)];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(known(&texts, &task.cpu), (CpuUnits(512), "var.cpu * 2".to_owned(), None));
    assert_eq!(known(&texts, &task.memory).1, "512");
    let container = &task.containers[0];
    assert_eq!(
        known(&texts, &container.cpu),
        (CpuUnits(256), "256".to_owned(), Some("${var.cpu}".to_owned()))
    );
    assert_eq!(known(&texts, &container.memory).1, "64");
    assert_eq!(known(&texts, &container.name).1, "\"é\"");
}

#[test]
fn what_is_no_hcl_is_an_error_with_its_place_and_a_hint() {
    let cases = [
        ("cpu = {{ cpu }}", 2, 15, "object", Some("placeholder")),
        ("cpu = <CPU>", 2, 7, "a value is expected", Some("placeholder")),
        ("cpu = '256'", 2, 7, "expression", Some("double quotes")),
        ("cpu = \"256", 2, 7, "not closed on its line", Some("closing quote")),
        ("cpu = [1", 2, 7, "not closed where", Some("close it")),
        ("cpu = 1 2", 2, 9, "newline", None),
    ];
    for (body, line, column, message, hint) in cases {
        let read = read(&files(&[("main.tf", &in_task(body))]), &Inputs::default());
        let error = read[0].error.as_ref().expect(body);
        assert_eq!((error.line, error.column), (line, column), "{body}: {error}");
        assert!(error.message.contains(message), "{body}: {error}");
        let given = error.hint.as_deref().unwrap_or_default();
        assert!(hint.is_none_or(|hint| given.contains(hint)), "{body}: {given}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_long_chains_are_unresolved() {
    use std::fmt::Write as _;
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", " }"),
        ("\"${", "}\""),
        ("f(", ")"),
        ("!", ""),
        ("-", ""),
        ("x ? 1 : ", ""),
    ] {
        let text = in_task(&format!("cpu = {}1{}", open.repeat(10_000), close.repeat(10_000)));
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        assert!(read[0].error.is_some(), "{open}");
        // As deep as the parser lets pass.
        let text = in_task(&format!("cpu = {}1{}", open.repeat(55), close.repeat(55)));
        super::read(&files(&[("main.tf", &text)]), &Inputs::default());
    }
    for step in [
        "local.NAME",
        "[[[[[local.NAME]]]]][0][0][0][0][0]",
        "((((((((local.NAME))))))))",
        "[local.NAME]",
        "\"${local.NAME}[\"",
        "jsonencode(local.NAME)",
    ] {
        let mut text = in_task("cpu = local.n0\ncontainer_definitions = local.n0");
        text.push_str("locals {\n");
        for index in 0..1_000 {
            writeln!(text, "  n{index} = {}", step.replace("NAME", &format!("n{}", index + 1))).unwrap();
        }
        text.push_str("  n1000 = 256\n}\n");
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        assert_eq!(read[0].tasks[0].cpu.known(), None, "{step}");
    }
}

#[test]
fn many_of_anything_take_no_longer_than_they_are_long() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<String>();
    let interpolations = list(220, &|_| format!("[{}1],", "${1},".repeat(90)));
    let map = |name: &str| format!("{name} = {{\n{}}}\n", list(1900, &|nth| format!("{name}{nth} = 1\n")));
    for text in [
        list(2000, &|nth| {
            format!(
                "resource \"aws_ecs_task_definition\" \"t{nth}\" {{}}\nresource \"aws_ecs_service\" \"s{nth}\" {{}}\n"
            )
        }),
        in_task(&format!("container_definitions = <<E\n[{{\"x\": [{interpolations} 1]}}]\nE\n")),
        format!(
            "locals {{\n{}{}{}}}\n{}",
            map("a"),
            map("b"),
            list(1500, &|nth| format!("m{nth} = merge(local.a, local.b)\n")),
            in_task(&format!("cpu = length([{}])", list(1500, &|nth| format!("local.m{nth},"))))
        ),
    ] {
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        assert!(!read[0].tasks.is_empty());
    }
}

/// Each is some kilobytes long, and would come to hours or to many gigabytes.
#[test]
fn what_repeats_itself_within_itself_comes_to_an_end() {
    // Each level has the one before twice.
    let levels = |first: &str, step: &str| {
        let level =
            |nth: usize| format!("l{} = {}\n", nth + 1, step.replace("NAME", &format!("local.l{nth}")));
        format!("locals {{\nl0 = {first}\n{}}}\n", (0..60).map(level).collect::<String>())
    };
    let list = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<String>();
    let splats = "[*]".repeat(60);
    let lists = format!("{}string{}", "list(".repeat(55), ")".repeat(55));
    let long = format!("locals {{\nlong = \"{}\"\n", "x".repeat(20_000));
    let often = |what: &str| format!("{what}, ").repeat(5_000);
    for text in [
        format!("{}{}", levels("[]", "[NAME, NAME]"), in_task("cpu = length(flatten(local.l60))")),
        format!("{}{}", levels("\"\"", "\"${NAME}${NAME}\""), in_task("cpu = \"256${local.l60}\"")),
        format!("{}{}", levels("[]", "[NAME, NAME]"), in_task(&format!("cpu = length(local.l60{splats})"))),
        format!(
            "{}variable \"v\" {{\n  type = {lists}\n  default = local.l60\n}}\n{}",
            levels("[]", "[NAME, NAME]"),
            in_task("cpu = length(var.v)")
        ),
        format!("{long}all = [{}]\n}}\n{}", often("1"), in_task("cpu = length(join(local.long, local.all))")),
        format!(
            "{long}}}\n{}",
            in_task(&format!("cpu = length(format(\"{}\", {}))", "%s".repeat(5_000), often("local.long")))
        ),
        format!(
            "{long}json = \"[{}1]\"\nall = [{}]\n}}\n{}",
            "1,".repeat(20_000),
            often("length(jsondecode(local.json))"),
            in_task("cpu = length(local.all)")
        ),
        format!("{long}all = [{}]\n}}\n{}", often("upper(local.long)"), in_task("cpu = length(local.all)")),
        format!(
            "{long}all = {{{}}}\n}}\n{}",
            list(1_900, &|nth| format!("\"${{local.long}}{nth}\" = 1\n")),
            in_task("cpu = length(local.all)")
        ),
        format!(
            "{long}}}\n{}",
            in_task(&format!("container_definitions = jsonencode([{{ cpu = [{}] }}])", often("local.long")))
        ),
        format!(
            "{long}tags = {{ {} }}\n}}\n{}",
            list(1_000, &|nth| format!("t{nth} = local.long, ")),
            list(1_000, &|nth| in_task("tags = local.tags").replace("app", &format!("t{nth}")))
        ),
        format!(
            "{long}all = \"[{}1]\"\n}}\n{}",
            "[${length(local.long)}], ".repeat(2_000),
            in_task("count = 200\ncontainer_definitions = \"${local.all}${local.all}\"")
        ),
    ] {
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        assert_eq!(read[0].error, None);
        for task in &read[0].tasks {
            let kept: usize = task.tags.values().map(String::len).sum();
            assert!(kept < 20_000_000 && task.containers.len() < 2, "{kept}");
        }
        let kept: usize = read[0].tasks.iter().flat_map(|task| task.tags.values()).map(String::len).sum();
        assert!(kept <= 20_000_000, "{kept}");
    }
}

#[test]
fn what_modules_may_cost_is_shared_by_all_calls() {
    let levels = |nth: usize| format!("l{} = [local.l{nth}, local.l{nth}]\n", nth + 1);
    let costly = format!(
        "locals {{\nl0 = []\n{}}}\n{}",
        (0..60).map(levels).collect::<String>(),
        in_task("cpu = length(flatten(local.l60))")
    );
    let calls = "module \"m\" {\n  source = \"./m\"\n  count = 200\n}\n";
    let read = read(&files(&[("main.tf", calls), ("m/main.tf", &costly)]), &Inputs::default());
    let tasks: Vec<_> = read.iter().flat_map(|file| &file.tasks).collect();
    assert_eq!(tasks.len(), 200);
    assert!(tasks.iter().all(|task| why(&task.cpu).contains("take too much")));
}

#[test]
fn what_is_no_json_is_placed_at_a_whole_character() {
    let text = in_task("container_definitions = <<E\n{ é }\nE");
    let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
    let (_, at) = read[0].tasks[0].containers_unresolved.as_ref().expect("no JSON");
    assert_eq!(text.get(at.span.start..at.span.end), Some("é"));
}

#[test]
fn prose_that_quotes_terraform_is_none() {
    assert!(recognise(in_task("").as_bytes()));
    assert!(recognise(b"  resource\t\"aws_ecs_service\" \"a\" {\n"));
    assert!(!recognise(b"Write:\n```\nresource \"aws_ecs_service\" \"a\" {}\n```\n"));
    assert!(!recognise(b"// see resource \"aws_ecs_service\"\n"));
    assert!(!recognise(b"{\"resource_changes\": \"aws_ecs_service\"}"));
}

#[test]
fn what_is_too_large_is_an_error() {
    let text = format!("{}# {}\n", in_task("cpu = 256"), "x".repeat(1024 * 1024));
    let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
    assert!(read[0].error.as_ref().is_some_and(|error| error.message.contains("1 MiB")));
}

/// A text with some of it taken out, put in or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "${",
        "%{ if ",
        "<<E\n",
        "\nE\n",
        "=",
        ",",
        "\n",
        "\\",
        "é",
        "var.",
        "local.é",
        "*",
        ".",
        "[*]",
        "null",
        "9999999999999999999999999999999999",
        "\u{feff}",
        "/*",
        "#",
        "for x in ",
        "? 1 : ",
    ]);
    let change = (0..TEXT.len(), 0..20_usize, piece);
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut text = TEXT.to_owned();
        for (at, length, piece) in changes {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
            text.replace_range(start..end, piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_changed_is_read_or_refused_in_place(text in mutated()) {
        let read = read(&files(&[("main.tf", &text)]), &Inputs::default());
        for file in read {
            if let Some(error) = &file.error {
                prop_assert!(error.line <= text.matches('\n').count() + 1);
            }
            for task in &file.tasks {
                let cpu = task.cpu.place().into_iter();
                let containers = task.containers.iter().flat_map(|container| {
                    [Some(&container.at), container.cpu.place(), container.memory.place(), container.name.place()]
                });
                for place in cpu.chain(task.memory.place()).chain([&task.at]).chain(containers.flatten()) {
                    prop_assert!(text.get(place.span.start..place.span.end).is_some(), "{place:?}");
                }
                // A number in place is what its span says.
                for setting in task.containers.iter().map(|container| &container.memory) {
                    if let Setting::Known { value, at, used_at: None } = setting {
                        let written = &text[at.span.start..at.span.end];
                        if let Ok(number) = written.trim_matches('"').parse::<u32>() {
                            prop_assert_eq!(number, value.0);
                        }
                    }
                }
            }
        }
    }
}
