//! `fargauge prices refresh` and `verify`, against a server with offers like AWS's.

mod api;
mod faults;
mod offers;
mod server;

use std::path::Path;

use offers::{EC2, ECS, EU_WEST_1, ec2_csv, ecs_csv, file, serving};
use serde_json::Value;
use server::{Answer, PriceListServer};
use snapbox::cmd::OutputAssert;

use crate::command::{Folder, definition, stderr, stdout};

/// `prices refresh` of eu-west-1 into `book`.
fn refresh(folder: &Folder, server: &PriceListServer, more: &[&str]) -> OutputAssert {
    let start =
        ["prices", "refresh", "--region", "eu-west-1", "--endpoint", server.address(), "--out", "book"];
    folder.run(&[&start, more].concat())
}

fn json(run: &OutputAssert) -> Value {
    serde_json::from_str(&stdout(run)).unwrap()
}

/// Every file below a folder with its content: to see that nothing has changed.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn fargate_rates_are_renewed_told_and_priced_with() {
    let server = serving(&EU_WEST_1);
    let folder = Folder::new().with("task.json", definition("256", "512"));
    let run = refresh(&folder, &server, &["--only", "fargate", "--format", "json"]).code(0).stderr_eq("");
    let told = json(&run);
    let changes: Vec<String> = told["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!("{} {} {} {} {}", c["change"], c["table"], c["item"], c["old_usd"], c["new_usd"])
                .replace('"', "")
        })
        .collect();
    assert_eq!(
        changes,
        [
            "changed fargate any/any on-demand ephemeral-storage 0.000122 0.000125",
            "new fargate windows/x86_64 on-demand memory null 0.00511175",
            "new fargate windows/x86_64 on-demand vcpu null 0.046552",
            "new fargate windows/x86_64 on-demand windows-licence null 0.046",
            "new managed-instances-fees g4dn.xlarge null 0.045786",
            "new managed-instances-fees m5.large null 0.01284",
        ]
    );
    assert_eq!(told["kept"], true);
    assert_eq!(told["offers"][0]["prices_read"], 13);
    assert_eq!(told["offers"][0]["rows_kept"], 10);
    assert_eq!(told["offers"][0]["publication_date"], "2026-11-20");

    // Spot rates are in no price list: they stay, with their date, and are marked.
    let show = json(
        &folder
            .run(&["prices", "show", "--region", "eu-west-1", "--price-book", "book", "--format", "json"])
            .code(0),
    );
    let rates = show["rates"].as_array().unwrap();
    let spot: Vec<&Value> = rates.iter().filter(|rate| rate["floating"] == true).collect();
    assert!(
        spot.len() == 4 && spot.iter().all(|rate| rate["effective_date"].as_str() < Some("2026-11-20")),
        "{spot:?}"
    );
    let on_demand: Vec<&Value> = rates.iter().filter(|rate| rate["floating"] == false).collect();
    assert_eq!(on_demand.len(), 8);
    assert!(on_demand.iter().all(|rate| rate["effective_date"] == "2026-11-20"), "{on_demand:?}");
    assert!(on_demand[0]["source"].as_str().unwrap().contains("AmazonECS, version 20261120101500"));

    // Other regions are as they were; the book prices, and names itself.
    let price = |region: &str| {
        stdout(&folder.run(&["price", "task.json", "--region", region, "--price-book", "book"]).code(0))
    };
    assert!(price("eu-west-1").contains("9.01 USD a month"), "{}", price("eu-west-1"));
    assert!(price("us-east-1").contains("Price book book-"), "{}", price("us-east-1"));
    folder.run(&["prices", "verify", "--price-book", "book"]).code(0);
}

#[test]
fn the_table_lists_new_prices_up_to_twenty() {
    let folder = Folder::new();
    let table = stdout(&refresh(&folder, &serving(&EU_WEST_1), &["--only", "fargate"]).code(0));
    let new = |table: &str| -> Vec<String> {
        let squeezed = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        squeezed.filter(|line| line.starts_with("new ")).collect()
    };
    assert_eq!(
        new(&table),
        [
            "new fargate eu-west-1 windows/x86_64 on-demand memory - 0.00511175 -",
            "new fargate eu-west-1 windows/x86_64 on-demand vcpu - 0.046552 -",
            "new fargate eu-west-1 windows/x86_64 on-demand windows-licence - 0.046 -",
            "new managed-instances-fees eu-west-1 g4dn.xlarge - 0.045786 -",
            "new managed-instances-fees eu-west-1 m5.large - 0.01284 -",
        ]
    );
    let usages: Vec<String> =
        (2..24).map(|size| format!("ECS-Managed-Instances:m99.{size}xlarge-management-hours")).collect();
    let more: Vec<_> = usages.iter().map(|usage| (usage.as_str(), "hours", "0.5")).collect();
    let server = serving(&EU_WEST_1.iter().copied().chain(more).collect::<Vec<_>>());
    let table = stdout(&refresh(&folder, &server, &["--only", "fargate"]).code(0));
    assert_eq!(new(&table).len(), 20, "{table}");
    assert!(table.contains("\nand 2 more: --format json or csv has them all\n"), "{table}");
}

#[test]
fn a_second_refresh_of_the_same_offers_changes_nothing() {
    let server = serving(&EU_WEST_1);
    let folder = Folder::new();
    refresh(&folder, &server, &["--only", "fargate", "--as-of", "2026-11-21"]).code(0);
    let first = contents(&folder.path("book"));
    let again =
        refresh(&folder, &server, &["--only", "fargate", "--as-of", "2026-11-21", "--format", "json"])
            .code(0);
    assert_eq!(json(&again)["changes"], serde_json::json!([]));
    assert_eq!(contents(&folder.path("book")), first);
    assert!(std::fs::read_dir(folder.path(".")).unwrap().count() == 1, "nothing is left beside the book");
}

#[test]
fn instances_and_plans_are_renewed_from_their_own_offers() {
    let server = serving(&EU_WEST_1);
    server.on(&file(EC2), [Answer::ok(ec2_csv(&[("m5.large", "0.1070000000"), ("m9.large", "0.2")]))]);
    let folder = Folder::new();
    // Two types only: all the others of the region have vanished, so it is not kept unasked.
    let refused = refresh(&folder, &server, &["--format", "json"]).code(3);
    assert!(stderr(&refused).contains("the new prices were not kept"), "{}", stderr(&refused));
    assert!(!folder.path("book").exists());
    let problems = json(&refused);
    let problems = problems["problems"].as_array().unwrap();
    assert!(problems.len() > 300, "{}", problems.len());
    let other = problems.iter().find(|p| p["problem"] != "vanished" || p["region"] != "eu-west-1");
    assert_eq!(other, None);

    let told = json(&refresh(&folder, &server, &["--format", "json", "--accept"]).code(0));
    let change = |item: &str| {
        told["changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["item"] == item)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(change("m9.large")["new_usd"], 0.2);
    assert_eq!(change("linux/x86_64 1yr no-upfront vcpu")["new_usd"], 0.032_384);
    assert_eq!(change("m5.large compute-savings-plan 1yr no-upfront")["new_usd"], 0.078);
    let text = folder.read("book/ec2/eu-west-1.csv");
    assert_eq!(
        text,
        "instance_type,usd_per_hour,source\nm5.large,0.107,AmazonEC2-20261120101500\nm9.large,0.2,AmazonEC2-20261120101500\n"
    );
    // What the price list has no table for is left out, what is not of the region stays.
    assert!(!folder.read("book/fargate_savings_plans.csv").contains("windows"));
    assert!(folder.read("book/ec2/us-east-1.csv").lines().count() > 500);
}

#[test]
fn all_regions_are_those_with_an_offer_in_usd() {
    let server = serving(&EU_WEST_1);
    let folder = Folder::new();
    let start = ["prices", "refresh", "--region", "all", "--only", "fargate", "--out", "book"];
    let run = folder.run(&[&start[..], &["--endpoint", server.address()]].concat()).code(0);
    assert!(stderr(&run).contains("left out, for they are billed in CNY: cn-north-1"), "{}", stderr(&run));
    assert_eq!(server.asked(), [format!("{ECS}/current/region_index.json"), file(ECS)]);
}

#[test]
fn the_users_book_is_used_unless_another_is_named() {
    let server = serving(&EU_WEST_1);
    let folder = Folder::new().with("task.json", definition("256", "512"));
    let refresh =
        ["prices", "refresh", "--region", "eu-west-1", "--only", "fargate", "--endpoint", server.address()];
    folder.run(&refresh).code(0);
    assert!(folder.path("data/fargauge/price-book/manifest.json").exists());
    let price = |more: &[&str]| {
        stdout(&folder.run(&[&["price", "task.json", "--region", "eu-west-1"], more].concat()).code(0))
    };
    assert!(price(&[]).contains("Price book price-book-"), "{}", price(&[]));
    assert!(price(&["--price-book", "embedded"]).contains("Price book embedded-"));
}

/// One type of instance, dearer than any other, with a fee of 10 %: nothing else can be packed on.
#[test]
fn compare_prices_instances_and_their_fee_by_the_users_book() {
    let server = serving(&EU_WEST_1);
    let fee = ("ECS-Managed-Instances:m7i.4xlarge-management-hours", "hours", "0.3");
    let rows: Vec<_> = EU_WEST_1.iter().copied().chain([fee]).collect();
    server.on(&file(ECS), [Answer::ok(ecs_csv(&rows))]);
    server.on(&file(EC2), [Answer::ok(ec2_csv(&[("m7i.4xlarge", "3")]))]);
    let folder = Folder::new().with("fargauge.toml", "[ec2]\ntrunking = true\n");
    refresh(&folder, &server, &["--only", "ec2", "--only", "fargate", "--accept", "-q"]).code(0);
    folder.run(&["demo", "--services", "12", "--out", "kept", "--format", "csv", "-q"]).code(0);
    let compare = ["compare", "kept", "-q", "--price-book", "book", "--format", "json"];
    let comparison = json(&folder.run(&compare).code(0));
    // 30 and 80 GiB at 0.088 a month.
    for (platform, hourly) in
        [("ec2-x86-single-type", 3.0 + 2.64 / 730.0), ("managed-instances-x86", 3.3 + 7.04 / 730.0)]
    {
        let rows = comparison["rows"].as_array().unwrap();
        let scope = "123456789012/eu-west-1/prod";
        let row = rows.iter().find(|row| row["scope"] == scope && row["platform"] == platform).unwrap();
        let used = row["instance_types"].as_array().unwrap();
        assert_eq!((used.len(), &used[0]["instance_type"]), (1, &Value::from("m7i.4xlarge")), "{row:#}");
        let expected = used[0]["mean_instances"].as_f64().unwrap() * 730.0 * hourly;
        let cost = row["monthly_cost"].as_f64().unwrap();
        assert!((cost / expected - 1.0).abs() < 1e-3, "{expected} {row:#}");
    }
}

#[test]
fn a_folder_is_a_mirror_and_a_folder_with_other_things_is_no_book() {
    let folder = Folder::new();
    for (path, text) in [
        (format!("{ECS}/current/region_index.json"), offers::index(ECS)),
        (file(ECS), offers::ecs_csv(&EU_WEST_1)),
    ] {
        let path = folder.path(format!("mirror{path}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let refresh = |out: &str| {
        let start = ["prices", "refresh", "--region", "eu-west-1", "--only", "fargate"];
        folder.run(&[&start[..], &["--endpoint", "mirror", "--out", out]].concat())
    };
    refresh("book").code(0);
    let run = refresh("mirror").code(2);
    assert!(stderr(&run).contains("is a folder with other things in it"), "{}", stderr(&run));
}

#[test]
fn verify_finds_holes_negatives_jumps_and_what_vanished() {
    let folder = Folder::new();
    let embedded = stdout(&folder.run(&["prices", "verify"]).code(0));
    assert!(embedded.contains("nothing implausible"), "{embedded}");
    folder.run(&["prices", "show", "--region", "us-east-1", "--output", "one.csv"]).code(0);
    let book = folder.read("one.csv");
    let edited: String = book
        .lines()
        .filter(|line| !line.contains("linux,arm64,on-demand,memory"))
        .map(|line| line.replace(",0.04048,", ",0.08,").replace(",0.00511175,", ",-1,") + "\n")
        .collect();
    let folder = folder.with("edited.csv", edited);
    let run = folder
        .run(&["prices", "verify", "--price-book", "edited.csv", "--format", "json"])
        .code(1)
        .stderr_eq("");
    let found = json(&run);
    let of_region: Vec<String> = found["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["region"] == "us-east-1")
        .map(|problem| format!("{} {}", problem["problem"], problem["item"]).replace('"', ""))
        .collect();
    assert_eq!(
        of_region,
        [
            "hole linux/arm64 on-demand memory",
            "not-positive windows/x86_64 on-demand memory",
            "jump linux/x86_64 on-demand vcpu",
            "vanished linux/arm64 on-demand memory",
        ]
    );
    // The other 28 regions are gone as a whole.
    assert_eq!(found["problems"].as_array().unwrap().len(), 4 + 28);
    let csv =
        stdout(&folder.run(&["prices", "verify", "--price-book", "edited.csv", "--format", "csv"]).code(1));
    assert!(csv.contains("jump,fargate,us-east-1,linux/x86_64 on-demand vcpu,0.04048,0.08,"), "{csv}");
}
