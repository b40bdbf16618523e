//! The names of a snapshot's files.

use std::path::{Path, PathBuf};

/// The file that makes a folder a snapshot: written last, read first.
pub const MANIFEST: &str = "manifest.json";
pub(super) const INVENTORY: &str = "inventory.json";
/// Present while a collect has begun and not finished.
pub(super) const COLLECT_STATE: &str = "collect-state.json";
pub(super) const UTILIZATION: &str = "utilization";

const PART_ENDING: &str = ".parquet";
/// What a file is called before it is whole: `.NAME.partial`.
const PARTIAL_ENDING: &str = ".partial";

/// How the manifest names the part `name`: its path in the folder, with forward slashes.
pub(super) fn part_file(name: &str) -> String {
    format!("{UTILIZATION}/{name}{PART_ENDING}")
}

/// The part that a manifest's file name stands for; none if it does not name a part. Names cannot
/// lead out of the folder: they are letters, digits, `-` and `_` only.
pub(super) fn part_name(file: &str) -> Option<&str> {
    let name = file.strip_prefix(UTILIZATION)?.strip_prefix('/')?.strip_suffix(PART_ENDING)?;
    is_part_name(name).then_some(name)
}

pub(super) fn is_part_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Where the bytes of `path` are written before they take its place.
pub(super) fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{PARTIAL_ENDING}"))
}

/// Whether `path` is a file that makes up a snapshot, whole or begun, by what it is called and what stands beside it.
pub fn is_of_a_snapshot(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let root = match name {
        MANIFEST | INVENTORY | COLLECT_STATE => Some(folder),
        _ if folder.ends_with(UTILIZATION) && is_ours_in_utilization(name) => folder.parent(),
        _ => None,
    };
    root.is_some_and(|root| {
        let has = |name: &str| root.join(name).is_file();
        has(INVENTORY) && (has(MANIFEST) || has(COLLECT_STATE))
    })
}

/// Whether a file of the utilization folder is one that fargauge writes there, whole or partial.
pub(super) fn is_ours_in_utilization(file: &str) -> bool {
    let whole = file.strip_prefix('.').and_then(|name| name.strip_suffix(PARTIAL_ENDING)).unwrap_or(file);
    whole.strip_suffix(PART_ENDING).is_some_and(is_part_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_are_parts() {
        assert_eq!(part_name("utilization/part-00000.parquet"), Some("part-00000"));
        assert_eq!(part_name(&part_file("a_B-9")), Some("a_B-9"));
        for file in [
            "inventory.json",
            "../x.parquet",
            "/etc/passwd",
            "utilization/../x.parquet",
            "utilization//x.parquet",
            "utilization/a/b.parquet",
            "utilization/a\\b.parquet",
            "utilization/C:x.parquet",
            "utilization/.parquet",
            "utilization/part.json",
            "utilization\\part.parquet",
            "utilizationpart.parquet",
            "./utilization/part.parquet",
        ] {
            assert_eq!(part_name(file), None, "{file}");
        }
    }

    #[test]
    fn only_own_leftovers_are_recognised() {
        for (file, ours) in [
            ("part-1.parquet", true),
            (".part-1.parquet.partial", true),
            ("notes.txt", false),
            (".notes.txt.partial", false),
            (".part-1.parquet", false),
        ] {
            assert_eq!(is_ours_in_utilization(file), ours, "{file}");
        }
    }
}
