//! [`Fleet`]: a snapshot read whole, each workload with all that is known of it and what the fleet taught.
//!
//! Takes a snapshot, a price book and settings; reads the utilization part by part, on all cores. Fails only
//! where a part cannot be read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::tz::TimeZone;
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::{
    facts::{Facts, Refused},
    on_instances,
};
use crate::{
    config::Config,
    demand::{
        DEFAULT_MAXIMUM_PERCENT, Plausible, Runs, Screened, StartUp, Surge, Timeline, WindowDemand,
        hourly_tasks, least_tasks, roll_up, runs, start_up,
    },
    ec2::InstanceTypes,
    fargate::minimum_billed_seconds,
    launch::{Host, InstanceRates, InstanceShares, Tenant, hosts},
    pricing::{Charges, PriceBook},
    rightsize::{
        Calibration, Member, Unsupported,
        autoscaling::{ReplicaPeaks, Steering, TaskSeries},
    },
    snapshot::{Inventory, Manifest, Point, Series, UtilizationParts, Window},
    workload::{
        Controller, LaunchType, OperatingSystem, Platform, Region, Scheduling, Workload, WorkloadKind,
    },
};

/// A snapshot as the analysis needs it, wherever it is kept.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub manifest: &'a Manifest,
    pub inventory: &'a Inventory,
    pub utilization: &'a dyn UtilizationParts,
    /// SHA-256 of the manifest, hexadecimal.
    pub sha256: &'a str,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// What one workload's series came to.
struct Digest {
    demand: Option<WindowDemand>,
    start_up: Option<StartUp>,
    runs: Option<Runs>,
    /// What of the series could not be.
    screened: Screened,
    values: u64,
    /// In order, where the number of tasks follows what they use.
    series: Option<TaskSeries>,
    /// Where nothing scales the service.
    peaks: Option<ReplicaPeaks>,
    /// Where they are asked for.
    hourly_tasks: Option<Vec<u32>>,
    /// In the hour with the fewest; of services.
    least_tasks: Option<u32>,
    points: Option<Vec<Point>>,
}

/// What to keep beyond what every question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    /// The series of the workload with this number.
    Series(u32),
    /// The tasks of every workload in each hour.
    HourlyTasks,
}

/// The whole fleet, ready to be reported on.
pub(super) struct Fleet<'a> {
    /// In the inventory's sequence.
    pub facts: &'a [Facts<'a>],
    /// By risk, in hundredths of a per cent.
    pub calibrations: BTreeMap<u32, Result<Calibration, Unsupported>>,
    pub shares: &'a InstanceShares,
    pub samples_read: u64,
    /// Of the workload whose series was asked to be kept.
    pub kept: Option<Vec<Point>>,
    /// By workload, if asked for.
    pub hourly_tasks: BTreeMap<u32, Vec<u32>>,
}

/// Reads a snapshot and asks about the fleet in it.
pub(super) fn with_fleet<T>(
    input: Input<'_>,
    book: &PriceBook,
    config: &Config,
    keep: Keep,
    answer: impl FnOnce(Fleet<'_>) -> T,
) -> Result<T, io::Error> {
    let window = input.manifest.window;
    let timelines: Vec<Option<Timeline>> = input
        .inventory
        .workloads
        .iter()
        .map(|workload| on_instances::timeline(workload, &input.inventory.task_definitions))
        .collect();
    let mut digests: BTreeMap<u32, Digest> = (0..input.utilization.parts())
        .into_par_iter()
        .map(|part| {
            let series = input.utilization.read_part(part)?.into_iter();
            Ok(series.map(|series| digest(series, input.inventory, &timelines, window, keep)).collect())
        })
        .collect::<Result<Vec<Vec<(u32, Digest)>>, io::Error>>()?
        .into_iter()
        .flatten()
        .collect();

    let hourly_tasks =
        digests.iter_mut().filter_map(|(id, digest)| Some((*id, digest.hourly_tasks.take()?))).collect();
    let kept = digests.values_mut().find_map(|digest| digest.points.take());
    let refused = Refused::of(&input.manifest.gaps);
    let rates = InstanceRates {
        prices: book.instance_prices(),
        settings: &config.ec2,
        charges: Charges::embedded(),
        on: window.end.to_zoned(TimeZone::UTC).date(),
    };
    let demand_of = |workload: &Workload| digests.get(&workload.workload_id)?.demand.as_ref();
    let shares = shares(input.inventory, window, &timelines, demand_of, rates);
    let hosts = hosts_by_region(input.inventory, rates);
    let facts: Vec<Facts<'_>> = input
        .inventory
        .workloads
        .iter()
        .map(|workload| {
            let digest = digests.get(&workload.workload_id);
            Facts {
                workload,
                inventory: input.inventory,
                timeline: timelines.get(workload.workload_id as usize).and_then(Option::as_ref),
                demand: digest.and_then(|digest| digest.demand.as_ref()),
                start_up: digest.and_then(|digest| digest.start_up.as_ref()),
                runs: digest.and_then(|digest| digest.runs.as_ref()),
                screened: digest.map_or_else(Screened::default, |digest| digest.screened),
                series: digest.and_then(|digest| digest.series.as_ref()),
                peaks: digest.and_then(|digest| digest.peaks),
                least_tasks: digest.and_then(|digest| digest.least_tasks),
                window,
                refused: &refused,
                shares: &shares,
                hosts: &hosts,
            }
        })
        .collect();
    // How much headroom is worth its price is the fleet's to say, so it is asked before any is rated.
    let fleet: Vec<Member> = facts.par_iter().filter_map(|facts| facts.member(book, config)).collect();
    let calibrate = |risk: u32| Calibration::of(&fleet, f64::from(risk) / 10_000.0);
    let risks: BTreeSet<u32> = facts
        .iter()
        .map(|facts| config.for_workload(facts.workload).sizing.risk)
        .chain([config.sizing.risk])
        .collect();
    let calibrations: BTreeMap<u32, Result<Calibration, Unsupported>> =
        risks.into_iter().map(|risk| (risk, calibrate(risk))).collect();
    Ok(answer(Fleet {
        facts: &facts,
        calibrations,
        shares: &shares,
        samples_read: digests.values().map(|digest| digest.values).sum(),
        kept,
        hourly_tasks,
    }))
}

/// Who takes what of the instances, and what they cost.
fn shares<'a>(
    inventory: &'a Inventory,
    window: Window,
    timelines: &[Option<Timeline>],
    demand: impl Fn(&'a Workload) -> Option<&'a WindowDemand>,
    rates: InstanceRates<'_>,
) -> InstanceShares {
    let hours = Decimal::from(window.seconds()) / Decimal::from(3600);
    let tenants: Vec<Tenant<'_>> = inventory
        .workloads
        .iter()
        .filter(|workload| on_instances::is_on(workload.launch_type))
        .map(|workload| {
            let has_size = timelines.get(workload.workload_id as usize).is_some_and(Option::is_some);
            let demand = demand(workload).filter(|_| has_size);
            Tenant {
                workload,
                mean_weight: demand.map_or(Decimal::ZERO, |demand| on_instances::mean_weight(demand, hours)),
                windows: platform(workload, inventory).os == OperatingSystem::Windows,
                architecture: platform(workload, inventory).arch,
            }
        })
        .collect();
    InstanceShares::of(&tenants, &inventory.container_instances, &inventory.capacity_providers, rates)
}

/// Instances that a service on Fargate could have to itself, of every region with such a service.
fn hosts_by_region<'a>(
    inventory: &'a Inventory,
    rates: InstanceRates<'_>,
) -> BTreeMap<&'a Region, Vec<Host>> {
    let regions: BTreeSet<&Region> = inventory
        .workloads
        .iter()
        .filter(|workload| workload.launch_type == LaunchType::Fargate)
        .map(|workload| &workload.identity.region)
        .collect();
    regions.into_iter().map(|region| (region, hosts(region, InstanceTypes::embedded(), rates))).collect()
}

/// A workload whose size is not known is rolled up under no size: its values are counted, no more.
fn digest(
    mut series: Series,
    inventory: &Inventory,
    timelines: &[Option<Timeline>],
    window: Window,
    keep: Keep,
) -> (u32, Digest) {
    let period = window.period_seconds;
    let timeline = timelines.get(series.workload_id as usize).and_then(Option::as_ref);
    let workload = inventory.workloads.get(series.workload_id as usize);
    let unknown = Timeline::unknown();
    let bounds = (window.start.as_second(), window.end.as_second());
    let launch_type = workload.map(|workload| workload.launch_type);
    let screened =
        Plausible::of(launch_type, timeline.unwrap_or(&unknown), bounds, period).screen(&mut series.points);
    let rollups = roll_up(&series.points, timeline.unwrap_or(&unknown), period, bounds.1);
    // Of tasks that nobody counted it is not known what ran, which is not nothing.
    let demand = WindowDemand::of(&rollups)
        .filter(|demand| screened.impossible == 0 || !demand.total_task_time().is_zero());
    let standalone = workload.filter(|workload| workload.identity.kind == WorkloadKind::Standalone);
    let runs = standalone.map(|workload| {
        runs(&series.points, period, minimum_billed_seconds(platform(workload, inventory).os))
    });
    // A task that comes and goes is sized for all that it does, its start included.
    let start_up = match (workload, timeline, &demand) {
        (Some(workload), Some(timeline), Some(demand)) if standalone.is_none() => {
            start_up(&series.points, timeline, &workload.revisions, demand, bounds.0, period)
        }
        _ => None,
    };
    let service = workload.zip(timeline).filter(|(workload, _)| {
        workload.launch_type == LaunchType::Fargate && workload.identity.kind == WorkloadKind::Service
    });
    let scaled = service.filter(|(w, _)| w.scaling.as_ref().is_some_and(Steering::needs_series));
    let fixed = service.filter(|(w, _)| w.scaling.is_none());
    let starts = start_up.as_ref().filter(|start| start.is_spike()).map_or(&[][..], |start| &start.spans);
    let tasks = scaled.and_then(|(workload, timeline)| {
        Some(TaskSeries::of(&series.points, timeline, period, deployments(workload))?.with_starts(starts))
    });
    let digest = Digest {
        demand,
        start_up,
        runs,
        screened,
        values: rollups.values,
        series: tasks,
        peaks: fixed.and_then(|(_, timeline)| ReplicaPeaks::of(&series.points, timeline, period)),
        least_tasks: workload
            .zip(timeline)
            .filter(|(workload, _)| workload.identity.kind == WorkloadKind::Service)
            .and_then(|(_, timeline)| least_tasks(&series.points, timeline, period)),
        hourly_tasks: workload.zip(timeline).filter(|_| keep == Keep::HourlyTasks).map(
            |(workload, timeline)| hourly_tasks(&series.points, timeline, bounds, period, &surge(workload)),
        ),
        points: (keep == Keep::Series(series.workload_id)).then_some(series.points),
    };
    (series.workload_id, digest)
}

/// When ECS held scale-in back. It does not for deployments that something else controls.
fn deployments(workload: &Workload) -> Vec<(i64, i64)> {
    if workload.controller == Controller::External {
        return Vec::new();
    }
    let times = workload.revisions.iter().filter_map(|revision| revision.from.zip(revision.settled));
    let mut deployments: Vec<(i64, i64)> =
        times.map(|(from, settled)| (from.as_second(), settled.as_second())).collect();
    deployments.sort_unstable();
    deployments
}

fn platform(workload: &Workload, inventory: &Inventory) -> Platform {
    let revision = workload.revisions.last();
    revision
        .and_then(|revision| inventory.task_definitions.get(&revision.task_definition))
        .map_or_else(Platform::default, |definition| definition.platform)
}

/// When both revisions of a service ran, as far as is known. One whose end is not known counts for the hour
/// that it began in.
fn surge(workload: &Workload) -> Surge {
    if workload.identity.kind != WorkloadKind::Service || workload.scheduling != Scheduling::Replica {
        return Surge::NONE;
    }
    let deployments = workload
        .revisions
        .iter()
        .filter_map(|revision| {
            let from = revision.from?.as_second();
            Some((from, revision.settled.map_or(from + 1, |settled| settled.as_second().max(from + 1))))
        })
        .collect();
    let maximum_percent = match workload.controller {
        Controller::Ecs => workload.maximum_percent.unwrap_or(DEFAULT_MAXIMUM_PERCENT),
        // Blue and green are there at once.
        Controller::CodeDeploy | Controller::External => DEFAULT_MAXIMUM_PERCENT,
    };
    Surge { deployments, maximum_percent }
}
