//! The comparison as JSON, and the JSON Schema of it.
//!
//! Takes a [`Comparison`]; gives its serialization, indented, with a newline at the end.

use schemars::{Schema, generate::SchemaSettings};

use super::Comparison;

pub fn render(comparison: &Comparison) -> String {
    let mut text = serde_json::to_string_pretty(comparison)
        .expect("a comparison has string keys and finite numbers only, which JSON can hold");
    text.push('\n');
    text
}

/// JSON Schema (2020-12) of what [`render`] writes; `reports/compare.schema.json` is its committed form.
pub fn comparison_schema() -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Comparison>();
    schema.insert("title".into(), "fargauge compare".into());
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use snapbox::assert_data_eq;

    use super::*;
    use crate::report::{compare::fixture, json::tests::violations};

    #[test]
    fn the_committed_schema_is_that_of_the_data_model() {
        let schema = serde_json::to_string_pretty(&comparison_schema()).unwrap() + "\n";
        assert_data_eq!(schema, snapbox::file!["../../../reports/compare.schema.json"].raw());
    }

    #[test]
    fn comparisons_satisfy_their_schema_and_hold_the_promised_keys() {
        let schema = serde_json::to_value(comparison_schema()).unwrap();
        let json: Value = serde_json::from_str(&render(&fixture::comparison())).unwrap();
        assert_eq!(violations(&schema, &schema, &json, "comparison"), Vec::<String>::new());
        let row = json["rows"][1].as_object().unwrap();
        for key in ["scope", "platform", "monthly_cost", "difference", "utilization", "assumptions"] {
            assert!(row.contains_key(key), "{key}");
        }
        assert!(row.contains_key("lower_bound_gap_percent"));
    }
}
