//! What users may say about a workload, and the options it gets.

use proptest::prelude::*;

use super::*;
use crate::{
    units::StorageGib,
    workload::{CapacityProviderKind, OperatingSystem, ScheduledAction, StrategyItem},
};

/// A median is no size to be calm about: most of the time may be above it.
#[test]
fn cpu_that_is_often_above_the_new_size_is_no_rare_spike() {
    let risk_where = |one_in: i64| {
        let busy = service(10, 10).with(|service| {
            for point in service.points.iter_mut().filter(|point| point.timestamp / PERIOD % one_in == 0) {
                (point.cpu_avg, point.cpu_max) = (Some(4000), Some(9000));
            }
        });
        let row = busy.rated_with("[sizing]\ncpu_percentile = 50\n");
        assert_eq!(size_of(&row).0, 256);
        row.recommendation.unwrap().performance_risk
    };
    assert_eq!((risk_where(3).as_str(), risk_where(300).as_str()), ("high", "medium"));
}

/// A block for everything.
fn all(rest: &str) -> String {
    format!("[[override]]\nmatch = {{ cluster = '*' }}\n{rest}\n")
}

fn usd(amount: &str) -> Usd {
    Usd(amount.parse().unwrap())
}

fn kinds(row: &WorkloadReport) -> Vec<&str> {
    row.options.iter().map(|option| option.kind.as_str()).collect()
}

fn has(row: &WorkloadReport, reason: &str) -> bool {
    row.reasons.iter().any(|r| r == reason)
}

#[test]
fn options_start_from_the_recommended_size() {
    let row = service(20, 30).rated();
    let recommendation = row.recommendation.as_ref().unwrap();
    assert_eq!((size_of(&row), recommendation.monthly_cost), ((256, 1024), Some(usd("21.2649"))));
    let amounts: Vec<_> = row
        .options
        .iter()
        .map(|o| (o.kind.as_str(), o.monthly_cost.unwrap(), o.monthly_savings.unwrap()))
        .collect();
    assert_eq!(
        amounts,
        [
            // 2 x (0.25 x 0.03238 + 0.00356) x 730
            ("arm64", usd("17.0163"), usd("4.2486")),
            // (0.011655 + 0.25 x 0.01030969 + 0.00113349) x 730
            ("fargate-spot", usd("11.2171"), usd("5.7992")),
            // (0.011655 - 0.25 x 0.0255 - 0.0028) x 730 less
            ("compute-savings-plan", usd("9.4067"), usd("1.8104")),
        ]
    );
}

#[test]
fn an_idle_service_is_offered_nothing_but_to_stop() {
    let row = service(1, 10).with(|s| s.definition.ephemeral_storage = Some(StorageGib(50))).rated();
    assert_eq!(kinds(&row), ["stop-or-scale-to-zero"]);
    assert_eq!(row.options[0].effort, "low");
}

#[test]
fn a_workload_whose_size_cannot_be_rated_has_options_where_its_data_allow_them() {
    let both = || {
        service(20, 20).scaled_by(vec![
            target_tracking(TrackedMetric::CpuUtilization),
            target_tracking(TrackedMetric::MemoryUtilization),
        ])
    };
    let row = both().rated();
    assert_eq!(row.finding, Finding::NotRated);
    assert_eq!(kinds(&row), ["arm64", "fargate-spot", "compute-savings-plan"]);
    let new = service(20, 20)
        .with(|s| s.points.retain(|p| p.timestamp >= (i64::from(POINTS) - 120) * PERIOD))
        .rated();
    assert_eq!((new.not_rated.as_ref().unwrap().reason.as_str(), kinds(&new)), ("too-new", vec![]));
    let ec2 = service(20, 20).with(|s| s.workload.launch_type = LaunchType::Ec2).rated();
    assert_eq!(kinds(&ec2), ["fargate"]);
    let standalone = service(20, 20).with(|s| s.workload.identity.kind = WorkloadKind::Standalone).rated();
    assert_eq!(
        kinds(&standalone),
        ["arm64", "fargate-spot"],
        "tasks that come and go are nothing to commit to"
    );
    let windows = service(20, 20).with(|s| s.definition.platform.os = OperatingSystem::Windows).rated();
    assert_eq!((windows.finding, kinds(&windows)), (Finding::AlreadyMinimal, vec![]));
}

/// 1 vCPU / 2 GB on x86 at 0.04937 USD an hour; the plan is at 0.032384 + 2 x 0.003556 = 0.039496.
#[test]
fn a_commitment_counts_on_what_always_runs_on_demand() {
    // Neither the size nor the architecture changes, and nothing moves to Spot.
    let plan = |service: Service| {
        let busy = service.with(|s| s.definition.platform.arch = crate::workload::Architecture::Arm64);
        let row = busy.rated_with("[spot]\non_demand_tasks = 10");
        row.options.iter().find(|o| o.kind == "compute-savings-plan").map(|o| o.monthly_savings.unwrap())
    };
    // On ARM: 0.0395 - 0.0311 = 0.0084 an hour, 6.132 a month and task; two tasks.
    let two = Some(usd("12.264"));
    let one = Some(usd("6.132"));
    assert_eq!(plan(service(80, 80)), two);
    assert_eq!(plan(service(80, 80).with(|s| s.workload.desired_count = Some(1))), one, "it was scaled in");
    let tracked = || service(80, 80).scaled_by(vec![target_tracking(TrackedMetric::CpuUtilization)]);
    assert_eq!(plan(tracked()), one, "the minimum capacity is 1");
    let by_night = |s: &mut Service| {
        s.workload.scaling.as_mut().unwrap().scheduled_actions.push(ScheduledAction {
            name: "night".into(),
            schedule: "cron(0 20 * * ? *)".into(),
            time_zone: None,
            min_capacity: Some(0),
            max_capacity: Some(0),
            start_time: None,
            end_time: None,
        });
    };
    assert_eq!(plan(tracked().with(by_night)), None, "at night none runs");
    let off_every_tenth_hour = |s: &mut Service| s.points.retain(|p| p.timestamp / 3600 % 10 != 0);
    assert_eq!(plan(service(80, 80).with(off_every_tenth_hour)), None);
    let strategy = |s: &mut Service| {
        let item = |kind, base, weight| StrategyItem { provider: String::new(), kind, base, weight };
        s.workload.strategy =
            vec![item(CapacityProviderKind::Fargate, 1, 0), item(CapacityProviderKind::FargateSpot, 0, 1)];
    };
    assert_eq!(plan(service(80, 80).with(strategy)), one, "the other runs on Spot");
}

#[test]
fn an_excluded_workload_is_listed_and_priced_and_says_why() {
    let row = service(20, 30).rated_with(&all("exclude = 'vendor image'"));
    assert_eq!(row.finding, Finding::NotRated);
    let not_rated = row.not_rated.as_ref().unwrap();
    assert_eq!((not_rated.reason.as_str(), not_rated.detail.as_str()), ("excluded", "vendor image"));
    assert_eq!((row.monthly_cost, row.recommendation.clone()), (Some(usd("72.0802")), None));
    assert_eq!(kinds(&row), Vec::<&str>::new());
}

#[test]
fn settings_in_force_are_told_with_their_place() {
    let row = service(20, 30).rated_with(&all("memory_headroom_percent = 100"));
    // 614.4 MiB doubled are 1,229 MiB.
    assert_eq!(size_of(&row), (256, 2048));
    let told = |key: &str| row.evidence.settings.iter().find(|s| s.key == key).unwrap().clone();
    let headroom = told("sizing.memory_headroom_percent");
    assert_eq!((headroom.value.as_str(), headroom.from.as_str()), ("100", "fargauge.toml:3"));
    assert_eq!(told("sizing.cpu_percentile").from, "default");
}

#[test]
fn a_size_stays_where_a_smaller_one_saves_less_than_a_deployment_is_worth() {
    // 4 vCPU / 9 GB -> 8 GB: 2 x 0.004445 x 730 = 6.49 USD of 294.81, 2.2 %.
    let step = || service(80, 70).sized(4096, 9216);
    let row = step().rated();
    assert_eq!((row.finding, row.recommendation.clone()), (Finding::Optimized, None));
    assert_eq!(row.reasons, ["below-least-change"]);
    assert_eq!(row.dimensions.memory.finding, Finding::Optimized);
    let two_percent = |usd| format!("[change]\nmin_savings_percent = 2\nmin_savings_usd = {usd}");
    let row = step().rated_with(&two_percent("6.48"));
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (4096, 8192)));
    assert!(has(&step().rated_with(&two_percent("6.50")), "below-least-change"));
}

#[test]
fn a_size_that_is_too_small_is_raised_whatever_the_least_change() {
    let row = service(50, 90).sized(512, 1024).rated_with("[change]\nmin_savings_usd = 1000000");
    assert_eq!((row.finding, size_of(&row)), (Finding::Underprovisioned, (512, 2048)));
}

#[test]
fn a_discount_is_off_every_amount_and_the_list_price_stays_visible() {
    let row = service(20, 30).rated_with("[discount]\nenterprise_percent = 10");
    // 2 x 0.04937 x 730 = 72.0802; 672 x 0.04937 = 33.17664.
    assert_eq!(row.list_monthly_cost, Some(usd("72.0802")));
    assert_eq!((row.monthly_cost, row.window_cost), (Some(usd("64.8722")), Some(usd("29.859"))));
    let recommendation = row.recommendation.unwrap();
    // 21.2649 x 0.9
    assert_eq!(recommendation.monthly_cost, Some(usd("19.1384")));
    assert_eq!(row.options[0].monthly_cost, Some(usd("15.3147")), "17.0163 x 0.9");
    let config = Config::from_toml("fargauge.toml", "[discount]\nenterprise_percent = 12.5").unwrap();
    let report = service(20, 30).report_with(&config);
    assert_eq!(report.discount_percent.0.normalize().to_string(), "12.5");
    assert_eq!(report.totals.list_monthly_cost, usd("72.0802"));
    let free = service(20, 30).rated_with("[discount]\nenterprise_percent = 100");
    assert_eq!((free.monthly_cost, free.finding), (Some(Usd::ZERO), Finding::Optimized));
}

#[test]
fn a_coming_peak_is_sized_for() {
    // 0.2 vCPU and 614.4 MiB, doubled, and 20 %: 0.48 vCPU and 1,475 MiB.
    let row = service(20, 30).rated_with(&all("peak_factor = 2"));
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (512, 2048)));
    assert!(has(&row, "expected-peak"));
    // Five times: 1.2 vCPU and 3,687 MiB. More than there is, but not for want of knowing.
    let row = service(20, 30).rated_with(&all("peak_factor = 5"));
    assert_eq!((row.finding, size_of(&row)), (Finding::Underprovisioned, (2048, 4096)));
    assert!(!has(&row, "cpu-demand-unknown-above-cap"));
    // 0.6 vCPU and 1,000 MiB with 20 % are 0.72 vCPU and 1,200 MiB.
    let past = all("include_peak = { at = 2025-11-28, cpu_vcpu = 0.6, memory_mib = 1000 }");
    let row = service(20, 30).rated_with(&past);
    assert_eq!(row.finding, Finding::Optimized, "{:?}", row.recommendation);
    // One that the window has surpassed changes nothing.
    let small = all("include_peak = { at = 2025-11-28, cpu_vcpu = 0.1 }");
    assert_eq!(size_of(&service(20, 30).rated_with(&small)), (256, 1024));
    // What is quiet before its peak is not idle.
    assert_eq!(kinds(&service(1, 10).rated_with(&small))[0], "arm64");
}

#[test]
fn a_past_peak_later_than_the_snapshot_is_told_and_counts() {
    let told = |at: &str| {
        let row =
            service(20, 30).rated_with(&all(&format!("include_peak = {{ at = {at}, memory_mib = 1500 }}")));
        // 1,500 MiB and 20 %.
        assert_eq!(size_of(&row).1, 2048);
        row.evidence
            .notes
            .iter()
            .any(|note| note.starts_with("fargauge.toml:3: include_peak.at is 2025-11-28, after"))
    };
    assert!(told("2025-11-28") && !told("1969-11-28"));
}

#[test]
fn a_peak_to_come_makes_no_sample_look_capped() {
    let row = service(90, 30).rated_with(&all("peak_factor = 1.5"));
    assert_eq!(row.finding, Finding::Underprovisioned);
    assert!(!has(&row, "cpu-demand-unknown-above-cap") && row.evidence.cpu_periods_at_cap == 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A change and its options together never save more than there is, and end where the last one says.
    #[test]
    fn recommendation_and_options_never_save_more_than_the_cost(
        size in 0usize..77,
        cpu in 0u32..120,
        memory in 0u32..120,
        storage in 20u32..60,
        desired in 0u32..5,
    ) {
        let size = crate::fargate::TaskSize::all(OperatingSystem::Linux).nth(size).unwrap();
        let row = service(cpu, memory).sized(size.cpu().0, size.memory().0).with(|s| {
            s.definition.ephemeral_storage = Some(StorageGib(storage));
            s.workload.desired_count = Some(desired);
        }).rated();
        let cost = row.monthly_cost.unwrap();
        let saved = row.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default();
        let mut left = cost - saved;
        for option in &row.options {
            left = left - option.monthly_savings.unwrap();
            prop_assert_eq!(Some(left), option.monthly_cost);
            prop_assert!(!option.conditions.is_empty());
        }
        prop_assert!(left >= Usd::ZERO);
    }

    /// More headroom or a larger peak never makes the size smaller in both dimensions.
    #[test]
    fn a_larger_peak_never_needs_less(cpu in 1u32..90, memory in 1u32..90, a in 100u32..400, b in 100u32..400) {
        let (low, high) = (a.min(b), a.max(b));
        let need = |factor: u32| {
            let row = service(cpu, memory).sized(4096, 16384)
                .rated_with(&all(&format!("peak_factor = {}", f64::from(factor) / 100.0)));
            let (cpu, memory) = row.recommendation.as_ref().map_or((4096, 16384), |r| (r.cpu_units, r.memory_mib));
            (cpu, memory, row.recommendation.and_then(|r| r.monthly_cost).or(row.monthly_cost).unwrap())
        };
        prop_assert!(need(low).2 <= need(high).2);
    }
}
