//! [`BookFolder`]: a price book of several files in a folder of its own.
//!
//! The files have the schemas of `pricing/`; `manifest.json` says which there are, with the checksum of each, and
//! where they were fetched. A file that is not what the manifest says is refused. A book is written
//! beside its place and then swapped in: a reader, or a machine that goes away, finds the old one or the
//! new one.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::OfferOutcome;
use crate::{
    pricing::{
        InstancePrices, PriceBook, SavingsPlanRates,
        tables::{self, PriceTables},
    },
    sha256,
    workload::Region,
};

const MANIFEST: &str = "manifest.json";
const FORMAT_VERSION: u32 = 1;

/// A book whose manifest has been read.
#[derive(Debug, Clone)]
pub struct BookFolder {
    path: PathBuf,
    manifest: Manifest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format_version: u32,
    /// When it was written, RFC 3339.
    written: String,
    fargauge_version: String,
    /// SHA-256 by file name, hexadecimal.
    files: BTreeMap<String, String>,
    /// What the last refresh read; rows of other regions are older, and say so themselves.
    fetched: Vec<Fetched>,
}

/// An offer that the book is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    pub offer: String,
    pub region: String,
    pub version: String,
    pub publication_date: String,
    pub from: String,
}

impl From<&OfferOutcome> for Fetched {
    fn from(outcome: &OfferOutcome) -> Self {
        let publication = outcome.publication.clone();
        Self {
            offer: publication.offer,
            region: outcome.region.clone(),
            version: publication.version,
            publication_date: publication.date,
            from: outcome.from.clone(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BookFolderError {
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: {cause}", .path.display())]
    Manifest { path: PathBuf, cause: String },
    #[error("{}: its checksum is not the one in {MANIFEST}: the file was changed or damaged", .path.display())]
    Checksum { path: PathBuf },
    #[error("{}: is no price book: there is no {MANIFEST} in it", .path.display())]
    NoManifest { path: PathBuf },
    #[error("{}: is not listed in {MANIFEST}", .path.display())]
    NotListed { path: PathBuf },
    #[error("{}: is a folder with other things in it", .path.display())]
    NoBook { path: PathBuf },
    #[error("{}: {cause}", .path.display())]
    Content { path: PathBuf, cause: String },
}

impl BookFolder {
    /// Whether there is a book at this place.
    pub fn exists(path: &Path) -> bool {
        path.join(MANIFEST).is_file()
    }

    pub fn open(path: &Path) -> Result<Self, BookFolderError> {
        let place = path.join(MANIFEST);
        let text = fs::read_to_string(&place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BookFolderError::NoManifest { path: path.to_owned() },
            _ => BookFolderError::Io { path: place.clone(), error },
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| BookFolderError::Manifest { path: place.clone(), cause: error.to_string() })?;
        if manifest.format_version != FORMAT_VERSION {
            let cause = format!(
                "format_version is {}, this fargauge reads {FORMAT_VERSION}",
                manifest.format_version
            );
            return Err(BookFolderError::Manifest { path: place, cause });
        }
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// The book's name and the checksum that stands for all its files.
    pub fn identity(&self) -> (String, String) {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        let mut text = String::new();
        for (file, sum) in &self.manifest.files {
            text = text + file + " " + sum + "\n";
        }
        (name, sha256::hex(text.as_bytes()))
    }

    /// Rates of Fargate and its Savings Plans, to price with.
    pub fn price_book(&self) -> Result<PriceBook, BookFolderError> {
        let (name, sha256) = self.identity();
        let rates = self.read(tables::FARGATE)?;
        let rates = PriceBook::parse(tables::FARGATE, &rates).map_err(|error| self.content(&error))?;
        let plans = if self.manifest.files.contains_key(tables::FARGATE_PLANS) {
            let text = self.read(tables::FARGATE_PLANS)?;
            let plans = SavingsPlanRates::parse(tables::FARGATE_PLANS, &text);
            Some(plans.map_err(|error| self.content(&error))?)
        } else {
            None
        };
        Ok(rates.of_files(&name, sha256, plans))
    }

    /// Prices of EC2 instances, and fees of Managed Instances.
    pub fn instance_prices(&self) -> Result<InstancePrices, BookFolderError> {
        let regions = self.by_region(tables::EC2_FOLDER)?;
        let fees = self.by_region(tables::MANAGED_INSTANCES_FOLDER)?;
        let sources = self.read_or(tables::EC2_SOURCES, "id,effective_date,confidence,source\n")?;
        let discounts = self.read_or(
            tables::EC2_DISCOUNTS,
            "region,instance_type,purchase,term,payment,percent_off,usd_per_hour,on_demand_usd_per_hour,source\n",
        )?;
        let regions = regions.iter().map(|(region, text)| (region.clone(), text.as_str()));
        let mut prices =
            InstancePrices::parse(&sources, &discounts, regions).map_err(|error| self.content(&error))?;
        for (region, text) in &fees {
            let name = format!("{}{region}.csv", tables::MANAGED_INSTANCES_FOLDER);
            prices.add_management_fees(region, &name, text).map_err(|error| self.content(&error))?;
        }
        Ok(prices)
    }

    /// All of it, as rows.
    pub fn tables(&self) -> Result<PriceTables, BookFolderError> {
        let files = self
            .manifest
            .files
            .keys()
            .map(|name| Ok((name.clone(), self.read(name)?)))
            .collect::<Result<Vec<_>, BookFolderError>>()?;
        PriceTables::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
            .map_err(|error| self.content(&error))
    }

    /// Writes tables as the book at `path`, in the place of one that is there. `written` is the time.
    pub fn write(
        path: &Path,
        tables: &PriceTables,
        fetched: Vec<Fetched>,
        written: &str,
    ) -> Result<Self, BookFolderError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error| BookFolderError::Io { path, error }
        };
        Self::check_place(path)?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(io(parent))?;
        let beside =
            tempfile::Builder::new().prefix(".price-book-").tempdir_in(parent).map_err(io(parent))?;
        let mut sums = BTreeMap::new();
        for (name, text) in tables.files() {
            write_durably(&beside.path().join(&name), text.as_bytes())?;
            sums.insert(name, sha256::hex(text.as_bytes()));
        }
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            written: written.to_owned(),
            fargauge_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: sums,
            fetched,
        };
        let mut text = serde_json::to_string_pretty(&manifest).expect("strings serialize");
        text.push('\n');
        write_durably(&beside.path().join(MANIFEST), text.as_bytes())?;
        // What is written must be a book before it takes the place of one.
        let fresh = Self { path: beside.path().to_owned(), manifest: manifest.clone() };
        fresh.price_book()?;
        fresh.instance_prices()?;
        swap_in(&beside, path, parent).map_err(io(path))?;
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// A book may be written over a book, in an empty folder, or where nothing is.
    pub fn check_place(path: &Path) -> Result<(), BookFolderError> {
        match fs::read_dir(path) {
            Ok(mut entries) => match entries.next() {
                Some(_) if !Self::exists(path) => Err(BookFolderError::NoBook { path: path.to_owned() }),
                _ => Ok(()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(BookFolderError::Io { path: path.to_owned(), error }),
        }
    }

    /// The files of a folder, one a region.
    fn by_region(&self, folder: &str) -> Result<Vec<(Region, String)>, BookFolderError> {
        let mut regions = Vec::new();
        for name in self.manifest.files.keys() {
            if let Some(region) = name.strip_prefix(folder).and_then(|name| name.strip_suffix(".csv")) {
                regions.push((Region(region.to_owned()), self.read(name)?));
            }
        }
        Ok(regions)
    }

    fn read_or(&self, name: &str, missing: &str) -> Result<String, BookFolderError> {
        if self.manifest.files.contains_key(name) { self.read(name) } else { Ok(missing.to_owned()) }
    }

    /// A file of the book, if it is the one that the manifest lists.
    fn read(&self, name: &str) -> Result<String, BookFolderError> {
        let path = self.path.join(name);
        // A manifest is a file like others: it must not lead out of its folder.
        let Some(sum) =
            self.manifest.files.get(name).filter(|_| !name.contains("..") && !name.starts_with('/'))
        else {
            return Err(BookFolderError::NotListed { path });
        };
        let bytes = fs::read(&path).map_err(|error| BookFolderError::Io { path: path.clone(), error })?;
        if sha256::hex(&bytes) != *sum {
            return Err(BookFolderError::Checksum { path });
        }
        String::from_utf8(bytes)
            .map_err(|_| BookFolderError::Content { path, cause: "is not UTF-8".to_owned() })
    }

    fn content(&self, error: &dyn std::error::Error) -> BookFolderError {
        BookFolderError::Content { path: self.path.clone(), cause: error.to_string() }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), BookFolderError> {
    let write = || -> io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| BookFolderError::Io { path: path.to_owned(), error })
}

/// Puts a folder at a place, in one step where the system can swap two folders.
fn swap_in(fresh: &tempfile::TempDir, place: &Path, parent: &Path) -> io::Result<()> {
    // A temporary folder is its owner's alone; a book is as readable as the umask lets a new folder be.
    #[cfg(unix)]
    {
        let probe = fresh.path().join(".probe");
        fs::create_dir(&probe)?;
        let permissions = fs::metadata(&probe)?.permissions();
        fs::remove_dir(&probe)?;
        fs::set_permissions(fresh.path(), permissions)?;
    }
    if !place.exists() {
        return fs::rename(fresh.path(), place);
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, fresh.path(), CWD, place, RenameFlags::EXCHANGE).is_ok() {
            // The temporary folder holds the old book now, and goes with it.
            return Ok(());
        }
    }
    let old = tempfile::Builder::new().prefix(".price-book-old-").tempdir_in(parent)?;
    let aside = old.path().join("book");
    fs::rename(place, &aside)?;
    fs::rename(fresh.path(), place).or_else(|error| fs::rename(&aside, place).and(Err(error)))
}
