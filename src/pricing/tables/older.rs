//! [`older`]: prices that would take the place of others of a later date, as where a mirror has fallen behind.

use super::{PriceProblem, PriceTables, ProblemKind};

/// Prices of `tables` that differ from those `held` and are of an earlier date, by what they are of. The same
/// price of an earlier date takes nothing away.
pub fn older(tables: &PriceTables, held: &PriceTables) -> Vec<PriceProblem> {
    let (found, held) = (tables.dated_prices(), held.dated_prices());
    found
        .into_iter()
        .filter_map(|(key, (usd, date))| {
            let (held, held_date) = *held.get(&key)?;
            // ISO dates sort as text; a price without one says nothing.
            (usd != held && !date.is_empty() && date < held_date).then(|| PriceProblem {
                kind: ProblemKind::Older,
                key,
                trusted: Some(held),
                found: Some(usd),
                detail: format!("{usd} USD of {date} for {held} USD of {held_date}"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rust_decimal::Decimal;

    use super::*;
    use crate::{
        pricing::{
            RateDimension, RateKey,
            offers::{FargatePrices, InstanceOfferPrices, Publication, Tally},
        },
        workload::{Architecture, OperatingSystem, Platform, PurchaseOption, Region},
    };

    fn published(offer: &str, date: &str) -> Publication {
        Publication { offer: offer.to_owned(), version: date.replace('-', ""), date: date.to_owned() }
    }

    /// The embedded tables after an offer of eu-west-1 with a vCPU at `vcpu`, a GB as it is held, and a fee.
    fn renewed(date: &str, vcpu: &str) -> PriceTables {
        let key = |dimension| RateKey {
            region: Region("eu-west-1".to_owned()),
            platform: Some(Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 }),
            purchase: PurchaseOption::OnDemand,
            dimension,
        };
        let usd = |usd: &str| usd.parse::<Decimal>().unwrap();
        let rates = [(RateDimension::Vcpu, vcpu), (RateDimension::Memory, "0.004445")];
        let prices = FargatePrices {
            rates: rates.map(|(dimension, price)| (key(dimension), usd(price))).into(),
            managed_instance_fees: BTreeMap::from([("m5.large".to_owned(), usd("0.01284"))]),
            tally: Tally::default(),
        };
        let mut tables = PriceTables::embedded();
        tables.renew_fargate("eu-west-1", &prices, &published("AmazonECS", date), "bulk file");
        tables
    }

    fn told(tables: &PriceTables) -> Vec<String> {
        older(tables, &PriceTables::embedded())
            .iter()
            .map(|problem| {
                format!(
                    "{} {} {}: {}",
                    problem.kind.as_str(),
                    problem.key.region,
                    problem.key.item,
                    problem.detail
                )
            })
            .collect()
    }

    #[test]
    fn a_price_of_an_earlier_date_is_told_where_it_differs() {
        assert_eq!(
            told(&renewed("2020-11-20", "0.03548")),
            [
                "older eu-west-1 linux/x86_64 on-demand vcpu: 0.03548 USD of 2020-11-20 for 0.04048 USD of 2026-09-29"
            ]
        );
        assert_eq!(told(&renewed("2020-11-20", "0.04048")), [""; 0]);
        assert_eq!(told(&renewed("2026-11-20", "0.03548")), [""; 0]);
        // The day itself is not before it.
        assert_eq!(told(&renewed("2026-09-29", "0.03548")), [""; 0]);
    }

    #[test]
    fn the_same_price_keeps_its_later_date() {
        let dates = |tables: &PriceTables| -> Vec<String> {
            let prices = tables.dated_prices();
            let of_region = prices.iter().filter(|(key, _)| key.region == "eu-west-1");
            of_region
                .filter(|(key, _)| key.item.starts_with("linux/x86_64 on-demand") || key.item == "m5.large")
                .map(|(key, (_, date))| format!("{} {} {date}", key.table.as_str(), key.item))
                .collect()
        };
        assert_eq!(
            dates(&renewed("2026-01-02", "0.04048")),
            [
                "fargate linux/x86_64 on-demand memory 2026-09-29",
                "fargate linux/x86_64 on-demand vcpu 2026-09-29",
                "ec2 m5.large 2026-02-07",
                "managed-instances-fees m5.large 2026-01-02",
            ]
        );
        let mut tables = renewed("2026-11-20", "0.04048");
        let usd: Decimal = "0.107".parse().unwrap();
        let prices = InstanceOfferPrices {
            types: BTreeMap::from([("m5.large".to_owned(), usd), ("m5.xlarge".to_owned(), usd)]),
            tally: Tally::default(),
        };
        tables.renew_instances("eu-west-1", &prices, &published("AmazonEC2", "2026-01-02"), "bulk file");
        assert_eq!(dates(&tables)[2], "ec2 m5.large 2026-02-07");
        assert_eq!(
            told(&tables),
            ["older eu-west-1 m5.xlarge: 0.107 USD of 2026-01-02 for 0.214 USD of 2026-02-07"]
        );
    }
}
