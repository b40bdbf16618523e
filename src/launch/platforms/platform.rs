//! [`LaunchPlatform`]: the ways to run and buy the same work that are compared.

use crate::workload::Architecture::{self, Arm64, X86_64};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaunchPlatform {
    /// As it runs now.
    Today,
    FargateRightSized,
    FargateArm,
    FargateSpot,
    FargateSavingsPlan,
    /// ECS on EC2 instances of one's own.
    Ec2(Architecture, InstanceChoice, InstancePayment),
    /// ECS Managed Instances, which choose the types themselves.
    ManagedInstances(Architecture),
    EksFargate,
    EksEc2(Architecture),
    EksAutoMode(Architecture),
}

/// How instance types are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceChoice {
    /// The one type that makes it cheapest.
    SingleType,
    Mix,
}

/// How instances are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstancePayment {
    OnDemand,
    SavingsPlan,
    /// A part of the tasks on Spot instances.
    SpotShare,
}

impl LaunchPlatform {
    /// All, in the sequence of reports.
    pub fn all() -> Vec<Self> {
        use InstanceChoice::{Mix, SingleType};
        use InstancePayment::{OnDemand, SavingsPlan, SpotShare};
        let mut all = vec![
            Self::Today,
            Self::FargateRightSized,
            Self::FargateArm,
            Self::FargateSpot,
            Self::FargateSavingsPlan,
        ];
        for architecture in [X86_64, Arm64] {
            for payment in [OnDemand, SavingsPlan, SpotShare] {
                all.extend([SingleType, Mix].map(|choice| Self::Ec2(architecture, choice, payment)));
            }
        }
        all.extend([X86_64, Arm64].map(Self::ManagedInstances));
        all.push(Self::EksFargate);
        all.extend([X86_64, Arm64].map(Self::EksEc2));
        all.extend([X86_64, Arm64].map(Self::EksAutoMode));
        all
    }

    /// Kebab-case: the name in JSON and CSV.
    pub fn id(self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::FargateRightSized => "fargate-right-sized".to_owned(),
            Self::FargateArm => "fargate-arm".to_owned(),
            Self::FargateSpot => "fargate-spot".to_owned(),
            Self::FargateSavingsPlan => "fargate-savings-plan".to_owned(),
            Self::Ec2(architecture, choice, payment) => {
                let choice = match choice {
                    InstanceChoice::SingleType => "single-type",
                    InstanceChoice::Mix => "mix",
                };
                let payment = match payment {
                    InstancePayment::OnDemand => "",
                    InstancePayment::SavingsPlan => "-savings-plan",
                    InstancePayment::SpotShare => "-spot",
                };
                format!("ec2-{}-{choice}{payment}", short(architecture))
            }
            Self::ManagedInstances(architecture) => format!("managed-instances-{}", short(architecture)),
            Self::EksFargate => "eks-fargate".to_owned(),
            Self::EksEc2(architecture) => format!("eks-ec2-{}", short(architecture)),
            Self::EksAutoMode(architecture) => format!("eks-auto-mode-{}", short(architecture)),
        }
    }

    /// For people. What runs today is named by the caller, who knows what it is.
    pub fn label(self) -> String {
        let named = |what: &str, architecture| format!("{what}, {}", words(architecture));
        match self {
            Self::Today => "today".to_owned(),
            Self::FargateRightSized => "Fargate, right-sized".to_owned(),
            Self::FargateArm => "Fargate, ARM".to_owned(),
            Self::FargateSpot => "Fargate, Spot share".to_owned(),
            Self::FargateSavingsPlan => "Fargate, Savings Plan".to_owned(),
            Self::Ec2(architecture, choice, payment) => {
                let choice = match choice {
                    InstanceChoice::SingleType => "one type",
                    InstanceChoice::Mix => "mix",
                };
                let payment = match payment {
                    InstancePayment::OnDemand => "",
                    InstancePayment::SavingsPlan => ", Savings Plan",
                    InstancePayment::SpotShare => ", Spot share",
                };
                format!("EC2, {}, {choice}{payment}", words(architecture))
            }
            Self::ManagedInstances(architecture) => named("Managed Instances", architecture),
            Self::EksFargate => "EKS on Fargate".to_owned(),
            Self::EksEc2(architecture) => named("EKS on EC2", architecture),
            Self::EksAutoMode(architecture) => named("EKS Auto Mode", architecture),
        }
    }

    /// How its instances are paid for.
    pub(super) fn payment(self) -> InstancePayment {
        match self {
            Self::Ec2(_, _, payment) => payment,
            _ => InstancePayment::OnDemand,
        }
    }

    /// What tasks whose image allows it run on; `None`: on what they run on now.
    pub fn architecture(self) -> Option<Architecture> {
        match self {
            Self::FargateArm => Some(Arm64),
            Self::Ec2(architecture, ..)
            | Self::ManagedInstances(architecture)
            | Self::EksEc2(architecture)
            | Self::EksAutoMode(architecture) => Some(architecture),
            _ => None,
        }
    }
}

fn short(architecture: Architecture) -> &'static str {
    match architecture {
        X86_64 => "x86",
        Arm64 => "arm",
    }
}

fn words(architecture: Architecture) -> &'static str {
    match architecture {
        X86_64 => "x86",
        Arm64 => "ARM",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_platform_has_a_name_and_a_label_of_its_own() {
        let all = LaunchPlatform::all();
        let distinct = |of: fn(LaunchPlatform) -> String| {
            all.iter().map(|platform| of(*platform)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!((all.len(), distinct(LaunchPlatform::id), distinct(LaunchPlatform::label)), (24, 24, 24));
        let kebab = |id: &str| id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(all.iter().all(|platform| kebab(&platform.id())));
    }
}
