//! [`Pressure`]: whether policies ask for more tasks than may run, and whether tasks are short for it.
//!
//! Where the upper limit holds a policy back, the load of its tasks is no one's choice any more, and
//! is judged as that of a service which nothing scales: by the same statistic and headroom, over the
//! periods in which it was held back.
//!
//! | target | asked for | may run | a task | judged |
//! |---|---|---|---|---|
//! | 60 % | 11 | 7 | 88 %, the hottest 93 % | short: 112 % with headroom |
//! | 60 % | 5 | 4 | 65 %, the hottest 68 % | not short: 82 % with headroom |
//! | 85 % | 4 | 9 | 84 %, the hottest 90 % | not held back: so its owners want it used |

use super::{
    fit::Fit,
    peak::Peak,
    series::TaskSeries,
    simulate::{Setting, Simulated},
    steering::{Plan, Resource},
};

/// What the upper limit does to the service as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pressure {
    /// The tasks asked for and those that may run, where the first are more.
    pub raise: Option<(u32, u32)>,
    pub cpu: Short,
    pub memory: Short,
    /// In plain words.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Short {
    /// The tasks at the limit carry more than their size holds with headroom.
    pub short: bool,
    /// And used up all they had.
    pub unknown: bool,
}

impl Pressure {
    /// `now` is the simulation at the current size, with its fit; `None`: tasks were needed and none ran.
    pub(super) fn of(
        plan: &Plan,
        series: &TaskSeries,
        (now, fit): (&Simulated, Option<&Fit>),
        (peak, size): (Option<&Peak>, (u32, u32)),
    ) -> Self {
        let mut pressure = Self::default();
        if let Some((wanted, most)) = now.held_back.most {
            let periods = now.held_back.cpu.len().max(now.held_back.memory.len());
            pressure.raise = Some((wanted, most));
            pressure.notes.push(format!(
                "policies asked for up to {wanted} tasks where at most {most} may run, in {periods} of {} periods",
                series.len()
            ));
        }
        for resource in [Resource::Cpu, Resource::Memory] {
            let need = fit.and_then(|fit| fit.at_limit(resource));
            let of = pressure.of_mut(resource);
            of.short = need.is_some_and(|need| need.short);
            of.unknown = need.is_some_and(|need| need.unknown_above);
        }
        if let Some(peak) = peak {
            let standing = peak.standing(plan, &Setting::unchanged(plan), size);
            if standing.wanted > standing.most {
                let (wanted, most) = (standing.wanted, standing.most);
                let larger =
                    |(a, b): (u32, u32)| u64::from(wanted) * u64::from(b) > u64::from(a) * u64::from(most);
                if most > 0 && pressure.raise.is_none_or(larger) {
                    pressure.raise = Some((wanted, most));
                }
                pressure.notes.push(format!(
                    "at the peak to come policies ask for {wanted} tasks where at most {most} may run; the \
                     peak is not in the price"
                ));
            }
            for resource in [Resource::Cpu, Resource::Memory] {
                pressure.of_mut(resource).short |= peak.is_short(standing, resource, size);
            }
        }
        pressure
    }

    pub(super) fn by(&self, resource: Resource) -> Short {
        match resource {
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
        }
    }

    pub(super) fn is_short(&self) -> bool {
        self.cpu.short || self.memory.short
    }

    fn of_mut(&mut self, resource: Resource) -> &mut Short {
        match resource {
            Resource::Cpu => &mut self.cpu,
            Resource::Memory => &mut self.memory,
        }
    }
}
