//! Fingerprints, and the findings that a baseline knows.

use super::*;

#[test]
fn no_two_findings_have_one_fingerprint() {
    let waiver = |family: &str| {
        format!(
            "[[waiver]]\nrule = \"untagged\"\nmatch = {{ family = \"{family}\" }}\nreason = \"r\"\nowner = \
             \"o\"\nexpires = 2026-12-31\n"
        )
    };
    let prints = |toml: String| -> Vec<String> {
        Given::of(task(1024, 2048)).set(&toml).judged().findings.into_iter().map(|f| f.fingerprint).collect()
    };
    let all = prints(waiver("a") + &waiver("b") + &waiver("b"));
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{all:?}");
    // Nor does it depend on what stands before it.
    assert_eq!(prints(waiver("b")), all[1..2]);

    // Of what is said of cpu and memory, each is itself.
    let unresolved = |cpu: bool| {
        let mut task = task(256, 512);
        task.memory = Setting::Unresolved { why: "elsewhere".into(), at: place(4) };
        if cpu {
            task.cpu = Setting::Unresolved { why: "elsewhere".into(), at: place(3) };
        }
        Given::of(task).judged().findings.into_iter().map(|f| f.fingerprint).collect::<Vec<_>>()
    };
    assert_eq!(unresolved(false), unresolved(true)[1..]);
}

#[test]
fn a_baseline_knows_what_concerns_no_template_too() {
    let mut given = Given::of(task(1024, 2048)).running_as(production(1));
    given.settings.stale_after_days = 1;
    given.end = "2026-10-01T00:00:00Z";
    let found = given.judged().findings;
    assert_eq!((found.len(), found[0].known), (1, false));
    given.baseline = Some(Baseline::of(&found));
    assert!(given.judged().findings[0].known);
}

#[test]
fn a_baseline_is_read_back_and_knows_its_findings() {
    let judgement = Given::of(task(256, 4096)).judged();
    let baseline = Baseline::of(&judgement.findings);
    let read = Baseline::from_json(baseline.to_json().as_bytes()).unwrap();
    assert_eq!(read, baseline);
    let mut given = Given::of(task(256, 4096));
    given.baseline = Some(read);
    assert!(given.judged().findings[0].known);
    let error = Baseline::from_json(b"{\"version\": 9, \"findings\": {}}").unwrap_err();
    assert_eq!(error, BaselineError::Version(9));
    assert!(Baseline::from_json(b"[").is_err());
}

#[test]
fn what_is_worse_than_the_baseline_has_it_is_new() {
    let given = |memory, tasks| Given::of(task(1024, memory)).running_as(production(tasks));
    let baseline = Baseline::of(&given(8192, 1).judged().findings);
    let known = |memory, tasks, baseline: &Baseline| {
        let mut given = given(memory, tasks);
        given.baseline = Some(baseline.clone());
        let found = given.judged().findings;
        let found: Vec<_> = found.iter().filter(|f| f.rule == Rule::MemoryOverprovisioned).collect();
        assert_eq!(found.len(), 1);
        found[0].known
    };
    assert!(known(8192, 1, &baseline));
    assert!(!known(7168, 9, &baseline), "less for each of more tasks is more in all");
    assert!(known(7168, 1, &baseline), "better");
    // The template is as it was; production grew.
    assert!(known(8192, 9, &baseline));
    // Read back, it is the same.
    let read = Baseline::from_json(baseline.to_json().as_bytes()).unwrap();
    assert!(!known(7168, 9, &read) && known(8192, 1, &read));

    // Too little is worse the less there is, which no money tells.
    let short = |memory| Given::of(task(256, memory)).running_as(production(1));
    let baseline = Baseline::of(&short(1024).judged().findings);
    let known = |memory| {
        let mut given = short(memory);
        given.baseline = Some(baseline.clone());
        let found = given.judged().findings;
        found.iter().find(|f| f.rule == Rule::MemoryUnderprovisioned).unwrap().known
    };
    assert!(known(1024));
    assert!(!known(512));
}

fn sizes_found(tasks: Vec<TaskTemplate>, baseline: Option<Baseline>) -> Vec<Finding> {
    let mut given = Given::of(task(256, 512));
    (given.tasks, given.baseline) = (tasks, baseline);
    given.judged().findings.into_iter().filter(|f| f.rule == Rule::InvalidTaskSize).collect()
}

#[test]
fn a_copy_in_another_stage_is_not_what_the_baseline_knows() {
    let baseline = || {
        Baseline::of(&sizes_found(vec![task_in("dev/app.json", 513), task_in("prod/app.json", 512)], None))
    };
    let known = |tasks: Vec<TaskTemplate>, baseline: Baseline| -> Vec<bool> {
        sizes_found(tasks, Some(baseline)).iter().map(|f| f.known).collect()
    };
    let (dev, prod) = (|memory| task_in("dev/app.json", memory), |memory| task_in("prod/app.json", memory));
    assert_eq!(known(vec![dev(513), prod(512)], baseline()), [true]);
    assert_eq!(known(vec![dev(513), prod(999)], baseline()), [true, false]);
    assert_eq!(known(vec![dev(512), prod(999)], baseline()), [false], "the run sees that dev still has it");
    let there = || baseline().located(|path| path.starts_with("dev"));
    assert_eq!(known(vec![prod(999)], there()), [false], "dev is there, if not looked at");
    // Moves of the file, of the task to another file, and of both stages at once.
    let moved = |memory| task_in("stages/dev.json", memory);
    assert_eq!(known(vec![moved(513), prod(999)], baseline()), [true, false]);
    assert_eq!(known(vec![moved(513)], there()), [false]);
    let other = TaskTemplate { family: known_setting("other"), ..dev(512) };
    assert_eq!(known(vec![other, moved(513)], there()), [true]);
    let both = Baseline::of(&sizes_found(vec![dev(513), prod(999)], None));
    assert_eq!(known(vec![task_in("a/prod.json", 999), task_in("b/dev.json", 513)], both), [true, true]);
}

fn known_setting(value: &str) -> Setting<String> {
    known(value.into(), 2)
}

#[test]
fn a_baseline_of_before_still_knows_its_findings() {
    // As it was written: the first and the second of the family, whatever they come to.
    let old = |with_both: bool| {
        let entry = |path: &str| {
            format!(
                "{{\"rule\": \"invalid-task-size\", \"path\": \"{path}\", \"task\": \"api\", \"message\": \"m\"}}"
            )
        };
        let print = |nth: usize| {
            crate::sha256::hex(format!("invalid-task-size\0api\0\0\0{nth}").as_bytes())[..32].to_owned()
        };
        let second =
            if with_both { format!(", \"{}\": {}", print(1), entry("prod/app.json")) } else { String::new() };
        let text = format!(
            "{{\"version\": 1, \"findings\": {{\"{}\": {}{second}}}}}",
            print(0),
            entry("dev/app.json")
        );
        Baseline::from_json(text.as_bytes()).unwrap()
    };
    let known = |tasks: Vec<TaskTemplate>, with_both| -> Vec<bool> {
        sizes_found(tasks, Some(old(with_both))).iter().map(|f| f.known).collect()
    };
    let (dev, prod) = (|memory| task_in("dev/app.json", memory), |memory| task_in("prod/app.json", memory));
    assert_eq!(known(vec![dev(514), prod(998)], true), [true, true]);
    assert_eq!(known(vec![dev(512), prod(998)], true), [true], "dev is fixed, prod is as it was");
    assert_eq!(known(vec![dev(512), prod(998)], false), [false]);
    assert_eq!(known(vec![task_in("moved.json", 513)], false), [true]);
}

#[test]
fn what_becomes_of_a_copy_has_no_bearing_on_the_fingerprints_of_others() {
    let prints = |tasks: Vec<TaskTemplate>| -> Vec<String> {
        sizes_found(tasks, None).into_iter().map(|f| f.fingerprint).collect()
    };
    let all = [
        task_in("dev/app.json", 513),
        task_in("prod/app.json", 513),
        task_in("prod/app2.json", 513),
        TaskTemplate { name: "other".into(), ..task_in("prod/app2.json", 513) },
        TaskTemplate { name: "other".into(), ..task_in("prod/app2.json", 513) },
    ];
    let before = prints(all.to_vec());
    assert_eq!(before.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
    for fixed in 0..all.len() {
        let mut tasks = all.to_vec();
        tasks[fixed].memory = known(MemoryMib(512), 4);
        let mut others = before.clone();
        others.remove(fixed);
        assert_eq!(prints(tasks), others, "{fixed}");
    }
    // One alone outlives the name of its file, and a copy that of its own.
    assert_eq!(prints(vec![task_in("a.json", 513)]), prints(vec![task_in("b/c.json", 513)]));
    let in_two = |name: &str| prints(vec![task_in(name, 513), task_in("prod/app.json", 513)]);
    assert_eq!(in_two("dev/app.json"), in_two("dev/renamed.json"));
}

#[test]
fn what_is_denied_is_not_known_once_it_grows() {
    let beyond = |memory| {
        let mut task = task(1024, 4096);
        task.containers = vec![container("app", 0, Some(memory), None)];
        task
    };
    let reserved = |cpu, memory| {
        let mut task = task(1024, 4096);
        task.containers = vec![container("app", cpu, None, Some(memory))];
        task
    };
    let tagged = |memory| TaskTemplate { tags: std::collections::BTreeMap::new(), ..task(1024, memory) };
    for (says, was, is, known) in [
        ("a size that is none", task(300, 512), task(30_000, 500_000), false),
        ("and a smaller one", task(300, 512), task(300, 500), false),
        ("the same", task(300, 512), task(300, 512), true),
        ("a limit", beyond(90_000), beyond(110_000), false),
        ("a lower limit", beyond(90_000), beyond(80_000), true),
        ("memory reserved", reserved(0, 5000), reserved(0, 9000), false),
        ("less of it", reserved(0, 9000), reserved(0, 5000), true),
        ("CPU reserved", reserved(2000, 1), reserved(3000, 1), false),
        ("what no size has a bearing on", tagged(2048), tagged(8192), true),
    ] {
        let given = |task| Given::of(task).set("[check.levels]\nuntagged = \"deny\"");
        let baseline = Baseline::of(&given(was.clone()).judged().findings);
        let against_baseline = Given { baseline: Some(baseline), ..given(is.clone()) };
        for given in [against_baseline, given(is).after(was)] {
            let found = given.judged().findings;
            let denied: Vec<_> = found.iter().filter(|finding| finding.level == Level::Deny).collect();
            assert_eq!(denied.iter().map(|f| f.known).collect::<Vec<_>>(), [known], "{says}: {denied:?}");
        }
    }
}
