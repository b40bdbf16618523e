//! Usage types of Fargate and EC2, matched whole behind their region's prefix.
//!
//! A prefix is one word (`EU`, `USE1`); some offers of us-east-1 have none. Nothing is matched by a
//! part: `EU-SpotUsage-Fargate-vCPU-Hours:perCPU` is no on-demand vCPU.

use crate::{
    pricing::RateDimension,
    workload::{Architecture, OperatingSystem, Platform},
};

/// What a usage type of `AmazonECS` charges for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EcsUsage<'a> {
    Fargate {
        platform: Option<Platform>,
        dimension: RateDimension,
    },
    /// Managing an instance of this type for an hour.
    ManagedInstance(&'a str),
    /// Tasks on instances of one's own are metered at no charge.
    Metered,
    /// ECS Anywhere: machines outside AWS, which fargauge does not price.
    Anywhere,
    New,
}

impl<'a> EcsUsage<'a> {
    pub(super) fn of(usage_type: &'a str) -> Self {
        let behind_prefix = usage_type.split_once('-').map_or("", |(_, rest)| rest);
        match Self::exactly(usage_type) {
            Self::New => Self::exactly(behind_prefix),
            known => known,
        }
    }

    fn exactly(tail: &'a str) -> Self {
        use Architecture::{Arm64, X86_64};
        use OperatingSystem::{Linux, Windows};
        use RateDimension::{EphemeralStorage, Memory, Vcpu, WindowsLicence};
        let fargate =
            |os, arch, dimension| Self::Fargate { platform: Some(Platform { os, arch }), dimension };
        match tail {
            "Fargate-vCPU-Hours:perCPU" => fargate(Linux, X86_64, Vcpu),
            "Fargate-GB-Hours" => fargate(Linux, X86_64, Memory),
            "Fargate-ARM-vCPU-Hours:perCPU" => fargate(Linux, Arm64, Vcpu),
            "Fargate-ARM-GB-Hours" => fargate(Linux, Arm64, Memory),
            "Fargate-Windows-vCPU-Hours:perCPU" => fargate(Windows, X86_64, Vcpu),
            "Fargate-Windows-GB-Hours" => fargate(Windows, X86_64, Memory),
            "Fargate-Windows-OS-Hours:perCPU" => fargate(Windows, X86_64, WindowsLicence),
            "Fargate-EphemeralStorage-GB-Hours" => {
                Self::Fargate { platform: None, dimension: EphemeralStorage }
            }
            "ECS-EC2-vCPU-Hours" | "ECS-EC2-GB-Hours" => Self::Metered,
            "ECS-Anywhere-Instance-hours" | "ECS-Anywhere-Instance-hours-WithFree" => Self::Anywhere,
            _ => tail
                .strip_prefix("ECS-Managed-Instances:")
                .and_then(|rest| rest.strip_suffix("-management-hours"))
                .filter(|instance_type| !instance_type.is_empty())
                .map_or(Self::New, Self::ManagedInstance),
        }
    }
}

/// The instance type of `EU-BoxUsage:m5.large`; `m1.small` where none is written.
pub(super) fn box_usage(usage_type: &str) -> Option<&str> {
    let exactly = |tail: &'_ str| -> Option<usize> {
        (tail == "BoxUsage" || tail.starts_with("BoxUsage:")).then(|| usage_type.len() - tail.len())
    };
    let behind_prefix = usage_type.split_once('-').map_or("", |(_, rest)| rest);
    let start = exactly(usage_type).or_else(|| exactly(behind_prefix))?;
    Some(usage_type[start..].strip_prefix("BoxUsage:").unwrap_or("m1.small"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_type_is_matched_whole_behind_its_prefix() {
        let vcpu = EcsUsage::of("EUC1-Fargate-vCPU-Hours:perCPU");
        assert_eq!(vcpu, EcsUsage::of("Fargate-vCPU-Hours:perCPU"));
        assert!(matches!(vcpu, EcsUsage::Fargate { dimension: RateDimension::Vcpu, .. }));
        assert_eq!(
            EcsUsage::of("APN1-ECS-Managed-Instances:m7i.large-management-hours"),
            EcsUsage::ManagedInstance("m7i.large")
        );
        for new in [
            "EU-SpotUsage-Fargate-vCPU-Hours:perCPU",
            "EU-Fargate-vCPU-Hours",
            "EU-Fargate-GPU-Hours",
            "EU-ECS-Managed-Instances:-management-hours",
            "EU-Fargate-RISCV-vCPU-Hours:perCPU",
            "",
        ] {
            assert_eq!(EcsUsage::of(new), EcsUsage::New, "{new}");
        }
    }

    #[test]
    fn box_usage_is_on_demand_use_alone() {
        assert_eq!(box_usage("BoxUsage:m5.large"), Some("m5.large"));
        assert_eq!(box_usage("EU-BoxUsage:c1.medium"), Some("c1.medium"));
        assert_eq!(box_usage("EU-BoxUsage"), Some("m1.small"));
        for other in
            ["EU-UnusedBox:m5.large", "EU-DedicatedUsage:m5.large", "EU-SpotUsage:m5.large", "BoxUsages:x"]
        {
            assert_eq!(box_usage(other), None, "{other}");
        }
    }
}
