//! What capacity costs: the dated price book and the cost components of a task.
//!
//! Takes a region, platform, purchase option and size; gives components that sum to a cost, each
//! with the rate it stands on; refuses to price what the book has no rate for. There is no default
//! region and no derived rate.

mod charges;
mod csv_rows;
mod instance_prices;
pub mod offers;
mod price_book;
mod rate;
mod savings_plans;
pub mod tables;
mod task_cost;

pub use charges::{Charge, Charges, ChargesError, RegionCharge};
pub use instance_prices::{
    InstancePrice, InstancePrices, InstancePricesError, InstancePurchase, PriceSource, PriceSources,
};
pub use price_book::{PriceBook, PriceBookError};
pub use rate::{Confidence, Rate, RateDimension, RateKey};
pub use savings_plans::{PlanPayment, PlanRate, PlanRates, PlanTerm, SavingsPlanRates};
pub use task_cost::{CostComponent, NoPrice, TaskCost, TaskShape};
