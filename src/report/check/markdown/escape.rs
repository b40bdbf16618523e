//! Text from outside for Markdown: shown as it is, never obeyed.
//!
//! Takes any string; gives one line without markup. Characters that have a meaning become character references,
//! which are never markup. Code hosts look for mentions, issues and addresses only after that, in the text: there
//! an empty comment keeps their sign and name apart. Long texts are cut.

use std::fmt::Write as _;

use crate::report::display_safe;

/// Characters of a text before escaping.
const LONGEST: usize = 400;

/// In running text and in cells.
pub fn escaped(text: &str) -> String {
    let safe = display_safe(text);
    let cut = safe.chars().count() > LONGEST;
    let kept = safe.chars().take(if cut { LONGEST - 1 } else { LONGEST });
    let mut out = String::with_capacity(safe.len());
    let mut characters = kept.chain(cut.then_some('…')).peekable();
    while let Some(character) = characters.next() {
        match character {
            // Mentions, issues, merge requests, snippets, labels, milestones: @a #1 !1 $1 ~a %a &1.
            '@' | '#' | '!' | '$' | '~' | '%' | '&' => {
                let _ = write!(out, "&#{};<!-- -->", u32::from(character));
            }
            // Of addresses and of emoji, not of sentences.
            ':' if characters.peek().is_none_or(|next| *next == ' ') => out.push(character),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | ':' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    // Addresses without a protocol.
    out.replace("www.", "www&#46;<!-- -->")
}

/// A path as code.
pub fn path(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text that a browser shows of what has no tags.
    fn shown(escaped: &str) -> String {
        let mut text = String::new();
        let without_comments = escaped.replace("<!-- -->", "");
        let mut rest = without_comments.as_str();
        while let Some((before, reference)) = rest.split_once("&#") {
            let (number, after) = reference.split_once(';').unwrap();
            text.push_str(before);
            text.push(char::from_u32(number.parse().unwrap()).unwrap());
            rest = after;
        }
        text + rest
    }

    #[test]
    fn what_means_something_is_shown_and_not_obeyed() {
        for (text, safe) in [
            ("2 GB of memory, +19.47 USD", "2 GB of memory, +19.47 USD"),
            ("@octocat", "&#64;<!-- -->octocat"),
            ("a|b", "a&#124;b"),
            ("<b>", "&#60;b&#62;"),
            ("two\nlines", "two&#92;nlines"),
            ("www.x.y", "www&#46;<!-- -->x.y"),
            ("&amp;", "&#38;<!-- -->amp;"),
        ] {
            assert_eq!(escaped(text), safe);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&escaped(&"|".repeat(1_000))), "|".repeat(LONGEST - 1) + "…");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_the_text(text in any::<String>()) {
            let safe = escaped(&text);
            let expected = display_safe(&text);
            if expected.chars().count() <= LONGEST {
                prop_assert_eq!(shown(&safe), &*expected);
            }
            let bare = safe.replace("<!-- -->", "");
            prop_assert!(!bare.contains(['|', '`', '<', '>', '*', '[', '@', '\\', '\n']), "{safe}");
            prop_assert!(!bare.contains("://"), "{safe}");
        }
    }
}
