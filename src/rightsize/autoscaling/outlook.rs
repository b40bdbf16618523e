//! [`Outlook`]: sizes under a service's own policies, for people to see why one was chosen.
//!
//! Takes what a rating is made from and the size that it ended with; gives what ran, what would have
//! run at that size, and other sizes each with the limits and targets that serve it best. It decides
//! nothing: simulations, needs and prices are those of the search.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{
    candidates::{Reach, Targets, followed_size, settings},
    choice::{Choice, LEAST_SAVING, Search, choose},
    fit::{Fit, carried},
    refine::Scaled,
    simulate::{Setting, Simulated, simulate},
    steering::Resource,
};
use crate::{
    config::Config,
    demand::{CAP_CENTI_PERCENT, ResourceReplay},
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    rightsize::{calibration::Learnt, need::Need, rate::rate_and, rating::ScalingChoice, subject::Subject},
    units::{MemoryMib, Usd},
};

/// A service under its own policies.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// As it ran.
    pub now: Course,
    /// At the size, limits and targets of the recommendation.
    pub then: Option<Course>,
    /// What a task needs at the end: of the recommendation, else as it ran; guards included.
    pub need: Need,
    /// And by its demand alone.
    pub demanded: Need,
    /// By price of a task; the one that the rating ended with is among them.
    pub sizes: Vec<SizeOutlook>,
    /// 0.01 % of the present cost: what a change that moves the number of tasks must save.
    pub least_saving: u32,
}

/// What ran or would have run, and how tasks would have fared.
#[derive(Debug, Clone)]
pub struct Course {
    pub scaling: ScalingChoice,
    pub least_tasks: u32,
    pub most_tasks: u32,
    pub cpu: ResourceReplay,
    pub memory: ResourceReplay,
    /// The hottest task's: thousandths of a CPU unit, KiB.
    pub cpu_peak: Option<u64>,
    pub memory_peak: Option<u64>,
}

/// A size with the limits and targets that serve it best.
#[derive(Debug, Clone)]
pub struct SizeOutlook {
    pub size: TaskSize,
    /// USD per task-hour, at list prices, as so many tasks are bought.
    pub hourly: Usd,
    /// The same as those are bought that run now.
    pub as_bought_now: Usd,
    pub scaling: ScalingChoice,
    /// What it lacks; empty where it holds the load.
    pub lacks: Vec<Lack>,
    /// USD a month that its risk weighs.
    pub risk: f64,
    /// What policies follow is smaller than now.
    pub followed_is_smaller: bool,
    pub most_tasks: u32,
}

/// Why a size does not hold the load, with what a task would need of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    Cpu(u32),
    Memory(u32),
    /// The upper limit leaves its tasks short.
    Tasks,
    /// Its main container needs so much, and has a lower limit of its own.
    Container(u32, u32),
    /// A container's limit would be lowered below so much.
    Limits(u32),
    /// Guards, or demand that reached a cap.
    Floor(Resource, u32),
}

/// `to` is the size that the rating ended with; `changed` whether that is a recommendation. `also` are
/// sizes to look at besides. `None` where policies do not follow the size, or cannot be simulated.
pub fn outlook(
    subject: &Subject<'_>,
    book: &PriceBook,
    config: &Config,
    learnt: Option<Learnt<'_>>,
    (to, changed): (TaskSize, bool),
    also: impl IntoIterator<Item = TaskSize>,
) -> Result<Option<Outlook>, NoPrice> {
    rate_and(subject, book, config, learnt, |context, _| {
        let Scaled::Simulated(ground) = Scaled::of(context) else { return Ok(None) };
        let search = ground.search(context);
        let choice = choose(&search, context.same)?;
        let sizes = also.into_iter().collect();
        Ok(Some(View { search, choice, same: context.same, to, changed }.outlook(sizes)))
    })
}

struct View<'a> {
    search: Search<'a>,
    choice: Choice,
    same: Option<(TaskSize, Usd)>,
    to: TaskSize,
    changed: bool,
}

impl View<'_> {
    fn outlook(&self, mut sizes: BTreeSet<TaskSize>) -> Outlook {
        let search = &self.search;
        let (subject, plan) = (search.context.subject, search.plan);
        let reach = self.reach();
        let larger = reach.map_or(1, |reach| reach.larger.min(2));
        sizes.extend([subject.size, self.to]);
        // Of each size of what is followed, the cheapest that holds the rest.
        let mut cheapest: Vec<((u32, u32), SizeOutlook)> = Vec::new();
        for size in search.bounds.sizes(plan, larger) {
            let followed = followed_size(plan, size, subject.size);
            let Some(at) = self.at(size, reach) else { continue };
            let known = cheapest.iter_mut().find(|(other, _)| *other == followed);
            let worse = |a: &SizeOutlook, b: &SizeOutlook| {
                (!a.lacks.is_empty(), a.hourly) > (!b.lacks.is_empty(), b.hourly)
            };
            match known {
                None => cheapest.push((followed, at)),
                Some((_, other)) if worse(other, &at) => *other = at,
                Some(_) => {}
            }
        }
        let mut looked: BTreeMap<TaskSize, SizeOutlook> =
            cheapest.into_iter().map(|(_, at)| (at.size, at)).collect();
        for size in sizes {
            if let Entry::Vacant(vacant) = looked.entry(size)
                && let Some(at) = self.at(size, reach)
            {
                vacant.insert(at);
            }
        }
        let mut sizes: Vec<SizeOutlook> = looked.into_values().collect();
        sizes.sort_by_key(|at| (at.hourly, at.size));
        let unchanged = &search.reproduction.unchanged;
        let (setting, simulated) = self.end();
        let after = simulated.as_ref().unwrap_or(unchanged);
        let fit = simulated.as_ref().and_then(|after| self.fit((after, &setting), self.to));
        let demanded = fit.as_ref().unwrap_or(search.observed).need(subject);
        Outlook {
            now: self.course(&Setting::unchanged(plan), unchanged, subject.size, true),
            then: self.changed.then(|| self.course(&setting, after, self.to, simulated.is_none())),
            need: demanded.at_least(search.context.guards.floors()),
            demanded,
            sizes,
            least_saving: search.reproduction.error.saturating_add(LEAST_SAVING),
        }
    }

    /// As far as the search went; `None`: sizes were weighed for as many tasks as ran, and no others.
    fn reach(&self) -> Option<Reach> {
        let Search { pressure, peak, context, .. } = self.search;
        if pressure.is_short() || self.same.is_none() {
            let raise = pressure.raise.filter(|_| pressure.is_short());
            Some(Reach { larger: 2, raise, targets: self.search.targets_for_more(self.same) })
        } else if context.guards.memory_is_short() || peak.is_some() {
            None
        } else if pressure.raise.is_some() {
            Some(Reach::saving(Targets::Kept))
        } else {
            Some(Reach::saving(Targets::Higher))
        }
    }

    /// What the rating ended with, and the tasks that then run; `None`: as many as ran, as of a size that was chosen
    /// alone.
    fn end(&self) -> (Setting, Option<Simulated>) {
        let search = &self.search;
        match self.choice.best.as_ref().filter(|best| self.changed && best.size == self.to) {
            Some(best) => (best.setting.clone(), Some(simulate(search.plan, &best.setting, search.series))),
            None => (search.for_as_many(self.to), None),
        }
    }

    fn fit(&self, (after, setting): (&Simulated, &Setting), size: TaskSize) -> Option<Fit> {
        let search = &self.search;
        let subject = search.context.subject;
        let followed = followed_size(search.plan, size, subject.size);
        let calibrated = search.context.replaces_fixed();
        let tasks = (&search.reproduction.unchanged, after);
        let past = (search.series, search.peak);
        Fit::simulated(subject, search.plan, past, tasks, setting, followed, calibrated)
    }

    /// A size, with the setting that holds and weighs least; where none holds, the first. `None` without a price, and
    /// of what is not searched: what is followed is not made smaller where tasks are short, or stay as many.
    fn at(&self, size: TaskSize, reach: Option<Reach>) -> Option<SizeOutlook> {
        let search = &self.search;
        let (subject, plan) = (search.context.subject, search.plan);
        let followed = followed_size(plan, size, subject.size);
        let own = (subject.size.cpu().0, subject.size.memory().0);
        let followed_is_smaller = followed.0 < own.0 || followed.1 < own.1;
        // What is now, and what it ends with, are what they are.
        let is_settled = size == self.to || size == subject.size;
        if !is_settled && followed_is_smaller && reach.is_none_or(|reach| reach.larger > 1) {
            return None;
        }
        let as_many = || (search.for_as_many(size), None);
        let tried = match reach {
            _ if size == self.to => vec![self.end()],
            Some(reach) if !is_settled => {
                let others = settings(plan, followed, subject.size, reach).into_iter();
                let others = others.filter(|setting| followed != own || !search.changes_nothing(setting));
                let simulated = others.map(|setting| {
                    let after = simulate(plan, &setting, search.series);
                    (setting, Some(after))
                });
                (followed == own).then(as_many).into_iter().chain(simulated).collect()
            }
            _ => vec![as_many()],
        };
        let mut best: Option<(bool, f64, SizeOutlook)> = None;
        for (setting, simulated) in tried {
            let after = simulated.as_ref().unwrap_or(&search.reproduction.unchanged);
            let now = search.reproduction.unchanged.task_periods;
            let price = |task_periods| search.price(size, task_periods).ok();
            let Some((hourly, as_bought_now)) = price(after.task_periods).zip(price(now)) else { continue };
            let fit = match &simulated {
                Some(after) => self.fit((after, &setting), size),
                None => Some(search.observed.clone()),
            };
            let lacks = fit.as_ref().map_or_else(
                || vec![Lack::Tasks],
                |fit| self.lacks((fit, simulated.as_ref()), &setting, size),
            );
            let risk = fit.as_ref().map_or(0.0, |fit| search.risk(size, fit));
            let weight = search.month(hourly.max(as_bought_now), after.task_periods) + risk;
            let short = !lacks.is_empty();
            if best.as_ref().is_none_or(|(s, w, _)| (short, weight) < (*s, *w)) {
                let outlook = SizeOutlook {
                    size,
                    hourly,
                    as_bought_now,
                    scaling: search.scaling(&setting, (after.task_periods, after.least())),
                    lacks,
                    risk,
                    followed_is_smaller,
                    most_tasks: after.tasks.iter().copied().max().unwrap_or(0),
                };
                best = Some((short, weight, outlook));
            }
        }
        best.map(|(_, _, outlook)| outlook)
    }

    fn lacks(
        &self,
        (fit, after): (&Fit, Option<&Simulated>),
        setting: &Setting,
        size: TaskSize,
    ) -> Vec<Lack> {
        let search = &self.search;
        let (subject, plan) = (search.context.subject, search.plan);
        let need = fit.need(subject);
        let followed = followed_size(plan, size, subject.size);
        let strictly = search.reserves_less(setting, size);
        let mut lacks = Vec::new();
        let (cpu, memory) = (size.cpu().0, size.memory().0);
        let tracks = |resource| plan.tracks(resource);
        if need.cpu.floor > cpu && !(tracks(Resource::Cpu) && search.holds_followed(fit, size, strictly)) {
            lacks.push(Lack::Cpu(need.cpu.floor));
        }
        if need.memory.floor > memory
            && !(tracks(Resource::Memory) && search.holds_followed(fit, size, strictly))
        {
            lacks.push(Lack::Memory(need.memory.floor));
        }
        let tasks = after.unwrap_or(&search.reproduction.unchanged);
        if !search.limit_suffices((fit, tasks), setting, followed) {
            lacks.push(Lack::Tasks);
        }
        if let Some((needs, limit)) = search.main_lacks(fit, size) {
            lacks.push(Lack::Container(needs.0, limit.0));
        }
        // Of as many tasks that is a guard's business.
        if after.is_some() && !search.context.guards.leaves(size.into(), MemoryMib(need.memory.floor)) {
            lacks.push(Lack::Limits(need.memory.floor));
        }
        for (resource, value, (least, _)) in
            [(Resource::Cpu, cpu, search.bounds.cpu), (Resource::Memory, memory, search.bounds.memory)]
        {
            if lacks.is_empty() && value < least {
                lacks.push(Lack::Floor(resource, least));
            }
        }
        lacks
    }

    fn course(&self, setting: &Setting, after: &Simulated, size: TaskSize, as_it_ran: bool) -> Course {
        let search = &self.search;
        let (mut cpu, mut memory) = (ResourceReplay::default(), ResourceReplay::default());
        let (mut cpu_peak, mut memory_peak) = (None, None);
        // What ran carries what was seen, however exactly the simulation reproduces it.
        for at in carried(search.series, &search.reproduction.unchanged, after).flatten() {
            count(&mut cpu, at.cpu, u64::from(size.cpu().0) * 1000);
            count(&mut memory, at.memory, u64::from(size.memory().0) * 1024);
            cpu_peak = cpu_peak.max(at.cpu);
            memory_peak = memory_peak.max(at.memory);
        }
        let ran = || search.series.periods().map(|period| period.tasks_milli.div_ceil(1000));
        let would = || after.tasks.iter().copied();
        let (least, most) =
            if as_it_ran { (ran().min(), ran().max()) } else { (would().min(), would().max()) };
        Course {
            scaling: search.scaling(setting, (after.task_periods, after.least())),
            least_tasks: least.unwrap_or(0),
            most_tasks: most.unwrap_or(0),
            cpu,
            memory,
            cpu_peak,
            memory_peak,
        }
    }
}

fn count(replay: &mut ResourceReplay, load: Option<u64>, full: u64) {
    let Some(load) = load else { return };
    replay.periods += 1;
    replay.above += u64::from(load > full);
    replay.at_cap +=
        u64::from(load.saturating_mul(10_000) >= full.saturating_mul(u64::from(CAP_CENTI_PERCENT)));
}
