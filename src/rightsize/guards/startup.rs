//! Start-up peaks of CPU still fit, though slower.
//!
//! Starting is work that is done once: with less CPU it takes longer, and nothing breaks as long as
//! health checks wait. So the start-up peak may pass the size by [`STRETCH_PERCENT`] at most: CPU-bound
//! start-up then takes half as long again, within the slack that a grace period for a start-up that
//! varies from host to host must have. A start-up that reached the cap of its size wanted an unknown
//! amount: there is no going below. Memory has no such leave: its start-up peak is demand as any other.
//!
//! | size now | start-up peak | not below |
//! |---|---|---|
//! | 2 vCPU | 1.5 vCPU | 1 vCPU |
//! | 2 vCPU | 2 vCPU, at its cap | 2 vCPU |
//! | 1 vCPU (2 vCPU until a week ago) | 2 vCPU, at its cap then | 1 vCPU |

use super::{Guard, GuardInput};
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
};

pub(super) const CODE: &str = "start-up-peak";

/// By how much of the size the start-up peak may pass it.
const STRETCH_PERCENT: u64 = 50;

/// The floor of a start-up that is a spike; one that is not is in the steady demand already.
pub(super) fn guard(input: &GuardInput<'_>) -> Option<Guard> {
    let start = input.start_up.filter(|start| start.is_spike())?;
    let stretched = (start.peak_cpu * 100).div_ceil((100 + STRETCH_PERCENT) * 1000);
    let least = u32::try_from(stretched).unwrap_or(u32::MAX).max(start.capped_at.unwrap_or(0));
    let cpu = CpuUnits(least).min(input.size.cpu());
    let peak = vcpu(start.peak_cpu);
    let detail = match start.capped_at {
        Some(_) => format!("start-up reached its size's cap at {peak} vCPU: what it wants is not known"),
        None => format!(
            "start-up takes up to {peak} vCPU after a deployment; it may pass the size by {STRETCH_PERCENT} %"
        ),
    };
    Some(Guard { code: CODE, detail, cpu, memory: MemoryMib(0), always_a_reason: false })
}

/// That starting takes longer, where it does.
pub(super) fn condition(input: &GuardInput<'_>, to: TaskRoom) -> Option<String> {
    let start = input.start_up.filter(|start| start.is_spike())?;
    let size = u64::from(to.cpu().0) * 1000;
    if start.peak_cpu <= size || to.cpu() >= input.size.cpu() {
        return None;
    }
    let longer = (start.peak_cpu - size) * 100 / size.max(1);
    Some(format!(
        "start-up takes up to {} vCPU: with {} it lasts up to {longer} % longer, which health checks must allow",
        vcpu(start.peak_cpu),
        to.cpu(),
    ))
}

/// Thousandths of a CPU unit as vCPU with two decimals.
fn vcpu(thousandths: u64) -> String {
    let hundredths = (thousandths * 100).div_ceil(1_024_000);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
