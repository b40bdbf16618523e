//! The repository that the current folder is in, as far as its files tell: no git is asked.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Its top.
pub fn top() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    // A file in work trees and submodules.
    here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// A file of this folder, else of the nearest one above it in the repository; and the path from that folder to here.
pub fn nearest(name: &str) -> Option<(PathBuf, String)> {
    if Path::new(name).exists() {
        return Some((PathBuf::from(name), String::new()));
    }
    let (here, top) = (env::current_dir().ok()?, top()?);
    let above = here.ancestors().skip(1).take_while(|folder| folder.starts_with(&top));
    above.enumerate().find(|(_, folder)| folder.join(name).is_file()).map(|(nth, folder)| {
        let from = here.strip_prefix(folder).unwrap_or(&here).to_string_lossy().replace('\\', "/");
        ((0..=nth).map(|_| "..").collect::<PathBuf>().join(name), from)
    })
}
