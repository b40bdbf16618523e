//! Collecting: from the AWS APIs to a snapshot folder.
//!
//! Takes a [`CollectRequest`]; gives a snapshot with everything the credentials may see, and a
//! recorded gap for each thing they may not. Refuses a request that cannot be planned, and a run in
//! which not one account and region answered. Reads only: no API that changes anything is called.
//!
//! [`plan`] is pure and says what to ask; the other modules ask it.

pub mod plan;

mod autoscaling;
mod cancel;
mod capacity;
mod container_instances;
mod container_peaks;
mod convert;
mod discover;
mod ecs;
mod gaps;
mod history;
mod inventory;
mod metric_data;
mod metrics;
mod out_folder;
mod points;
mod progress;
mod request;
mod run;
mod services;
mod session;
mod stopped;
mod task_definitions;
mod task_skew;

pub use cancel::{CancelSignal, Canceller, cancellation};
pub use plan::{CostBound, Period, PlanError};
pub use progress::{Event, Progress, Silent};
pub use request::{Bounds, CollectRequest, LookbackError, Regions, parse_lookback};
pub use run::{CollectError, Outcome, Prepared, check_writable, collect, prepare};
pub use session::SettingsError;
pub(crate) use {
    gaps::{Refusal, RefusalKind},
    session::{CONNECT_TIMEOUT, configured_region, sdk_config},
};
