use std::{path::PathBuf, sync::Arc};

use proptest::prelude::*;

use super::*;

fn source(text: &str) -> SourceText {
    SourceText::from_text(Arc::new(PathBuf::from("t.json")), text)
}

fn value(text: &str) -> Value {
    let json = read(&source(text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(json.defects, [], "{text}");
    json.root.value
}

fn error(text: &str) -> (usize, usize, String, Option<&'static str>) {
    let source = source(text);
    let error = read(&source).expect_err(text);
    let hint = error.hint;
    let located = source.error(error);
    (located.line, located.column, located.message, hint)
}

/// Every scalar with the text at its span.
fn scalars<'a>(source: &'a SourceText, node: &Node, found: &mut Vec<(Value, &'a str)>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| scalars(source, item, found)),
        Value::Map(entries) => {
            for entry in entries {
                found.push((Value::String(entry.key.clone()), source.slice(entry.key_span)));
                scalars(source, &entry.value, found);
            }
        }
        value => found.push((value.clone(), source.slice(node.span))),
    }
}

#[test]
fn spans_are_those_of_the_literals() {
    let text = "\u{feff}{ \"é\" : [ 1.5e3, \"a\\n\\u00e9\\ud83d\\ude00\" ,true ], // c\r\n \"x\": ${cpu}, \"y\": null }\r\n";
    let source = source(text);
    let root = read(&source).unwrap().root;
    let mut found = Vec::new();
    scalars(&source, &root, &mut found);
    let string = |text: &str| Value::String(text.to_owned());
    assert_eq!(
        found,
        [
            (string("é"), "\"é\""),
            (Value::Number("1.5e3".to_owned()), "1.5e3"),
            (string("a\né😀"), "\"a\\n\\u00e9\\ud83d\\ude00\""),
            (Value::Bool(true), "true"),
            (string("x"), "\"x\""),
            (Value::Placeholder("${cpu}".to_owned()), "${cpu}"),
            (string("y"), "\"y\""),
            (Value::Null, "null"),
        ]
    );
    assert!(source.slice(root.span).starts_with('{') && source.slice(root.span).ends_with('}'));
}

#[test]
fn what_template_languages_leave_outside_of_quotes_is_a_placeholder() {
    for mark in [
        "<CPU>",
        "${cpu}",
        "${var.cpu * 2}",
        "{{ cpu }}",
        "{{ .Values.cpu | int }}",
        "$CPU",
        "@CPU@",
        "%CPU%",
        "__CPU__",
        "<%= cpu %>",
        "${a}${b}",
        "#{cpu}",
    ] {
        let Value::Map(entries) = value(&format!("{{\"a\": {mark}, \"b\": [{mark}, 1]}}")) else {
            panic!("{mark}")
        };
        assert_eq!(entries[0].value.value, Value::Placeholder(mark.to_owned()));
        assert_eq!(entries[1].value.items()[0].value, Value::Placeholder(mark.to_owned()));
    }
}

#[test]
fn directives_and_comments_are_passed_over() {
    let Value::Map(entries) = value(
        "{% set x = 1 %}\n{ # c\n /* c */ \"a\": 1, {{- if .Gpu }} \"b\": 2, {{ end }}\n%{ if x } \"c\": [{% for i in l %} 3 {% endfor %}] %{ endif }\n}",
    ) else {
        panic!("a map")
    };
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    let Value::Map(entries) = value("{ {{ shared_settings }} \"a\": 1, <MORE> }") else { panic!("a map") };
    assert_eq!(entries.len(), 1);
    assert_eq!(
        value("[{{command}}]"),
        Value::Seq(vec![Node {
            span: Span { start: 1, end: 12 },
            value: Value::Placeholder("{{command}}".to_owned()),
        }])
    );
}

#[test]
fn a_comma_too_many_and_what_follows_the_end_are_told_beside_what_was_read() {
    for (text, line, column, message) in [
        ("{\n\"a\": [1, 2,],\n}", 2, 11, "a comma stands before the closing bracket"),
        ("{\"a\": 1}\n}", 2, 1, "something stands after the end"),
    ] {
        let source = source(text);
        let json = read(&source).unwrap();
        assert!(json.root.get("a").is_some());
        let defect = source.error(json.defects[0].clone());
        assert_eq!((defect.line, defect.column), (line, column), "{text}");
        assert!(defect.message.starts_with(message), "{defect}");
    }
}

#[test]
fn what_is_not_json_is_told_with_its_place_and_a_hint() {
    for (text, line, column, message, hint) in [
        ("", 1, 1, "the text ends where a value is expected", "close what is open"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, "a comma is missing before this key", ""),
        ("{\n  ...\n}", 2, 3, "a key in double quotes, or } is expected", "dots stand for"),
        ("{\"a\": integer}", 1, 7, "a value is expected", "double quotes"),
        ("{'a': 1}", 1, 2, "a key in double quotes", "double quotes"),
        ("{\"a\": \"b\n\"}", 1, 7, "this string is not closed on its line", "closing quote"),
        ("{\"a\": [1, 2\n", 1, 7, "this [ is never closed", "close it"),
        ("{\"a\": [1 2]}", 1, 10, "a comma or ] is expected", ""),
        ("{\"a\" 1}", 1, 6, "a colon is expected", ""),
        ("{\"a\": \"\\q\"}", 1, 8, "not an escape", "backslash"),
        ("{\"a\": \"\t\"}", 1, 8, "a control character", "\\t"),
        ("{\"a\": 01}", 1, 7, "a value is expected", ""),
        ("{\"a\": {{ cpu }", 1, 7, "a value is expected", "placeholder"),
        ("{,}", 1, 2, "a key in double quotes", ""),
    ] {
        let (found_line, found_column, found, found_hint) = error(text);
        assert_eq!((found_line, found_column), (line, column), "{text}: {found}");
        assert!(found.starts_with(message), "{text}: {found}");
        assert!(found_hint.unwrap_or_default().contains(hint), "{text}: {found_hint:?}");
    }
}

#[test]
fn deep_and_wide_texts_are_refused() {
    for text in [
        "[".repeat(10_000),
        "{\"a\":".repeat(10_000),
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        assert_eq!(error(&text).2, "nested more than 128 levels deep");
    }
    assert!(error(&format!("[{}1]", "1,".repeat(MAX_NODES))).2.contains("more than 500000 values"));
    value(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)));
}

fn compare(ours: &Node, oracle: &serde_json::Value) -> bool {
    match (&ours.value, oracle) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::Number(a), serde_json::Value::Number(b)) => {
            a.parse::<f64>().ok().map(f64::to_bits) == b.as_f64().map(f64::to_bits)
        }
        (Value::String(a), serde_json::Value::String(b)) => a == b,
        (Value::Seq(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| compare(a, b))
        }
        (Value::Map(a), serde_json::Value::Object(b)) => {
            b.iter()
                .all(|(key, b)| a.iter().rev().find(|e| e.key == *key).is_some_and(|a| compare(&a.value, b)))
                && a.iter().all(|a| b.contains_key(&a.key))
        }
        _ => false,
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        // Quarters, which any reader of numbers gives exactly.
        any::<i16>().prop_map(|quarters| (f64::from(quarters) / 4.0).into()),
        "\\PC{0,12}|[\"\\\\\n\t<>{}$%é😀]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            prop::collection::btree_map("\\PC{0,6}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn valid_json_is_read_as_serde_reads_it_and_spans_slice_to_it(json in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
        let source = source(&text);
        let read = read(&source).unwrap();
        prop_assert!(compare(&read.root, &json), "{text}");
        let mut found = Vec::new();
        scalars(&source, &read.root, &mut found);
        for (value, literal) in found {
            let again: serde_json::Value = serde_json::from_str(literal).unwrap();
            prop_assert!(compare(&Node { span: Span { start: 0, end: 0 }, value }, &again), "{literal}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused_inside_of_it(text in "[{}\\[\\],:\"\\\\a1<>$%/*#.\n é]{0,60}|[\\s\\S]{0,60}") {
        match read(&source(&text)) {
            Ok(json) => prop_assert!(json.root.span.end <= text.len()),
            Err(error) => prop_assert!(error.offset <= text.len()),
        }
        // What serde takes, this takes, without a defect.
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert!(read(&source(&text)).is_ok_and(|json| json.defects.is_empty()), "{text}");
        }
    }
}
