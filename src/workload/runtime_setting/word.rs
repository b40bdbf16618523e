//! Words of a command, and what stands in them for what is not known.

/// Stands where a text is not known; no environment and no command holds it.
pub const UNKNOWN: char = '\0';
/// Follows [`UNKNOWN`] where it stands for what a command puts out: that may be any number of words.
pub const OF_COMMAND: char = '\u{1}';
/// What may be left around a word.
pub const QUOTES: [char; 2] = ['"', '\''];

/// The last part of a path.
pub fn base_name(word: &str) -> &str {
    word.trim_matches(QUOTES).rsplit(['/', '\\']).next().unwrap_or_default()
}
