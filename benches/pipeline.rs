//! How long the pipeline takes: `cargo bench`. The fleet is generated, so that every run and every
//! later version is measured on the same input.
//!
//! | bar | benchmark |
//! |---|---|
//! | the demo's analysis within 100 ms | `demo_analysis` |
//! | 1,000 services x 14 days at 300 s, Parquet to CSV, within 0.5 s | `parquet_to_csv` |

use divan::Bencher;
use fargauge::{
    analysis::{Input, analyse},
    config::Config,
    demand::{Timeline, roll_up},
    demo::Fleet,
    pricing::PriceBook,
    report::csv::{self, CsvOptions},
    snapshot::{FORMAT_VERSION, Manifest, Series, Snapshot, SnapshotWriter},
};

fn main() {
    divan::main();
}

fn manifest(fleet: &Fleet) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "bench".into(),
        scopes: fleet.scopes(),
        window: fleet.manifest_window(),
        utilization_encoding: String::new(),
        files: std::collections::BTreeMap::new(),
        gaps: fleet.gaps(),
    }
}

/// The demo fleet in memory: rollups, rating, report.
#[divan::bench]
fn demo_analysis(bencher: Bencher<'_, '_>) {
    let fleet = Fleet::new(Fleet::DEFAULT_SERVICES);
    let (manifest, inventory) = (manifest(&fleet), fleet.inventory());
    let series: Vec<Series> = (0..fleet.parts()).flat_map(|part| fleet.part(part)).collect();
    let input = Input { manifest: &manifest, inventory: &inventory, utilization: &series, sha256: "bench" };
    bencher.bench(|| {
        analyse(input, PriceBook::embedded(), &Config::default(), manifest.window.end)
            .expect("the fleet is in memory")
    });
}

/// A fleet on disk, read, rated and written as CSV.
#[divan::bench(args = [100, 1_000], sample_count = 10)]
fn parquet_to_csv(bencher: Bencher<'_, '_>, services: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fleet = Fleet::new(services);
    let mut writer = SnapshotWriter::create(folder.path()).expect("an empty folder");
    let request = serde_json::Value::from("bench");
    writer
        .begin(&request, fleet.manifest_window(), &fleet.scopes(), &fleet.inventory(), &fleet.gaps())
        .expect("a writable folder");
    for part in 0..fleet.parts() {
        writer.write_part(&format!("part-{part:05}"), &fleet.part(part), &[]).expect("a writable folder");
    }
    writer.finish().expect("a writable folder");
    bencher.bench(|| {
        let snapshot = Snapshot::open(folder.path()).expect("just written");
        let input = Input {
            manifest: &snapshot.manifest,
            inventory: &snapshot.inventory,
            utilization: &snapshot,
            sha256: &snapshot.manifest_sha256,
        };
        let report = analyse(input, PriceBook::embedded(), &Config::default(), snapshot.manifest.window.end)
            .expect("just written");
        csv::render(&report, &CsvOptions::default())
    });
}

/// One service's 14 days at 300 s.
#[divan::bench]
fn roll_up_one_service(bencher: Bencher<'_, '_>) {
    let fleet = Fleet::new(1);
    let inventory = fleet.inventory();
    let workload = &inventory.workloads[0];
    let timeline = Timeline::of(&workload.revisions, workload.history, &inventory.task_definitions)
        .expect("the demo's first service has a size");
    let series = fleet.part(0).remove(0);
    bencher.bench(|| roll_up(&series.points, &timeline, 300, fleet.manifest_window().end.as_second()));
}
