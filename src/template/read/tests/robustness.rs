//! Files that are broken or hostile.

use std::time::Instant;

use proptest::prelude::*;

use super::*;

#[test]
fn hostile_files_are_refused_in_time_and_memory() {
    let wide = format!("{{\"containerDefinitions\": [{}{{}}]}}", "{},".repeat(200_000));
    let resources = format!(
        "{{\"Resources\": {{{}\"z\": 1}}}}",
        "\"a\": {\"Type\": \"AWS::ECS::TaskDefinition\"},".repeat(100_000)
    );
    for (text, message) in [
        (format!("{{\"containerDefinitions\": {}", "[".repeat(10_000)), "nested more than 128 levels deep"),
        (format!("containerDefinitions: {}", "[".repeat(10_000)), "nested more than 128 levels deep"),
        (wide, "more than 100 of them; ECS takes ten"),
        (resources, "more than 1000 resources"),
        (" ".repeat(17 * 1024 * 1024) + FULL, "more than 16 MiB; such templates are not read"),
    ] {
        let started = Instant::now();
        let read = read_all(&[file("t", text.as_bytes(), true)], &Inputs::default());
        let error =
            read.files.first().and_then(|file| file.error.clone()).or(read.unknown.first().cloned()).unwrap();
        assert!(error.to_string().contains(message), "{error}");
        assert!(started.elapsed().as_secs() < 10, "{message}: {:?}", started.elapsed());
    }
}

proptest! {
    #[test]
    fn a_mutated_definition_is_read_or_refused_with_a_place(
        changes in prop::collection::vec((0..FULL.len(), any::<u8>()), 1..6),
        cut in 0..FULL.len(),
        cut_it: bool,
        named: bool,
    ) {
        let mut bytes = FULL.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if cut_it {
            bytes.truncate(cut);
        }
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let read = read_all(&[file("t", &bytes, named)], &Inputs::default());
        let told = read.files.len() + read.unknown.len() + read.without.len();
        prop_assert_eq!(told + usize::try_from(read.ignored).unwrap(), 1);
        for error in read.files.iter().filter_map(|file| file.error.as_ref()).chain(&read.unknown) {
            prop_assert!((1..=lines).contains(&error.line), "{}", error);
        }
        for file in &read.files {
            for place in file.tasks.iter().filter_map(|task| task.memory.place()) {
                prop_assert!(file.text.get(place.span.start..place.span.end).is_some());
            }
        }
    }

    #[test]
    fn any_value_in_any_place_is_read_or_refused(
        field in prop::sample::select(vec![
            "cpu", "memory", "family", "tags", "volumes", "runtimePlatform", "ephemeralStorage",
            "containerDefinitions", "requiresCompatibilities", "placementConstraints", "networkMode",
        ]),
        value in prop::sample::select(vec![
            "null", "true", "0", "-1", "1.5", "1e308", "18446744073709551615", "\"\"", "\"x\"", "[]", "{}", "<X>",
            "[null]", "[[]]", "[{}]", "{\"sizeInGiB\": []}", "{\"cpuArchitecture\": 1}", "[{\"memory\": {}}]", "[{{ x }}]",
            "[{\"environment\": {\"a\": 1}, \"command\": [[1], {}], \"resourceRequirements\": [{\"type\": \"GPU\"}]}]",
        ]),
    ) {
        let text = format!("{{\"{field}\": {value}, \"containerDefinitions\": [], \"{field}\": {value}}}");
        let file = read_text(&text);
        if let Some(task) = file.tasks.first() {
            let _ = task.definition().map(|definition| definition.requested());
        }
    }
}
