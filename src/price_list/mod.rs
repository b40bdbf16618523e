//! The AWS price list over the network, and the price book that is kept of it.
//!
//! Takes regions, offers and where to get them (the bulk files over HTTPS, a mirror of them, or the
//! `GetProducts` API); gives renewed price tables and what became of every offer. All or nothing: one
//! file that cannot be had, or is cut short, fails the whole.

mod api;
mod book_folder;
mod bulk;
mod endpoint;

use std::collections::BTreeSet;

use crate::{
    collect::{Refusal, RefusalKind},
    pricing::{
        offers::{OfferError, Publication, Tally},
        tables::PriceTables,
    },
};

pub use self::{
    api::from_api,
    book_folder::{BookFolder, BookFolderError, Fetched},
    bulk::from_files,
    endpoint::{AWS_ENDPOINT, Endpoint},
};

/// A part of the price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Rates of Fargate, fees of Managed Instances.
    Fargate,
    /// Prices of instances.
    Ec2,
    /// Rates of Savings Plans for both. After the instances: they are kept for those with a price.
    SavingsPlans,
}

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshRequest {
    pub regions: RefreshRegions,
    pub parts: BTreeSet<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshRegions {
    /// Those that the price list has Fargate prices for, less China's.
    All,
    Named(BTreeSet<String>),
}

/// Renewed tables, and what they are made of.
#[derive(Debug, Clone)]
pub struct Refreshed {
    pub tables: PriceTables,
    pub offers: Vec<OfferOutcome>,
    /// What is not as asked, and no reason to fail.
    pub notes: Vec<String>,
}

/// One offer of one region.
#[derive(Debug, Clone)]
pub struct OfferOutcome {
    pub region: String,
    pub publication: Publication,
    /// Where it was read.
    pub from: String,
    pub bytes: u64,
    /// Rows that went into the tables.
    pub rows: usize,
    pub tally: Tally,
}

/// Why nothing was renewed.
#[derive(Debug, thiserror::Error)]
pub enum PriceListError {
    #[error("{from}: {cause}")]
    Fetch { from: String, cause: String },
    #[error("{from}: {error}")]
    Offer { from: String, error: OfferError },
    #[error("{from}: has no prices for {region}")]
    NoRegion { from: String, region: String },
    #[error("{region} is billed in CNY: only USD is read, and nothing is converted")]
    China { region: String },
    #[error("GetProducts of {offer} in {region}: {cause}")]
    Api { offer: &'static str, region: String, cause: String },
    #[error("{api} of {offer} in {region}: {}", .refusal.cause)]
    Refused { api: &'static str, offer: &'static str, region: String, refusal: Refusal },
    #[error("the price list has no region at all")]
    NoRegions,
}

impl PriceListError {
    /// What the user can do about it, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        let Self::Refused { refusal, .. } = self else { return None };
        match refusal.kind {
            RefusalKind::NoCredentials => Some(
                "set AWS_PROFILE, or log in (aws sso login); or leave --from-api out: the bulk files need no credentials",
            ),
            RefusalKind::ExpiredCredentials => {
                Some("log in again; or leave --from-api out: the bulk files need no credentials")
            }
            RefusalKind::AccessDenied => Some(
                "allow pricing:GetProducts and, for all regions, pricing:GetAttributeValues; or leave --from-api out: \
                 the bulk files need no credentials",
            ),
            _ => None,
        }
    }
}

/// Whether a region is in China, where prices are in CNY and in a price list of their own.
fn in_china(region: &str) -> bool {
    region.starts_with("cn-")
}

impl RefreshRequest {
    /// Refuses regions that no price list in USD has.
    fn check(&self) -> Result<(), PriceListError> {
        match &self.regions {
            RefreshRegions::Named(names) => match names.iter().find(|name| in_china(name)) {
                Some(region) => Err(PriceListError::China { region: region.clone() }),
                None => Ok(()),
            },
            RefreshRegions::All => Ok(()),
        }
    }

    /// The regions to fetch, given those that the price list has.
    fn regions<'a>(
        &self,
        known: impl Iterator<Item = &'a str>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<String>, PriceListError> {
        match &self.regions {
            RefreshRegions::Named(names) => Ok(names.iter().cloned().collect()),
            RefreshRegions::All => {
                let (china, others): (Vec<&str>, Vec<&str>) = known.partition(|region| in_china(region));
                if !china.is_empty() {
                    notes.push(format!("left out, for they are billed in CNY: {}", china.join(", ")));
                }
                if others.is_empty() {
                    return Err(PriceListError::NoRegions);
                }
                Ok(others.into_iter().map(str::to_owned).collect())
            }
        }
    }
}
