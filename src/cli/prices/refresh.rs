//! `fargauge prices refresh`: a new price book from the AWS price list.
//!
//! Takes regions; gives what changed. The book is written only when every offer of every region was read,
//! what it says is plausible, and no price held gives way to one of an earlier date; else the old one stays,
//! and the exit code is 3.

mod render;

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use jiff::Timestamp;

use crate::{
    cli::{CliError, ExitCode, GlobalArgs, RegionArgs, TabularArgs, price_book_choice::user_book},
    price_list::{
        self, AWS_ENDPOINT, BookFolder, Endpoint, Fetched, Part, PriceListError, RefreshRegions,
        RefreshRequest, Refreshed,
    },
    pricing::{
        offers::is_region,
        tables::{PriceTables, changes, older, verify},
    },
};

/// Fetch new rates from the AWS price list, and keep them as the price book
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// AWS region, or `all`; may be repeated [default: `region` of the config, else `AWS_REGION`]
    #[arg(long = "region", value_name = "REGION", value_parser = NonEmptyStringValueParser::new())]
    regions: Vec<String>,
    /// Only this part of the price list; may be repeated
    #[arg(long, value_enum)]
    only: Vec<OnlyPart>,
    /// Ask the GetProducts API instead of reading the bulk files: needs credentials that allow
    /// pricing:GetProducts (and, for all regions, pricing:GetAttributeValues)
    #[arg(long, conflicts_with = "endpoint")]
    from_api: bool,
    /// Read the bulk files from a mirror: an address or a folder with the same paths
    #[arg(
        long,
        value_name = "URL",
        env = "FARGAUGE_PRICE_LIST_ENDPOINT",
        hide_env_values = true,
        default_value = AWS_ENDPOINT
    )]
    endpoint: Endpoint,
    /// Folder for the price book [default: fargauge/price-book in the XDG data folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep the new book even if something about it is implausible or could not be read
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    tabular: TabularArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnlyPart {
    /// Fargate and the fees of Managed Instances
    Fargate,
    /// On-demand prices of EC2 instances
    Ec2,
    /// Savings Plans for both
    SavingsPlans,
}

pub fn run(global: &GlobalArgs, args: &RefreshArgs) -> Result<ExitCode, CliError> {
    let (output, format) = args.tabular.open()?;
    let request = args.request(global)?;
    let out = args.out.clone().or_else(user_book).ok_or_else(|| {
        CliError::usage(anyhow!("no folder for the price book: neither XDG_DATA_HOME nor HOME is set"))
            .with_help("add --out DIR")
    })?;
    BookFolder::check_place(&out)
        .with_context(|| format!("cannot keep a price book in {}", out.display()))
        .map_err(|error| CliError::usage(error).with_help("choose another folder for --out"))?;
    let (old, old_name) = global.tables_to_renew(&out)?;
    let progress = |place: &str| global.detail(&format!("reading {place}"));
    let mut refreshed = args.fetch(&request, old.clone(), &progress).map_err(|error| failure(error, &out))?;
    let behind = older_offers(&refreshed, &old);
    refreshed.notes.extend(behind);
    for note in &refreshed.notes {
        global.warn(note);
    }

    let changes = changes(&old, &refreshed.tables);
    let mut problems = verify(&refreshed.tables, &old);
    problems.extend(older(&refreshed.tables, &old));
    problems.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    let unread: u64 = refreshed.offers.iter().map(|offer| offer.tally.unread_rows).sum();
    let plausible = problems.is_empty() && unread == 0;
    let keep = plausible || args.accept;
    if keep {
        let written = global.as_of.unwrap_or_else(Timestamp::now).to_string();
        let fetched = refreshed.offers.iter().map(Fetched::from).collect();
        BookFolder::write(&out, &refreshed.tables, fetched, &written)
            .with_context(|| {
                format!("cannot keep the price book in {}; the old one is in place", out.display())
            })
            .map_err(CliError::not_evaluated)?;
    }
    let outcome = render::Outcome {
        refreshed: &refreshed,
        changes: &changes,
        problems: &problems,
        old_name: &old_name,
        out: &out,
        kept: keep,
    };
    output.write(outcome.text(format).as_bytes())?;
    if keep {
        return Ok(ExitCode::Fine);
    }
    let found = format!("{} implausible, {unread} not readable", problems.len());
    Err(CliError::not_evaluated(anyhow!("the new prices were not kept ({found}); the old ones are in place"))
        .with_help("look at what was found; --accept keeps the new prices all the same"))
}

/// Offers that were published before what is held: a mirror may have fallen behind.
fn older_offers(refreshed: &Refreshed, old: &PriceTables) -> Vec<String> {
    refreshed
        .offers
        .iter()
        .filter_map(|offer| {
            let held = old.newest_date(&offer.publication.offer, &offer.region)?;
            (offer.publication.date.as_str() < held).then(|| {
                format!(
                    "{} {} was published on {}, before what is held (of {held}), which stays where the price is the same",
                    offer.publication.offer, offer.region, offer.publication.date
                )
            })
        })
        .collect()
}

fn failure(error: PriceListError, out: &std::path::Path) -> CliError {
    let place = if BookFolder::exists(out) {
        format!("the price book in {} is as it was", out.display())
    } else {
        "no price book was written".to_owned()
    };
    let help = error.help();
    let failure =
        CliError::not_evaluated(anyhow::Error::new(error).context(format!("cannot refresh prices; {place}")));
    match help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

impl RefreshArgs {
    fn request(&self, global: &GlobalArgs) -> Result<RefreshRequest, CliError> {
        let regions = if self.regions.iter().any(|region| region == "all") {
            RefreshRegions::All
        } else if self.regions.is_empty() {
            let region = global.region(&RegionArgs { region: None })?;
            RefreshRegions::Named([region.as_str().to_owned()].into())
        } else {
            RefreshRegions::Named(self.regions.iter().cloned().collect())
        };
        if let RefreshRegions::Named(names) = &regions
            && let Some(other) = names.iter().find(|name| !is_region(name))
        {
            return Err(CliError::usage(anyhow!("{other:?} is no region"))
                .with_help("write --region eu-west-1, or --region all"));
        }
        let mut parts: BTreeSet<Part> = self
            .only
            .iter()
            .map(|part| match part {
                OnlyPart::Fargate => Part::Fargate,
                OnlyPart::Ec2 => Part::Ec2,
                OnlyPart::SavingsPlans => Part::SavingsPlans,
            })
            .collect();
        if self.from_api && parts.iter().eq([&Part::SavingsPlans]) {
            return Err(CliError::usage(anyhow!("GetProducts has no Savings Plans"))
                .with_help("leave --from-api out: the bulk files have them"));
        }
        if parts.is_empty() {
            parts = [Part::Fargate, Part::Ec2, Part::SavingsPlans].into();
        }
        Ok(RefreshRequest { regions, parts })
    }

    fn fetch(
        &self,
        request: &RefreshRequest,
        tables: PriceTables,
        progress: &dyn Fn(&str),
    ) -> Result<Refreshed, PriceListError> {
        if !self.from_api {
            return price_list::from_files(request, &self.endpoint, tables, progress);
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                PriceListError::Fetch { from: "GetProducts".to_owned(), cause: error.to_string() }
            })?;
        runtime.block_on(price_list::from_api(request, tables, progress))
    }
}
