//! `prices refresh --from-api`: the same through `GetProducts`.

use serde_json::{Value, json};

use super::{
    json as output,
    offers::EU_WEST_1,
    server::{Answer, PriceListServer},
};
use crate::command::{Folder, stderr};

/// A product as the API gives it: JSON in a string.
fn product(number: usize, (usage, unit, price): (&str, &str, &str)) -> Value {
    let sku = format!("SKU{number:03}");
    let text = json!({
        "product": { "sku": sku, "productFamily": "Compute", "attributes": {
            "usagetype": format!("EU-{usage}"), "regionCode": "eu-west-1", "locationType": "AWS Region" } },
        "serviceCode": "AmazonECS", "version": "20261120101500", "publicationDate": "2026-11-20T10:15:00Z",
        "terms": { "OnDemand": { format!("{sku}.JRTCKXETXF"): { "priceDimensions": {
            format!("{sku}.JRTCKXETXF.6YS6EN2CT7"): { "unit": unit, "beginRange": "0", "endRange": "Inf",
                "pricePerUnit": { "USD": price } } } } } },
    });
    Value::String(text.to_string())
}

fn refresh(folder: &Folder, server: &PriceListServer) -> snapbox::cmd::OutputAssert {
    folder
        .fargauge()
        .env("AWS_ENDPOINT_URL_PRICING", server.address())
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["prices", "refresh", "--from-api", "--region", "eu-west-1", "--only", "fargate"])
        .args(["--out", "book", "--format", "json"])
        .assert()
}

#[test]
fn pages_of_products_give_the_same_rates_as_the_file() {
    let server = PriceListServer::start();
    let products: Vec<Value> =
        EU_WEST_1.iter().enumerate().map(|(number, row)| product(number, *row)).collect();
    let (first, second) = products.split_at(7);
    server.on(
        "/",
        [
            Answer::ok(
                json!({ "FormatVersion": "aws_v1", "PriceList": first, "NextToken": "more" }).to_string(),
            ),
            Answer::ok(json!({ "FormatVersion": "aws_v1", "PriceList": second }).to_string()),
        ],
    );
    let folder = Folder::new();
    let told = output(&refresh(&folder, &server).code(0));
    assert_eq!(told["offers"][0]["rows_kept"], 10);
    assert_eq!(told["changes"].as_array().unwrap().len(), 6);
    assert!(
        folder
            .read("book/fargate.csv")
            .contains("\"AWS price list AmazonECS, version 20261120101500, GetProducts\"")
    );
    let asked: Vec<Value> = server.asked().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(asked[0]["ServiceCode"], "AmazonECS");
    assert_eq!(
        asked[0]["Filters"],
        json!([{ "Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1" }])
    );
    assert_eq!(asked[1]["NextToken"], "more");
}

/// Nothing that gives credentials is there: one sentence, and what to do.
#[test]
fn no_credentials_are_one_sentence_with_what_helps() {
    let folder = Folder::new();
    for region in ["eu-west-1", "all"] {
        let run = folder
            .fargauge()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", folder.path("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", folder.path("none"))
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .args([
                "prices",
                "refresh",
                "--from-api",
                "--region",
                region,
                "--only",
                "fargate",
                "--out",
                "book",
            ])
            .assert()
            .code(3)
            .stdout_eq("");
        let text = stderr(&run);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].starts_with("  cause: Get") && lines[1].contains(": no usable credentials: "),
            "{text}"
        );
        assert!(lines[2].contains("the bulk files need no credentials"), "{text}");
    }
}

#[test]
fn an_api_that_refuses_or_has_nothing_fails_with_its_words() {
    let server = PriceListServer::start();
    let folder = Folder::new();
    for (answer, word) in [
        (Answer::ok(json!({ "PriceList": [] }).to_string()), "has no prices for eu-west-1"),
        (Answer::ok(json!({ "PriceList": ["{}"] }).to_string()), "is no price list"),
        (Answer::status("400 Bad Request"), "GetProducts of AmazonECS in eu-west-1"),
    ] {
        server.on("/", [answer]);
        let run = refresh(&folder, &server).code(3).stdout_eq("");
        assert!(stderr(&run).contains(word), "{}", stderr(&run));
        assert!(!folder.path("book").exists());
    }
}
