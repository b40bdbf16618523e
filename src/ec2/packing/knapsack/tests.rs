use proptest::prelude::*;

use super::{Effort, Fullest, Item, branching, fullest, table};
use crate::ec2::packing::model::{Amounts, fit};

prop_compose! {
    fn item()(
        needs in prop::array::uniform3(0_u32..5),
        worth in 1_u64..1000,
        most in 1_u32..6,
    ) -> Item {
        Item { class: 0, needs: [needs[0] * 256, needs[1] * 500, needs[2].min(1), 0], worth, most }
    }
}

fn all(items: &[Item], free: Amounts) -> u64 {
    let Some((item, rest)) = items.split_first() else { return 0 };
    let most = fit(&item.needs, &free, item.most);
    let with = |count: u32| {
        let left = std::array::from_fn(|kind| free[kind] - item.needs[kind] * count);
        item.worth * u64::from(count) + all(rest, left)
    };
    (0..=most).map(with).max().unwrap_or(0)
}

fn allowed(capacity: &Amounts, items: &[Item], found: &Fullest) -> bool {
    let mut free = *capacity;
    let mut worth = 0;
    for &(class, tasks) in &found.take {
        let item = items[class];
        if tasks > item.most || fit(&item.needs, &free, tasks) < tasks {
            return false;
        }
        free = std::array::from_fn(|kind| free[kind] - item.needs[kind] * tasks);
        worth += item.worth * u64::from(tasks);
    }
    worth == found.worth
}

proptest! {
    #[test]
    fn both_ways_find_what_trying_all_finds(
        mut items in prop::collection::vec(item(), 1..6),
        amounts in prop::array::uniform3(0_u32..9),
    ) {
        let capacity = [amounts[0] * 300, amounts[1] * 510, amounts[2], 0];
        (0..items.len()).for_each(|class| items[class].class = class);
        let held: Vec<Item> =
            items.iter().copied().filter(|item| fit(&item.needs, &capacity, 1) == 1).collect();
        let most = all(&held, capacity);
        let by_default = fullest(&capacity, items.clone(), Effort { nodes: 10, enough: 0 });
        prop_assert!(allowed(&capacity, &items, &by_default));
        prop_assert!(by_default.ceiling >= most);
        if held.is_empty() {
            return Ok(());
        }
        let by_table = table::fullest(&capacity, &held, 1_000_000).expect("a small table");
        prop_assert!(allowed(&capacity, &items, &by_table));
        prop_assert_eq!(by_table.worth, most);
        let whole = branching::fullest(&capacity, held.clone(), Effort { nodes: 1_000_000, enough: 0 });
        prop_assert!(allowed(&capacity, &items, &whole));
        prop_assert_eq!((whole.worth, whole.ceiling), (most, most));
        let cut = branching::fullest(&capacity, held, Effort { nodes: 3, enough: most / 2 });
        prop_assert!(allowed(&capacity, &items, &cut));
        prop_assert!(cut.ceiling >= most, "a search that is cut short still bounds");
    }
}
