//! Which price book a command uses: the one named, else the one that `prices refresh` keeps for the user,
//! else the built-in one.

use std::{
    borrow::Cow,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use super::{CliError, GlobalArgs};
use crate::{
    price_list::BookFolder,
    pricing::{
        PriceBook,
        tables::{FARGATE, PriceTables},
    },
};

/// The name that `--price-book` has for the rates in the binary.
const EMBEDDED: &str = "embedded";

/// Where rates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    Embedded,
    /// Rates of Fargate alone; the rest is built in.
    Csv(PathBuf),
    Folder(PathBuf),
}

/// Where `prices refresh` keeps the user's book: in the data folder of the XDG specification.
pub fn user_book() -> Option<PathBuf> {
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        // A relative one is to be ignored, the specification says.
        .filter(|path| path.is_absolute())
        .or_else(|| {
            env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/share"))
        })?;
    Some(data.join("fargauge/price-book"))
}

impl GlobalArgs {
    fn choice(&self) -> Choice {
        match &self.price_book {
            Some(path) if path == Path::new(EMBEDDED) => Choice::Embedded,
            Some(path) if path.is_dir() => Choice::Folder(path.clone()),
            Some(path) => Choice::Csv(path.clone()),
            None => {
                user_book().filter(|path| BookFolder::exists(path)).map_or(Choice::Embedded, Choice::Folder)
            }
        }
    }

    /// The rates to price with.
    pub fn price_book(&self) -> Result<Cow<'static, PriceBook>, CliError> {
        let load = |path: &Path| -> anyhow::Result<PriceBook> {
            Ok(if path.is_dir() {
                BookFolder::open(path)?.price_book()?
            } else {
                PriceBook::parse(&file_name(path), &fs::read_to_string(path)?)?
            })
        };
        match self.choice() {
            Choice::Embedded => Ok(Cow::Borrowed(PriceBook::embedded())),
            Choice::Csv(path) | Choice::Folder(path) => {
                load(&path).map(Cow::Owned).map_err(|error| unusable(&path, error))
            }
        }
    }

    /// The same with prices of EC2 instances, which are many and which few commands need.
    pub fn whole_price_book(&self) -> Result<Cow<'static, PriceBook>, CliError> {
        let book = self.price_book()?;
        let Choice::Folder(path) = self.choice() else { return Ok(book) };
        let instances = BookFolder::open(&path).and_then(|book| book.instance_prices());
        let instances = instances.map_err(|error| unusable(&path, error.into()))?;
        Ok(Cow::Owned(book.into_owned().with_instance_prices(instances)))
    }

    /// The same book as rows, and its name.
    pub fn price_tables(&self) -> Result<(PriceTables, String), CliError> {
        match self.choice() {
            Choice::Embedded => Ok((PriceTables::embedded(), PriceBook::embedded().id().to_owned())),
            Choice::Csv(path) => tables_of_csv(&path)
                .map(|tables| (tables, path.display().to_string()))
                .map_err(|error| unusable(&path, error)),
            Choice::Folder(path) => tables_of_folder(&path),
        }
    }

    /// What a refresh starts from: the book that is named, else the one it will replace, else the built-in one.
    pub fn tables_to_renew(&self, out: &Path) -> Result<(PriceTables, String), CliError> {
        match &self.price_book {
            Some(_) => self.price_tables(),
            None if BookFolder::exists(out) => tables_of_folder(out),
            None => Ok((PriceTables::embedded(), PriceBook::embedded().id().to_owned())),
        }
    }
}

fn tables_of_folder(path: &Path) -> Result<(PriceTables, String), CliError> {
    let load = || {
        let book = BookFolder::open(path)?;
        let (name, sha256) = book.identity();
        Ok((book.tables()?, format!("{name}-{}", &sha256[..12])))
    };
    load().map_err(|error: anyhow::Error| unusable(path, error))
}

/// A book that cannot be used, and what helps.
fn unusable(path: &Path, error: anyhow::Error) -> CliError {
    let missing = matches!(path.try_exists(), Ok(false));
    let error = if missing { anyhow!("there is no file or folder at {}", path.display()) } else { error };
    let error = error.context(format!("cannot use price book {}", path.display()));
    CliError::usage(error).with_help(if missing || (path.is_dir() && !BookFolder::exists(path)) {
        "name a folder that `fargauge prices refresh` wrote, or a CSV file; `--price-book embedded` takes the \
         built-in rates"
            .to_owned()
    } else if path.is_dir() {
        format!(
            "`fargauge prices refresh --out {} --price-book embedded` makes it anew; `--price-book embedded` \
             alone does without it",
            path.display()
        )
    } else {
        "`fargauge prices show --region us-east-1 --format csv` shows the columns".to_owned()
    })
}

fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

fn tables_of_csv(path: &Path) -> anyhow::Result<PriceTables> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let rates =
        PriceTables::parse([(FARGATE, text.as_str())]).map_err(|error| error.in_file(&file_name(path)))?;
    Ok(PriceTables::embedded().with_fargate_of(rates))
}
