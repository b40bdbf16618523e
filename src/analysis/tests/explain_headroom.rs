//! What `explain` says of the headroom that a fleet teaches.

use super::{
    explain::{demo_manifest, explained},
    scaling::{following, scaled_between},
    *,
};
use crate::{
    analysis::{explain, merged},
    demo::Fleet,
    report::{
        Quantity,
        explain::{Explanation, HeadroomInForce, page},
    },
};

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
        // What the first is, its fleet need not be.
        let kind = if id == 0 { workload.identity.kind } else { WorkloadKind::Service };
        let identity = WorkloadIdentity { kind, name: format!("api-{id}"), ..workload.identity.clone() };
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

/// Three runs on one day of fourteen show a day, however long ago that was.
#[test]
fn what_a_fleet_taught_holds_for_a_task_that_ran_on_as_many_days() {
    let headroom = |days: i64| {
        let task = service(20, 10).sized(1024, 8192);
        let task = task.with(|service| service.workload.identity.kind = WorkloadKind::Standalone);
        let runs = |id, time: i64| id > 0 || time < days * 86_400 && time % 7_200 < 900;
        explained_of_fleet_at(task, 20, 90, runs, |_, _| None, "").workload.headroom.unwrap()
    };
    let (one, three) = (headroom(1), headroom(3));
    assert_eq!((one.method.as_str(), three.method.as_str()), ("fixed", "calibrated"), "{one:?}");
    let why = "it was seen for 1 whole days, and what the fleet taught holds from 3 on";
    assert_eq!(one.detail.as_deref(), Some(why));
}

/// At a higher target fewer tasks run, and each may need more memory: of no smaller size, and a risk all the same.
#[test]
fn fewer_tasks_that_each_carry_more_memory_are_a_risk() {
    let like = scaled_between(following(28, 10, 120), 2, 16, 30.0).sized(256, 2048);
    // Of the first 43 %; of the others one in ten comes to half as much again on a day of its own.
    let memory = |id: u32, time: i64| match id {
        0 => Some(4_300),
        _ => (id % 10 == 1 && time / 86_400 == i64::from(id / 10 % 14)).then_some(1_500),
    };
    let explanation = explained_of_fleet_at(like, 28, 90, |_, _| true, memory, "");
    assert_eq!(explanation.workload.headroom.as_ref().unwrap().method, "calibrated");
    let chosen = explanation.candidates.iter().find(|candidate| candidate.verdict == "chosen").unwrap();
    assert_eq!((chosen.cpu_units, chosen.memory_mib), (256, 2048), "{chosen:?}");
    assert!(chosen.detail.ends_with("at 50 % CPU"), "{chosen:?}");
    assert!(chosen.cost_of_risk.unwrap() > Usd::ZERO, "{chosen:?}");
}
