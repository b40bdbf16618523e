//! The rule `fargauge` on a snapshot against the report on the same days. Fleets are levelled first: what a
//! backtest leaves out (see `known::SCOPE`) is taken out of them, so that all else must agree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    analysis::{Input, analyse},
    backtest::{
        Dataset, Decision, ONE_TASK, Options, Rule, Split, Training, csv, from_snapshot,
        known::SCOPE,
        ladder::tests::ladder,
        rules::{ComputeOptimizerProxy, Fargauge},
        run,
    },
    config::Config,
    demo::Fleet,
    fargate::TaskSize,
    pricing::PriceBook,
    report::{Report, WorkloadReport},
    snapshot::{FORMAT_VERSION, Inventory, Manifest, Series, Window},
    units::{CpuUnits, MemoryMib},
    workload::{Architecture, LaunchType, OperatingSystem, Region, WorkloadKind},
};

/// A generated fleet, drawn once.
struct Kept {
    inventory: Inventory,
    utilization: Vec<Series>,
    window: Window,
}

impl Kept {
    fn of(services: usize) -> Self {
        let fleet = Fleet::new(services);
        Self {
            inventory: fleet.inventory(),
            utilization: (0..fleet.parts()).flat_map(|part| fleet.part(part)).collect(),
            window: fleet.manifest_window(),
        }
    }

    /// On demand and x86, in one region, nothing scaled, killed or deployed; no single tasks.
    fn levelled(services: usize) -> Self {
        let mut kept = Self::of(services);
        level(&mut kept.inventory);
        kept
    }

    /// As it would be, had all of it happened so much later.
    fn later(mut self, seconds: i64) -> Self {
        let moved = |at: Timestamp| Timestamp::from_second(at.as_second() + seconds).unwrap();
        self.window.start = moved(self.window.start);
        self.window.end = moved(self.window.end);
        for point in self.utilization.iter_mut().flat_map(|series| &mut series.points) {
            point.timestamp += seconds;
        }
        self
    }

    /// Every twelfth series uses more memory in the last 22 hours.
    fn surging(mut self) -> Self {
        let from = self.window.end.as_second() - 22 * 3600;
        for series in self.utilization.iter_mut().step_by(12) {
            for point in series.points.iter_mut().filter(|point| point.timestamp >= from) {
                point.mem_max = point.mem_max.map(|max| (max * 2).min(9_000));
            }
        }
        self
    }

    fn report(&self, config: &Config) -> Report {
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            tool_version: "test".into(),
            scopes: Vec::new(),
            window: self.window,
            utilization_encoding: String::new(),
            files: BTreeMap::new(),
            gaps: Vec::new(),
        };
        let input = Input {
            manifest: &manifest,
            inventory: &self.inventory,
            utilization: &self.utilization,
            sha256: "abc",
        };
        analyse(input, PriceBook::embedded(), config, self.window.end).unwrap()
    }

    fn dataset(&self, config: &Config) -> Dataset {
        from_snapshot(&self.inventory, &self.utilization, self.window, config).unwrap()
    }

    fn by_rule(&self, rule: &Fargauge, config: &Config) -> Changes {
        let (start, end) = (self.window.start.as_second(), self.window.end.as_second());
        let data = self.dataset(config);
        let all: Vec<Training<'_>> = data
            .series
            .iter()
            .map(|series| Training::new(series, series.size_before(end).unwrap(), start, end))
            .filter(|one| !one.is_empty())
            .collect();
        let changed = |(one, decision): (&Training<'_>, Decision)| match decision {
            Decision::Size(size) if size != one.current => Some((one.id.to_owned(), size)),
            _ => None,
        };
        all.iter().zip(rule.decide(&all, &ladder()).decisions).filter_map(changed).collect()
    }
}

fn level(inventory: &mut Inventory) {
    for definition in inventory.task_definitions.values_mut() {
        definition.platform.arch = Architecture::X86_64;
        definition.ephemeral_storage = None;
    }
    for workload in &mut inventory.workloads {
        // Places stay apart by their clusters.
        workload.identity.cluster.push_str(workload.identity.region.as_str());
        workload.identity.region = Region("us-east-1".to_owned());
        workload.strategy.clear();
        workload.scaling = None;
        workload.facts.stopped = None;
        workload.facts.container_peaks.clear();
        workload.revisions.drain(..workload.revisions.len().saturating_sub(1));
        let arn = workload.revisions.last().map(|revision| revision.task_definition.as_str());
        let definition = arn.and_then(|arn| inventory.task_definitions.get(arn));
        if workload.identity.kind == WorkloadKind::Standalone
            || definition.is_none_or(|definition| definition.platform.os != OperatingSystem::Linux)
        {
            workload.launch_type = LaunchType::External;
        }
        for revision in &mut workload.revisions {
            (revision.from, revision.settled) = (None, None);
        }
    }
}

/// However mixed the sizes are.
fn config(toml: &str) -> Config {
    let mut config = Config::from_toml("fargauge.toml", toml).unwrap();
    config.evidence.max_mixed_percent = 100;
    config
}

/// Sizes after the rule, or after the report, that are not the current one, by workload.
type Changes = BTreeMap<String, TaskSize>;

fn by_the_report(report: &Report) -> Changes {
    let changed = report.workloads.iter().filter(|row| row.launch_type == "FARGATE");
    changed
        .filter_map(|row| {
            let to = row.recommendation.as_ref()?;
            let os = OperatingSystem::Linux;
            Some((row.id.clone(), TaskSize::new(CpuUnits(to.cpu_units), MemoryMib(to.memory_mib), os).ok()?))
        })
        .collect()
}

fn differences(rule: &Changes, report: &Changes) -> Vec<String> {
    let ids: BTreeSet<&String> = rule.keys().chain(report.keys()).collect();
    let unlike = ids.into_iter().filter(|id| rule.get(*id) != report.get(*id));
    unlike
        .map(|id| format!("{id}: {:?} by the rule, {:?} by the report", rule.get(id), report.get(id)))
        .collect()
}

#[test]
fn a_rule_changes_what_a_report_changes() {
    let mut kept = Kept::levelled(Fleet::DEFAULT_SERVICES);
    // Of some, memory has samples in two of five periods.
    for series in kept.utilization.iter_mut().filter(|series| series.workload_id % 4 == 0) {
        for point in series.points.iter_mut().filter(|point| point.timestamp / 300 % 5 > 1) {
            (point.mem_avg, point.mem_max) = (None, None);
        }
    }
    let mut seen: Vec<Changes> = Vec::new();
    for toml in [
        "",
        "[sizing]\ncpu_percentile = 90\n[change]\nmin_savings_usd = 60\n[discount]\nenterprise_percent = 20\n",
        "[change]\nmin_savings_percent = 55\n[guards]\nguardduty_agent = true\n",
        "[[override]]\nmatch = { cluster = \"prod*\" }\ncpu_headroom_percent = 90\n\
         memory_headroom_percent = 90\n[[override]]\nmatch = { service = \"c*\" }\nexclude = \"not now\"\n",
    ] {
        let config = config(toml);
        let report = kept.report(&config);
        assert_eq!(report.headroom.method, "fixed");
        let is_kept = |row: &WorkloadReport| {
            let memory = &row.dimensions.memory.not_rated;
            row.recommendation.is_some() && memory.as_ref().is_some_and(|why| why.reason == "gap-in-metrics")
        };
        assert!(report.workloads.iter().any(is_kept));
        let changes = kept.by_rule(&Fargauge::new(&config.sizing), &config);
        assert_eq!(differences(&changes, &by_the_report(&report)), Vec::<String>::new(), "{toml}");
        assert!(!seen.contains(&changes), "no setting of these had a part: {toml}");
        seen.push(changes);
    }
    assert!(seen[0].len() > 10, "{seen:?}");
}

/// A fleet that can show the risk: what headroom is worth depends on how many tasks pay for it.
#[test]
fn headroom_is_learnt_as_a_report_learns_it() {
    let kept = Kept::levelled(220);
    let changes = ["", "[[override]]\nmatch = { service = \"c*\" }\nrisk_percent = 50\n"].map(|toml| {
        let config = config(toml);
        let report = kept.report(&config);
        assert_eq!(report.headroom.method, "calibrated");
        let changes = kept.by_rule(&Fargauge::new(&config.sizing), &config);
        assert_eq!(differences(&changes, &by_the_report(&report)), Vec::<String>::new(), "{toml}");
        (changes, kept.by_rule(&Fargauge::at_risk(&config.sizing, 5), &config))
    });
    let [(changes, at_five), (with_override, at_five_all_the_same)] = changes;
    assert!(changes.len() > 50 && changes != with_override);
    // A rule that is named after a risk takes it for all.
    assert_eq!((&at_five, &at_five_all_the_same), (&changes, &changes));
}

/// A pull begins and ends at any hour, and its last hours are as good as any to learn from.
#[test]
fn the_hour_of_the_pull_changes_nothing() {
    let config = config("[sizing]\nrisk_percent = 20\n");
    let learnt = |kept: &Kept| {
        let report = kept.report(&config);
        let changes = by_the_report(&report);
        let by_rule = kept.by_rule(&Fargauge::new(&config.sizing), &config);
        assert_eq!(differences(&by_rule, &changes), Vec::<String>::new());
        (report.headroom.price_of_risk, changes)
    };
    let of = |hours: i64| learnt(&Kept::levelled(220).surging().later(hours * 3600));
    let at_midnight = of(0);
    let calm = learnt(&Kept::levelled(220)).0;
    assert!(calm.is_some() && at_midnight.0 > calm, "{:?} {calm:?}", at_midnight.0);
    for hours in [1, 13, 23] {
        assert_eq!(of(hours), at_midnight, "{hours}");
    }
}

#[test]
fn tasks_are_those_that_a_report_counts() {
    let (kept, config) = (Kept::of(Fleet::DEFAULT_SERVICES), Config::default());
    let data = kept.dataset(&config);
    let report = kept.report(&config);
    let hours = Decimal::from(kept.window.seconds()) / Decimal::from(3600);
    for series in &data.series {
        let row = report.workloads.iter().find(|row| row.id == series.id).unwrap();
        let mean = row.task_hours.unwrap().0 / hours * Decimal::from(ONE_TASK);
        let tasks = Decimal::from(series.known.as_ref().unwrap().tasks);
        assert!((mean - tasks).abs() <= Decimal::ONE, "{}: {mean} {tasks}", series.id);
    }
    assert!(data.series.iter().any(|series| series.known.as_ref().unwrap().tasks > 5 * ONE_TASK));
}

/// Of other rules as well: by every decision, its price and the tasks.
#[test]
fn what_is_saved_is_of_all_tasks() {
    let kept = Kept::of(Fleet::DEFAULT_SERVICES);
    let data = kept.dataset(&Config::default());
    let split = Split { train: 7 * 86_400, test: 7 * 86_400, step: 86_400 };
    let rules: [Box<dyn Rule>; 1] = [Box::new(ComputeOptimizerProxy)];
    let result =
        run(&data, split, &ladder(), &rules, Options { details: true, ..Options::default() }).unwrap();
    let (mut now, mut then, mut one_each) = (0.0, 0.0, [0.0; 2]);
    // By the rows as they are written.
    let details = csv::details(&result);
    for row in ::csv::Reader::from_reader(details.as_bytes()).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let price = |cpu: &str, memory: &str| {
            let [cpu, memory] = [cpu, memory].map(|column| row[column].parse::<u32>().ok());
            let size = TaskSize::new(CpuUnits(cpu?), MemoryMib(memory?), OperatingSystem::Linux).unwrap();
            Some(ladder().price(size).0 as f64)
        };
        if row["judged"] == "true" {
            let tasks: f64 = row["tasks"].parse().unwrap();
            let current = price("current_cpu_units", "current_memory_mib").unwrap();
            let prices = [current, price("cpu_units", "memory_mib").unwrap_or(current)];
            (now, then) = (now + prices[0] * tasks, then + prices[1] * tasks);
            one_each = [one_each[0] + prices[0], one_each[1] + prices[1]];
        }
    }
    let saved = result.rules[0].saved_percent.unwrap();
    assert!((saved - (100.0 - then * 100.0 / now)).abs() < 1e-3, "{saved}");
    assert!((saved - (100.0 - one_each[1] * 100.0 / one_each[0])).abs() > 1.0, "{saved} of one task each");
    assert_eq!(result.notes, [SCOPE]);
}
