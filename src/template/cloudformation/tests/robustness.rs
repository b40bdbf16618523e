//! Templates that are broken, hostile or without end.

use proptest::prelude::*;

use super::*;

#[test]
fn references_without_end_come_to_an_end() {
    let mut conditions = String::new();
    for level in 0..2_000 {
        let next = level + 1;
        writeln!(conditions, "  C{level}: !And [!Condition C{next}, !Condition C{next}]").unwrap();
    }
    let mut nested = "256".to_owned();
    for _ in 0..110 {
        nested = format!("!If [A, 1, {nested}]");
    }
    let text = format!(
        "Conditions:\n  A: !Equals [a, b]\n{conditions}Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Cpu: !If [C0, 1, 2]\n      Memory: {nested}\n"
    );
    let task = task_with(&text, &Inputs::default());
    assert!(
        matches!(&task.cpu, Setting::Unresolved { why, .. } if why.contains("too deeply")),
        "{:?}",
        task.cpu
    );
    assert!(
        matches!(&task.memory, Setting::Unresolved { why, .. } if why.contains("follow on each other")),
        "{:?}",
        task.memory
    );
}

/// Each is some kilobytes long, and would come to hours or to many gigabytes.
#[test]
fn what_repeats_itself_within_itself_comes_to_an_end() {
    let mut joined = "'256'".to_owned();
    for _ in 0..40 {
        joined = format!("!Join ['', [{joined}]]");
    }
    assert_eq!(task_with(&with_cpu(&joined), &Inputs::default()).cpu.known(), Some(&CpuUnits(256)));

    let long = "x".repeat(100_000);
    let repeated = |what: &str| format!("[{}'']", format!("{what}, ").repeat(10_000));
    for expression in [
        format!("!Sub ['{}', {{A: '{long}'}}]", "${A}".repeat(10_000)),
        format!("!Join ['{long}', {}]", repeated("a")),
        format!("!Join ['', {}]", repeated("!Ref Long")),
        format!("!Join ['', {}]", repeated("!FindInMap [Long, a, b]")),
        format!("!Join ['', {}]", repeated("!Select [0, !Ref Items]")),
        format!("!Join ['', {}]", repeated("!Select [0, !Split [',', !Ref Commas]]")),
    ] {
        let text = with_cpu(&expression)
            .replace("Parameters:\n", &format!(
                "Parameters:\n  Long: {{Type: String, Default: '{long}'}}\n  Commas: {{Type: String, Default: '{commas}'}}\n  \
                 Items: {{Type: CommaDelimitedList, Default: '{commas}'}}\n",
                commas = ",".repeat(100_000)
            ))
            .replace("Mappings:\n", &format!("Mappings:\n  Long: {{a: {{b: '{long}'}}}}\n"));
        let task = task_with(&text, &Inputs::default());
        let Setting::Unresolved { why, .. } = &task.cpu else { panic!("{:?}", task.cpu) };
        assert!(why.contains("too much text"), "{why}");
    }
}

proptest! {
    #[test]
    fn mutated_templates_are_read_or_refused_and_places_slice_their_text(
        changes in prop::collection::vec((0..FLEET.len(), "[ -~\né]"), 1..5),
    ) {
        let mut characters: Vec<char> = FLEET.chars().collect();
        for (at, with) in changes {
            characters[at] = with.chars().next().unwrap();
        }
        let text: String = characters.into_iter().collect();
        let read = read_all(&[file("t", &text)], &Inputs::default());
        for file in read.files {
            for task in &file.tasks {
                let places = [task.cpu.place(), task.memory.place(), task.family.place(), Some(&task.at)];
                for place in places.into_iter().flatten() {
                    prop_assert!(text.get(place.span.start..place.span.end).is_some());
                }
                if let Setting::Known { value, at, .. } = &task.cpu {
                    // A literal that says it says it again.
                    let literal = text[at.span.start..at.span.end].trim_matches(['"', '\'']);
                    let again = crate::workload::parse_cpu(literal).ok();
                    prop_assert!(again.is_none_or(|again| again == *value), "{literal}");
                }
            }
        }
    }
}
