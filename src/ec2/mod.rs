//! EC2 instances as hosts of ECS tasks: what a type has, what of it tasks can use, and how tasks are
//! packed on instances. What an instance costs is [`crate::pricing`]'s business.

mod allocatable;
mod instance_type;
pub mod packing;

pub use allocatable::{HostSettings, allocatable, container_memory, registered_memory};
pub use instance_type::{EniLimits, InstanceType, InstanceTypes, InstanceTypesError};
