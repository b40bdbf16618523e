//! [`Excerpt`]: the line that a finding is about, safe to show, with what to underline.
//!
//! Takes the text of a file and a place in it; gives none where the file has no such line. A line wider than
//! the room is cut around the place, so a file of one line of a megabyte is shown like any other, and as fast.

use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use super::CheckFinding;
use crate::{
    report::{display_safe, text::display_width},
    template::document::LineIndex,
};

/// Columns that a tab takes here.
const TAB: &str = "    ";
const CUT: &str = "…";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) line: String,
    /// Terminal columns from 0 to underline, never empty.
    pub(super) underlined: Range<usize>,
}

impl Excerpt {
    /// Of the first line of a finding: what spans lines is underlined to the end of that line.
    pub(super) fn of(finding: &CheckFinding, text: &str, lines: &LineIndex, room: usize) -> Option<Self> {
        let number = finding.line?;
        let line = lines.line(text, usize::try_from(number).ok()?)?;
        let start = usize::try_from(finding.column?).ok()?.saturating_sub(1);
        let length = match (finding.end_line, finding.end_column) {
            (Some(end_line), Some(end)) if end_line == number => {
                usize::try_from(end).ok()?.saturating_sub(1).saturating_sub(start)
            }
            (Some(end_line), _) if end_line > number => usize::MAX,
            _ => 1,
        };
        let at = lines.offset_from(text, line.start, start).min(line.end);
        Some(Self::between(text.get(line.start..at)?, text.get(at..line.end)?, length, room))
    }

    /// `length`: characters of `after` that are meant.
    fn between(before: &str, after: &str, length: usize, room: usize) -> Self {
        let mut characters = after.chars();
        let length = length.max(1);
        let room = room.max(8);
        // Up to here the text can matter, however long the line is.
        let mut near: Vec<char> = before.chars().rev().take(room + 1).collect();
        near.reverse();
        let mut middle: Vec<char> = characters.by_ref().take(length.min(room + 1)).collect();
        let rest: Vec<char> = characters.take(room + 1).collect();
        // White space at the end of a line is no part of what is meant.
        while rest.is_empty() && middle.len() > 1 && middle.last().is_some_and(|last| last.is_whitespace()) {
            middle.pop();
        }
        let (mut before, mut middle, mut rest) = (shown(&near), shown(&middle), shown(&rest));
        // A place behind the end of the line takes a column, too.
        let wide = |middle: &str| display_width(middle).max(1);
        if display_width(&before) + wide(&middle) + display_width(&rest) > room {
            let least_before = display_width(&before).min(room / 3);
            middle = start_of(&middle, room - least_before);
            rest = start_of(&rest, room - least_before - wide(&middle));
            before = end_of(&before, room - wide(&middle) - display_width(&rest));
        }
        let start = display_width(&before);
        let underlined = start..start + display_width(&middle).max(1);
        Self { line: (before + &middle + &rest).trim_end().to_owned(), underlined }
    }
}

fn shown(characters: &[char]) -> String {
    let mut shown = String::with_capacity(characters.len());
    for character in characters {
        match character {
            '\t' => shown.push_str(TAB),
            _ => shown.push_str(&display_safe(character.encode_utf8(&mut [0; 4]))),
        }
    }
    shown
}

/// At most `room` columns of the start, with a mark where something is cut off.
fn start_of(text: &str, room: usize) -> String {
    crate::report::text::shorten_end(text, room).into_owned()
}

/// At most `room` columns of the end.
fn end_of(text: &str, room: usize) -> String {
    if display_width(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(CUT.width()) else { return String::new() };
    let mut kept = text;
    while display_width(kept) > room {
        let mut characters = kept.chars();
        characters.next();
        kept = characters.as_str();
    }
    format!("{CUT}{kept}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fixture, *};

    /// Of the only line of a text, characters from 0.
    fn within(line: &str, place: Range<usize>, room: usize) -> Excerpt {
        let (mut finding, number) = (fixture::report().0.findings.remove(0), |at: usize| Some(at as u64));
        (finding.line, finding.end_line) = (Some(1), Some(1));
        (finding.column, finding.end_column) = (number(place.start + 1), number(place.end + 1));
        Excerpt::of(&finding, line, &LineIndex::new(line), room).unwrap()
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_line() {
        assert_eq!(drawn("\u{feff}cpu: 1\r\n", 5..6, 40), "cpu: 1\n     ^");
    }

    /// The line, and below it what is underlined.
    fn drawn(line: &str, place: Range<usize>, room: usize) -> String {
        let excerpt = within(line, place, room);
        format!(
            "{}\n{:indent$}{}",
            excerpt.line,
            "",
            "^".repeat(excerpt.underlined.len()),
            indent = excerpt.underlined.start
        )
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        assert_eq!(drawn("\"memory\": \"8192\",", 10..16, 40), "\"memory\": \"8192\",\n          ^^^^^^");
    }

    #[test]
    fn tabs_wide_characters_and_escapes_keep_the_line_and_its_mark_together() {
        assert_eq!(drawn("\t\tcpu: 1", 7..8, 40), "        cpu: 1\n             ^");
        assert_eq!(drawn("名前: 512", 4..7, 40), "名前: 512\n      ^^^");
        assert_eq!(drawn("\u{1b}[31m: 512", 7..10, 40), "\\u{1b}[31m: 512\n            ^^^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}\"8192\"{}", "a".repeat(300), "b".repeat(300));
        assert_eq!(drawn(&line, 300..306, 24), "…aaaaaaa\"8192\"bbbbbbbbb…\n        ^^^^^^");
        assert_eq!(drawn(&line, 0..1, 24), "aaaaaaaaaaaaaaaaaaaaaaa…\n^");
        assert_eq!(drawn(&line, 306..700, 24), "…a\"8192\"bbbbbbbbbbbbbbb…\n        ^^^^^^^^^^^^^^^^");
    }

    #[test]
    fn a_place_behind_the_end_of_the_line_is_marked_there() {
        assert_eq!(drawn("cpu: 1", 500..501, 24), "cpu: 1\n      ^");
    }

    proptest! {
        #[test]
        fn an_excerpt_fits_and_underlines_what_is_there(
            line in "[ -~\t\u{1b}\u{202e}é名]{0,200}", start in 0_usize..220, length in 0_usize..220, room in 8_usize..100,
        ) {
            let excerpt = within(&line, start..start + length, room);
            prop_assert!(display_width(&excerpt.line) <= room, "{excerpt:?}");
            prop_assert!(!excerpt.underlined.is_empty());
            prop_assert_eq!(display_safe(&excerpt.line), excerpt.line.as_str());
        }
    }
}
