//! [`InstanceType`]: what an EC2 instance type has, and [`InstanceTypes`], those that are known.
//!
//! Takes CSV in the schema of `pricing/ec2_types.csv`; refuses a line it cannot read, a type that is there
//! twice, or one without vCPU or memory. A type of which vCPU, memory or architecture is not known is not
//! in the table. macOS types are left out: ECS does not run on them.
//!
//! Sources: vCPU, memory, architecture, GPUs and generation from moto 5.2.5 (`instance_types.json.gz`, EC2's
//! own `DescribeInstanceTypes`); network interfaces from it and from karpenter-provider-aws
//! (`zz_generated.vpclimits.go`, generated 2026-08-06). That list is of what the VPC allows. Where the
//! Amazon ECS Developer Guide (container instance ENI) says that ECS does not trunk a type or family although
//! the VPC could, such as `m5.metal`, `c5n` and `r5n`, its branch interfaces are 0.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;

use crate::{units::MemoryMib, workload::Architecture};

/// The types embedded in the binary.
const EMBEDDED: &str = include_str!("../../pricing/ec2_types.csv");

/// Families for other work than containers, whose rows show no GPU.
const OTHER_WORK: [&str; 7] = ["dl", "f", "hpc", "inf", "mac", "trn", "vt"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// Such as `m7g.large`.
    pub name: String,
    pub vcpu: u32,
    pub memory: MemoryMib,
    pub architecture: Architecture,
    /// Absent where it is not known how many network interfaces it has.
    pub enis: Option<EniLimits>,
    /// As EC2 says it of the type; see [`InstanceType::is_of_previous_generation`].
    pub current_generation: bool,
    pub burstable: bool,
    pub bare_metal: bool,
    pub gpus: u32,
}

/// Network interfaces of an instance, each of which an `awsvpc` task takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EniLimits {
    pub max: u32,
    /// Branch interfaces with trunking; 0 where the type cannot trunk, or is not known to.
    pub branch: u32,
}

impl EniLimits {
    /// The interfaces that `awsvpc` tasks can have. The instance itself takes one; with trunking the trunk
    /// takes another, and the branch interfaces come on top.
    ///
    /// | | interfaces | branch | without trunking | with trunking |
    /// |---|---|---|---|---|
    /// | c5.large | 3 | 9 | 2 | 10 |
    /// | m6i.8xlarge | 8 | 84 | 7 | 90 |
    /// | t3.large | 3 | 0 | 2 | 2 |
    ///
    /// Amazon ECS Developer Guide, container instance ENI.
    pub fn for_tasks(self, trunking: bool) -> u32 {
        if trunking && self.branch > 0 {
            self.max.saturating_add(self.branch).saturating_sub(2)
        } else {
            self.max.saturating_sub(1)
        }
    }
}

impl InstanceType {
    /// What is before the point: `m7g` of `m7g.large`.
    pub fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }

    /// Whether AWS counts its family among the previous generations.
    ///
    /// EC2's own flag alone does not say so: it is false of m6i and r7g, and true of c6i and m7g, their like of
    /// the same years. AWS's list of previous generations has no family of the fifth or a later one.
    ///
    /// | | number | flag | previous |
    /// |---|---|---|---|
    /// | m4.large | 4 | no | yes |
    /// | m6i.large | 6 | no | no |
    /// | i3.large | 3 | yes | no |
    ///
    /// Source: aws.amazon.com/ec2/previous-generation.
    pub fn is_of_previous_generation(&self) -> bool {
        let number = self.name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        !self.current_generation && number[..digits].parse::<u32>().is_ok_and(|number| number < 5)
    }

    /// Whether containers may use all of it all the time, and it is of a generation and a kind that one would
    /// choose for them: not burstable or flex, no bare metal, nothing made for other work.
    pub fn is_for_steady_containers(&self) -> bool {
        let letters = self.name.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(self.name.len());
        !self.is_of_previous_generation()
            && !self.bare_metal
            && !self.burstable
            && !self.family().ends_with("-flex")
            && !OTHER_WORK.contains(&&self.name[..letters])
    }
}

/// The types that are known, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceTypes(BTreeMap<String, InstanceType>);

/// What is wrong with a table of types, and where.
#[derive(Debug, thiserror::Error)]
#[error("{name}: line {line}: {cause}")]
pub struct InstanceTypesError {
    pub name: String,
    pub line: u64,
    pub cause: String,
}

impl InstanceTypes {
    /// The types that this fargauge was built with; parsed when they are first asked for.
    pub fn embedded() -> &'static Self {
        static TYPES: OnceLock<InstanceTypes> = OnceLock::new();
        TYPES.get_or_init(|| Self::parse("embedded", EMBEDDED).expect("a test parses the embedded types"))
    }

    /// From CSV in the schema of `pricing/ec2_types.csv`. `name` says in messages where it is from.
    pub fn parse(name: &str, text: &str) -> Result<Self, InstanceTypesError> {
        let mut types = BTreeMap::new();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for row in reader.deserialize::<TypeRow>() {
            let at = |line, cause| InstanceTypesError { name: name.to_owned(), line, cause };
            let row =
                row.map_err(|error| at(error.position().map_or(1, csv::Position::line), error.to_string()))?;
            // The header is line 1.
            let line = types.len() as u64 + 2;
            let read = row.into_type().map_err(|cause| at(line, cause))?;
            if let Some(twice) = types.insert(read.name.clone(), read) {
                return Err(at(line, format!("{} is there twice", twice.name)));
            }
        }
        Ok(Self(types))
    }

    pub fn get(&self, name: &str) -> Option<&InstanceType> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &InstanceType> {
        self.0.values()
    }
}

/// A line of `pricing/ec2_types.csv`; a blank cell is not known.
#[derive(Debug, Deserialize)]
struct TypeRow {
    instance_type: String,
    vcpu: u32,
    memory_mib: u32,
    architecture: String,
    current_generation: u8,
    burstable: u8,
    bare_metal: u8,
    gpus: u32,
    max_enis: Option<u32>,
    branch_enis: Option<u32>,
}

impl TypeRow {
    /// The type, or what is wrong with the line.
    fn into_type(self) -> Result<InstanceType, String> {
        let architecture = match self.architecture.as_str() {
            "x86_64" => Architecture::X86_64,
            "arm64" => Architecture::Arm64,
            other => return Err(format!("architecture must be x86_64 or arm64, not {other:?}")),
        };
        let Some((family, size)) = self.instance_type.split_once('.') else {
            return Err(format!("an instance type is FAMILY.SIZE, not {:?}", self.instance_type));
        };
        if family.is_empty() || size.is_empty() || self.vcpu == 0 || self.memory_mib == 0 {
            return Err(format!("{:?} must have a name, vCPU and memory", self.instance_type));
        }
        let flag = |name, value| match value {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{name} must be 0 or 1, not {other}")),
        };
        Ok(InstanceType {
            current_generation: flag("current_generation", self.current_generation)?,
            burstable: flag("burstable", self.burstable)?,
            bare_metal: flag("bare_metal", self.bare_metal)?,
            enis: self.max_enis.map(|max| EniLimits { max, branch: self.branch_enis.unwrap_or(0) }),
            name: self.instance_type,
            vcpu: self.vcpu,
            memory: MemoryMib(self.memory_mib),
            architecture,
            gpus: self.gpus,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_type_is_read() {
        let types = InstanceTypes::embedded();
        assert_eq!(types.iter().count(), 1_386);
        assert_eq!(types.iter().filter(|one| one.architecture == Architecture::Arm64).count(), 418);
        assert_eq!(types.iter().filter(|one| one.enis.is_none()).count(), 0);
        assert_eq!(types.iter().filter(|one| one.burstable).count(), 28);
    }

    #[test]
    fn a_type_has_what_aws_says_of_it() {
        let m7g = InstanceTypes::embedded().get("m7g.large").unwrap();
        assert_eq!((m7g.vcpu, m7g.memory, m7g.family()), (2, MemoryMib(8192), "m7g"));
        assert_eq!(m7g.architecture, Architecture::Arm64);
        assert!(m7g.current_generation && !m7g.burstable && !m7g.bare_metal);
        let g5 = InstanceTypes::embedded().get("g5.12xlarge").unwrap();
        assert_eq!(g5.gpus, 4);
        assert!(InstanceTypes::embedded().get("t3.large").unwrap().burstable);
        assert!(InstanceTypes::embedded().get("m5.metal").unwrap().bare_metal);
        assert!(InstanceTypes::embedded().get("m7g").is_none());
    }

    /// Amazon ECS Developer Guide, container instance ENI: task limit without trunking, and with it.
    #[test]
    fn task_limits_are_those_of_the_ecs_developer_guide() {
        for (name, without, with) in [
            ("c5.large", 2, 10),
            ("c5.xlarge", 3, 20),
            ("c5.2xlarge", 3, 40),
            ("c5.18xlarge", 14, 120),
            ("a1.medium", 1, 10),
            ("m6g.medium", 1, 4),
            ("m6i.8xlarge", 7, 90),
            ("m6i.12xlarge", 7, 120),
            ("m6a.48xlarge", 14, 120),
            ("m6i.metal", 14, 120),
            ("c7g.8xlarge", 7, 60),
            ("r6g.4xlarge", 7, 60),
            ("x2iedn.xlarge", 3, 13),
            ("x2iedn.2xlarge", 3, 29),
            ("x2iezn.2xlarge", 3, 64),
            ("g5.xlarge", 3, 6),
            ("g5.2xlarge", 3, 19),
            ("g5.48xlarge", 6, 120),
            ("p4d.24xlarge", 59, 120),
            ("trn1.32xlarge", 39, 120),
            ("u-3tb1.56xlarge", 7, 12),
        ] {
            let enis = InstanceTypes::embedded().get(name).unwrap().enis.unwrap();
            assert_eq!((enis.for_tasks(false), enis.for_tasks(true)), (without, with), "{name}");
        }
    }

    #[test]
    fn previous_generations_are_those_before_the_fifth_that_ec2_calls_so() {
        let is_previous =
            |name: &str| InstanceTypes::embedded().get(name).unwrap().is_of_previous_generation();
        for name in ["m4.large", "c4.large", "r4.large", "a1.large", "m3.large"] {
            assert!(is_previous(name), "{name}");
        }
        for name in ["m5.large", "c5.large", "r6i.large", "r7g.large", "g5.xlarge", "i3.large", "m8g.large"] {
            assert!(!is_previous(name), "{name}");
        }
    }

    /// The same page, the types and families that ECS does not trunk.
    #[test]
    fn what_ecs_does_not_trunk_has_its_own_interfaces_only() {
        for name in [
            "t3.large",
            "t3a.small",
            "t4g.medium",
            "m5.metal",
            "c5.metal",
            "c5a.8xlarge",
            "r5.8xlarge",
            "c5n.large",
            "m5n.xlarge",
            "g4dn.xlarge",
            "i3en.large",
            "inf1.xlarge",
            "z1d.large",
        ] {
            let enis = InstanceTypes::embedded().get(name).unwrap().enis.unwrap();
            assert_eq!(enis.for_tasks(true), enis.max - 1, "{name}");
        }
        for one in InstanceTypes::embedded().iter().filter(|one| one.burstable) {
            assert_eq!(one.enis.unwrap().branch, 0, "{}", one.name);
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let header = EMBEDDED.lines().next().unwrap();
        let good = "m7g.large,2,8192,arm64,1,0,0,0,3,9";
        for (line, message) in [
            (good, "types: line 3: m7g.large is there twice"),
            ("m7g,2,8192,arm64,1,0,0,0,3,9", "types: line 3: an instance type is FAMILY.SIZE, not \"m7g\""),
            ("m7g.xlarge,0,8192,arm64,1,0,0,0,3,9", "must have a name, vCPU and memory"),
            ("m7g.xlarge,2,,arm64,1,0,0,0,3,9", "types: line 3: "),
            ("m7g.xlarge,2,8192,riscv,1,0,0,0,3,9", "architecture must be x86_64 or arm64, not \"riscv\""),
            ("m7g.xlarge,2,8192,arm64,2,0,0,0,3,9", "current_generation must be 0 or 1, not 2"),
        ] {
            let error = InstanceTypes::parse("types", &format!("{header}\n{good}\n{line}\n")).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
        let unknown = InstanceTypes::parse("types", &format!("{header}\nx9.large,2,8192,arm64,1,0,0,0,,\n"));
        assert_eq!(unknown.unwrap().get("x9.large").unwrap().enis, None);
    }
}
