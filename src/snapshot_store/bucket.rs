//! [`Bucket`]: getting and putting objects of one bucket.
//!
//! Two requests of S3, signed and retried by what the AWS SDK's other clients run on; its S3 client would bring
//! much that is not needed here. The region of the bucket is not asked of the user: S3 names it where another was tried.

use std::{
    fmt::Write as _,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use aws_runtime::{
    auth::{
        SigV4OperationSigningConfig, SigningOptions,
        sigv4::{SCHEME_ID, SigV4AuthScheme},
    },
    retries::classifiers::AwsErrorCodeClassifier,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    auth::{
        AuthSchemeOptionResolverParams, SharedAuthSchemeOptionResolver,
        static_resolver::StaticAuthSchemeOptionResolver,
    },
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::Layer,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
    retry::RetryConfig,
};
use aws_types::{SigningName, region::SigningRegion, service_config::ServiceConfigKey};

use super::StoreError;
use crate::collect::{CONNECT_TIMEOUT, Refusal, RefusalKind, configured_region, sdk_config};

/// Longest time until an answer begins; one that stalls later is given up by the SDK's own rule.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Attempts at a request, where `AWS_MAX_ATTEMPTS` says no smaller number: somebody waits for the answer.
const ATTEMPTS: u32 = 4;
/// Asked first where no region is configured: it knows of every bucket of the partition.
const FIRST_REGION: &str = "us-east-1";
/// What the endpoint of a region that is not listed here ends in.
const SUFFIX: &str = "amazonaws.com";
const SUFFIXES: [(&str, &str); 4] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
];

/// A bucket, reached as the environment or a profile says.
#[derive(Debug)]
pub struct Bucket {
    name: String,
    config: SdkConfig,
    client: RwLock<Arc<Client>>,
}

/// What to do about an object that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Replace,
    Keep,
}

/// Why a request was refused, after all retries.
#[derive(Debug)]
pub(super) enum Refused {
    NoBucket,
    NoObject,
    /// It should not have been there.
    Exists,
    /// What S3 said of it, maybe nothing.
    Denied(String),
    Other(String),
}

impl Bucket {
    /// With the credentials of `profile`, or of the SDK's own chain.
    pub async fn open(name: &str, profile: Option<&String>) -> Result<Self, StoreError> {
        let region = configured_region(profile).await.unwrap_or_else(|| FIRST_REGION.to_owned());
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let config = sdk_config(profile, &region, timeouts).await?;
        let client = RwLock::new(Arc::new(Client::new(name, &region, &config)));
        Ok(Self { name: name.to_owned(), config, client })
    }

    /// `s3://` and so on, as errors name the object.
    pub(super) fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Vec<u8>, Refused> {
        let request = Request { method: "GET", key: key.to_owned(), body: Arc::default(), if_none: false };
        self.send(request).await
    }

    pub(super) async fn put(&self, key: &str, body: Vec<u8>, existing: Existing) -> Result<(), Refused> {
        let if_none = existing == Existing::Keep;
        let request = Request { method: "PUT", key: key.to_owned(), body: Arc::new(body), if_none };
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: Request) -> Result<Vec<u8>, Refused> {
        let client = self.client();
        let error = match client.operation.invoke(request.clone()).await {
            Ok(body) => return Ok(body),
            Err(error) => error,
        };
        // A bucket's requests must go to, and be signed for, the region that it is in.
        let elsewhere = error.as_service_error().and_then(|answer| answer.region.clone());
        let Some(region) = elsewhere.filter(|region| *region != client.region) else {
            return Err(Refused::of(&error));
        };
        let moved = Arc::new(Client::new(&self.name, &region, &self.config));
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&moved);
        moved.operation.invoke(request).await.map_err(|error| Refused::of(&error))
    }

    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How the bucket is reached in one region.
#[derive(Debug)]
struct Client {
    region: String,
    operation: Operation<Request, Vec<u8>, S3Error>,
}

impl Client {
    fn new(bucket: &str, region: &str, config: &SdkConfig) -> Self {
        let (endpoint, root) = endpoint(bucket, region, config);
        let signing = SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(Region::new(region.to_owned()))),
            name: Some(SigningName::from_static("s3")),
            signing_options: s3_signing(),
            ..SigV4OperationSigningConfig::default()
        };
        let mut layer = Layer::new("s3");
        layer.store_put(signing);
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        let mut components = RuntimeComponentsBuilder::new("s3")
            .with_http_client(config.http_client())
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
                StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
            )));
        if let Some(credentials) = config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        let operation = Operation::builder()
            .service_name("S3")
            .operation_name("Object")
            .endpoint_url(&endpoint)
            .with_connection_poisoning()
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().build())
            .standard_retry(&retries(config))
            .retry_classifier(AwsErrorCodeClassifier::<S3Error>::new())
            .retry_classifier(TransientErrorClassifier::<S3Error>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .runtime_plugin(
                StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components),
            )
            .serializer(move |request: Request| request.to_http(&root))
            .deserializer(read_answer)
            .build();
        Self { region: region.to_owned(), operation }
    }
}

fn retries(config: &SdkConfig) -> RetryConfig {
    let asked = config.retry_config().map_or(ATTEMPTS, RetryConfig::max_attempts);
    RetryConfig::standard().with_max_attempts(asked.min(ATTEMPTS))
}

/// S3 signs the path as it is sent, and the body's checksum as a header.
fn s3_signing() -> SigningOptions {
    let mut options = SigningOptions::default();
    options.double_uri_encode = false;
    options.normalize_uri_path = false;
    options.content_sha256_header = true;
    options
}

/// Where requests go, and what their paths begin with.
fn endpoint(bucket: &str, region: &str, config: &SdkConfig) -> (String, String) {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .expect("all that a key needs is given");
    let of_s3 = config.service_config().and_then(|settings| settings.load_config(key));
    if let Some(custom) = of_s3.or_else(|| config.endpoint_url().map(str::to_owned)) {
        return (custom, format!("/{bucket}"));
    }
    let suffix = SUFFIXES.iter().find(|(start, _)| region.starts_with(start)).map_or(SUFFIX, |(_, end)| end);
    let fips = if config.use_fips().unwrap_or_default() { "-fips" } else { "" };
    let dual = if config.use_dual_stack().unwrap_or_default() { ".dualstack" } else { "" };
    let host = format!("s3{fips}{dual}.{region}.{suffix}");
    // Other names do not fit the endpoint's certificate, or are no host names.
    if bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        (format!("https://{bucket}.{host}"), String::new())
    } else {
        (format!("https://{host}"), format!("/{bucket}"))
    }
}

#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    key: String,
    body: Arc<Vec<u8>>,
    /// Only if no such object is there.
    if_none: bool,
}

impl Request {
    fn to_http(&self, root: &str) -> Result<HttpRequest, aws_smithy_runtime_api::box_error::BoxError> {
        let mut request = HttpRequest::new(SdkBody::from(self.body.as_slice()));
        request.set_method(self.method)?;
        request.set_uri(format!("{root}/{}", path_of(&self.key)))?;
        let headers = request.headers_mut();
        headers.try_insert("user-agent", concat!("fargauge/", env!("CARGO_PKG_VERSION")))?;
        if self.method == "PUT" {
            headers.try_insert("content-length", self.body.len().to_string())?;
        }
        if self.if_none {
            headers.try_insert("if-none-match", "*")?;
        }
        Ok(request)
    }
}

/// A key as the path of a URL, as S3 wants it signed.
fn path_of(key: &str) -> String {
    let mut path = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{metadata}")]
struct S3Error {
    metadata: ErrorMetadata,
    /// The region that the bucket is in, where S3 says so.
    region: Option<String>,
}

impl ProvideErrorMetadata for S3Error {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

fn read_answer(answer: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<S3Error>> {
    let body = answer.body().bytes().unwrap_or_default();
    if answer.status().is_success() {
        return Ok(body.to_vec());
    }
    let text = String::from_utf8_lossy(body);
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = element(&text, "Code") {
        metadata = metadata.code(code);
    }
    if let Some(message) = element(&text, "Message") {
        metadata = metadata.message(message);
    }
    let region = answer.headers().get("x-amz-bucket-region").or_else(|| element(&text, "Region"));
    // It becomes part of a host's name.
    let is_name = |region: &&str| {
        !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let region = region.filter(is_name).map(str::to_owned);
    Err(OrchestratorError::operation(S3Error { metadata: metadata.build(), region }))
}

/// The text of an element of S3's error documents, which are flat.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once("</")?;
    Some(text)
}

impl Refused {
    fn of(error: &SdkError<S3Error, HttpResponse>) -> Self {
        let refusal = Refusal::of(error);
        let SdkError::ServiceError(answer) = error else { return Self::Other(refusal.cause) };
        match (answer.err().code().unwrap_or_default(), answer.raw().status().as_u16()) {
            ("NoSuchBucket", _) => Self::NoBucket,
            ("NoSuchKey", _) | ("", 404) => Self::NoObject,
            (_, 412) | ("ConditionalRequestConflict", _) => Self::Exists,
            _ if refusal.kind == RefusalKind::AccessDenied => {
                Self::Denied(answer.err().message().unwrap_or_default().trim().to_owned())
            }
            _ => Self::Other(refusal.cause),
        }
    }

    pub(super) fn reading(self, bucket: &Bucket, key: &str) -> StoreError {
        self.error(bucket, key, "s3:GetObject", "cannot read")
    }

    pub(super) fn writing(self, bucket: &Bucket, key: &str) -> StoreError {
        self.error(bucket, key, "s3:PutObject", "cannot write")
    }

    fn error(self, bucket: &Bucket, key: &str, permission: &'static str, action: &'static str) -> StoreError {
        let object = bucket.url(key);
        let other = |cause: String| StoreError::Refused { object: object.clone(), action, cause };
        match self {
            Self::NoBucket => StoreError::NoBucket { bucket: bucket.name.clone() },
            Self::NoObject => other("there is no such object".to_owned()),
            Self::Exists => other("it is there already".to_owned()),
            Self::Denied(said) => {
                let said = if said.is_empty() { said } else { format!(" ({said})") };
                StoreError::Denied { object, action: permission, said }
            }
            Self::Other(cause) => other(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_reached_where_they_are() {
        let plain = SdkConfig::builder().build();
        let custom = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566").build();
        let hardened = SdkConfig::builder().use_fips(true).use_dual_stack(true).build();
        for (bucket, region, config, url, root) in [
            ("acme", "eu-west-1", &plain, "https://acme.s3.eu-west-1.amazonaws.com", ""),
            ("acme", "cn-north-1", &plain, "https://acme.s3.cn-north-1.amazonaws.com.cn", ""),
            ("acme", "us-gov-west-1", &plain, "https://acme.s3.us-gov-west-1.amazonaws.com", ""),
            ("acme.dots", "eu-west-1", &plain, "https://s3.eu-west-1.amazonaws.com", "/acme.dots"),
            ("acme", "us-east-2", &hardened, "https://acme.s3-fips.dualstack.us-east-2.amazonaws.com", ""),
            ("acme", "eu-west-1", &custom, "http://127.0.0.1:4566", "/acme"),
        ] {
            assert_eq!(endpoint(bucket, region, config), (url.to_owned(), root.to_owned()), "{bucket}");
        }
    }

    #[test]
    fn a_key_is_a_path_with_all_but_slashes_escaped() {
        assert_eq!(path_of("a b/ü+%~.json"), "a%20b/%C3%BC%2B%25~.json");
    }

    #[test]
    fn an_error_document_is_read_by_its_elements() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
        assert_eq!(element(xml, "Code"), Some("NoSuchKey"));
        assert_eq!(element(xml, "Region"), None);
        assert_eq!(element("<Code>", "Code"), None);
    }
}
