//! The report of `check` as JSON, and the JSON Schema of it.
//!
//! Takes a [`CheckReport`]; gives its serialization, indented, with a newline at the end. Money is a JSON number,
//! what is unknown is `null`. Refuses nothing.

use schemars::{Schema, generate::SchemaSettings};

use super::CheckReport;

pub fn render(report: &CheckReport) -> String {
    let mut text = serde_json::to_string_pretty(report)
        .expect("a report has string keys and finite numbers only, which JSON can hold");
    text.push('\n');
    text
}

/// JSON Schema (2020-12) of what [`render`] writes; `reports/check.schema.json` is its committed form.
pub fn check_schema() -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<CheckReport>();
    schema.insert("title".into(), "fargauge check".into());
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use snapbox::assert_data_eq;

    use super::{super::fixture, *};
    use crate::report::json::tests::violations;

    #[test]
    fn the_committed_schema_is_that_of_the_data_model() {
        let schema = serde_json::to_string_pretty(&check_schema()).unwrap() + "\n";
        assert_data_eq!(schema, snapbox::file!["../../../reports/check.schema.json"].raw());
    }

    #[test]
    fn the_committed_example_is_what_is_rendered() {
        let (report, _) = fixture::report();
        assert_data_eq!(render(&report), snapbox::file!["../../../reports/examples/check.json"].raw());
    }

    #[test]
    fn reports_satisfy_their_schema() {
        let schema = serde_json::to_value(check_schema()).unwrap();
        for (report, _) in [fixture::report(), fixture::hostile(), fixture::empty()] {
            let json: Value = serde_json::from_str(&render(&report)).unwrap();
            assert_eq!(violations(&schema, &schema, &json, "check"), Vec::<String>::new());
        }
    }

    #[test]
    fn hostile_text_comes_back_as_it_was() {
        let (report, _) = fixture::hostile();
        let json: Value = serde_json::from_str(&render(&report)).unwrap();
        assert_eq!(json["findings"][0]["message"], fixture::HOSTILE);
        assert_eq!(json["not_judged"][0]["why"], fixture::HOSTILE);
        assert_eq!(json["files"][1]["error"]["hint"], fixture::HOSTILE);
    }

    #[test]
    fn the_promised_keys_are_there() {
        let (report, _) = fixture::report();
        let json: Value = serde_json::from_str(&render(&report)).unwrap();
        for pointer in [
            "/verdict",
            "/files/1/path",
            "/files/0/kind",
            "/files/1/parsed",
            "/files/1/error/message",
            "/files/1/error/line",
            "/files/1/error/column",
            "/ignored_files",
            "/findings/1/rule",
            "/findings/1/level",
            "/findings/1/path",
            "/findings/1/line",
            "/findings/1/message",
            "/findings/1/fingerprint",
            "/findings/1/monthly_cost_change",
            "/not_judged/0/why",
        ] {
            assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
        }
        assert_eq!(json["files"][0]["error"], Value::Null);
        assert_eq!(json["findings"][0]["monthly_cost_change"], Value::Null);
    }
}
