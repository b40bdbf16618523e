//! A snapshot's services as series: per cent to absolute demand by the size in force at each moment.

use std::io;

use jiff::Timestamp;
use rayon::prelude::*;

use super::{
    counts::InputCounts,
    known::{Known, ONE_TASK},
    series::{Dataset, Series, Track},
};
use crate::{
    config::Config,
    demand::{Plausible, Requested, Timeline, WindowDemand, roll_up},
    fargate::TaskSize,
    rightsize::Reason,
    snapshot::{Inventory, Window},
    units::TaskTime,
    utilization::{CENTI_PERCENT_FULL, Point, UtilizationParts},
    workload::{LaunchType, OperatingSystem, TaskDefinition, TaskFacts, Workload, WorkloadKind},
};

/// The Fargate workloads of a snapshot whose tasks' demand does not change with their size. The others
/// are counted by reason:
///
/// | reason | because |
/// |---|---|
/// | `excluded` | the settings say so |
/// | `autoscaled` | another size would have changed the number of tasks, and so each task's demand |
/// | `not-linux`, `not-fargate` | its sizes and prices are others |
/// | `no-task-size` | its demand has no absolute value |
/// | `no-samples` | there is nothing to size from |
///
/// CPU's average is the mean task's, its maximum the hottest task's; memory is the hottest task's. What a
/// report has from elsewhere, with `config`, goes along as [`Known`]. Fails only where a part cannot be read.
pub fn from_snapshot(
    inventory: &Inventory,
    utilization: &dyn UtilizationParts,
    window: Window,
    config: &Config,
) -> io::Result<Dataset> {
    let subjects: Vec<Result<Subject, &str>> =
        inventory.workloads.iter().map(|workload| subject(workload, inventory, window, config)).collect();
    let parts: Vec<Vec<(u32, Series, InputCounts)>> = (0..utilization.parts())
        .into_par_iter()
        .map(|part| {
            let read = utilization.read_part(part)?.into_iter();
            Ok(read
                .filter_map(|mut one| {
                    let subject = subjects.get(one.workload_id as usize)?.as_ref().ok()?;
                    let (series, counts) = subject.series(&mut one.points, window);
                    Some((one.workload_id, series, counts))
                })
                .collect())
        })
        .collect::<io::Result<_>>()?;

    let mut input = InputCounts::default();
    let mut leave_out = |reason: &str| *input.left_out.entry(reason.to_owned()).or_default() += 1;
    let mut sampled = vec![false; subjects.len()];
    let mut series = Vec::new();
    let mut counts_of_all = InputCounts::default();
    for (workload_id, one, counts) in parts.into_iter().flatten() {
        counts_of_all.add(&counts);
        if one.span().is_some() {
            sampled[workload_id as usize] = true;
            series.push(one);
        }
    }
    for (subject, sampled) in subjects.iter().zip(sampled) {
        match subject {
            Err(reason) => leave_out(reason),
            Ok(_) if !sampled => leave_out("no-samples"),
            Ok(_) => {}
        }
    }
    input.add(&counts_of_all);
    Ok(Dataset::new(series, input))
}

/// A workload that can be backtested.
struct Subject {
    id: String,
    timeline: Timeline,
    sizes: Vec<(i64, TaskSize)>,
    /// But for the tasks, which the points tell.
    known: Known,
}

fn subject(
    workload: &Workload,
    inventory: &Inventory,
    window: Window,
    config: &Config,
) -> Result<Subject, &'static str> {
    let in_force = config.for_workload(workload);
    if in_force.exclude.is_some() {
        return Err(Reason::Excluded.code());
    }
    if workload.launch_type != LaunchType::Fargate {
        return Err("not-fargate");
    }
    let definition =
        workload.revisions.last().and_then(|now| inventory.task_definitions.get(&now.task_definition));
    if definition.is_some_and(|definition| definition.platform.os != OperatingSystem::Linux) {
        return Err("not-linux");
    }
    if workload.scaling.as_ref().is_some_and(|target| !target.policies.is_empty()) {
        return Err("autoscaled");
    }
    let timeline = Timeline::of(&workload.revisions, workload.history, &inventory.task_definitions)
        .ok_or("no-task-size")?;
    // A deployment under way is to end at the new revision's size, as in a report.
    let size = |(from, Requested { cpu, memory, .. }): &(i64, Requested)| {
        TaskSize::new(*cpu, *memory, OperatingSystem::Linux).ok().map(|size| (*from, size))
    };
    let sizes: Vec<(i64, TaskSize)> =
        timeline.newest().iter().map(size).collect::<Option<_>>().ok_or("no-task-size")?;
    let relative_to: Vec<(i64, TaskSize)> = timeline
        .segments()
        .iter()
        .map(|segment| size(&(segment.start, segment.relative_to)))
        .collect::<Option<_>>()
        .ok_or("no-task-size")?;
    let mut definitions: Vec<(i64, TaskDefinition)> = workload
        .revisions
        .iter()
        .filter_map(|revision| {
            let from = revision.from.map_or(i64::MIN, Timestamp::as_second);
            Some((from, inventory.task_definitions.get(&revision.task_definition)?.clone()))
        })
        .collect();
    definitions.sort_by_key(|(from, _)| *from);
    let facts = workload.facts.clone().with_agent(config.guard_duty_agent, OperatingSystem::Linux);
    let known = Known {
        tasks: 0,
        sizing: in_force.sizing,
        least_change: config.change,
        paid: config.discount.factor(),
        relative_to,
        definitions,
        facts: TaskFacts { injected: facts.injected, ..TaskFacts::default() },
        has_runs: workload.identity.kind == WorkloadKind::Standalone,
        period_seconds: window.period_seconds,
        min_coverage_percent: config.evidence.min_coverage_percent,
    };
    Ok(Subject { id: workload.identity.id(), timeline, sizes, known })
}

impl Subject {
    /// Tasks that ran on average, by the same task time that a report is made from.
    fn tasks(&self, points: &[Point], window: Window) -> u64 {
        let until = window.end.as_second();
        let demand = WindowDemand::of(&roll_up(points, &self.timeline, window.period_seconds, until));
        let ran = demand.map_or(TaskTime::ZERO, |demand| demand.total_task_time());
        let all = u128::from(window.seconds().max(1)) * 1000;
        let mean = (u128::from(ran.millis()) * u128::from(ONE_TASK) + all / 2) / all;
        u64::try_from(mean).unwrap_or(u64::MAX)
    }

    fn series(&self, points: &mut Vec<Point>, window: Window) -> (Series, InputCounts) {
        let mut counts = InputCounts { rows: points.len() as u64, ..InputCounts::default() };
        let bounds = (window.start.as_second(), window.end.as_second());
        let fargate = Some(LaunchType::Fargate);
        counts.screened =
            Plausible::of(fargate, &self.timeline, bounds, window.period_seconds).screen(points);
        let mut series = Series {
            id: self.id.clone(),
            sizes: self.sizes.clone(),
            cpu_average: Track::default(),
            cpu_max: Track::default(),
            memory: Track::default(),
            known: Some(Known { tasks: self.tasks(points, window), ..self.known.clone() }),
        };
        for point in points {
            let end = point.timestamp.saturating_add(i64::from(window.period_seconds));
            let Requested { cpu, memory, .. } = self.timeline.in_force(point.timestamp, end).relative_to;
            let mut add = |track: &mut Track, value: Option<u32>, full: u64| {
                if let Some(value) = value {
                    counts.clipped += u64::from(value > CENTI_PERCENT_FULL);
                    let share = u64::from(value.min(CENTI_PERCENT_FULL));
                    let absolute = (share * full).div_ceil(u64::from(CENTI_PERCENT_FULL));
                    track.push(point.timestamp, u32::try_from(absolute).unwrap_or(u32::MAX));
                }
            };
            let (cpu, memory) = (u64::from(cpu.0) * 1000, u64::from(memory.0) * 1024);
            add(&mut series.cpu_average, point.cpu_avg, cpu);
            add(&mut series.cpu_max, point.cpu_max, cpu);
            add(&mut series.memory, point.mem_max.or(point.mem_avg), memory);
        }
        (series, counts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{demand::Screened, demo::Fleet, workload::RevisionInForce};

    #[test]
    fn every_workload_of_a_fleet_is_a_series_or_counted() {
        let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
        let inventory = fleet.inventory();
        let data = from_snapshot(&inventory, &fleet, fleet.manifest_window(), &Config::default()).unwrap();
        let left_out: u64 = data.input.left_out.values().sum();
        assert!(!data.series.is_empty());
        assert_eq!(data.series.len() as u64 + left_out, inventory.workloads.len() as u64);
        let reasons: BTreeMap<_, _> = data.input.left_out;
        assert!(reasons.contains_key("autoscaled") && reasons.contains_key("not-fargate"), "{reasons:?}");
    }

    #[test]
    fn what_the_settings_exclude_is_left_out_and_counted() {
        let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
        let inventory = fleet.inventory();
        let toml = "[[override]]\nmatch = { cluster = \"prod\" }\nexclude = \"leaves in March\"\n";
        let config = Config::from_toml("fargauge.toml", toml).unwrap();
        let data = from_snapshot(&inventory, &fleet, fleet.manifest_window(), &config).unwrap();
        let of_prod = inventory.workloads.iter().filter(|one| one.identity.cluster == "prod").count() as u64;
        assert!(of_prod > 0);
        assert_eq!(data.input.left_out.get("excluded"), Some(&of_prod));
        assert!(data.series.iter().all(|series| !series.id.contains("/prod/")));
    }

    #[test]
    fn demand_is_absolute_across_a_resize() {
        let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
        let inventory = fleet.inventory();
        let data = from_snapshot(&inventory, &fleet, fleet.manifest_window(), &Config::default()).unwrap();
        let resized =
            data.series.iter().find(|one| one.sizes.len() > 1).expect("the demo has a resized service");
        for (from, size) in &resized.sizes {
            let until = resized.sizes.iter().map(|(start, _)| *start).find(|start| start > from);
            let (_, memory) = resized.memory.between(*from, until.unwrap_or(i64::MAX));
            assert!(memory.iter().all(|kib| *kib <= size.memory().0 * 1024), "{size}");
        }
        let (last, now) = *resized.sizes.last().unwrap();
        assert_eq!(resized.size_before(i64::MAX), Some(now));
        assert_ne!(resized.size_before(last), Some(now));
    }

    #[test]
    fn while_a_deployment_is_under_way_the_new_size_is_the_current_one() {
        let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
        let inventory = fleet.inventory();
        let data = from_snapshot(&inventory, &fleet, fleet.manifest_window(), &Config::default()).unwrap();
        let of = |revision: &RevisionInForce| {
            let (cpu, memory) = inventory.task_definitions[&revision.task_definition].requested();
            TaskSize::new(cpu.unwrap(), memory.unwrap(), OperatingSystem::Linux).unwrap()
        };
        let mut smaller = 0;
        for series in &data.series {
            let mut all = inventory.workloads.iter();
            let workload = all.find(|workload| workload.identity.id() == series.id).unwrap();
            for pair in workload.revisions.windows(2) {
                let (before, now) = (of(&pair[0]), of(&pair[1]));
                let (from, settled) =
                    (pair[1].from.unwrap().as_second(), pair[1].settled.unwrap().as_second());
                assert!(from < settled);
                assert_eq!(series.size_before(from), Some(before), "{}", series.id);
                assert_eq!(series.size_before(from + 1), Some(now), "{}", series.id);
                smaller += u32::from(now.memory() < before.memory());
            }
        }
        assert!(smaller > 0);
    }

    #[test]
    fn rows_and_values_that_cannot_be_are_counted_and_no_part_of_a_series() {
        let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
        let (inventory, window) = (fleet.inventory(), fleet.manifest_window());
        let of = |parts: &Vec<crate::utilization::Series>| {
            from_snapshot(&inventory, parts, window, &Config::default()).unwrap()
        };
        let mut parts: Vec<_> = (0..fleet.parts()).flat_map(|part| fleet.part(part)).collect();
        let clean = of(&parts);
        assert_eq!(clean.input.screened, Screened::default());
        let id = &clean.series[0].id;
        let place = inventory.workloads.iter().position(|workload| workload.identity.id() == *id).unwrap();
        let hit = parts.iter_mut().find(|one| one.workload_id as usize == place).unwrap();
        let last = *hit.points.last().unwrap();
        let times = [window.end.as_second(), i64::MAX];
        hit.points.extend(times.map(|timestamp| Point { timestamp, mem_max: Some(u32::MAX), ..last }));
        hit.points[0].mem_max = Some(u32::MAX);
        hit.points[1].timestamp += 7;
        let hostile = of(&parts);
        let counts = Screened { outside_window: 2, between_periods: 1, impossible: 1, ..Screened::default() };
        assert_eq!(hostile.input.screened, counts);
        assert_eq!(hostile.input.rows, clean.input.rows + 2);
        assert_eq!(hostile.span(), clean.span());
        let series = hostile.series.iter().find(|one| one.id == *id).unwrap();
        assert_eq!(series.cpu_max.times(), clean.series[0].cpu_max.times());
        assert!(series.memory.values().iter().max() <= clean.series[0].memory.values().iter().max());
    }
}
