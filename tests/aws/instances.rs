//! Container instances: what the snapshot holds of them, and what becomes of a refusal.

use serde_json::{Value, json};

use crate::fixture::{Fargauge, Scripted};

const WINDOW: [&str; 6] = ["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"];

/// The cluster `metal` with a service on EC2 and `count` instances, and `plain`, on Fargate alone.
fn fleet(count: usize) -> Value {
    let on_ec2 = json!({ "cpu": 512, "memory": 1024, "launch_type": "EC2", "maximum_percent": 150,
                         "constraints": ["memberOf", "distinctInstance"] });
    let instances: Vec<Value> = (0..count)
        .map(|number| {
            json!({ "type": "m7g.large", "zone": format!("eu-west-1{}", ["a", "b", "c"][number % 3]),
                    "arch": "arm64", "provider": "group", "cpu": 2048, "memory": 7700,
                    "free_cpu": 1024, "free_memory": 6676 })
        })
        .collect();
    let fargate = json!({ "cpu": 256, "memory": 512 });
    json!({ "eu-west-1": { "clusters": {
        "metal": { "services": { "solver": on_ec2 }, "instances": instances },
        "plain": { "services": { "web": fargate } },
    } } })
}

fn inventory(fargauge: &Fargauge) -> Value {
    let text = std::fs::read_to_string(fargauge.snapshot().join("inventory.json")).unwrap();
    assert!(!text.contains("never-stored"), "attributes that nobody asked for are not kept");
    serde_json::from_str(&text).unwrap()
}

fn instances(fargauge: &Fargauge) -> Vec<Value> {
    inventory(fargauge)["container_instances"].as_array().unwrap().clone()
}

#[test]
fn every_page_is_read_and_only_clusters_with_instances_are_asked() {
    let server = Scripted::with_pages(fleet(230), json!([]), json!({ "ListContainerInstances": 40 }));
    let fargauge = server.fargauge();
    fargauge.collected(&WINDOW);
    fargauge.report().assert_no_gaps();
    let found = instances(&fargauge);
    assert_eq!(found.len(), 230);
    let ids: Vec<&str> = found.iter().map(|instance| instance["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!(
        found[1],
        json!({ "account_id": "111122223333", "region": "eu-west-1", "cluster": "metal",
                "id": "00000000000000000000000000000001", "instance_type": "m7g.large",
                "availability_zone": "eu-west-1b", "architecture": "arm64", "capacity_provider": "group",
                "status": "ACTIVE", "registered": { "cpu": 2048, "memory_mib": 7700, "gpus": 0 },
                "remaining": { "cpu": 1024, "memory_mib": 6676, "gpus": 0 },
                "running_tasks": 1, "registered_at": "2025-03-01T00:00:00Z" })
    );
    assert_eq!(server.requests_to("ListContainerInstances").len(), 6, "six pages of metal, none of plain");
    assert_eq!(server.requests_to("DescribeContainerInstances").len(), 3, "a hundred in a call");
}

#[test]
fn deployment_settings_and_placement_are_in_the_inventory() {
    let server = Scripted::start(fleet(1), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&WINDOW);
    let inventory = inventory(&fargauge);
    let solver = &inventory["workloads"][0];
    assert_eq!((&solver["name"], &solver["maximum_percent"]), (&json!("solver"), &json!(150)), "{solver:#}");
    assert_eq!(solver["placement_constraints"], json!(["distinctInstance", "memberOf"]));
    assert_eq!(inventory["workloads"][1]["maximum_percent"], Value::Null);
}

#[test]
fn a_server_of_ecs_anywhere_is_kept_with_what_is_known_and_one_that_left_is_not() {
    let mut fleet = fleet(1);
    let metal = &mut fleet["eu-west-1"]["clusters"]["metal"];
    let bare = json!({ "cpu": 4096, "memory": 15_000, "free_cpu": 0, "free_memory": 0 });
    let mut draining = bare.clone();
    draining["status"] = json!("DRAINING");
    draining["gpus"] = json!(2);
    let mut leaving = bare.clone();
    leaving["status"] = json!("DEREGISTERING");
    metal["instances"] = json!([bare, draining, leaving]);
    let server = Scripted::start(fleet, json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&WINDOW);
    let found = instances(&fargauge);
    assert_eq!(found.len(), 2, "{found:#?}");
    for key in ["instance_type", "availability_zone", "architecture", "capacity_provider"] {
        assert_eq!(found[0][key], Value::Null, "{key}");
    }
    assert_eq!((&found[1]["status"], &found[1]["registered"]["gpus"]), (&json!("DRAINING"), &json!(2)));
}

#[test]
fn a_refusal_is_a_gap_and_the_rest_is_collected() {
    for operation in ["ListContainerInstances", "DescribeContainerInstances"] {
        let denied = json!([{ "on": operation, "do": { "error": "AccessDeniedException" } }]);
        let server = Scripted::start(fleet(3), denied);
        let fargauge = server.fargauge();
        fargauge.collected(&WINDOW);
        let report = fargauge.report();
        report.assert_gap("eu-west-1/metal", &format!("ecs:{operation}"), "access denied");
        assert_eq!((report.gaps().len(), report.workloads().len()), (1, 2), "{operation}");
        assert!(instances(&fargauge).is_empty(), "{operation}");
    }
}

#[test]
fn managed_instances_providers_say_how_they_buy() {
    let mut fleet = fleet(0);
    let metal = &mut fleet["eu-west-1"]["clusters"]["metal"];
    let template = json!({ "ec2InstanceProfileArn": "arn:aws:iam::111122223333:instance-profile/ecs",
                           "capacityOptionType": "SPOT" });
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/metal";
    metal["providers"] = json!([{ "name": "managed", "type": "MANAGED_INSTANCES", "cluster": cluster,
                                  "managedInstancesProvider": { "instanceLaunchTemplate": template } }]);
    metal["services"]["solver"] = json!({ "cpu": 512, "memory": 1024, "strategy": [["managed", 1, 0]] });
    let server = Scripted::start(fleet, json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&WINDOW);
    let inventory = inventory(&fargauge);
    let providers = inventory["capacity_providers"].as_array().unwrap();
    let managed = providers.iter().find(|provider| provider["name"] == "managed").unwrap();
    assert_eq!(
        (&managed["kind"], &managed["capacity_option"]),
        (&json!("MANAGED_INSTANCES"), &json!("SPOT"))
    );
    assert_eq!(inventory["workloads"][0]["launch_type"], "MANAGED_INSTANCES");
    assert_eq!(server.requests_to("ListContainerInstances").len(), 1, "its service runs on instances");
}
