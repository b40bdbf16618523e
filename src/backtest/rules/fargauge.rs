//! `fargauge`: the product's own rule, at the configured risk or at another.
//!
//! The training window alone says how much headroom is worth its price ([`Calibration`]); where the
//! fleet is too small or too young for that, the configured fixed headroom holds, as in a report, and the
//! answer says so.

use std::borrow::Cow;

use crate::{
    backtest::{Answer, Decision, Headroom, Ladder, Need, Rule, Samples, Training, each},
    config::{ExpectedPeak, Sizing},
    fargate::TaskSize,
    rightsize::{Calibration, Member, Priced, Seen, choose, cpu_need, memory_need, steps},
    units::HOURS_PER_MONTH,
    workload::OperatingSystem,
};

const DAY: i64 = 86_400;

/// CPU: the percentile and the largest average, each with its headroom. Memory: the maximum with the
/// headroom that the fleet's own past asks for.
#[derive(Debug, Clone)]
pub struct Fargauge {
    name: Cow<'static, str>,
    sizing: Sizing,
}

impl Fargauge {
    /// At the settings of the configuration, but for a peak to come: the past is judged by what came.
    pub fn new(sizing: &Sizing) -> Self {
        Self { name: "fargauge".into(), sizing: Sizing { peak: ExpectedPeak::NONE, ..*sizing } }
    }

    /// The same at a risk of so many per cent.
    pub fn at_risk(sizing: &Sizing, percent: u32) -> Self {
        let at_risk = Self::new(&Sizing { risk: percent * 100, ..*sizing });
        Self { name: format!("fargauge-risk-{percent}").into(), ..at_risk }
    }

    /// What the sizes must hold; `calibrated` as in [`cpu_need`] and [`memory_need`].
    fn need(&self, one: &Training<'_>, calibrated: bool) -> Need {
        let Training { current, cpu, memory, .. } = one;
        let seen = |samples: &Samples<'_>, statistic: Option<u32>, sustained: Option<u32>, capped| {
            let [statistic, max] = [statistic?, samples.max()?].map(u64::from);
            Some(Seen {
                statistic,
                sustained: sustained.map_or(0, u64::from),
                max,
                largest_capped_size: capped,
            })
        };
        // How long the history is enters an upper bound alone, which is not asked for.
        let days = 1;
        let os = OperatingSystem::Linux;
        let cpu =
            seen(cpu, cpu.percentile(self.sizing.cpu_percentile), one.cpu_average.max(), one.capped_cpu)
                .map(|seen| cpu_need(seen, current.cpu(), os, &self.sizing, calibrated, days));
        let memory = seen(memory, memory.max(), None, one.capped_memory)
            .map(|seen| memory_need(seen, current.memory(), os, &self.sizing, calibrated, days));
        Need {
            cpu: cpu.map(|cpu| u64::from(cpu.floor) * 1000),
            memory: memory.map(|memory| u64::from(memory.floor) * 1024),
        }
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
        let ladders: Vec<Vec<Priced>> =
            fleet.iter().map(|one| priced(ladder, self.need(one, true), one.current)).collect();
        let days = Days::of(fleet);
        let members: Vec<Member> = fleet
            .iter()
            .filter(|one| !one.memory.is_empty())
            .filter_map(|one| {
                // What a split must not know: the memory demand of the whole window.
                let unknown = Need { memory: Some(0), ..self.need(one, true) };
                let ladder = priced(ladder, unknown, one.current);
                (!ladder.is_empty()).then(|| Member { daily_peaks: days.peaks(one), ladder: steps(&ladder) })
            })
            .collect();
        let calibration = Calibration::of(&members, f64::from(self.sizing.risk) / 10_000.0);
        let headroom = Some(Headroom::of(&calibration, &self.sizing));
        let Ok(calibration) = calibration else {
            let fixed = each(fleet, |one| ladder.decide(self.need(one, false), one.current));
            return Answer { headroom, ..fixed };
        };
        let decisions = fleet
            .iter()
            .zip(&ladders)
            .map(|(one, sizes)| match one.memory.max() {
                Some(peak) => choose(&calibration, sizes, u64::from(peak))
                    .map_or_else(|| ladder.decide(self.need(one, true), one.current), Decision::Size),
                None => ladder.decide(self.need(one, true), one.current),
            })
            .collect();
        Answer { decisions, headroom }
    }
}

/// The sizes as a report would weigh them: see [`crate::rightsize::ladder`].
fn priced(ladder: &Ladder, need: Need, current: TaskSize) -> Vec<Priced> {
    let fits = |need: Option<u64>, size: u64, now: u64| need.map_or(size == now, |need| size >= need);
    let holds = |size: TaskSize| {
        fits(need.cpu, u64::from(size.cpu().0) * 1000, u64::from(current.cpu().0) * 1000)
            && fits(need.memory, u64::from(size.memory().0) * 1024, u64::from(current.memory().0) * 1024)
    };
    if !holds(current) {
        return Vec::new();
    }
    let limit = ladder.price(current);
    let mut sizes: Vec<_> =
        ladder.sizes().filter(|(size, price)| *size != current && *price <= limit && holds(*size)).collect();
    sizes.sort_by_key(|(size, price)| (size.memory(), *price, size.cpu()));
    sizes.dedup_by_key(|(size, _)| size.memory());
    sizes.push((current, limit));
    sizes
        .into_iter()
        .map(|(size, price)| Priced {
            size,
            monthly_cost: price.0 as f64 / 1e12 * f64::from(HOURS_PER_MONTH),
        })
        .collect()
}

/// The days of a training window, by date, as many as it is long: of one that begins within a day, the
/// last date is not among them.
struct Days {
    first: i64,
    count: usize,
}

impl Days {
    fn of(fleet: &[Training<'_>]) -> Self {
        let first = fleet.iter().filter_map(|one| one.memory.times().first()).min();
        let end = fleet.iter().map(|one| one.end).max();
        let seconds = first.zip(end).map_or(0, |(first, end)| end.saturating_sub(*first).max(0));
        Self {
            first: first.map_or(0, |first| first.div_euclid(DAY)),
            count: usize::try_from(seconds.unsigned_abs().div_ceil(DAY.unsigned_abs())).unwrap_or(0),
        }
    }

    fn peaks(&self, one: &Training<'_>) -> Vec<Option<u64>> {
        let mut peaks = vec![None; self.count];
        for (day, peak) in one.memory.daily_peaks() {
            if let Some(slot) = usize::try_from(day - self.first).ok().and_then(|at| peaks.get_mut(at)) {
                *slot = Some(u64::from(*peak));
            }
        }
        peaks
    }
}
