//! The report as JSON, and the JSON Schema of it.
//!
//! Takes a [`Report`]; gives its serialization, indented, with a newline at the end. The keys are those
//! of the data model; money and quantities are JSON numbers, what is unknown is `null`. Refuses nothing.

use schemars::{Schema, generate::SchemaSettings};

use super::Report;

pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report)
        .expect("a report has string keys and finite numbers only, which JSON can hold");
    text.push('\n');
    text
}

/// JSON Schema (2020-12) of what [`render`] writes; `reports/report.schema.json` is its committed form.
pub fn report_schema() -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    schema.insert("title".into(), "fargauge report".into());
    schema
}

#[cfg(test)]
pub(crate) mod tests {
    use rust_decimal::Decimal;
    use serde_json::Value;
    use snapbox::assert_data_eq;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_committed_schema_is_that_of_the_data_model() {
        let schema = serde_json::to_string_pretty(&report_schema()).unwrap() + "\n";
        assert_data_eq!(schema, snapbox::file!["../../reports/report.schema.json"].raw());
    }

    #[test]
    fn the_committed_example_is_what_is_rendered() {
        assert_data_eq!(
            render(&fixture::report()),
            snapbox::file!["../../reports/examples/report.json"].raw()
        );
    }

    #[test]
    fn reports_satisfy_their_schema() {
        let schema = serde_json::to_value(report_schema()).unwrap();
        for report in [fixture::report(), fixture::hostile_report(), fixture::empty_report()] {
            let json: Value = serde_json::from_str(&render(&report)).unwrap();
            assert_eq!(violations(&schema, &schema, &json, "report"), Vec::<String>::new());
        }
    }

    #[test]
    fn what_is_not_in_the_schema_is_noticed() {
        let schema = serde_json::to_value(report_schema()).unwrap();
        let mut json: Value = serde_json::from_str(&render(&fixture::report())).unwrap();
        json["workloads"][0]["finding"] = "Wasteful".into();
        json["workloads"][1]["monthly_cost"] = "9.01".into();
        json["workloads"][2]["current"].as_object_mut().unwrap().remove("cpu_units");
        json["totals"]["surprise"] = 1.into();
        let found = violations(&schema, &schema, &json, "report");
        assert_eq!(found.len(), 4, "{found:#?}");
    }

    #[test]
    fn the_promised_keys_are_there() {
        let json: Value = serde_json::from_str(&render(&fixture::report())).unwrap();
        for pointer in [
            "/schema_version /currency /as_of /window/start /window/end /window/period_seconds /snapshot/id",
            "/snapshot/sha256 /price_book/id /price_book/effective_date /price_book/sha256 /samples_read",
            "/totals/workloads /totals/rated /totals/unpriced /totals/window_cost /totals/monthly_cost",
            "/totals/recommended_monthly_cost /totals/monthly_savings /totals/savings_overprovisioned",
            "/totals/cost_of_underprovisioned /totals/requested_vcpu_hours /totals/requested_gb_hours",
            "/totals/task_hours /workloads/0/id /workloads/0/account_id /workloads/0/region",
            "/workloads/0/cluster /workloads/0/service /workloads/0/family /workloads/0/task_definition",
            "/workloads/0/launch_type /workloads/0/tags /workloads/0/platform/os /workloads/0/platform/arch",
            "/workloads/0/current/cpu_units /workloads/0/current/memory_mib",
            "/workloads/0/current/ephemeral_storage_gib /workloads/0/task_hours",
            "/workloads/0/requested_vcpu_hours /workloads/0/requested_gb_hours /workloads/0/window_cost",
            "/workloads/0/monthly_cost /workloads/0/demand/cpu_vcpu/average /workloads/0/demand/cpu_vcpu/p95",
            "/workloads/0/demand/cpu_vcpu/p99 /workloads/0/demand/cpu_vcpu/p995",
            "/workloads/0/demand/cpu_vcpu/max /workloads/0/demand/memory_mib/average",
            "/workloads/0/demand/memory_mib/p99 /workloads/0/demand/memory_mib/max /workloads/0/finding",
            "/workloads/0/reasons /workloads/0/dimensions/cpu /workloads/0/dimensions/memory",
            "/workloads/0/recommendation/cpu_units /workloads/0/recommendation/memory_mib",
            "/workloads/0/recommendation/monthly_cost /workloads/0/recommendation/monthly_savings",
            "/workloads/0/recommendation/savings_percent /workloads/0/recommendation/performance_risk",
            "/workloads/0/options/0/kind /workloads/0/options/0/monthly_cost",
            "/workloads/0/options/0/monthly_savings /workloads/0/options/0/effort",
            "/workloads/0/options/0/conditions /gaps/0/scope /gaps/0/api /gaps/0/cause",
        ]
        .iter()
        .flat_map(|line| line.split(' '))
        {
            assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
        }
        assert_eq!(json.pointer("/workloads/0/not_rated"), Some(&Value::Null));
    }

    #[test]
    fn rows_add_up_to_the_totals_exactly() {
        for report in [fixture::report(), fixture::hostile_report()] {
            let json: Value = serde_json::from_str(&render(&report)).unwrap();
            let sum = |pointer: &str| -> Decimal {
                let rows = json["workloads"].as_array().unwrap().iter();
                rows.filter_map(|row| row.pointer(pointer)).filter_map(decimal).sum()
            };
            for (pointer, total) in [
                ("/window_cost", "window_cost"),
                ("/monthly_cost", "monthly_cost"),
                ("/recommendation/monthly_savings", "monthly_savings"),
                ("/task_hours", "task_hours"),
                ("/requested_vcpu_hours", "requested_vcpu_hours"),
                ("/requested_gb_hours", "requested_gb_hours"),
            ] {
                assert_eq!(Some(sum(pointer)), decimal(&json["totals"][total]), "{total}");
            }
        }
    }

    /// The digits as printed, not the double behind them.
    fn decimal(value: &Value) -> Option<Decimal> {
        value.is_number().then(|| value.to_string().parse().expect("a JSON number of few digits"))
    }

    /// What in `value` the schema does not allow. Knows the keywords that the report's schema uses and
    /// panics at any other, so that none is silently skipped. No key may be there that is not described.
    pub(crate) fn violations(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut fail = |what: String| found.push(format!("{place}: {what}"));
        let mut nested = Vec::new();
        for (keyword, rule) in schema.as_object().expect("a schema is an object") {
            match keyword.as_str() {
                "$ref" => {
                    let target = root.pointer(&rule.as_str().unwrap()[1..]).expect("a definition");
                    nested.extend(violations(root, target, value, place));
                }
                "type" => {
                    let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                    if !types.iter().any(|name| is_of_type(value, name.as_str().unwrap())) {
                        fail(format!("{value} is not of type {rule}"));
                    }
                }
                "enum" if !rule.as_array().unwrap().contains(value) => {
                    fail(format!("{value} is not in {rule}"));
                }
                "const" if rule != value => fail(format!("{value} is not {rule}")),
                "minimum" if value.is_number() && value.as_f64() < rule.as_f64() => fail("too small".into()),
                "maximum" if value.is_number() && value.as_f64() > rule.as_f64() => fail("too large".into()),
                "$schema" | "$defs" | "title" | "description" | "format" | "enum" | "const" | "minimum"
                | "maximum" => {}
                "anyOf" | "oneOf" => {
                    let choices = rule.as_array().unwrap().iter();
                    let failures: Vec<_> =
                        choices.map(|choice| violations(root, choice, value, place)).collect();
                    if failures.iter().all(|failure| !failure.is_empty()) {
                        nested.extend(failures.into_iter().flatten().take(1));
                    }
                }
                "required" => {
                    for key in rule.as_array().unwrap().iter().filter_map(Value::as_str) {
                        if value.is_object() && value.get(key).is_none() {
                            fail(format!("{key} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (key, item) in value.as_object().into_iter().flatten() {
                        match rule.get(key) {
                            Some(rule) => {
                                nested.extend(violations(root, rule, item, &format!("{place}.{key}")));
                            }
                            None => fail(format!("{key} is not described")),
                        }
                    }
                }
                "additionalProperties" => {
                    for (key, item) in value.as_object().into_iter().flatten() {
                        nested.extend(violations(root, rule, item, &format!("{place}.{key}")));
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        nested.extend(violations(root, rule, item, &format!("{place}[{index}]")));
                    }
                }
                other => panic!("this test does not know the schema keyword {other}"),
            }
        }
        found.extend(nested);
        found
    }

    fn is_of_type(value: &Value, name: &str) -> bool {
        match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            other => panic!("this test does not know the type {other}"),
        }
    }
}
