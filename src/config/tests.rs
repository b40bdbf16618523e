//! What users may write, what holds then, and what they are told when they err.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::workload::{
    HistorySource, LaunchType, Region, RevisionInForce, Workload, WorkloadIdentity, WorkloadKind,
};

fn read(text: &str) -> Config {
    Config::from_toml("fargauge.toml", text).unwrap()
}

/// Service `checkout-api` of family `checkout` on `prod`, tagged env=prod and team=web.
fn workload() -> Workload {
    let identity = WorkloadIdentity {
        account_id: "123456789012".into(),
        region: Region("eu-west-1".into()),
        cluster: "prod".into(),
        kind: WorkloadKind::Service,
        name: "checkout-api".into(),
    };
    Workload {
        revisions: vec![RevisionInForce::now(
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/checkout:7".into(),
        )],
        history: HistorySource::ServiceDeployments,
        tags: BTreeMap::from([("env".into(), "prod".into()), ("aws:team".into(), "web".into())]),
        ..Workload::new(0, identity, LaunchType::Fargate)
    }
}

fn resolved(text: &str) -> Resolved {
    read(text).for_workload(&workload())
}

fn setting<'a>(resolved: &'a Resolved, key: &str) -> (&'a str, &'a str) {
    let setting = resolved.settings.iter().find(|setting| setting.key == key).unwrap();
    (&setting.value, &setting.from)
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let config = Config::default();
    let sizing = Sizing {
        cpu_percentile: 9_950,
        cpu_headroom: 2_000,
        memory_headroom: 2_000,
        risk: 500,
        peak: ExpectedPeak::NONE,
    };
    assert_eq!(config.sizing, sizing);
    assert_eq!((config.evidence.lookback_days, config.evidence.min_hours), (14, 24));
    let least = LeastChange { min_savings_cents: 100, min_savings_centi_percent: 500 };
    assert_eq!((config.change, config.discount.factor()), (least, Decimal::ONE));
    let plan = SavingsPlanChoice {
        term: PlanTerm::OneYear,
        payment: PlanPayment::NoUpfront,
        coverage_centi_percent: 10_000,
    };
    assert_eq!((config.spot_on_demand_tasks, config.savings_plan), (1, plan));
    assert_eq!(config.origins.len(), 14, "every number has a default in the file");
}

/// What `init` writes can be used as it is, and so can what it shows in comments.
#[test]
fn the_documented_file_and_every_example_in_it_parse() {
    assert_eq!(
        Config { origins: BTreeMap::new(), ..read(DEFAULT_TOML) },
        Config { origins: BTreeMap::new(), ..Config::default() }
    );
    let is_example = |line: &str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(key, _)| {
                key.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !key.is_empty()
            })
    };
    let uncommented: Vec<&str> = DEFAULT_TOML
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line))
        .collect();
    assert_eq!(uncommented.iter().zip(DEFAULT_TOML.lines()).filter(|(a, b)| *a != b).count(), 38);
    let config = read(&uncommented.join("\n"));
    assert_eq!(config.region.as_deref(), Some("eu-west-1"));
    assert_eq!(config.overrides.len(), 3);
    assert_eq!((config.ec2.discounts.len(), config.eks.clusters), (1, Some(1)));
    // No example repeats a default: it would show nothing.
    let checkout = config.for_workload(&workload());
    assert_eq!(setting(&checkout, "peak_factor").0, "1.5");
    assert_eq!(setting(&checkout, "include_peak").0, "2025-11-28: 1.5 vCPU, 3000 MiB");
}

#[test]
fn a_user_changes_only_what_they_name() {
    let config = read("[sizing]\ncpu_percentile = 99\n");
    assert_eq!(config.sizing.cpu_percentile, 9_900);
    assert_eq!(config.sizing.memory_headroom, 2_000);
}

#[test]
fn every_setting_says_where_it_is_from() {
    let config = Config::from_toml(
        "/home/someone/fargauge.toml",
        "[sizing]\ncpu_percentile = 99\n\n[[override]]\nmatch = { cluster = \"prod\" }\n\
         memory_headroom_percent = 12.5\n",
    )
    .unwrap();
    let resolved = config.for_workload(&workload());
    assert_eq!(setting(&resolved, "sizing.cpu_percentile"), ("99", "fargauge.toml:2"));
    assert_eq!(setting(&resolved, "sizing.memory_headroom_percent"), ("12.5", "fargauge.toml:6"));
    assert_eq!(setting(&resolved, "sizing.cpu_headroom_percent"), ("20", "default"));
    assert_eq!(setting(&resolved, "change.min_savings_usd"), ("1", "default"));
}

#[test]
fn the_last_matching_block_wins_key_by_key() {
    let resolved = resolved(
        "[sizing]\ncpu_headroom_percent = 1\nmemory_headroom_percent = 1\nrisk_percent = 1\n\
         [[override]]\nmatch = { cluster = \"prod\" }\ncpu_headroom_percent = 2\nmemory_headroom_percent = 2\n\
         [[override]]\nmatch = { service = \"checkout-*\" }\ncpu_headroom_percent = 3\n\
         [[override]]\nmatch = { cluster = \"dev\" }\ncpu_headroom_percent = 4\nrisk_percent = 4\n",
    );
    assert_eq!(resolved.sizing.cpu_headroom, 300);
    assert_eq!(resolved.sizing.memory_headroom, 200);
    assert_eq!(resolved.sizing.risk, 100);
}

#[test]
fn a_block_is_for_workloads_that_all_its_patterns_match() {
    for (pattern, matches) in [
        ("cluster = 'prod'", true),
        ("cluster = 'pro?'", true),
        ("cluster = 'Prod'", false),
        ("cluster = 'pro'", false),
        ("service = 'checkout-*'", true),
        ("family = 'checkout'", true),
        ("family = 'checkout:7'", false),
        ("region = 'eu-*'", true),
        ("account = '123456789012'", true),
        ("account = '*3'", false),
        ("tag.env = 'prod'", true),
        ("tag.'aws:team' = 'w*'", true),
        ("tag.missing = '*'", false),
        ("tag = { env = 'prod', 'aws:team' = 'web' }", true),
        ("tag = { env = 'prod', 'aws:team' = 'data' }", false),
        ("cluster = 'prod', tag.env = 'dev'", false),
        ("cluster = 'prod', service = '*', family = '*', region = '*', account = '*'", true),
    ] {
        let resolved = resolved(&format!("[[override]]\nmatch = {{ {pattern} }}\nexclude = 'ours'\n"));
        assert_eq!(resolved.exclude.is_some(), matches, "{pattern}");
    }
}

#[test]
fn standalone_tasks_have_a_family_and_no_service() {
    let mut workload = workload();
    workload.identity.kind = WorkloadKind::Standalone;
    workload.identity.name = "nightly".into();
    let excluded = |pattern: &str| {
        let text = format!("[[override]]\nmatch = {{ {pattern} }}\nexclude = 'ours'\n");
        read(&text).for_workload(&workload).exclude.is_some()
    };
    assert!(excluded("family = 'nightly'"));
    assert!(!excluded("service = '*'"));
}

#[test]
fn a_peak_is_the_larger_of_the_factor_and_the_past_event() {
    let peak = resolved(
        "[[override]]\nmatch = { cluster = '*' }\npeak_factor = 1.5\n\
         include_peak = { at = 2025-11-28, cpu_vcpu = 0.75 }\n",
    )
    .sizing
    .peak;
    // 0.75 vCPU are 768 CPU units.
    assert_eq!((peak.cpu(100_000), peak.cpu(600_000)), (768_000, 900_000));
    assert_eq!((peak.memory(1_001), peak.memory(0)), (1_502, 0), "never rounded down");
    assert_eq!((ExpectedPeak::NONE.cpu(7), ExpectedPeak::NONE.memory(u64::MAX)), (7, u64::MAX));
}

#[test]
fn a_past_peak_of_a_day_that_has_not_begun_is_told_with_its_place() {
    let end: jiff::Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
    let told = |at: &str| {
        let block = format!(
            "[[override]]\nmatch = {{ cluster = '*' }}\ninclude_peak = {{ at = {at}, cpu_vcpu = 1 }}\n"
        );
        let first = block.replace(at, "2027-01-01");
        Config::from_toml("/home/someone/fargauge.toml", &format!("{first}{block}"))
            .unwrap()
            .past_peak_after(end, &workload())
    };
    // It is the 16th already where the day begins first; of several blocks the last one holds.
    for past in ["1999-11-28", "2026-06-15", "2026-06-16", "2026-06-16T09:00:00Z"] {
        assert_eq!(told(past), None, "{past}");
    }
    assert_eq!(
        told("2026-06-17").as_deref(),
        Some(
            "fargauge.toml:6: include_peak.at is 2026-06-17, after the snapshot's end on 2026-06-15; it counts, but name \
             a day that is past, or use peak_factor for a peak to come"
        )
    );
    let none = read("[[override]]\nmatch = { cluster = '*' }\npeak_factor = 2\n");
    assert_eq!(none.past_peak_after(end, &workload()), None);
}

#[test]
fn the_least_change_is_both_an_amount_and_a_share() {
    let least = Config::default().change;
    let met = |savings: &str, cost: &str| {
        least.is_met_by(Usd(savings.parse().unwrap()), Usd(cost.parse().unwrap()))
    };
    assert!(met("1", "20") && met("5", "100"));
    assert!(!met("0.9999", "10") && !met("4.9999", "100") && !met("0", "0") && !met("-5", "1"));
}

#[test]
fn mistakes_name_the_file_the_line_and_the_key() {
    let block = |rest: &str| format!("\n[[override]]\nmatch = {{ cluster = 'a' }}\n{rest}");
    for (text, message) in [
        ("[sizing]\n\ncpu_percentil = 99".into(), "fargauge.toml:3: unknown field `cpu_percentil`"),
        ("[sizing]\ncpu_percentile = 'high'".into(), "fargauge.toml:2: invalid type"),
        (
            "[sizing]\ncpu_percentile = 101".into(),
            "fargauge.toml:2: sizing.cpu_percentile must be between 50 and 100, not 101",
        ),
        (
            "[sizing]\nrisk_percent = 0".into(),
            "fargauge.toml:2: sizing.risk_percent must be between 0.1 and 50",
        ),
        (
            "[evidence]\nmin_hours = nan".into(),
            "fargauge.toml:2: evidence.min_hours must be between 1 and 8760, not NaN",
        ),
        (
            "[change]\nmin_savings_usd = -1".into(),
            "fargauge.toml:2: change.min_savings_usd must be between 0",
        ),
        (
            "[change]\nmin_savings_usd = 1e300".into(),
            "fargauge.toml:2: change.min_savings_usd must be between 0",
        ),
        (
            "[discount]\nenterprise_percent = 101".into(),
            "fargauge.toml:2: discount.enterprise_percent must be",
        ),
        ("[spot]\non_demand_tasks = -1".into(), "fargauge.toml:2: spot.on_demand_tasks must be between 0"),
        (
            "[savings_plan]\nterm = '2yr'".into(),
            "fargauge.toml:2: unknown variant `2yr`, expected `1yr` or `3yr`",
        ),
        (
            "[savings_plan]\ncoverage_percent = inf".into(),
            "fargauge.toml:2: savings_plan.coverage_percent must be",
        ),
        ("[sizing".into(), "fargauge.toml:1: "),
        ("[sizing]\n[sizing]".into(), "fargauge.toml:2: duplicate key"),
        (block("peak_factor = 0.5"), "fargauge.toml:4: peak_factor must be between 1 and 100, not 0.5"),
        (block("cpu_percentile = 10"), "fargauge.toml:4: sizing.cpu_percentile must be between 50"),
        (block("min_hours = 10"), "fargauge.toml:4: unknown field `min_hours`"),
        (block("exclude = ' '"), "fargauge.toml:4: exclude must say why"),
        (block("exclude = true"), "fargauge.toml:4: invalid type: boolean"),
        (block(""), "fargauge.toml:2: this override sets nothing"),
        (
            block("include_peak = { at = 2025-11-28 }"),
            "fargauge.toml:4: include_peak must say cpu_vcpu, memory_mib",
        ),
        (block("include_peak = { cpu_vcpu = 1 }"), "fargauge.toml:4: missing field `at`"),
        (
            block("include_peak = { at = 12:00:00, cpu_vcpu = 1 }"),
            "fargauge.toml:4: include_peak.at must be a date",
        ),
        (block("include_peak = { at = 2025-11-31, cpu_vcpu = 1 }"), "fargauge.toml:4: "),
        (
            block("include_peak = { at = 2025-11-28, cpu_vcpu = 33 }"),
            "fargauge.toml:4: include_peak.cpu_vcpu must be",
        ),
        ("[[override]]\nexclude = 'x'".into(), "fargauge.toml:1: missing field `match`"),
        ("[[override]]\nmatch = {}\nexclude = 'x'".into(), "fargauge.toml:2: match must name something"),
        ("[[override]]\nmatch = { cluster = '' }\nexclude = 'x'".into(), "fargauge.toml:2: an empty pattern"),
        (
            "[[override]]\nmatch = { clustr = 'x' }\nexclude = 'x'".into(),
            "fargauge.toml:2: unknown field `clustr`",
        ),
        ("[[override]]\nmatch = { tag = 'x' }\nexclude = 'x'".into(), "fargauge.toml:2: invalid type"),
        ("[override]\nmatch = { cluster = 'x' }\nexclude = 'x'".into(), "fargauge.toml:1: invalid type"),
    ] {
        let text: String = text;
        let error = Config::from_toml("fargauge.toml", &text).unwrap_err().to_string();
        assert!(error.contains(message), "{text}\n{error}");
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_fine() {
    let config = read("\u{feff}[sizing]\r\ncpu_percentile = 99\r\n");
    assert_eq!(config.sizing.cpu_percentile, 9_900);
    assert_eq!(config.origins["sizing.cpu_percentile"], "fargauge.toml:2");
}

#[test]
fn nesting_without_end_is_an_error_and_not_a_crash() {
    for text in [format!("region = {}", "[".repeat(100_000)), format!("a{} = 1", ".a".repeat(100_000))] {
        assert!(Config::from_toml("fargauge.toml", &text).is_err());
    }
}

proptest! {
    /// Whatever is in the file, there are settings in range or an error.
    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}|(\\[{1,2}(sizing|override|spot)\\]{1,2}\n[a-z_]{1,20} = [-0-9.e{}'\"]{1,8}\n){1,3}") {
        if let Ok(config) = Config::from_toml("fargauge.toml", &text) {
            prop_assert!((5_000..=10_000).contains(&config.sizing.cpu_percentile));
            config.for_workload(&workload());
        }
    }
}
