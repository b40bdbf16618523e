//! What can be told of HCL before it is parsed: brackets, strings and heredocs that are never closed, nesting, and
//! objects with more keys than the parser takes in a sensible time.

use super::super::document::SyntaxError;

/// Levels of brackets and interpolations. The parser has a limit of its own, but only for some of them.
const MAX_DEPTH: usize = 60;
/// Keys directly within one pair of braces. The parser compares every key of an object with all before.
const MAX_KEYS: usize = 2_000;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    pub error: SyntaxError,
    /// Whether the text must not be parsed.
    pub fatal: bool,
}

impl Defect {
    fn new(offset: usize, message: impl Into<String>, hint: Option<&'static str>) -> Self {
        Self { error: SyntaxError { offset, message: message.into(), hint }, fatal: false }
    }

    fn fatal(offset: usize, message: String) -> Self {
        Self { fatal: true, ..Self::new(offset, message, None) }
    }
}

/// What is open at some point of a text.
enum Open {
    Bracket {
        close: u8,
        at: usize,
        keys: usize,
    },
    /// `${` or `%{` of a string or heredoc.
    Interpolation {
        at: usize,
    },
    String {
        at: usize,
    },
    Heredoc {
        at: usize,
        end: String,
    },
}

/// Goes over a text once.
pub fn check(text: &str) -> Result<(), Defect> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match open.last_mut() {
            Some(Open::String { at: start }) => match byte {
                b'\\' => at += 2,
                b'"' => {
                    open.pop();
                    at += 1;
                }
                b'\n' => return Err(unclosed_string(*start)),
                _ => at += template_step(rest, at, &mut open)?,
            },
            Some(Open::Heredoc { end, .. }) => {
                let at_line_start = at == 0 || bytes[at - 1] == b'\n';
                if at_line_start && let Some(length) = heredoc_end(&text[at..], end) {
                    open.pop();
                    at += length;
                } else {
                    at += template_step(rest, at, &mut open)?;
                }
            }
            _ => match byte {
                b'#' => at += line(rest),
                b'/' if rest.starts_with(b"//") => at += line(rest),
                b'/' if rest.starts_with(b"/*") => match memchr::memmem::find(rest, b"*/") {
                    Some(length) => at += length + 2,
                    None => {
                        return Err(Defect::new(
                            at,
                            "this comment is never closed",
                            Some("close it with */"),
                        ));
                    }
                },
                b'"' => {
                    push(&mut open, Open::String { at }, at)?;
                    at += 1;
                }
                b'<' if rest.starts_with(b"<<") => match heredoc_start(&text[at..]) {
                    Some((end, length)) => {
                        push(&mut open, Open::Heredoc { at, end }, at)?;
                        at += length;
                    }
                    None => at += 2,
                },
                b'{' | b'[' | b'(' => {
                    let close = match byte {
                        b'{' => b'}',
                        b'[' => b']',
                        _ => b')',
                    };
                    push(&mut open, Open::Bracket { close, at, keys: 0 }, at)?;
                    at += 1;
                }
                b'}' | b']' | b')' => {
                    match open.pop() {
                        Some(Open::Bracket { close, .. }) if close == byte => {}
                        Some(Open::Interpolation { .. }) if byte == b'}' => {}
                        Some(Open::Bracket { at: start, .. } | Open::Interpolation { at: start }) => {
                            let opened = text.get(start..=start).unwrap_or_default();
                            return Err(Defect::new(
                                start,
                                format!("this {opened} is not closed where another bracket is"),
                                Some("close it, or remove the bracket too many"),
                            ));
                        }
                        _ => {
                            return Err(Defect::new(
                                at,
                                "this bracket closes nothing",
                                Some("remove it, or open what it closes"),
                            ));
                        }
                    }
                    at += 1;
                }
                b'=' | b':' => {
                    if let Some(Open::Bracket { keys, at: start, close: b'}' }) = open.last_mut() {
                        *keys += 1;
                        if *keys > MAX_KEYS {
                            return Err(Defect::fatal(
                                *start,
                                format!("more than {MAX_KEYS} keys stand within"),
                            ));
                        }
                    }
                    at += 1;
                }
                _ => at += 1,
            },
        }
    }
    match open.into_iter().next_back() {
        None => Ok(()),
        Some(Open::String { at }) => Err(unclosed_string(at)),
        Some(Open::Heredoc { at, end }) => Err(Defect::new(
            at,
            format!(
                "this heredoc has no end: a line with nothing but {}",
                super::super::resolve::shown(&end)
            ),
            Some("put the line in, with nothing after the word"),
        )),
        Some(Open::Bracket { at, .. } | Open::Interpolation { at }) => {
            let opened = text.get(at..=at).unwrap_or_default();
            Err(Defect::new(at, format!("this {opened} is never closed"), Some("close it")))
        }
    }
}

fn unclosed_string(at: usize) -> Defect {
    Defect::new(
        at,
        "this string is not closed on its line",
        Some("put the closing quote in; for several lines, use a heredoc"),
    )
}

fn push(open: &mut Vec<Open>, opened: Open, at: usize) -> Result<(), Defect> {
    if open.len() >= MAX_DEPTH {
        return Err(Defect::fatal(at, format!("nested more than {MAX_DEPTH} levels deep")));
    }
    open.push(opened);
    Ok(())
}

/// Passes over a byte of a string or heredoc, or the mark that begins an interpolation.
fn template_step(rest: &[u8], at: usize, open: &mut Vec<Open>) -> Result<usize, Defect> {
    if rest.starts_with(b"$${") || rest.starts_with(b"%%{") {
        return Ok(3);
    }
    if rest.starts_with(b"${") || rest.starts_with(b"%{") {
        push(open, Open::Interpolation { at }, at)?;
        return Ok(2);
    }
    Ok(1)
}

fn line(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
}

/// The word that ends the heredoc which begins here, and the length of its first line.
fn heredoc_start(rest: &str) -> Option<(String, usize)> {
    let word = rest.strip_prefix("<<")?;
    let word = word.strip_prefix('-').unwrap_or(word);
    let length = word.find(|c: char| !is_word(c)).unwrap_or(word.len());
    let line = word.get(length..)?;
    let end = line.strip_prefix("\r\n").or_else(|| line.strip_prefix('\n'))?;
    (length > 0).then(|| (word[..length].to_owned(), rest.len() - end.len()))
}

fn heredoc_end(line: &str, end: &str) -> Option<usize> {
    let trimmed = line.trim_start_matches([' ', '\t']);
    let after = trimmed.strip_prefix(end)?;
    (!after.starts_with(is_word)).then(|| line.len() - after.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_closed_is_named_where_it_opens() {
        let cases = [
            ("a {\n  b = [1,\n}\n", 10, "not closed where another"),
            ("a {\n", 2, "never closed"),
            ("a = \"x\n", 4, "not closed on its line"),
            ("a = <<EOF\nx\n EOFX\n", 4, "has no end"),
            ("a = \"${f(\"b\")\"\n", 13, "not closed on its line"),
            ("}\n", 0, "closes nothing"),
            ("/* a\n", 0, "comment is never closed"),
        ];
        for (text, offset, message) in cases {
            let defect = check(text).unwrap_err();
            assert_eq!(defect.error.offset, offset, "{text:?}: {}", defect.error.message);
            assert!(defect.error.message.contains(message), "{text:?}: {}", defect.error.message);
        }
    }

    #[test]
    fn brackets_in_strings_comments_and_heredocs_open_nothing() {
        let text =
            "# {\n// [\n/* ( */\na = \"{ \\\" [ $${ %%{\"\nb = <<-E\n  { \" ${c[\"}\"]}\n  E\nd = 1 < 2\n";
        assert_eq!(check(text), Ok(()));
    }

    #[test]
    fn deep_nesting_and_huge_objects_are_not_parsed() {
        for text in ["[".repeat(10_000), "\"${".repeat(10_000), "a {\n".repeat(10_000)] {
            assert!(check(&text).unwrap_err().fatal);
        }
        let keys = |count| (0..count).fold(String::new(), |keys, key| keys + &format!("k{key} = 1\n"));
        assert!(check(&format!("a = {{\n{}}}\n", keys(MAX_KEYS + 1))).unwrap_err().fatal);
        assert_eq!(check(&format!("a = {{\n{}}}\n", keys(MAX_KEYS))), Ok(()));
    }
}
