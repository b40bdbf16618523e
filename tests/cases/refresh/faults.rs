//! What may go wrong on the way, and what AWS may change: each is told, and nothing is lost.

use super::{
    contents, json,
    offers::{EC2, ECS, EU_WEST_1, EcsRow, PLANS, ec2_csv, ec2_head, ec2_row, ecs_csv, file, serving},
    refresh,
    server::Answer,
};
use crate::command::{Folder, definition, stderr, stdout};

/// A folder with a book of eu-west-1 in it, and the server it is from.
fn with_book() -> (Folder, super::PriceListServer) {
    let server = serving(&EU_WEST_1);
    let folder = Folder::new();
    refresh(&folder, &server, &["--only", "fargate"]).code(0);
    (folder, server)
}

#[test]
fn what_cannot_be_had_leaves_the_book_as_it_was() {
    let whole = ecs_csv(&EU_WEST_1);
    let (ecs, index) = (file(ECS), format!("{ECS}/current/region_index.json"));
    for (path, answer, word) in [
        (&ecs, Answer::cut_short(&whole), "cut short"),
        (&ecs, Answer::status("404 Not Found"), "404"),
        (&ecs, Answer::status("503 Service Unavailable"), "503 Service Unavailable (3 attempts)"),
        (&ecs, Answer::ok("<html>sign in</html>"), "no header line"),
        (&ecs, Answer::ok(""), "no header line"),
        (&ecs, Answer::ok(ecs_csv(&[])), "holds no prices"),
        (
            &ecs,
            Answer::ok(whole.replace("AmazonECS", "AmazonEKS")),
            "is the offer of AmazonEKS, not of AmazonECS",
        ),
        (&ecs, Answer::ok(whole.replace("2026-11-20T", "someday")), "publication date"),
        (&index, Answer::status("403 Forbidden"), "403"),
        (&index, Answer::ok("<html>"), "is no price list"),
    ] {
        let (folder, server) = with_book();
        let before = contents(&folder.path("book"));
        server.on(path, [answer]);
        let run = refresh(&folder, &server, &["--only", "fargate"]).code(3).stdout_eq("");
        let text = stderr(&run);
        assert!(
            text.starts_with("error: cannot refresh prices; the price book in book is as it was\n"),
            "{text}"
        );
        assert!(text.contains(word) && text.contains(path.as_str()), "{word}: {text}");
        assert_eq!(contents(&folder.path("book")), before, "{word}");
    }
}

#[test]
fn one_offer_that_fails_fails_the_whole() {
    let (folder, server) = with_book();
    let before = contents(&folder.path("book"));
    server.on(&file(ECS), [Answer::ok(ecs_csv(&EU_WEST_1).replace("0.0001250000", "0.0001300000"))]);
    server.on(&file(PLANS), [Answer::cut_short(&super::offers::plans_json(&super::offers::PLAN_RATES))]);
    let run = refresh(&folder, &server, &["--only", "fargate", "--only", "savings-plans"]).code(3);
    assert!(stderr(&run).contains("cut short"), "{}", stderr(&run));
    assert_eq!(contents(&folder.path("book")), before);
}

#[test]
fn what_passes_is_tried_again() {
    let server = serving(&EU_WEST_1);
    let whole = ecs_csv(&EU_WEST_1);
    server.on(
        &file(ECS),
        [Answer::status("500 Internal Server Error"), Answer::cut_short(&whole), Answer::ok(whole.clone())],
    );
    let folder = Folder::new();
    refresh(&folder, &server, &["--only", "fargate"]).code(0);
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn rows_that_are_not_as_they_were_are_told_and_their_old_rates_kept() {
    let cases: [(EcsRow, &str); 6] = [
        (("Fargate-GB-Hours", "MB-Hours", "0.0044450000"), "is charged per \"MB-Hours\", not per \"hours\""),
        (("Fargate-GB-Hours", "hours", "-0.0044450000"), "a price must be positive"),
        (("Fargate-GB-Hours", "hours", "0.0000000000"), "a price must be positive"),
        (("Fargate-GB-Hours", "hours", "cheap"), "\"cheap\" is no price"),
        (("ECS-EC2-GB-Hours", "GB-Hours", "0.0100000000"), "was free of charge and is 0.01 USD"),
        (("Fargate-ARM-GB-Hours", "GB", "0.0035600000"), "is charged per \"GB\""),
    ];
    for (changed, word) in cases {
        let (folder, server) = with_book();
        let before = contents(&folder.path("book"));
        let mut rows = EU_WEST_1;
        *rows.iter_mut().find(|row| row.0 == changed.0).unwrap() = changed;
        server.on(&file(ECS), [Answer::ok(ecs_csv(&rows))]);
        let run = refresh(&folder, &server, &["--only", "fargate"]).code(3);
        assert!(stdout(&run).contains(word), "{word}: {}", stdout(&run));
        assert_eq!(contents(&folder.path("book")), before, "{word}");
        // Accepted, the rates that could not be read are still there, as old as they are.
        let told =
            json(&refresh(&folder, &server, &["--only", "fargate", "--accept", "--format", "json"]).code(0));
        assert_eq!(told["changes"], serde_json::json!([]), "{word}");
        assert_eq!(told["offers"][0]["unread_rows"], 1, "{word}");
    }
}

#[test]
fn another_currency_is_refused_and_a_row_of_another_region_is_not_taken() {
    for (from, to, word) in [
        ("\"USD\"", "\"CNY\"", "is in CNY: only USD is read"),
        ("\"eu-west-1\"", "\"eu-west-9\"", "is of eu-west-9, not of eu-west-1"),
    ] {
        let (folder, server) = with_book();
        server.on(&file(ECS), [Answer::ok(ecs_csv(&EU_WEST_1).replace(from, to))]);
        let run = refresh(&folder, &server, &["--only", "fargate"]).code(3);
        assert!(stdout(&run).contains(word), "{}", stdout(&run));
    }
    let run = Folder::new()
        .run(&["prices", "refresh", "--region", "cn-north-1", "--out", "book", "--endpoint", "."])
        .code(3);
    assert!(stderr(&run).contains("cn-north-1 is billed in CNY"), "{}", stderr(&run));
}

#[test]
fn a_new_usage_type_is_told_and_the_rest_kept() {
    let mut rows = EU_WEST_1.to_vec();
    rows.push(("Fargate-GPU-Hours", "hours", "0.5260000000"));
    rows.push(("SpotUsage-Fargate-vCPU-Hours:perCPU", "hours", "0.0121000000"));
    let folder = Folder::new();
    let run = refresh(&folder, &serving(&rows), &["--only", "fargate", "--format", "json"]).code(0);
    assert_eq!(
        json(&run)["offers"][0]["new_usage_types"],
        serde_json::json!({ "EU-Fargate-GPU-Hours": 1, "EU-SpotUsage-Fargate-vCPU-Hours:perCPU": 1 })
    );
    let table = stdout(&refresh(&folder, &serving(&rows), &["--only", "fargate"]).code(0));
    assert!(table.contains("New usage type: AmazonECS eu-west-1: EU-Fargate-GPU-Hours (1 rows)"), "{table}");
}

#[test]
fn a_vanished_rate_and_a_jump_are_not_kept_unless_accepted() {
    let without: Vec<EcsRow> = EU_WEST_1.into_iter().filter(|row| !row.0.contains("ARM-GB")).collect();
    let mut jumped = EU_WEST_1;
    jumped[0].2 = "0.0607200000";
    for (rows, words) in [
        (
            &without[..],
            &["hole      fargate  eu-west-1  linux/arm64 on-demand memory", "was 0.00356 USD"][..],
        ),
        (&jumped[..], &["0.04048 to 0.06072 USD, +50 %"][..]),
    ] {
        let (folder, server) = with_book();
        let before = contents(&folder.path("book"));
        server.on(&file(ECS), [Answer::ok(ecs_csv(rows))]);
        let run = refresh(&folder, &server, &["--only", "fargate"]).code(3);
        let text = stdout(&run);
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert_eq!(contents(&folder.path("book")), before);
        refresh(&folder, &server, &["--only", "fargate", "--accept"]).code(0);
        // Accepted once, it is what the next refresh goes by; the built-in book still differs.
        refresh(&folder, &server, &["--only", "fargate"]).code(0);
        folder.run(&["prices", "verify", "--price-book", "book"]).code(1);
    }
}

#[test]
fn new_prices_out_of_line_with_those_beside_them_are_not_kept_unless_accepted() {
    let mut rows = EU_WEST_1.to_vec();
    rows.push(("ECS-Managed-Instances:c6g.medium-management-hours", "hours", "0.0500000000"));
    // As the offer of 2022 had it; those of 2026 have 0.046552.
    rows[4].2 = "0.0914800000";
    let (folder, server) = (Folder::new(), serving(&rows));
    let told = json(&refresh(&folder, &server, &["--only", "fargate", "--format", "json"]).code(3));
    let problems: Vec<String> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| format!("{} {}", problem["item"], problem["detail"]).replace('"', ""))
        .collect();
    assert_eq!(
        problems,
        [
            "windows/x86_64 on-demand vcpu 0.09148 USD is 2.26 times linux/x86_64 on-demand vcpu of the region, where \
             other regions have 1.15 times",
            "c6g.medium 0.05 USD is 137 % of its on-demand price (0.0365), where the fee is 12 %",
        ]
    );
    assert!(!folder.path("book").exists());
    refresh(&folder, &server, &["--only", "fargate", "--accept"]).code(0);
    let verdict = stdout(&folder.run(&["prices", "verify", "--price-book", "book"]).code(1));
    assert!(verdict.contains("c6g.medium") && verdict.contains("2 problems"), "{verdict}");
    // What was accepted is what the next refresh goes by.
    refresh(&folder, &server, &["--only", "fargate"]).code(0);
}

#[test]
fn an_older_offer_takes_nothing_from_later_prices_unless_accepted() {
    let mut rows = EU_WEST_1;
    rows[0].2 = "0.0354800000";
    let older = ecs_csv(&rows).replace("2026-11-20T", "2020-11-20T");
    let (folder, server) = with_book();
    let before = contents(&folder.path("book"));
    server.on(&file(ECS), [Answer::ok(older)]);
    let detail = "0.03548 USD of 2020-11-20 for 0.04048 USD of 2026-11-20";
    let told = json(&refresh(&folder, &server, &["--only", "fargate", "--format", "json", "-q"]).code(3));
    let problems = told["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{told:#}");
    assert_eq!((&problems[0]["problem"], &problems[0]["detail"]), (&"older".into(), &detail.into()));
    assert!(
        told["notes"][0].as_str().unwrap().contains("AmazonECS eu-west-1 was published on 2020-11-20"),
        "{told:#}"
    );
    let csv = stdout(&refresh(&folder, &server, &["--only", "fargate", "--format", "csv", "-q"]).code(3));
    assert!(
        csv.contains("problem:older,fargate,eu-west-1,linux/x86_64 on-demand vcpu,0.04048,0.03548,,"),
        "{csv}"
    );
    let table = stdout(&refresh(&folder, &server, &["--only", "fargate", "-q"]).code(3));
    assert!(table.contains(detail), "{table}");
    assert_eq!(contents(&folder.path("book")), before);

    refresh(&folder, &server, &["--only", "fargate", "--accept"]).code(0);
    let rates = folder.read("book/fargate.csv");
    assert!(rates.contains("eu-west-1,linux,x86_64,on-demand,vcpu,vCPU-hour,0.03548,2020-11-20,"), "{rates}");
    assert!(
        rates.contains("eu-west-1,linux,x86_64,on-demand,memory,GB-hour,0.004445,2026-11-20,"),
        "{rates}"
    );
}

#[test]
fn tiers_of_one_product_are_one_price_and_two_products_for_one_thing_are_told() {
    let folder = Folder::new();
    let server = serving(&EU_WEST_1);
    let free = ec2_row("A", "m5.large", "0.0000000000");
    let paid = ec2_row("A", "m5.large", "0.107").replace("\"OnDemand\",\"0\"", "\"OnDemand\",\"750\"");
    let offer = |other: &str| ec2_head() + &free + &paid + other;
    server.on(&file(EC2), [Answer::ok(offer(""))]);
    refresh(&folder, &server, &["--only", "ec2", "--accept"]).code(0);
    assert!(folder.read("book/ec2/eu-west-1.csv").contains("m5.large,0.107,"));
    server.on(&file(EC2), [Answer::ok(offer(&ec2_row("B", "m5.large", "0.2")))]);
    let run = refresh(&folder, &server, &["--only", "ec2"]).code(3);
    assert!(stdout(&run).contains("where A has 0.107 USD for the same"), "{}", stdout(&run));
}

#[test]
fn a_file_that_ends_within_a_line_is_told_even_if_its_length_is_right() {
    let folder = Folder::new();
    let server = serving(&EU_WEST_1);
    let whole = ec2_csv(&[("m5.large", "0.107"), ("m5.xlarge", "0.214")]);
    let end = whole.rfind("\"Amazon Elastic").unwrap();
    for cut in [end - 40, end - 15, end - 1] {
        server.on(&file(EC2), [Answer::ok(&whole[..cut])]);
        let run = refresh(&folder, &server, &["--only", "ec2"]).code(3);
        assert!(
            stdout(&run).contains("Not readable: AmazonEC2 eu-west-1: line 20: "),
            "{cut}: {}",
            stdout(&run)
        );
    }
}

#[test]
fn a_book_whose_files_were_changed_is_refused_with_the_file() {
    let (folder, server) = with_book();
    let folder = folder.with("task.json", definition("256", "512"));
    let edited = folder.read("book/fargate.csv").replace(",0.04048,", ",0.03048,");
    std::fs::write(folder.path("book/fargate.csv"), edited).unwrap();
    for command in [
        &["price", "task.json", "--region", "eu-west-1", "--price-book", "book"][..],
        &["prices", "verify", "--price-book", "book"],
        &["prices", "list", "--price-book", "book"],
        &["prices", "refresh", "--region", "eu-west-1", "--out", "book", "--endpoint", server.address()],
    ] {
        let run = folder.run(command).code(2).stdout_eq("");
        assert!(stderr(&run).contains("book/fargate.csv: its checksum is not"), "{}", stderr(&run));
    }
    // Out of the built-in book, it can be made anew.
    refresh(&folder, &server, &["--only", "fargate", "--price-book", "embedded"]).code(0);
    folder.run(&["prices", "list", "--price-book", "book"]).code(0);
    std::fs::remove_file(folder.path("book/ec2/us-east-1.csv")).unwrap();
    let run = folder.run(&["prices", "verify", "--price-book", "book"]).code(2);
    assert!(stderr(&run).contains("book/ec2/us-east-1.csv"), "{}", stderr(&run));
}

/// What the help of a damaged book, or of none, says must be what helps.
#[test]
fn a_book_that_is_damaged_or_not_there_is_told_with_what_helps() {
    let (folder, server) = with_book();
    std::fs::write(folder.path("book/fargate.csv"), "damaged").unwrap();
    let told = |run: snapbox::cmd::OutputAssert| stderr(&run.code(2).stdout_eq(""));
    let refused = told(refresh(&folder, &server, &["--only", "fargate"]));
    let help = "help: `fargauge prices refresh --out book --price-book embedded` makes it anew; ";
    assert!(refused.contains(help), "{refused}");
    assert!(told(folder.run(&["prices", "list", "--price-book", "book"])).contains(help));
    refresh(&folder, &server, &["--only", "fargate", "--price-book", "embedded"]).code(0);
    folder.run(&["prices", "list", "--price-book", "book"]).code(0);

    std::fs::create_dir(folder.path("other")).unwrap();
    let other = "help: name a folder that `fargauge prices refresh` wrote, or a CSV file; ";
    let refused = told(folder.run(&["prices", "list", "--price-book", "other"]));
    assert!(refused.contains("other: is no price book: there is no manifest.json in it\n"), "{refused}");
    assert!(refused.contains(other), "{refused}");
    for command in ["list", "verify"] {
        let refused = told(folder.run(&["prices", command, "--price-book", "nowhere"]));
        assert!(refused.contains("  cause: there is no file or folder at nowhere\n"), "{refused}");
        assert!(refused.contains(other), "{refused}");
    }
}

#[test]
fn arguments_that_name_nothing_exit_2() {
    let folder = Folder::new();
    for (arguments, word) in [
        (&["prices", "refresh", "--out", "book"][..], "--region"),
        (&["prices", "refresh", "--region", "mars", "--out", "book"], "\"mars\" is no region"),
        (&["prices", "refresh", "--region", "../x-1", "--out", "book"], "is no region"),
        (&["prices", "refresh", "--region", "eu-west-1", "--endpoint", "ftp://x"], "ftp://x"),
        (
            &["prices", "refresh", "--region", "eu-west-1", "--from-api", "--only", "savings-plans"],
            "GetProducts",
        ),
    ] {
        let run = folder.run(arguments).code(2).stdout_eq("");
        assert!(stderr(&run).contains(word), "{}", stderr(&run));
    }
}
