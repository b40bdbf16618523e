//! What `explain` says agrees with the report and with the series themselves, and fits its page.

use super::*;
use crate::{
    analysis::{LookupError, explain, find, merged},
    demo::Fleet,
    report::{
        Quantity,
        explain::{Explanation, HeadroomInForce, json, page, schema},
        json::tests::violations,
    },
    workload::RuntimeSetting,
};

fn demo_manifest(fleet: &Fleet) -> Manifest {
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

/// A fleet of so many services alike, and the first of them explained.
fn explained_of_many(services: u32, toml: &str) -> Explanation {
    explained_of_many_at(20, services, toml)
}

/// The same where the first takes this much of its CPU, in per cent.
fn explained_of_many_at(first_cpu: u32, services: u32, toml: &str) -> Explanation {
    explained_of_many_like(service(20, 10).sized(1024, 8192), first_cpu, services, toml)
}

fn explained_of_many_like(like: Service, first_cpu: u32, services: u32, toml: &str) -> Explanation {
    // One in five takes 12 % of its memory in the second week instead of 10 %.
    let grown = |id: u32, time: i64| (id % 5 == 1 && time >= 7 * 86_400).then_some(1_200);
    explained_of_fleet(like, first_cpu, services, grown, toml)
}

/// `memory` is what a service uses instead at a time, in hundredths of a per cent.
fn explained_of_fleet(
    like: Service,
    first_cpu: u32,
    services: u32,
    memory: impl Fn(u32, i64) -> Option<u32>,
    toml: &str,
) -> Explanation {
    explained_of_fleet_at(like, first_cpu, services, |_, _| true, memory, toml)
}

/// The same where a service has samples only while `is_there`.
fn explained_of_fleet_at(
    like: Service,
    first_cpu: u32,
    services: u32,
    is_there: impl Fn(u32, i64) -> bool,
    memory: impl Fn(u32, i64) -> Option<u32>,
    toml: &str,
) -> Explanation {
    let config = Config::from_toml("fargauge.toml", toml).unwrap();
    let Service { workload, definition, points, .. } = like;
    let window = Window { start: Timestamp::UNIX_EPOCH, ..demo_manifest(&Fleet::new(1)).window };
    let window =
        Window { end: Timestamp::from_second(DAYS * 86_400).unwrap(), period_seconds: 300, ..window };
    let manifest = Manifest { window, gaps: Vec::new(), ..demo_manifest(&Fleet::new(1)) };
    let points_of = |id: u32| {
        let grown = |point: &Point| {
            let memory = memory(id, point.timestamp).or(point.mem_max);
            let cpu = if id == 0 { Some(first_cpu * 100) } else { point.cpu_max };
            Point { cpu_avg: cpu, cpu_max: cpu, mem_avg: memory, mem_max: memory, ..*point }
        };
        points.iter().filter(|point| is_there(id, point.timestamp)).map(grown).collect()
    };
    let numbered = |id: u32| {
        let identity = WorkloadIdentity { name: format!("api-{id}"), ..workload.identity.clone() };
        Workload { workload_id: id, identity, ..workload.clone() }
    };
    let inventory = Inventory {
        workloads: (0..services).map(numbered).collect(),
        task_definitions: [(definition.arn.clone(), definition)].into(),
        ..Inventory::default()
    };
    let utilization: Vec<Series> =
        (0..services).map(|workload_id| Series { workload_id, points: points_of(workload_id) }).collect();
    let input =
        Input { manifest: &manifest, inventory: &inventory, utilization: &utilization, sha256: "abc" };
    let report = analyse(input, PriceBook::embedded(), &config, window.end).unwrap();
    let explanation = explain(input, PriceBook::embedded(), &config, window.end, 0).unwrap().unwrap();
    assert_eq!(report.headroom.shown_risk_percent, explanation.headroom.shown_risk_percent);
    explanation
}

/// 90 services of which none ran short show 3.27 % (1 - 0.05^(1/90)), whatever is asked for below that.
#[test]
fn the_headroom_in_force_and_the_risk_it_was_learnt_at_are_told() {
    let explanation = explained_of_many(90, "[sizing]\nrisk_percent = 1\ncpu_headroom_percent = 30\n");
    let shown = explanation.headroom.shown_risk_percent.unwrap();
    assert_eq!(
        (shown.0.round_dp(4).to_string(), shown.tenths_up().to_string()),
        ("3.2738".into(), "3.3".into())
    );
    assert_eq!(explanation.headroom.risk_percent.0.to_string(), "1");
    let own = explanation.workload.headroom.as_ref().unwrap();
    assert_eq!((own.method.as_str(), own.shown_risk_percent), ("calibrated", Some(shown)));
    let need = explanation.need.as_ref().unwrap();
    let told = |headroom: &Option<HeadroomInForce>| {
        headroom.as_ref().map(|headroom| (headroom.percent.0.to_string(), headroom.from.clone())).unwrap()
    };
    assert_eq!(told(&need.cpu_units.headroom), ("30".into(), "fargauge.toml:3".into()));
    assert_eq!(told(&need.memory_mib.headroom), ("10".into(), "calibrated".into()));
    let page = page::render(&explanation, 160);
    for line in [
        "0.200 vCPU without headroom, 0.260 vCPU with 30 % (fargauge.toml:3), ",
        "820 MiB without headroom, 902 MiB with 10 % (calibrated: the least), ",
        "calibrated, at 3.3 % risk (1 % was asked for): ",
        "  learnt       ",
        "; the chance that a later memory peak passes it is ",
        "default; in force only where the size is too small",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    // The growth of some tells that others may grow.
    let chosen = explanation.candidates.iter().find(|c| c.verdict == "chosen").unwrap();
    assert!(chosen.probability.unwrap().0 > Decimal::new(1, 4), "{chosen:?}");
    let chance = format!("{:.2} %", chosen.probability.unwrap().0 * Decimal::ONE_HUNDRED);
    assert!(page.lines().any(|line| line.contains("learnt  ") && line.ends_with(&chance)), "{page}");

    let asked = explained_of_many(90, "");
    assert_eq!(asked.headroom.shown_risk_percent, Some(asked.headroom.risk_percent));

    let few = explained_of_many(3, "");
    assert_eq!(few.headroom.shown_risk_percent, None);
    assert_eq!(few.workload.headroom.as_ref().unwrap().method, "fixed");
    assert_eq!(told(&few.need.as_ref().unwrap().memory_mib.headroom), ("20".into(), "default".into()));
    let page = page::render(&few, 160);
    assert!(page.contains("984 MiB with 20 % (default), "), "{page}");
    assert!(!page.contains("learnt"), "{page}");
}

/// With 512 MiB for a sidecar, the main container may use 1,536 MiB of 2 GB.
#[test]
fn risk_is_weighed_at_what_the_main_container_may_use() {
    let probability = |app: Option<u32>| {
        let containers =
            [("app", 768, app), ("envoy", 256, Some(512))].map(|(name, cpu, memory)| Container {
                name: name.into(),
                essential: name == "app",
                cpu: CpuUnits(cpu),
                memory: memory.map(MemoryMib),
                ..Container::default()
            });
        let beside =
            service(20, 10).sized(1024, 8192).with(|s| s.definition.containers = containers.to_vec());
        let explanation = explained_of_many_like(beside, 20, 90, "");
        assert_eq!(explanation.headroom.method, "calibrated");
        let mut of_2_gb = explanation.candidates.iter().filter(|candidate| candidate.memory_mib == 2048);
        of_2_gb.find_map(|candidate| candidate.probability).unwrap().0
    };
    assert!(probability(Some(7680)) > probability(None), "{} {}", probability(Some(7680)), probability(None));
    assert_eq!(probability(Some(1536)), probability(None), "what it has now it keeps");
}

#[test]
fn under_the_sizes_stands_what_they_do_not_say_themselves() {
    let page = page::render(&explained_of_many(90, "[sizing]\nrisk_percent = 10\n"), 160);
    let line = "  P(SHORT)     no less memory than now, 8 GB, takes no new risk, so it has none\n";
    assert!(page.contains(line), "{page}");
    // With fixed headroom no risk is weighed.
    let page = page::render(&explained(service(20, 30), &Config::default()), 160);
    assert!(!page.contains("P(SHORT)") && !page.contains("discount  "), "{page}");
    let line = "  left out     sizes that hold what is needed but cost more than one with as much memory\n";
    assert!(page.contains(line), "{page}");
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

/// What no price of risk holds is not cut to a fifth above what was seen either.
#[test]
fn a_restless_fleet_keeps_the_memory_that_the_least_risk_asks_for() {
    let of = |services| {
        let jumps = |id: u32, time: i64| match (i64::from(id) * 5 + time / 86_400) % 42 {
            _ if id == 0 => None,
            0 | 1 => Some(1_800),
            2 => Some(7_000),
            _ => None,
        };
        explained_of_fleet(service(20, 10).sized(1024, 8192), 20, services, jumps, "")
    };
    let chosen = |explanation: &Explanation| size_of(&explanation.workload);
    let few = of(29);
    assert_eq!(
        (few.headroom.method.as_str(), few.headroom.price_of_risk, chosen(&few)),
        ("fixed", None, (256, 1024))
    );
    let many = of(150);
    assert_eq!(many.headroom.method, "fixed");
    assert!(
        many.headroom.detail.starts_with("150 workloads can show no lower risk than "),
        "{:?}",
        many.headroom
    );
    assert!(many.headroom.price_of_risk > Some(Usd::ZERO) && chosen(&many).1 > 1024, "{:?}", chosen(&many));
    assert_eq!(many.workload.headroom.as_ref().unwrap().method, "fixed");
    let page = page::render(&many, 160);
    assert!(page.contains("P(SHORT)") && page.contains("is weighed, too"), "{page}");
}

/// What was learnt asks for more than that, or not.
#[test]
fn a_size_with_too_little_cpu_keeps_the_fixed_headroom_of_memory() {
    let explanation = explained_of_many_at(98, 90, "");
    assert_eq!(explanation.headroom.method, "calibrated");
    let memory = &explanation.need.as_ref().unwrap().memory_mib;
    assert_eq!((memory.without_headroom, memory.with_headroom), (820, 984));
    assert_eq!(memory.headroom.as_ref().unwrap().from, "default");
    let larger = explanation.candidates.iter().find(|candidate| candidate.verdict == "chosen").unwrap();
    assert!(larger.cpu_units > 1024 && larger.probability.is_some_and(|share| share.0 > Decimal::ZERO));
    // Short of CPU alone: less memory would do.
    let row = &explanation.workload;
    assert_eq!(row.dimensions.memory.finding, Finding::Overprovisioned);
    let own = row.headroom.as_ref().unwrap();
    assert_eq!((own.method.as_str(), own.shown_risk_percent), ("fixed", None));
    let page = page::render(&explanation, 300);
    let told = "  headroom     fixed at least, because it is short of CPU, memory or tasks, and keeps the fixed headroom at least; that of the fleet is \
                calibrated, at 5 % risk: ";
    assert!(page.contains(told), "{page}");
}

/// One that is two days old among those that were there all the time.
#[test]
fn a_young_workload_is_told_that_what_was_learnt_does_not_speak_of_it() {
    let young = |id: u32, time: i64| id != 0 || time >= (DAYS - 2) * 86_400;
    let explanation =
        explained_of_fleet_at(service(20, 10).sized(1024, 8192), 20, 90, young, |_, _| None, "");
    let own = explanation.workload.headroom.as_ref().unwrap();
    assert_eq!((explanation.headroom.method.as_str(), own.method.as_str()), ("calibrated", "fixed"));
    let detail = own.detail.as_deref().unwrap();
    assert_eq!(detail, "it was seen for 2 whole days, and what the fleet taught holds from 3 on");
    assert!(page::render(&explanation, 300).contains(&format!("fixed at least, because {detail}; ")));
}

#[test]
fn of_several_snapshots_the_headroom_is_that_of_the_one_that_shows_least() {
    let report = |name: &str, shown: Option<i64>| {
        let mut report = service(20, 30).with(|s| s.workload.identity.name = name.into()).report();
        report.headroom.shown_risk_percent = shown.map(|shown| Quantity(Decimal::from(shown)));
        report
    };
    for (shown, least) in [
        ([Some(1), Some(4), Some(3)], Some(4)),
        ([Some(4), Some(1), Some(1)], Some(4)),
        ([Some(4), None, Some(1)], None),
        ([None, Some(4), Some(1)], None),
    ] {
        let [a, b, c] = shown;
        let merged = merged(vec![report("a", a), report("b", b), report("c", c)]).unwrap();
        let told = merged.headroom.shown_risk_percent.map(|told| told.0);
        assert_eq!(told, least.map(Decimal::from), "{shown:?}");
    }
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
