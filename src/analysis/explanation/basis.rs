//! [`Basis`]: what a row's finding was made from, looked up again.

use rust_decimal::Decimal;

use super::{
    super::{facts::Facts, glossary::SmallChange, on_instances},
    candidates::{candidates, not_worth_it, settled},
    need::need_report,
    past::replays,
    scaled,
};
use crate::{
    config::{Config, Resolved},
    demand::{Moment, Replay, Requested},
    fargate::TaskSize,
    pricing::PriceBook,
    report::{
        Size, WorkloadReport,
        explain::{CandidateReport, NeedReport, ReplayReport},
    },
    rightsize::{
        Learnt, Reason, ReservationRating, Unrated, Weighing,
        autoscaling::{Outlook, outlook},
        weigh,
    },
    units::{CpuUnits, MemoryMib, Usd},
};

/// A row, and all that it was made with.
pub(super) struct Case<'a> {
    pub facts: &'a Facts<'a>,
    pub row: &'a WorkloadReport,
    pub book: &'a PriceBook,
    pub config: &'a Config,
    pub in_force: &'a Resolved,
    pub learnt: Option<Learnt<'a>>,
}

pub(super) enum Basis {
    /// What it reserves on instances.
    Reservation(Box<ReservationRating>),
    /// Sizes on Fargate, for as many tasks as ran.
    Sizes(Box<Weighing>),
    /// The same where the number of tasks follows the size.
    Scaled(Box<Weighing>, Box<Outlook>),
    None(Unrated),
}

impl Basis {
    pub(super) fn of(case: &Case<'_>) -> Self {
        if on_instances::is_on(case.facts.workload.launch_type) {
            let rating = on_instances::rating(case.facts, case.config, case.in_force);
            return rating.map_or_else(Self::None, |rating| Self::Reservation(Box::new(rating)));
        }
        match case.weighing() {
            Err(unrated) => Self::None(unrated),
            Ok(weighing) => match case.outlook(&weighing) {
                Some(outlook) => Self::Scaled(Box::new(weighing), Box::new(outlook)),
                None => Self::Sizes(Box::new(weighing)),
            },
        }
    }

    pub(super) fn outlook(&self) -> Option<&Outlook> {
        match self {
            Self::Scaled(_, outlook) => Some(outlook),
            Self::Reservation(_) | Self::Sizes(_) | Self::None(_) => None,
        }
    }

    /// What keeps the task, or a resource of it, from being rated.
    pub(super) fn causes(&self) -> Vec<Reason> {
        let (cpu, memory) = match self {
            Self::None(unrated) => return vec![unrated.reason],
            Self::Reservation(rating) => (&rating.demanded.0, &rating.demanded.1),
            Self::Sizes(weighing) | Self::Scaled(weighing, _) => (&weighing.cpu, &weighing.memory),
        };
        [cpu, memory].into_iter().filter_map(|need| Some(need.as_ref().err()?.reason)).collect()
    }

    pub(super) fn need(&self, case: &Case<'_>) -> Option<NeedReport> {
        let report =
            |(cpu, memory): (&_, &_), needed, learnt| need_report(cpu, memory, needed, case.in_force, learnt);
        if case.row.not_rated.is_some() {
            return None;
        }
        match self {
            Self::None(_) => None,
            Self::Reservation(rating) => {
                Some(report((&rating.demanded.0, &rating.demanded.1), rating.needed, false))
            }
            Self::Sizes(weighing) => {
                Some(report((&weighing.cpu, &weighing.memory), weighing.needed, weighing.learnt))
            }
            Self::Scaled(weighing, outlook) => {
                let demanded = (&Ok(outlook.demanded.cpu), &Ok(outlook.demanded.memory));
                Some(report(demanded, outlook.need, weighing.learnt))
            }
        }
    }

    pub(super) fn candidates(&self, case: &Case<'_>) -> Vec<CandidateReport> {
        let Case { facts, row, config, .. } = *case;
        match self {
            Self::Scaled(_, outlook) => {
                let month = |hourly: Usd, hours: Decimal| {
                    (hourly * (hours * facts.months_per_window()) * config.discount.factor()).rounded()
                };
                let (cpu, memory) = settled(row);
                let to = (cpu.unwrap_or_default(), memory.unwrap_or_default());
                scaled::candidates(outlook, row, (to, case.learnt.is_some()), month)
            }
            Self::Sizes(weighing) if row.not_rated.is_none() => candidates(facts, row, config, weighing),
            Self::Sizes(_) | Self::Reservation(_) | Self::None(_) => Vec::new(),
        }
    }

    /// What would have been chosen were it worth a deployment.
    pub(super) fn small_change(
        &self,
        case: &Case<'_>,
        candidates: &[CandidateReport],
    ) -> Option<SmallChange> {
        match self {
            Self::Reservation(rating) => on_instances::found(case.facts, case.config, rating),
            Self::Sizes(_) | Self::Scaled(..) | Self::None(_) => not_worth_it(case.row, candidates),
        }
    }

    /// What the window's demand would have met at the current size and at the recommended one.
    pub(super) fn replays(&self, case: &Case<'_>, seen: &[Moment]) -> Vec<ReplayReport> {
        let Some(timeline) = case.facts.timeline.filter(|_| !seen.is_empty()) else { return Vec::new() };
        match self.outlook() {
            Some(outlook) => {
                let Requested { cpu, memory, .. } = timeline.current();
                let size = Size { cpu_units: cpu.0, memory_mib: memory.0 };
                scaled::replays(outlook, case.row, (size, Replay::of(seen, cpu, memory)))
            }
            None => replays(timeline, case.row, seen),
        }
    }
}

impl Case<'_> {
    fn weighing(&self) -> Result<Weighing, Unrated> {
        let (cpu, memory) = settled(self.row);
        let Self { facts, book, config, in_force, learnt, .. } = *self;
        facts.with_subject(config, in_force, &facts.prepared(book), |subject| {
            let to = cpu.zip(memory).and_then(|(cpu, memory)| {
                TaskSize::new(CpuUnits(cpu), MemoryMib(memory), subject.shape.platform.os).ok()
            });
            weigh(subject, book, learnt, to.unwrap_or(subject.size))
        })
    }

    /// The service under its own policies, where it is rated and the number of tasks follows its size.
    fn outlook(&self, weighing: &Weighing) -> Option<Outlook> {
        let Self { facts, row, book, config, in_force, learnt } = *self;
        if row.not_rated.is_some() {
            return None;
        }
        let (cpu, memory) = settled(row);
        let outlook = facts.with_subject(config, in_force, &facts.prepared(book), |subject| {
            let (cpu, memory) = (CpuUnits(cpu.unwrap_or_default()), MemoryMib(memory.unwrap_or_default()));
            let to = TaskSize::new(cpu, memory, subject.shape.platform.os).unwrap_or(subject.size);
            let also = weighing.candidates.iter().map(|candidate| candidate.size);
            outlook(subject, book, config, learnt, (to, row.recommendation.is_some()), also)
        });
        outlook.ok().flatten()
    }
}
