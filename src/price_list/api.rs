//! The `GetProducts` API: the same products one by one, for who may not reach the bulk files.
//!
//! Needs credentials that allow `pricing:GetProducts`. The API has no Savings Plans.

use aws_config::{BehaviorVersion, Region as SdkRegion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_pricing::{
    Client,
    types::{Filter, FilterType},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::time::Duration;

use super::{OfferOutcome, Part, PriceListError, RefreshRegions, RefreshRequest, Refreshed};
use crate::{
    collect::Refusal,
    pricing::{
        offers::{FargateOffer, InstanceOffer, OfferPrice, Publication, product_prices},
        tables::PriceTables,
    },
    workload::Region,
};

const THROUGH: &str = "GetProducts";
/// The regions that answer for all; the first is asked unless `AWS_REGION` names another one.
const API_REGIONS: [&str; 3] = ["us-east-1", "eu-central-1", "ap-south-1"];
/// The most that a page has.
const PAGE: i32 = 100;
const ATTEMPTS: u32 = 5;

/// Renews `tables` through the API. `progress` is told of each offer before it is asked for.
pub async fn from_api(
    request: &RefreshRequest,
    tables: PriceTables,
    progress: &dyn Fn(&str),
) -> Result<Refreshed, PriceListError> {
    request.check()?;
    let client = client().await;
    let mut refreshed = Refreshed { tables, offers: Vec::new(), notes: Vec::new() };
    let known = match request.regions {
        RefreshRegions::All => regions_with_fargate(&client).await?,
        RefreshRegions::Named(_) => Vec::new(),
    };
    let regions = request.regions(known.iter().map(String::as_str), &mut refreshed.notes)?;
    for part in &request.parts {
        for region in &regions {
            match part {
                Part::Fargate => {
                    let mut offer = FargateOffer::new(Region(region.clone()));
                    let publication = products(&client, FargateOffer::CODE, region, &[], progress, |price| {
                        offer.add(&price);
                    })
                    .await?;
                    let prices = offer.finish();
                    refreshed.tables.renew_fargate(region, &prices, &publication, THROUGH);
                    let rows = prices.rates.len() + prices.managed_instance_fees.len();
                    refreshed.add(region, publication, rows, prices.tally);
                }
                Part::Ec2 => {
                    const LINUX: [(&str, &str); 4] = [
                        ("operatingSystem", "Linux"),
                        ("tenancy", "Shared"),
                        ("preInstalledSw", "NA"),
                        ("capacitystatus", "Used"),
                    ];
                    let mut offer = InstanceOffer::new(Region(region.clone()));
                    let publication =
                        products(&client, InstanceOffer::CODE, region, &LINUX, progress, |price| {
                            offer.add(&price);
                        })
                        .await?;
                    let prices = offer.finish();
                    refreshed.tables.renew_instances(region, &prices, &publication, THROUGH);
                    refreshed.add(region, publication, prices.types.len(), prices.tally);
                }
                Part::SavingsPlans => {}
            }
        }
    }
    if request.parts.contains(&Part::SavingsPlans) {
        refreshed.notes.push("GetProducts has no Savings Plans; the rates held stay".to_owned());
    }
    Ok(refreshed)
}

impl Refreshed {
    fn add(
        &mut self,
        region: &str,
        publication: Publication,
        rows: usize,
        tally: crate::pricing::offers::Tally,
    ) {
        let from = format!("GetProducts {}", publication.offer);
        self.offers.push(OfferOutcome {
            region: region.to_owned(),
            publication,
            from,
            bytes: 0,
            rows,
            tally,
        });
    }
}

async fn client() -> Client {
    let chosen = std::env::var("AWS_REGION").ok();
    let region =
        API_REGIONS.iter().find(|region| chosen.as_deref() == Some(**region)).unwrap_or(&API_REGIONS[0]);
    let http_client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_mins(1))
        .build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::adaptive().with_max_attempts(ATTEMPTS))
        .region(SdkRegion::new(*region))
        .load()
        .await;
    Client::new(&config)
}

/// Every price of an offer in a region; gives the newest publication among the products.
async fn products(
    client: &Client,
    offer: &'static str,
    region: &str,
    filters: &[(&str, &str)],
    progress: &dyn Fn(&str),
    mut take: impl FnMut(OfferPrice),
) -> Result<Publication, PriceListError> {
    progress(&format!("GetProducts {offer} {region}"));
    let failed = |cause: String| PriceListError::Api { offer, region: region.to_owned(), cause };
    let filters = [("regionCode", region)]
        .iter()
        .chain(filters)
        .map(|(field, value)| {
            Filter::builder().r#type(FilterType::TermMatch).field(*field).value(*value).build()
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(error.to_string()))?;
    let mut pages = client
        .get_products()
        .service_code(offer)
        .set_filters(Some(filters))
        .max_results(PAGE)
        .into_paginator()
        .send();
    let mut newest: Option<Publication> = None;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| PriceListError::Refused {
            api: "GetProducts",
            offer,
            region: region.to_owned(),
            refusal: Refusal::of(&error),
        })?;
        for text in page.price_list() {
            let (publication, prices) =
                product_prices(text, offer).map_err(|error| failed(error.to_string()))?;
            newest = newest.max(Some(publication));
            prices.into_iter().for_each(&mut take);
        }
    }
    newest.ok_or_else(|| PriceListError::NoRegion {
        from: format!("GetProducts {offer}"),
        region: region.to_owned(),
    })
}

/// The regions that ECS has prices in.
async fn regions_with_fargate(client: &Client) -> Result<Vec<String>, PriceListError> {
    let offer = FargateOffer::CODE;
    let mut pages = client
        .get_attribute_values()
        .service_code(offer)
        .attribute_name("regionCode")
        .into_paginator()
        .send();
    let mut regions = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| PriceListError::Refused {
            api: "GetAttributeValues",
            offer,
            region: "all regions".to_owned(),
            refusal: Refusal::of(&error),
        })?;
        let values = page.attribute_values().iter().filter_map(|value| value.value());
        regions.extend(values.filter(|value| crate::pricing::offers::is_region(value)).map(str::to_owned));
    }
    regions.sort();
    Ok(regions)
}
