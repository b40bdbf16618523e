//! What `explain` says agrees with the report and with the series themselves, and fits its page.

use super::*;
use crate::{
    analysis::{LookupError, explain, find},
    demo::Fleet,
    report::{
        explain::{Explanation, json, page, schema},
        json::tests::violations,
    },
    workload::RuntimeSetting,
};

pub(super) fn demo_manifest(fleet: &Fleet) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "test".into(),
        scopes: fleet.scopes(),
        window: fleet.manifest_window(),
        utilization_encoding: String::new(),
        files: BTreeMap::new(),
        gaps: fleet.gaps(),
    }
}

/// What is said of every one of the demo's workloads that `names` has; all where it is empty.
pub(in crate::analysis) fn of_demo(names: &[&str]) -> Vec<Explanation> {
    of_demo_with(names, &Config::default())
}

pub(super) fn of_demo_with(names: &[&str], config: &Config) -> Vec<Explanation> {
    let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
    let (manifest, inventory) = (demo_manifest(&fleet), fleet.inventory());
    let input =
        Input { manifest: &manifest, inventory: &inventory, utilization: &fleet, sha256: "0123456789abcdef" };
    let ids = names.iter().map(|name| find(&inventory.workloads, name).unwrap());
    ids.map(|id| explain(input, PriceBook::embedded(), config, manifest.window.end, id).unwrap().unwrap())
        .collect()
}

fn page_of(name: &str) -> String {
    page::render(&of_demo(&[name])[0], 100)
}

/// The service as `explain` has it.
pub(super) fn explained(service: Service, config: &Config) -> Explanation {
    let at = |second| Timestamp::from_second(second).unwrap();
    let window = Window { start: at(0), end: at(DAYS * 86_400), period_seconds: 300 };
    let manifest = Manifest { window, gaps: service.gaps, ..demo_manifest(&Fleet::new(1)) };
    let inventory = Inventory {
        workloads: vec![service.workload],
        task_definitions: service
            .more_definitions
            .into_iter()
            .chain([service.definition])
            .map(|definition| (definition.arn.clone(), definition))
            .collect(),
        ..Inventory::default()
    };
    let utilization = vec![Series { workload_id: 0, points: service.points }];
    let input =
        Input { manifest: &manifest, inventory: &inventory, utilization: &utilization, sha256: "abc" };
    explain(input, PriceBook::embedded(), config, window.end, 0).unwrap().unwrap()
}

fn verdicts(explanation: &Explanation) -> Vec<(u32, u32, &str)> {
    explanation.candidates.iter().map(|c| (c.cpu_units, c.memory_mib, c.verdict.as_str())).collect()
}

#[test]
fn an_overprovisioned_workload() {
    insta::assert_snapshot!(page_of("prod/checkout-api"));
}

#[test]
fn an_underprovisioned_workload() {
    insta::assert_snapshot!(page_of("recommendation-api"));
}

#[test]
fn an_autoscaled_workload() {
    insta::assert_snapshot!(page_of("quote-stream"));
}

#[test]
fn a_workload_that_is_not_rated() {
    insta::assert_snapshot!(page_of("staging/legacy-soap"));
}

#[test]
fn a_workload_on_the_jvm() {
    insta::assert_snapshot!(page_of("pricing-engine"));
}

#[test]
fn a_workload_that_was_resized() {
    insta::assert_snapshot!(page_of("billing-api"));
}

/// Two tasks of the new size, 1 vCPU / 4 GB: 2 x (0.04048 + 4 x 0.004445) x 730, whatever still runs.
#[test]
fn while_a_deployment_is_under_way_size_and_amounts_are_of_the_new_one() {
    let resized = |begun: i64| {
        service(20, 30).sized(1024, 4096).with(|service| {
            service.more_definitions.push(TaskDefinition {
                arn: "api:0".into(),
                cpu: Some(CpuUnits(2048)),
                memory: Some(MemoryMib(8192)),
                ..service.definition.clone()
            });
            let new = service.workload.revisions[0].clone();
            let old = RevisionInForce { task_definition: "api:0".into(), ..new.clone() };
            let from = Some(Timestamp::from_second(begun).unwrap());
            service.workload.revisions = vec![old, RevisionInForce { from, settled: None, ..new }];
        })
    };
    // For half of the window, so that it is not rated; for its last hour.
    for (begun, finding) in
        [(7 * 86_400, Finding::NotRated), (DAYS * 86_400 - 3_600, Finding::Overprovisioned)]
    {
        let explanation = explained(resized(begun), &Config::default());
        let row = &explanation.workload;
        assert_eq!(row.finding, finding);
        assert_eq!((row.current.cpu_units, row.current.memory_mib), (Some(1024), Some(4096)));
        assert_eq!(row.monthly_cost.unwrap().0.to_string(), "85.0596");
        assert_eq!(explanation.prices[0].size.cpu_units, 1024);
        assert_eq!(explanation.replay[0].size.cpu_units, 1024);
        let page = page::render(&explanation, 200);
        let told = "not known to be finished: tasks of 2 vCPU / 8 GB may still run, and a month is priced at 1 vCPU / 4 GB";
        assert!(page.contains(told), "{page}");
        assert_eq!(resized(begun).rated(), *row);
    }
}

/// The row is the report's, and one candidate is what the row ends with.
#[test]
fn every_explanation_is_of_the_row_that_the_report_has() {
    let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
    let (manifest, inventory) = (demo_manifest(&fleet), fleet.inventory());
    let input = Input { manifest: &manifest, inventory: &inventory, utilization: &fleet, sha256: "0" };
    let (book, config) = (PriceBook::embedded(), Config::default());
    let report = analyse(input, book, &config, manifest.window.end).unwrap();
    assert_eq!(report.workloads.len(), Fleet::DEFAULT_SERVICES);
    let schema = serde_json::to_value(schema()).unwrap();
    for row in &report.workloads {
        let id = find(&inventory.workloads, &row.id).unwrap();
        let explanation = explain(input, book, &config, manifest.window.end, id).unwrap().unwrap();
        assert_eq!(&explanation.workload, row);
        let value: serde_json::Value = serde_json::from_str(&json(&explanation)).unwrap();
        assert_eq!(violations(&schema, &schema, &value, &row.id), Vec::<String>::new());
        let ends: Vec<_> = explanation
            .candidates
            .iter()
            .filter(|c| ["chosen", "kept"].contains(&c.verdict.as_str()))
            .collect();
        let recommended = row.recommendation.as_ref().map(|r| (r.cpu_units, r.memory_mib));
        let now = row.current.cpu_units.zip(row.current.memory_mib);
        match row.finding {
            Finding::NotRated => {
                assert_eq!(ends.len(), 0, "{}", row.id);
                assert!(!explanation.what_would_change.is_empty(), "{}", row.id);
            }
            // A reservation is of any size, so there are no candidates.
            _ if row.capacity.is_some() => assert!(explanation.need.is_some(), "{}", row.id),
            _ => {
                assert_eq!(ends.len(), 1, "{}: {:?}", row.id, explanation.candidates);
                assert_eq!(Some((ends[0].cpu_units, ends[0].memory_mib)), recommended.or(now), "{}", row.id);
                if let Some(recommendation) = &row.recommendation {
                    assert_eq!(Some(ends[0].monthly_cost), recommendation.monthly_cost, "{}", row.id);
                }
            }
        }
        for width in [60, 80, 133] {
            let page = page::render(&explanation, width);
            let widest = page.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= width, "{}: {widest:?}", row.id);
        }
    }
}

#[test]
fn sizes_that_lost_say_why() {
    // Needs 0.24 vCPU and 737 MiB.
    let explanation = explained(service(20, 30), &Config::default());
    assert_eq!(
        verdicts(&explanation),
        [
            (256, 512, "too-small"),
            (256, 1024, "chosen"),
            (256, 2048, "dearer"),
            (512, 3072, "dearer"),
            (512, 4096, "dearer"),
            (1024, 2048, "dearer"),
            (1024, 5120, "dearer"),
        ]
    );
    let details: Vec<&str> = explanation.candidates.iter().map(|c| c.detail.as_str()).collect();
    assert_eq!(details[0], "too little memory: needs 738 MiB");
    assert_eq!(details[1], "chosen: the cheapest that holds what is needed");
    // 2 x 0.004445 x 730
    assert_eq!(details[2], "holds what is needed, but 6.49 USD dearer");
}

/// 0.25 vCPU / 1 GB: 0.014565 USD at list prices; 2 tasks x 730 hours x 0.8 are 17.01 USD a month.
#[test]
fn a_discount_leads_from_list_prices_to_amounts() {
    let config = Config::from_toml("fargauge.toml", "[discount]\nenterprise_percent = 20\n").unwrap();
    let explanation = explained(service(20, 30), &config);
    assert_eq!(explanation.workload.recommendation.as_ref().unwrap().monthly_cost.unwrap().cents(), "17.01");
    let page = page::render(&explanation, 160);
    for line in [
        "  USD/MO       LIST USD/H x 1,460 task-hours a month, less the discount of 20 % (fargauge.toml:2)\n",
        "  discount     20 % (fargauge.toml:2): 1 vCPU / 2 GB 0.049370 USD/H is 0.039496, 0.25 vCPU / 1 GB \
         0.014565 USD/H is 0.011652\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
}

#[test]
fn an_option_without_a_rate_is_told_with_the_rate_that_is_missing() {
    let config = Config::from_toml("fargauge.toml", "[savings_plan]\npayment = \"all-upfront\"\n").unwrap();
    let explanation = explained(service(20, 30), &config);
    let [missing] = explanation.workload.not_offered.as_slice() else { panic!("{:?}", explanation.workload) };
    assert_eq!(missing.kind, "compute-savings-plan");
    let page = page::render(&explanation, 160);
    let told = "Not offered, because of what is not known\n  compute-savings-plan: no 1yr all-upfront Savings Plan rate";
    assert!(page.contains(told), "{page}");
}

#[test]
fn a_guard_that_holds_the_memory_is_named() {
    let explanation = explained(
        service(20, 10).with(|service| {
            service.definition.containers = vec![Container {
                name: "app".into(),
                runtime_settings: vec![RuntimeSetting::new("-Xmx", "1024m")],
                ..Container::default()
            }];
        }),
        &Config::default(),
    );
    let detail = &explanation.candidates[0].detail;
    assert!(detail.contains("fixed-heap"), "{:?}", explanation.candidates);
}

#[test]
fn a_change_that_is_not_worth_a_deployment_says_so() {
    let config = Config::from_toml("fargauge.toml", "[change]\nmin_savings_usd = 1000\n").unwrap();
    let explanation = explained(service(20, 30), &config);
    let verdicts = verdicts(&explanation);
    assert!(verdicts.contains(&(256, 1024, "below-least-change")), "{verdicts:?}");
    assert!(verdicts.contains(&(1024, 2048, "kept")), "{verdicts:?}");
    let page = page::render(&explanation, 100);
    assert!(page.contains("change.min_savings_usd          1000   fargauge.toml:2"), "{page}");
}

#[test]
fn the_past_is_counted_against_the_new_size() {
    // 12 periods at 45 % of 1 vCPU, which the 99.5th percentile leaves out, and 20 % otherwise.
    let explanation = explained(
        service(20, 30).with(|service| {
            for point in service.points.iter_mut().step_by(336) {
                point.cpu_max = Some(4_500);
            }
        }),
        &Config::default(),
    );
    let new = explanation.replay[1];
    assert_eq!((new.size.cpu_units, new.size.memory_mib), (256, 1024));
    assert_eq!((new.memory.periods, new.memory.above, new.memory.at_cap), (4_032, 0, 0));
    assert_eq!((new.cpu.periods, new.cpu.above, new.cpu.at_cap), (4_032, 12, 12));
    let page = page::render(&explanation, 120);
    assert!(page.contains("0 of 4,032 periods above its memory"), "{page}");
    assert!(page.contains("12 of 4,032 periods with a minute above its CPU"), "{page}");
}

#[test]
fn gaps_are_counted_to_the_end_of_the_window() {
    let explanation = explained(
        service(20, 30).with(|service| {
            service.points.retain(|point| !(3_600..7_200).contains(&point.timestamp));
            service.points.truncate(4_000);
        }),
        &Config::default(),
    );
    // 20 periods are missing at the end, 12 in the middle.
    assert_eq!(explanation.periods.with_samples, 4_000);
    assert_eq!(explanation.periods.possible, 4_032);
    // 20 x 300 s
    assert_eq!(explanation.periods.longest_gap_hours.0.to_string(), "1.666667");
}

#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let explanation = explained(
        service(20, 30).with(|service| {
            service.workload.identity.name = "\u{1b}[2Japi\u{202e}\n".repeat(20);
            service.workload.identity.cluster = "a b\0/\u{9b}31m".into();
            service.workload.tags = [("k\u{200b}".to_owned(), "v\r\n\u{1b}]0;x\u{7}".to_owned())].into();
            service.workload.notes = vec!["note\n\u{1b}[31m".into()];
            service.definition.arn = "arn/\u{1b}[31m\nx".repeat(30);
            let arn = service.definition.arn.clone();
            service.workload.revisions[0].task_definition = arn;
            service.definition.containers = vec![Container {
                name: "c\n\u{1b}[0m".repeat(40),
                memory: Some(MemoryMib(512)),
                ..Container::default()
            }];
            let id = service.workload.identity.id();
            service.gaps = vec![Gap { scope: id, api: "a\tb".into(), cause: "x\u{2066}\n\u{1b}".repeat(50) }];
        }),
        &Config::default(),
    );
    for width in [1, 60, 90, 200] {
        let page = page::render(&explanation, width);
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{page:?}");
        for hidden in ['\u{202e}', '\u{200b}', '\u{2066}'] {
            assert!(!page.contains(hidden), "{page:?}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= width.max(60)), "{page}");
    }
    assert!(page::render(&explanation, 90).contains("a\\tb"));
    assert!(serde_json::from_str::<serde_json::Value>(&json(&explanation)).is_ok());
}

#[test]
fn a_workload_is_found_by_its_id_or_any_end_that_is_its_own() {
    let mut workloads = Fleet::new(Fleet::DEFAULT_SERVICES).inventory().workloads;
    let id_of = |workloads: &[Workload], name: &str| {
        find(workloads, name).map(|id| workloads[id as usize].identity.id())
    };
    let checkout = "123456789012/us-east-1/prod/checkout-api";
    for name in ["checkout-api", "prod/checkout-api", "us-east-1/prod/checkout-api", checkout] {
        assert_eq!(id_of(&workloads, name).unwrap(), checkout, "{name}");
    }
    for name in ["nightly-report", "batch/nightly-report", "family:nightly-report"] {
        assert_eq!(
            id_of(&workloads, name).unwrap(),
            "123456789012/us-east-1/batch/family:nightly-report",
            "{name}"
        );
    }
    let twin = workloads.iter().position(|w| w.identity.name == "payments-api").unwrap();
    workloads[twin].identity = WorkloadIdentity {
        cluster: "dev".into(),
        ..workloads[find(&workloads, checkout).unwrap() as usize].identity.clone()
    };
    match find(&workloads, "checkout-api") {
        Err(LookupError::Ambiguous { candidates, count: 2, .. }) => {
            assert_eq!(candidates.len(), 2);
            assert!(candidates.contains(&checkout.to_owned()));
        }
        other => panic!("{other:?}"),
    }
    match find(&workloads, "prod/chekout-api") {
        Err(LookupError::Unknown { closest, .. }) => assert_eq!(closest[0], checkout),
        other => panic!("{other:?}"),
    }
    // The end of a name is no end of an id.
    assert!(find(&workloads, "out-api").is_err());
    assert!(find(&workloads, "").is_err());
    assert!(find(&[], "api").unwrap_err().help().contains("no workloads"));
}

#[test]
fn the_chart_keeps_the_largest_of_every_step() {
    let explanation = of_demo(&["pricing-engine"]).remove(0);
    let series = explanation.chart.unwrap();
    let demand = explanation.workload.demand.unwrap();
    assert_eq!(series.cpu_vcpu.iter().flatten().max(), demand.cpu_vcpu.map(|cpu| cpu.max).as_ref());
    assert_eq!(series.memory_mib.iter().flatten().max(), demand.memory_mib.map(|m| m.max).as_ref());
    assert!(series.cpu_vcpu.len() <= 480 && series.step_seconds % 300 == 0);
}
