//! One product as `GetProducts` gives it: a JSON text with its terms.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{OfferError, OfferPrice, Publication, date_of};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PricedProduct {
    product: Product,
    service_code: String,
    #[serde(default)]
    terms: BTreeMap<String, BTreeMap<String, Term>>,
    #[serde(default)]
    version: String,
    publication_date: String,
}

#[derive(Deserialize)]
struct Product {
    sku: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, PriceDimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceDimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    price_per_unit: BTreeMap<String, String>,
}

/// The publication and the prices of one string of `PriceList`.
pub fn product_prices(text: &str, offer: &str) -> Result<(Publication, Vec<OfferPrice>), OfferError> {
    let priced: PricedProduct =
        serde_json::from_str(text).map_err(|error| OfferError::Shape(error.to_string()))?;
    if priced.service_code != offer {
        return Err(OfferError::OtherOffer { found: priced.service_code, wanted: offer.to_owned() });
    }
    let date = date_of(&priced.publication_date).ok_or(OfferError::NoDate)?;
    let publication = Publication { offer: offer.to_owned(), version: priced.version, date };
    let attribute = |name: &str| priced.product.attributes.get(name).cloned().unwrap_or_default();
    let of_product = OfferPrice {
        sku: priced.product.sku.clone(),
        usage_type: attribute("usagetype"),
        operation: attribute("operation"),
        region: attribute("regionCode"),
        location_type: attribute("locationType"),
        instance_type: attribute("instanceType"),
        operating_system: attribute("operatingSystem"),
        tenancy: attribute("tenancy"),
        pre_installed_software: attribute("preInstalledSw"),
        capacity_status: attribute("capacitystatus"),
        market_option: attribute("marketoption"),
        ..OfferPrice::default()
    };
    let mut prices = Vec::new();
    for (term_type, terms) in priced.terms {
        for dimension in terms.into_values().flat_map(|term| term.price_dimensions.into_values()) {
            let mut per_unit = dimension.price_per_unit;
            // A dimension may be priced in several currencies.
            let (currency, price) = match per_unit.remove_entry("USD") {
                Some(usd) => usd,
                None => per_unit.pop_first().unwrap_or_default(),
            };
            prices.push(OfferPrice {
                term_type: term_type.clone(),
                begin_range: dimension.begin_range,
                unit: dimension.unit,
                price,
                currency,
                ..of_product.clone()
            });
        }
    }
    Ok((publication, prices))
}
