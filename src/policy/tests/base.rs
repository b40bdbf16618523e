//! Findings against the same templates before the change.

use super::*;

#[test]
fn a_rise_against_the_base_is_found_and_new_only_lets_the_old_pass() {
    let given = Given::of(task(4096, 8192)).after(task(1024, 8192));
    let found = given.judged().findings;
    assert_eq!(found[0].rule, Rule::CostIncrease);
    assert_eq!(found[0].message, "+88.65 USD a month: 55.51 USD before, 144.16 USD now, for 1 task");
    assert_eq!(found[0].at.as_ref().unwrap().line, 3);

    let mut invalid = task(256, 4096);
    let given = Given::of(invalid.clone()).after(invalid.clone());
    let judgement = given.judged();
    assert!(judgement.findings[0].known);
    let verdict = |new_only| Verdict::of(&judgement, false, OnIncomplete::Warn, new_only);
    assert_eq!((verdict(false), verdict(true)), (Verdict::Fail, Verdict::Pass));

    // The same finding on a file that moved is still the same.
    invalid.at = place_in("moved/api.json", 7);
    assert!(Given::of(task(256, 4096)).after(invalid).judged().findings[0].known);
}

#[test]
fn what_the_change_makes_worse_is_not_known() {
    let given = Given::of(task(1024, 8192)).running_as(production(4)).after(task(1024, 6144));
    let found = given.judged().findings;
    let memory = found.iter().find(|f| f.rule == Rule::MemoryOverprovisioned).unwrap();
    assert!(!memory.known, "it was found before, for less money");
    let given = Given::of(task(1024, 6144)).running_as(production(4)).after(task(1024, 8192));
    assert!(given.judged().findings.iter().all(|f| f.known));
}

#[test]
fn less_of_what_was_too_little_is_worse() {
    let given = |now: u32, before: u32| {
        let given = Given::of(task(1024, now)).running_as(production(4)).after(task(1024, before));
        let found = given.judged().findings;
        found.into_iter().find(|f| f.rule == Rule::MemoryUnderprovisioned).unwrap().known
    };
    let of_heap = |now: u32| {
        let mut heap = task(1024, now);
        let mut jvm = container("app", 0, None, None);
        jvm.runtime_settings = vec![(RuntimeSetting::new("-Xmx", "8g"), place(14))];
        heap.containers = vec![jvm];
        heap
    };
    // Fargate has no less than 2 GB at 1 vCPU, which is another finding.
    assert_eq!((given(1024, 1024), given(512, 1024), given(1024, 512)), (true, false, true));
    let heap = |now, before| Given::of(of_heap(now)).after(of_heap(before)).judged().findings[0].known;
    assert_eq!((heap(4096, 4096), heap(3072, 4096)), (true, false));
}

#[test]
fn copies_of_a_template_are_compared_each_with_its_own() {
    let of = |path: &str, cpu: u32, memory: u32| {
        let known = |value| Setting::Known { value, at: place_in(path, 3), used_at: None };
        let memory = Setting::Known { value: MemoryMib(memory), at: place_in(path, 4), used_at: None };
        TaskTemplate { at: place_in(path, 1), cpu: known(CpuUnits(cpu)), memory, ..task(256, 512) }
    };
    let given = |now: [TaskTemplate; 2], base: &[TaskTemplate]| {
        let mut given = Given::of(now[0].clone());
        given.tasks.push(now[1].clone());
        given.base = Some(base.to_vec());
        given.judged().findings.into_iter().map(|f| (f.rule, f.at.unwrap().path, f.known)).collect::<Vec<_>>()
    };
    let at = |rule, path: &str, known| (rule, Arc::new(PathBuf::from(path)), known);
    // The one is mended, the other broken.
    assert_eq!(
        given(
            [of("dev.json", 256, 4096), of("prod.json", 256, 512)],
            &[of("dev.json", 256, 512), of("prod.json", 256, 4096)]
        ),
        [at(Rule::InvalidTaskSize, "dev.json", false)]
    );
    // A copy costs what it costs; what it is a copy of has not changed.
    assert_eq!(
        given([of("a.json", 256, 512), of("b.json", 256, 512)], &[of("b.json", 256, 512)]),
        [at(Rule::CostIncrease, "a.json", false)]
    );
    // Both files were renamed.
    assert_eq!(
        given(
            [of("x/dev.json", 256, 512), of("x/prod.json", 512, 1024)],
            &[of("dev.json", 256, 512), of("prod.json", 512, 1024)]
        ),
        []
    );
}

#[test]
fn a_family_that_is_renamed_in_its_file_is_no_new_task() {
    let named = |family: &str, path: &str, cpu: u32, memory: u32| TaskTemplate {
        name: family.into(),
        family: known(family.into(), 2),
        at: place_in(path, 1),
        ..task(cpu, memory)
    };
    let renamed = Given::of(named("web", "a.json", 1024, 2048)).after(named("api", "a.json", 1024, 2048));
    assert_eq!(renamed.found(), []);
    assert_eq!(renamed.costs(), [(None, Some("36.04".into()), Some("36.04".into()))]);
    let elsewhere = Given::of(named("web", "b.json", 1024, 2048)).after(named("api", "a.json", 1024, 2048));
    assert_eq!(elsewhere.rules(), [Rule::CostIncrease]);
    // Of two that are left, either may be it.
    let two = Given::of(named("web", "a.json", 1024, 2048))
        .after(named("api", "a.json", 1024, 2048))
        .after(named("job", "a.json", 256, 512));
    assert_eq!(two.rules(), [Rule::CostIncrease]);
    // Beside one that kept its name, it is the one that is left.
    let mut beside = Given::of(named("web", "a.json", 1024, 2048))
        .after(named("job", "a.json", 256, 512))
        .after(named("api", "a.json", 1024, 2048));
    beside.tasks.push(named("job", "a.json", 256, 512));
    assert_eq!(beside.found(), []);
}

#[test]
fn what_the_base_may_have_is_not_new() {
    let mut given = Given::of(task(1024, 2048));
    given.base = Some(Vec::new());
    assert_eq!(given.rules(), [Rule::CostIncrease]);
    for (unread, is_judged) in [("api.json", false), ("gone.json", false)] {
        given.base_unread = vec![unread];
        let judgement = given.judged();
        assert_eq!(judgement.findings.is_empty(), !is_judged, "{unread}");
        let why = judgement.not_judged.iter().find(|n| n.rule == Rule::CostIncrease).unwrap();
        assert_eq!(why.why, format!("{unread} of the base, which may have it, could not be read"));
    }
    // A file that is broken in both says nothing of others.
    let mut other = task(256, 512);
    (other.at, other.family, other.name) = (place_in("other.json", 1), Setting::Absent, "other".into());
    given.tasks.push(other);
    given.base_unread = vec!["other.json"];
    assert_eq!(given.rules(), [Rule::CostIncrease]);
}
