//! Which accounts, regions and clusters are collected, and what happens where one cannot be.

use serde_json::{Value, json};

use crate::fixture::{Fargauge, Scripted, small_fleet};

const SHORT: [&str; 4] = ["--lookback", "2d", "--period", "3600"];

fn with_region<'a>(regions: &[&'a str]) -> Vec<&'a str> {
    let named = regions.iter().flat_map(|region| ["--region", region]);
    named.chain(SHORT).collect()
}

/// The small fleet, in these regions.
fn fleet_in(regions: &[&str]) -> Value {
    let fleet = small_fleet()["eu-west-1"].take();
    regions
        .iter()
        .map(|region| ((*region).to_owned(), fleet.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn without_a_region_it_is_bad_usage_and_names_the_flag() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    fargauge.collect(&SHORT).assert_says(2, &["--region"]);
    assert!(server.requests().is_empty(), "nothing is asked of a region that nobody chose");
    assert!(!fargauge.snapshot().exists());
}

#[test]
fn the_region_is_the_flags_then_the_environments_then_the_profiles() {
    let server = Scripted::start(fleet_in(&["eu-west-1", "eu-north-1", "us-east-2"]), json!([]));
    let regions_asked = |arguments: &[&str], environment: Option<&str>| {
        let before = server.requests().len();
        let mut fargauge = server.fargauge();
        fargauge.write_home(".aws/config", "[default]\nregion = us-east-2\n");
        if let Some(region) = environment {
            fargauge = fargauge.with("AWS_REGION", region);
        }
        fargauge.collected(&[&SHORT, arguments].concat());
        let mut asked: Vec<String> = server.requests()[before..].iter().map(|r| r.region.clone()).collect();
        asked.sort();
        asked.dedup();
        asked
    };
    assert_eq!(regions_asked(&["--region", "eu-west-1"], Some("eu-north-1")), ["eu-west-1"]);
    let several = ["--region", "eu-west-1, us-east-2", "--region", "eu-north-1"];
    assert_eq!(regions_asked(&several, None), ["eu-north-1", "eu-west-1", "us-east-2"]);
    assert_eq!(regions_asked(&[], Some("eu-north-1")), ["eu-north-1"]);
    assert_eq!(regions_asked(&[], None), ["us-east-2"]);
}

#[test]
fn a_region_that_is_not_enabled_is_a_gap() {
    // Every request to a region that the fleet does not have gets UnrecognizedClientException.
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&with_region(&["eu-west-1", "ap-east-1"]));
    let report = fargauge.report();
    report.assert_gap("ap-east-1", "ecs:ListClusters", "not enabled");
    assert_eq!(report.workloads().len(), 2);
    assert!(report.workloads().iter().all(|workload| workload["region"] == "eu-west-1"));
}

#[test]
fn a_region_that_is_refused_does_not_stop_the_other() {
    let denied = json!([{ "on": "*", "region": "us-east-2", "do": { "error": "AccessDeniedException" } }]);
    let server = Scripted::start(fleet_in(&["eu-west-1", "us-east-2"]), denied);
    let fargauge = server.fargauge();
    fargauge.collected(&with_region(&["eu-west-1", "us-east-2"]));
    let report = fargauge.report();
    report.assert_gap("us-east-2", "ecs:ListClusters", "access denied");
    assert_eq!(report.workloads().len(), 2);
}

#[test]
fn all_means_every_region_that_is_enabled() {
    let server = Scripted::start(fleet_in(&["eu-west-1", "us-east-1", "sa-east-1"]), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&with_region(&["all"]));
    let report = fargauge.report();
    let mut regions: Vec<&str> = report.workloads().iter().map(|w| w["region"].as_str().unwrap()).collect();
    regions.sort_unstable();
    regions.dedup();
    assert_eq!(regions, ["eu-west-1", "sa-east-1", "us-east-1"]);
    report.assert_gap("ap-east-1", "ecs:ListClusters", "not enabled");
}

#[test]
fn government_and_china_partitions_are_collected_and_china_has_no_price() {
    for (region, priced) in [("us-gov-west-1", true), ("cn-north-1", false)] {
        let server = Scripted::start(fleet_in(&[region]), json!([]));
        let fargauge = server.fargauge();
        fargauge.collected(&with_region(&[region]));
        let report = fargauge.report();
        report.assert_no_gaps();
        let workload = report.workload("api");
        assert_eq!(workload["monthly_cost"].is_number(), priced, "{region}: {workload:#}");
        if !priced {
            assert_eq!(workload["not_rated"]["reason"], "no-price-for-region", "{workload:#}");
            assert_eq!(report["totals"]["unpriced"], 2);
        }
    }
}

#[test]
fn nothing_collected_is_no_snapshot() {
    for (action, cause) in [
        (json!({ "error": "AccessDenied", "status": 403 }), "denied"),
        (json!({ "error": "ExpiredToken", "status": 403 }), "expired"),
        (json!({ "error": "InvalidClientTokenId", "status": 403 }), "InvalidClientTokenId"),
        (json!({ "drop": true }), ""),
    ] {
        let server = Scripted::start(small_fleet(), json!([{ "on": "*", "do": action }]));
        let fargauge = server.fargauge().with("AWS_MAX_ATTEMPTS", "2");
        fargauge.collect(&with_region(&["eu-west-1"])).assert_says(3, &[cause]);
        let snapshot = fargauge.snapshot();
        assert_ne!(fargauge.run(&["report", snapshot.to_str().unwrap()]).code, Some(0), "{action}");
    }
}

#[test]
fn credentials_that_expire_everywhere_but_at_the_door_collect_nothing() {
    let faults = json!([
        { "on": "GetCallerIdentity", "do": {} },
        { "on": "*", "do": { "error": "ExpiredTokenException" } },
    ]);
    let server = Scripted::start(small_fleet(), faults);
    let fargauge = server.fargauge();
    fargauge.collect(&with_region(&["eu-west-1"])).assert_says(3, &["expired"]);
}

#[test]
fn without_credentials_it_says_so() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge().without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    fargauge.collect(&with_region(&["eu-west-1"])).assert_says(3, &["credentials"]);
}

#[test]
fn several_roles_are_several_accounts() {
    let denied = json!([{ "on": "AssumeRole", "containing": "999900001111",
                          "do": { "error": "AccessDenied", "status": 403 } }]);
    let server = Scripted::start(small_fleet(), denied);
    let fargauge = server.fargauge();
    let roles = ["222233334444", "555566667777", "999900001111"]
        .map(|account| ["--assume-role".to_owned(), format!("arn:aws:iam::{account}:role/fargauge")]);
    let roles: Vec<&str> = roles.iter().flatten().map(String::as_str).collect();
    fargauge.collected(&[with_region(&["eu-west-1"]), roles].concat());
    let report = fargauge.report();
    let names = ["222233334444", "555566667777"]
        .map(|account| ["api", "worker"].map(|service| format!("{account}/eu-west-1/prod/{service}")));
    assert_eq!(report.names(), names.as_flattened());
    assert_eq!(report.gaps().len(), 1, "{:#?}", report.gaps());
    report.assert_gap("999900001111", "sts:", "denied");
}

#[test]
fn profiles_bring_their_own_region_and_credentials() {
    let server = Scripted::start(fleet_in(&["eu-west-1", "us-east-2"]), json!([]));
    // The environment's credentials stay set: a profile that is named goes before them.
    let fargauge = with_profiles(server.fargauge());
    fargauge.collected(&[&SHORT[..], &["--profile", "blue", "--profile", "green"]].concat());
    let report = fargauge.report();
    report.assert_no_gaps();
    let names = ["222233334444/eu-west-1", "555566667777/us-east-2"]
        .map(|place| ["api", "worker"].map(|service| format!("{place}/prod/{service}")));
    assert_eq!(report.names(), names.as_flattened());
}

#[test]
fn a_role_is_assumed_as_the_profile_that_is_named_first() {
    let server = Scripted::start(fleet_in(&["eu-west-1", "us-east-2"]), json!([]));
    let fargauge = with_profiles(server.fargauge());
    let role = "arn:aws:iam::999900001111:role/fargauge";
    fargauge.collected(
        &[&SHORT[..], &["--profile", "green", "--profile", "blue", "--assume-role", role]].concat(),
    );
    let report = fargauge.report();
    assert!(report.names().contains(&"999900001111/us-east-2/prod/api"), "{:?}", report.names());
}

/// `blue` in eu-west-1 and `green` in us-east-2, of two accounts.
fn with_profiles(fargauge: Fargauge) -> Fargauge {
    fargauge.write_home(
        ".aws/config",
        "[profile blue]\nregion = eu-west-1\n[profile green]\nregion = us-east-2\n",
    );
    fargauge.write_home(
        ".aws/credentials",
        "[blue]\naws_access_key_id = ASIA222233334444\naws_secret_access_key = test\n\
         [green]\naws_access_key_id = ASIA555566667777\naws_secret_access_key = test\n",
    );
    fargauge
}

#[test]
fn a_profile_that_does_not_exist_is_not_replaced_by_the_environments_credentials() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    let arguments = [with_region(&["eu-west-1"]), vec!["--profile", "typo"]].concat();
    fargauge.collect(&arguments).assert_says(3, &["profile typo", "credentials"]);
    assert!(server.requests().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_before_anything_is_asked() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    fargauge.write_home("file", "kept");
    let below = fargauge.snapshot().with_file_name("file").join("snapshot");
    let arguments =
        [&["collect", "--out", below.to_str().unwrap()][..], &with_region(&["eu-west-1"])].concat();
    fargauge.run(&arguments).assert_says(3, &["cannot write to", "file/snapshot"]);
    assert!(server.requests().is_empty());
    // What cannot be meant is bad usage.
    fargauge.collect(&with_region(&["eu-west-1,"])).assert_says(2, &["--region"]);
}

#[test]
fn a_pattern_that_no_cluster_matches_collects_nothing() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    let arguments = [with_region(&["eu-west-1"]), vec!["--cluster", "prdo"]].concat();
    fargauge.collect(&arguments).assert_says(3, &["prdo", "eu-west-1"]);
    assert!(!fargauge.snapshot().exists());
}

#[test]
fn clusters_are_chosen_by_pattern() {
    let service = json!({ "services": { "web": { "cpu": 256, "memory": 512 } } });
    let clusters = json!({ "prod-eu": service, "prod-us": service, "staging": service, "preprod": service });
    let server = Scripted::start(json!({ "eu-west-1": { "clusters": clusters } }), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(
        &[with_region(&["eu-west-1"]), vec!["--cluster", "prod-*", "--cluster", "stag?ng"]].concat(),
    );
    let report = fargauge.report();
    assert_eq!(
        report.names(),
        ["prod-eu", "prod-us", "staging"].map(|cluster| format!("111122223333/eu-west-1/{cluster}/web"))
    );
    let asked_of = server.requests_to("ListServices").len();
    assert_eq!(asked_of, 3, "what is not wanted is not asked for");
}
