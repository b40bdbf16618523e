//! What the whole core says about small fleets whose answer is known.

mod compare;
mod conditions;
mod container_limits;
pub(super) mod explain;
mod explain_headroom;
mod explain_scaled;
mod gaps;
mod history;
mod impossible;
mod instances;
mod max_capacity;
mod part_time;
mod peak_memory;
mod scaled_plan;
mod scaled_purchase;
mod scaling;
mod settings;
mod sparse;
mod standalone;
mod steps;

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{Input, analyse};
use crate::{
    config::Config,
    pricing::PriceBook,
    report::{Finding, Report, WorkloadReport},
    snapshot::{FORMAT_VERSION, Gap, Inventory, Manifest, Point, Series, Window},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{
        Architecture, CapacityProvider, Container, ContainerInstance, HistorySource, LaunchType,
        OperatingSystem, Platform, PolicyKind, Region, RevisionInForce, ScalableTarget, ScalingPolicy,
        Scheduling, TaskDefinition, TrackedMetric, Workload, WorkloadIdentity, WorkloadKind,
    },
};

const PERIOD: i64 = 300;
const DAYS: i64 = 14;
const POINTS: u16 = 4_032;

/// One service under test: its size and its per-mille utilization at every point.
struct Service {
    workload: Workload,
    definition: TaskDefinition,
    more_definitions: Vec<TaskDefinition>,
    points: Vec<Point>,
    gaps: Vec<Gap>,
    instances: Vec<ContainerInstance>,
    capacity_providers: Vec<CapacityProvider>,
}

/// A service of 1 vCPU / 2 GB with two tasks at constant utilization, in per cent.
fn service(cpu_percent: u32, memory_percent: u32) -> Service {
    let point = |i: i64| Point {
        timestamp: i * PERIOD,
        cpu_avg: Some(cpu_percent * 100),
        cpu_max: Some(cpu_percent * 100),
        cpu_samples: Some(10),
        mem_avg: Some(memory_percent * 100),
        mem_max: Some(memory_percent * 100),
        live_tasks: None,
    };
    Service {
        workload: Workload {
            desired_count: Some(2),
            running_count: Some(2),
            revisions: vec![RevisionInForce::now("api:1".into())],
            history: HistorySource::ServiceDeployments,
            ..Workload::new(
                0,
                WorkloadIdentity {
                    account_id: "123456789012".into(),
                    region: Region("us-east-1".into()),
                    cluster: "prod".into(),
                    kind: WorkloadKind::Service,
                    name: "api".into(),
                },
                LaunchType::Fargate,
            )
        },
        definition: TaskDefinition {
            arn: "api:1".into(),
            family: "api".into(),
            cpu: Some(CpuUnits(1024)),
            memory: Some(MemoryMib(2048)),
            ..TaskDefinition::default()
        },
        more_definitions: Vec::new(),
        points: (0..i64::from(POINTS)).map(point).collect(),
        gaps: Vec::new(),
        instances: Vec::new(),
        capacity_providers: Vec::new(),
    }
}

impl Service {
    fn sized(mut self, cpu: u32, memory: u32) -> Self {
        self.definition.cpu = Some(CpuUnits(cpu));
        self.definition.memory = Some(MemoryMib(memory));
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn scaled_by(self, kinds: Vec<PolicyKind>) -> Self {
        self.with(|service| {
            service.workload.scaling = Some(ScalableTarget {
                min_capacity: 1,
                max_capacity: 10,
                scale_in_suspended: false,
                scale_out_suspended: false,
                scheduled_suspended: false,
                policies: kinds.into_iter().map(|kind| ScalingPolicy { name: "keep".into(), kind }).collect(),
                scheduled_actions: Vec::new(),
            });
        })
    }

    fn report(self) -> Report {
        self.report_with(&Config::default())
    }

    fn report_with(self, config: &Config) -> Report {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window { start: at(0), end: at(DAYS * 86_400), period_seconds: 300 };
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            tool_version: "test".into(),
            scopes: Vec::new(),
            window,
            utilization_encoding: String::new(),
            files: BTreeMap::new(),
            gaps: self.gaps,
        };
        let inventory = Inventory {
            workloads: vec![self.workload],
            container_instances: self.instances,
            capacity_providers: self.capacity_providers,
            task_definitions: self
                .more_definitions
                .into_iter()
                .chain([self.definition])
                .map(|definition| (definition.arn.clone(), definition))
                .collect(),
            ..Inventory::default()
        };
        let utilization = vec![Series { workload_id: 0, points: self.points }];
        let input =
            Input { manifest: &manifest, inventory: &inventory, utilization: &utilization, sha256: "abc" };
        analyse(input, PriceBook::embedded(), config, window.end).unwrap()
    }

    fn rated(self) -> WorkloadReport {
        self.report().workloads.remove(0)
    }

    /// Rated with the settings of a config file.
    fn rated_with(self, toml: &str) -> WorkloadReport {
        let config = Config::from_toml("fargauge.toml", toml).unwrap();
        self.report_with(&config).workloads.remove(0)
    }
}

fn target_tracking(metric: TrackedMetric) -> PolicyKind {
    PolicyKind::TargetTracking {
        metric,
        target: 60.0,
        disable_scale_in: false,
        scale_in_cooldown: 300,
        scale_out_cooldown: 300,
    }
}

fn size_of(row: &WorkloadReport) -> (u32, u32) {
    let recommendation = row.recommendation.as_ref().expect("a recommendation");
    (recommendation.cpu_units, recommendation.memory_mib)
}

#[test]
fn an_overprovisioned_service_gets_the_cheapest_size_that_holds_demand_and_headroom() {
    // 0.2 vCPU x 1.2 = 0.24 vCPU; 614 MiB x 1.2 = 737 MiB.
    let row = service(20, 30).rated();
    assert_eq!(row.finding, Finding::Overprovisioned);
    assert_eq!(size_of(&row), (256, 1024));
    assert_eq!(row.reasons, ["cpu-overprovisioned", "memory-overprovisioned"]);
    // Two tasks x 336 h; 2 x 0.04937 USD x 730 h a month.
    assert_eq!(row.task_hours.unwrap().0, Decimal::from(672));
    assert_eq!(row.requested_vcpu_hours.unwrap().0, Decimal::from(672));
    assert_eq!(row.requested_gb_hours.unwrap().0, Decimal::from(1344));
    assert_eq!(row.monthly_cost, Some(Usd("72.0802".parse().unwrap())));
    let recommendation = row.recommendation.unwrap();
    // 2 x (0.25 x 0.04048 + 0.004445) x 730
    assert_eq!(recommendation.monthly_cost, Some(Usd("21.2649".parse().unwrap())));
    assert_eq!(recommendation.monthly_savings, Some(Usd("50.8153".parse().unwrap())));
}

#[test]
fn memory_close_to_its_limit_is_underprovisioned_and_costs_more() {
    let row = service(50, 90).sized(512, 1024).rated();
    assert_eq!(row.finding, Finding::Underprovisioned);
    assert_eq!(row.dimensions.memory.finding, Finding::Underprovisioned);
    assert_eq!(size_of(&row), (512, 2048));
    assert!(row.recommendation.unwrap().monthly_savings.unwrap() < Usd::ZERO);
}

#[test]
fn demand_at_the_cap_is_unknown_above_it_and_steps_up_at_least_one_size() {
    let row = service(99, 40).rated();
    assert_eq!(row.finding, Finding::Underprovisioned);
    assert!(row.reasons.iter().any(|reason| reason == "cpu-demand-unknown-above-cap"));
    assert_eq!(size_of(&row), (2048, 4096));
    assert_eq!(row.recommendation.unwrap().performance_risk, "high");
}

/// 94 % of 4 vCPU, a fifth more and 7 % for a history of 14 days are 4.83 vCPU: Windows has no more than 4.
#[test]
fn a_bound_that_no_size_holds_is_none() {
    let explanation = explain::explained(
        service(75, 6).sized(4096, 30_720).with(|service| {
            service.definition.platform.os = OperatingSystem::Windows;
            service.points[100].cpu_max = Some(9_400);
        }),
        &Config::default(),
    );
    let row = &explanation.workload;
    assert_eq!(size_of(row), (4096, 8192));
    let told = serde_json::to_value(row.recommendation.as_ref().unwrap()).unwrap();
    assert!(told["upper_bound"].is_null(), "{told}");
    let page = crate::report::explain::page::render(&explanation, 160);
    let line =
        "  bounds       4 vCPU / 8 GB without headroom; no size allows for the short history in full\n";
    assert!(page.contains(line), "{page}");
}

#[test]
fn a_resource_that_touched_its_cap_is_never_reduced() {
    let row = service(10, 40).with(|service| service.points[100].cpu_max = Some(9_600)).rated();
    assert_eq!(row.dimensions.cpu.finding, Finding::Optimized);
    assert!(row.reasons.iter().any(|reason| reason == "reached-cpu-cap"));
    assert_eq!(row.evidence.cpu_periods_at_cap, 1);
}

#[test]
fn a_well_sized_service_and_the_smallest_size_stay() {
    assert_eq!(service(80, 80).rated().finding, Finding::Optimized);
    let smallest = service(5, 30).sized(256, 512).rated();
    assert_eq!(smallest.finding, Finding::AlreadyMinimal);
    assert_eq!(smallest.recommendation, None);
}

#[test]
fn a_resource_that_autoscaling_follows_keeps_its_size_and_the_other_is_rated() {
    let memory_heavy = || service(20, 20).sized(1024, 8192);
    let row = memory_heavy().scaled_by(vec![target_tracking(TrackedMetric::CpuUtilization)]).rated();
    assert_eq!(row.dimensions.cpu.not_rated.as_ref().unwrap().reason, "autoscaled");
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (1024, 2048)));

    let row = memory_heavy()
        .scaled_by(vec![
            target_tracking(TrackedMetric::CpuUtilization),
            target_tracking(TrackedMetric::MemoryUtilization),
        ])
        .rated();
    assert_eq!(row.finding, Finding::NotRated);
    let not_rated = row.not_rated.unwrap();
    assert_eq!(not_rated.reason, "autoscaled");
    // The policy would have kept one task, not two: it is not what set their number.
    let detail = not_rated.detail;
    assert!(detail.contains("gives 1.00 tasks on average where 2.00 ran"), "{detail}");
}

#[test]
fn an_idle_service_is_rated_and_may_be_stopped() {
    let row = service(1, 10).rated();
    assert!(row.reasons.iter().any(|reason| reason == "idle"));
    assert_eq!(row.options[0].kind, "stop-or-scale-to-zero");
    assert_eq!(row.options[0].monthly_savings, row.recommendation.unwrap().monthly_cost);
}

#[test]
fn sidecars_keep_what_they_reserve_and_the_main_container_shrinks_with_the_task() {
    let container = |name: &str, cpu, memory| Container {
        name: name.into(),
        cpu: CpuUnits(cpu),
        memory_reservation: Some(MemoryMib(memory)),
        ..Container::default()
    };
    let row = service(5, 5)
        .with(|service| {
            service.definition.containers = vec![container("app", 512, 1024), container("envoy", 128, 256)];
        })
        .sized(2048, 8192)
        .rated();
    // 128 for each; 256 MiB of envoy and what the task needs, as if all of it were app's.
    assert_eq!(size_of(&row), (256, 1024));
    assert!(row.reasons.iter().any(|reason| reason == "container-minimums"));
    let recommendation = row.recommendation.unwrap();
    assert!(recommendation.conditions.contains(&"the limits of app change with the task".to_owned()));
    let sizes =
        recommendation.containers.iter().map(|c| (c.name.as_str(), c.cpu_units, c.memory_reservation_mib));
    assert_eq!(sizes.collect::<Vec<_>>(), [("app", Some(128), Some(768)), ("envoy", Some(128), Some(256))]);
}

#[test]
fn too_little_to_judge_by_is_a_reason_and_not_a_number() {
    let reason = |service: Service| {
        let row = service.rated();
        assert_eq!(row.finding, Finding::NotRated);
        assert_eq!(row.recommendation, None);
        row.not_rated.unwrap().reason
    };
    let last_hours = |service: &mut Service| drop(service.points.drain(..usize::from(POINTS) - 120));
    assert_eq!(reason(service(20, 20).with(last_hours)), "too-new");
    let gaps = |service: &mut Service| service.points.retain(|p| p.timestamp / PERIOD % 5 < 2);
    assert_eq!(reason(service(20, 20).with(gaps)), "gap-in-metrics");
    assert_eq!(reason(service(20, 20).with(|service| service.points.clear())), "no-metrics");
    let stopped = |service: &mut Service| {
        service.points.clear();
        service.workload.desired_count = Some(0);
    };
    assert_eq!(reason(service(20, 20).with(stopped)), "no-running-tasks");
    let elsewhere = |service: &mut Service| {
        service.workload.identity.region = Region("ap-southeast-5".into());
    };
    assert_eq!(reason(service(20, 20).with(elsewhere)), "no-price-for-region");
    let elsewhere = |service: &mut Service| service.workload.launch_type = LaunchType::External;
    assert_eq!(reason(service(20, 20).with(elsewhere)), "external-launch-type");
    let no_size = |service: &mut Service| service.definition.cpu = None;
    assert_eq!(reason(service(20, 20).with(no_size)), "missing-task-size");
    assert_eq!(reason(service(20, 20).sized(1024, 1500)), "invalid-task-size");
}

#[test]
fn what_guards_say_is_in_the_row() {
    use crate::workload::{InjectedContainer, RuntimeSetting, StoppedTasks};

    let container = |name: &str| Container { name: name.into(), essential: true, ..Container::default() };
    let row = service(10, 10)
        .sized(1024, 8192)
        .with(|service| {
            let setting = RuntimeSetting::new("-Xmx", "4g");
            service.definition.containers =
                vec![Container { runtime_settings: vec![setting], ..container("app") }, container("envoy")];
            service.workload.facts.injected = vec![InjectedContainer::ServiceConnectProxy];
            service.workload.facts.stopped = Some(StoppedTasks::default());
        })
        .rated();
    assert_eq!(size_of(&row), (1024, 5120));
    let codes: Vec<&str> = row.guards.iter().map(|guard| guard.code.as_str()).collect();
    assert_eq!(codes, ["service-connect-proxy", "fixed-heap"]);
    assert_eq!(row.guards[1].memory_mib, Some(4653), "4096 + 205 + 288 + 64 for the proxy");
    assert_eq!(row.evidence.notes, ["stopped-tasks-of-one-hour", "container-insights-would-tell"]);
    assert_eq!(row.evidence.oom_kills, Some(0));
    let recommendation = row.recommendation.unwrap();
    assert_eq!(recommendation.conditions, ["to go lower in memory, lower -Xmx4g first"]);
    assert_eq!(recommendation.containers.len(), 2);
    assert_eq!(recommendation.containers[0].memory_mib, None);
}

#[test]
fn how_evenly_tasks_are_loaded_is_evidence() {
    use crate::workload::{TaskSkew, TaskSpread};

    let replicas = |service: &mut Service| {
        for point in &mut service.points {
            point.cpu_samples = Some(30);
            point.cpu_avg = Some(1_000);
        }
    };
    let would_tell = "container-insights-would-tell".to_owned();
    let blind = service(30, 20).with(replicas).rated();
    assert_eq!(blind.evidence.hottest_to_mean_cpu.unwrap().0.round(), Decimal::from(3));
    assert!(blind.evidence.notes.contains(&would_tell));
    let single = service(30, 20)
        .with(|service| {
            for point in &mut service.points {
                point.cpu_samples = Some(5);
            }
        })
        .rated();
    assert_eq!(single.evidence.hottest_to_mean_cpu, None);
    assert!(!single.evidence.notes.contains(&would_tell));
    let seen = service(30, 20)
        .with(replicas)
        .with(|service| {
            let cpu = Some(TaskSpread { hottest: 2_500, coolest: 300, mean: 1_000 });
            service.workload.facts.task_skew = Some(TaskSkew { tasks: 6, cpu, memory: None });
        })
        .rated();
    assert_eq!(seen.evidence.hottest_to_mean_cpu, None);
    let skew = seen.evidence.task_skew.unwrap();
    assert_eq!((skew.tasks, skew.cpu.unwrap().hottest_to_mean.0), (6, "2.5".parse().unwrap()));
    assert!(!seen.evidence.notes.contains(&would_tell));
    for note in ["hot-task", "lazy-tasks"] {
        assert!(seen.evidence.notes.contains(&note.to_owned()), "{note}");
    }
}

#[test]
fn start_up_spikes_are_evidence_and_not_the_size() {
    let deployed = 7 * 86_400;
    let row = service(10, 20)
        .sized(2048, 4096)
        .with(|service| {
            let at = Timestamp::from_second(deployed).unwrap();
            let first = service.workload.revisions[0].clone();
            let next = RevisionInForce { from: Some(at), settled: Some(at), ..first };
            service.workload.revisions.push(next);
            for point in &mut service.points {
                if (deployed..deployed + 600).contains(&point.timestamp) {
                    point.cpu_max = Some(7_500);
                }
            }
        })
        .rated();
    assert_eq!(size_of(&row), (1024, 2048));
    assert_eq!(row.evidence.startup_peak_vcpu.unwrap().0, "1.5".parse().unwrap());
    assert_eq!(row.demand.unwrap().cpu_vcpu.unwrap().max.0, "1.5".parse().unwrap());
    assert!(row.reasons.contains(&"start-up-peak".to_owned()));
}

#[test]
fn a_stopped_service_costs_nothing_and_one_without_metrics_has_no_cost() {
    let stopped = |service: &mut Service| {
        service.points.clear();
        service.workload.desired_count = Some(0);
    };
    assert_eq!(service(0, 0).with(stopped).rated().monthly_cost, Some(Usd::ZERO));
    assert_eq!(service(0, 0).with(|service| service.points.clear()).rated().monthly_cost, None);
}

/// A revision of the service that came into force after `days`.
fn revision(task_definition: &str, days: i64) -> RevisionInForce {
    let at = Some(Timestamp::from_second(days * 86_400).unwrap());
    RevisionInForce {
        task_definition: task_definition.into(),
        from: at,
        settled: at,
        metric_resolution_seconds: 60,
    }
}

#[test]
fn a_definition_in_force_that_was_not_collected_is_not_replaced_by_the_one_before() {
    let row = service(20, 30).with(|service| service.workload.revisions.push(revision("api:2", 7))).rated();
    assert_eq!(row.not_rated.unwrap().reason, "missing-task-size");
    assert_eq!((row.monthly_cost, row.window_cost, row.requested_vcpu_hours), (None, None, None));
}

#[test]
fn an_earlier_definition_that_was_not_collected_is_assumed_and_told() {
    let row = service(20, 30)
        .with(|service| {
            service.workload.revisions.extend([revision("api:0", 5), revision("api:1", 7)]);
        })
        .rated();
    assert_eq!(row.finding, Finding::Overprovisioned);
    assert!(row.evidence.notes.iter().any(|note| note == "assumed-revision"), "{:?}", row.evidence.notes);
}

#[test]
fn a_window_on_two_platforms_says_that_it_is_priced_as_one() {
    let noted = |arch| {
        let mut report = service(20, 30)
            .with(|service| {
                let platform = Platform { arch, ..service.definition.platform };
                let moved = TaskDefinition { arn: "api:2".into(), platform, ..service.definition.clone() };
                service.workload.revisions.push(revision("api:2", 7));
                service.more_definitions.push(moved);
            })
            .report();
        report.workloads.remove(0).evidence.notes.contains(&"mixed-platforms".to_owned())
    };
    assert!(noted(Architecture::Arm64));
    assert!(!noted(Architecture::X86_64));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the series, the recommended size holds what was seen, and totals are the row's.
    #[test]
    fn a_recommendation_holds_the_observed_demand(
        size in 0usize..77,
        levels in prop::collection::vec((0u32..12_000, 0u32..12_000), 1..40),
    ) {
        let size = crate::fargate::TaskSize::all(crate::workload::OperatingSystem::Linux).nth(size).unwrap();
        let report = service(0, 0).sized(size.cpu().0, size.memory().0).with(|service| {
            for (i, point) in service.points.iter_mut().enumerate() {
                let (cpu, memory) = levels[i * levels.len() / usize::from(POINTS)];
                point.cpu_max = Some(cpu);
                point.mem_max = Some(memory);
            }
        }).report();
        let row = &report.workloads[0];
        let memory = row.demand.unwrap().memory_mib.unwrap();
        if let Some(recommendation) = &row.recommendation {
            prop_assert!(Decimal::from(recommendation.memory_mib) >= memory.max.0);
            let cpu = row.demand.unwrap().cpu_vcpu.unwrap();
            prop_assert!(Decimal::from(recommendation.cpu_units) / Decimal::from(1024) >= cpu.p995.0);
            let cost = |s: &crate::report::Size| (s.cpu_units, s.memory_mib);
            if let Some(upper) = &recommendation.upper_bound {
                prop_assert!(cost(&recommendation.lower_bound).0 <= cost(upper).0);
            }
        }
        prop_assert_eq!(report.totals.monthly_cost, row.monthly_cost.unwrap());
        let savings = row.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default();
        prop_assert_eq!(report.totals.monthly_savings, savings);
        prop_assert_eq!(
            report.totals.savings_overprovisioned - report.totals.cost_of_underprovisioned, savings
        );
        prop_assert_eq!(report.totals.recommended_monthly_cost, report.totals.monthly_cost - savings);
    }
}

/// The demo fleet knows what each of its workloads was made to show.
#[test]
fn the_demo_fleet_is_rated_as_it_was_made() {
    use crate::demo::{Fleet, Intent};

    let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
    let window = fleet.manifest_window();
    let inventory = fleet.inventory();
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "test".into(),
        scopes: fleet.scopes(),
        window,
        utilization_encoding: String::new(),
        files: BTreeMap::new(),
        gaps: fleet.gaps(),
    };
    let input = Input { manifest: &manifest, inventory: &inventory, utilization: &fleet, sha256: "abc" };
    let report = analyse(input, PriceBook::embedded(), &Config::default(), window.end).unwrap();
    let mut wrong = Vec::new();
    for workload in &inventory.workloads {
        let id = workload.identity.id();
        let row = report.workloads.iter().find(|row| row.id == id).unwrap();
        let got = match &row.not_rated {
            Some(not_rated) => format!("NotRated({})", not_rated.reason),
            None => row.finding.as_str().to_owned(),
        };
        let intended = match fleet.intent(workload.workload_id).unwrap() {
            Intent::NotRated(reason) => format!("NotRated({reason})"),
            rated => format!("{rated:?}"),
        };
        if got != intended {
            wrong.push(format!("{id}: made as {intended}, rated {got} {:?}", row.reasons));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
