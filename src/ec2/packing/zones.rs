//! [`spread`]: a zone for each instance, so that every group is in as many zones as it must be.
//!
//! Groups of a class can trade places, so all that matters is how many of a class's tasks each zone has:
//! any `j` zones must have as many as the groups cannot do without there (Gale and Ryser's condition).
//! What is short after zones are dealt out is mended by moves, exchanges and, last, a further instance.

use super::{
    fill::Bin,
    model::{Demand, Model},
};

struct Spreading<'a> {
    model: &'a Model,
    demand: &'a Demand,
    /// By class and zone.
    tasks: Vec<Vec<u32>>,
    /// By class.
    short: Vec<u32>,
}

/// Gives each instance a zone; where that does not do, moves tasks and adds instances.
pub(super) fn spread(model: &Model, demand: &Demand, bins: &mut Vec<Bin>) {
    let classes = model.classes.len();
    let mut spreading =
        Spreading { model, demand, tasks: vec![vec![0; model.zones]; classes], short: vec![0; classes] };
    spreading.deal(bins);
    spreading.mend(bins);
}

impl Spreading<'_> {
    /// How many tasks a class with these tasks in each zone is short of, over all sets of zones.
    fn shortage(&self, class: usize, tasks: &[u32]) -> u32 {
        let in_zones = &self.demand.in_zones;
        if self.demand.anywhere(class) {
            return 0;
        }
        let mut sorted = tasks.to_vec();
        sorted.sort_unstable();
        let mut sum = 0;
        let mut short = 0;
        for (needed, tasks) in in_zones.iter().zip(&sorted) {
            sum += tasks;
            short += needed[class].saturating_sub(sum);
        }
        short
    }

    fn total(&self) -> u32 {
        self.short.iter().sum()
    }

    fn recount(&mut self, bins: &[Bin]) {
        for tasks in &mut self.tasks {
            tasks.fill(0);
        }
        for bin in bins {
            for (class, &tasks) in bin.take.iter().enumerate() {
                self.tasks[class][bin.zone] += tasks;
            }
        }
        for class in 0..self.tasks.len() {
            self.short[class] = self.shortage(class, &self.tasks[class]);
        }
    }

    /// What changes in shortage when so many tasks of a class come to and leave zones.
    fn change(&self, class: usize, moves: &[(usize, i64)]) -> i64 {
        let mut tasks = self.tasks[class].clone();
        for &(zone, by) in moves {
            tasks[zone] = u32::try_from(i64::from(tasks[zone]) + by).unwrap_or(0);
        }
        i64::from(self.shortage(class, &tasks)) - i64::from(self.short[class])
    }

    /// The fullest instances first, each where it takes most of the shortage away.
    fn deal(&mut self, bins: &mut [Bin]) {
        let zones = self.model.zones;
        let mut order: Vec<usize> = (0..bins.len()).collect();
        let size = |bin: &Bin| bin.take.iter().sum::<u32>();
        order.sort_by(|&a, &b| {
            (std::cmp::Reverse(size(&bins[a])), &bins[a].take, bins[a].offer, a).cmp(&(
                std::cmp::Reverse(size(&bins[b])),
                &bins[b].take,
                bins[b].offer,
                b,
            ))
        });
        for class in 0..self.tasks.len() {
            self.short[class] = self.shortage(class, &self.tasks[class]);
        }
        let mut dealt = vec![0_u32; zones];
        let greedy = bins.len() <= GREEDY;
        for (turn, bin) in order.into_iter().enumerate() {
            let zone = if greedy {
                let present = || bins[bin].take.iter().enumerate().filter(|(_, tasks)| **tasks > 0);
                (0..zones)
                    .min_by_key(|&zone| {
                        let change: i64 = present()
                            .map(|(class, &tasks)| self.change(class, &[(zone, i64::from(tasks))]))
                            .sum();
                        (change, dealt[zone], zone)
                    })
                    .unwrap_or(0)
            } else {
                turn % zones
            };
            bins[bin].zone = zone;
            dealt[zone] += 1;
            for (class, &tasks) in bins[bin].take.iter().enumerate().filter(|(_, tasks)| **tasks > 0) {
                self.tasks[class][zone] += tasks;
                self.short[class] = self.shortage(class, &self.tasks[class]);
            }
        }
        self.recount(bins);
    }

    fn mend(&mut self, bins: &mut Vec<Bin>) {
        while self.total() > 0 {
            let mended = self.move_instance(bins)
                || self.swap_zones(bins)
                || self.move_task(bins)
                || self.exchange(bins);
            if !mended && !self.add_instance(bins) {
                return;
            }
            self.recount(bins);
        }
    }

    fn move_instance(&self, bins: &mut [Bin]) -> bool {
        for bin in bins.iter_mut() {
            let present = || bin.take.iter().enumerate().filter(|(_, tasks)| **tasks > 0);
            for to in (0..self.model.zones).filter(|&to| to != bin.zone) {
                let moved = |(class, &tasks): (usize, &u32)| {
                    self.change(class, &[(bin.zone, -i64::from(tasks)), (to, i64::from(tasks))])
                };
                if present().map(moved).sum::<i64>() < 0 {
                    bin.zone = to;
                    return true;
                }
            }
        }
        false
    }

    fn swap_zones(&self, bins: &mut [Bin]) -> bool {
        for a in self.concerned(bins) {
            for b in (0..bins.len()).filter(|&b| bins[b].zone != bins[a].zone).take(GREEDY) {
                let (from, to) = (bins[a].zone, bins[b].zone);
                let change: i64 = (0..self.tasks.len())
                    .filter(|&class| bins[a].take[class] != bins[b].take[class])
                    .map(|class| {
                        let by = i64::from(bins[b].take[class]) - i64::from(bins[a].take[class]);
                        self.change(class, &[(from, by), (to, -by)])
                    })
                    .sum();
                if change < 0 {
                    bins[a].zone = to;
                    bins[b].zone = from;
                    return true;
                }
            }
        }
        false
    }

    /// The first instances that hold a class that is short.
    fn concerned(&self, bins: &[Bin]) -> Vec<usize> {
        let short = |class: usize| self.short[class] > 0;
        (0..bins.len())
            .filter(|&bin| bins[bin].take.iter().enumerate().any(|(class, &tasks)| tasks > 0 && short(class)))
            .take(GREEDY)
            .collect()
    }

    fn move_task(&self, bins: &mut [Bin]) -> bool {
        for class in (0..self.short.len()).filter(|&class| self.short[class] > 0) {
            let holding: Vec<usize> =
                (0..bins.len()).filter(|&a| bins[a].take[class] > 0).take(GREEDY).collect();
            for a in holding {
                for b in 0..bins.len() {
                    let (from, to) = (bins[a].zone, bins[b].zone);
                    if from != to
                        && bins[b].room(self.model, class, 1) > 0
                        && self.change(class, &[(from, -1), (to, 1)]) < 0
                    {
                        bins[a].remove(self.model, class, 1);
                        bins[b].put(self.model, class, 1);
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Exchanges a task of a class that is short for up to a few tasks of another.
    fn exchange(&self, bins: &mut [Bin]) -> bool {
        for class in (0..self.short.len()).filter(|&class| self.short[class] > 0) {
            let holding: Vec<usize> =
                (0..bins.len()).filter(|&a| bins[a].take[class] > 0).take(GREEDY).collect();
            for a in holding {
                let elsewhere: Vec<usize> =
                    (0..bins.len()).filter(|&b| bins[b].zone != bins[a].zone).take(GREEDY).collect();
                for b in elsewhere {
                    let (from, to) = (bins[a].zone, bins[b].zone);
                    let gain = self.change(class, &[(from, -1), (to, 1)]);
                    if gain >= 0 || !self.model.classes[class].fits[bins[b].offer] {
                        continue;
                    }
                    for other in (0..self.tasks.len()).filter(|&other| other != class) {
                        for tasks in 1..=bins[b].take[other].min(4) {
                            let by = i64::from(tasks);
                            if gain + self.change(other, &[(to, -by), (from, by)]) < 0
                                && self.exchanged(bins, (a, class), (b, other, tasks))
                            {
                                return true;
                            }
                        }
                    }
                }
            }
        }
        false
    }

    /// Exchanges them if both fit.
    fn exchanged(
        &self,
        bins: &mut [Bin],
        (a, class): (usize, usize),
        (b, other, tasks): (usize, usize, u32),
    ) -> bool {
        bins[a].remove(self.model, class, 1);
        bins[b].remove(self.model, other, tasks);
        if bins[b].room(self.model, class, 1) == 1 && bins[a].room(self.model, other, tasks) == tasks {
            bins[b].put(self.model, class, 1);
            bins[a].put(self.model, other, tasks);
            return true;
        }
        bins[a].put(self.model, class, 1);
        bins[b].put(self.model, other, tasks);
        false
    }

    /// Moves a task of a class that is short from the zone with most of it to a new instance in the zone
    /// with least. Zones that differ by one at most are never short, so this comes to an end.
    fn add_instance(&self, bins: &mut Vec<Bin>) -> bool {
        let Some(class) = (0..self.short.len()).find(|&class| self.short[class] > 0) else { return false };
        let tasks = &self.tasks[class];
        let (mut most, mut least) = (0, 0);
        for zone in 0..tasks.len() {
            if tasks[zone] > tasks[most] {
                most = zone;
            }
            if tasks[zone] < tasks[least] {
                least = zone;
            }
        }
        let Some(from) = bins.iter_mut().find(|bin| bin.zone == most && bin.take[class] > 0) else {
            return false;
        };
        from.remove(self.model, class, 1);
        let Some(offer) = self.model.classes[class].fits.iter().position(|&fits| fits) else { return false };
        let mut bin = Bin::new(self.model, offer);
        bin.zone = least;
        bin.put(self.model, class, 1);
        bins.push(bin);
        true
    }
}

/// Instances up to which every pair is looked at.
const GREEDY: usize = 120;
