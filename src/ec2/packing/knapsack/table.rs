//! The fullest instance by a table: for each amount of each resource, the most that it holds.

use super::{Fullest, Item};
use crate::ec2::packing::model::{Amounts, fit};

/// Entries of a table, over all classes: for each step that branching may take, and in all.
const ENTRIES_A_STEP: usize = 40;
const MOST_ENTRIES: usize = 1_500_000;

/// Some tasks of a class, taken whole.
struct Portion {
    item: usize,
    tasks: u32,
    /// Whether it may be taken again and again.
    repeated: bool,
}

/// Exact; absent where the table would be too large.
pub(super) fn fullest(capacity: &Amounts, items: &[Item], steps: usize) -> Option<Fullest> {
    if items.iter().any(|item| item.needs[3] > 0) {
        return None;
    }
    let portions = portions(capacity, items);
    let mut units = [1_u32; 3];
    let mut sizes = [1_usize; 3];
    let mut kept = [true; 3];
    for kind in [2, 0, 1] {
        let unit = items.iter().map(|item| item.needs[kind]).fold(0, greatest_common_divisor);
        // What nothing needs, or what there is enough of for all that fits otherwise, takes no room in the table.
        if unit > 0 && binding(capacity, items, kind, kept) {
            units[kind] = unit;
            sizes[kind] = (capacity[kind] / unit) as usize + 1;
        } else {
            kept[kind] = false;
        }
    }
    let cells = sizes[0].checked_mul(sizes[1])?.checked_mul(sizes[2])?;
    if cells.checked_mul(portions.len())? > MOST_ENTRIES.min(ENTRIES_A_STEP.saturating_mul(steps)) {
        return None;
    }
    let mut worth = vec![0_u64; cells];
    let mut taken = vec![false; cells * portions.len()];
    let step = |portion: &Portion| -> [usize; 3] {
        std::array::from_fn(|kind| {
            let needs = if sizes[kind] > 1 { items[portion.item].needs[kind] / units[kind] } else { 0 };
            (needs * portion.tasks) as usize
        })
    };
    let at = |place: [usize; 3]| (place[0] * sizes[1] + place[1]) * sizes[2] + place[2];
    for (portion, taken) in portions.iter().zip(taken.chunks_mut(cells)) {
        let step = step(portion);
        let gain = items[portion.item].worth * u64::from(portion.tasks);
        let back = at(step);
        let mut row = |i: usize, j: usize, reversed: bool| {
            let start = at([i, j, 0]);
            let mut update = |k: usize| {
                let cell = start + k;
                let with = worth[cell - back] + gain;
                if with > worth[cell] {
                    worth[cell] = with;
                    taken[cell] = true;
                }
            };
            if reversed {
                (step[2]..sizes[2]).rev().for_each(&mut update)
            } else {
                (step[2]..sizes[2]).for_each(update)
            }
        };
        // Upwards an entry may hold the portion already; downwards it may not.
        if portion.repeated {
            (step[0]..sizes[0]).for_each(|i| (step[1]..sizes[1]).for_each(|j| row(i, j, false)));
        } else {
            (step[0]..sizes[0]).rev().for_each(|i| (step[1]..sizes[1]).rev().for_each(|j| row(i, j, true)));
        }
    }
    let mut counts = vec![0_u32; items.len()];
    let mut cell = cells - 1;
    for (number, portion) in portions.iter().enumerate().rev() {
        while taken[number * cells + cell] {
            counts[portion.item] += portion.tasks;
            cell -= at(step(portion));
            if !portion.repeated {
                break;
            }
        }
    }
    let take =
        items.iter().zip(counts).filter(|(_, tasks)| *tasks > 0).map(|(item, tasks)| (item.class, tasks));
    Some(Fullest { worth: worth[cells - 1], take: take.collect(), ceiling: worth[cells - 1] })
}

/// A class that may fill the instance is one portion; another, 1, 2, 4 and so on of its tasks and the rest.
fn portions(capacity: &Amounts, items: &[Item]) -> Vec<Portion> {
    let mut portions = Vec::new();
    for (item, of) in items.iter().enumerate() {
        let most = fit(&of.needs, capacity, of.most);
        if fit(&of.needs, capacity, of.most.saturating_add(1)) <= of.most && most > 1 && of.needs != [0; 4] {
            portions.push(Portion { item, tasks: 1, repeated: true });
            continue;
        }
        let (mut left, mut tasks) = (most, 1);
        while left > 0 {
            let tasks_here = tasks.min(left);
            portions.push(Portion { item, tasks: tasks_here, repeated: false });
            left -= tasks_here;
            tasks *= 2;
        }
    }
    portions
}

/// Whether tasks may run short of `kind` before they run short of another resource that is `kept`.
fn binding(capacity: &Amounts, items: &[Item], kind: usize, kept: [bool; 3]) -> bool {
    // As much of `kind` as can go with all of another resource.
    let other = (0..3).filter(|&other| other != kind && kept[other]).map(|other| {
        items.iter().try_fold(0_u64, |most, item| {
            let (needs, per) = (u64::from(item.needs[kind]), u64::from(item.needs[other]));
            if needs == 0 {
                return Some(most);
            }
            (per > 0).then(|| most.max((u64::from(capacity[other]) * needs).div_ceil(per)))
        })
    });
    other.flatten().min().is_none_or(|most| most > u64::from(capacity[kind]))
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
