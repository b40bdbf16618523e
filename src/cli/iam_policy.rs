//! `fargauge iam-policy`: what `collect` must be allowed to do, and nothing more.

use clap::{Args, builder::NonEmptyStringValueParser};

use super::{CliError, ExitCode, Output};
use crate::snapshot_store::{PrefixError, S3Prefix};

/// Print the IAM policy that `collect` needs: reading only, but for what --s3 names
#[derive(Debug, Args)]
pub struct IamPolicyArgs {
    /// Allow to write snapshots there and read them, too: BUCKET/PREFIX, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "BUCKET/PREFIX", value_parser = clap::builder::TypedValueParser::try_map(NonEmptyStringValueParser::new(), |text| prefix(&text)))]
    s3: Option<S3Prefix>,
}

fn prefix(text: &str) -> Result<S3Prefix, PrefixError> {
    if text.contains("://") { text.parse() } else { format!("s3://{text}").parse() }
}

/// Every action that `collect` calls. None of them changes anything.
const POLICY: &str = include_str!("iam_policy.json");
/// Where another statement fits into it.
const END: &str = "\n  ]\n}\n";

pub fn run(args: &IamPolicyArgs) -> Result<ExitCode, CliError> {
    let text = match &args.s3 {
        None => POLICY.to_owned(),
        Some(prefix) => {
            let statements = POLICY.strip_suffix(END).expect("the policy ends with its statements");
            format!("{statements},\n{}{END}", snapshots(prefix))
        }
    };
    Output::Stdout.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
}

/// The statement for snapshots in S3, dated ones and the object `latest` beside them included.
fn snapshots(prefix: &S3Prefix) -> String {
    let dated = prefix.split_last().filter(|_| prefix.is_dated()).map(|(parent, _)| parent);
    let below = dated.as_ref().unwrap_or(prefix).key("*");
    let resource = serde_json::Value::from(format!("arn:aws:s3:::{}/{below}", prefix.bucket()));
    format!(
        r#"    {{
      "Sid": "FargaugeSnapshots",
      "Effect": "Allow",
      "Action": [
        "s3:GetObject",
        "s3:PutObject"
      ],
      "Resource": {resource}
    }}"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_statement_for_snapshots_reaches_the_prefix_alone() {
        for (named, resource) in [
            ("acme/fargauge", "arn:aws:s3:::acme/fargauge/*"),
            ("s3://acme/fargauge/{time}", "arn:aws:s3:::acme/fargauge/*"),
            ("acme", "arn:aws:s3:::acme/*"),
            ("acme/\"quoted\"", "arn:aws:s3:::acme/\"quoted\"/*"),
        ] {
            let statement: Value = serde_json::from_str(&snapshots(&prefix(named).unwrap())).unwrap();
            assert_eq!(statement["Resource"], json!(resource), "{named}");
            assert_eq!(statement["Action"], json!(["s3:GetObject", "s3:PutObject"]));
        }
        assert!(POLICY.ends_with(END));
    }
}
