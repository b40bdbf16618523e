//! Worked figures for every option, by the rates in `pricing/`, and what must hold for any of them.

use proptest::prelude::*;

use super::*;
use crate::{
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::Region,
};

/// `tasks` of 1 vCPU / 2 GB on Linux x86, on demand, all month.
fn tasks(region: &str, tasks: u32) -> Running {
    Running {
        shape: TaskShape {
            region: Region(region.to_owned()),
            platform: Platform::default(),
            cpu: CpuUnits(1024),
            memory: MemoryMib(2048),
            ephemeral_storage: FREE_EPHEMERAL_STORAGE,
        },
        split: PurchaseSplit::ON_DEMAND,
        monthly_task_hours: Decimal::from(tasks * HOURS_PER_MONTH),
        mean_tasks_milli: u64::from(tasks) * 1000,
        steady_on_demand_milli: u64::from(tasks) * 1000,
    }
}

fn on(mut running: Running, os: OperatingSystem, arch: Architecture) -> Running {
    running.shape.platform = Platform { os, arch };
    running
}

fn offers(running: Running, config: &str) -> Vec<Offer> {
    let config = Config::from_toml("fargauge.toml", config).unwrap();
    options(running, PriceBook::embedded(), SavingsPlanRates::embedded(), &config).0
}

/// `kind cost saves`, one line an offer.
fn in_lines(offers: &[Offer]) -> Vec<String> {
    let line = |o: &Offer| {
        format!("{} {} {}", o.kind.as_str(), o.monthly_cost.0.normalize(), o.monthly_savings.0.normalize())
    };
    offers.iter().map(line).collect()
}

#[test]
fn the_worked_sequence_holds() {
    let mut running = tasks("us-east-1", 2);
    running.shape.ephemeral_storage = StorageGib(50);
    let offers = offers(running, "");
    // 2 x (0.04048 + 2 x 0.004445 + 30 x 0.000111) x 730 = 76.942; each line: what is left, what went.
    assert_eq!(
        in_lines(&offers),
        [
            // 2 x 0.04937 x 730; 2 x 30 x 0.000111 x 730 less
            "ephemeral-storage 72.0802 4.8618",
            // 2 x (0.03238 + 2 x 0.00356) x 730
            "arm64 57.67 14.4102",
            // (0.0395 + 0.01030969 + 2 x 0.00113349) x 730: one stays, one moves
            "fargate-spot 38.016 19.654",
            // (0.0395 - 0.0255 - 2 x 0.0028) x 730 = 6.132 less
            "compute-savings-plan 31.884 6.132",
        ]
    );
    let efforts: Vec<_> = offers.iter().map(|offer| offer.kind.effort().as_str()).collect();
    assert_eq!(efforts, ["low", "high", "medium", "very-low"]);
    for (offer, says) in offers.iter().zip([
        "EphemeralStorageUtilized",
        "multi-arch image",
        "the Spot price floats; this is that of 2026-09-28",
        "0.0311 USD an hour are committed for one year, nothing upfront",
    ]) {
        assert!(offer.conditions.iter().any(|condition| condition.contains(says)), "{offer:?}");
    }
}

#[test]
fn what_is_offered_depends_on_platform_region_and_how_tasks_are_bought() {
    use Architecture::{Arm64, X86_64};
    use OperatingSystem::{Linux, Windows};
    let three_years = "[savings_plan]\nterm = \"3yr\"";
    let spot = |running: Running, spot, total| Running {
        split: PurchaseSplit { spot, total },
        steady_on_demand_milli: running.steady_on_demand_milli * (total - spot) / total,
        ..running
    };
    let us = |n| tasks("us-east-1", n);
    let with_storage = |mut running: Running| {
        running.shape.ephemeral_storage = StorageGib(21);
        running
    };
    for (what, running, config, expected) in [
        ("arm already", on(us(2), Linux, Arm64), "", "fargate-spot compute-savings-plan"),
        ("windows", with_storage(on(us(2), Windows, X86_64)), three_years, "ephemeral-storage"),
        ("one task", us(1), "", "arm64 compute-savings-plan"),
        ("all Spot", spot(us(4), 1, 1), "", "arm64"),
        ("the base alone is on demand", spot(us(4), 3, 4), "", "arm64 compute-savings-plan"),
        ("everything to Spot", us(2), "[spot]\non_demand_tasks = 0", "arm64 fargate-spot"),
        ("nothing to Spot", us(2), "[spot]\non_demand_tasks = 2", "arm64 compute-savings-plan"),
        ("no plan wanted", us(1), "[savings_plan]\ncoverage_percent = 0", "arm64"),
        // No arm64 rates are held for Paris, nor Savings Plan rates.
        ("Paris", tasks("eu-west-3", 2), "", "fargate-spot"),
        // Its arm64 Spot rates are not held, and its plan rates neither for one year with nothing upfront.
        ("Oregon", tasks("us-west-2", 2), "", "arm64"),
        ("Oregon, three years", tasks("us-west-2", 2), three_years, "arm64 compute-savings-plan"),
        (
            "vCPU rate of the plan only",
            us(1),
            "[savings_plan]\nterm = '3yr'\npayment = 'all-upfront'",
            "arm64",
        ),
        ("no price at all", tasks("ap-southeast-5", 2), "", ""),
    ] {
        let kinds: Vec<_> = offers(running, config).iter().map(|offer| offer.kind.as_str()).collect();
        assert_eq!(kinds.join(" "), expected, "{what}");
    }
}

#[test]
fn an_option_that_hides_another_for_want_of_a_rate_says_so() {
    let arm = &offers(tasks("us-west-2", 2), "")[0];
    assert!(arm.conditions.iter().any(|c| c.contains("no arm64 Spot rate is held for us-west-2")), "{arm:?}");
    for (region, n) in [("us-east-1", 2), ("us-west-2", 1)] {
        let arm = &offers(tasks(region, n), "")[0];
        assert!(!arm.conditions.iter().any(|c| c.contains("Spot")), "{arm:?}");
    }
}

#[test]
fn only_what_is_on_demand_moves_to_spot_and_what_is_to_stay_stays() {
    // Eight tasks, a quarter of them on demand; of those two, one stays.
    let running = Running { split: PurchaseSplit { spot: 3, total: 4 }, ..on_arm(8) };
    // Before: (2 x 0.0395 + 6 x 0.01257667) x 730 = 112.7558; after: (0.0395 + 7 x 0.01257667) x 730.
    assert_eq!(
        in_lines(&offers(running, "[savings_plan]\ncoverage_percent = 0")),
        ["fargate-spot 93.1018 19.654"]
    );
}

fn on_arm(n: u32) -> Running {
    on(tasks("us-east-1", n), OperatingSystem::Linux, Architecture::Arm64)
}

#[test]
fn a_savings_plan_covers_the_chosen_share_of_what_always_runs_on_demand() {
    let no_spot = "[spot]\non_demand_tasks = 100\n[savings_plan]\n";
    // Of ten tasks on average four always run; the plan saves 0.0395 - 0.0311 = 0.0084 a task-hour.
    let running = || Running { steady_on_demand_milli: 4_000, ..on_arm(10) };
    for (config, expected) in [
        // 10 x 0.0395 x 730 = 288.35; 4 x 0.0084 x 730 = 24.528
        ("coverage_percent = 100", "compute-savings-plan 263.822 24.528"),
        ("coverage_percent = 50", "compute-savings-plan 276.086 12.264"),
        // Three years: 0.01749 + 2 x 0.00192 = 0.02133; 4 x 0.01817 x 730 = 53.0564
        ("term = '3yr'", "compute-savings-plan 235.2936 53.0564"),
    ] {
        assert_eq!(in_lines(&offers(running(), &format!("{no_spot}{config}"))), [expected]);
    }
    let nothing_steady = Running { steady_on_demand_milli: 0, ..on_arm(10) };
    assert_eq!(in_lines(&offers(nothing_steady, no_spot)), Vec::<String>::new());
    // Storage is not covered: 10 x 30 x 0.000111 x 730 = 24.309 stay, whatever the plan.
    let book = PriceBook::embedded();
    let mut stored = running();
    stored.shape.ephemeral_storage = StorageGib(50);
    let last = offers(stored.clone(), no_spot).pop().unwrap();
    assert_eq!(last.monthly_savings, Usd("24.528".parse().unwrap()));
    assert_eq!(monthly_cost(book, &stored, Decimal::ONE), Some(Usd("312.659".parse().unwrap())));
}

#[test]
fn a_discount_applies_to_every_option() {
    let full = offers(tasks("us-east-1", 2), "");
    let tenth_off = offers(tasks("us-east-1", 2), "[discount]\nenterprise_percent = 10");
    assert_eq!(full.len(), tenth_off.len());
    for (full, less) in full.iter().zip(&tenth_off) {
        let expected = full.monthly_cost.0 * Decimal::new(9, 1);
        assert!((less.monthly_cost.0 - expected).abs() <= Decimal::new(1, 4), "{less:?}");
    }
    assert!(offers(tasks("us-east-1", 2), "[discount]\nenterprise_percent = 100").is_empty());
}

proptest! {
    /// Every offer saves, each starts where the one before it ended, and the end is what the final state
    /// costs when it is priced from nothing: no saving is counted twice, none is invented.
    #[test]
    fn savings_add_up_to_the_difference_of_the_first_and_the_last_cost(
        region in prop::sample::select(vec!["us-east-1", "us-west-2", "eu-west-1", "eu-west-3", "ap-south-1"]),
        arm: bool,
        size in 0usize..77,
        storage in prop::option::of(20u32..200),
        mean in 0u64..40_000,
        steady in 0u64..50_000,
        (spot, total) in (0u64..5, 1u64..5),
        (stay, coverage, off) in (0u32..4, 0u32..=100, 0u32..=100),
        three_years: bool,
    ) {
        let size = TaskSize::all(OperatingSystem::Linux).nth(size).unwrap();
        let arch = if arm { Architecture::Arm64 } else { Architecture::X86_64 };
        // Storage rates are held for few regions.
        let storage = storage.filter(|_| region == "us-east-1");
        let running = Running {
            shape: TaskShape {
                region: Region(region.into()),
                platform: Platform { os: OperatingSystem::Linux, arch },
                cpu: size.cpu(),
                memory: size.memory(),
                ephemeral_storage: StorageGib(storage.unwrap_or(20)),
            },
            split: PurchaseSplit { spot: spot.min(total), total },
            monthly_task_hours: Decimal::from(mean) * Decimal::from(730) / Decimal::from(1000),
            mean_tasks_milli: mean,
            steady_on_demand_milli: steady.min(mean) * (total - spot.min(total)) / total,
        };
        let config = format!(
            "[spot]\non_demand_tasks = {stay}\n[discount]\nenterprise_percent = {off}\n\
             [savings_plan]\ncoverage_percent = {coverage}\nterm = '{}'",
            if three_years { "3yr" } else { "1yr" },
        );
        let factor = Decimal::ONE - Decimal::from(off) / Decimal::from(100);
        let book = PriceBook::embedded();
        let offers = offers(running.clone(), &config);
        let Some(start) = monthly_cost(book, &running, factor) else {
            prop_assert!(offers.is_empty());
            return Ok(());
        };
        let mut cost = start;
        let mut last = running.clone();
        for offer in &offers {
            prop_assert!(offer.monthly_savings.0 > Decimal::ZERO);
            prop_assert_eq!(cost - offer.monthly_savings, offer.monthly_cost);
            cost = offer.monthly_cost;
            match offer.kind {
                OfferKind::EphemeralStorage => last.shape.ephemeral_storage = FREE_EPHEMERAL_STORAGE,
                OfferKind::Arm64 => last.shape.platform.arch = Architecture::Arm64,
                OfferKind::FargateSpot => {
                    last.split = PurchaseSplit { spot: mean - u64::from(stay) * 1000, total: mean };
                }
                OfferKind::ComputeSavingsPlan => break,
                OfferKind::StopOrScaleToZero => prop_assert!(false, "this is not for a sequence to say"),
            }
            prop_assert_eq!(monthly_cost(book, &last, factor), Some(cost));
        }
        prop_assert!(cost.0 >= Decimal::ZERO);
        prop_assert!(offers.is_sorted_by(|a, b| a.kind < b.kind), "one of each, in sequence");
        let total: Usd = offers.iter().map(|offer| offer.monthly_savings).sum();
        prop_assert!(total <= start);
    }

    /// Storage is a term of its own: whether it is taken off first changes no other saving.
    #[test]
    fn what_storage_saves_changes_no_other_saving(gib in 21u32..200, n in 1u32..20) {
        let mut stored = tasks("us-east-1", n);
        stored.shape.ephemeral_storage = StorageGib(gib);
        let with = offers(stored, "");
        let without = offers(tasks("us-east-1", n), "");
        prop_assert_eq!(with[0].kind, OfferKind::EphemeralStorage);
        prop_assert_eq!(&with[1..], &without[..]);
    }
}

#[test]
fn what_is_left_out_for_want_of_a_rate_says_which() {
    let without = |running: Running, toml: &str| {
        let config = Config::from_toml("fargauge.toml", toml).unwrap();
        let (_, no_rate) = options(running, PriceBook::embedded(), SavingsPlanRates::embedded(), &config);
        no_rate.into_iter().map(|no| format!("{}: {}", no.kind.as_str(), no.because)).collect::<Vec<_>>()
    };
    let all_upfront = "[savings_plan]\npayment = \"all-upfront\"\n";
    assert_eq!(without(tasks("us-east-1", 2), ""), Vec::<String>::new());
    assert_eq!(
        without(tasks("us-east-1", 2), all_upfront),
        [
            "compute-savings-plan: no 1yr all-upfront Savings Plan rate of Fargate linux/arm64 is held for us-east-1"
        ]
    );
    // What a plan does not cover misses no rate of one.
    let comes_and_goes = Running { steady_on_demand_milli: 0, ..tasks("us-east-1", 1) };
    assert_eq!(without(comes_and_goes, all_upfront), Vec::<String>::new());
    let arm = on(tasks("eu-central-1", 2), OperatingSystem::Linux, Architecture::Arm64);
    let spot = without(arm, "");
    assert!(
        spot.contains(&"fargate-spot: no linux/arm64 Spot rate is held for eu-central-1".to_owned()),
        "{spot:?}"
    );
}
