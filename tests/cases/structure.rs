//! The layers of the library: imports point one way, down.

use std::{collections::BTreeMap, fs, path::Path};

/// Lowest first. A module may use those of lower rows only.
const LAYERS: [&[&str]; 12] = [
    &["units", "sha256"],
    &["workload", "utilization"],
    &["fargate", "ec2"],
    &["pricing", "frames", "template"],
    &["config"],
    &["snapshot", "demand"],
    &["rightsize", "launch"],
    &["policy"],
    &["report"],
    &["analysis", "backtest", "collect", "demo"],
    &["snapshot_store", "price_list"],
    &["cli"],
];

/// The code of a module: its file, and every file of its folder, without their unit tests.
fn source(folder: &Path, module: &str) -> String {
    fn read(path: &Path, into: &mut String) {
        if path.is_dir() {
            let mut entries: Vec<_> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            for entry in entries {
                read(&entry, into);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.components().any(|part| part.as_os_str().to_string_lossy().contains("tests"))
        {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            // A doc comment may point anywhere.
            into.extend(
                code.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .flat_map(|line| [line, "\n"]),
            );
        }
    }
    let mut text = String::new();
    let file = folder.join(format!("{module}.rs"));
    if file.exists() {
        read(&file, &mut text);
    }
    if folder.join(module).exists() {
        read(&folder.join(module), &mut text);
    }
    text
}

#[test]
fn imports_point_down_and_every_module_has_a_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let layer: BTreeMap<&str, usize> =
        LAYERS.iter().enumerate().flat_map(|(at, row)| row.iter().map(move |name| (*name, at))).collect();
    let root = fs::read_to_string(folder.join("lib.rs")).unwrap();
    let modules: Vec<&str> = root
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod ")))
        .map(|name| name.trim_end_matches(';'))
        .collect();
    let mut wrong = Vec::new();
    for module in &modules {
        let Some(own) = layer.get(module) else {
            wrong.push(format!("{module} has no layer"));
            continue;
        };
        let text = source(&folder, module);
        // What follows `crate::` is a module, or a brace with several.
        for used in modules.iter().filter(|used| *used != module) {
            let direct =
                text.contains(&format!("crate::{used}::")) || text.contains(&format!("crate::{used}}}"));
            let grouped = text.split("use crate::{").skip(1).any(|rest| {
                let group = rest.split(";\n").next().unwrap_or_default();
                group.split_inclusive(',').any(|item| {
                    item.trim_start().starts_with(&format!("{used}::"))
                        || item.trim().trim_end_matches([',', '}']) == *used
                })
            });
            if (direct || grouped) && layer.get(used).is_none_or(|theirs| theirs >= own) {
                wrong.push(format!("{module} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "against the layers: {}", wrong.join(", "));
}
