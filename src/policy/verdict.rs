//! [`Verdict`]: what the findings come to.

use super::{Judgement, Level};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// Something that is denied was found.
    Fail,
    /// Something could not be read, and that is to fail.
    Incomplete,
}

/// What is to happen where something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnIncomplete {
    Fail,
    Warn,
    Pass,
}

impl Verdict {
    /// `incomplete`: whether a file or the snapshot could not be read as a whole. `new_only`: what the base or
    /// the baseline has, too, does not fail.
    pub fn of(judgement: &Judgement, incomplete: bool, on_incomplete: OnIncomplete, new_only: bool) -> Self {
        let fails = judgement.findings.iter().any(|finding| {
            finding.level == Level::Deny && finding.waived.is_none() && !(finding.known && new_only)
        });
        if incomplete && on_incomplete == OnIncomplete::Fail {
            Self::Incomplete
        } else if fails {
            Self::Fail
        } else {
            Self::Pass
        }
    }
}
