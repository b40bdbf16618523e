//! What the whole core says about small fleets whose answer is known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{Input, analyse};
use crate::{
    config::Config,
    pricing::PriceBook,
    report::{Finding, Report, WorkloadReport},
    snapshot::{FORMAT_VERSION, Inventory, Manifest, Point, Series, Window},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{
        Container, Controller, HistorySource, LaunchType, PolicyKind, Region, RevisionInForce,
        ScalableTarget, ScalingPolicy, ScheduledAction, Scheduling, TaskDefinition, TrackedMetric, Workload,
        WorkloadIdentity, WorkloadKind,
    },
};

const PERIOD: i64 = 300;
const DAYS: i64 = 14;
const POINTS: i64 = DAYS * 86_400 / PERIOD;

/// One service under test: its size and its per-mille utilization at every point.
struct Service {
    workload: Workload,
    definition: TaskDefinition,
    points: Vec<Point>,
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
            workload_id: 0,
            identity: WorkloadIdentity {
                account_id: "123456789012".into(),
                region: Region("us-east-1".into()),
                cluster: "prod".into(),
                kind: WorkloadKind::Service,
                name: "api".into(),
            },
            launch_type: LaunchType::Fargate,
            strategy: Vec::new(),
            desired_count: Some(2),
            running_count: Some(2),
            created_at: None,
            scheduling: Scheduling::Replica,
            controller: Controller::Ecs,
            revisions: vec![RevisionInForce {
                task_definition: "api:1".into(),
                from: None,
                settled: None,
                metric_resolution_seconds: 60,
            }],
            history: HistorySource::ServiceDeployments,
            scaling: None,
            tags: BTreeMap::new(),
            notes: Vec::new(),
        },
        definition: TaskDefinition {
            arn: "api:1".into(),
            family: "api".into(),
            cpu: Some(CpuUnits(1024)),
            memory: Some(MemoryMib(2048)),
            ..TaskDefinition::default()
        },
        points: (0..POINTS).map(point).collect(),
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
                policies: kinds.into_iter().map(|kind| ScalingPolicy { name: "keep".into(), kind }).collect(),
                scheduled_actions: Vec::new(),
            });
        })
    }

    fn report(self) -> Report {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window { start: at(0), end: at(DAYS * 86_400), period_seconds: 300 };
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            tool_version: "test".into(),
            scopes: Vec::new(),
            window,
            utilization_encoding: String::new(),
            files: BTreeMap::new(),
            gaps: Vec::new(),
        };
        let inventory = Inventory {
            workloads: vec![self.workload],
            task_definitions: BTreeMap::from([(self.definition.arn.clone(), self.definition)]),
            ..Inventory::default()
        };
        let utilization = vec![Series { workload_id: 0, points: self.points }];
        let input =
            Input { manifest: &manifest, inventory: &inventory, utilization: &utilization, sha256: "abc" };
        analyse(input, PriceBook::embedded(), &Config::default(), window.end).unwrap()
    }

    fn rated(self) -> WorkloadReport {
        self.report().workloads.remove(0)
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
    assert_eq!(row.task_hours.0, Decimal::from(672));
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
fn a_task_count_that_follows_something_else_is_taken_as_it_was() {
    let requests = TrackedMetric::Other("ALBRequestCountPerTarget".into());
    for policy in [PolicyKind::Step, target_tracking(requests)] {
        let row = service(20, 20).sized(1024, 8192).scaled_by(vec![policy]).rated();
        assert_eq!(size_of(&row), (256, 2048));
        assert!(row.reasons.iter().any(|reason| reason == "task-count-follows-other-metric"));
        assert_eq!(row.recommendation.unwrap().scaling, None);
    }
    let row = service(20, 20).scaled_by(vec![PolicyKind::Predictive { scales: true }]).rated();
    let not_rated = row.not_rated.unwrap();
    assert_eq!(not_rated.reason, "autoscaled");
    assert!(not_rated.detail.contains("forecasts"), "{}", not_rated.detail);
    assert_eq!(
        size_of(&service(20, 20).scaled_by(vec![PolicyKind::Predictive { scales: false }]).rated()),
        (256, 512)
    );
}

/// Tasks that follow a demand of four to twelve tasks' worth of CPU at 55 %, up and down once a day.
fn following(cpu_percent: u32, memory_percent: u32, hottest_percent: u32) -> Service {
    service(cpu_percent, memory_percent).with(|service| {
        for point in &mut service.points {
            let hour = point.timestamp / 3600 % 24;
            point.cpu_samples = Some(5 * u32::try_from(4 + (12 - (hour - 12).abs()) * 2 / 3).unwrap());
            point.cpu_max = Some(cpu_percent * hottest_percent);
        }
        service.workload.desired_count = Some(4);
    })
}

fn scaled_between(service: Service, min: u32, max: u32, target: f64) -> Service {
    let policy = PolicyKind::TargetTracking {
        metric: TrackedMetric::CpuUtilization,
        target,
        disable_scale_in: false,
        scale_in_cooldown: 300,
        scale_out_cooldown: 300,
    };
    service.scaled_by(vec![policy]).with(|service| {
        let scaling = service.workload.scaling.as_mut().unwrap();
        (scaling.min_capacity, scaling.max_capacity) = (min, max);
    })
}

#[test]
fn a_smaller_size_that_only_multiplies_tasks_is_not_recommended() {
    let row = scaled_between(following(56, 60, 120), 4, 16, 60.0).sized(1024, 2048).rated();
    assert_eq!((row.finding, row.dimensions.cpu.finding), (Finding::Optimized, Finding::Optimized));
    assert_eq!(row.recommendation, None);
    assert!(row.reasons.iter().any(|reason| reason == "smaller-size-multiplies-tasks"), "{:?}", row.reasons);
    assert!(row.evidence.simulation_error_percent.unwrap().0 < Decimal::from(5));
}

#[test]
fn memory_that_no_policy_follows_is_cut_and_the_tasks_stay_as_many() {
    let row = scaled_between(following(56, 20, 120), 4, 16, 60.0).sized(1024, 8192).rated();
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (1024, 2048)));
    let scaling = row.recommendation.unwrap().scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (4, 16));
    assert_eq!(scaling.target_cpu_percent.unwrap().0, Decimal::from(60));
    assert_eq!(scaling.simulated_task_hours, scaling.observed_task_hours);
}

#[test]
fn a_low_target_is_raised_as_far_as_the_hottest_task_allows() {
    let low = || scaled_between(following(28, 30, 120), 2, 16, 30.0);
    let report = low().report();
    let row = &report.workloads[0];
    let recommendation = row.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    // 60 % x 1.2 for the hottest task x 1.2 of headroom is 86 %; 70 % would be 101 %.
    assert_eq!((recommendation.cpu_units, scaling.target_cpu_percent.unwrap().0), (1024, Decimal::from(60)));
    assert!(row.reasons.iter().any(|reason| reason == "low-scaling-target"));
    let part = scaling.simulated_task_hours.0 / scaling.observed_task_hours.0;
    assert!(part > "0.45".parse().unwrap() && part < "0.6".parse().unwrap(), "{part}");
    // What is printed adds up: cost by simulated task-hours, savings, totals.
    let by_hand =
        Usd("0.04937".parse::<Decimal>().unwrap() * scaling.simulated_task_hours.0 * Decimal::from(730)
            / Decimal::from(DAYS * 24));
    let difference = (recommendation.monthly_cost.unwrap() - by_hand).0.abs();
    assert!(difference < "0.001".parse().unwrap(), "{difference}");
    assert_eq!(report.totals.monthly_savings, recommendation.monthly_savings.unwrap());
    assert_eq!(report.totals.recommended_monthly_cost, recommendation.monthly_cost.unwrap());
    // Half the tasks may each need up to twice the memory.
    let fuller = scaled_between(following(28, 60, 120), 2, 16, 30.0).rated();
    assert_eq!(size_of(&fuller), (1024, 3072));
    // A hotter task leaves less room.
    let skewed = scaled_between(following(28, 30, 190), 2, 16, 30.0).rated();
    let target = skewed.recommendation.unwrap().scaling.unwrap().target_cpu_percent.unwrap().0;
    assert_eq!(target, Decimal::from(40));
}

#[test]
fn an_idle_minimum_gets_smaller_tasks_and_not_more_of_them() {
    let row = scaled_between(service(10, 20), 2, 8, 60.0).rated();
    assert_eq!(size_of(&row), (256, 512));
    let scaling = row.recommendation.unwrap().scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (2, 32));
    assert_eq!(scaling.simulated_task_hours, scaling.observed_task_hours);
    assert!(row.reasons.iter().any(|reason| reason == "smaller-reserve-at-minimum"));
}

#[test]
fn cpu_that_was_used_up_tells_no_number_of_tasks() {
    let row = scaled_between(following(99, 20, 100), 4, 12, 60.0).rated();
    let cpu = row.dimensions.cpu.not_rated.unwrap();
    assert_eq!(cpu.reason, "autoscaled");
    assert!(cpu.detail.contains("used all they had"), "{}", cpu.detail);
}

#[test]
fn a_scheduled_action_that_is_not_understood_is_named() {
    let row = scaled_between(service(10, 20), 2, 8, 60.0)
        .with(|service| {
            service.workload.scaling.as_mut().unwrap().scheduled_actions = vec![ScheduledAction {
                name: "third-friday".into(),
                schedule: "cron(0 8 ? * 6#3 *)".into(),
                time_zone: None,
                min_capacity: Some(4),
                max_capacity: None,
            }];
        })
        .rated();
    assert_eq!(row.evidence.notes, ["scheduled action third-friday is not simulated"]);
}

#[test]
fn replicas_that_the_peak_leaves_idle_are_an_option_after_the_size() {
    let replicas = |tasks: u32, cpu: u32| {
        service(cpu, 30).with(|service| {
            service.workload.desired_count = Some(tasks);
            service.points.iter_mut().for_each(|point| point.cpu_samples = Some(5 * tasks));
        })
    };
    let scale_in =
        |service: Service| service.rated().options.into_iter().find(|option| option.kind == "scale-in");
    // 12 x 0.1 vCPU are 0.25 vCPU / 1 GB tasks; 1.2 x 1.2 vCPU fit into six of them, memory into nine:
    // 12 x 30 % x 2 GB x 1.2 = 8.64 GB.
    let row = replicas(12, 10).rated();
    assert_eq!(size_of(&row), (256, 1024));
    let option = scale_in(replicas(12, 10)).unwrap();
    assert!(option.conditions[0].ends_with("from 12 to 9"), "{:?}", option.conditions);
    let after = row.recommendation.unwrap().monthly_cost.unwrap();
    assert_eq!(option.monthly_cost.unwrap() + option.monthly_savings.unwrap(), after);
    assert_eq!(option.monthly_cost.unwrap(), (after * "0.75".parse().unwrap()).rounded());
    // One in each availability zone stays, and so do two.
    let idle = |tasks| {
        replicas(tasks, 1).sized(256, 512).with(|service| {
            service.points.iter_mut().for_each(|point| point.mem_max = Some(100));
        })
    };
    assert!(scale_in(idle(20)).unwrap().conditions[0].ends_with("from 20 to 3"));
    for tasks in [1, 2, 3] {
        assert_eq!(scale_in(idle(tasks)), None, "{tasks}");
    }
    assert_eq!(scale_in(replicas(12, 97)), None, "what lacks CPU lacks no tasks less");
    assert_eq!(scale_in(scaled_between(idle(20), 2, 30, 60.0)), None, "policies see to it");
}

#[test]
fn an_idle_service_is_rated_and_may_be_stopped() {
    let row = service(1, 10).rated();
    assert!(row.reasons.iter().any(|reason| reason == "idle"));
    assert_eq!(row.options[0].kind, "stop-or-scale-to-zero");
    assert_eq!(row.options[0].monthly_savings, row.recommendation.unwrap().monthly_cost);
}

#[test]
fn containers_that_share_a_task_hold_it_to_their_sum() {
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
    assert_eq!(size_of(&row), (1024, 2048));
    assert!(row.reasons.iter().any(|reason| reason == "container-minimums"));
}

#[test]
fn too_little_to_judge_by_is_a_reason_and_not_a_number() {
    let reason = |service: Service| {
        let row = service.rated();
        assert_eq!(row.finding, Finding::NotRated);
        assert_eq!(row.recommendation, None);
        row.not_rated.unwrap().reason
    };
    let last_hours = |service: &mut Service| drop(service.points.drain(..POINTS as usize - 120));
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
    let on_ec2 = |service: &mut Service| service.workload.launch_type = LaunchType::Ec2;
    assert_eq!(reason(service(20, 20).with(on_ec2)), "ec2-launch-type");
    let no_size = |service: &mut Service| service.definition.cpu = None;
    assert_eq!(reason(service(20, 20).with(no_size)), "missing-task-size");
    assert_eq!(reason(service(20, 20).sized(1024, 1500)), "invalid-task-size");
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
                let (cpu, memory) = levels[i * levels.len() / POINTS as usize];
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
            prop_assert!(cost(&recommendation.lower_bound).0 <= cost(&recommendation.upper_bound).0);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a scaled service did, what is recommended holds the memory seen, keeps two tasks where
    /// there were two, is paid for by its simulated tasks, and adds up.
    #[test]
    fn a_recommendation_for_a_scaled_service_is_sound(
        size in 0usize..77,
        levels in prop::collection::vec((10u32..1_200, 100u32..160, 1u32..9_000), 1..30),
        (min, span, target) in (0u32..5, 0u32..20, 10u32..95),
        memory_too: bool,
    ) {
        let size = crate::fargate::TaskSize::all(crate::workload::OperatingSystem::Linux).nth(size).unwrap();
        let report = scaled_between(service(0, 0), min, min + span, f64::from(target))
            .sized(size.cpu().0, size.memory().0)
            .with(|service| {
                for (i, point) in service.points.iter_mut().enumerate() {
                    // Hundredths of a task's CPU in all, by as many tasks as the policy wants for it.
                    let (total, skew, memory) = levels[i * levels.len() / POINTS as usize];
                    let tasks = total.div_ceil(target).clamp(min.max(1), (min + span).max(1));
                    let cpu = (total * 100 / tasks).min(9_000);
                    point.cpu_samples = Some(5 * tasks);
                    (point.cpu_avg, point.cpu_max) = (Some(cpu), Some(cpu * skew / 100));
                    (point.mem_avg, point.mem_max) = (Some(memory), Some(memory));
                }
                if memory_too {
                    let kind = target_tracking(TrackedMetric::MemoryUtilization);
                    let scaling = service.workload.scaling.as_mut().unwrap();
                    scaling.policies.push(ScalingPolicy { name: "memory".into(), kind });
                }
            })
            .report();
        let row = &report.workloads[0];
        let savings = row.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default();
        prop_assert_eq!(report.totals.monthly_savings, savings);
        prop_assert_eq!(report.totals.recommended_monthly_cost, row.monthly_cost.unwrap() - savings);
        if let Some(recommendation) = &row.recommendation {
            let seen = row.demand.unwrap().memory_mib.unwrap().max.0;
            prop_assert!(Decimal::from(recommendation.memory_mib) >= seen);
            prop_assert!(row.finding == Finding::Underprovisioned || savings > Usd::ZERO);
            if let Some(scaling) = recommendation.scaling {
                prop_assert!(scaling.min_capacity >= min.min(2) && scaling.max_capacity >= scaling.min_capacity);
                prop_assert!(scaling.simulation_error_percent.0 <= Decimal::from(25));
                let hourly = recommendation.monthly_cost.unwrap().0 / scaling.simulated_task_hours.0;
                let gb = Decimal::from(recommendation.memory_mib) / Decimal::from(1024);
                let vcpu = Decimal::from(recommendation.cpu_units) / Decimal::from(1024);
                let rate: Decimal = vcpu * "0.04048".parse::<Decimal>().unwrap() + gb * "0.004445".parse::<Decimal>().unwrap();
                let months = Decimal::from(730) / Decimal::from(DAYS * 24);
                prop_assert!((hourly - rate * months).abs() < "0.0001".parse().unwrap());
            }
        }
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
