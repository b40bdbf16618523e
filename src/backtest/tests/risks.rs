//! What a lower risk asks for, on fleets large and small, calm and restless.

use super::*;

const DAYS: i64 = 14;

prop_compose! {
    /// Memory is a quarter of 4 GB, but for days on which it jumps, each of them as likely as `restless` says.
    fn any_fleet()(
        restless in 0.0f64..0.2,
        jumps in prop::collection::vec(prop::collection::vec((0.0f64..1.0, 1u32..4), 14), 30..120),
    ) -> Vec<Series> {
        let series = |jumps: &Vec<(f64, u32)>| {
            let day = |(chance, times): &(f64, u32)| if *chance < restless { 250 * times } else { 250 };
            let hours = jumps.iter().flat_map(|jump| [day(jump); 24].map(|share| (200, Some(share))));
            hourly("machine", size(1024, 4096), hours)
        };
        jumps.iter().map(series).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn less_risk_never_means_less_memory(fleet in any_fleet()) {
        let now = size(1024, 4096);
        let seen: Vec<Training<'_>> =
            fleet.iter().map(|series| Training::new(series, now, 0, DAYS * DAY)).collect();
        let memory = |risk: u32| -> Vec<MemoryMib> {
            let rule = rules::Fargauge::at_risk(&Config::default().sizing, risk);
            let decisions = rule.decide(&seen, &ladder()).decisions;
            let after = |decision: &Decision| if let Decision::Size(size) = decision { *size } else { now };
            decisions.iter().map(|decision| after(decision).memory()).collect()
        };
        let by_risk: Vec<_> = [1, 2, 5, 8, 12, 20, 40].map(memory).into();
        for pair in by_risk.windows(2) {
            prop_assert!(pair[0].iter().zip(&pair[1]).all(|(low, high)| low >= high), "{by_risk:?}");
        }
    }

    /// CPU that is short makes a task larger, and takes no more of its memory than CPU that is not.
    #[test]
    fn what_grows_in_cpu_keeps_the_headroom_that_was_learnt(mut fleet in any_fleet(), memory in 100u32..700) {
        let now = size(1024, 4096);
        let of = |cpu: u32| hourly("probe", now, (0..24 * DAYS).map(|_| (cpu, Some(memory))));
        fleet.extend([of(700), of(900)]);
        let seen: Vec<Training<'_>> =
            fleet.iter().map(|series| Training::new(series, now, 0, DAYS * DAY)).collect();
        for risk in [1, 5, 20] {
            let rule = rules::Fargauge::at_risk(&Config::default().sizing, risk);
            let decisions = rule.decide(&seen, &ladder()).decisions;
            let [holds, short] = &decisions[fleet.len() - 2..] else { unreachable!("two probes") };
            let (Decision::Size(holds), Decision::Size(short)) = (holds, short) else { panic!("{holds:?} {short:?}") };
            prop_assert!(holds.cpu() == now.cpu() && short.cpu() > now.cpu());
            prop_assert!(short.memory() >= holds.memory(), "{holds:?} {short:?}");
        }
    }
}
