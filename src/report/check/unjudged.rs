//! What could not be judged, told once per reason.

use std::collections::{BTreeMap, BTreeSet};

use super::CheckReport;
use crate::report::amounts::count;

/// Rules that could not be judged for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unjudged<'a> {
    why: &'a str,
    rules: BTreeSet<&'a str>,
    /// Tasks; 0 where it holds whatever the task.
    tasks: usize,
    /// How often.
    count: usize,
}

/// The most frequent reason first, then by reason.
pub(super) fn by_reason(report: &CheckReport) -> Vec<Unjudged<'_>> {
    let mut groups: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<_>, usize)> = BTreeMap::new();
    for item in &report.not_judged {
        let (rules, tasks, count) = groups.entry(&item.why).or_default();
        rules.insert(&item.rule);
        tasks.extend(item.task.as_ref().map(|task| (&item.path, task)));
        *count += 1;
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(why, (rules, tasks, count))| Unjudged { why, rules, tasks: tasks.len(), count })
        .collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.why));
    groups
}

impl Unjudged<'_> {
    /// `the size is not known (2 rules of 1 task): cpu-overprovisioned, memory-overprovisioned`.
    pub(super) fn text(&self) -> String {
        let rules = self.rules.iter().copied().collect::<Vec<_>>().join(", ");
        format!("{} ({}): {rules}", self.why, self.extent())
    }

    /// `3 rules of 2 tasks`, `1 rule`.
    fn extent(&self) -> String {
        let rules = count(self.rules.len() as u64, "rule");
        match self.tasks {
            0 => rules,
            tasks => format!("{rules} of {}", count(tasks as u64, "task")),
        }
    }
}
