//! [`Progress`]: what a collect tells while it runs. Nothing is printed here.

/// Receives events, from any thread.
pub trait Progress: Sync {
    fn event(&self, event: Event<'_>);
}

/// Something happened that a person may want to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The inventories of this many accounts and regions are about to be taken.
    InventoryStarted { scopes: usize },
    /// One of them is taken; `place` is `account/region`.
    ScopeDone { place: &'a str, clusters: usize, workloads: usize, gaps: usize },
    /// An interrupted collect is continued: so many of its parts are there already.
    Resumed { parts_done: usize, parts: usize },
    /// The series are about to be pulled.
    PullStarted { parts: usize, calls: u64 },
    /// One planned call to CloudWatch is done, whatever it brought.
    CallDone,
    /// A part is on disk.
    PartWritten { name: &'a str },
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _: Event<'_>) {}
}
