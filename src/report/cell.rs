//! Cells of CSV tables: raw values, and text that no spreadsheet runs.
//!
//! What is unknown is an empty cell, never 0. Text keeps its content, with two exceptions: what a spreadsheet
//! would take for a formula gets a leading `'`, and NUL, which many readers cannot take, becomes U+FFFD.

use std::borrow::Cow;

use super::Quantity;
use crate::units::Usd;

/// A cell that no spreadsheet takes for a formula. The characters are those of OWASP's "CSV Injection" page,
/// with the full-width forms that some spreadsheets accept as well.
pub(crate) fn text(value: &str) -> String {
    let clean = value.replace('\0', "\u{fffd}");
    match clean.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{clean}")
        }
        _ => clean,
    }
}

pub(crate) fn optional_text(value: Option<&str>) -> String {
    value.map_or_else(String::new, text)
}

/// The digits that the JSON has.
pub(crate) fn money(value: Option<Usd>) -> String {
    value.map_or_else(String::new, |value| value.rounded().0.normalize().to_string())
}

/// The digits that the JSON has.
pub(crate) fn quantity(value: Option<Quantity>) -> String {
    value.map_or_else(String::new, |value| value.rounded().0.normalize().to_string())
}

/// Several values in one cell, joined by `;`. A `\` stands before each `;` and `\` of a value, so that the
/// cell can be taken apart again.
pub(crate) fn list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> =
        values.into_iter().map(|value| escaped(value.as_ref(), &['\\', ';']).into_owned()).collect();
    text(&values.join(";"))
}

/// `key=value` joined by `;`, by key, escaped like a [`list`]; in a key an `=` is escaped, too.
pub(crate) fn pairs<V: ToString>(values: impl IntoIterator<Item = (impl AsRef<str>, V)>) -> String {
    let pair = |(key, value): (_, V)| {
        let key: &str = AsRef::as_ref(&key);
        format!("{}={}", escaped(key, &['\\', ';', '=']), escaped(&value.to_string(), &['\\', ';']))
    };
    text(&values.into_iter().map(pair).collect::<Vec<_>>().join(";"))
}

fn escaped<'a>(text: &'a str, special: &[char]) -> Cow<'a, str> {
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 4);
    for character in text.chars() {
        if special.contains(&character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for (hostile, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
            ("nul\0byte", "nul\u{fffd}byte"),
        ] {
            assert_eq!(text(hostile), cell);
        }
    }

    #[test]
    fn lists_and_pairs_can_be_taken_apart_again() {
        assert_eq!(list(["one; two", "a\\b", "three"]), r"one\; two;a\\b;three");
        assert_eq!(list([] as [&str; 0]), "");
        assert_eq!(pairs([("a=b;c", "d=e;f\\"), ("team", "shop")]), r"a\=b\;c=d=e\;f\\;team=shop");
        assert_eq!(pairs([("m7i.large", 2_u64)]), "m7i.large=2");
    }
}
