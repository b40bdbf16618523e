//! What the workload needs, by step: demand, headroom, guards, a short history.

use super::super::wording::percent;
use crate::{
    config::Resolved,
    report::explain::{
        CALIBRATED, CPU_HEADROOM, HeadroomInForce, MEMORY_HEADROOM, NeedReport, ResourceNeedReport,
    },
    rightsize::{LEAST_LEARNT_HEADROOM, Need, ResourceNeed, Unrated},
};

/// `calibrated`: whether memory headroom is learnt from the fleet. A size that is too small grows
/// with the configured one at least.
pub(super) fn need_report(
    cpu: &Result<ResourceNeed, Unrated>,
    memory: &Result<ResourceNeed, Unrated>,
    needed: Need,
    in_force: &Resolved,
    calibrated: bool,
) -> NeedReport {
    let configured = |hundredths: u32, key: &str| HeadroomInForce {
        percent: percent(hundredths),
        from: in_force
            .settings
            .iter()
            .find(|setting| setting.key == key)
            .map_or_else(String::new, |s| s.from.clone()),
    };
    let of_memory = if calibrated && memory.as_ref().is_ok_and(|need| !need.short) {
        HeadroomInForce { percent: percent(LEAST_LEARNT_HEADROOM), from: CALIBRATED.to_owned() }
    } else {
        configured(in_force.sizing.memory_headroom, MEMORY_HEADROOM)
    };
    let of_cpu = configured(in_force.sizing.cpu_headroom, CPU_HEADROOM);
    let report =
        |demanded: &Result<ResourceNeed, Unrated>, needed: ResourceNeed, headroom: HeadroomInForce| {
            let own = demanded.as_ref().unwrap_or(&needed);
            ResourceNeedReport {
                without_headroom: own.bare,
                headroom: demanded.is_ok().then_some(headroom),
                with_headroom: own.floor,
                with_guards: needed.floor,
                allowing_for_short_history: needed.ample,
                reached_cap: needed.reached_cap || needed.unknown_above,
            }
        };
    NeedReport {
        cpu_units: report(cpu, needed.cpu, of_cpu),
        memory_mib: report(memory, needed.memory, of_memory),
    }
}
