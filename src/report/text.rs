//! Text from outside (names, tags, API errors) made safe to show in a terminal, and cut to a width.
//!
//! Takes any string and gives one printable line. Widths are terminal columns, as `unicode-width`
//! counts them, never characters or bytes. Refuses nothing.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// `text` on one line, with every character that could move the cursor, change colours, turn the
/// reading direction or hide itself written as its escape (`\n`, `\u{1b}`, `\u{202e}`).
pub fn display_safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Control characters have no width, and format characters (bidirectional marks, joiners, byte order
/// marks, tags) and combining marks have width 0: neither can be aligned or be trusted to be seen.
fn is_unsafe(character: char) -> bool {
    match character.width() {
        None | Some(0) => true,
        // These have a width but no glyph, or break lines in some terminals.
        Some(_) => {
            matches!(character, '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{2028}' | '\u{2029}' | '\u{3164}')
        }
    }
}

/// Terminal columns that `text` takes.
pub(crate) fn display_width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `max` columns, with `…` for what is cut out of its middle: both the cluster at
/// the start and what tells services apart at the end stay readable.
pub(super) fn shorten_middle(text: &str, max: usize) -> Cow<'_, str> {
    shorten(text, max, max.saturating_sub(1) / 2)
}

/// `text` in at most `max` columns, with `…` for what is cut off its end.
pub(super) fn shorten_end(text: &str, max: usize) -> Cow<'_, str> {
    shorten(text, max, 0)
}

fn shorten(text: &str, max: usize, max_tail: usize) -> Cow<'_, str> {
    if display_width(text) <= max {
        return Cow::Borrowed(text);
    }
    let Some(room) = max.checked_sub(1) else { return Cow::Borrowed("") };
    let tail = suffix(text, max_tail);
    let head = prefix(text, room - max_tail);
    Cow::Owned(format!("{}…{tail}", head.trim_end()))
}

/// The longest start of `text` that fits `max` columns.
fn prefix(text: &str, max: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().find_map(|(at, character)| {
        width += character.width().unwrap_or(0);
        (width > max).then_some(at)
    });
    &text[..end.unwrap_or(text.len())]
}

/// The longest end of `text` that fits `max` columns.
fn suffix(text: &str, max: usize) -> &str {
    let mut width = 0;
    let start = text.char_indices().rev().find_map(|(at, character)| {
        width += character.width().unwrap_or(0);
        (width > max).then_some(at + character.len_utf8())
    });
    &text[start.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_its_escape() {
        for (hostile, shown) in [
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("two\nlines\r\n", "two\\nlines\\r\\n"),
            ("a\tb\0c\u{7}", "a\\tb\\u{0}c\\u{7}"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("evil\u{202e}gpj.exe", "evil\\u{202e}gpj.exe"),
            ("\u{2066}isolate\u{2069}\u{200f}\u{61c}", "\\u{2066}isolate\\u{2069}\\u{200f}\\u{61c}"),
            ("pay\u{200b}ments\u{feff}", "pay\\u{200b}ments\\u{feff}"),
            ("soft\u{ad}hyphen\u{2028}line\u{2029}", "soft\\u{ad}hyphen\\u{2028}line\\u{2029}"),
            ("tag\u{e0041} filler\u{3164}\u{115f}", "tag\\u{e0041} filler\\u{3164}\\u{115f}"),
            ("e\u{301}", "e\\u{301}"),
        ] {
            assert_eq!(display_safe(hostile), shown);
        }
    }

    #[test]
    fn honest_names_stay_as_they_are() {
        for name in ["prod/checkout-api", "注文サービス", "café", "🚀 launch", "שלום", "a = b; c"]
        {
            assert!(matches!(display_safe(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn shortening_keeps_both_ends_or_the_start() {
        assert_eq!(shorten_middle("production/checkout-api", 12), "produc…t-api");
        assert_eq!(shorten_middle("production/checkout-api", 23), "production/checkout-api");
        assert_eq!(shorten_end("access denied by policy", 10), "access de…");
        assert_eq!(shorten_end("access denied", 8), "access…");
        // A wide character that would straddle the edge is left out whole.
        assert_eq!(shorten_middle("注文サービス", 6), "注…ス");
        assert_eq!(shorten_middle("anything", 1), "…");
        assert_eq!(shorten_middle("anything", 0), "");
    }

    proptest! {
        #[test]
        fn safe_text_holds_nothing_invisible_and_shortened_text_fits(text in ".{0,60}|[\\s\\S]{0,60}", max in 0_usize..50) {
            let safe = display_safe(&text);
            prop_assert!(safe.chars().all(|c| !c.is_control() && c.width() > Some(0)), "{safe:?}");
            prop_assert!(display_width(&shorten_middle(&safe, max)) <= max);
            prop_assert!(display_width(&shorten_end(&safe, max)) <= max);
        }
    }
}
