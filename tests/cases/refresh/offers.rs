//! Offers in AWS's formats, made up: the columns, quoting and traps of the real ones, few rows.

use std::fmt::Write as _;

use super::server::{Answer, PriceListServer};

pub const ECS: &str = "/offers/v1.0/aws/AmazonECS";
pub const EC2: &str = "/offers/v1.0/aws/AmazonEC2";
pub const PLANS: &str = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan";
const VERSION: &str = "20261120101500";

/// Usage type behind the prefix, unit, price, and the first value of the tier.
pub type EcsRow<'a> = (&'a str, &'a str, &'a str);

/// eu-west-1 as it is priced; the ephemeral storage rate has changed from 0.000122.
pub const EU_WEST_1: [EcsRow<'static>; 13] = [
    ("Fargate-vCPU-Hours:perCPU", "hours", "0.0404800000"),
    ("Fargate-GB-Hours", "hours", "0.0044450000"),
    ("Fargate-ARM-vCPU-Hours:perCPU", "hours", "0.0323800000"),
    ("Fargate-ARM-GB-Hours", "hours", "0.0035600000"),
    ("Fargate-Windows-vCPU-Hours:perCPU", "hours", "0.0465520000"),
    ("Fargate-Windows-GB-Hours", "hours", "0.0051117500"),
    ("Fargate-Windows-OS-Hours:perCPU", "hours", "0.0460000000"),
    ("Fargate-EphemeralStorage-GB-Hours", "GB-Hours", "0.0001250000"),
    ("ECS-EC2-vCPU-Hours", "vCPU-Hours", "0.0000000000"),
    ("ECS-EC2-GB-Hours", "GB-Hours", "0.0000000000"),
    ("ECS-Anywhere-Instance-hours", "hours", "0.0102500000"),
    ("ECS-Managed-Instances:m5.large-management-hours", "hours", "0.0128400000"),
    ("ECS-Managed-Instances:g4dn.xlarge-management-hours", "hours", "0.0457860000"),
];

fn head(offer: &str) -> String {
    format!(
        "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"For tests, not for \"\"prices\"\".\"\n\
         \"Publication Date\",\"2026-11-20T10:15:00Z\"\n\"Version\",\"{VERSION}\"\n\"OfferCode\",\"{offer}\"\n"
    )
}

/// The `AmazonECS` offer of eu-west-1.
pub fn ecs_csv(rows: &[EcsRow]) -> String {
    let mut text = head("AmazonECS")
        + "\"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"PriceDescription\",\"EffectiveDate\",\
           \"StartingRange\",\"EndingRange\",\"Unit\",\"PricePerUnit\",\"Currency\",\"Product Family\",\
           \"serviceCode\",\"Location\",\"Location Type\",\"usageType\",\"operation\",\"Region Code\",\
           \"serviceName\"\n";
    for (number, (usage, unit, price)) in rows.iter().enumerate() {
        writeln!(
            text,
            "\"SKU{number:03}\",\"JRTCKXETXF\",\"SKU{number:03}.JRTCKXETXF.6YS6EN2CT7\",\"OnDemand\",\
             \"AWS Fargate - vCPU  - EU (Ireland)\",\"2026-11-01\",\"0\",\"Inf\",\"{unit}\",\"{price}\",\"USD\",\
             \"Compute\",\"AmazonECS\",\"EU (Ireland)\",\"AWS Region\",\"EU-{usage}\",\"\",\"eu-west-1\",\
             \"Amazon Elastic Container Service\""
        )
        .unwrap();
    }
    text
}

pub const EC2_HEADER: &str = "\"SKU\",\"TermType\",\"StartingRange\",\"Unit\",\"PricePerUnit\",\"Currency\",\
    \"Location Type\",\"Instance Type\",\"Tenancy\",\"Operating System\",\"usageType\",\"operation\",\
    \"CapacityStatus\",\"MarketOption\",\"Pre Installed S/W\",\"Region Code\",\"serviceName\"\n";

/// A row of the `AmazonEC2` offer of eu-west-1: type, price, then what makes it another product.
pub fn ec2_row(sku: &str, instance_type: &str, price: &str) -> String {
    format!(
        "\"{sku}\",\"OnDemand\",\"0\",\"Hrs\",\"{price}\",\"USD\",\"AWS Region\",\"{instance_type}\",\"Shared\",\
         \"Linux\",\"EU-BoxUsage:{instance_type}\",\"RunInstances\",\"Used\",\"OnDemand\",\"NA\",\"eu-west-1\",\
         \"Amazon Elastic Compute Cloud\"\n"
    )
}

/// The `AmazonEC2` offer of eu-west-1 with these prices, and around them what is not to be taken.
pub fn ec2_csv(prices: &[(&str, &str)]) -> String {
    let mut text = ec2_head();
    for (number, (instance_type, price)) in prices.iter().enumerate() {
        let row = ec2_row(&format!("EC2{number:03}"), instance_type, price);
        text += &row.replace("\"Linux\"", "\"Windows\"").replace("EC2", "WIN");
        text += &row.replace("\"Shared\"", "\"Dedicated\"").replace("BoxUsage", "DedicatedUsage");
        text += &row.replace("\"Used\"", "\"UnusedCapacityReservation\"").replace("BoxUsage", "UnusedBox");
        text += &row.replace("\"NA\"", "\"SQL Web\"").replace("\"RunInstances\"", "\"RunInstances:0200\"");
        text += &row.replace("\"AWS Region\"", "\"AWS Local Zone\"");
        text += &row.replace("\"OnDemand\",\"0\"", "\"Reserved\",\"0\"");
        text += &row;
    }
    text
}

pub fn ec2_head() -> String {
    head("AmazonEC2") + EC2_HEADER
}

/// The Savings Plan offer of eu-west-1: rates of one year by service and usage type.
pub fn plans_json(rates: &[(&str, &str, &str)]) -> String {
    let rates = |share: f64| -> Vec<serde_json::Value> {
        rates
            .iter()
            .map(|(service, usage, price)| {
                let price: f64 = price.parse().unwrap();
                serde_json::json!({
                    "discountedSku": format!("S-{usage}"), "discountedUsageType": format!("EU-{usage}"),
                    "discountedOperation": if *service == "AmazonEC2" { "RunInstances" } else { "" },
                    "discountedServiceCode": service, "discountedRegionCode": "eu-west-1", "unit": "Hrs",
                    "discountedRate": { "price": format!("{:.7}", price * share), "currency": "USD" },
                })
            })
            .collect()
    };
    let plan = |sku: &str, family: &str, term: &str, payment: &str| {
        serde_json::json!({ "sku": sku, "productFamily": family, "serviceCode": "ComputeSavingsPlans",
            "attributes": { "purchaseOption": payment, "purchaseTerm": term } })
    };
    let terms = |sku: &str, share: f64| serde_json::json!({ "rates": rates(share), "sku": sku, "leaseContractLength": { "duration": 1 } });
    serde_json::json!({
        "version": VERSION, "publicationDate": "2026-11-20T10:15:00Z", "regionCode": "eu-west-1",
        "products": [
            plan("P1", "ComputeSavingsPlans", "1yr", "No Upfront"),
            plan("P3", "ComputeSavingsPlans", "3yr", "No Upfront"),
            plan("DB", "DatabaseSavingsPlans", "1yr", "No Upfront"),
        ],
        "terms": { "savingsPlan": [terms("P1", 1.0), terms("P3", 0.6875), terms("DB", 0.5)] },
    })
    .to_string()
}

/// Rates of the plans that the built-in book has for eu-west-1, and of what it has no table for.
pub const PLAN_RATES: [(&str, &str, &str); 8] = [
    ("AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU", "0.0255"),
    ("AmazonECS", "Fargate-ARM-GB-Hours", "0.0028"),
    ("AmazonECS", "Fargate-vCPU-Hours:perCPU", "0.032384"),
    ("AmazonECS", "Fargate-GB-Hours", "0.003556"),
    ("AmazonECS", "Fargate-Windows-vCPU-Hours:perCPU", "0.0372"),
    ("AmazonEC2", "BoxUsage:m5.large", "0.078"),
    ("AmazonEC2", "DedicatedUsage:m5.large", "0.083"),
    ("AWSLambda", "Lambda-GB-Second", "0.0000138"),
];

/// A region index: of services as a map, of plans as a list.
pub fn index(offer: &str) -> String {
    let path = |region: &str| format!("{offer}/{VERSION}/{region}/index.json");
    if offer == PLANS {
        return serde_json::json!({ "regions": [
            { "regionCode": "eu-west-1", "versionUrl": path("eu-west-1") },
            { "regionCode": "eu-west-2", "versionUrl": format!("{offer}/current/default/empty.json") },
        ]})
        .to_string();
    }
    serde_json::json!({ "formatVersion": "v1.0", "regions": {
        "eu-west-1": { "regionCode": "eu-west-1", "currentVersionUrl": path("eu-west-1") },
        "eu-west-2": { "regionCode": "eu-west-2", "currentVersionUrl": format!("{offer}/current/default/empty.json") },
        "cn-north-1": { "regionCode": "cn-north-1", "currentVersionUrl": path("cn-north-1") },
    }})
    .to_string()
}

/// Where the offer of eu-west-1 is.
pub fn file(offer: &str) -> String {
    let ending = if offer == PLANS { "json" } else { "csv" };
    format!("{offer}/{VERSION}/eu-west-1/index.{ending}")
}

/// A server with the offers of eu-west-1: Fargate as given.
pub fn serving(ecs: &[EcsRow]) -> PriceListServer {
    let server = PriceListServer::start();
    for offer in [ECS, EC2, PLANS] {
        server.on(&format!("{offer}/current/region_index.json"), [Answer::ok(index(offer))]);
    }
    server.on(&file(ECS), [Answer::ok(ecs_csv(ecs))]);
    server.on(&file(PLANS), [Answer::ok(plans_json(&PLAN_RATES))]);
    server
}
