//! # invalid-task-size
//!
//! A task that is to run on Fargate has a CPU and memory pair that Fargate does not offer, or none at all; or a
//! size of a task or container is written in a way that ECS does not take.
//!
//! **Why**: ECS refuses to register it, or no task of it can start. The deployment fails after the review.
//!
//! **Example**: `"cpu": "256", "memory": "4096"`. With 256 CPU units go 512, 1024 and 2048 MiB. Or `"memory":
//! "512MB"`: ECS takes `"512"` and `"0.5 GB"`.
//!
//! **Fix**: take one of the pairs that the message names. Where a snapshot has a rated workload that runs the task,
//! `fargauge patch --snapshot DIR` writes the size that it needs.
//!
//! Default level: deny.

use crate::{
    fargate::TaskSize,
    policy::{Rule, docket::Docket, subject::Subject, wording},
    template::Setting,
    workload::{Architecture, OperatingSystem, Platform},
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let task = subject.task;
    for refused in &task.refused {
        let at = refused.used_at.as_ref().unwrap_or(&refused.at);
        let message = format!("{}: {}", refused.setting, refused.why);
        docket.find(Rule::InvalidTaskSize, at, message, None).about.clone_from(&refused.setting);
    }
    if !subject.is_for_fargate() {
        return;
    }
    if let Setting::Known {
        value: Platform { os: OperatingSystem::Windows, arch: Architecture::Arm64 },
        ..
    } = &task.platform
    {
        let at = task.platform.place().unwrap_or(&task.at);
        let message = "Fargate has no Windows on ARM64; Windows runs on X86_64".to_owned();
        docket.find(Rule::InvalidTaskSize, at, message, None).about = "runtimePlatform".into();
    }
    let missing = subject.missing_sizes();
    if !missing.is_empty() {
        let message = format!("a Fargate task must have {} of its own", missing.join(" and "));
        let help = "set cpu and memory of the task, such as 256 and 512".to_owned();
        docket.find(Rule::InvalidTaskSize, &task.at, message, Some(help));
        return;
    }
    // A size that is not known has a finding of its own.
    let Some((cpu, memory)) = subject.size() else { return };
    let Some(platform) = subject.platform() else {
        docket.cannot_judge(Rule::InvalidTaskSize, subject, "its operating system is not known");
        return;
    };
    if let Err(error) = TaskSize::new(cpu, memory, platform.os) {
        let larger = subject
            .monthly_of_cheapest(cpu, memory)
            .map(|(size, _)| size)
            .or_else(|| TaskSize::all(platform.os).find(|size| size.cpu() >= cpu && size.memory() >= memory));
        let help = larger.map(|size| format!("the cheapest that holds both is {}", wording::size(size)));
        let place = match error {
            crate::fargate::InvalidTaskSize::Memory { .. } => task.memory.place(),
            _ => task.cpu.place(),
        };
        docket.find(Rule::InvalidTaskSize, place.unwrap_or(&task.at), error.to_string(), help);
    }
}
