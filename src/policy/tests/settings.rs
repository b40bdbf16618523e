//! Levels, waivers, and the settings that they are written in.

use super::*;

#[test]
fn levels_come_from_the_command_line_then_overrides_then_the_config() {
    let toml = "[check.levels]\ninvalid-task-size = \"warn\"\n[[check.override]]\nmatch = { path = \"api*\" }\n\
                levels = { invalid-task-size = \"allow\" }";
    let level = |settings: CheckSettings, path: &str| {
        let mut bad = task(256, 4096);
        bad.at = place_in(path, 1);
        let mut given = Given::of(bad);
        given.settings = settings;
        given.judged().findings.first().map(|finding| finding.level)
    };
    let settings = CheckSettings::from_toml("f", toml).unwrap();
    assert_eq!(level(CheckSettings::default(), "api.json"), Some(Level::Deny));
    assert_eq!(level(settings.clone(), "web.json"), Some(Level::Warn));
    assert_eq!(level(settings.clone(), "api.json"), None);
    let over = settings.with_command_line([(Rule::InvalidTaskSize, Level::Deny)]);
    assert_eq!(level(over, "api.json"), Some(Level::Deny));
}

#[test]
fn waivers_cover_until_their_last_day() {
    let waiver = |expires: &str, rule: &str| {
        format!(
            "[[waiver]]\nrule = \"{rule}\"\nmatch = {{ family = \"api\" }}\nreason = \"sale\"\nowner = \
             \"web\"\nexpires = {expires}"
        )
    };
    let given = |toml: &str| Given::of(task(256, 4096)).set(toml).judged();
    let covered = given(&waiver("2026-11-22", "invalid-task-size"));
    assert_eq!(covered.findings.len(), 1);
    assert_eq!(covered.findings[0].waived.as_deref(), Some("sale"));
    assert_eq!(Verdict::of(&covered, false, OnIncomplete::Warn, false), Verdict::Pass);

    let expired = given(&waiver("2026-11-21", "invalid-task-size"));
    let rules: Vec<Rule> = expired.findings.iter().map(|f| f.rule).collect();
    assert_eq!(rules, [Rule::InvalidTaskSize, Rule::ExpiredWaiver]);
    assert_eq!(
        expired.findings[1].message,
        "fargauge.toml:1: the waiver of invalid-task-size for web expired on 2026-11-21"
    );
    assert_eq!(Verdict::of(&expired, false, OnIncomplete::Warn, false), Verdict::Fail);

    let unused = given(&waiver("2026-12-31", "untagged"));
    assert!(unused.findings.iter().any(|f| f.rule == Rule::UnusedWaiver));
}

#[test]
fn a_waiver_that_the_base_alone_needs_is_unused() {
    let toml = "[check.levels]\nunused-waiver = \"deny\"\n[[waiver]]\nrule = \"invalid-task-size\"\nmatch = { \
                family = \"api\" }\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-31\n";
    let verdict = |now: TaskTemplate, base: TaskTemplate| {
        let judgement = Given::of(now).after(base).set(toml).judged();
        Verdict::of(&judgement, false, OnIncomplete::Warn, true)
    };
    assert_eq!(verdict(task(256, 512), task(256, 4096)), Verdict::Fail, "the change made it useless");
    assert_eq!(verdict(task(256, 512), task(256, 512)), Verdict::Pass, "it was so before");
    assert_eq!(verdict(task(256, 4096), task(256, 4096)), Verdict::Pass, "it is in use");
}

#[test]
fn a_waiver_matches_by_container_tag_and_the_cluster_of_an_arn() {
    let given = |matches: &str| {
        let mut task = task(512, 1024);
        task.containers = vec![container("app", 0, Some(2048), None), container("log", 0, Some(4096), None)];
        task.services = vec![service(1, &[])];
        task.services[0].cluster = known("arn:aws:ecs:us-east-1:123456789012:cluster/prod".into(), 23);
        let toml = format!(
            "[[waiver]]\nrule = \"containers-exceed-task\"\nmatch = {{ {matches} }}\nreason = \"r\"\nowner = \
             \"o\"\nexpires = 2026-12-31\n"
        );
        let found = Given::of(task).set(&toml).judged().findings;
        found.iter().filter(|f| f.waived.is_some()).count()
    };
    assert_eq!(given("container = \"log\""), 1);
    assert_eq!(given("cluster = \"prod\""), 2);
    assert_eq!(given("tag.team = \"w*\""), 2);
    assert_eq!(given("tag.team = \"w*\", container = \"app\""), 1);
    assert_eq!(given("cluster = \"dev\""), 0);
}

#[test]
fn patterns_are_from_the_folder_of_the_settings() {
    let waived = |here: &str, path: &str, pattern: &str| {
        let toml = format!(
            "[[waiver]]\nrule = \"invalid-task-size\"\nmatch = {{ path = \"{pattern}\" }}\nreason = \"r\"\nowner = \
             \"o\"\nexpires = 2026-12-31\n"
        );
        let mut given = Given::of(task_in(path, 999)).set(&toml);
        given.settings = given.settings.from_below(here);
        given.judged().findings[0].waived.is_some()
    };
    assert!(waived("", "infra/dev/a.json", "infra/*"));
    assert!(waived("infra/dev", "a.json", "infra/dev/*"));
    assert!(waived("infra/dev", "../a.json", "infra/a.json"));
    assert!(waived("infra/dev", "../../a.json", "a.json"));
    assert!(!waived("infra/dev", "a.json", "dev/*"));
}

#[test]
fn settings_that_are_wrong_are_refused_with_their_line() {
    for (toml, message) in [
        (
            "[check.levels]\nno-such = \"warn\"",
            "f:2: \"no-such\" is no rule; the rules are invalid-task-size,",
        ),
        ("[check.levels]\nuntagged = \"error\"", "f:2: \"error\" is no level; choose allow, warn or deny"),
        ("[check]\nfloor_usd = -1", "f:2: must be between 0 and 1000000, not -1"),
        ("[check]\nfloor_usd = nan", "f:2: must be between 0 and 1000000, not NaN"),
        ("[check]\nstale_after_days = 0", "f:2: check.stale_after_days must be at least 1"),
        ("[check]\nnope = 1", "f:2: unknown field `nope`"),
        ("[[check.override]]\nmatch = {}\nbudget_usd = 1", "f:2: match must name something"),
        ("[[check.override]]\nmatch = { path = \"a\" }", "f:1: this override sets nothing"),
        (
            "[[waiver]]\nrule = \"untagged\"\nmatch = { path = \"a\" }\nreason = \" \"\nowner = \"o\"\nexpires = 2027-01-01",
            "f:4: a waiver's reason must say something",
        ),
        (
            "[[waiver]]\nrule = \"untagged\"\nmatch = { path = \"a\" }\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-01-01T10:00:00Z",
            "f:6: expires must be a date",
        ),
        (
            "[[waiver]]\nrule = \"untagged\"\nmatch = { path = \"a\" }\nreason = \"r\"\nowner = \"o\"",
            "f:1: missing field `expires`",
        ),
    ] {
        let error = CheckSettings::from_toml("f", toml).unwrap_err().to_string();
        assert!(error.starts_with(message), "{toml}: {error}");
    }
}

/// What `init` writes shows in comments what can be used as it is.
#[test]
fn the_examples_of_the_documented_file_can_be_used() {
    let is_example = |line: &str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-')
            })
    };
    let text: Vec<&str> = crate::config::DEFAULT_TOML
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line))
        .collect();
    let settings = CheckSettings::from_toml("fargauge.toml", &text.join("\n")).unwrap();
    assert_eq!((settings.links.len(), settings.waivers.len()), (1, 1));
    let everywhere = settings.level(Rule::MemoryOverprovisioned, |_| false);
    let in_dev = settings.level(Rule::MemoryOverprovisioned, |_| true);
    assert_eq!((everywhere, in_dev), (Level::Deny, Level::Allow));
    assert_eq!(settings.budget(|m| m.is_for_all()), Some(Decimal::from(500)));
}
