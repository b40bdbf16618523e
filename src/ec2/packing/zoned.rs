//! [`zoned`]: fills instances with an eye on zones: a task goes only where enough tasks of its class are
//! left for the zones that still lack some.

use super::{
    fill::{Bin, Choice, Order, opened, ordered, slack},
    model::{Demand, Model},
};

/// Places all tasks on `bins`, then on new instances of `offer` (or the cheapest that holds them).
pub(super) fn zoned(
    model: &Model,
    demand: &Demand,
    offer: usize,
    (order, choice): (Order, Choice),
    mut bins: Vec<Bin>,
) -> Vec<Bin> {
    let mut in_zone = vec![0_u32; model.zones];
    bins.iter().for_each(|bin| in_zone[bin.zone] += 1);
    for class in ordered(model, offer, order) {
        let mut tasks = vec![0_u32; model.zones];
        for left in (0..demand.counts[class]).rev() {
            // What the class would lack were this task in each zone.
            let lacking: Vec<u32> = (0..model.zones)
                .map(|zone| {
                    tasks[zone] += 1;
                    let lacking = demand.lacking(class, &tasks);
                    tasks[zone] -= 1;
                    lacking
                })
                .collect();
            let open = (0..bins.len())
                .filter(|&bin| lacking[bins[bin].zone] <= left && bins[bin].room(model, class, 1) == 1);
            let chosen = match choice {
                Choice::First => open.min_by_key(|&bin| (lacking[bins[bin].zone], bin)),
                Choice::Best | Choice::Balanced => {
                    open.min_by_key(|&bin| (slack(model, &bins[bin], class), bin))
                }
            };
            let bin = chosen.or_else(|| {
                let zone = (0..model.zones).min_by_key(|&zone| (lacking[zone], in_zone[zone], zone))?;
                let mut bin = Bin::new(model, opened(model, class, offer)?);
                bin.zone = zone;
                in_zone[zone] += 1;
                bins.push(bin);
                Some(bins.len() - 1)
            });
            if let Some(bin) = bin {
                bins[bin].put(model, class, 1);
                tasks[bins[bin].zone] += 1;
            }
        }
    }
    bins
}
