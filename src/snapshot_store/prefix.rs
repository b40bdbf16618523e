//! [`S3Prefix`]: `s3://bucket/prefix`, taken apart.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a snapshot lies in S3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Prefix {
    bucket: String,
    /// What the key of every object begins with, without a slash at either end; may be empty.
    prefix: String,
}

/// Why a text is no [`S3Prefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    #[error("expected s3://BUCKET/PREFIX")]
    Scheme,
    #[error(
        "a bucket's name is 3 to 63 letters, digits, dots, hyphens and underscores (access points are not supported)"
    )]
    Bucket,
    #[error("a prefix has no empty segment, none that is `.` or `..`, and no control character")]
    Prefix,
}

const SCHEME: &str = "s3://";

impl S3Prefix {
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Without a slash at either end; may be empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of the file `name` of a snapshot that lies here.
    pub fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// As errors name it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(self.to_string())
    }

    /// What is before the last segment, and that segment; nothing where there is none.
    pub fn split_last(&self) -> Option<(Self, &str)> {
        let (prefix, last) = self.prefix.rsplit_once('/').unwrap_or(("", &self.prefix));
        let parent = Self { bucket: self.bucket.clone(), prefix: prefix.to_owned() };
        (!last.is_empty()).then_some((parent, last))
    }

    /// `segment` below this.
    #[must_use]
    pub fn join(&self, segment: &str) -> Self {
        Self { bucket: self.bucket.clone(), prefix: self.key(segment) }
    }
}

impl FromStr for S3Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let rest = text.strip_prefix(SCHEME).ok_or(PrefixError::Scheme)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_name) || bucket.contains("..") {
            return Err(PrefixError::Bucket);
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_bad = |segment: &str| matches!(segment, "" | "." | "..") || segment.contains(char::is_control);
        if !prefix.is_empty() && prefix.split('/').any(is_bad) {
            return Err(PrefixError::Prefix);
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for S3Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{SCHEME}{}{slash}{}", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_bucket_and_a_prefix() {
        for (text, bucket, prefix, key) in [
            ("s3://acme", "acme", "", "manifest.json"),
            ("s3://acme/", "acme", "", "manifest.json"),
            ("s3://acme/a", "acme", "a", "a/manifest.json"),
            ("s3://acme/a/b c/ü/", "acme", "a/b c/ü", "a/b c/ü/manifest.json"),
        ] {
            let parsed: S3Prefix = text.parse().unwrap();
            assert_eq!((parsed.bucket(), parsed.prefix()), (bucket, prefix), "{text}");
            assert_eq!(parsed.key("manifest.json"), key, "{text}");
            assert_eq!(parsed.to_string(), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn what_is_no_place_in_s3_is_refused() {
        use PrefixError::*;
        for (text, error) in [
            ("acme/a", Scheme),
            ("S3://acme", Scheme),
            ("https://acme.s3.amazonaws.com/a", Scheme),
            ("s3://", Bucket),
            ("s3://ab/a", Bucket),
            ("s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/a", Bucket),
            ("s3://acme@evil.example/a", Bucket),
            ("s3://acme//a", Prefix),
            ("s3://acme/a//", Prefix),
            ("s3://acme/a/../b", Prefix),
            ("s3://acme/a\nb", Prefix),
        ] {
            assert_eq!(text.parse::<S3Prefix>(), Err(error), "{text}");
        }
    }
}
