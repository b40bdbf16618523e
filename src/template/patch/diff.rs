//! [`unified_diff`]: a change as `patch` and `git apply` read it.

use std::{fmt::Write as _, path::Path};

use similar::TextDiff;

/// Lines of a file that are shown around a change.
const CONTEXT: usize = 3;

/// The unified diff of one file; empty where nothing differs. Line ends are those of the texts.
pub fn unified_diff(path: &Path, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = names(path);
    let mut lines = diff.unified_diff();
    let body = lines.context_radius(CONTEXT).missing_newline_hint(true).to_string();
    let mut text = String::new();
    if !body.is_empty() {
        // That a string takes it is certain.
        let _ = write!(text, "--- {old}\n+++ {new}\n{body}");
    }
    text
}

/// With the `a/` and `b/` of git where the path is within a folder; quoted where it would break the line.
fn names(path: &Path) -> (String, String) {
    let text = path.to_string_lossy().replace('\\', "/");
    let text = text.strip_prefix("./").unwrap_or(&text);
    let quoted = |name: String| {
        let is_plain = name.chars().all(|c| !c.is_control() && c != '"' && c != '\\');
        if is_plain { name } else { format!("{name:?}") }
    };
    if text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return (quoted(text.to_owned()), quoted(text.to_owned()));
    }
    (quoted(format!("a/{text}")), quoted(format!("b/{text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_changed_line_is_removed_and_added() {
        let before = "{\r\n  \"cpu\": 1,\r\n  \"memory\": 2\r\n}";
        let after = before.replace('1', "3");
        assert_eq!(
            unified_diff(Path::new("./a/t.json"), before, &after),
            "--- a/a/t.json\n+++ b/a/t.json\n@@ -1,4 +1,4 @@\n {\r\n-  \"cpu\": 1,\r\n+  \"cpu\": 3,\r\n   \"memory\": \
             2\r\n }\n\\ No newline at end of file\n"
        );
        assert_eq!(unified_diff(Path::new("t"), before, before), "");
    }

    #[test]
    fn a_path_outside_of_the_folder_is_named_as_it_is() {
        let diff = unified_diff(Path::new("../t"), "a\n", "b\n");
        assert!(diff.starts_with("--- ../t\n+++ ../t\n@@"), "{diff}");
        let diff = unified_diff(Path::new("a\nb"), "a\n", "b\n");
        assert!(diff.starts_with("--- \"a/a\\nb\"\n"), "{diff}");
    }
}
