//! Whether a folder can be written to, asked before anything else is: a pull that takes minutes must not
//! end with "permission denied".
//!
//! The one sure way is to do it. Whatever is made for that is removed again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Fails where `folder` cannot be made, or nothing can be written into it.
pub fn check(folder: &Path) -> io::Result<()> {
    let made: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect();
    // A file without a name: a kill leaves none, and another fargauge sees none.
    let checked = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)).map(drop);
    for path in made {
        // Innermost first. It fails where somebody has put something there meanwhile: theirs to keep.
        let _ = fs::remove_dir(path);
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_written_to_is_left_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("not").join("yet");
        check(&deep).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("kept"), "").unwrap();
        check(&deep).unwrap();
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 1);
    }

    /// In a container every fargauge has the same process id.
    #[test]
    fn what_a_killed_check_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!(".fargauge-{}", std::process::id())), "").unwrap();
        check(folder.path()).unwrap();
    }

    #[test]
    fn a_path_below_a_file_cannot_be_written_to() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(check(&file).is_err());
        assert!(check(&file.join("snapshot")).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"");
    }
}
