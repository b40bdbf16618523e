//! Where a command's result goes: stdout, or a file that appears whole or not at all.
//!
//! Takes bytes; gives nothing. A path that can't be written is refused when it is opened, before any
//! work is done. A reader that has left (`| head`) is fine. stdout carries the result alone.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tempfile::NamedTempFile;

use super::failure::CliError;

/// `--output`, for every command that has a result.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Write the result to FILE, whole or not at all, instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens the place; call it before the work.
    pub fn open(&self) -> Result<Output, CliError> {
        match &self.output {
            Some(path) if path != Path::new("-") => Output::file(path)
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(|error| {
                    CliError::usage(error)
                        .with_help("choose another file for --output, in a folder you may write to")
                }),
            _ => Ok(Output::Stdout),
        }
    }
}

/// `--format` of results that are a table at heart, and `--output`.
#[derive(Debug, Clone, Args)]
pub struct TabularArgs {
    /// How to write the result [default: by the ending of --output, else table]
    #[arg(long, short, value_enum)]
    pub format: Option<TabularFormat>,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl TabularArgs {
    pub fn format(&self) -> TabularFormat {
        let by_ending = || {
            let ending = self.output.output.as_ref()?.extension()?.to_str()?.to_ascii_lowercase();
            match ending.as_str() {
                "json" => Some(TabularFormat::Json),
                "csv" => Some(TabularFormat::Csv),
                _ => None,
            }
        };
        self.format.or_else(by_ending).unwrap_or(TabularFormat::Table)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TabularFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
}

/// An opened place for a result.
#[derive(Debug)]
pub enum Output {
    Stdout,
    /// Becomes `target` when it is written.
    NewFile {
        temporary: NamedTempFile,
        target: PathBuf,
    },
    /// A device or pipe, which can't be replaced by a file.
    Special(fs::File),
}

impl Output {
    fn file(path: &Path) -> io::Result<Self> {
        // A link stays a link; what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
            }
            Ok(metadata) if !metadata.is_file() => {
                return Ok(Self::Special(fs::OpenOptions::new().write(true).open(&target)?));
            }
            // A file that is write-protected is not replaced behind its owner's back.
            Ok(_) => drop(fs::OpenOptions::new().append(true).open(&target)?),
            Err(_) => {}
        }
        let folder = match target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fargauge-");
        // What a plain file creation would ask for; the umask takes its part of it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder)?;
        Ok(Self::NewFile { temporary, target })
    }

    /// Writes the whole result.
    pub fn write(self, bytes: &[u8]) -> Result<(), CliError> {
        let place = match &self {
            Self::NewFile { target, .. } => target.display().to_string(),
            Self::Stdout | Self::Special(_) => "the output".to_owned(),
        };
        let written = match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            Self::Special(mut file) => file.write_all(bytes),
            Self::NewFile { mut temporary, target } => temporary
                .write_all(bytes)
                .and_then(|()| temporary.as_file().sync_all())
                .and_then(|()| temporary.persist(target).map(drop).map_err(|error| error.error)),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let error = anyhow::Error::new(error).context(format!("cannot write {place}"));
                Err(CliError::not_evaluated(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_file(path: &Path) -> Result<Output, CliError> {
        OutputArgs { output: Some(path.to_owned()) }.open()
    }

    #[test]
    fn a_file_appears_whole_when_it_is_written_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        fs::write(&path, "old").unwrap();
        let output = to_file(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        output.write(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        drop(to_file(&folder.path().join("never")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_when_opened() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("missing/out.json")] {
            assert_eq!(to_file(&path).unwrap_err().exit_code(), super::super::ExitCode::Usage);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_stays_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        to_file(&link).unwrap().write(b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(matches!(to_file(Path::new("/dev/null")).unwrap(), Output::Special(_)));
    }

    #[test]
    fn the_ending_of_the_file_decides_unless_a_format_is_named() {
        let format = |format, file: &str| {
            TabularArgs { format, output: OutputArgs { output: Some(file.into()) } }.format()
        };
        assert_eq!(format(None, "a.JSON"), TabularFormat::Json);
        assert_eq!(format(None, "a.csv"), TabularFormat::Csv);
        assert_eq!(format(None, "a.txt"), TabularFormat::Table);
        assert_eq!(format(Some(TabularFormat::Csv), "a.json"), TabularFormat::Csv);
    }
}
