//! The same work on Fargate: as sized and bought now, right-sized, on ARM, in part on Spot, under a Savings
//! Plan.
//!
//! Each is a change to the right-sized work, not to the one before it: rows compare, they do not add up.

use rust_decimal::Decimal;

use super::{ClusterWork, LaunchPlatform, Market, PlatformRow, Work, market::missing, work::WINDOWS};
use crate::{
    fargate::TaskSize,
    launch::{
        Running,
        options::{covered, spot_rates_date, spot_split, unrounded},
    },
    pricing::TaskCost,
    units::{HOURS_PER_MONTH, Usd},
    workload::{Architecture, OperatingSystem, Platform},
};

pub(super) fn row(platform: LaunchPlatform, cluster: &ClusterWork, market: &Market<'_>) -> PlatformRow {
    let mut row = PlatformRow::new(platform);
    if platform == LaunchPlatform::Today {
        cluster.work.iter().for_each(|work| row.add(Ok(work.today)));
        cluster.add_overhead(&mut row, |_, _| true);
        return row;
    }
    for work in &cluster.work {
        let running = match on_fargate(work, market) {
            OnFargate::Runs(running) => running,
            OnFargate::NoRate(rate) => {
                row.add(Err(rate));
                continue;
            }
            OnFargate::Cannot(reason) => {
                row.stay_as_is(&reason, work);
                continue;
            }
        };
        match platform {
            LaunchPlatform::FargateArm => arm(&mut row, work, running, market),
            LaunchPlatform::FargateSpot => spot(&mut row, work, running, market),
            LaunchPlatform::FargateSavingsPlan => savings_plan(&mut row, work, &running, market),
            _ => row.add(right_sized(work, &running, market)),
        }
    }
    let from_bridge = |work: &Work| work.placement.is_in_bridge_mode() && work.off_fargate.is_none();
    if cluster.work.iter().any(from_bridge) {
        row.assume("tasks in bridge mode move to awsvpc: no links, no host ports other than the container's");
    }
    let kept = std::mem::take(&mut row.kept_pools);
    cluster.add_overhead(&mut row, |number, pool| pool.has_others || kept.contains(&number));
    assume(&mut row, platform, market);
    row
}

fn assume(row: &mut PlatformRow, platform: LaunchPlatform, market: &Market<'_>) {
    row.assume("tasks have the recommended size, or their present one where none is recommended");
    match platform {
        LaunchPlatform::FargateArm => {
            row.assume("every image is built for arm64 too, and a vCPU does as much work there");
        }
        LaunchPlatform::FargateSpot => row.assume(format!(
            "tasks can be interrupted; {} of each service on demand stays so",
            match market.config.spot_on_demand_tasks {
                0 => "no task".to_owned(),
                1 => "one task".to_owned(),
                n => format!("{n} tasks"),
            }
        )),
        LaunchPlatform::FargateSavingsPlan => row.assume(format!(
            "a {} {} Compute Savings Plan covers {} % of what runs on demand at every hour; none does now",
            market.plan().term.as_str(),
            market.plan().payment.as_str(),
            (Decimal::from(market.plan().coverage_centi_percent) / Decimal::ONE_HUNDRED).normalize()
        )),
        _ => {}
    }
}

/// A workload as a Fargate workload.
pub(super) enum OnFargate {
    Runs(Running),
    NoRate(String),
    Cannot(String),
}

/// The workload on Fargate: as it is, or at the cheapest size that holds what it requests.
pub(super) fn on_fargate(work: &Work, market: &Market<'_>) -> OnFargate {
    if work.on_fargate() {
        return OnFargate::Runs(work.running.clone());
    }
    if let Some(reason) = &work.off_fargate {
        return OnFargate::Cannot(reason.clone());
    }
    let Running { shape, split, .. } = &work.running;
    // What reserves nothing of a resource may use any amount of it.
    let nothing = [(shape.cpu.0, "CPU"), (shape.memory.0, "memory")].into_iter().find(|(of, _)| *of == 0);
    if let Some((_, what)) = nothing {
        return OnFargate::Cannot(format!(
            "it reserves no {what}: which size it needs on Fargate is not known"
        ));
    }
    let mut best: Option<(TaskSize, Usd)> = None;
    for size in TaskSize::all(shape.platform.os) {
        if size.cpu() < shape.cpu || size.memory() < shape.memory {
            continue;
        }
        match market.fargate_hourly(&Market::resized(shape, size.cpu(), size.memory()), *split) {
            Err(rate) => return OnFargate::NoRate(rate),
            Ok(hourly) if best.is_none_or(|(_, least)| hourly < least) => best = Some((size, hourly)),
            Ok(_) => {}
        }
    }
    match best {
        Some((size, _)) => OnFargate::Runs(Running {
            shape: Market::resized(shape, size.cpu(), size.memory()),
            ..work.running.clone()
        }),
        None => OnFargate::Cannot("larger than any Fargate size".to_owned()),
    }
}

/// As the report has it, where it is on Fargate already.
fn right_sized(work: &Work, running: &Running, market: &Market<'_>) -> Result<Usd, String> {
    if work.on_fargate() { Ok(work.right_sized) } else { month(running, market) }
}

/// USD a month, as printed.
pub(super) fn month(running: &Running, market: &Market<'_>) -> Result<Usd, String> {
    let cost = TaskCost::split(market.book, &running.shape, running.split).map_err(|e| missing(&e))?;
    Ok((cost.hourly() * (running.monthly_task_hours * market.paid())).rounded())
}

fn arm(row: &mut PlatformRow, work: &Work, mut running: Running, market: &Market<'_>) {
    let Platform { os, arch } = running.shape.platform;
    if os == OperatingSystem::Windows {
        row.stay_as_is(WINDOWS, work);
        return;
    }
    if arch == Architecture::Arm64 {
        row.add(right_sized(work, &running, market));
        return;
    }
    running.shape.platform.arch = Architecture::Arm64;
    row.add(month(&running, market));
}

fn spot(row: &mut PlatformRow, work: &Work, mut running: Running, market: &Market<'_>) {
    let shape_region = running.shape.region.to_string();
    if let Some(split) = spot_split(&running, market.config.spot_on_demand_tasks) {
        running.split = split;
        if let Some(date) = spot_rates_date(market.book, &running.shape) {
            row.assume_of(format!("the Spot price floats; this is that of {date} in"), shape_region);
        }
        row.add(month(&running, market));
        return;
    }
    let cost = right_sized(work, &running, market);
    let reason = match (work.is_windows(), running.split.is_all_on_demand()) {
        (true, _) => WINDOWS,
        (false, false) => return row.add(cost),
        (false, true) => "too few tasks for one of them to be interrupted",
    };
    match cost {
        Ok(cost) => row.stay(reason, cost),
        Err(rate) => row.add(Err(rate)),
    }
}

fn savings_plan(row: &mut PlatformRow, work: &Work, running: &Running, market: &Market<'_>) {
    if running.shape.platform.os == OperatingSystem::Windows {
        row.stay_as_is(WINDOWS, work);
        return;
    }
    let steady = running.steady_on_demand_milli > 0 && !running.monthly_task_hours.is_zero();
    if !steady || market.plan().coverage_centi_percent == 0 {
        row.add(right_sized(work, running, market));
        return;
    }
    let cost = covered(running, market.book, market.plans, market.plan()).and_then(|covered| {
        let now = unrounded(market.book, running, market.paid())
            .ok_or_else(|| format!("no Fargate rate is held for {}", running.shape.region))?;
        let (term, payment) = (market.plan().term.as_str(), market.plan().payment.as_str());
        row.commit(
            format!("{term} {payment} Compute Savings Plan"),
            covered.committed / Decimal::from(HOURS_PER_MONTH),
        );
        row.assume_of(
            format!("Savings Plan list rates of {} in", covered.rates_date),
            running.shape.region.as_str(),
        );
        Ok(Usd(now - covered.saved * market.paid()).rounded())
    });
    row.add(cost);
}
