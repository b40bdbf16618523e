//! What the main container must be left of a task's memory.

use super::{
    GuardInput,
    container_size::{ContainerSize, counted},
    fixed_heap::container_floor,
    layout::Layout,
    short_limits::Raised,
};
use crate::{rightsize::need::with, units::MemoryMib, workload::Container};

/// What the main container must be left of memory: with full headroom, however calm the fleet, since what
/// it has left of the task is less than what the task's size was weighed at. 0 where no demand is known.
pub(super) fn main_memory_need(input: &GuardInput<'_>, app: &Container) -> u32 {
    if input.memory_need == MemoryMib(0) {
        return 0;
    }
    let with_headroom = |mib: u32| with(u64::from(mib), input.memory_headroom);
    let seen = input.memory_peak.map_or(0, with_headroom);
    let whole = u64::from(input.memory_need.0).max(seen);
    let own = input.facts.peak_of(&app.name).and_then(|peak| peak.memory);
    let needs = own.map_or(whole, |peak| match seen {
        0 => with_headroom(peak.0),
        // What is to come of the task comes of its container.
        _ => (with_headroom(peak.0).saturating_mul(whole)).div_ceil(seen),
    });
    u32::try_from(needs).unwrap_or(u32::MAX)
}

/// Whether `split` leaves the main container what it needs, or what it has.
pub(super) fn leaves_main(input: &GuardInput<'_>, split: &[ContainerSize]) -> bool {
    let Some(layout) = Layout::of(input, Raised::None) else { return true };
    let app = layout.app();
    let needs = main_memory_need(input, app).max(container_floor(app).0).min(counted(app));
    let then = layout.containers.iter().zip(split).find(|(now, _)| std::ptr::eq(*now, app));
    then.and_then(|(_, then)| then.memory_reservation.or(then.memory)).is_none_or(|left| left.0 >= needs)
}
