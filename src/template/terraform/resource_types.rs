//! The types of resources that are read of Terraform, of its source and of its plans.

pub const TASK_DEFINITION: &str = "aws_ecs_task_definition";
pub const SERVICE: &str = "aws_ecs_service";
pub const SCALING: &str = "aws_appautoscaling_target";
