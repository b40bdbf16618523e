//! `fargauge collect`: from AWS to a snapshot.
//!
//! Takes where to look and how far back; gives a snapshot, in a folder or in S3. What an API refuses is told and
//! recorded, the rest is collected. stdout stays empty but for the plan of a dry run.

mod bars;
mod work_folder;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{Args, builder::NonEmptyStringValueParser};
use jiff::Timestamp;

use self::{bars::Bars, work_folder::WorkFolder};
use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete,
    snapshot_place::{SnapshotPlace, store_failure},
};
use crate::{
    collect::{
        self, Bounds, CancelSignal, CollectError, CollectRequest, Outcome, Period, Prepared, Regions,
        cancellation, parse_lookback,
    },
    snapshot::Gap,
    snapshot_store::{Bucket, check_free, upload},
};

/// Pull task definitions and utilization from AWS into a snapshot
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Where the snapshot goes: a folder that is new, empty, or left by an interrupted collect; or
    /// s3://BUCKET/PREFIX, where a last segment `{time}` stands for the end of the snapshot's time
    #[arg(long, value_name = "DIR|s3://...", required_unless_present = "dry_run")]
    out: Option<SnapshotPlace>,
    /// With --out s3://...: collect into this folder first, and leave the snapshot there, too [default: a
    /// temporary one]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// AWS region (several: repeated, or with commas), or `all` enabled ones [default: `AWS_REGION`, else
    /// the profile's]
    #[arg(long = "region", value_name = "REGION", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    regions: Vec<String>,
    /// Profile of the AWS configuration
    #[arg(long = "profile", value_name = "PROFILE", value_parser = NonEmptyStringValueParser::new())]
    profiles: Vec<String>,
    /// Role to assume; each is collected as well
    #[arg(long = "assume-role", value_name = "ARN", value_parser = NonEmptyStringValueParser::new())]
    assume_roles: Vec<String>,
    /// Only clusters whose name matches, such as prod-*
    #[arg(long = "cluster", value_name = "GLOB", value_parser = NonEmptyStringValueParser::new())]
    clusters: Vec<String>,
    /// How far back to look, such as 14d or 36h [default: `evidence.lookback_days` of the config]
    #[arg(long, value_name = "TIME")]
    lookback: Option<String>,
    /// Seconds between points: 60 (kept 15 days), 300 (63 days) or 3600 (455 days)
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_period)]
    period: Period,
    /// Say what the pull would ask CloudWatch for and cost, and stop
    #[arg(long)]
    dry_run: bool,
    /// What to do if something could not be collected
    #[arg(long, value_enum, default_value_t = OnIncomplete::Warn)]
    on_incomplete: OnIncomplete,
}

fn parse_period(text: &str) -> Result<Period, String> {
    let seconds: u32 = text.parse().map_err(|_| "expected 60, 300 or 3600".to_owned())?;
    Period::try_from(seconds).map_err(|error| error.to_string())
}

pub fn run(global: &GlobalArgs, args: &CollectArgs) -> Result<ExitCode, CliError> {
    let request = args.request(global)?;
    if global.verbose > 0 {
        log_to_stderr(global.verbose);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
        .map_err(CliError::not_evaluated)?;
    runtime.block_on(async {
        let (canceller, cancel) = cancellation();
        tokio::spawn(async move {
            if interrupted().await.is_ok() {
                canceller.cancel();
            }
        });
        Box::pin(collect(global, args, &request, &cancel)).await
    })
}

async fn collect(
    global: &GlobalArgs,
    args: &CollectArgs,
    request: &CollectRequest,
    cancel: &CancelSignal,
) -> Result<ExitCode, CliError> {
    let bars = Bars::new(global.quiet);
    let work = args.work_folder()?;
    let folder = work.path().to_owned();
    if !args.dry_run {
        collect::check_writable(&folder).map_err(failure)?;
    }
    let now = global.as_of.unwrap_or_else(Timestamp::now);
    let prepared = collect::prepare(request, &folder, now, &bars, cancel).await.map_err(failure)?;
    let plan = plan_of(&prepared);
    if args.dry_run {
        super::Output::Stdout.write(format!("{plan}\n").as_bytes())?;
        return args.verdict(global, &bars, prepared.gaps());
    }
    bars.say(&plan);
    let Some(SnapshotPlace::S3(prefix)) = &args.out else {
        let outcome = prepared.pull(&bars, cancel).await.map_err(failure)?;
        bars.finish();
        bars.say(&summary(&outcome, &folder.display().to_string()));
        return args.verdict(global, &bars, &outcome.manifest.gaps);
    };
    let at = prefix.at(prepared.window().end);
    // Before the pull, which takes minutes.
    let bucket = Bucket::open(at.bucket(), args.profiles.first()).await.map_err(store_failure)?;
    check_free(&bucket, &at).await.map_err(store_failure)?;
    let outcome = match prepared.pull(&bars, cancel).await {
        Ok(outcome) => outcome,
        Err(error) => return Err(not_pulled(error, work)),
    };
    bars.finish();
    bars.say(&format!("writing {at}"));
    let uploaded = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(CliError::not_evaluated(anyhow!("interrupted before {at} was whole"))),
        uploaded = upload(&bucket, &folder, &at, prefix.is_dated()) => uploaded.map_err(store_failure),
    };
    if let Err(error) = uploaded {
        let left = work.keep();
        return Err(error.with_help(format!(
            "the snapshot is whole in {}: copy it to S3 from there, manifest.json last",
            left.display()
        )));
    }
    bars.say(&summary(&outcome, &at.to_string()));
    args.verdict(global, &bars, &outcome.manifest.gaps)
}

/// Ctrl-C, or the signal that `kill` and CI runners send.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// What the AWS SDK and its HTTP client say, for `-v` and `-vv`.
fn log_to_stderr(verbose: u8) {
    let level = if verbose == 1 { "warn,fargauge=debug" } else { "debug" };
    let filter = tracing_subscriber::EnvFilter::new(level);
    // Somebody who embeds the library may have set a logger already.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

fn plan_of(prepared: &Prepared) -> String {
    let (cost, window, inventory) = (prepared.cost(), prepared.window(), prepared.inventory());
    format!(
        "{}, {}, {} to {} at {} s: at most {} metric queries in {} CloudWatch calls, {} USD",
        counted(inventory.clusters.len(), "cluster"),
        counted(inventory.workloads.len(), "workload"),
        window.start,
        window.end,
        window.period_seconds,
        cost.queries,
        cost.calls,
        cost.usd.rounded().0.normalize(),
    )
}

/// `1 cluster`, `2 clusters`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn summary(outcome: &Outcome, place: &str) -> String {
    let rows: u64 = outcome.manifest.files.values().filter_map(|file| file.rows).sum();
    let workloads = counted(outcome.workloads, "workload");
    format!("{workloads} and {rows} rows of utilization are in {place}")
}

fn failure(error: CollectError) -> CliError {
    match &error {
        CollectError::Settings(_) => CliError::usage(error)
            .with_help("add --region, such as --region eu-west-1 or --region all, or set AWS_REGION"),
        CollectError::Plan(_) | CollectError::OtherRequest { .. } => CliError::usage(error),
        _ => CliError::not_evaluated(error),
    }
}

/// Why the pull for S3 failed. What it left is kept where it can be continued.
fn not_pulled(error: CollectError, work: WorkFolder) -> CliError {
    let is_resumable = matches!(
        error,
        CollectError::Cancelled { resumable: true } | CollectError::CredentialsExpired { .. }
    );
    if is_resumable {
        let left = work.keep();
        return failure(error).with_help(format!("add --work-dir {}", left.display()));
    }
    failure(error)
}

impl CollectArgs {
    /// Where the snapshot is collected: for a dry run, a folder that stays empty.
    fn work_folder(&self) -> Result<WorkFolder, CliError> {
        let folder = match (&self.out, &self.work_dir) {
            (Some(SnapshotPlace::Folder(folder)), None) => folder,
            (Some(SnapshotPlace::Folder(_)), Some(_)) => {
                return Err(CliError::usage(anyhow!(
                    "--work-dir is for --out s3://..., and --out is a folder"
                )));
            }
            (_, Some(folder)) => folder,
            (_, None) => {
                let folder = tempfile::Builder::new().prefix("fargauge-").tempdir();
                let folder = folder.context("cannot make a temporary folder; name one with --work-dir");
                return folder.map(WorkFolder::Temporary).map_err(CliError::not_evaluated);
            }
        };
        Ok(WorkFolder::Named(folder.clone()))
    }

    fn request(&self, global: &GlobalArgs) -> Result<CollectRequest, CliError> {
        let lookback_seconds = match &self.lookback {
            Some(text) => parse_lookback(text)
                .map_err(|error| CliError::usage(error).with_help("write --lookback 14d"))?,
            None => u64::from(global.config()?.evidence.lookback_days) * 86_400,
        };
        Ok(CollectRequest {
            regions: Regions::from_names(&self.regions),
            profiles: self.profiles.clone(),
            assume_roles: self.assume_roles.iter().cloned().collect(),
            clusters: self.clusters.iter().cloned().collect(),
            lookback_seconds,
            period: self.period,
            bounds: Bounds::default(),
        })
    }

    /// Tells the gaps, and what they mean for the exit code.
    fn verdict(&self, global: &GlobalArgs, bars: &Bars, gaps: &[Gap]) -> Result<ExitCode, CliError> {
        if gaps.is_empty() || self.on_incomplete == OnIncomplete::Pass {
            return Ok(ExitCode::Fine);
        }
        const SHOWN: usize = 10;
        if !global.quiet {
            for gap in gaps.iter().take(SHOWN) {
                bars.say(&format!("not collected: {}: {}: {}", gap.scope, gap.api, gap.cause));
            }
            if gaps.len() > SHOWN {
                bars.say(&format!("not collected: {} more; the report lists them all", gaps.len() - SHOWN));
            }
        }
        if self.on_incomplete == OnIncomplete::Fail {
            let gaps = counted(gaps.len(), "gap");
            return Err(CliError::not_evaluated(anyhow!("the collect has {gaps}")));
        }
        Ok(ExitCode::Fine)
    }
}
