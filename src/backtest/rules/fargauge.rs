//! `fargauge`: the product's own rule, at the configured risk or at another.
//!
//! The training window alone says how much headroom is worth its price ([`Calibration`]); where the
//! fleet is too small or too young for that, the configured fixed headroom holds, as in a report, and the
//! answer says so.

use std::borrow::Cow;

use crate::{
    backtest::{Answer, Decision, Headroom, Ladder, Need, Rule, Training, each},
    config::Sizing,
    fargate::TaskSize,
    rightsize::{Calibration, LEAST_LEARNT_HEADROOM, Member, Priced, choose, steps},
    units::HOURS_PER_MONTH,
};

/// CPU: the percentile and the largest average, each with its headroom. Memory: the maximum with the
/// headroom that the fleet's own past asks for.
#[derive(Debug, Clone)]
pub struct Fargauge {
    name: Cow<'static, str>,
    sizing: Sizing,
}

impl Fargauge {
    /// At the settings of the configuration.
    pub fn new(sizing: &Sizing) -> Self {
        Self { name: "fargauge".into(), sizing: *sizing }
    }

    /// The same at a risk of so many per cent.
    pub fn at_risk(sizing: &Sizing, percent: u32) -> Self {
        let sizing = Sizing { risk: percent * 100, ..*sizing };
        Self { name: format!("fargauge-risk-{percent}").into(), sizing }
    }

    /// What the sizes must hold; `calibrated` as in [`crate::rightsize::need`].
    fn need(&self, one: &Training<'_>, calibrated: bool) -> Need {
        let Sizing { cpu_percentile, cpu_headroom, memory_headroom, .. } = self.sizing;
        let with =
            |value: u32, headroom: u32| (u64::from(value) * (10_000 + u64::from(headroom))).div_ceil(10_000);
        let current = u64::from(one.current.cpu().0) * 1000;
        let cpu = one.cpu.percentile(cpu_percentile).map(|statistic| {
            let sustained = one.cpu_average.max().filter(|_| calibrated).unwrap_or(0);
            with(statistic, cpu_headroom).max(with(sustained, cpu_headroom).min(current))
        });
        let memory = one.memory.max().map(|max| {
            let wanted = with(max, memory_headroom);
            let short = wanted > u64::from(one.current.memory().0) * 1024;
            if calibrated && !short { with(max, LEAST_LEARNT_HEADROOM) } else { wanted }
        });
        Need { cpu, memory }
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

/// The days of a training window.
struct Days {
    first: i64,
    count: usize,
}

impl Days {
    fn of(fleet: &[Training<'_>]) -> Self {
        let days = || fleet.iter().flat_map(|one| one.memory.daily_peaks()).map(|(day, _)| *day);
        let first = days().min().unwrap_or(0);
        let count = days().max().map_or(0, |last| usize::try_from(last - first + 1).unwrap_or(0));
        Self { first, count }
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
