//! [`all`]: files that get new text: every one of them whole, or none.
//!
//! Keeps permissions, and the owner where that may be; what a link points to is changed, the link is not. Refuses
//! files that were changed since they were read, and write-protected ones.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

use crate::{analysis::patch::PatchedFile, cli::CliError};

/// Writes the new texts. Nothing is replaced before everything is on disk.
pub fn all(files: &[PatchedFile]) -> Result<(), CliError> {
    let mut ready: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    for file in files {
        let prepared = prepare(file)
            .with_context(|| format!("cannot change {}; no file was changed", file.path.display()))
            .map_err(CliError::not_evaluated)?;
        // One file under two names is changed once.
        match ready.iter().find(|(_, target)| *target == prepared.1) {
            None => ready.push(prepared),
            Some((other, target)) => {
                let same = fs::read(other.path()).is_ok_and(|bytes| bytes == file.after.as_bytes());
                if !same {
                    let error = anyhow::anyhow!("{} is named twice and would differ", target.display());
                    return Err(CliError::not_evaluated(error));
                }
            }
        }
    }
    for (temporary, target) in ready {
        let name = target.display().to_string();
        temporary
            .persist(target)
            .map_err(|error| error.error)
            .with_context(|| format!("cannot replace {name}"))
            .map_err(CliError::not_evaluated)?;
    }
    Ok(())
}

fn prepare(file: &PatchedFile) -> anyhow::Result<(NamedTempFile, PathBuf)> {
    let target = fs::canonicalize(file.path.as_ref())?;
    // A file that is write-protected is not replaced behind its owner's back.
    drop(OpenOptions::new().append(true).open(&target)?);
    if fs::read(&target)? != file.before.as_bytes() {
        bail!("it was changed while this ran");
    }
    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut temporary = tempfile::Builder::new().prefix(".fargauge-").tempfile_in(folder)?;
    temporary.write_all(file.after.as_bytes())?;
    keep_attributes(temporary.as_file(), &target)?;
    temporary.as_file().sync_all()?;
    Ok((temporary, target))
}

fn keep_attributes(to: &File, from: &Path) -> io::Result<()> {
    let metadata = fs::metadata(from)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only root may give files away; for others the file is theirs as it was.
        let _ = fchown(to, Some(metadata.uid()), Some(metadata.gid()));
    }
    to.set_permissions(metadata.permissions())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn patched(path: PathBuf, before: &str, after: &str) -> PatchedFile {
        PatchedFile { path: Arc::new(path), before: before.to_owned(), after: after.to_owned() }
    }

    #[test]
    fn nothing_is_changed_where_one_file_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "changed meanwhile").unwrap();
        let error = all(&[patched(one.clone(), "1", "2"), patched(two, "1", "2")]).unwrap_err();
        assert!(format!("{error:?}").contains("it was changed while this ran"), "{error:?}");
        assert_eq!(fs::read_to_string(&one).unwrap(), "1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay_and_a_link_stays_a_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "1").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o754)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        all(&[patched(link.clone(), "1", "2"), patched(real.clone(), "1", "2")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "2");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o754);
        let twice = [patched(link, "2", "3"), patched(real.clone(), "2", "4")];
        assert!(all(&twice).is_err());
        assert_eq!(fs::read_to_string(&real).unwrap(), "2");
    }
}
