//! Where a command's result goes: stdout, or a file that appears whole or not at all.
//!
//! Takes bytes; gives nothing. A path that can't be written is refused when it is opened, before any
//! work is done. A reader that has left (`| head`) is fine. stdout carries the result alone.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use tempfile::NamedTempFile;

use super::failure::CliError;
use crate::snapshot::is_of_a_snapshot;

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

impl OutputArgs {
    /// The ending of the file, in lower case; none of stdout. Refuses one that is not among `known`: it asks for a
    /// format that there is not.
    pub fn ending(&self, known: &[&str]) -> Result<Option<String>, CliError> {
        let ending = self.output.as_deref().and_then(Path::extension).filter(|ending| !ending.is_empty());
        let Some(ending) = ending else { return Ok(None) };
        let ending = ending.to_string_lossy().to_ascii_lowercase();
        if known.contains(&ending.as_str()) {
            return Ok(Some(ending));
        }
        let known: Vec<String> = known.iter().map(|ending| format!(".{ending}")).collect();
        Err(CliError::usage(anyhow!("no format goes by the ending .{ending} of --output"))
            .with_help(format!("end the file in {}, or name the format with --format", known.join(", "))))
    }
}

/// Refuses places of which two are the same: one would overwrite the other. Each is with the option that names
/// it; no path is stdout, as is `-`.
pub fn refuse_same_place(places: &[(&str, Option<&Path>)]) -> Result<(), CliError> {
    let file = |path: Option<&Path>| path.filter(|path| *path != Path::new("-")).map(real_place);
    for (at, (option, path)) in places.iter().enumerate() {
        let place = file(*path);
        // A device takes one after the other.
        if place.as_ref().is_some_and(|place| place.exists() && !place.is_file()) {
            continue;
        }
        if let Some((other, _)) = places[..at].iter().find(|(_, other)| file(*other) == place) {
            let (are, help) = match path.filter(|_| place.is_some()) {
                Some(path) => (format!("the same file, {}", path.display()), "give each a file of its own"),
                None => ("both stdout".to_owned(), "give one of them a file"),
            };
            return Err(CliError::usage(anyhow!("{other} and {option} are {are}")).with_help(help));
        }
    }
    Ok(())
}

/// The same of places of which one is read, each with the option that names it.
pub fn refuse_to_overwrite<'a>(
    read: impl IntoIterator<Item = (&'static str, &'a Path)>,
    written: &[(&str, Option<&Path>)],
) -> Result<(), CliError> {
    // Nothing that is read here is from stdin.
    for (option, path) in read.into_iter().filter(|(_, path)| *path != Path::new("-")) {
        for place in written {
            refuse_same_place(&[*place, (option, Some(path))])?;
        }
    }
    Ok(())
}

/// Where `path` is, whatever it is called, whether there is a file yet or not.
fn real_place(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// `--format` of results that are a table at heart, and `--output`.
#[derive(Debug, Clone, Args)]
pub struct TabularArgs {
    /// How to write the result [default: by the ending of --output (.json, .csv, .txt), else table]
    #[arg(long, short, value_enum)]
    pub format: Option<TabularFormat>,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl TabularArgs {
    /// Opens the place, and says how to write to it; call it before the work.
    pub fn open(&self) -> Result<(Output, TabularFormat), CliError> {
        let format = self.format()?;
        Ok((self.output.open()?, format))
    }

    fn format(&self) -> Result<TabularFormat, CliError> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        Ok(match self.output.ending(&["json", "csv", "txt"])?.as_deref() {
            Some("json") => TabularFormat::Json,
            Some("csv") => TabularFormat::Csv,
            _ => TabularFormat::Table,
        })
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
            // What CloudWatch kept then, it may not keep now.
            Ok(_) if is_of_a_snapshot(&target) => {
                let why = "it is part of a snapshot, which would be lost";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
            // No result is TOML, so it is somebody's settings, or a lock file.
            Ok(_) if target.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) => {
                let why = "it holds settings (TOML), which would be lost";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
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
    fn a_snapshot_is_not_overwritten_and_a_file_beside_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("utilization")).unwrap();
        let parts = ["manifest.json", "inventory.json", "utilization/part-00000.parquet"];
        for name in parts.iter().chain(&["report.json"]) {
            fs::write(at(name), "old").unwrap();
        }
        for name in parts {
            let error = to_file(&at(name)).unwrap_err();
            assert!(format!("{error:?}").contains("part of a snapshot"), "{error:?}");
            assert_eq!(fs::read_to_string(at(name)).unwrap(), "old");
        }
        to_file(&at("report.json")).unwrap().write(b"new").unwrap();
        // One that was begun has a state instead.
        fs::remove_file(at("manifest.json")).unwrap();
        fs::write(at("collect-state.json"), "old").unwrap();
        for name in ["collect-state.json", "inventory.json", "utilization/part-00000.parquet"] {
            assert!(to_file(&at(name)).is_err(), "{name}");
        }
        // Of another program's manifest there is no inventory.
        fs::remove_file(at("inventory.json")).unwrap();
        to_file(&at("manifest.json")).unwrap().write(b"new").unwrap();
    }

    #[test]
    fn settings_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["fargauge.toml", "prod.TOML"] {
            let path = folder.path().join(name);
            fs::write(&path, "old").unwrap();
            let error = to_file(&path).unwrap_err();
            assert!(format!("{error:?}").contains("settings (TOML)"), "{error:?}");
            assert_eq!(fs::read_to_string(path).unwrap(), "old");
        }
    }

    #[test]
    fn two_results_never_go_to_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "").unwrap();
        let other_name = folder.path().join(".").join("new");
        let refused = |a: Option<&Path>, b: Option<&Path>| {
            let places = [("--output", a), ("--details", Some(Path::new("/dev/null"))), ("--chart", b)];
            refuse_same_place(&places).err().map(|error| {
                assert_eq!(error.exit_code(), super::super::ExitCode::Usage);
                format!("{error:?}")
            })
        };
        let stdout = Some(Path::new("-"));
        for (a, b, what) in [
            (Some(new.as_path()), Some(other_name.as_path()), "--output and --chart are the same file, "),
            (Some(&old), Some(&old), "--output and --chart are the same file, "),
            (None, stdout, "--output and --chart are both stdout"),
            (stdout, stdout, "--output and --chart are both stdout"),
        ] {
            let error = refused(a, b).unwrap_or_default();
            assert!(error.contains(what), "{error}");
        }
        let device = Some(Path::new("/dev/null"));
        for (a, b) in [(Some(new.as_path()), Some(old.as_path())), (Some(&new), stdout), (device, device)] {
            assert_eq!(refused(a, b), None);
        }
    }

    #[test]
    fn the_ending_of_the_file_decides_unless_a_format_is_named() {
        let format = |format, file: &str| {
            TabularArgs { format, output: OutputArgs { output: Some(file.into()) } }.format()
        };
        for (file, by_ending) in [
            ("a.JSON", TabularFormat::Json),
            ("a.csv", TabularFormat::Csv),
            ("a.txt", TabularFormat::Table),
            ("folder.d/a", TabularFormat::Table),
            ("-", TabularFormat::Table),
        ] {
            assert_eq!(format(None, file).unwrap(), by_ending, "{file}");
        }
        for file in ["a.json", "a.xlsx"] {
            assert_eq!(format(Some(TabularFormat::Csv), file).unwrap(), TabularFormat::Csv, "{file}");
        }
        for file in ["a.xlsx", "a.tsv", "a.csv.gz"] {
            assert_eq!(format(None, file).unwrap_err().exit_code(), super::super::ExitCode::Usage, "{file}");
        }
    }
}
