//! [`Bars`]: how far a collect is, on stderr: bars on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::counted;
use crate::{
    collect::{Event, Progress},
    report::display_safe,
};

/// Shows events. Quiet shows nothing.
pub(super) struct Bars {
    bar: ProgressBar,
    terminal: bool,
    quiet: bool,
}

impl Bars {
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target =
            if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bar: ProgressBar::with_draw_target(None, target), terminal, quiet }
    }

    /// A line of its own, above the bar where there is one.
    pub fn say(&self, line: &str) {
        if self.quiet {
            return;
        }
        let line = display_safe(line);
        self.bar.suspend(|| {
            // That stderr is closed is no reason to fail.
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn start(&self, length: u64, what: &'static str) {
        self.bar.reset();
        self.bar.set_length(length);
        self.bar.set_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
            self.bar.set_style(style.progress_chars("=> "));
        }
    }

    /// Only where no bar shows it.
    fn plain(&self, line: &str) {
        if !self.terminal {
            self.say(line);
        }
    }
}

impl Progress for Bars {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::InventoryStarted { scopes } => self.start(scopes as u64, "inventory"),
            Event::ScopeDone { place, clusters, workloads, gaps } => {
                self.bar.inc(1);
                self.plain(&format!(
                    "{place}: {}, {}, {}",
                    counted(clusters, "cluster"),
                    counted(workloads, "workload"),
                    counted(gaps, "gap")
                ));
            }
            Event::Resumed { parts_done, parts } => {
                self.say(&format!("continuing: {parts_done} of {} there already", counted(parts, "part")));
            }
            Event::PullStarted { parts, calls } => {
                self.start(calls, "utilization");
                self.plain(&format!("pulling utilization: {}", counted(parts, "part")));
            }
            Event::CallDone => self.bar.inc(1),
            Event::PartWritten { name } => self.plain(&format!("{name} written")),
        }
    }
}
