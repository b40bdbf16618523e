//! [`Endpoint`]: where the bulk files are: AWS's host, a mirror of it, or a folder with the same paths.
//!
//! Takes a path; gives its bytes as a stream. What answers with an error, or with fewer bytes than it
//! said, is an error here, too: the HTTP client counts. Errors that may pass are tried again.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    str::FromStr,
    thread,
    time::Duration,
};

use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::PriceListError;

/// AWS's own; the files need no credentials.
pub const AWS_ENDPOINT: &str = "https://pricing.us-east-1.amazonaws.com";

/// Attempts at a file.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// An index is a few kilobytes.
const LARGEST_INDEX: u64 = 16 << 20;

/// Where the bulk files are.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// The part of the address before the paths, without a slash at its end.
    Http {
        base: String,
        agent: Agent,
    },
    Folder(PathBuf),
}

/// `http://...`, `https://...`, or a folder.
impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let folder = text.strip_prefix("file://").unwrap_or(text);
        if text.starts_with("http://") || text.starts_with("https://") {
            let base = text.trim_end_matches('/').to_owned();
            Ok(Self::Http { base, agent: agent() })
        } else if !folder.is_empty() && !folder.contains("://") {
            Ok(Self::Folder(PathBuf::from(folder)))
        } else {
            Err(format!("{text:?} is neither an http(s) address nor a folder"))
        }
    }
}

fn agent() -> Agent {
    // The machine's certificates, as the AWS SDK uses them: a company's own mirror has its own.
    let native: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned())
        .collect();
    let roots = if native.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&native) };
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_mins(1)))
        .timeout_per_read(Some(Duration::from_mins(1)))
        .http_status_as_error(false)
        .user_agent(concat!("fargauge/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Why an attempt failed, and whether another one may do better.
#[derive(Debug)]
pub(super) struct Failure {
    pub cause: String,
    pub may_pass: bool,
}

impl Endpoint {
    /// Where a path is, for messages.
    pub(super) fn place(&self, path: &str) -> String {
        match self {
            Self::Http { base, .. } => format!("{base}{path}"),
            Self::Folder(folder) => folder.join(path.trim_start_matches('/')).display().to_string(),
        }
    }

    /// A small file as text.
    pub(super) fn text(&self, path: &str) -> Result<String, PriceListError> {
        self.read(path, |input| {
            let mut text = String::new();
            input.take(LARGEST_INDEX).read_to_string(&mut text).map_err(|error| failure(&error))?;
            Ok(text)
        })
        .map(|(text, _)| text)
    }

    /// Hands a file to `read`, from its start and again after a failure that may pass. Gives what `read`
    /// made of it, and its bytes.
    pub(super) fn read<T>(
        &self,
        path: &str,
        read: impl Fn(&mut dyn Read) -> Result<T, Failure>,
    ) -> Result<(T, u64), PriceListError> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let result = self.open(path).and_then(|input| {
                let mut input = Counting { input, bytes: 0 };
                let value = read(&mut input)?;
                // What stands behind the end of the document must have arrived as well.
                io::copy(&mut input, &mut io::sink()).map_err(|error| failure(&error))?;
                Ok((value, input.bytes))
            });
            match result {
                Ok(done) => return Ok(done),
                Err(Failure { may_pass: true, .. }) if attempt < ATTEMPTS => {
                    thread::sleep(pause);
                    pause *= 2;
                    attempt += 1;
                }
                Err(Failure { cause, may_pass }) => {
                    let cause = if may_pass { format!("{cause} ({attempt} attempts)") } else { cause };
                    return Err(PriceListError::Fetch { from: self.place(path), cause });
                }
            }
        }
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read>, Failure> {
        match self {
            Self::Folder(_) => match File::open(self.place(path)) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Failure { cause: error.to_string(), may_pass: false }),
            },
            Self::Http { agent, .. } => {
                let answer = agent.get(self.place(path)).call().map_err(|error| Failure {
                    may_pass: !matches!(
                        error,
                        ureq::Error::BadUri(_) | ureq::Error::Tls(_) | ureq::Error::TooManyRedirects
                    ),
                    cause: error.to_string(),
                })?;
                let status = answer.status();
                if status.is_success() {
                    return Ok(Box::new(answer.into_body().into_reader()));
                }
                Err(Failure {
                    cause: format!("the server answers {status}"),
                    may_pass: status.is_server_error() || status.as_u16() == 429,
                })
            }
        }
    }
}

/// A broken or shortened transfer, which may pass.
pub(super) fn failure(error: &io::Error) -> Failure {
    let cut_short = error.kind() == io::ErrorKind::UnexpectedEof;
    let cause = if cut_short { format!("the download was cut short ({error})") } else { error.to_string() };
    Failure { cause, may_pass: error.kind() != io::ErrorKind::InvalidData }
}

struct Counting {
    input: Box<dyn Read>,
    bytes: u64,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}
