//! [`Session`]: one account and region with the clients that reach it.
//!
//! Takes profiles, roles and regions; gives sessions, each account and region once, and a gap for
//! each that cannot be reached. Refuses to guess a region: without one it is [`SettingsError`].
//! Everything else is the SDK's own chain: credentials, SSO, endpoints from the environment.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    environment::EnvironmentVariableRegionProvider,
    meta::region::ProvideRegion as _,
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
    retry::RetryConfig,
    sts::AssumeRoleProvider,
    timeout::TimeoutConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    gaps::{Refusal, RefusalKind},
    request::{Bounds, CollectRequest, Regions},
};
use crate::snapshot::{Gap, Scope};

/// Longest time to connect.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Attempts at a request, where `AWS_MAX_ATTEMPTS` says no other number.
/// With the SDK's back-off that is about a minute of throttling.
const ATTEMPTS: u32 = 8;
/// Attempts at the first request of all.
const FIRST_ATTEMPTS: u32 = 3;

/// One account and region, with the clients that reach it.
#[derive(Debug, Clone)]
pub struct Session {
    pub scope: Scope,
    pub ecs: aws_sdk_ecs::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub autoscaling: aws_sdk_applicationautoscaling::Client,
    /// Turns at asking ECS: how many requests run at once, wherever they come from.
    turns: Arc<Semaphore>,
    ecs_requests: usize,
}

impl Session {
    /// Waits for a turn at asking ECS; it ends when the value is dropped.
    pub async fn ecs_turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the semaphore; if somebody did, asking without a turn is still right.
        self.turns.acquire().await.ok()
    }

    /// How many requests to ECS run at once.
    pub fn ecs_requests(&self) -> usize {
        self.ecs_requests
    }

    /// `account/region`, as gaps name it.
    pub fn place(&self) -> String {
        format!("{}/{}", self.scope.account_id, self.scope.region)
    }

    fn new(account_id: &str, region: &str, config: &SdkConfig, bounds: Bounds) -> Self {
        let at = Region::new(region.to_owned());
        let ecs = aws_sdk_ecs::config::Builder::from(config).region(at.clone()).build();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config).region(at.clone()).build();
        let autoscaling = aws_sdk_applicationautoscaling::config::Builder::from(config).region(at).build();
        Self {
            scope: Scope { account_id: account_id.to_owned(), region: region.to_owned() },
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            autoscaling: aws_sdk_applicationautoscaling::Client::from_conf(autoscaling),
            turns: Arc::new(Semaphore::new(bounds.ecs_requests.max(1))),
            ecs_requests: bounds.ecs_requests.max(1),
        }
    }
}

/// Settings that no session can be made with: usage errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("no region: give --region (or --region all), set AWS_REGION, or set a region in {profile}")]
    NoRegion { profile: String },
    #[error("{variable} is {value:?}: set it to {wanted}, or unset it")]
    Variable { variable: &'static str, value: String, wanted: &'static str },
}

/// Whose credentials are used.
#[derive(Debug, Clone)]
struct Identity {
    /// As gaps name it while the account is not known.
    name: String,
    config: SdkConfig,
    regions: Vec<String>,
}

/// The sessions of a request, sorted by account and region, and gaps for what cannot be reached.
pub async fn sessions(request: &CollectRequest) -> Result<(Vec<Session>, Vec<Gap>), SettingsError> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut gaps = Vec::new();
    for identity in identities(request).await? {
        match caller(&identity).await {
            Ok((account_id, partition)) => {
                let regions = match &request.regions {
                    Regions::All => regions_of(&partition, &identity.regions),
                    _ => identity.regions.clone(),
                };
                for region in regions {
                    sessions.push(Session::new(&account_id, &region, &identity.config, request.bounds));
                }
            }
            Err(refusal) => {
                let place = |region: &String| format!("{}/{region}", identity.name);
                let scopes = match &request.regions {
                    Regions::All => vec![identity.name.clone()],
                    _ => identity.regions.iter().map(place).collect(),
                };
                gaps.extend(scopes.into_iter().map(|scope| refusal.gap(scope, "sts:GetCallerIdentity")));
            }
        }
    }
    // Two profiles may lead to one account: the first one named collects it.
    let mut seen = BTreeSet::new();
    sessions.retain(|session| seen.insert(session.scope.clone()));
    sessions.sort_by(|a, b| a.scope.cmp(&b.scope));
    Ok((sessions, gaps))
}

async fn identities(request: &CollectRequest) -> Result<Vec<Identity>, SettingsError> {
    let mut found = Vec::new();
    for profile in &request.profiles {
        found.push(configured(request, Some(profile)).await?);
    }
    if found.is_empty() {
        found.push(configured(request, None).await?);
    }
    let source = found[0].clone();
    if request.profiles.is_empty() && !request.assume_roles.is_empty() {
        found.clear();
    }
    for role in &request.assume_roles {
        let provider = AssumeRoleProvider::builder(role)
            .session_name("fargauge")
            .region(Region::new(source.regions[0].clone()))
            .configure(&source.config)
            .build()
            .await;
        let credentials = aws_sdk_ecs::config::SharedCredentialsProvider::new(provider);
        let config = source.config.to_builder().credentials_provider(credentials).build();
        found.push(Identity { name: role.clone(), config, regions: source.regions.clone() });
    }
    Ok(found)
}

/// The configuration of a profile, or the default one, with the regions to try first.
async fn configured(request: &CollectRequest, profile: Option<&String>) -> Result<Identity, SettingsError> {
    let name =
        profile.map_or_else(|| "default credentials".to_owned(), |profile| format!("profile {profile}"));
    let regions = match &request.regions {
        Regions::Named(names) => names.iter().cloned().collect(),
        Regions::Configured => match configured_region(profile).await {
            Some(region) => vec![region],
            None => {
                let profile =
                    profile.map_or("the profile".to_owned(), |profile| format!("profile {profile}"));
                return Err(SettingsError::NoRegion { profile });
            }
        },
        // Only to ask who the caller is: the partition is not known before.
        Regions::All => configured_region(profile).await.into_iter().chain(first_regions()).collect(),
    };
    let attempt = Duration::from_secs(request.bounds.attempt_seconds.max(1));
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(attempt).build();
    let config = sdk_config(profile, &regions[0], timeouts).await?;
    Ok(Identity { name, config, regions })
}

/// How to reach AWS as `profile`, or as the SDK's own chain says, from `region`.
pub(crate) async fn sdk_config(
    profile: Option<&String>,
    region: &str,
    timeouts: TimeoutConfig,
) -> Result<SdkConfig, SettingsError> {
    let http_client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client.clone())
        .timeout_config(timeouts)
        .retry_config(retries(|name| std::env::var(name).ok())?)
        .region(Region::new(region.to_owned()));
    if let Some(profile) = profile {
        // The SDK's chain would take AWS_ACCESS_KEY_ID before a profile, whichever one is named, and
        // several profiles would then all be the same account.
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(
                &ProviderConfig::without_region()
                    .with_region(Some(Region::new(region.to_owned())))
                    .with_http_client(http_client),
            )
            .profile_name(profile)
            .build();
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    Ok(loader.load().await)
}

/// Adaptive retries, unless the SDK's own variables say otherwise. They are read here because the
/// SDK panics where they are wrong.
fn retries(variable: impl Fn(&str) -> Option<String>) -> Result<RetryConfig, SettingsError> {
    const MODE: &str = "AWS_RETRY_MODE";
    const MAX_ATTEMPTS: &str = "AWS_MAX_ATTEMPTS";
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    let config = match set(MODE) {
        None => RetryConfig::adaptive(),
        Some(value) => match value.trim().to_ascii_lowercase().as_str() {
            "adaptive" => RetryConfig::adaptive(),
            "standard" | "legacy" => RetryConfig::standard(),
            _ => {
                return Err(SettingsError::Variable {
                    variable: MODE,
                    value,
                    wanted: "adaptive or standard",
                });
            }
        },
    };
    let attempts = match set(MAX_ATTEMPTS) {
        None => ATTEMPTS,
        Some(value) => match value.trim().parse() {
            Ok(attempts) if attempts > 0 => attempts,
            _ => {
                let wanted = "a whole number of 1 or more";
                return Err(SettingsError::Variable { variable: MAX_ATTEMPTS, value, wanted });
            }
        },
    };
    Ok(config.with_max_attempts(attempts))
}

/// For the first request of all: where it fails, it is most often a wrong endpoint or no network,
/// which nobody should wait a minute for.
fn first_retries(config: &SdkConfig) -> RetryConfig {
    let attempts = config.retry_config().map_or(ATTEMPTS, RetryConfig::max_attempts);
    RetryConfig::standard().with_max_attempts(attempts.min(FIRST_ATTEMPTS))
}

/// `AWS_REGION`, else the profile's. Not the machine's: a region that nobody chose is a guess.
pub(crate) async fn configured_region(profile: Option<&String>) -> Option<String> {
    if let Some(region) = EnvironmentVariableRegionProvider::new().region().await {
        return Some(region.to_string());
    }
    let mut provider = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        provider = provider.profile_name(profile);
    }
    provider.build().region().await.map(|region| region.to_string())
}

/// The caller's account and partition, by the first region that knows the credentials.
async fn caller(identity: &Identity) -> Result<(String, String), Refusal> {
    let mut refused = None;
    for region in &identity.regions {
        let config = aws_sdk_sts::config::Builder::from(&identity.config)
            .region(Region::new(region.clone()))
            .retry_config(first_retries(&identity.config))
            .build();
        match aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await {
            Ok(answer) => {
                let account = answer.account().filter(|account| !account.is_empty());
                // arn:PARTITION:sts::ACCOUNT:...
                let partition = answer.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
                if let Some(account) = account {
                    return Ok((account.to_owned(), partition.to_owned()));
                }
                refused.get_or_insert(Refusal::other("the answer names no account"));
            }
            Err(error) => {
                let mut refusal = Refusal::of(&error);
                let elsewhere = refusal.kind == RefusalKind::RegionNotEnabled;
                if elsewhere {
                    // Not known in any region, so it is not the region.
                    refusal.cause = refusal
                        .cause
                        .replace("region not enabled for this account", "the credentials are not valid");
                }
                refused.get_or_insert(refusal);
                if !elsewhere {
                    break;
                }
            }
        }
    }
    Err(refused.unwrap_or(Refusal::other("no region to ask")))
}

/// The first region of each partition: credentials of one are unknown to the others.
fn first_regions() -> impl Iterator<Item = String> {
    PARTITIONS.iter().map(|(_, regions)| regions[0].to_owned())
}

/// The regions of a partition; of one not listed here, those that are configured.
fn regions_of(partition: &str, configured: &[String]) -> Vec<String> {
    let listed = PARTITIONS.iter().find(|(name, _)| *name == partition);
    match listed {
        Some((_, regions)) => regions.iter().map(|region| (*region).to_owned()).collect(),
        None => configured.iter().take(1).cloned().collect(),
    }
}

/// Regions by partition (AWS SDK partition data, botocore 1.44.5).
const PARTITIONS: [(&str, &[&str]); 4] = [
    (
        "aws",
        &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
        ],
    ),
    ("aws-us-gov", &["us-gov-west-1", "us-gov-east-1"]),
    ("aws-cn", &["cn-north-1", "cn-northwest-1"]),
    ("aws-eusc", &["eusc-de-east-1"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_regions_are_those_of_the_callers_partition() {
        assert_eq!(regions_of("aws-cn", &[]), ["cn-north-1", "cn-northwest-1"]);
        assert!(regions_of("aws", &[]).len() > 30);
        assert_eq!(regions_of("aws-iso", &["us-iso-east-1".to_owned()]), ["us-iso-east-1"]);
        let unique: BTreeSet<_> = PARTITIONS.iter().flat_map(|(_, regions)| *regions).collect();
        assert_eq!(unique.len(), PARTITIONS.iter().map(|(_, regions)| regions.len()).sum::<usize>());
    }

    #[test]
    fn the_sdks_variables_set_retries_and_wrong_ones_are_refused() {
        let with = |mode: &str, attempts: &str| {
            retries(|name| Some(if name == "AWS_RETRY_MODE" { mode.to_owned() } else { attempts.to_owned() }))
        };
        assert_eq!(with("", "").unwrap(), RetryConfig::adaptive().with_max_attempts(ATTEMPTS));
        assert_eq!(with("Standard", "2").unwrap(), RetryConfig::standard().with_max_attempts(2));
        assert_eq!(
            with("adaptive", "0").unwrap_err().to_string(),
            "AWS_MAX_ATTEMPTS is \"0\": set it to a whole number of 1 or more, or unset it"
        );
        assert!(with("", "many").is_err() && with("hard", "").is_err());
    }
}
