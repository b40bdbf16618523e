//! Dated snapshots beside each other, and `latest`, the object that says which one is newest.
//!
//! A snapshot is never overwritten, but who checks a pull request wants the newest. So `{time}` as the last
//! segment of a prefix stands for the end of the snapshot's window, and an object `latest` beside the
//! snapshots holds that segment. Writing one object is atomic: a reader gets the last snapshot or the
//! new one, whole.

use jiff::{Timestamp, civil::DateTime};

use super::{Bucket, S3Prefix, StoreError, bucket::Refused};

/// What stands for the end of the window.
const TIME: &str = "{time}";
/// How it is written.
const TIME_FORMAT: &str = "%Y-%m-%dT%H%MZ";
/// The object that names the newest snapshot.
const LATEST: &str = "latest";

impl S3Prefix {
    /// With the end of the snapshot's window for `{time}`, if that is the last segment.
    #[must_use]
    pub fn at(&self, end: Timestamp) -> Self {
        match self.split_last() {
            Some((parent, TIME)) => parent.join(&end.strftime(TIME_FORMAT).to_string()),
            _ => self.clone(),
        }
    }

    /// Whether the last segment is `{time}`.
    pub fn is_dated(&self) -> bool {
        self.split_last().is_some_and(|(_, last)| last == TIME)
    }
}

/// The snapshot that `at` leads to: where its last segment is `latest` and an object of that name is
/// there, the one that it names.
pub(super) async fn resolve(bucket: &Bucket, at: &S3Prefix) -> Result<S3Prefix, StoreError> {
    let Some((parent, LATEST)) = at.split_last() else { return Ok(at.clone()) };
    let text = match bucket.get(at.prefix()).await {
        Ok(text) => text,
        // Then it is a prefix like any other, which reading it will tell.
        Err(Refused::NoObject | Refused::Denied(_)) => return Ok(at.clone()),
        Err(refused) => return Err(refused.reading(bucket, at.prefix())),
    };
    let named = std::str::from_utf8(&text).unwrap_or_default().trim();
    let is_segment = !named.is_empty() && !named.contains('/');
    let found = format!("{parent}/{named}").parse().ok().filter(|_| is_segment);
    found.ok_or_else(|| StoreError::Latest { object: at.to_string() })
}

/// Makes the dated snapshot at `written` the latest of those beside it, unless a later one is: the collect that
/// began first may end last.
pub(super) async fn point_to(bucket: &Bucket, written: &S3Prefix) -> Result<(), StoreError> {
    let Some((parent, last)) = written.split_last() else { return Ok(()) };
    let key = parent.key(LATEST);
    let time = |text: &str| DateTime::strptime(TIME_FORMAT, text.trim()).ok();
    let named = bucket.get(&key).await.ok().and_then(|text| time(std::str::from_utf8(&text).ok()?));
    if named > time(last) {
        return Ok(());
    }
    let put = bucket.put(&key, format!("{last}\n").into_bytes(), super::bucket::Existing::Replace).await;
    put.map_err(|refused| refused.writing(bucket, &key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_window_stands_in_the_last_segment_only() {
        let end: Timestamp = "2026-11-25T10:05:00Z".parse().unwrap();
        for (text, dated) in [
            ("s3://acme/fargauge/{time}", "s3://acme/fargauge/2026-11-25T1005Z"),
            ("s3://acme/{time}", "s3://acme/2026-11-25T1005Z"),
            ("s3://acme/{time}/a", "s3://acme/{time}/a"),
            ("s3://acme", "s3://acme"),
        ] {
            assert_eq!(text.parse::<S3Prefix>().unwrap().at(end).to_string(), dated);
        }
    }
}
