//! Options beyond size, in sequence: storage, architecture, then purchase.
//!
//! Each is priced on what the ones before it leave, so `cost after the size change - sum of savings`
//! is what the last one costs, and nothing is counted twice.
//!
//! | two tasks of 1 vCPU / 2 GB / 50 GiB, us-east-1, all month | monthly cost | saves |
//! |---|---|---|
//! | on demand, x86: 2 x (0.04048 + 2 x 0.004445 + 30 x 0.000111) x 730 | 76.94 | |
//! | `ephemeral-storage`: 2 x (0.04048 + 2 x 0.004445) x 730 | 72.08 | 4.86 |
//! | `arm64`: 2 x (0.03238 + 2 x 0.00356) x 730 | 57.67 | 14.41 |
//! | `fargate-spot`, one of the two: (0.0395 + 0.01030969 + 2 x 0.00113349) x 730 | 38.02 | 19.65 |
//! | `compute-savings-plan` on the other, 1 year, nothing upfront: 0.0255 + 2 x 0.0028 for 0.0395 | 31.88 | 6.13 |
//!
//! Rates: `pricing/fargate.csv`, `pricing/fargate_savings_plans.csv`.

use rust_decimal::Decimal;

use super::offer::{NoRate, Offer, OfferKind};
use crate::{
    config::{Config, SavingsPlanChoice},
    fargate::FREE_EPHEMERAL_STORAGE,
    pricing::{
        NoPrice, PlanPayment, PlanRates, PlanTerm, PriceBook, RateDimension, SavingsPlanRates, TaskCost,
        TaskShape,
    },
    units::{HOURS_PER_MONTH, Usd},
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption, PurchaseSplit, Region},
};

/// What runs once the recommended size is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub shape: TaskShape,
    /// How the average task is bought.
    pub split: PurchaseSplit,
    /// Task-hours of a month of 730 hours.
    pub monthly_task_hours: Decimal,
    /// Thousandths of a task that run on average while any runs.
    pub mean_tasks_milli: u64,
    /// Thousandths of a task that run on demand at every hour; what a commitment can count on.
    pub steady_on_demand_milli: u64,
}

/// What could be changed beyond the size, in the sequence in which it is priced; and what has no rate.
pub fn options(
    running: Running,
    book: &PriceBook,
    plans: &SavingsPlanRates,
    config: &Config,
) -> (Vec<Offer>, Vec<NoRate>) {
    let factor = config.discount.factor();
    let Some(cost) = monthly_cost(book, &running, factor) else { return (Vec::new(), Vec::new()) };
    let mut sequence = Sequence { running, book, factor, cost, offers: Vec::new(), no_rate: Vec::new() };
    sequence.less_storage();
    sequence.arm64();
    sequence.spot(config.spot_on_demand_tasks);
    sequence.savings_plan(plans, config.savings_plan);
    (sequence.offers, sequence.no_rate)
}

/// Stopping what costs `cost` a month: an offer that leaves nothing to any other.
pub fn stop(cost: Usd) -> Offer {
    Offer {
        kind: OfferKind::StopOrScaleToZero,
        monthly_cost: Usd::ZERO,
        monthly_savings: cost,
        conditions: vec!["nothing depends on it; its CPU did next to nothing in the whole window".to_owned()],
    }
}

/// What is offered so far, and what then runs at what cost.
struct Sequence<'a> {
    running: Running,
    book: &'a PriceBook,
    /// What is paid of a list price.
    factor: Decimal,
    cost: Usd,
    offers: Vec<Offer>,
    no_rate: Vec<NoRate>,
}

impl Sequence<'_> {
    /// Offers `changed` if it has a price and saves something; it is then what runs.
    fn offer(&mut self, kind: OfferKind, changed: Running, conditions: Vec<String>) {
        match priced(self.book, &changed, self.factor) {
            Ok(cost) => {
                if self.push(kind, Usd(cost).rounded(), conditions) {
                    self.running = changed;
                }
            }
            Err(no_price) => self.no_rate.push(NoRate { kind, because: no_price.to_string() }),
        }
    }

    fn push(&mut self, kind: OfferKind, cost: Usd, conditions: Vec<String>) -> bool {
        let saves = cost < self.cost;
        if saves {
            let savings = self.cost - cost;
            self.offers.push(Offer { kind, monthly_cost: cost, monthly_savings: savings, conditions });
            self.cost = cost;
        }
        saves
    }

    fn less_storage(&mut self) {
        let configured = self.running.shape.ephemeral_storage;
        if configured <= FREE_EPHEMERAL_STORAGE {
            return;
        }
        let mut changed = self.running.clone();
        changed.shape.ephemeral_storage = FREE_EPHEMERAL_STORAGE;
        let (free, configured) = (FREE_EPHEMERAL_STORAGE.0, configured.0);
        self.offer(OfferKind::EphemeralStorage, changed, vec![format!(
            "tasks write less than the free {free} GiB, image included: what they use of their {configured} GiB \
             is not known here; Container Insights tells as EphemeralStorageUtilized"
        )]);
    }

    fn arm64(&mut self) {
        let Platform { os, arch } = self.running.shape.platform;
        if os != OperatingSystem::Linux || arch == Architecture::Arm64 {
            return;
        }
        let mut changed = self.running.clone();
        changed.shape.platform.arch = Architecture::Arm64;
        let mut conditions = vec![
            "every container's image is built for arm64, such as a multi-arch image".to_owned(),
            "a vCPU does as much work on ARM: measure before sizing again".to_owned(),
        ];
        let spot_is_known = |shape| spot_rates_date(self.book, shape).is_some();
        let could_move = could_move_to_spot(&self.running) && spot_is_known(&self.running.shape);
        if could_move && !spot_is_known(&changed.shape) {
            let region = &changed.shape.region;
            conditions.push(format!(
                "Fargate Spot is not priced after it: no arm64 Spot rate is held for {region}"
            ));
        }
        self.offer(OfferKind::Arm64, changed, conditions);
    }

    fn spot(&mut self, stay_on_demand: u32) {
        let Some(split) = spot_split(&self.running, stay_on_demand) else { return };
        let shape = &self.running.shape;
        let Some(date) = spot_rates_date(self.book, shape) else {
            let (platform, region) = (shape.platform, &shape.region);
            let because = format!("no {platform} Spot rate is held for {region}");
            self.no_rate.push(NoRate { kind: OfferKind::FargateSpot, because });
            return;
        };
        let mut changed = self.running.clone();
        changed.split = split;
        changed.steady_on_demand_milli = changed.steady_on_demand_milli.min(u64::from(stay_on_demand) * 1000);
        let staying = match stay_on_demand {
            0 => "no task stays on demand: when Spot capacity runs out, none runs".to_owned(),
            1 => "one task stays on demand (base 1 of FARGATE), since Spot capacity can run out".to_owned(),
            n => format!("{n} tasks stay on demand (base {n} of FARGATE), since Spot capacity can run out"),
        };
        let conditions = vec![
            "at least two tasks run, and each may be interrupted: it stops cleanly within the two-minute warning"
                .to_owned(),
            staying,
            format!("the Spot price floats; this is that of {date}"),
        ];
        self.offer(OfferKind::FargateSpot, changed, conditions);
    }

    fn savings_plan(&mut self, plans: &SavingsPlanRates, choice: SavingsPlanChoice) {
        if self.running.steady_on_demand_milli == 0 {
            return;
        }
        let kind = OfferKind::ComputeSavingsPlan;
        let Covered { committed, saved, rates_date: date } =
            match covered(&self.running, self.book, plans, choice) {
                Ok(covered) => covered,
                Err(because) => return self.no_rate.push(NoRate { kind, because }),
            };
        let saved = saved * self.factor;
        let Some(now) = unrounded(self.book, &self.running, self.factor) else { return };
        // From the unrounded cost, so that what is printed differs by one rounding only.
        let cost = Usd(now - saved).rounded();
        let term = match choice.term {
            PlanTerm::OneYear => "one year",
            PlanTerm::ThreeYears => "three years",
        };
        let payment = match choice.payment {
            PlanPayment::NoUpfront => "nothing upfront",
            PlanPayment::PartialUpfront => "part of it upfront",
            PlanPayment::AllUpfront => "all of it upfront",
        };
        let hourly = (committed / Decimal::from(HOURS_PER_MONTH)).round_dp(4).normalize();
        self.push(
            kind,
            cost,
            vec![
                format!("{hourly} USD an hour are committed for {term}, {payment}, used or not"),
                "no Savings Plan covers this use already".to_owned(),
                format!(
                    "list rates of {date}; vCPU and memory on demand are covered, storage and Spot are not"
                ),
            ],
        );
    }
}

/// Two tasks or more, some of them on demand, on an operating system that Spot is offered for.
fn could_move_to_spot(running: &Running) -> bool {
    let Running { shape, split, mean_tasks_milli, .. } = running;
    // Half a task is what deployments and missing samples may take off two.
    shape.platform.os == OperatingSystem::Linux && !split.is_all_spot() && *mean_tasks_milli >= 1_500
}

/// How tasks divide where all but `stay_on_demand` of them are on Spot; `None` where none would move.
pub(super) fn spot_split(running: &Running, stay_on_demand: u32) -> Option<PurchaseSplit> {
    if !could_move_to_spot(running) {
        return None;
    }
    let Running { split, mean_tasks_milli, .. } = running;
    let on_demand = u128::from(*mean_tasks_milli) * u128::from(split.total.saturating_sub(split.spot))
        / u128::from(split.total.max(1));
    let stays = u64::from(stay_on_demand) * 1000;
    let moves = on_demand > u128::from(stays);
    moves.then(|| PurchaseSplit { spot: mean_tasks_milli - stays, total: *mean_tasks_milli })
}

/// What a Savings Plan does to a month of list prices.
pub(super) struct Covered {
    /// USD that are committed.
    pub(super) committed: Decimal,
    /// USD that they replace beyond themselves.
    pub(super) saved: Decimal,
    pub(super) rates_date: String,
}

/// What a vCPU and a GB cost under a plan, or which rate is not held.
pub(super) fn plan_rates<'a>(
    plans: &'a SavingsPlanRates,
    region: &Region,
    platform: Platform,
    choice: SavingsPlanChoice,
) -> Result<PlanRates<'a>, String> {
    plans.rates(region, platform, choice.term, choice.payment).ok_or_else(|| {
        let (term, payment) = (choice.term.as_str(), choice.payment.as_str());
        format!("no {term} {payment} Savings Plan rate of Fargate {platform} is held for {region}")
    })
}

/// The steady on-demand use under a plan, or which rate is not held.
pub(super) fn covered(
    running: &Running,
    book: &PriceBook,
    plans: &SavingsPlanRates,
    choice: SavingsPlanChoice,
) -> Result<Covered, String> {
    let Running { shape, monthly_task_hours, mean_tasks_milli, steady_on_demand_milli, .. } = running;
    let (region, platform) = (&shape.region, shape.platform);
    let rates = plan_rates(plans, region, platform, choice)?;
    let on_demand = |dimension| {
        book.rate(region, platform, PurchaseOption::OnDemand, dimension)
            .map(|rate| rate.usd)
            .ok_or_else(|| format!("no {platform} {dimension} rate is held for {region}"))
    };
    let (vcpu, memory) = (on_demand(RateDimension::Vcpu)?, on_demand(RateDimension::Memory)?);
    let task = |vcpu: Decimal, memory: Decimal| shape.cpu.vcpu() * vcpu + shape.memory.gb() * memory;
    let coverage = Decimal::from(choice.coverage_centi_percent) / Decimal::from(10_000);
    let steady = Decimal::from(*steady_on_demand_milli.min(mean_tasks_milli))
        / Decimal::from((*mean_tasks_milli).max(1));
    let covered_hours = monthly_task_hours * steady * coverage;
    let committed = task(rates.vcpu.usd, rates.memory.usd) * covered_hours;
    let saved = task(vcpu, memory) * covered_hours - committed;
    Ok(Covered { committed, saved, rates_date: rates.effective_date().to_owned() })
}

/// The older date of the Spot rates of a task, if both are held.
pub(super) fn spot_rates_date<'a>(book: &'a PriceBook, shape: &TaskShape) -> Option<&'a str> {
    let date = |dimension| {
        let rate = book.rate(&shape.region, shape.platform, PurchaseOption::Spot, dimension)?;
        Some(rate.effective_date.as_str())
    };
    Some(date(RateDimension::Vcpu)?.min(date(RateDimension::Memory)?))
}

/// USD a month, as printed; `None` where a rate is missing. `factor` is what is paid of a list price.
pub fn monthly_cost(book: &PriceBook, running: &Running, factor: Decimal) -> Option<Usd> {
    unrounded(book, running, factor).map(|cost| Usd(cost).rounded())
}

pub(super) fn unrounded(book: &PriceBook, running: &Running, factor: Decimal) -> Option<Decimal> {
    priced(book, running, factor).ok()
}

fn priced(book: &PriceBook, running: &Running, factor: Decimal) -> Result<Decimal, NoPrice> {
    let hourly = TaskCost::split(book, &running.shape, running.split)?.hourly();
    Ok(hourly.0 * running.monthly_task_hours * factor)
}

#[cfg(test)]
mod tests;
