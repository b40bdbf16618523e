//! [`Table`]: the least that any few tasks cost within one zone, and from that the least that an hour costs
//! over all zones. Exact; only for few tasks.

use super::{
    columns::Column,
    fill::Bin,
    model::{Demand, Model},
    search::fills,
};

/// Entries of a table, and fillings to compute it.
const MOST_ENTRIES: usize = 60_000;
const MOST_FILLS: usize = 3_000_000;

#[derive(Debug)]
pub(super) struct Table {
    /// Tasks of each class, at most.
    peaks: Vec<u32>,
    /// What a task of each class adds to a position.
    strides: Vec<usize>,
    least: Vec<u64>,
    /// The instance that comes first in the cheapest packing.
    first: Vec<Option<Column>>,
}

impl Table {
    /// Absent where there would be too much to compute.
    pub(super) fn new(model: &Model, peaks: &[u32]) -> Option<Self> {
        let mut strides = Vec::with_capacity(peaks.len());
        let mut entries = 1_usize;
        for &peak in peaks {
            strides.push(entries);
            entries = entries.checked_mul(peak as usize + 1).filter(|&entries| entries <= MOST_ENTRIES)?;
        }
        let caps: Vec<u32> = model
            .classes
            .iter()
            .zip(peaks)
            .map(|(class, &peak)| if class.distinct { 1 } else { peak })
            .collect();
        let mut table = Self {
            peaks: peaks.to_vec(),
            strides,
            least: vec![u64::MAX; entries],
            first: vec![None; entries],
        };
        table.least[0] = 0;
        let mut left = MOST_FILLS;
        for at in 1..entries {
            let rest = table.counts(at);
            let fills = fills(model, &rest, &caps, left, false)?;
            left = left.checked_sub(fills.len() + 1)?;
            for column in fills {
                let taken: usize =
                    column.take.iter().map(|&(class, tasks)| table.strides[class] * tasks as usize).sum();
                let total = table.least[at - taken].saturating_add(model.offers[column.offer].price);
                if total < table.least[at] {
                    table.least[at] = total;
                    table.first[at] = Some(column);
                }
            }
        }
        Some(table)
    }

    fn counts(&self, at: usize) -> Vec<u32> {
        let of =
            |(stride, peak): (&usize, &u32)| u32::try_from(at / stride % (*peak as usize + 1)).unwrap_or(0);
        self.strides.iter().zip(&self.peaks).map(of).collect()
    }

    fn bins(&self, model: &Model, mut at: usize, zone: usize) -> Vec<Bin> {
        let mut bins = Vec::new();
        while let Some(column) = &self.first[at] {
            let mut bin = Bin::of(model, column);
            bin.zone = zone;
            bins.push(bin);
            at -=
                column.take.iter().map(|&(class, tasks)| self.strides[class] * tasks as usize).sum::<usize>();
        }
        bins
    }

    /// The least that instances in use cost, and those instances, where that is below `limit`; absent where
    /// `budget` steps do not tell.
    pub(super) fn solve(
        &self,
        model: &Model,
        demand: &Demand,
        limit: u64,
        budget: usize,
    ) -> Option<(u64, Option<Vec<Bin>>)> {
        let mut split =
            Split { table: self, demand, at: vec![0; model.zones], best: limit, best_at: None, left: budget };
        split.class(0);
        if split.left == 0 {
            return None;
        }
        let bins = split
            .best_at
            .map(|at| at.iter().enumerate().flat_map(|(zone, &at)| self.bins(model, at, zone)).collect());
        Some((split.best, bins))
    }
}

/// The search for the cheapest way to divide tasks between zones, class by class.
struct Split<'a> {
    table: &'a Table,
    demand: &'a Demand,
    /// By zone: what it has of the classes so far.
    at: Vec<usize>,
    best: u64,
    best_at: Option<Vec<usize>>,
    left: usize,
}

impl Split<'_> {
    fn class(&mut self, class: usize) {
        // Zones cost no less with further tasks.
        let so_far: u64 = self.at.iter().map(|&at| self.table.least[at]).fold(0, u64::saturating_add);
        if so_far >= self.best {
            return;
        }
        if self.left <= 1 {
            self.left = 0;
            return;
        }
        self.left -= 1;
        if class == self.demand.counts.len() {
            self.best = so_far;
            self.best_at = Some(self.at.clone());
            return;
        }
        let alike: Vec<bool> = self.at.windows(2).map(|pair| pair[0] == pair[1]).collect();
        let mut tasks = vec![0; self.at.len()];
        self.zone(class, 0, self.demand.counts[class], &alike, &mut tasks);
    }

    fn zone(&mut self, class: usize, zone: usize, rest: u32, alike: &[bool], tasks: &mut Vec<u32>) {
        let last = zone + 1 == self.at.len();
        // Zones that have the same so far can trade places.
        let most = if zone > 0 && alike[zone - 1] { rest.min(tasks[zone - 1]) } else { rest };
        if last {
            if rest > most {
                return;
            }
            tasks[zone] = rest;
            if self.demand.lacking(class, tasks) > 0 {
                return;
            }
            let stride = self.table.strides[class];
            for (at, &tasks) in self.at.iter_mut().zip(tasks.iter()) {
                *at += stride * tasks as usize;
            }
            self.class(class + 1);
            for (at, &tasks) in self.at.iter_mut().zip(tasks.iter()) {
                *at -= stride * tasks as usize;
            }
            return;
        }
        for here in 0..=most {
            tasks[zone] = here;
            self.zone(class, zone + 1, rest - here, alike, tasks);
        }
    }
}
