//! [`Host`]: an instance type that could be used, at what an hour of it costs with all that it brings, and
//! which of a region's types are worth trying.
//!
//! A type that has no more of anything than another, and costs no less, is in no best packing: it is left
//! out. So is what few would run tasks on: earlier generations, bare metal, accelerators nobody asked for.

use std::collections::BTreeSet;

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{InstancePayment, MAX_VCPU, Market};
use crate::{
    ec2::{HostSettings, InstanceType, allocatable, packing::InstanceOffer},
    pricing::{InstancePrice, InstancePurchase},
    workload::{Architecture, Region},
};

/// What an instance costs beyond itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fee {
    None,
    ManagedInstances,
    EksAutoMode,
}

/// How an hour of an instance is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purchase {
    pub(super) payment: InstancePayment,
    /// Of the hours, the part that a Savings Plan covers, 0 to 1.
    pub(super) covered: Decimal,
    pub(super) fee: Fee,
    /// Of each instance; in the price where that of a GiB is held.
    pub(super) volume_gib: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) offer: InstanceOffer,
    /// The Savings Plan that it is bought under; `None`: without one.
    pub(super) plan: Option<Plan>,
    /// USD an hour of the same vCPU and memory on Fargate, bought in the same way, or which rate is not held.
    pub(super) fargate: Result<Decimal, String>,
    /// ISO dates of its prices.
    pub(super) dates: BTreeSet<String>,
}

/// The cheaper of the Savings Plans that an instance type has a rate of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Such as `1yr no-upfront Compute Savings Plan`.
    pub(super) name: String,
    /// USD that an hour takes of the commitment.
    pub(super) usd: Decimal,
}

/// The types of a region that may be used, cheapest first; which rate is not held, where there is none.
pub(super) fn hosts(
    market: &Market<'_>,
    region: &Region,
    (architecture, gpus): (Architecture, bool),
    settings: HostSettings,
    purchase: Purchase,
) -> Result<Vec<Host>, String> {
    let names = market.instances.types_in(region);
    if names.is_empty() {
        return Err(format!("no EC2 rate is held for {region}"));
    }
    let mut hosts: Vec<Host> = names
        .iter()
        .filter_map(|name| market.types.get(name))
        .filter(|one| one.architecture == architecture && is_usual(one, gpus))
        .filter_map(|one| host(market, region, one, settings, purchase))
        .collect();
    hosts.sort_by(|a, b| {
        let by = |host: &Host| (host.offer.micro_usd_per_hour, host.offer.name.clone());
        by(a).cmp(&by(b))
    });
    // What has no plan rate is bought on demand; where nothing has one, there is no plan to speak of.
    let planless =
        purchase.payment == InstancePayment::SavingsPlan && hosts.iter().all(|host| host.plan.is_none());
    if hosts.is_empty() || planless {
        return Err(not_held(market, region, architecture, purchase));
    }
    Ok(worth_trying(hosts))
}

/// What to do where a discounted rate is missing.
const GIVE: &str = "[[ec2.discount]] in fargauge.toml gives one";

fn not_held(
    market: &Market<'_>,
    region: &Region,
    architecture: Architecture,
    Purchase { payment, fee, .. }: Purchase,
) -> String {
    // No type has one where not even the fee of all is held.
    if fee == Fee::ManagedInstances && market.charges.managed_instances_fee("", market.on).is_none() {
        return format!("no Managed Instances fee is held for {}", market.on);
    }
    let architecture = architecture.as_str();
    match payment {
        InstancePayment::OnDemand => format!("no {architecture} EC2 rate is held for {region}"),
        InstancePayment::SavingsPlan => format!(
            "no {} {} Savings Plan rate of {architecture} EC2 instances is held for {region}; {GIVE}",
            market.plan().term.as_str(),
            market.plan().payment.as_str()
        ),
        InstancePayment::SpotShare => {
            format!("no {architecture} EC2 Spot rate is held for {region}; {GIVE}")
        }
    }
}

fn is_usual(one: &InstanceType, gpus: bool) -> bool {
    one.is_for_steady_containers() && one.vcpu <= MAX_VCPU && (one.gpus > 0) == gpus
}

fn host(
    market: &Market<'_>,
    region: &Region,
    one: &InstanceType,
    settings: HostSettings,
    purchase: Purchase,
) -> Option<Host> {
    let allocatable = allocatable(one, settings)?;
    let price = |purchase| market.config.ec2.price(market.instances, region, &one.name, purchase);
    let list = price(InstancePurchase::OnDemand)?;
    let mut dates = BTreeSet::from([list.effective_date.clone()]);
    let mut used = |other: InstancePrice| {
        dates.insert(other.effective_date);
        other.usd
    };
    let mut plan = None;
    let instance = match purchase.payment {
        InstancePayment::OnDemand => list.usd,
        InstancePayment::SpotShare => used(price(InstancePurchase::Spot)?),
        InstancePayment::SavingsPlan => match cheapest_plan(market, region, one) {
            Some((name, rate)) => {
                let usd = used(rate);
                plan = Some(Plan { name, usd });
                usd * purchase.covered + list.usd * (Decimal::ONE - purchase.covered)
            }
            None => list.usd,
        },
    };
    let fee = match purchase.fee {
        Fee::None => Decimal::ZERO,
        Fee::ManagedInstances => {
            market.instances.management_fee(market.charges, region, &one.name, market.on)?
        }
        Fee::EksAutoMode => {
            let percent = market.charges.eks_auto_mode_fee(&one.name, market.on)?.amount;
            list.usd * percent / Decimal::ONE_HUNDRED
        }
    };
    let volume = market.volume(region, purchase.volume_gib).unwrap_or_default();
    let micro_usd_per_hour = ((instance + fee + volume) * Decimal::from(1_000_000)).round().to_u64()?;
    let offer = InstanceOffer {
        name: one.name.clone(),
        architecture: one.architecture,
        allocatable,
        micro_usd_per_hour,
    };
    let fargate = market.fargate_equivalent(region, one, purchase.payment, purchase.covered);
    Some(Host { offer, plan, fargate, dates })
}

/// Of the user's choice of term and payment: a Compute Savings Plan, or one of the type's family and region.
fn cheapest_plan(
    market: &Market<'_>,
    region: &Region,
    one: &InstanceType,
) -> Option<(String, InstancePrice)> {
    let (term, payment) = (market.plan().term, market.plan().payment);
    let bought = format!("{} {}", term.as_str(), payment.as_str());
    let family = one.family();
    let price = |purchase| market.config.ec2.price(market.instances, region, &one.name, purchase);
    let compute = price(InstancePurchase::ComputeSavingsPlan(term, payment))
        .map(|price| (format!("{bought} Compute Savings Plan"), price));
    let own = price(InstancePurchase::Ec2InstanceSavingsPlan(term, payment))
        .map(|price| (format!("{bought} EC2 Instance Savings Plan of {family} in {region}"), price));
    // Of equal rates, the plan that binds less.
    compute.into_iter().chain(own).min_by_key(|(_, price)| price.usd)
}

/// Of hosts sorted by price, those that have more of something than every cheaper one.
fn worth_trying(hosts: Vec<Host>) -> Vec<Host> {
    let mut kept: Vec<Host> = Vec::new();
    for host in hosts {
        let ours = host.offer.allocatable;
        let is_beaten = kept.iter().any(|cheaper| {
            let theirs = cheaper.offer.allocatable;
            theirs.cpu >= ours.cpu
                && theirs.memory_mib >= ours.memory_mib
                && theirs.enis >= ours.enis
                && theirs.gpus >= ours.gpus
        });
        if !is_beaten {
            kept.push(host);
        }
    }
    kept
}
