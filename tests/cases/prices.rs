//! `fargauge prices`, and price books of the user's own.

use serde_json::Value;

use crate::command::{Folder, definition, stderr, stdout};

#[test]
fn list_says_what_each_region_has_rates_for() {
    let run = Folder::new().run(&["prices", "list"]).code(0).stderr_eq("");
    let text = stdout(&run);
    let line = |region: &str| {
        let line = text.lines().find(|line| line.starts_with(region)).unwrap_or_default();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("us-east-1 "),
        "yes yes yes ~2026-09-29 ~2026-09-28 yes 12 1367 14 2026-09-11 to 2026-09-29"
    );
    assert_eq!(line("eu-west-3 "), "yes - - ~2026-09-29 - - 4 564 0 2026-09-29");
    assert_eq!(line("ap-southeast-7 "), "part - - - - - 1 0 0 2026-08-09");
    // Prices of instances alone.
    assert_eq!(line("eu-central-2 "), "- - - - - - 0 347 0 -");
    assert!(text.contains("32 regions, 167 rates of Fargate."), "{text}");
}

#[test]
fn list_is_json_and_csv_too() {
    let folder = Folder::new();
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&folder.run(&["prices", "list", "--format", "json"]).code(0))).unwrap();
    let regions = json["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 32);
    let instances = regions.iter().find(|region| region["region"] == "eu-central-2").unwrap();
    assert_eq!((&instances["held"]["fargate_rates"], &instances["effective_to"]), (&0.into(), &Value::Null));
    assert!(instances["held"]["ec2_types"].as_u64() > Some(100), "{instances}");
    let partial = regions.iter().find(|region| region["region"] == "ap-southeast-7").unwrap();
    assert_eq!(partial["combinations"][0]["complete"], false);
    assert_eq!(partial["combinations"][0]["dimensions"], serde_json::json!(["vcpu"]));

    let csv = stdout(&folder.run(&["prices", "list", "--format", "csv"]).code(0));
    assert!(csv.contains("us-east-1,windows,x86_64,on-demand,vcpu;memory;windows-licence,true,"), "{csv}");
    assert!(csv.contains("\neu-central-2,,,,,,,,,0,347,0,0\r\n"), "{csv}");
}

#[test]
fn show_prints_unrounded_rates_with_their_provenance() {
    let folder = Folder::new();
    let table = stdout(&folder.run(&["prices", "show", "--region", "il-central-1"]).code(0));
    let rate = table.lines().find(|line| line.starts_with("linux  arm64")).unwrap_or_default();
    assert!(rate.contains("vcpu       0.04145152  vCPU-hour  ["), "{table}");
    assert!(table.contains("\n[1] 2026-09-27, high confidence: "), "{table}");
    let json: serde_json::Value = serde_json::from_str(&stdout(
        &folder.run(&["prices", "show", "--region", "us-east-1", "--format", "json"]).code(0),
    ))
    .unwrap();
    let rates = json["rates"].as_array().unwrap();
    assert_eq!(rates.len(), 12);
    let spot = rates
        .iter()
        .find(|rate| {
            rate["purchase_option"] == "spot" && rate["arch"] == "x86_64" && rate["dimension"] == "vcpu"
        })
        .unwrap();
    assert_eq!(spot["usd"].to_string(), "0.01288561");
    assert_eq!(spot["unit"], "vCPU-hour");
    assert_eq!(spot["confidence"], "medium");
}

#[test]
fn show_has_plans_and_charges_below_the_rates_of_fargate() {
    let folder = Folder::new();
    let table = stdout(&folder.run(&["prices", "show", "--region", "eu-west-1"]).code(0));
    let at = |words: &str| table.find(words).unwrap_or_else(|| panic!("{words}: {table}"));
    assert!(table.starts_with("OS "), "{table}");
    assert!(at("linux  x86_64  on-demand") < at("Compute Savings Plans for Fargate:"));
    assert!(at("Compute Savings Plans for Fargate:") < at("Other charges:"));
    let line = |start: &str| {
        let line = table.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(
        line("ebs-gp3-volume").starts_with("ebs-gp3-volume eu-west-1 0.088 USD-per-GB-month 2021-02-01 [")
    );
    assert!(
        line("eks-cluster-standard").starts_with("eks-cluster-standard-support any 0.1 USD-per-hour - [")
    );
    assert!(
        line("managed-instances-fee")
            .starts_with("managed-instances-fee any 12 percent-of-on-demand 2025-09-30 [")
    );
    assert!(line("EC2: ").starts_with("EC2: 961 instance types on demand, "), "{table}");
    let json: Value = serde_json::from_str(&stdout(
        &folder.run(&["prices", "show", "--region", "us-east-1", "--format", "json"]).code(0),
    ))
    .unwrap();
    let plan = json["savings_plans"].as_array().unwrap().iter().find(|plan| {
        (&plan["arch"], &plan["term"], &plan["payment"], &plan["dimension"])
            == (&"x86_64".into(), &"1yr".into(), &"no-upfront".into(), &"vcpu".into())
    });
    assert_eq!(plan.unwrap()["usd"].to_string(), "0.032384");
    assert_eq!(json["charges"].as_array().unwrap().len(), 11);
    let table = stdout(&folder.run(&["prices", "show", "--region", "us-east-1"]).code(0));
    assert!(table.contains("\nNo price of volumes is held for us-east-1.\n"), "{table}");

    // Prices of EC2 alone; CSV is a price book of Fargate's rates, and there are none.
    let show = |more: &[&str]| folder.run(&[&["prices", "show", "--region", "eu-central-2"], more].concat());
    let table = stdout(&show(&[]).code(0));
    assert!(table.starts_with("No rate of Fargate is held for eu-central-2.\n"), "{table}");
    let refused = show(&["--format", "csv"]).code(3).stdout_eq("");
    assert!(stderr(&refused).contains("no rates of Fargate for eu-central-2"), "{}", stderr(&refused));
    show(&["--format", "csv", "--instance-type", "m7g.large"]).code(0);
}

#[test]
fn show_has_the_prices_of_instances_that_are_asked_for() {
    let folder = Folder::new();
    let show = |more: &[&str]| {
        folder.run(&[&["prices", "show", "--region", "eu-west-1", "--as-of", "2026-11-22"], more].concat())
    };
    let table = stdout(&show(&["--instance-type", "m7g.*"]).code(0));
    let line = |of: &str| {
        let squeezed = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        squeezed.into_iter().find(|line| line.starts_with(of)).unwrap_or_else(|| panic!("{of}: {table}"))
    };
    assert_eq!(line("m7g.large on-demand"), "m7g.large on-demand - - 0.091 - [1]");
    // 12 % of 0.091
    assert!(line("m7g.large managed-instances-fee").contains(" 0.01092 - ["), "{table}");
    assert!(line("m7g.xlarge compute-savings-plan 1yr no-upfront").contains(" 24.1 ["), "{table}");
    assert!(!table.contains("m7gd."), "{table}");
    let json: Value =
        serde_json::from_str(&stdout(&show(&["--instance-type", "m7g.large", "--format", "json"]).code(0)))
            .unwrap();
    let prices = json["instances"].as_array().unwrap();
    assert_eq!(
        (&prices[0]["purchase"], prices[0]["usd_per_hour"].to_string()),
        (&"on-demand".into(), "0.091".into())
    );
    assert!(prices.iter().all(|price| price["source"].as_str().is_some_and(|source| !source.is_empty())));
    let csv = stdout(&show(&["--instance-type", "m7g.large", "--format", "csv"]).code(0));
    assert!(csv.contains("\neu-west-1,m7g.large,on-demand,,,0.091,,2026-02-07,high,"), "{csv}");
    let none = show(&["--instance-type", "m99.*"]).code(3).stdout_eq("");
    assert!(stderr(&none).contains("matches \"m99.*\""), "{}", stderr(&none));
    show(&["--instance-type", ""]).code(2);
}

#[test]
fn a_region_without_rates_is_refused_with_those_that_have_some() {
    let run = Folder::new().run(&["prices", "show", "--region", "xx-nowhere-1"]).code(3).stdout_eq("");
    assert!(
        stderr(&run).starts_with(
            "error: no-price-for-region: the price book has no rates for xx-nowhere-1\nhelp: it has rates for af-south-1, ap-east-1, "
        ),
        "{}",
        stderr(&run)
    );
    Folder::new().run(&["prices", "show"]).code(2).stdout_eq("");
    let china = Folder::new().run(&["prices", "show", "--region", "cn-north-1"]).code(3).stdout_eq("");
    let why = "error: no-price-for-region: cn-north-1 is billed in CNY, which fargauge does not convert\n";
    assert_eq!(stderr(&china), why);
}

#[test]
fn an_edited_price_book_is_faulted_by_its_own_name_and_line() {
    let folder = Folder::new();
    folder.run(&["prices", "show", "--region", "us-east-1", "--output", "book.csv"]).code(0);
    let good = folder.read("book.csv");
    let line = 1 + good.lines().position(|line| line.contains(",0.04048,")).unwrap();
    let bad = good.replacen(",0.04048,", ",abc,", 1).replace("\r\n", "\n");
    let folder = folder.with("lf.csv", &bad).with("crlf.csv", bad.replace('\n', "\r\n"));
    for book in ["lf.csv", "crlf.csv"] {
        for command in [&["prices", "verify"][..], &["prices", "list"]] {
            let run = folder.run(&[command, &["--price-book", book]].concat()).code(2).stdout_eq("");
            let place = format!("  cause: {book}: line {line}: invalid value: string \"abc\"");
            assert!(stderr(&run).contains(&place), "{}", stderr(&run));
        }
    }
}

#[test]
fn what_show_writes_as_csv_is_a_price_book() {
    let folder = Folder::new().with("task.json", definition("256", "512"));
    folder.run(&["prices", "show", "--region", "us-east-1", "--output", "book.csv"]).code(0);
    let doubled = folder.read("book.csv").replace(",0.04048,", ",0.08096,");
    let folder = folder.with("doubled.csv", doubled);
    let price = |book: &str, region: &str| {
        folder.run(&["price", "task.json", "--region", region, "--price-book", book])
    };
    assert!(stdout(&price("book.csv", "us-east-1").code(0)).contains("9.01 USD a month"));
    let doubled = stdout(&price("doubled.csv", "us-east-1").code(0));
    // (0.25 x 0.08096 + 0.5 x 0.004445) x 730
    assert!(doubled.contains("16.40 USD a month"), "{doubled}");
    assert!(doubled.contains("Price book doubled.csv-"), "{doubled}");
    // It replaces the built-in book, it does not add to it.
    price("doubled.csv", "us-west-2").code(3);
}

#[test]
fn a_price_book_that_cannot_be_used_exits_2_with_the_line() {
    let header = "region,operating_system,architecture,purchase_option,dimension,unit,usd,effective_date,confidence,source\n";
    let row = |usd: &str| {
        format!("{header}us-east-1,linux,x86_64,on-demand,vcpu,vCPU-hour,{usd},2026-01-01,high,me\n")
    };
    let folder = Folder::new()
        .with("task.json", definition("256", "512"))
        .with("negative.csv", row("-1"))
        .with("huge.csv", row("9999999999999999"))
        .with("empty.csv", "")
        .with("binary.csv", b"\xff\xfe\x00");
    for (book, cause) in [
        ("negative.csv", "  cause: negative.csv: line 2: a rate must be positive, not -1\n"),
        ("huge.csv", "huge.csv: line 2: a rate must be 1000000 USD at most, not 9999999999999999"),
        ("empty.csv", "empty.csv: holds no rates"),
        ("binary.csv", "UTF-8"),
        ("missing.csv", "  cause: "),
    ] {
        let run = folder
            .run(&["price", "task.json", "--region", "us-east-1", "--price-book", book])
            .code(2)
            .stdout_eq("");
        let text = stderr(&run);
        assert!(text.starts_with(&format!("error: cannot use price book {book}\n")), "{text}");
        assert!(text.contains(cause), "{text}");
    }
}
