//! `fargauge`: the product's own rule, at the configured risk or at another.
//!
//! The training window alone says how much headroom is worth its price ([`Calibration`]); where the
//! fleet is too small or too young for that, the configured fixed headroom holds, as in a report, and the
//! answer says so. What is [`Known`](crate::backtest::Known) of a workload holds as in a report, too: its
//! settings, the floors of its guards, the least change, and that all its tasks are paid for.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use rayon::prelude::*;

use crate::{
    backtest::{Answer, Capped, Decision, Headroom, Ladder, Need, ONE_TASK, Price, Rule, Samples, Training},
    config::{ExpectedPeak, Sizing},
    demand::Rise,
    fargate::TaskSize,
    rightsize::{
        Calibration, Guards, Learnt, Member, Priced, ResourceNeed, Seen, Unsupported, by_memory, choose,
        cpu_need, memory_need, no_dearer, rising_floor, steps,
    },
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib},
    workload::OperatingSystem,
};

/// CPU: the percentile and the largest average, each with its headroom. Memory: the maximum with the
/// headroom that the fleet's own past asks for.
#[derive(Debug, Clone)]
pub struct Fargauge {
    name: Cow<'static, str>,
    /// Where a workload has no settings of its own.
    sizing: Sizing,
    /// Whatever the settings say.
    risk: Option<u32>,
}

impl Fargauge {
    /// At the settings of the configuration.
    pub fn new(sizing: &Sizing) -> Self {
        Self { name: "fargauge".into(), sizing: *sizing, risk: None }
    }

    /// The same at a risk of so many per cent, for all workloads.
    pub fn at_risk(sizing: &Sizing, percent: u32) -> Self {
        let risk = percent * 100;
        Self {
            name: format!("fargauge-risk-{percent}").into(),
            sizing: Sizing { risk, ..*sizing },
            risk: Some(risk),
        }
    }

    /// What is in force for a workload, but for a peak to come: the past is judged by what came.
    fn sizing(&self, one: &Training<'_>) -> Sizing {
        let sizing = one.known.map_or(self.sizing, |known| known.sizing);
        Sizing { risk: self.risk.unwrap_or(sizing.risk), peak: ExpectedPeak::NONE, ..sizing }
    }

    /// `calibrated` as in [`memory_need`].
    fn needs(&self, one: &Training<'_>, calibrated: bool) -> Needs {
        let (Training { current, cpu, memory, .. }, sizing) = (one, self.sizing(one));
        let seen = |samples: &Samples<'_>, percentile, sustained: Option<u32>, capped: Option<&Capped>| {
            if one.is_sparse(samples) {
                return None;
            }
            let (statistic, max) = (samples.percentile(percentile)?, samples.max()?);
            let wanted = capped.map_or(statistic, |capped| capped.wanted(samples, percentile, statistic));
            Some(Seen {
                statistic: u64::from(wanted),
                sustained: sustained.map_or(0, u64::from),
                max: u64::from(max),
                largest_capped_size: capped.map(|capped| capped.largest_size),
                enlarged_lately: capped.is_some_and(|capped| capped.is_enlarged_lately(samples, percentile)),
                computed: false,
            })
        };
        // How long the history is enters an upper bound alone, which is not asked for.
        let days = 1;
        let os = OperatingSystem::Linux;
        let cpu = seen(cpu, sizing.cpu_percentile, one.cpu_average.max(), one.capped_cpu.as_ref())
            .map(|seen| cpu_need(seen, current.cpu(), os, &sizing, days));
        let memory = seen(memory, 10_000, None, one.capped_memory.as_ref())
            .map(|seen| memory_need(seen, current.memory(), os, &sizing, calibrated, days));
        let demanded = memory.map_or(current.memory(), |memory| MemoryMib(memory.floor));
        let peak = memory.and(one.memory.max()).map(|max| max.div_ceil(1024));
        let floors = |need, peak| {
            guards(one, (need, peak), sizing.memory_headroom)
                .map(|guards| guards.floors())
                .unwrap_or_default()
        };
        let (_, before_memory) = floors(MemoryMib(0), None);
        let peaks = one.daily_memory_peaks().iter().map(|(day, peak)| (*day, u64::from(*peak)));
        let rising = rising_floor(Rise::of(peaks), current.memory());
        let (cpu_floor, memory_floor) = floors(demanded.max(rising), peak);
        Needs { cpu, memory, floors: (cpu_floor, memory_floor.max(rising)), before_memory }
    }

    fn decision(
        &self,
        one: &Training<'_>,
        needs: Needs,
        calibration: Option<&Result<Calibration, Unsupported>>,
        ladder: &Ladder,
    ) -> Decision {
        let learnt = calibration.and_then(|learnt| Learnt::of(learnt, one.days_seen()));
        // One that is too small in anything grows, with no less than the fixed headroom.
        let replaces_fixed = learnt.is_some_and(|learnt| learnt.replaces_fixed);
        let in_place = replaces_fixed && needs.all().is_held_by(one.current, one.current);
        let needs = if in_place { needs } else { self.needs(one, false) };
        let past_peak = one.memory.max().map_or(0, u64::from);
        let size = match learnt {
            Some(Learnt { calibration, .. }) => {
                choose(calibration, &priced(ladder, needs.all(), one), one.current.memory(), past_peak)
            }
            None => ladder.cheapest(needs.all(), one.current),
        };
        let Some(size) = size else { return Decision::Keep };
        let (now, then) = (ladder.price(one.current), ladder.price(size));
        if needs.is_short() || one.known.is_none_or(|known| known.is_worth(now, then)) {
            Decision::Size(size)
        } else {
            Decision::Keep
        }
    }
}

/// What a size must hold.
#[derive(Debug, Clone, Copy)]
struct Needs {
    /// By demand; `None`: there are no samples, or too few.
    cpu: Option<ResourceNeed>,
    memory: Option<ResourceNeed>,
    /// Whatever the demand.
    floors: (CpuUnits, MemoryMib),
    /// That of memory before any demand is known.
    before_memory: MemoryMib,
}

impl Needs {
    fn all(&self) -> Need {
        Need {
            cpu: self.cpu.map(|cpu| u64::from(cpu.floor.max(self.floors.0.0)) * 1000),
            memory: self.memory.map(|memory| u64::from(memory.floor.max(self.floors.1.0)) * 1024),
        }
    }

    /// What a split of the window may know: nothing of the memory demand in all of it.
    fn before_memory(&self) -> Need {
        Need { memory: Some(u64::from(self.before_memory.0) * 1024), ..self.all() }
    }

    fn is_short(&self) -> bool {
        [self.cpu, self.memory].iter().flatten().any(|need| need.short)
    }
}

impl Rule for Fargauge {
    fn name(&self) -> &str {
        &self.name
    }

    fn risk_percent(&self) -> Option<f64> {
        Some(f64::from(self.sizing.risk) / 100.0)
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        let needs: Vec<Needs> = fleet.par_iter().map(|one| self.needs(one, true)).collect();
        let days = days(fleet);
        // One that is short of memory already will grow, so it is none to learn from, as in a report.
        let members: Vec<Member> = fleet
            .iter()
            .zip(&needs)
            .filter(|(_, needs)| needs.memory.is_some_and(|memory| !memory.short))
            .filter_map(|(one, needs)| {
                let unknown = needs.before_memory();
                let ladder = priced(ladder, unknown, one);
                unknown
                    .is_held_by(one.current, one.current)
                    .then(|| Member { daily_peaks: daily_peaks(one, days), ladder: steps(&ladder) })
            })
            .collect();
        let calibrate = |risk: u32| Calibration::of(&members, f64::from(risk) / 10_000.0);
        let risks: BTreeSet<u32> =
            fleet.iter().map(|one| self.sizing(one).risk).chain([self.sizing.risk]).collect();
        let calibrations: BTreeMap<u32, _> = risks.into_iter().map(|risk| (risk, calibrate(risk))).collect();
        let headroom = Headroom::of(&calibrations[&self.sizing.risk], &self.sizing);
        let decisions = fleet
            .par_iter()
            .zip(needs)
            .map(|(one, needs)| {
                let calibration = calibrations.get(&self.sizing(one).risk);
                self.decision(one, needs, calibration, ladder)
            })
            .collect();
        Answer { decisions, headroom: Some(headroom) }
    }
}

/// The sizes as a report would weigh them.
fn priced(ladder: &Ladder, need: Need, one: &Training<'_>) -> Vec<Priced> {
    let current = one.current;
    let sizes = ladder.sizes().filter(|(size, _)| need.is_held_by(*size, current));
    let tasks = one.tasks() as f64 / ONE_TASK as f64;
    let month = |price: Price| price.0 as f64 / 1e12 * f64::from(HOURS_PER_MONTH) * tasks;
    let guards = guards(one, (MemoryMib(0), None), 0);
    let usable =
        |size: TaskSize| guards.as_ref().map_or(size.memory(), |guards| guards.usable_memory(size.into()));
    if need.is_held_by(current, current) {
        no_dearer((current, ladder.price(current)), sizes, month, usable)
    } else {
        by_memory(sizes.collect(), month, usable)
    }
}

/// What guards say of it at its end, as far as they are known; see [`Known::guards`](crate::backtest::Known::guards).
fn guards<'a>(
    one: &Training<'a>,
    memory: (MemoryMib, Option<u32>),
    memory_headroom: u32,
) -> Option<Guards<'a>> {
    one.known?.guards(one.end, one.current, memory, memory_headroom)
}

/// Days of a training window, the last of which ends with it.
fn days(fleet: &[Training<'_>]) -> usize {
    let of_one =
        |one: &Training<'_>| one.daily_memory_peaks().first().map_or(0, |(day, _)| day.unsigned_abs());
    usize::try_from(fleet.iter().map(of_one).max().unwrap_or(0)).unwrap_or(0)
}

/// The peaks of the last `days`.
fn daily_peaks(one: &Training<'_>, days: usize) -> Vec<Option<u64>> {
    let mut peaks = vec![None; days];
    for (day, peak) in one.daily_memory_peaks() {
        let slot = usize::try_from(day.unsigned_abs()).ok().and_then(|back| days.checked_sub(back));
        if let Some(slot) = slot {
            peaks[slot] = Some(u64::from(*peak));
        }
    }
    peaks
}
