//! The bulk files: a region index for each offer, then a file for each region, read as a stream.

use std::io::{BufReader, Read};

use super::{
    Endpoint, OfferOutcome, Part, PriceListError, RefreshRequest, Refreshed,
    endpoint::{Failure, failure},
};
use crate::{
    pricing::{
        offers::{
            FargateOffer, InstanceOffer, OfferError, OfferPrice, PlanOffer, Publication, RegionIndex,
            ServiceCsv, UnreadRow,
        },
        tables::PriceTables,
    },
    workload::Region,
};

/// How sources name these files.
const THROUGH: &str = "bulk file";
/// Of the decoder's output: an EC2 offer is hundreds of megabytes.
const BUFFER: usize = 256 << 10;

/// Renews `tables` from the files at an endpoint. `progress` is told of each file before it is read.
pub fn from_files(
    request: &RefreshRequest,
    endpoint: &Endpoint,
    tables: PriceTables,
    progress: &dyn Fn(&str),
) -> Result<Refreshed, PriceListError> {
    request.check()?;
    let mut refreshed = Refreshed { tables, offers: Vec::new(), notes: Vec::new() };
    let mut regions: Option<Vec<String>> = None;
    for part in &request.parts {
        let index_path = index_path(*part);
        let text = endpoint.text(&index_path)?;
        let from = || endpoint.place(&index_path);
        let index =
            RegionIndex::parse(&text).map_err(|error| PriceListError::Offer { from: from(), error })?;
        let regions = match &regions {
            Some(regions) => regions,
            None => regions.insert(request.regions(index.regions(), &mut refreshed.notes)?),
        };
        for region in regions {
            match index.path(region) {
                Some(path) => read_offer(*part, endpoint, path, region, &mut refreshed, progress)?,
                // Not every region that has Fargate has plans for it.
                None if *part == Part::SavingsPlans => refreshed
                    .notes
                    .push(format!("{region}: there is no offer of Savings Plans; the rates held stay")),
                None => return Err(PriceListError::NoRegion { from: from(), region: region.clone() }),
            }
        }
    }
    Ok(refreshed)
}

fn index_path(part: Part) -> String {
    match part {
        Part::Fargate => format!("/offers/v1.0/aws/{}/current/region_index.json", FargateOffer::CODE),
        Part::Ec2 => format!("/offers/v1.0/aws/{}/current/region_index.json", InstanceOffer::CODE),
        Part::SavingsPlans => format!("/savingsPlan/v1.0/aws/{}/current/region_index.json", PlanOffer::CODE),
    }
}

fn read_offer(
    part: Part,
    endpoint: &Endpoint,
    path: &str,
    region: &str,
    refreshed: &mut Refreshed,
    progress: &dyn Fn(&str),
) -> Result<(), PriceListError> {
    // Services publish each file as CSV, too, which is read row by row.
    let csv = path.strip_suffix(".json").map_or_else(|| path.to_owned(), |stem| format!("{stem}.csv"));
    let of = Region(region.to_owned());
    let path = if part == Part::SavingsPlans { path } else { &csv };
    progress(&endpoint.place(path));
    let tables = &mut refreshed.tables;
    let (publication, rows, tally, bytes) = match part {
        Part::Fargate => {
            let ((publication, prices), bytes) = endpoint.read(path, |input| {
                let mut offer = FargateOffer::new(of.clone());
                let publication = rows_of(input, FargateOffer::CODE, |row| match row {
                    Ok(price) => offer.add(&price),
                    Err(row) => offer.tally().add_unread(row),
                })?;
                Ok((publication, offer.finish()))
            })?;
            tables.renew_fargate(region, &prices, &publication, THROUGH);
            let rows = prices.rates.len() + prices.managed_instance_fees.len();
            (publication, rows, prices.tally, bytes)
        }
        Part::Ec2 => {
            let ((publication, prices), bytes) = endpoint.read(path, |input| {
                let mut offer = InstanceOffer::new(of.clone());
                let publication = rows_of(input, InstanceOffer::CODE, |row| match row {
                    Ok(price) => offer.add(&price),
                    Err(row) => offer.tally().add_unread(row),
                })?;
                Ok((publication, offer.finish()))
            })?;
            tables.renew_instances(region, &prices, &publication, THROUGH);
            (publication, prices.types.len(), prices.tally, bytes)
        }
        Part::SavingsPlans => {
            let (offer, bytes) = endpoint.read(path, |input| {
                PlanOffer::read(BufReader::with_capacity(BUFFER, input), &of).map_err(offer_failure)
            })?;
            tables.renew_plans(region, &offer, THROUGH);
            (offer.publication, offer.fargate.len() + offer.instances.len(), offer.tally, bytes)
        }
    };
    let from = endpoint.place(path);
    refreshed.offers.push(OfferOutcome { region: region.to_owned(), publication, from, bytes, rows, tally });
    Ok(())
}

fn rows_of(
    input: &mut dyn Read,
    offer: &str,
    mut take: impl FnMut(Result<OfferPrice, UnreadRow>),
) -> Result<Publication, Failure> {
    let mut file = ServiceCsv::open(BufReader::with_capacity(BUFFER, input), offer).map_err(offer_failure)?;
    let mut rows = 0_u64;
    while let Some(row) = file.next_price().map_err(offer_failure)? {
        rows += 1;
        take(row);
    }
    if rows == 0 {
        return Err(offer_failure(OfferError::Empty));
    }
    Ok(file.publication().clone())
}

/// Only what went wrong on the way may pass; what AWS wrote stays.
fn offer_failure(error: OfferError) -> Failure {
    match error {
        OfferError::Read(error) => failure(&error),
        other => Failure { cause: other.to_string(), may_pass: false },
    }
}
