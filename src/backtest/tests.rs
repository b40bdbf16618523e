//! Whole backtests of small fleets, against oracles that go through every sample by hand.

mod as_reported;
mod formats;
mod risks;

use proptest::prelude::*;

use super::{
    Answer, Backtest, Ceiling, Dataset, Decision, InputCounts, Ladder, Options, Rule, Series, Split, Track,
    Training, Window, csv, each,
    json::{self, PriceBase},
    ladder::tests::ladder,
    rules, run, table,
};
use crate::{
    config::Config,
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
    workload::OperatingSystem,
};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const SPLIT: Split = Split { train: 2 * DAY, test: 2 * DAY, step: DAY };

fn size(cpu: u32, memory: u32) -> TaskSize {
    TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).unwrap()
}

/// A series with a sample each hour; per mille of `at`'s CPU and memory.
fn hourly(id: &str, at: TaskSize, samples: impl IntoIterator<Item = (u32, Option<u32>)>) -> Series {
    let (mut cpu, mut memory) = (Track::default(), Track::default());
    for (hour, (cpu_share, memory_share)) in (0..).zip(samples) {
        cpu.push(hour * HOUR, at.cpu().0 * cpu_share);
        if let Some(share) = memory_share {
            memory.push(
                hour * HOUR,
                u32::try_from(u64::from(at.memory().0) * 1024 * u64::from(share) / 1000).unwrap(),
            );
        }
    }
    Series {
        id: id.to_owned(),
        sizes: vec![(i64::MIN, at)],
        cpu_average: cpu,
        cpu_max: Track::default(),
        memory,
        known: None,
    }
}

fn dataset(series: Vec<Series>) -> Dataset {
    Dataset::new(series, InputCounts::default())
}

/// Decides the same size for all.
struct Always(TaskSize);

impl Rule for Always {
    fn name(&self) -> &'static str {
        "always"
    }

    fn decide(&self, fleet: &[Training<'_>], _: &Ladder) -> Answer {
        each(fleet, |_| Decision::Size(self.0))
    }
}

fn all_rules() -> Vec<Box<dyn Rule>> {
    rules::all(&Config::default().sizing)
}

fn backtest(data: &Dataset, rules: &[Box<dyn Rule>], ceiling: Ceiling) -> Backtest {
    run(data, SPLIT, &ladder(), rules, Options { ceiling, details: true }).unwrap()
}

prop_compose! {
    fn any_series(id: &'static str, least: usize)(
        start in 0usize..77,
        samples in prop::collection::vec((0u32..=1000, prop::option::weighted(0.9, 0u32..=1000)), least..150),
        quiet in 1u32..20,
    ) -> Series {
        let at = TaskSize::all(OperatingSystem::Linux).nth(start).unwrap();
        hourly(id, at, samples.into_iter().map(|(cpu, memory)| (cpu / quiet, memory.map(|share| share / quiet))))
    }
}

prop_compose! {
    fn any_fleet()(a in any_series("a", 96), b in any_series("b", 40), c in any_series("c", 40)) -> Dataset {
        dataset(vec![a, b, c])
    }
}

/// Samples of `track` in `from..to`, if there are some in 24 different hours.
fn in_time(track: &Track, from: i64, to: i64) -> Vec<u64> {
    let values: Vec<u64> = track
        .times()
        .iter()
        .zip(track.values())
        .filter(|(time, _)| (from..to).contains(*time))
        .map(|(_, value)| u64::from(*value))
        .collect();
    // One sample an hour.
    if values.len() < 24 { Vec::new() } else { values }
}

/// Figures of decisions by going through every sample: saved, memory violating, CPU samples over, CPU
/// violating, not rated, short of memory where it was reduced.
fn figures_by_hand(data: &Dataset, result: &Backtest, rule: &str) -> [Option<f64>; 6] {
    let ladder = ladder();
    let price = |size: TaskSize| ladder.price(size).0 as f64;
    let (mut now, mut then) = (0.0, 0.0);
    let (mut memory, mut memory_bad, mut samples, mut samples_bad, mut cpu, mut cpu_bad) = (0, 0, 0, 0, 0, 0);
    let (mut rows, mut unrated, mut reduced, mut reduced_bad) = (0, 0, 0, 0);
    for row in result.details.iter().filter(|row| row.rule == rule) {
        rows += 1;
        let series = data.series.iter().find(|series| series.id == row.series_id).unwrap();
        let Window { train_end, test_end, .. } = row.window;
        let later_cpu = in_time(&series.cpu_average, train_end, test_end);
        let later_memory = in_time(&series.memory, train_end, test_end);
        if later_cpu.is_empty() && later_memory.is_empty() {
            unrated += 1;
            continue;
        }
        unrated += usize::from(row.chosen.is_err());
        let chosen = row.chosen.unwrap_or(row.current);
        now += price(row.current);
        then += price(chosen);
        if !later_memory.is_empty() {
            memory += 1;
            let limit = u64::from(chosen.memory().0) * 1024;
            let short = usize::from(later_memory.iter().any(|kib| *kib > limit));
            memory_bad += short;
            if chosen.memory() < row.current.memory() {
                reduced += 1;
                reduced_bad += short;
            }
        }
        if !later_cpu.is_empty() {
            cpu += 1;
            let limit = u64::from(chosen.cpu().0) * 1000;
            let over = later_cpu.iter().filter(|units| **units > limit).count();
            samples += later_cpu.len();
            samples_bad += over;
            cpu_bad += usize::from(over > 0);
        }
    }
    let percent = |part: usize, of: usize| (of > 0).then(|| part as f64 * 100.0 / of as f64);
    [
        (now > 0.0).then(|| 100.0 - then * 100.0 / now),
        percent(memory_bad, memory),
        percent(samples_bad, samples),
        percent(cpu_bad, cpu),
        percent(unrated, rows),
        percent(reduced_bad, reduced),
    ]
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-3,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn scores_are_what_going_through_every_sample_gives(data in any_fleet(), any: bool) {
        let ceiling = if any { Ceiling::None } else { Ceiling::Current };
        let result = backtest(&data, &all_rules(), ceiling);
        for score in &result.rules {
            let by_hand = figures_by_hand(&data, &result, &score.rule);
            let got = [
                score.saved_percent,
                score.memory_violating_percent,
                score.cpu_samples_over_percent,
                score.cpu_violating_percent,
                score.not_rated_percent,
                score.memory_reduced_short_percent,
            ];
            for (got, by_hand) in got.into_iter().zip(by_hand) {
                prop_assert!(close(got, by_hand), "{}: {:?} by hand {:?}", score.rule, got, by_hand);
            }
        }
    }

    /// Against trying every size: of those that never run short and cost no more than now, none is cheaper.
    #[test]
    fn foresight_never_runs_short_and_nothing_that_never_does_saves_more(data in any_fleet()) {
        let result = backtest(&data, &all_rules(), Ceiling::Current);
        let ladder = ladder();
        for row in result.details.iter().filter(|row| row.rule == "foresight" && row.judged) {
            let Ok(chosen) = row.chosen else { continue };
            let series = data.series.iter().find(|series| series.id == row.series_id).unwrap();
            let holds = |size: TaskSize| {
                let limit = |track, limit: u64| {
                    in_time(track, row.window.train_end, row.window.test_end).iter().all(|value| *value <= limit)
                };
                limit(&series.cpu_average, u64::from(size.cpu().0) * 1000)
                    && limit(&series.memory, u64::from(size.memory().0) * 1024)
            };
            // No sample is above the current size here, so there always is a size that holds.
            prop_assert!(holds(chosen));
            let later_memory = in_time(&series.memory, row.window.train_end, row.window.test_end);
            for (size, price) in ladder.sizes().filter(|(size, _)| holds(*size)) {
                let keeps_unknown = !later_memory.is_empty() || size.memory() == row.current.memory();
                prop_assert!(!keeps_unknown || price >= ladder.price(chosen), "{} is cheaper than {}", size, chosen);
            }
        }
        // Memory that nothing is known of later is free to shrink for a rule that knew it before.
        let complete = result.details.iter().filter(|row| row.judged).all(|row| {
            let series = data.series.iter().find(|series| series.id == row.series_id).unwrap();
            [&series.cpu_average, &series.memory]
                .iter()
                .all(|track| !in_time(track, row.window.train_end, row.window.test_end).is_empty())
        });
        let saved = |name: &str| result.rules.iter().find(|score| score.rule == name).unwrap().saved_percent;
        for score in &result.rules {
            let safe = score.cpu_violating_percent == Some(0.0) && score.memory_violating_percent == Some(0.0);
            if safe && complete {
                prop_assert!(score.saved_percent <= saved("foresight"), "{}", score.rule);
            }
        }
    }

    #[test]
    fn no_rule_is_dearer_than_the_current_size_under_the_ceiling(data in any_fleet()) {
        let ladder = ladder();
        for row in backtest(&data, &all_rules(), Ceiling::Current).details {
            if let Ok(chosen) = row.chosen {
                prop_assert!(ladder.price(chosen) <= ladder.price(row.current), "{row:?}");
            }
        }
    }

    /// What comes after the time a rule is shown must not change what it decides.
    #[test]
    fn no_rule_but_foresight_sees_what_it_is_judged_on(data in any_fleet()) {
        let mut other = data.clone();
        for series in &mut other.series {
            for track in [&mut series.cpu_average, &mut series.memory] {
                let mut changed = Track::default();
                for (time, value) in track.times().iter().zip(track.values()) {
                    changed.push(*time, if *time < SPLIT.train { *value } else { 0 });
                }
                *track = changed;
            }
        }
        let first = |data: &Dataset| {
            let mut rows = backtest(data, &all_rules(), Ceiling::None).details;
            rows.retain(|row| row.window.train_start == 0 && row.rule != "foresight");
            rows
        };
        prop_assert_eq!(first(&data), first(&other));
    }

    #[test]
    fn the_result_does_not_depend_on_order_or_cores(data in any_fleet()) {
        let mut reversed = data.series.clone();
        reversed.reverse();
        let on = |cores: usize, data: &Dataset| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build().unwrap();
            pool.install(|| backtest(data, &all_rules(), Ceiling::Current))
        };
        let once = on(1, &data);
        prop_assert_eq!(&on(3, &dataset(reversed)), &once);
    }
}

/// Three series of six days whose figures can be checked by hand: one flat, one that grows after what is
/// seen, one without memory.
fn small_fleet() -> Dataset {
    let hours = 6 * 24;
    dataset(vec![
        hourly("flat", size(2048, 4096), (0..hours).map(|_| (100, Some(200)))),
        hourly(
            "grows",
            size(1024, 8192),
            (0..hours).map(|hour| if hour < 72 { (200, Some(100)) } else { (600, Some(500)) }),
        ),
        hourly(
            "no-memory",
            size(512, 1024),
            (0..hours).map(|hour| (if hour % 24 == 9 { 450 } else { 50 }, None)),
        ),
        hourly("new", size(256, 512), (0..12).map(|_| (500, Some(500)))),
    ])
}

#[test]
fn decisions_differ_between_windows_and_are_counted_as_churn() {
    let result = backtest(&small_fleet(), &all_rules(), Ceiling::Current);
    assert_eq!(result.windows.len(), 3);
    let of = |rule: &str| result.rules.iter().find(|score| score.rule == rule).unwrap();
    // Of the two changes that each of three series could have made, `grows` made one, on the second day.
    assert_eq!(of("compute-optimizer-proxy").churn_percent, Some(16.6667));
    assert_eq!(of("keep").churn_percent, Some(0.0));
    // `new` is in the first window only, and there it is not rated.
    assert_eq!(of("keep").not_rated_percent, Some(10.0));
}

/// In the second of three windows `gone` has no sample: what was decided in the others is no pair.
#[test]
fn windows_with_one_between_that_has_no_samples_are_no_pair() {
    let at = size(1024, 2048);
    let steady = hourly("steady", at, (0..12 * 24).map(|_| (500, Some(500))));
    let mut gone =
        hourly("gone", at, (0..12 * 24).map(|hour| (if hour < 4 * 24 { 100 } else { 700 }, Some(500))));
    let times =
        |track: &Track| track.times().iter().copied().zip(track.values().iter().copied()).collect::<Vec<_>>();
    for track in [&mut gone.cpu_average, &mut gone.memory] {
        let all = times(track);
        *track = Track::default();
        for (time, value) in all.into_iter().filter(|(time, _)| !(4 * DAY..8 * DAY).contains(time)) {
            track.push(time, value);
        }
    }
    let split = Split { step: 4 * DAY, ..SPLIT };
    let rules: [Box<dyn Rule>; 1] = [Box::new(rules::ComputeOptimizerProxy)];
    let result = run(&dataset(vec![gone, steady]), split, &ladder(), &rules, Options::default()).unwrap();
    assert_eq!(result.windows.len(), 3);
    assert_eq!(result.rules[0].churn_percent, Some(0.0));
}

#[test]
fn a_size_above_the_ceiling_keeps_the_current_one() {
    let rule = || -> Vec<Box<dyn Rule>> { vec![Box::new(Always(size(2048, 4096)))] };
    let kept = backtest(&small_fleet(), &rule(), Ceiling::Current);
    assert_eq!(kept.rules[0].saved_percent, Some(0.0));
    let grown = backtest(&small_fleet(), &rule(), Ceiling::None);
    assert!(grown.rules[0].saved_percent.unwrap() < 0.0);
}

#[test]
fn a_rule_that_answers_too_little_is_not_rated() {
    struct Silent;
    impl Rule for Silent {
        fn name(&self) -> &'static str {
            "silent"
        }
        fn decide(&self, _: &[Training<'_>], _: &Ladder) -> Answer {
            each(&[], |_| Decision::Keep)
        }
    }
    let result = backtest(&small_fleet(), &[Box::new(Silent) as Box<dyn Rule>], Ceiling::Current);
    assert_eq!(result.rules[0].not_rated_percent, Some(100.0));
    assert_eq!(result.rules[0].saved_percent, Some(0.0));
}

/// What each rule decides for a series whose statistics are known: 1 vCPU / 4 GB; 4,800 samples of two days;
/// CPU 10 % of the time at 300, else at 100 CPU units; memory 2 % of it at 1,500 MiB, else at 1,000 MiB.
#[test]
fn every_rule_decides_by_its_published_constants() {
    let (mut cpu, mut memory) = (Track::default(), Track::default());
    for i in 0..4800_u32 {
        let time = i64::from(i) * 36;
        cpu.push(time, if i % 10 == 0 { 300_000 } else { 100_000 });
        memory.push(time, if i % 50 == 0 { 1_536_000 } else { 1_024_000 });
    }
    let series = Series {
        id: "known".into(),
        sizes: vec![(i64::MIN, size(1024, 4096))],
        cpu_average: cpu,
        cpu_max: Track::default(),
        memory,
        known: None,
    };
    let training = [Training::new(&series, size(1024, 4096), 0, 2 * DAY)];
    let decided: Vec<(String, Decision)> = all_rules()
        .iter()
        .map(|rule| (rule.name().to_owned(), rule.decide(&training, &ladder()).decisions.remove(0)))
        .collect();
    let expected = [
        // 300 x 1.2 = 360; 1,500 x 1.2 = 1,800
        // (one series is no fleet to learn from, whatever the risk)
        ("fargauge", Decision::Size(size(512, 2048))),
        ("fargauge-risk-1", Decision::Size(size(512, 2048))),
        ("fargauge-risk-2", Decision::Size(size(512, 2048))),
        ("fargauge-risk-5", Decision::Size(size(512, 2048))),
        ("fargauge-risk-10", Decision::Size(size(512, 2048))),
        // 300 / 0.8 = 375; 1,500 / 0.8 = 1,875
        ("compute-optimizer-proxy", Decision::Size(size(512, 2048))),
        // 300 x 1.2; of 100 samples an hour two are at 1,500: 1,500 x 1.2
        ("cloudfix", Decision::Size(size(512, 2048))),
        // 300 x 1.15 = 345; 1,000 x 1.15 = 1,150
        ("harness", Decision::Size(size(512, 2048))),
        // 300; 1,500 x 1.15 = 1,725
        ("krr-simple", Decision::Size(size(512, 2048))),
        // p90 of CPU is 100, in a bucket up to 102.8: x 1.15 = 118; memory 1,500 in a bucket up to 1,555: x 1.15
        ("vpa", Decision::Size(size(256, 2048))),
        // A quarter of the work is at 300: x 1.15 = 345; 2.97 % of the memory's is at 1,500: x 1.15 = 1,725
        ("autopilot", Decision::Size(size(512, 2048))),
        // 300 / 0.65 = 462; 1,500 / 0.65 = 2,308
        ("kubecost", Decision::Size(size(512, 3072))),
        // 300 of 1,024 is below 30 %, 1,500 of 4,096 is not
        ("halve-below-30", Decision::Size(size(512, 4096))),
        ("keep", Decision::Keep),
        ("foresight", Decision::Size(size(512, 2048))),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(rule, decision)| (rule.to_owned(), decision)).collect();
    assert_eq!(decided, expected);
}

/// One sample in a thousand at the cap says nothing of how much was wanted, so the resource is kept, in a
/// backtest as in a report. The cap is that of the size in force.
#[test]
fn fargauge_reduces_nothing_that_was_at_its_cap() {
    let decide = |memory_peak: u32, sizes: Vec<(i64, TaskSize)>| {
        let (mut average, mut cpu, mut memory) = (Track::default(), Track::default(), Track::default());
        for i in 0..4800_u32 {
            let time = i64::from(i) * 36;
            average.push(time, 100_000);
            cpu.push(time, if i == 100 { 1_000_000 } else { 100_000 });
            memory.push(time, if i == 100 { memory_peak } else { 300 * 1024 });
        }
        let series =
            Series { id: "capped".into(), sizes, cpu_average: average, cpu_max: cpu, memory, known: None };
        let training = [Training::new(&series, size(2048, 4096), 0, 2 * DAY)];
        rules::Fargauge::new(&Config::default().sizing).decide(&training, &ladder()).decisions.remove(0)
    };
    let resized = |from: TaskSize| vec![(i64::MIN, from), (DAY, size(2048, 4096))];
    // A little CPU of 2 vCPU; all of 1 vCPU.
    assert_eq!(decide(300 * 1024, resized(size(2048, 4096))), Decision::Size(size(256, 512)));
    assert_eq!(decide(300 * 1024, resized(size(1024, 4096))), Decision::Size(size(2048, 4096)));
    // Half a vCPU was too little for the moment: more than that is kept.
    assert_eq!(decide(300 * 1024, resized(size(512, 4096))), Decision::Size(size(1024, 2048)));
    // 2,040 MiB with a fifth more are 2,448; 2 GB was too little for them as well.
    assert_eq!(decide(2_040 * 1024, resized(size(1024, 2048))), Decision::Size(size(2048, 4096)));
}

/// A period without a maximum is judged by its average, in a series that has maxima elsewhere, too.
#[test]
fn what_has_an_average_alone_is_not_left_out() {
    let at = size(2048, 4096);
    let mut one = hourly("a", at, (0..96).map(|hour| (if hour < 48 { 100 } else { 900 }, Some(300))));
    assert!((0..24).all(|hour| one.cpu_max.push(hour * HOUR, at.cpu().0 * 150)));
    let data = dataset(vec![one, hourly("b", at, [])]);
    let track = data.series[0].cpu();
    assert_eq!((track.len(), track.values()[0], track.values()[90]), (96, 2048 * 150, 2048 * 900));
    assert!(data.series[1].cpu_max.is_empty());
    let small: Vec<Box<dyn Rule>> = vec![Box::new(Always(size(1024, 4096)))];
    let result = backtest(&data, &small, Ceiling::Current);
    assert_eq!(result.rules[0].cpu_samples_over_percent, Some(100.0));
}

fn prices() -> PriceBase {
    PriceBase { region: "us-east-1".into(), price_book: "test".into(), effective_date: "2026-11-22".into() }
}

/// Three rules over the small fleet.
fn rendered() -> Backtest {
    let rules: Vec<Box<dyn Rule>> = vec![
        Box::new(rules::ComputeOptimizerProxy),
        Box::new(rules::Keep),
        Box::new(rules::Fargauge::at_risk(&Config::default().sizing, 1)),
    ];
    let split = Split { train: 2 * DAY, test: 4 * DAY, step: DAY };
    run(&small_fleet(), split, &ladder(), &rules, Options { details: true, ..Options::default() }).unwrap()
}

#[test]
fn as_json() {
    insta::assert_snapshot!(json::render(&rendered(), &prices()));
}

#[test]
fn as_csv() {
    insta::assert_snapshot!(csv::render(&rendered()));
}

#[test]
fn details_as_csv() {
    insta::assert_snapshot!(csv::details(&rendered()));
}

#[test]
fn as_table() {
    insta::assert_snapshot!(table::render(&rendered(), &prices(), 180));
}

/// A rule that is named after a risk says whether the fleet could show it: 90 steady series of eight days
/// can show 3.3 % at best (1 - 0.05^(1/90)), four of two days nothing.
#[test]
fn a_risk_that_could_not_be_shown_is_told() {
    let steady =
        (0..90).map(|i| hourly(&format!("{i:02}"), size(1024, 8192), (0..16 * 24).map(|_| (100, Some(100)))));
    let split = Split { train: 8 * DAY, test: 8 * DAY, step: DAY };
    let rules: Vec<Box<dyn Rule>> = [1, 2, 5, 10]
        .map(|risk| Box::new(rules::Fargauge::at_risk(&Config::default().sizing, risk)) as Box<dyn Rule>)
        .into_iter()
        .chain([Box::new(rules::Keep) as Box<dyn Rule>])
        .collect();
    let options = Options { details: true, ..Options::default() };
    let result = run(&dataset(steady.collect()), split, &ladder(), &rules, options).unwrap();
    let of = |name: &str| result.rules.iter().find(|score| score.rule == name).unwrap();
    let shown = |name: &str| of(name).headroom.as_ref().unwrap().windows[0].shown_risk_percent;
    let least = (1.0 - 0.05_f64.powf(1.0 / 90.0)) * 100.0;
    for (rule, risk) in [
        ("fargauge-risk-1", least),
        ("fargauge-risk-2", least),
        ("fargauge-risk-5", 5.0),
        ("fargauge-risk-10", 10.0),
    ] {
        assert!((shown(rule).unwrap() - risk).abs() < 1e-3, "{rule}: {:?}", of(rule));
    }
    assert_eq!(of("keep").headroom, None);
    let text = table::render(&result, &prices(), 180);
    for note in [
        "memory headroom of fargauge-risk-1, fargauge-risk-2: learnt at 3.3 % risk, the least that the series can show\n",
        "memory headroom of fargauge-risk-5: learnt at 5 % risk\n",
        "memory headroom of fargauge-risk-10: learnt at 10 % risk\n",
    ] {
        assert!(text.contains(note), "{text}");
    }
    assert!(csv::details(&result).contains(",true,1,calibrated,3.2"), "{}", csv::details(&result));

    let small = table::render(&rendered(), &prices(), 180);
    assert!(small.contains("memory headroom of fargauge-risk-1: fixed at 20 %"), "{small}");
    assert!(
        csv::render(&rendered()).contains(",1,0,1,,2 days of history are too few"),
        "{}",
        csv::render(&rendered())
    );
    assert!(csv::details(&rendered()).contains(",true,1,fixed,\n"), "{}", csv::details(&rendered()));
}
