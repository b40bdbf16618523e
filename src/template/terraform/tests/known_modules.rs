use super::*;

#[test]
fn the_service_module_of_the_registry_is_a_task_definition() {
    let text = r#"
module "api" {
  source = "terraform-aws-modules/ecs/aws//modules/service"
  name   = "api"
  cpu    = 1024
  memory = var.memory
  desired_count = 2
  container_definitions = {
    app = {
      cpu       = 512
      memory    = 1024
      essential = true
    }
    fluent = { memory_reservation = 50 }
  }
  runtime_platform = {
    cpu_architecture        = "ARM64"
    operating_system_family = "LINUX"
  }
}
variable "memory" {
  default = 4096
}
"#;
    let texts = [("main.tf", text)];
    let task = task_of(&texts, &Inputs::default());
    assert_eq!(task.name, "module.api.aws_ecs_task_definition.this");
    assert_eq!(known(&texts, &task.cpu), (CpuUnits(1024), "1024".to_owned(), None));
    assert_eq!(
        known(&texts, &task.memory),
        (MemoryMib(4096), "4096".to_owned(), Some("var.memory".to_owned()))
    );
    assert_eq!(known(&texts, &task.platform).1, "\"ARM64\"");
    let names: Vec<_> =
        task.containers.iter().filter_map(|container| container.name.known().cloned()).collect();
    assert_eq!(names, ["app", "fluent"]);
    assert_eq!(known(&texts, &task.containers[0].memory).1, "1024");
    assert_eq!(known(&texts, &task.containers[1].memory_reservation).1, "50");
    assert_eq!(known(&texts, &task.services[0].desired_count).0, 2);
}

#[test]
fn services_of_the_cluster_module_are_task_definitions_and_its_defaults_are_not_guessed() {
    let text = "module \"ecs\" {\n  source = \"terraform-aws-modules/ecs/aws\"\n  services = {\n    web = { cpu = 512, memory = 1024 }\n    job = { memory = 2048 }\n  }\n}\nmodule \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n  cpu = 1\n}\n";
    let tasks = read_texts(&[("main.tf", text)], &Inputs::default()).remove(0).tasks;
    let found: Vec<_> =
        tasks.iter().map(|task| (task.family.known().unwrap().as_str(), task.cpu.known())).collect();
    assert_eq!(found, [("web", Some(&CpuUnits(512))), ("job", None)]);
    assert!(why(&tasks[1].cpu).contains("the default of the module"));
}
