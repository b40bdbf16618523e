//! [`allocatable`]: what of an instance ECS tasks can use.
//!
//! **Memory.** The agent registers what the operating system reports, which is less than the type has: the
//! hypervisor and the kernel take some. AWS publishes no table of it. Assumed is 256 MiB and 3.25 % of the
//! type's memory, which is at least what was taken at every point that could be found:
//!
//! | type | MiB | registered | taken | assumed | source |
//! |---|---|---|---|---|---|
//! | t2.micro | 1,024 | 993 | 31 | 290 | sentiatechblog.com, cost efficiency while using the containers |
//! | m4.large | 8,192 | 7,985 | 207 | 523 | AWS Batch User Guide, memory management |
//! | m6i.large | 8,192 | 7,817 | 375 | 523 | aws/amazon-ecs-ami #597 (Amazon Linux 2, December 2025) |
//! | inf1.xlarge | 8,192 | 7,679 | 513 | 523 | aws/amazon-ecs-agent #3331 |
//! | r6id.xlarge | 32,768 | 31,517 | 1,251 | 1,321 | ASFHyP3/hyp3 #1900 (Amazon Linux 2023) |
//! | r6id.4xlarge | 131,072 | 126,722 | 4,350 | 4,516 | ASFHyP3/hyp3 #1900 (Amazon Linux 2023) |
//! | r4.16xlarge | 499,712 | 491,809 | 7,903 | 16,497 | sentiatechblog.com |
//!
//! So it errs to the careful side: by 4 % for m4.large, by 1.8 % for m6i.large. Off that come
//! `ECS_RESERVED_MEMORY` and what daemons reserve.
//!
//! **CPU.** 1,024 units a vCPU less what daemons reserve: the agent keeps none back.
//!
//! **Network interfaces.** See [`EniLimits::for_tasks`](super::EniLimits::for_tasks). Only tasks in `awsvpc`
//! mode need one.

use super::{InstanceType, packing::Resources};
use crate::units::{CpuUnits, MemoryMib};

/// How the hosts of a cluster are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostSettings {
    /// Whether ENI trunking is on (`awsvpcTrunking`). On Managed Instances it always is.
    pub trunking: bool,
    /// Memory kept from tasks beyond what the system takes (`ECS_RESERVED_MEMORY`).
    pub reserved_memory: MemoryMib,
    /// What the daemons of every instance reserve together; `enis` counts those in `awsvpc` mode.
    pub daemons: Resources,
}

/// What tasks can use of an instance; `None` where it is not known how many network interfaces it has,
/// or where the daemons leave no CPU or no memory.
pub fn allocatable(instance: &InstanceType, host: HostSettings) -> Option<Resources> {
    let daemons = host.daemons;
    let enis = instance.enis?.for_tasks(host.trunking);
    let left = Resources {
        cpu: instance.vcpu.checked_mul(CpuUnits::PER_VCPU)?.checked_sub(daemons.cpu)?,
        memory_mib: registered_memory(instance.memory)
            .0
            .checked_sub(host.reserved_memory.0)?
            .checked_sub(daemons.memory_mib)?,
        enis: enis.checked_sub(daemons.enis)?,
        gpus: instance.gpus.checked_sub(daemons.gpus)?,
    };
    (left.cpu > 0 && left.memory_mib > 0).then_some(left)
}

/// What the agent of an instance with `memory` registers at least, before `ECS_RESERVED_MEMORY`.
pub fn registered_memory(memory: MemoryMib) -> MemoryMib {
    // 3.25 % is 13 of 400.
    let taken = 256 + (u64::from(memory.0) * 13).div_ceil(400);
    MemoryMib(memory.0.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX)))
}

/// What a container takes of its instance that asks for `memory` (its reservation, or else its limit):
/// Docker sets at least 6 MiB aside for one (Amazon ECS Developer Guide, task definition parameters).
pub fn container_memory(memory: MemoryMib) -> MemoryMib {
    memory.max(MemoryMib(6))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ec2::InstanceTypes;

    const NONE: Resources = Resources { cpu: 0, memory_mib: 0, enis: 0, gpus: 0 };

    fn host(trunking: bool, reserved: u32, daemons: Resources) -> HostSettings {
        HostSettings { trunking, reserved_memory: MemoryMib(reserved), daemons }
    }

    fn of(name: &str, host: HostSettings) -> Option<Resources> {
        allocatable(InstanceTypes::embedded().get(name).unwrap(), host)
    }

    #[test]
    fn an_instance_has_what_the_system_the_agent_and_the_daemons_leave() {
        assert_eq!(
            of("m6i.large", host(false, 0, NONE)),
            Some(Resources { cpu: 2048, memory_mib: 7669, enis: 2, gpus: 0 })
        );
        let daemons = Resources { cpu: 256, memory_mib: 512, enis: 1, gpus: 0 };
        assert_eq!(
            of("m6i.large", host(true, 32, daemons)),
            Some(Resources { cpu: 1792, memory_mib: 7125, enis: 9, gpus: 0 })
        );
        assert_eq!(of("g5.12xlarge", host(true, 0, NONE)).unwrap().gpus, 4);
    }

    #[test]
    fn nothing_is_allocatable_where_daemons_leave_nothing_or_interfaces_are_unknown() {
        for daemons in [
            Resources { cpu: 2048, ..NONE },
            Resources { cpu: 4096, ..NONE },
            Resources { memory_mib: 7669, ..NONE },
            Resources { enis: 3, ..NONE },
            Resources { gpus: 1, ..NONE },
        ] {
            assert_eq!(of("m6i.large", host(false, 0, daemons)), None, "{daemons:?}");
        }
        assert_eq!(of("m6i.large", host(false, u32::MAX, NONE)), None);
        let unknown =
            InstanceType { enis: None, ..InstanceTypes::embedded().get("m6i.large").unwrap().clone() };
        assert_eq!(allocatable(&unknown, host(true, 0, NONE)), None);
        // All interfaces taken: tasks in bridge mode still run there.
        assert_eq!(of("m6i.large", host(false, 0, Resources { enis: 2, ..NONE })).unwrap().enis, 0);
    }

    /// What the agent registered, by the sources in the table above.
    #[test]
    fn no_known_instance_registered_less_than_is_assumed() {
        for (name, memory, registered) in [
            ("t2.micro", 1_024, 993),
            ("t2.small", 2_048, 2_001),
            ("t2.medium", 4_096, 3_952),
            ("m3.medium", 3_840, 3_765),
            ("m4.large", 8_192, 7_985),
            ("m6i.large", 8_192, 7_817),
            ("inf1.xlarge", 8_192, 7_679),
            ("m4.xlarge", 16_384, 16_048),
            ("r6id.xlarge", 32_768, 31_517),
            ("r6idn.xlarge", 32_768, 31_603),
            ("m4.4xlarge", 65_536, 64_417),
            ("r6id.4xlarge", 131_072, 126_722),
            ("r4.16xlarge", 499_712, 491_809),
        ] {
            let embedded = InstanceTypes::embedded().get(name).unwrap();
            assert_eq!(embedded.memory, MemoryMib(memory), "{name}");
            let assumed = registered_memory(embedded.memory).0;
            assert!(assumed <= registered, "{name}: {assumed}");
            // Careful, but not beyond use.
            assert!(f64::from(assumed) > 0.9 * f64::from(registered) || memory < 4_000, "{name}: {assumed}");
        }
    }

    #[test]
    fn a_container_takes_at_least_what_docker_sets_aside() {
        assert_eq!(container_memory(MemoryMib(0)), MemoryMib(6));
        assert_eq!(container_memory(MemoryMib(4)), MemoryMib(6));
        assert_eq!(container_memory(MemoryMib(512)), MemoryMib(512));
    }

    proptest! {
        /// Never more than the instance has, and never more for more daemons, reserve or less trunking.
        #[test]
        fn daemons_and_reserves_only_take(
            at in 0usize..1_386,
            trunking: bool,
            reserved in 0u32..2_000,
            (cpu, memory_mib, enis) in (0u32..4_096, 0u32..8_192, 0u32..4),
            (more_cpu, more_memory, more_enis) in (0u32..1_024, 0u32..1_024, 0u32..2),
        ) {
            let instance = InstanceTypes::embedded().iter().nth(at).unwrap();
            let daemons = Resources { cpu, memory_mib, enis, gpus: 0 };
            let more = Resources {
                cpu: cpu + more_cpu,
                memory_mib: memory_mib + more_memory,
                enis: enis + more_enis,
                gpus: 0,
            };
            let less = |a: Resources, b: Resources| {
                a.cpu <= b.cpu && a.memory_mib <= b.memory_mib && a.enis <= b.enis && a.gpus <= b.gpus
            };
            let whole = Resources {
                cpu: instance.vcpu * 1024,
                memory_mib: instance.memory.0 - 1,
                enis: instance.enis.map_or(0, |enis| enis.max + enis.branch - 1),
                gpus: instance.gpus,
            };
            let some = allocatable(instance, host(trunking, reserved, daemons));
            if let Some(some) = some {
                prop_assert!(less(some, whole));
            }
            for poorer in [host(trunking, reserved, more), host(trunking, reserved + more_memory, daemons), host(false, reserved, daemons)] {
                if let Some(poorer) = allocatable(instance, poorer) {
                    prop_assert!(some.is_some_and(|some| less(poorer, some)));
                }
            }
        }
    }
}
