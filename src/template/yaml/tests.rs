use std::{fmt::Write as _, path::PathBuf, sync::Arc, time::Instant};

use proptest::prelude::*;

use super::*;

fn source(text: &str) -> SourceText {
    SourceText::from_text(Arc::new(PathBuf::from("t.yaml")), text)
}

fn root(text: &str) -> Node {
    let mut documents = read(&source(text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

/// What stands at the end of a path of keys and indexes.
fn at<'a>(node: &'a Node, path: &str) -> &'a Node {
    path.split('.').fold(node, |node, step| match step.parse::<usize>() {
        Ok(index) => &node.items()[index],
        Err(_) => node.get(step).unwrap_or_else(|| panic!("{path}: no {step}")),
    })
}

#[test]
fn spans_are_those_of_the_literals() {
    let text = "\u{feff}# c é\r\na: 256 # c\r\n\"é\": 'it''s'\r\nlist:\r\n- \"x\\ty\"\r\n- plain text  \r\n-   b:  ~\r\n    c: &x !Ref Cpu\r\nflow: {k: [1, !Sub \"${A}\"]} # c\r\nempty:\r\ntagged: !GetAtt\r\n  - A\r\n  - B\r\nblock: |\r\n  line\r\nlast: 0.5\r\n";
    let source = source(text);
    let root = read(&source).unwrap().remove(0);
    for (path, literal) in [
        ("a", "256"),
        ("é", "'it''s'"),
        ("list.0", "\"x\\ty\""),
        ("list.1", "plain text"),
        ("list.2", "b:  ~\r\n    c: &x !Ref Cpu"),
        ("list.2.b", "~"),
        ("list.2.c", "&x !Ref Cpu"),
        ("flow", "{k: [1, !Sub \"${A}\"]}"),
        ("flow.k", "[1, !Sub \"${A}\"]"),
        ("flow.k.1", "!Sub \"${A}\""),
        ("empty", ""),
        ("tagged", "!GetAtt\r\n  - A\r\n  - B"),
        ("last", "0.5"),
    ] {
        assert_eq!(source.slice(at(&root, path).span), literal, "{path}");
    }
    let Value::Tagged(tag, inner) = &at(&root, "list.2.c").value else { panic!("a tag") };
    assert_eq!((tag.as_str(), source.slice(inner.span)), ("!Ref", "Cpu"));
    let Value::Tagged(_, inner) = &at(&root, "tagged").value else { panic!("a tag") };
    assert_eq!(source.slice(inner.span), "- A\r\n  - B");
    assert_eq!(at(&root, "é").as_str(), Some("it's"));
    assert_eq!(at(&root, "block").as_str(), Some("line\n"));
    let keys: Vec<&str> = root.entries().iter().map(|entry| source.slice(entry.key_span)).collect();
    assert_eq!(keys, ["a", "\"é\"", "list", "flow", "empty", "tagged", "block", "last"]);
}

#[test]
fn line_ends_of_any_kind_leave_the_spans_true() {
    for newline in ["\n", "\r\n", "\r"] {
        let text = ["a: 1 # é", "b:", "  - 'x' # é", "  - {c: 2}", "", "d: y z"].join(newline);
        let source = source(&text);
        let root = read(&source).unwrap().remove(0);
        for (path, literal) in [("a", "1"), ("b.0", "'x'"), ("b.1", "{c: 2}"), ("b.1.c", "2"), ("d", "y z")] {
            assert_eq!(source.slice(at(&root, path).span), literal, "{newline:?} {path}");
        }
    }
}

#[test]
fn scalars_have_the_types_of_the_core_schema() {
    let root = root("a: 256\nb: '256'\nc: yes\nd: true\ne: ~\nf: .5\ng: 1.5.2\nh: -3\ni: !!str 7\nj: 1e3\n");
    let string = |text: &str| Value::String(text.to_owned());
    let number = |text: &str| Value::Number(text.to_owned());
    for (key, value) in [
        ("a", number("256")),
        ("b", string("256")),
        ("c", string("yes")),
        ("d", Value::Bool(true)),
        ("e", Value::Null),
        ("f", number(".5")),
        ("g", string("1.5.2")),
        ("h", number("-3")),
        ("i", string("7")),
        ("j", string("1e3")),
    ] {
        assert_eq!(at(&root, key).value, value, "{key}");
    }
}

#[test]
fn aliases_and_merges_give_what_they_stand_for_where_it_is_written() {
    let text = "base: &base\n  cpu: 256\n  memory: 512\nmore: &more {memory: 1, tags: x}\nweb:\n  <<: *base\n  memory: 1024\nboth:\n  <<: [*base, *more]\nlist: [*base]\n";
    let source = source(text);
    let root = read(&source).unwrap().remove(0);
    assert_eq!(source.slice(at(&root, "web.cpu").span), "256");
    assert_eq!(at(&root, "web.cpu").span.start, text.find("256").unwrap());
    assert_eq!(at(&root, "web.memory").scalar(), Some("1024"));
    assert_eq!(at(&root, "both.memory").scalar(), Some("512"), "of several, the first wins");
    assert_eq!(at(&root, "both.tags").scalar(), Some("x"));
    assert_eq!(source.slice(at(&root, "web").span), "<<: *base\n  memory: 1024");
}

#[test]
fn documents_of_one_file_are_read_one_by_one() {
    let documents = read(&source("a: 1\n---\nb: &x 2\n---\n- 3\n")).unwrap();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[1].get("b").and_then(Node::scalar), Some("2"));
}

#[test]
fn lines_of_template_languages_do_not_stop_it() {
    let text = "{% if prod %}\na: {{ cpu }}\n{% endif %}\nb: \"{{ memory }}\"\n{{- range .Items }}\nc: x{{ y }}z\n{{- end }}\nd: ${D}\ne: é\n";
    let source = source(text);
    let root = read(&source).unwrap().remove(0);
    assert_eq!(at(&root, "a").value, Value::Placeholder("{{ cpu }}".to_owned()));
    assert_eq!(at(&root, "b").as_str(), Some("{{ memory }}"));
    assert_eq!(at(&root, "c").value, Value::Placeholder("x{{ y }}z".to_owned()));
    assert_eq!(at(&root, "d").as_str(), Some("${D}"));
    assert_eq!(source.slice(at(&root, "e").span), "é");
    // Where it happens to be YAML, too.
    let alone = self::root("a: {{ cpu }}\nb: [{{ c }}]\n");
    assert_eq!(at(&alone, "a").value, Value::Placeholder("{{ cpu }}".to_owned()));
    assert_eq!(at(&alone, "b.0").value, Value::Placeholder("{{ c }}".to_owned()));
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    for (text, line, column, hint) in [
        ("a:\n  b: 1\n c: 2\n", 3, 2, ""),
        ("a: [1, 2\nb: 3\n", 2, 2, ""),
        ("a:\n\tb: 1\n", 2, 2, "not by tabs"),
        ("a: @x\n", 1, 4, "in quotes"),
        ("a: *nothing\n", 1, 4, ""),
        ("a: \"x\n", 1, 4, ""),
    ] {
        let source = source(text);
        let error = read(&source).expect_err(text);
        let found_hint = error.hint.unwrap_or_default();
        let error = source.error(error);
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(error.message.starts_with("not valid YAML: "), "{error}");
        assert!(found_hint.contains(hint), "{text}: {found_hint}");
    }
}

#[test]
fn bombs_are_refused_within_a_second() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let previous = format!("*a{}", level - 1);
        let list = vec![previous; 9].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{list}]").unwrap();
    }
    let repeated = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 50_000].join(", "));
    let merges = {
        let mut text = "m0: &m0 {a: 1, b: 2}\n".to_owned();
        for level in 1..40 {
            let previous = level - 1;
            writeln!(text, "m{level}: &m{level} {{<<: [*m{previous}, *m{previous}], k{level}: 1}}").unwrap();
        }
        text
    };
    let itself = "a: &a [*a]\n".to_owned();
    let deep_flow = "[".repeat(10_000);
    let deep_block = (0..5_000).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
    let dashes = format!("{}x", "- ".repeat(10_000));
    let templated = format!("{{% x %}}\n{laughs}");
    for text in [laughs, repeated, merges, itself, deep_flow, deep_block, dashes, templated] {
        let started = Instant::now();
        let error = read(&source(&text)).expect_err("a bomb");
        assert!(error.offset <= text.len());
        assert!(started.elapsed().as_secs() < 5, "{} took {:?}", error.message, started.elapsed());
    }
}

const TEMPLATE: &str = "Parameters:\n  Cpu: {Type: String, Default: \"256\"}\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: &p\n      Cpu: !Ref Cpu\n      Memory: '0.5 GB' # é\n      <<: *p2\n      List:\n        - !Sub [\"${A}-x\", {A: 1}]\n        - |\n          text\n";

/// Whether every span lies in the text, in whole characters, children inside of maps of the same place.
fn sound(source: &SourceText, node: &Node) -> bool {
    let inside = source.text.get(node.span.start..node.span.end).is_some();
    inside
        && match &node.value {
            Value::Seq(items) => items.iter().all(|item| sound(source, item)),
            Value::Map(entries) => entries.iter().all(|e| {
                source.text.get(e.key_span.start..e.key_span.end).is_some() && sound(source, &e.value)
            }),
            Value::Tagged(_, inner) => sound(source, inner),
            Value::Number(text) => source.slice(node.span) == text,
            _ => true,
        }
}

proptest! {
    #[test]
    fn plain_and_quoted_scalars_slice_to_what_was_written(
        values in prop::collection::vec(prop_oneof![
            "[a-z0-9é😀]{1,8}",
            "'[a-z0-9é \u{85}:#]{0,8}'",
            "\"[a-z0-9é :#]{0,8}\"",
        ], 1..8),
        crlf: bool,
        comments: bool,
    ) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let comment = if comments { "  # é 😀" } else { "" };
        let mut text = String::new();
        for (index, value) in values.iter().enumerate() {
            write!(text, "k{index}: !Tag  {value}{comment}{newline}{comment}{newline}").unwrap();
        }
        let source = source(&text);
        let root = read(&source).unwrap().remove(0);
        for (entry, value) in root.entries().iter().zip(&values) {
            let Value::Tagged(_, inner) = &entry.value.value else { panic!("a tag") };
            prop_assert_eq!(source.slice(inner.span), value);
            prop_assert_eq!(source.slice(entry.value.span), format!("!Tag  {value}"));
        }
    }

    #[test]
    fn mutated_templates_are_read_with_sound_spans_or_refused_with_a_place(
        changes in prop::collection::vec((0..TEMPLATE.len(), "[ -~\n\tté]"), 1..6),
    ) {
        let mut characters: Vec<char> = TEMPLATE.chars().collect();
        for (at, with) in changes {
            let at = at % characters.len();
            characters[at] = with.chars().next().unwrap();
        }
        let text: String = characters.into_iter().collect();
        let source = source(&text);
        match read(&source) {
            Ok(documents) => prop_assert!(documents.iter().all(|root| sound(&source, root)), "{text}"),
            Err(error) => prop_assert!(error.offset <= text.len()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a:{}\\[\\]!&*|>'\"#%@ \n\t\r,?<é]{0,40}|[\\s\\S]{0,40}") {
        let source = source(&text);
        match read(&source) {
            Ok(documents) => prop_assert!(documents.iter().all(|root| sound(&source, root)), "{text:?}"),
            Err(error) => prop_assert!(error.offset <= text.len()),
        }
    }
}
