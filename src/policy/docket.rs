//! [`Docket`]: what the rules write their findings on.

use super::{NotJudged, Rule, subject::Subject};
use crate::{template::Place, units::Usd};

/// A finding before its level and its waiver are known.
#[derive(Debug, Clone)]
pub struct Draft {
    pub rule: Rule,
    pub at: Place,
    pub container: Option<String>,
    /// The id of the workload that it is about, where it is one of several.
    pub workload: Option<String>,
    pub message: String,
    pub help: Option<String>,
    pub monthly_cost_change: Option<Usd>,
    /// What of the template it is about, where a rule may say several things of it; part of the fingerprint.
    pub about: String,
    /// How bad it is, where money does not tell; more is worse, and only findings of the same thing compare.
    pub severity: u64,
    /// Whether it is too uncertain to fail a check.
    pub only_warns: bool,
}

/// The findings on one template, and what could not be judged of it.
#[derive(Debug, Default)]
pub struct Docket {
    pub drafts: Vec<Draft>,
    pub not_judged: Vec<NotJudged>,
}

impl Docket {
    pub fn find(&mut self, rule: Rule, at: &Place, message: String, help: Option<String>) -> &mut Draft {
        self.drafts.push(Draft {
            rule,
            at: at.clone(),
            container: None,
            workload: None,
            message,
            help,
            monthly_cost_change: None,
            about: String::new(),
            severity: 0,
            only_warns: false,
        });
        self.drafts.last_mut().expect("one was pushed just now")
    }

    pub fn cannot_judge(&mut self, rule: Rule, subject: &Subject<'_>, why: impl Into<String>) {
        self.not_judged.push(NotJudged {
            rule,
            task: Some(subject.task.name.clone()),
            at: Some(subject.task.at.clone()),
            why: why.into(),
        });
    }
}
