//! The flags that every command has, and what follows from them: the price book, the region, what is
//! said on stderr.

use std::{env, fs, io::Write as _, path::PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{ArgAction, Args, ValueEnum};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{failure::CliError, work_tree};
use crate::{config::Config, policy::CheckSettings, report::display_safe, workload::Region};

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Read settings from FILE (TOML)
    #[arg(long, global = true, value_name = "FILE", env = "FARGAUGE_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Use these rates: a folder that `prices refresh` wrote, a CSV file as `prices show` writes it, or
    /// `embedded` for the built-in ones [default: the book of the last `prices refresh`, else embedded]
    #[arg(long, global = true, value_name = "PATH", env = "FARGAUGE_PRICE_BOOK", hide_env_values = true)]
    pub price_book: Option<PathBuf>,
    /// Take TIME for now: a date, or a time as in RFC 3339
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    pub as_of: Option<Timestamp>,
    /// At most this share of the workloads made smaller may later run short of memory, such as 2%
    /// [default: `sizing.risk_percent` of the config]
    #[arg(long, global = true, value_name = "PERCENT", value_parser = parse_risk)]
    pub risk: Option<u32>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>()
        .or_else(|_| text.parse::<Date>()?.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp()))
        .map_err(|_| "expected a date such as 2026-11-01 or a time such as 2026-11-01T12:00:00Z".to_owned())
}

/// Hundredths of a per cent, of `2%`, `2` or `0.5 %`.
fn parse_risk(text: &str) -> Result<u32, String> {
    text.trim()
        .trim_end_matches('%')
        .trim_end()
        .parse::<Decimal>()
        .ok()
        .filter(|percent| *percent >= Decimal::new(1, 1) && *percent <= Decimal::from(50))
        .and_then(|percent| (percent * Decimal::ONE_HUNDRED).round().to_u32())
        .ok_or_else(|| "expected per cent between 0.1 and 50, such as 2%".to_owned())
}

/// `--region`, for commands about one region.
#[derive(Debug, Clone, Args)]
pub struct RegionArgs {
    /// AWS region [default: `region` of the config, else `AWS_REGION`]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// `--on-incomplete`, for commands that may be able to evaluate only a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnIncomplete {
    /// Say so and exit 3
    Fail,
    /// Say so and exit 0
    Warn,
    /// Exit 0
    Pass,
}

/// The config that is read where none is named.
const CONFIG_FILE: &str = "fargauge.toml";

impl GlobalArgs {
    /// The region to price in: the flag's, the config's, `AWS_REGION`'s. There is no default.
    pub fn region(&self, args: &RegionArgs) -> Result<Region, CliError> {
        let named = |region: String| Some(region.trim().to_owned()).filter(|region| !region.is_empty());
        let (region, origin) = if let Some(region) = args.region.clone().and_then(named) {
            (region, "--region")
        } else if let Some(region) = self.config()?.region.and_then(named) {
            (region, "the config")
        } else if let Some(region) = env::var("AWS_REGION").ok().and_then(named) {
            (region, "AWS_REGION")
        } else {
            return Err(CliError::usage(anyhow!("no region is named, and prices differ between regions"))
                .with_help("add --region, such as --region us-east-1, or set AWS_REGION"));
        };
        self.detail(&format!("region {region} (from {origin})"));
        Ok(Region(region))
    }

    /// The settings: those of `--config`, else of `fargauge.toml` in this folder or the nearest above it
    /// in the repository, over the defaults.
    pub fn config(&self) -> Result<Config, CliError> {
        let config = self.config_file()?;
        Ok(match self.risk {
            Some(risk) => config.at_risk(risk),
            None => config,
        })
    }

    fn config_file(&self) -> Result<Config, CliError> {
        match self.config_text()? {
            Some((name, text)) => Config::from_toml(&name, &text).map_err(CliError::usage),
            None => Ok(Config::default()),
        }
    }

    /// Name and text of the config, if there is one.
    pub fn config_text(&self) -> Result<Option<(String, String)>, CliError> {
        Ok(self.config_found()?.map(|(name, text, _)| (name, text)))
    }

    /// What `check` and `patch` are told to judge by. Paths in it are from its own folder.
    pub fn check_settings(&self) -> Result<CheckSettings, CliError> {
        let settings = match self.config_found()? {
            Some((name, text, here)) => {
                CheckSettings::from_toml(&name, &text).map_err(CliError::usage)?.from_below(&here)
            }
            None => CheckSettings::default(),
        };
        Ok(settings.with_discount(self.config()?.discount))
    }

    /// Name and text of the config, and how to come from its folder to here where nobody named it.
    fn config_found(&self) -> Result<Option<(String, String, String)>, CliError> {
        let named = self.config.as_ref().map(|path| (path.clone(), String::new()));
        let Some((path, here)) = named.or_else(|| work_tree::nearest(CONFIG_FILE)) else { return Ok(None) };
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read config {}", path.display()))
            .map_err(CliError::usage)?;
        Ok(Some((path.display().to_string(), text, here)))
    }

    /// Says something that does not stop the work.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            say("warning", message);
        }
    }

    /// Says what was done, beside the result.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            say("note", message);
        }
    }

    /// Says something that `--verbose` asks for.
    pub fn detail(&self, message: &str) {
        if self.verbose > 0 {
            say("info", message);
        }
    }
}

fn say(label: &str, message: &str) {
    // That stderr is closed is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{label}: {}", display_safe(message));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_is_per_cent_with_or_without_the_sign() {
        for (text, risk) in [("2%", 200), ("2", 200), ("0.5 %", 50), ("50", 5_000)] {
            assert_eq!(parse_risk(text), Ok(risk), "{text}");
        }
        for text in ["", "%", "0", "51", "-1", "two", "NaN"] {
            assert!(parse_risk(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_a_date_at_midnight_or_an_instant() {
        assert_eq!(parse_time("2026-11-01").unwrap().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(parse_time("2026-11-01T12:00:00+02:00").unwrap().to_string(), "2026-11-01T10:00:00Z");
        for text in ["", "soon", "2026-13-01", "-999999999-01-01"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
