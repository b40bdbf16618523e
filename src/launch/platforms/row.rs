//! [`PlatformRow`]: what a scope's work costs on one platform, or why that is not known.
//!
//! Rows of clusters add up to the fleet's: costs, packed hours and what stays behind are summed; a fleet has
//! no price where one of its clusters has none.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{InstancePayment, LaunchPlatform, Work};
use crate::units::Usd;

/// Names that a sentence has before it counts them.
const MOST_NAMES: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformRow {
    pub platform: LaunchPlatform,
    /// The cost, or what is missing.
    pub outcome: Result<Priced, BTreeSet<String>>,
    /// Workloads that this platform cannot take and that stay where they are, by reason. Their cost is
    /// in the row's.
    pub stays: BTreeMap<String, Stays>,
    /// What holds, and what the price does not contain, in plain words.
    pub assumptions: Vec<String>,
    /// The same of some of the row's clusters, regions or workloads: a text that ends where their names go on.
    pub(super) assumed_of: BTreeMap<String, BTreeSet<String>>,
    /// Savings Plans by name, and USD an hour that is committed to each; empty where nothing is bought so.
    pub(super) committed: BTreeMap<String, Decimal>,
    /// ISO dates of the instance prices that the cost stands on.
    pub price_dates: BTreeSet<String>,
    /// Pools of instances that a workload stays on, until their overhead is added.
    pub(super) kept_pools: BTreeSet<usize>,
}

/// USD a month, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub monthly: Usd,
    /// `None` where no instances are used.
    pub packed: Option<Packed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stays {
    pub workloads: u64,
    pub monthly: Usd,
}

/// Instances and what is on them, in amounts of a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed {
    /// What packing was to make small: USD at list, instances with what each brings with it.
    pub cost: Decimal,
    /// No packing of the same tasks on the same types costs less.
    pub lower_bound: Decimal,
    pub needed_cpu_hours: Decimal,
    pub needed_memory_mib_hours: Decimal,
    pub allocatable_cpu_hours: Decimal,
    pub allocatable_memory_mib_hours: Decimal,
    /// Instance-hours by type.
    pub instance_hours: BTreeMap<String, Decimal>,
    /// The part of `cost` that is of instances without GPUs, which alone Fargate could replace.
    pub replaceable: Decimal,
    /// What the whole vCPU and memory of those cost on Fargate, on their architecture and bought in the same way;
    /// `None` where a rate is missing.
    pub fargate_equivalent: Option<Decimal>,
}

impl Packed {
    /// Shares of what the instances have for tasks that tasks have reserved, 0 to 1: CPU and memory.
    pub fn utilization(&self) -> (Option<Decimal>, Option<Decimal>) {
        (
            self.needed_cpu_hours.checked_div(self.allocatable_cpu_hours),
            self.needed_memory_mib_hours.checked_div(self.allocatable_memory_mib_hours),
        )
    }

    /// How much more than the lower bound it costs, in per cent.
    pub fn gap_percent(&self) -> Option<Decimal> {
        (self.cost - self.lower_bound).checked_div(self.lower_bound)?.checked_mul(Decimal::ONE_HUNDRED)
    }

    /// The share of the instances that tasks must reserve for them to cost less than the same on Fargate, bought
    /// in the same way.
    pub fn break_even(&self) -> Option<Decimal> {
        self.replaceable.checked_div(self.fargate_equivalent?)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.cost += other.cost;
        self.replaceable += other.replaceable;
        self.lower_bound += other.lower_bound;
        self.needed_cpu_hours += other.needed_cpu_hours;
        self.needed_memory_mib_hours += other.needed_memory_mib_hours;
        self.allocatable_cpu_hours += other.allocatable_cpu_hours;
        self.allocatable_memory_mib_hours += other.allocatable_memory_mib_hours;
        for (name, hours) in &other.instance_hours {
            *self.instance_hours.entry(name.clone()).or_default() += *hours;
        }
        self.fargate_equivalent =
            self.fargate_equivalent.zip(other.fargate_equivalent).map(|(ours, theirs)| ours + theirs);
    }

    /// Nothing on no instance.
    pub(super) fn nothing() -> Self {
        Self { fargate_equivalent: Some(Decimal::ZERO), ..Self::default() }
    }
}

impl PlatformRow {
    pub(super) fn new(platform: LaunchPlatform) -> Self {
        Self {
            platform,
            outcome: Ok(Priced { monthly: Usd::ZERO, packed: None }),
            stays: BTreeMap::new(),
            assumptions: Vec::new(),
            assumed_of: BTreeMap::new(),
            committed: BTreeMap::new(),
            price_dates: BTreeSet::new(),
            kept_pools: BTreeSet::new(),
        }
    }

    /// Adds to the cost, or to what is missing.
    pub(super) fn add(&mut self, cost: Result<Usd, String>) {
        match (&mut self.outcome, cost) {
            (Ok(priced), Ok(cost)) => priced.monthly += cost,
            (Ok(_), Err(missing)) => self.outcome = Err(BTreeSet::from([missing])),
            (Err(_), Ok(_)) => {}
            (Err(reasons), Err(missing)) => {
                reasons.insert(missing);
            }
        }
    }

    /// A workload stays where it is, at this cost.
    pub(super) fn stay(&mut self, reason: &str, cost: Usd) {
        let stays = self.stays.entry(reason.to_owned()).or_default();
        stays.workloads += 1;
        stays.monthly += cost;
        self.add(Ok(cost));
    }

    /// A workload stays on what it runs on now.
    pub(super) fn stay_as_is(&mut self, reason: &str, work: &Work) {
        self.stay(reason, work.staying());
        self.kept_pools.extend(&work.pools);
    }

    /// Says something once.
    pub(super) fn assume(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.assumptions.contains(&text) {
            self.assumptions.push(text);
        }
    }

    /// Says something of a cluster, a region or a workload.
    pub(super) fn assume_of(&mut self, text: impl Into<String>, name: impl Into<String>) {
        self.assumed_of.entry(text.into()).or_default().insert(name.into());
    }

    /// All that is assumed, as it is shown.
    pub fn told(&self) -> Vec<String> {
        let of = self.assumed_of.iter().map(|(text, names)| {
            let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{text} {}{more}", shown.join(", "))
        });
        self.assumptions
            .iter()
            .cloned()
            .chain(of)
            .chain(self.plans())
            .chain(self.break_even_is_against())
            .collect()
    }

    /// Takes so many USD of a plan in an average hour.
    pub(super) fn commit(&mut self, plan: impl Into<String>, usd: Decimal) {
        *self.committed.entry(plan.into()).or_default() += usd;
    }

    /// The Savings Plans that the price stands on.
    fn plans(&self) -> Option<String> {
        let bought: Vec<String> = self
            .committed
            .iter()
            .filter(|(_, usd)| !usd.is_zero())
            .map(|(plan, usd)| format!("{plan}, {} USD an hour", usd.round_dp(4).normalize()))
            .collect();
        let of_plans = self.platform == LaunchPlatform::FargateSavingsPlan
            || self.platform.payment() == InstancePayment::SavingsPlan;
        (of_plans && self.outcome.is_ok()).then(|| {
            if bought.is_empty() {
                "no Savings Plan is bought: nothing with a plan rate runs at every hour".to_owned()
            } else {
                format!("commitments, used or not: {}", bought.join("; "))
            }
        })
    }

    /// What a break-even of discounted instances is against.
    fn break_even_is_against(&self) -> Option<String> {
        let Ok(Priced { packed: Some(packed), .. }) = &self.outcome else { return None };
        packed.break_even()?;
        match self.platform.payment() {
            InstancePayment::OnDemand => None,
            InstancePayment::SavingsPlan => {
                Some("break-even is against Fargate with as much of it under a Compute Savings Plan of the same term")
            }
            InstancePayment::SpotShare => Some("break-even is against Fargate with the same tasks on Fargate Spot"),
        }
        .map(str::to_owned)
    }

    /// The rows of one platform as one.
    pub fn sum<'a>(platform: LaunchPlatform, rows: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::new(platform);
        for row in rows {
            match &row.outcome {
                Ok(priced) => sum.add(Ok(priced.monthly)),
                Err(reasons) => reasons.iter().for_each(|reason| sum.add(Err(reason.clone()))),
            }
            if let (Ok(ours), Ok(Priced { packed: Some(theirs), .. })) = (&mut sum.outcome, &row.outcome) {
                ours.packed.get_or_insert_with(Packed::nothing).add(theirs);
            }
            for (reason, stays) in &row.stays {
                let ours = sum.stays.entry(reason.clone()).or_default();
                ours.workloads += stays.workloads;
                ours.monthly += stays.monthly;
            }
            row.assumptions.iter().for_each(|text| sum.assume(text));
            for (text, names) in &row.assumed_of {
                sum.assumed_of.entry(text.clone()).or_default().extend(names.iter().cloned());
            }
            for (plan, usd) in &row.committed {
                sum.commit(plan, *usd);
            }
            sum.price_dates.extend(row.price_dates.iter().cloned());
        }
        sum
    }
}
