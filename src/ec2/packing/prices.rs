//! [`Prices`]: what tasks are worth, so that whole instances cannot hold more for less.

use super::{knapsack::Fullest, model::Model};

/// What a task of each class is worth, and the most that an instance of each offer holds.
///
/// However the tasks are packed, an instance holds no more than its ceiling. So all instances together hold
/// the tasks' worth only if there are enough of them.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    pub worth: Vec<u64>,
    /// Tasks of each class that an instance was allowed to hold.
    pub caps: Vec<u32>,
    /// By offer; 0 where it was not allowed, or holds nothing of worth.
    pub ceilings: Vec<u64>,
    /// Price and ceiling of the offer that holds worth most cheaply.
    pub cheapest: (u64, u64),
}

impl Prices {
    pub(super) fn new(
        model: &Model,
        worth: Vec<u64>,
        caps: Vec<u32>,
        allowed: &[usize],
        full: &[Fullest],
    ) -> Self {
        let mut ceilings = vec![0; model.offers.len()];
        for (&offer, fullest) in allowed.iter().zip(full) {
            ceilings[offer] = fullest.ceiling;
        }
        let priced = model.offers.iter().zip(&ceilings).map(|(offer, &ceiling)| (offer.price, ceiling));
        let cheapest =
            priced.filter(|&(_, ceiling)| ceiling > 0).min_by(|&(a, a_ceiling), &(b, b_ceiling)| {
                (u128::from(a) * u128::from(b_ceiling)).cmp(&(u128::from(b) * u128::from(a_ceiling)))
            });
        Self { worth, caps, ceilings, cheapest: cheapest.unwrap_or((0, 1)) }
    }

    pub(super) fn holds_for(&self, caps: &[u32]) -> bool {
        caps.iter()
            .zip(&self.caps)
            .zip(&self.worth)
            .all(|((&cap, &assumed), &worth)| cap <= assumed || worth == 0)
    }

    pub(super) fn total(&self, counts: &[u32]) -> u128 {
        counts.iter().zip(&self.worth).map(|(&count, &worth)| u128::from(count) * u128::from(worth)).sum()
    }

    /// Instances in use cost no less (as a fraction of millionths).
    pub(super) fn value(&self, counts: &[u32]) -> f64 {
        self.total(counts) as f64 * self.cheapest.0 as f64 / self.cheapest.1 as f64
    }

    /// Instances in use cost no less.
    pub(super) fn in_use(&self, counts: &[u32]) -> u64 {
        let (price, ceiling) = self.cheapest;
        narrow((self.total(counts) * u128::from(price)).div_ceil(u128::from(ceiling)))
    }

    /// No fewer instances of the only offer are in use.
    pub(super) fn instances(&self, counts: &[u32]) -> u64 {
        narrow(self.total(counts).div_ceil(u128::from(self.cheapest.1)))
    }
}

/// All of it that fits a number.
pub(super) fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
