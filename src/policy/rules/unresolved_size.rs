//! # unresolved-size
//!
//! The CPU or memory of a task cannot be known from the files alone.
//!
//! **Why**: what is not known is not judged, and that should not go unnoticed.
//!
//! **Example**: `Cpu: !Ref TaskCpu`, and the parameter has no default.
//!
//! **Fix**: give a default, or the value as `--parameter TaskCpu=512`. For Terraform, check the plan
//! (`terraform show -json`) in place of the source.
//!
//! Default level: warn.

use crate::{
    policy::{Rule, docket::Docket, subject::Subject},
    template::Setting,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let task = subject.task;
    let cpu = if let Setting::Unresolved { why, at } = &task.cpu { Some(("cpu", why, at)) } else { None };
    let memory =
        if let Setting::Unresolved { why, at } = &task.memory { Some(("memory", why, at)) } else { None };
    for (name, why, at) in cpu.into_iter().chain(memory) {
        // What is known and wrong has a finding of another rule.
        if task.refused.iter().any(|refused| refused.setting == name) {
            continue;
        }
        docket.find(Rule::UnresolvedSize, at, format!("{name} is not known: {why}"), None).about =
            name.into();
    }
}
