//! [`InstanceShares`]: what the container instances of a cluster cost, and what of it each workload's
//! reservations take.
//!
//! Instances are paid for whether tasks use them or not. A cluster's instances fall into pools: the
//! capacity providers that some workload's strategy joins, or all instances where a workload goes
//! without a strategy; Managed Instances and others stay apart. The cost of a pool is spread over what
//! its instances have for tasks, CPU and memory weighed as Fargate's own prices weigh them: a vCPU is
//! worth [`GB_PER_VCPU`] GB (0.04048 / 0.004445 = 9.1 in us-east-1, 9.07 to 9.17 in the other regions). A
//! workload pays for what its tasks reserve while they run; what none reserves is idle, so shares and
//! idle make up the cost:
//!
//! | two m6i.large (us-east-1: 0.096 USD an hour), 730 h | weight | USD a month |
//! |---|---|---|
//! | registered: 2 x (2 vCPU x 9 + 7.5 GB) | 51 | 140.16 |
//! | api: 3 tasks of 0.5 vCPU / 1 GB: 3 x (4.5 + 1) | 16.5 | 45.35 |
//! | worker: 1 task of 1 vCPU / 2 GB, half of the time: 0.5 x (9 + 2) | 5.5 | 15.12 |
//! | idle: 56.9 % | 29 | 79.70 |
//!
//! A daemon runs on every instance of its architecture, so each pool pays for its part of it. What is known of instances is
//! what ran when the snapshot was collected: it is taken to have run all the time. Where the window's
//! tasks reserved more than that, it did not, and nothing is priced. Prices are on-demand list prices of
//! Linux; a Managed Instances provider that buys Spot is priced at the Spot price given or held, and its fee
//! is a share of the on-demand price whatever it buys. A GPU has no weight of its own: what it costs is spread
//! over CPU and memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    config::Ec2Settings,
    pricing::{Charges, InstancePrice, InstancePrices, InstancePurchase},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{
        Architecture, CapacityProvider, CapacityProviderKind, ContainerInstance, LaunchType, Region,
        Scheduling, Workload, WorkloadIdentity, WorkloadKind,
    },
};

/// GB that cost as much as a vCPU.
pub const GB_PER_VCPU: u32 = 9;

/// CPU and memory as one number, in 1,024ths of a GB.
pub fn weight(cpu: CpuUnits, memory: MemoryMib) -> u64 {
    u64::from(cpu.0) * u64::from(GB_PER_VCPU) + u64::from(memory.0)
}

/// What instances cost.
#[derive(Debug, Clone, Copy)]
pub struct InstanceRates<'a> {
    pub prices: &'a InstancePrices,
    /// The user's discounts.
    pub settings: &'a Ec2Settings,
    pub charges: &'a Charges,
    /// The day that fees are asked for.
    pub on: Date,
}

impl InstanceRates<'_> {
    /// USD an hour, by the user's discount, else by the tables.
    pub(super) fn price(
        &self,
        region: &Region,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<InstancePrice> {
        self.settings.price(self.prices, region, instance_type, purchase)
    }

    /// The Managed Instances fee, USD an hour.
    pub(super) fn fee(&self, region: &Region, instance_type: &str) -> Option<Decimal> {
        self.prices.management_fee(self.charges, region, instance_type, self.on)
    }
}

/// Why instances have no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    #[error("no container instance that its tasks can run on was there when the snapshot was collected")]
    NoInstances,
    #[error("instance {id} did not tell its type (attribute ecs.instance-type)")]
    UnknownType { id: String },
    #[error("no {what} of {instance_type} in {region} is held")]
    NoPrice { instance_type: String, region: Region, what: &'static str },
    #[error("capacity provider {provider} buys by {option}, which is not known here")]
    UnknownPurchase { provider: String, option: String },
    #[error("{workload} runs on Windows, and only prices of Linux instances are held")]
    Windows { workload: String },
    #[error(
        "over the window its tasks and those beside them reserved {percent} % of what the instances that were \
         collected have: more ran then, and how many is not known"
    )]
    OtherInstances { percent: u64 },
    #[error("its instances register no CPU and no memory")]
    Nothing,
}

impl Unpriced {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoInstances => "no-container-instances",
            Self::UnknownType { .. } => "unknown-instance-type",
            Self::NoPrice { .. } => "no-instance-price",
            Self::UnknownPurchase { .. } => "unknown-capacity-option",
            Self::Windows { .. } => "windows-instances",
            Self::OtherInstances { .. } => "other-instances-ran",
            Self::Nothing => "no-registered-capacity",
        }
    }
}

/// What a workload reserved over the window.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'a> {
    pub workload: &'a Workload,
    /// Weight of what its tasks reserve, times the hours that they ran, over the window's hours.
    pub mean_weight: Decimal,
    pub windows: bool,
    /// What its task definition is for.
    pub architecture: Architecture,
}

/// Instances that are filled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    pub account_id: String,
    pub region: Region,
    pub cluster: String,
    pub launch_type: LaunchType,
    /// Sorted; instances without one are there as well where a workload goes without a strategy.
    pub capacity_providers: Vec<String>,
    pub instances: u64,
    /// Instances by type.
    pub types: BTreeMap<String, u64>,
    /// Weight of what the instances have for tasks.
    pub weight: u64,
    /// Weight of what was reserved of it on average.
    pub reserved: Decimal,
    /// USD an hour of all its instances.
    pub hourly: Result<Usd, Unpriced>,
    /// Oldest date of the prices.
    pub priced_on: Option<String>,
}

impl Pool {
    /// USD an hour of what is reserved, and of what is idle: together what the pool costs.
    pub fn split(&self) -> Result<(Usd, Usd), Unpriced> {
        let hourly = self.hourly.clone()?;
        let reserved = hourly * (self.reserved / Decimal::from(self.weight.max(1)));
        Ok((reserved, hourly - reserved))
    }

    /// Per cent that nothing reserves; `None` where more was reserved than is there.
    pub fn idle_percent(&self) -> Option<Decimal> {
        let share = self.reserved / Decimal::from(Some(self.weight).filter(|weight| *weight > 0)?);
        (share <= Decimal::ONE).then(|| (Decimal::ONE - share) * Decimal::ONE_HUNDRED)
    }
}

/// A workload's place in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    pool: usize,
    /// Its tasks there, of `of`.
    tasks: u64,
    of: u64,
}

/// The pools of a fleet, and what each workload has in them.
#[derive(Debug, Clone, Default)]
pub struct InstanceShares {
    pools: Vec<Pool>,
    places: BTreeMap<u32, Vec<Place>>,
}

/// What a workload runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share<'a> {
    /// Never empty.
    pub pools: Vec<&'a Pool>,
    /// USD an hour of a weight of 1 of its reservations.
    pub per_weight: Result<Usd, Unpriced>,
}

impl InstanceShares {
    /// Of `tenants`, those on container instances or Managed Instances have a share.
    pub fn of(
        tenants: &[Tenant<'_>],
        instances: &[ContainerInstance],
        providers: &[CapacityProvider],
        rates: InstanceRates<'_>,
    ) -> Self {
        let mut shares = Self::default();
        // Instances that no workload of the snapshot runs on cost as much.
        let mut clusters: BTreeMap<ClusterKey<'_>, (Vec<&Tenant<'_>>, Vec<&ContainerInstance>)> =
            BTreeMap::new();
        for tenant in tenants {
            if let Some(key) = ClusterKey::of(tenant.workload) {
                clusters.entry(key).or_default().0.push(tenant);
            }
        }
        for instance in instances.iter().filter(|instance| is_ec2(instance)) {
            clusters.entry(ClusterKey::of_instance(instance, providers)).or_default().1.push(instance);
        }
        for (key, (tenants, there)) in clusters {
            shares.add_cluster(key, &tenants, &there, providers, rates);
        }
        shares
    }

    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// What workload number `id` runs on; `Err` where no instance of it is known.
    pub fn share(&self, id: u32) -> Result<Share<'_>, Unpriced> {
        let places = self.places.get(&id).filter(|places| !places.is_empty()).ok_or(Unpriced::NoInstances)?;
        let per_weight = self.by_pool(id).try_fold(Usd::ZERO, |sum, (_, per_weight)| Ok(sum + per_weight?));
        Ok(Share { pools: places.iter().map(|place| &self.pools[place.pool]).collect(), per_weight })
    }

    /// The pools that workload number `id` runs in, by position, and USD an hour of a weight of 1 of its
    /// reservations in each: together the share's.
    pub fn by_pool(&self, id: u32) -> impl Iterator<Item = (usize, Result<Usd, Unpriced>)> {
        self.places.get(&id).into_iter().flatten().map(|place| {
            let pool = &self.pools[place.pool];
            let part = Decimal::from(place.tasks) / Decimal::from(place.of.max(1));
            let each = Decimal::ONE / Decimal::from(pool.weight.max(1));
            (place.pool, pool.hourly.clone().map(|hourly| hourly * each * part))
        })
    }

    fn add_cluster(
        &mut self,
        key: ClusterKey<'_>,
        tenants: &[&Tenant<'_>],
        instances: &[&ContainerInstance],
        providers: &[CapacityProvider],
        rates: InstanceRates<'_>,
    ) {
        let first = self.pools.len();
        // What each pool has by architecture.
        let mut built: Vec<Vec<Option<Architecture>>> = Vec::new();
        for group in groups(tenants, instances) {
            let there: Vec<&ContainerInstance> = instances
                .iter()
                .copied()
                .filter(|instance| group.contains(&instance.capacity_provider.as_deref()))
                .collect();
            if !there.is_empty() {
                self.pools.push(pool(key, &there, providers, rates));
                built.push(there.iter().map(|instance| instance.architecture).collect());
            }
        }
        for tenant in tenants {
            let places: Vec<Place> = if is_daemon(tenant.workload) {
                daemon_places(tenant, first, &built)
            } else {
                let wanted = strategy(tenant.workload);
                let pools = (first..self.pools.len()).filter(|at| self.pools[*at].takes(&wanted));
                pools.map(|pool| Place { pool, tasks: 1, of: 1 }).collect()
            };
            for place in &places {
                let pool = &mut self.pools[place.pool];
                pool.reserved +=
                    tenant.mean_weight * Decimal::from(place.tasks) / Decimal::from(place.of.max(1));
                if tenant.windows {
                    pool.hourly = Err(Unpriced::Windows { workload: tenant.workload.identity.name.clone() });
                }
            }
            self.places.insert(tenant.workload.workload_id, places);
        }
        for pool in &mut self.pools[first..] {
            if pool.weight == 0 {
                pool.hourly = Err(Unpriced::Nothing);
            } else if pool.hourly.is_ok() && pool.reserved > Decimal::from(pool.weight) {
                let percent = pool.reserved / Decimal::from(pool.weight) * Decimal::ONE_HUNDRED;
                let percent = u64::try_from(percent.ceil()).unwrap_or(u64::MAX);
                pool.hourly = Err(Unpriced::OtherInstances { percent });
            }
        }
    }
}

impl Pool {
    fn takes(&self, wanted: &BTreeSet<&str>) -> bool {
        wanted.is_empty() || self.capacity_providers.iter().any(|provider| wanted.contains(provider.as_str()))
    }
}

/// A cluster's instances of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ClusterKey<'a> {
    account_id: &'a str,
    region: &'a Region,
    cluster: &'a str,
    managed: bool,
}

impl<'a> ClusterKey<'a> {
    fn of(workload: &'a Workload) -> Option<Self> {
        let managed = match workload.launch_type {
            LaunchType::Ec2 => false,
            LaunchType::ManagedInstances => true,
            LaunchType::Fargate | LaunchType::External | LaunchType::Unknown => return None,
        };
        let WorkloadIdentity { account_id, region, cluster, .. } = &workload.identity;
        Some(Self { account_id, region, cluster, managed })
    }

    fn of_instance(instance: &'a ContainerInstance, providers: &[CapacityProvider]) -> Self {
        let ContainerInstance { account_id, region, cluster, .. } = instance;
        let managed =
            provider(instance, providers).is_some_and(|p| p.kind == CapacityProviderKind::ManagedInstances);
        Self { account_id, region, cluster, managed }
    }
}

fn provider<'a>(
    instance: &ContainerInstance,
    providers: &'a [CapacityProvider],
) -> Option<&'a CapacityProvider> {
    let name = instance.capacity_provider.as_deref()?;
    providers.iter().find(|provider| {
        provider.name == name
            && (&provider.account_id, &provider.region) == (&instance.account_id, &instance.region)
            && provider.cluster.as_ref().is_none_or(|cluster| *cluster == instance.cluster)
    })
}

/// Whether it is an instance of AWS's: machines of your own (ECS Anywhere) have no type and no zone.
fn is_ec2(instance: &ContainerInstance) -> bool {
    let ContainerInstance { instance_type, availability_zone, capacity_provider, status, .. } = instance;
    let known = instance_type.is_some() || availability_zone.is_some() || capacity_provider.is_some();
    known && status != "INACTIVE"
}

/// A daemon service has no strategy, and an ECS daemon none of its own.
fn is_daemon(workload: &Workload) -> bool {
    workload.scheduling == Scheduling::Daemon || workload.identity.kind == WorkloadKind::Daemon
}

/// A task of a daemon on each instance of the architecture that it is built for; on every instance where that
/// is too few for the tasks it has, as of one that is built for both. `built` begins with pool `first`.
fn daemon_places(tenant: &Tenant<'_>, first: usize, built: &[Vec<Option<Architecture>>]) -> Vec<Place> {
    let takes = |one: &Option<Architecture>| one.is_none_or(|one| one == tenant.architecture);
    let counted = |own: bool| -> Vec<u64> {
        built.iter().map(|pool| pool.iter().filter(|one| !own || takes(one)).count() as u64).collect()
    };
    let mut tasks = counted(true);
    let own: u64 = tasks.iter().sum();
    if own == 0 || own < u64::from(tenant.workload.running_count.unwrap_or(0)) {
        tasks = counted(false);
    }
    let of = tasks.iter().sum();
    let places = (first..).zip(tasks).filter(|(_, tasks)| *tasks > 0);
    places.map(|(pool, tasks)| Place { pool, tasks, of }).collect()
}

/// The providers that a workload's tasks are placed on; none: any.
fn strategy(workload: &Workload) -> BTreeSet<&str> {
    workload.strategy.iter().map(|item| item.provider.as_str()).collect()
}

/// The providers (`None`: instances without one) by pool: those that a workload may use are one pool.
fn groups<'a>(
    tenants: &[&Tenant<'a>],
    instances: &[&'a ContainerInstance],
) -> Vec<BTreeSet<Option<&'a str>>> {
    let mut groups: Vec<BTreeSet<Option<&str>>> = Vec::new();
    for name in instances.iter().map(|instance| instance.capacity_provider.as_deref()) {
        if !groups.iter().any(|group| group.contains(&name)) {
            groups.push(BTreeSet::from([name]));
        }
    }
    for tenant in tenants.iter().filter(|tenant| !is_daemon(tenant.workload)) {
        let wanted = strategy(tenant.workload);
        let uses = |group: &BTreeSet<Option<&str>>| {
            wanted.is_empty() || group.iter().flatten().any(|name| wanted.contains(name))
        };
        let (joined, mut apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(uses);
        if !joined.is_empty() {
            apart.push(joined.into_iter().flatten().collect());
        }
        groups = apart;
    }
    groups.sort();
    groups
}

fn pool(
    key: ClusterKey<'_>,
    instances: &[&ContainerInstance],
    providers: &[CapacityProvider],
    rates: InstanceRates<'_>,
) -> Pool {
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for instance in instances {
        let name = instance.instance_type.as_deref().unwrap_or("unknown");
        *types.entry(name.to_owned()).or_default() += 1;
    }
    let names: BTreeSet<&String> = instances.iter().filter_map(|i| i.capacity_provider.as_ref()).collect();
    let prices: Result<Vec<InstancePrice>, Unpriced> =
        instances.iter().map(|instance| hourly(instance, provider(instance, providers), rates)).collect();
    let registered = instances
        .iter()
        .map(|instance| weight(CpuUnits(instance.registered.cpu), MemoryMib(instance.registered.memory_mib)));
    Pool {
        account_id: key.account_id.to_owned(),
        region: key.region.clone(),
        cluster: key.cluster.to_owned(),
        launch_type: if key.managed { LaunchType::ManagedInstances } else { LaunchType::Ec2 },
        capacity_providers: names.into_iter().cloned().collect(),
        instances: instances.len() as u64,
        types,
        weight: registered.fold(0, u64::saturating_add),
        reserved: Decimal::ZERO,
        priced_on: prices.as_ref().ok().and_then(|p| p.iter().map(|p| p.effective_date.clone()).min()),
        hourly: prices.map(|prices| prices.iter().map(|price| Usd(price.usd)).sum()),
    }
}

/// An hour of an instance, fee included.
fn hourly(
    instance: &ContainerInstance,
    provider: Option<&CapacityProvider>,
    rates: InstanceRates<'_>,
) -> Result<InstancePrice, Unpriced> {
    let region = &instance.region;
    let Some(name) = instance.instance_type.as_deref() else {
        return Err(Unpriced::UnknownType { id: instance.id.clone() });
    };
    let held = |purchase, what| {
        rates.price(region, name, purchase).ok_or_else(|| Unpriced::NoPrice {
            instance_type: name.to_owned(),
            region: region.clone(),
            what,
        })
    };
    let on_demand = held(InstancePurchase::OnDemand, "on-demand price")?;
    let Some(provider) = provider.filter(|p| p.kind == CapacityProviderKind::ManagedInstances) else {
        return Ok(on_demand);
    };
    let fee = rates.fee(region, name).ok_or_else(|| Unpriced::NoPrice {
        instance_type: name.to_owned(),
        region: region.clone(),
        what: "Managed Instances fee",
    })?;
    // A reserved instance is billed at the on-demand rate, used or not.
    let mut price = match provider.capacity_option.as_deref() {
        None | Some("ON_DEMAND" | "RESERVED") => on_demand.clone(),
        Some("SPOT") => held(InstancePurchase::Spot, "Spot price")?,
        Some(option) => {
            return Err(Unpriced::UnknownPurchase {
                provider: provider.name.clone(),
                option: option.to_owned(),
            });
        }
    };
    price.usd += fee;
    Ok(price)
}

#[cfg(test)]
mod tests;
