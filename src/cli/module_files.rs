//! The other files of Terraform modules: of those of which some were named, since hooks name the files that changed and a
//! module is its whole folder; of all, the values that Terraform reads though `.gitignore` names them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use ignore::WalkBuilder;

use super::{
    CliError,
    template_files::{self, Found},
};
use crate::template::{ReadTemplates, SourceFile};

/// What Terraform reads of the folders of `read` beside it; as found, not as named.
pub fn beside(read: &[SourceFile]) -> Result<Found, CliError> {
    let Beside { mut kept, local } = Beside::of(read)?;
    kept.files.extend(local.files);
    kept.files.sort_by(|a, b| a.path.cmp(&b.path));
    kept.unread.extend(local.unread);
    Ok(kept)
}

/// The same, by whether a repository may have it.
#[derive(Debug)]
pub struct Beside {
    /// Of folders of which files were named: what `.gitignore` does not leave out.
    pub kept: Found,
    /// Values that `.gitignore` leaves out and Terraform reads of its own accord: they seldom may be committed. No
    /// revision has them, so they are no part of a change.
    pub local: Found,
}

impl Beside {
    pub fn of(read: &[SourceFile]) -> Result<Self, CliError> {
        let known: BTreeSet<&Path> = read.iter().map(|file| file.path.as_path()).collect();
        let folders_of = |is_asked: &dyn Fn(&SourceFile) -> bool| -> BTreeSet<&Path> {
            let asked = read.iter().filter(|file| is_of_terraform(&file.path) && is_asked(file));
            asked.filter_map(|file| file.path.parent()).collect()
        };
        let (mut kept, mut local) = (BTreeSet::new(), BTreeSet::new());
        for folder in folders_of(&|file| file.named) {
            kept.extend(kept_in(folder).map_err(CliError::not_evaluated)?);
        }
        for folder in folders_of(&|_| true) {
            local.extend(values_in(folder).map_err(CliError::not_evaluated)?);
        }
        local.retain(|path| !kept.contains(path));
        let read = |mut paths: BTreeSet<PathBuf>| -> Result<Found, CliError> {
            paths.retain(|path| !known.contains(path.as_path()));
            let mut found = template_files::read(&paths.into_iter().collect::<Vec<_>>(), None)?;
            for file in &mut found.files {
                file.named = false;
            }
            Ok(found)
        };
        Ok(Self { kept: read(kept)?, local: read(local)? })
    }
}

/// Leaves out what was read for its values alone: files that `is_beside` holds for, but those that could not be read,
/// as their values may be missing.
pub fn leave_out(templates: &mut ReadTemplates, is_beside: impl Fn(&Path) -> bool) {
    templates.files.retain(|file| !is_beside(&file.path) || (file.error.is_some() && file.tasks.is_empty()));
}

fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The files of a folder that Terraform reads, but those that `.gitignore` leaves out.
fn kept_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut walker = WalkBuilder::new(here(folder));
    let mut kept = Vec::new();
    for entry in walker.hidden(false).require_git(false).max_depth(Some(1)).build() {
        let entry = entry.with_context(|| format!("cannot read folder {}", here(folder).display()))?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_some_and(|kind| kind.is_file())
            && (is_declaration(&name) || are_values_read_by_themselves(&name))
        {
            kept.push(folder.join(entry.file_name()));
        }
    }
    Ok(kept)
}

/// The files of values in a folder that Terraform reads without being told to.
fn values_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let context = || format!("cannot read folder {}", here(folder).display());
    let mut values = Vec::new();
    for entry in fs::read_dir(here(folder)).with_context(context)? {
        let entry = entry.with_context(context)?;
        if are_values_read_by_themselves(&entry.file_name().to_string_lossy())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            values.push(folder.join(entry.file_name()));
        }
    }
    Ok(values)
}

fn is_of_terraform(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    is_declaration(name) || name.ends_with(".tfvars") || name.ends_with(".tfvars.json")
}

fn is_declaration(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "tf" || ending == "tofu")
}

/// Whether Terraform reads its values without being told to.
fn are_values_read_by_themselves(name: &str) -> bool {
    matches!(name, "terraform.tfvars" | "terraform.tfvars.json")
        || name.ends_with(".auto.tfvars")
        || name.ends_with(".auto.tfvars.json")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_module_is_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("modules")).unwrap();
        for name in [
            "main.tf",
            "variables.tf",
            "x.auto.tfvars",
            "terraform.tfvars",
            "prod.tfvars",
            "README.md",
            "task.json",
            "modules/task.tf",
            "left.tf",
        ] {
            fs::write(at(name), "# nothing\n").unwrap();
        }
        fs::write(at(".gitignore"), "left.tf\n*.tfvars\n").unwrap();
        let names = |named: &str| -> Vec<(String, bool)> {
            let read = template_files::read(&[at(named)], None).unwrap().files;
            let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            beside(&read).unwrap().files.iter().map(|file| (name(&file.path), file.named)).collect()
        };
        let others = |names: &[&str]| -> Vec<(String, bool)> {
            names.iter().map(|name| ((*name).to_owned(), false)).collect()
        };
        assert_eq!(names("variables.tf"), others(&["main.tf", "terraform.tfvars", "x.auto.tfvars"]));
        assert_eq!(
            names("prod.tfvars"),
            others(&["main.tf", "terraform.tfvars", "variables.tf", "x.auto.tfvars"])
        );
        assert_eq!(names("task.json"), []);
        let found = template_files::read(&[folder.path().to_owned()], None).unwrap().files;
        let beside = Beside::of(&found).unwrap();
        assert!(beside.kept.files.is_empty(), "a folder is what it is");
        let local: Vec<_> = beside.local.files.iter().filter_map(|file| file.path.file_name()).collect();
        assert_eq!(local, ["terraform.tfvars", "x.auto.tfvars"], "but for values");
    }
}
