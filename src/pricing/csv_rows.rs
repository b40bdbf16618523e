//! [`csv_rows`]: the rows of a table in CSV, each with the line it begins at.
//!
//! Takes text with a header, its lines ended in either way; gives rows, or line and cause of what is none.

use memchr::memchr_iter;
use serde::de::DeserializeOwned;

/// A row and its line, counted from 1; or the line of what cannot be read, and why.
pub(super) fn csv_rows<R: DeserializeOwned>(
    text: &str,
) -> impl Iterator<Item = Result<(u64, R), (u64, String)>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let mut lines = Lines { text: text.as_bytes(), at: 0, before: 0 };
    reader.into_records().map(move |record| {
        let record = record.map_err(|error| (lines.at(error.position()), cause(&error)))?;
        let line = lines.at(record.position());
        let row = record.deserialize(Some(&headers)).map_err(|error| (line, cause(&error)))?;
        Ok((line, row))
    })
}

/// Counts lines as far as records are read, each once: their positions come in the sequence of the text.
///
/// A record's own count of lines is short by one where lines end in CR LF, and its first byte is the LF before it.
struct Lines<'t> {
    text: &'t [u8],
    /// Bytes that are counted.
    at: usize,
    /// Ends of lines among them.
    before: u64,
}

impl Lines<'_> {
    /// The line of a record, counted from 1.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let at = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let rest = self.text.get(at..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if let Some(passed) = self.text.get(self.at..at + ends) {
            self.before += memchr_iter(b'\n', passed).count() as u64;
            self.at = at + ends;
        }
        self.before + 1
    }
}

/// Without the place, which is told beside it.
fn cause(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_is_named_by_its_own_line_however_lines_end() {
        let bad = |text: &str| csv_rows::<(String, u32)>(text).find_map(Result::err).unwrap();
        for end in ["\n", "\r\n"] {
            let text = |rows: &[&str]| rows.join(end) + end;
            let (line, cause) = bad(&text(&["name,count", "a,1", "b,many", "c,3"]));
            assert_eq!((line, cause.as_str()), (3, "invalid digit found in string"));
            let (line, cause) = bad(&text(&["name,count", "a,1", "b,2", "c"]));
            assert_eq!((line, cause.as_str()), (4, "it has 1 fields, the header has 2"));
            let blank = text(&["name,count", "", "\"a", "b\",1", "c,x"]);
            assert_eq!(bad(&blank).0, 5);
            let good: Vec<u64> =
                csv_rows::<(String, u32)>(&blank).map_while(Result::ok).map(|(line, _)| line).collect();
            assert_eq!(good, [3]);
        }
        assert_eq!(csv_rows::<(String, u32)>("").count(), 0);
    }

    #[test]
    fn many_rows_take_no_longer_than_they_are_many() {
        let text = format!("name,count\n{}b,many\n", "a,1\n".repeat(100_000));
        let bad = csv_rows::<(String, u32)>(&text).find_map(Result::err);
        assert_eq!(bad.map(|(line, _)| line), Some(100_002));
    }
}
