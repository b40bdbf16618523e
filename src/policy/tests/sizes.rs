//! Which size findings name, and how its saving divides among them.

use super::*;

/// A workload that needs this size.
fn needing(cpu: u32, memory: u32, tasks: i64) -> Production {
    Production {
        recommended: TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).ok(),
        current: (None, None),
        ..production(tasks)
    }
}

fn over(judgement: Judgement) -> Vec<Finding> {
    let of_size = [Rule::CpuOverprovisioned, Rule::MemoryOverprovisioned];
    judgement.findings.into_iter().filter(|finding| of_size.contains(&finding.rule)).collect()
}

#[test]
fn cpu_and_memory_that_are_too_much_name_one_size_and_share_what_it_saves() {
    let found = over(Given::of(task(16384, 122_880)).running_as(needing(1024, 4096, 9)).judged());
    assert_eq!(found.len(), 2);
    for finding in &found {
        assert_eq!(finding.help.as_deref(), Some("1 vCPU / 4 GB (cpu 1024, memory 4096) is enough"));
    }
    // 116 GB x 0.004445 x 730 x 9, and 15 vCPU x 0.04048 x 730 x 9.
    let usd: Vec<String> = found.iter().map(|f| format!("{:.2}", f.monthly_cost_change.unwrap().0)).collect();
    assert_eq!(usd, ["3387.62", "3989.30"]);
}

#[test]
fn a_size_that_is_too_small_is_helped_by_a_whole_size() {
    for (given, helps) in [
        // 1 vCPU has no 1 GB.
        (Given::of(task(512, 1024)).running_as(needing(1024, 2048, 1)), 2),
        (Given::of(task(256, 2048)).running_as(needing(1024, 2048, 1)), 1),
        (Given::of(task(1024, 8192)).running_as(needing(1024, 2048, 9)), 1),
    ] {
        let helped: Vec<_> = given.judged().findings.into_iter().filter_map(|finding| finding.help).collect();
        assert_eq!(helped.len(), helps);
        assert!(
            helped.iter().all(|help| help.contains("1 vCPU / 2 GB (cpu 1024, memory 2048)")),
            "{helped:?}"
        );
    }
    // What two stages need may be no size; what is named is one.
    let stages =
        Given::of(task(256, 512)).running_as(needing(256, 512, 1)).running_as(needing(2048, 4096, 1));
    let mixed = stages.running_as(needing(512, 3072, 1));
    for finding in mixed.judged().findings {
        assert_eq!(
            finding.help.as_deref(),
            Some("with headroom it needs 2 vCPU / 4 GB (cpu 2048, memory 4096)")
        );
    }
}

proptest! {
    /// Whatever is asked for and needed: both findings name one size that Fargate has and that holds the need, and
    /// together they save no more than it does.
    #[test]
    fn two_findings_save_no_more_than_the_size_they_name(asked in 0_usize..77, need in 0_usize..77, tasks in 1_i64..20) {
        let size = |index| TaskSize::all(OperatingSystem::Linux).nth(index).unwrap();
        let (asked, need) = (size(asked), size(need));
        let rate = |size: TaskSize| size.cpu().vcpu() * Decimal::new(4048, 5) + size.memory().gb() * Decimal::new(4445, 6);
        let month = Decimal::from(730 * tasks);
        let given = Given::of(task(asked.cpu().0, asked.memory().0)).running_as(needing(need.cpu().0, need.memory().0, tasks));
        let found = over(given.judged());
        let sum: Decimal = found.iter().map(|finding| finding.monthly_cost_change.unwrap().0).sum();
        if asked.cpu() >= need.cpu() && asked.memory() >= need.memory() {
            prop_assert!(sum <= (rate(asked) - rate(need)) * month + Decimal::new(1, 3));
        }
        let named = format!("{need} (cpu {}, memory {}) is enough", need.cpu().0, need.memory().0);
        for finding in &found {
            prop_assert_eq!(finding.help.as_deref(), Some(named.as_str()));
        }
    }
}

#[test]
fn what_is_not_rated_may_need_what_it_has() {
    let new = |memory: u32| Production {
        id: "new".into(),
        current: (Some(CpuUnits(1024)), Some(MemoryMib(memory))),
        recommended: None,
        not_rated: Some("too-new: 3 hours".into()),
        ..production(4)
    };
    let memory = |other: Production| {
        let found = Given::of(task(1024, 8192)).running_as(production(4)).running_as(other).judged().findings;
        let one = found.into_iter().find(|finding| finding.rule == Rule::MemoryOverprovisioned);
        one.map(|finding| finding.help.unwrap())
    };
    assert_eq!(memory(new(2048)).unwrap(), "1 vCPU / 2 GB (cpu 1024, memory 2048) is enough");
    assert_eq!(memory(new(4096)).unwrap(), "1 vCPU / 4 GB (cpu 1024, memory 4096) is enough");
    assert_eq!(memory(new(8192)), None);
    // That it needs as much is not known either.
    let less = Given::of(task(1024, 2048)).running_as(production(4)).running_as(new(8192));
    assert_eq!(less.rules(), []);
}
