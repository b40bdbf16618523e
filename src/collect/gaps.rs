//! [`Refusal`]: why an API gave no answer, in plain words.
//!
//! Takes an SDK error; gives a kind to decide by and a cause to show. Refuses nothing. A cause holds
//! neither line breaks nor more than a few hundred characters, whatever the server sent.

use std::{error::Error, fmt::Write as _};

use aws_sdk_ecs::{
    config::http::HttpResponse,
    error::{ErrorMetadata, ProvideErrorMetadata, SdkError},
    types::Failure,
};

use crate::snapshot::Gap;

/// Longest message of a server that is quoted, in characters.
const QUOTED_CHARACTERS: usize = 300;

/// Why an API gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    AccessDenied,
    /// The credentials are good elsewhere, but not in this region.
    RegionNotEnabled,
    Throttled,
    ExpiredCredentials,
    /// The SDK found no credentials, or could not get them.
    NoCredentials,
    Connection,
    Timeout,
    /// The endpoint does not know this API.
    Unsupported,
    Other,
}

/// A request that was given up, after all retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    pub cause: String,
}

impl Refusal {
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                Self::from_answer(answer.err().code(), answer.err().message(), status)
            }
            SdkError::TimeoutError(_) => Self::timeout(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::timeout(),
            SdkError::DispatchFailure(_) => Self::from_chain(error),
            SdkError::ResponseError(answer) => Self::new(
                RefusalKind::Connection,
                format!(
                    "the answer (HTTP {}) could not be read: {}",
                    answer.raw().status().as_u16(),
                    innermost(error)
                ),
            ),
            _ => Self::from_chain(error),
        }
    }

    fn new(kind: RefusalKind, cause: impl AsRef<str>) -> Self {
        Self { kind, cause: plain(cause.as_ref()) }
    }

    /// An answer that cannot be used.
    pub fn other(cause: &str) -> Self {
        Self::new(RefusalKind::Other, cause)
    }

    fn timeout() -> Self {
        Self::new(RefusalKind::Timeout, "no answer in time, after all retries")
    }

    /// From an error's code, message and HTTP status, as every AWS protocol has them.
    fn from_answer(code: Option<&str>, message: Option<&str>, status: u16) -> Self {
        // Some endpoints send a namespace before the code, or the code's class after it.
        let code = code.map_or("", |code| code.rsplit('#').next().unwrap_or(code));
        let kind = match code {
            "AccessDenied"
            | "AccessDeniedException"
            | "UnauthorizedOperation"
            | "AuthorizationError"
            | "NotAuthorized" => RefusalKind::AccessDenied,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "AuthFailure"
            | "OptInRequired"
            | "InvalidClientToken"
            | "RegionDisabledException"
            | "SubscriptionRequiredException" => RefusalKind::RegionNotEnabled,
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown"
            | "LimitExceededException"
            | "ProvisionedThroughputExceededException" => RefusalKind::Throttled,
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
                RefusalKind::ExpiredCredentials
            }
            "UnknownOperationException"
            | "UnknownOperation"
            | "InvalidAction"
            | "NotImplemented"
            | "InternalFailure.NotImplemented"
            | "UnsupportedOperation" => RefusalKind::Unsupported,
            _ if status == 429 => RefusalKind::Throttled,
            "" if status == 403 => RefusalKind::AccessDenied,
            "" if matches!(status, 404 | 405 | 501) => RefusalKind::Unsupported,
            _ if status == 501 => RefusalKind::Unsupported,
            _ => RefusalKind::Other,
        };
        let said = message.map(str::trim).filter(|message| !message.is_empty());
        let words = match kind {
            RefusalKind::AccessDenied => "access denied",
            RefusalKind::RegionNotEnabled => "region not enabled for this account",
            RefusalKind::Throttled => "throttled, after all retries",
            RefusalKind::ExpiredCredentials => "the credentials have expired",
            RefusalKind::Unsupported => "this endpoint does not know the API",
            _ => "",
        };
        let cause = match (kind, said) {
            (RefusalKind::AccessDenied, Some(said)) => format!("{words}: {said}"),
            (RefusalKind::Other, said) => {
                let mut cause = if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() };
                if let Some(said) = said {
                    let _ = write!(cause, ": {said}");
                }
                cause
            }
            // The code and message say no more than the words, and the message may quote a request.
            _ if code.is_empty() => format!("{words} (HTTP {status})"),
            _ => format!("{words} ({code})"),
        };
        Self::new(kind, cause)
    }

    /// From an error that is no answer: the connection failed, or no credentials could be had.
    fn from_chain(error: &(dyn Error + 'static)) -> Self {
        let mut chain = vec![error];
        let mut last = error;
        while let Some(source) = last.source() {
            chain.push(source);
            last = source;
        }
        // Credentials of an assumed role are asked for, too, and that can be refused.
        let refused = chain.iter().find_map(|error| error.downcast_ref::<ErrorMetadata>());
        if let Some(answer) = refused {
            let refusal = Self::from_answer(answer.code(), answer.message(), 0);
            let kind = match refusal.kind {
                RefusalKind::ExpiredCredentials => RefusalKind::ExpiredCredentials,
                _ => RefusalKind::NoCredentials,
            };
            return Self::new(kind, format!("no usable credentials: {}", refusal.cause));
        }
        let told: Vec<String> = chain.iter().map(ToString::to_string).collect();
        Self::from_transport(&told)
    }

    /// From what each error of a chain says, outermost first.
    fn from_transport(told: &[String]) -> Self {
        let root = told.last().map_or("", String::as_str);
        let of_credentials = told.iter().any(|text| {
            let text = text.to_ascii_lowercase();
            ["credential", "sso token", "profile"].iter().any(|word| text.contains(word))
        });
        if !of_credentials {
            Self::new(RefusalKind::Connection, format!("no connection: {root}"))
        } else if root.to_ascii_lowercase().contains("expired") {
            Self::new(RefusalKind::ExpiredCredentials, format!("the credentials have expired: {root}"))
        } else {
            Self::new(RefusalKind::NoCredentials, format!("no usable credentials: {root}"))
        }
    }

    /// Whether it will refuse everything of this kind in the account and region, so that one gap
    /// says it all.
    pub fn is_general(&self) -> bool {
        !matches!(self.kind, RefusalKind::Other | RefusalKind::Throttled | RefusalKind::Timeout)
    }

    /// Its gap where a list of one cluster of `place` was asked for: the role may see one cluster and not the
    /// other.
    pub fn gap_of_list(&self, place: &str, cluster: &str, api: &str) -> Gap {
        if self.is_general() && self.kind != RefusalKind::AccessDenied {
            self.gap(place, api)
        } else {
            self.gap(format!("{place}/{cluster}"), api)
        }
    }

    pub fn gap(&self, scope: impl Into<String>, api: &str) -> Gap {
        Gap { scope: scope.into(), api: api.to_owned(), cause: self.cause.clone() }
    }
}

/// The gaps that an answer's `failures` are. What is gone since it was listed is none.
pub fn gaps_of_failures(failures: &[Failure], scope: &str, api: &str) -> impl Iterator<Item = Gap> {
    failures.iter().filter(|failure| failure.reason() != Some("MISSING")).map(move |failure| {
        let mut cause = failure.reason().unwrap_or("no reason given").to_owned();
        for more in [failure.detail(), failure.arn()].into_iter().flatten() {
            let _ = write!(cause, ", {more}");
        }
        Gap { scope: scope.to_owned(), api: api.to_owned(), cause: plain(&cause) }
    })
}

/// The last error of a chain: what really happened.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// One line of limited length, without control characters.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(QUOTED_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_by_code_then_status() {
        use RefusalKind::*;
        for (code, message, status, kind, cause) in [
            (
                "AccessDeniedException",
                "User: x is not authorized",
                400,
                AccessDenied,
                "access denied: User: x is not authorized",
            ),
            (
                "UnrecognizedClientException",
                "The security token is invalid",
                400,
                RegionNotEnabled,
                "region not enabled for this account (UnrecognizedClientException)",
            ),
            ("AuthFailure", "", 401, RegionNotEnabled, "region not enabled for this account (AuthFailure)"),
            (
                "ThrottlingException",
                "Rate exceeded",
                400,
                Throttled,
                "throttled, after all retries (ThrottlingException)",
            ),
            ("Throttling", "Rate exceeded", 400, Throttled, "throttled, after all retries (Throttling)"),
            (
                "ExpiredTokenException",
                "expired",
                400,
                ExpiredCredentials,
                "the credentials have expired (ExpiredTokenException)",
            ),
            (
                "com.amazon#UnknownOperationException",
                "",
                400,
                Unsupported,
                "this endpoint does not know the API (UnknownOperationException)",
            ),
            (
                "InvalidAction",
                "no such action",
                400,
                Unsupported,
                "this endpoint does not know the API (InvalidAction)",
            ),
            ("", "", 404, Unsupported, "this endpoint does not know the API (HTTP 404)"),
            ("", "", 429, Throttled, "throttled, after all retries (HTTP 429)"),
            ("ServerException", "try\nlater\u{1b}[31m", 500, Other, "ServerException: try later [31m"),
            ("", "", 500, Other, "HTTP 500"),
        ] {
            let refusal = Refusal::from_answer(Some(code), Some(message), status);
            assert_eq!((refusal.kind, refusal.cause.as_str()), (kind, cause), "{code} {status}");
        }
    }

    #[test]
    fn a_cause_is_one_line_of_limited_length() {
        let refusal = Refusal::from_answer(Some("X"), Some(&"ä\n".repeat(10_000)), 400);
        assert_eq!(refusal.cause.chars().count(), QUOTED_CHARACTERS + 1);
        assert!(!refusal.cause.contains('\n'));
    }

    #[test]
    fn missing_credentials_are_no_connection_problem() {
        let kind = |told: &[&str]| {
            Refusal::from_transport(&told.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).kind
        };
        let loading = "an error occurred while loading credentials";
        assert_eq!(kind(&["dispatch failure", loading, "not enabled"]), RefusalKind::NoCredentials);
        assert_eq!(kind(&[loading, "the session has expired"]), RefusalKind::ExpiredCredentials);
        assert_eq!(kind(&["dispatch failure", "Connection refused (os error 111)"]), RefusalKind::Connection);
        assert_eq!(kind(&["invalid peer certificate: Expired"]), RefusalKind::Connection);
        assert_eq!(kind(&[]), RefusalKind::Connection);
    }
}
