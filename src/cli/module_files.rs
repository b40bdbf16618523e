//! The other files of Terraform modules of which some were named: hooks name the files that changed, and a module is
//! its whole folder.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use ignore::WalkBuilder;

use super::{
    CliError,
    template_files::{self, Found},
};
use crate::template::{ReadTemplates, SourceFile};

/// What Terraform reads of a folder beside the files of it that were named; as found, not as named. As of a folder,
/// what `.gitignore` leaves out is left out, but for values.
pub fn beside(read: &[SourceFile]) -> Result<Found, CliError> {
    let known: BTreeSet<&Path> = read.iter().map(|file| file.path.as_path()).collect();
    let named = read.iter().filter(|file| file.named && is_of_terraform(&file.path));
    let folders: BTreeSet<&Path> = named.filter_map(|file| file.path.parent()).collect();
    let mut paths = Vec::new();
    for folder in folders {
        paths.extend(of_folder(folder).map_err(CliError::not_evaluated)?);
    }
    paths.retain(|path| !known.contains(path.as_path()));
    let mut found = template_files::read(&paths, None)?;
    for file in &mut found.files {
        file.named = false;
    }
    Ok(found)
}

/// Leaves out what was read for its values alone: files that `is_beside` holds for, but those that could not be read,
/// as their values may be missing.
pub fn leave_out(templates: &mut ReadTemplates, is_beside: impl Fn(&Path) -> bool) {
    templates.files.retain(|file| !is_beside(&file.path) || (file.error.is_some() && file.tasks.is_empty()));
}

fn of_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut walker = WalkBuilder::new(here);
    walker.hidden(false).require_git(false).max_depth(Some(1));
    let kept = walker.build();
    // Values are read whatever `.gitignore` says, as Terraform does: it seldom lets them be committed.
    let all = walker.standard_filters(false).build();
    let mut found = BTreeSet::new();
    for (entry, is_wanted) in kept
        .map(|entry| (entry, is_declaration as fn(&str) -> bool))
        .chain(all.map(|entry| (entry, are_values_read_by_themselves as fn(&str) -> bool)))
    {
        let entry = entry.with_context(|| format!("cannot read folder {}", here.display()))?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_some_and(|kind| kind.is_file()) && is_wanted(&name) {
            found.insert(folder.join(entry.file_name()));
        }
    }
    Ok(found.into_iter().collect())
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
        assert!(beside(&found).unwrap().files.is_empty(), "a folder is what it is");
    }
}
