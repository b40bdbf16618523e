//! Where and on what a task runs: region, operating system, CPU architecture, purchase option.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An AWS region's name, such as `eu-west-1`. Any name is kept: whether it has prices is the price
/// book's to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(pub String);

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// China's regions are billed in CNY, which fargauge refuses rather than converts.
    pub fn is_china(&self) -> bool {
        self.0.starts_with("cn-")
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The operating system family, as far as prices and sizes tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperatingSystem {
    #[default]
    Linux,
    Windows,
}

impl OperatingSystem {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Architecture {
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// Operating system and architecture together: what a rate depends on beside the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Platform {
    pub os: OperatingSystem,
    pub arch: Architecture,
}

impl Platform {
    /// From ECS `runtimePlatform` values (`operatingSystemFamily`, `cpuArchitecture`), or
    /// `platformFamily` of a service. Absent values mean Linux on x86, as they do for ECS.
    pub fn from_ecs(operating_system_family: Option<&str>, cpu_architecture: Option<&str>) -> Self {
        let windows =
            operating_system_family.is_some_and(|family| family.to_ascii_uppercase().starts_with("WINDOWS"));
        let arm = cpu_architecture.is_some_and(|arch| arch.eq_ignore_ascii_case("ARM64"));
        Self {
            os: if windows { OperatingSystem::Windows } else { OperatingSystem::Linux },
            arch: if arm { Architecture::Arm64 } else { Architecture::X86_64 },
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os.as_str(), self.arch.as_str())
    }
}

/// How Fargate capacity is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurchaseOption {
    #[default]
    OnDemand,
    Spot,
}

impl PurchaseOption {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "spot",
        }
    }
}
