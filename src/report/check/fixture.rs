//! Reports to test the formats of `check` with: one of a pull request, one that an attacker would like, one of
//! nothing. Each with the texts it is about.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    CheckFile, CheckFileError, CheckFinding, CheckNotJudged, CheckReport, CheckTask, CheckTotals, Sources,
    Verdict,
};
use crate::{
    report::{PriceBookReference, Quantity, SCHEMA_VERSION, SnapshotReference},
    sha256,
    units::Usd,
};

const API: &str = r#"{
  "family": "api",
  "cpu": "1024",
  "memory": "8192",
  "containerDefinitions": [
    {
      "name": "app",
      "image": "registry.example/api:1.4",
      "environment": [
        { "name": "JAVA_TOOL_OPTIONS", "value": "-Xmx6g" }
      ]
    }
  ]
}
"#;

const WORKERS: &str = "Resources:
  Mailer:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: mailer
      Cpu: 256
      Memory: 4096
  Importer:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: importer
      Cpu: !Ref Cpu
      Memory: 2048
";

/// Denied, warned, waived and known findings, one of no file, a file that cannot be read, rules not judged.
pub fn report() -> (CheckReport, Sources) {
    let findings = vec![
        CheckFinding {
            task: None,
            path: None,
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            message: "the snapshot ended 45 days ago, on 2026-10-01".into(),
            help: Some("collect a new one".into()),
            ..finding("stale-snapshot", "warn", ("infra/api.json", 1, 1, 1), "")
        },
        CheckFinding {
            workload: Some("111122223333/eu-central-1/prod/api".into()),
            message:
                "this change takes the task from 2 GB to 8 GB of memory, in 14 days of production 4 tasks \
                      used 0.9 GB at most; +19.47 USD a month per task, +77.88 USD for 4 tasks"
                    .into(),
            help: Some("2 GB of memory is enough (memory 2048)".into()),
            monthly_cost_change: Some(usd("77.88")),
            ..finding("memory-overprovisioned", "deny", ("infra/api.json", 4, 13, 19), "api")
        },
        CheckFinding {
            container: Some("app".into()),
            message: "JAVA_TOOL_OPTIONS -Xmx6g needs about 6900 MiB with what is beside the heap, container \
                      \"app\" has 4096"
                .into(),
            help: Some("lower the flag or raise the memory".into()),
            waived: Some("the heap is never filled; see OPS-112".into()),
            ..finding("heap-exceeds-memory", "deny", ("infra/api.json", 10, 49, 57), "api")
        },
        CheckFinding {
            message: "0.25 vCPU and 4 GB is no Fargate task size".into(),
            help: Some("with 0.25 vCPU: 0.5, 1 or 2 GB; with 4 GB: 0.5, 1 or 2 vCPU".into()),
            ..finding("invalid-task-size", "deny", ("infra/workers.yaml", 7, 15, 19), "Mailer")
        },
        CheckFinding {
            message: "the CPU is not known: parameter Cpu has no default".into(),
            help: Some("give it with --parameter Cpu=VALUE".into()),
            known: true,
            ..finding("unresolved-size", "warn", ("infra/workers.yaml", 12, 12, 20), "Importer")
        },
        CheckFinding {
            message: "the task costs less on Spot".into(),
            monthly_cost_change: Some(usd("-3.5049")),
            // Spans the lines of the whole resource.
            end_line: Some(13),
            end_column: Some(19),
            ..finding("launch-type-dearer", "warn", ("infra/workers.yaml", 8, 3, 3), "Importer")
        },
    ];
    let not_judged = [
        ("cpu-overprovisioned", Some("Importer"), "the size is not known"),
        ("memory-overprovisioned", Some("Importer"), "the size is not known"),
        ("cost-over-budget", None, "no budget is set (check.budget)"),
    ]
    .map(|(rule, task, why)| CheckNotJudged {
        rule: rule.into(),
        path: task.map(|_| "infra/workers.yaml".into()),
        line: task.map(|_| 8),
        task: task.map(str::to_owned),
        why: why.into(),
    });
    let report = CheckReport {
        schema_version: SCHEMA_VERSION,
        verdict: Verdict::Fail,
        as_of: "2026-11-15T00:00:00Z".parse().unwrap(),
        snapshot: Some(SnapshotReference {
            id: "5e884898da28".into(),
            sha256: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".into(),
        }),
        price_book: PriceBookReference {
            id: "fargate-2026-11".into(),
            effective_date: "2026-11-01".into(),
            sha256: "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92".into(),
        },
        new_only: true,
        tasks: vec![
            CheckTask {
                path: "deploy/api.json".into(),
                line: 1,
                task: "api".into(),
                cpu_units: Some(1024),
                memory_mib: Some(8192),
                tasks: Some(Quantity(Decimal::from(4))),
                monthly_cost: Some(usd("222.0368")),
                base_monthly_cost: Some(usd("144.1604")),
            },
            CheckTask {
                path: "infra/worker.yaml".into(),
                line: 3,
                task: "Worker|`<b>`".into(),
                cpu_units: None,
                memory_mib: Some(512),
                tasks: None,
                monthly_cost: None,
                base_monthly_cost: None,
            },
            CheckTask {
                path: "old.json".into(),
                line: 1,
                task: "old".into(),
                cpu_units: Some(256),
                memory_mib: Some(512),
                tasks: None,
                monthly_cost: Some(usd("0")),
                base_monthly_cost: Some(usd("3.5013")),
            },
        ],
        totals: CheckTotals {
            tasks: 3,
            denied: 2,
            warned: 2,
            waived: 1,
            known: 1,
            monthly_cost_change: Some(usd("74.3751")),
        },
        files: vec![
            file("infra/api.json", "task-definition", 1),
            CheckFile {
                kind: None,
                parsed: false,
                error: Some(CheckFileError {
                    message: "expected a comma or a closing brace".into(),
                    line: 3,
                    column: 5,
                    hint: Some("the line before this one may lack a comma".into()),
                }),
                ..file("infra/broken.json", "", 0)
            },
            file("infra/web.tf", "terraform", 0),
            file("infra/workers.yaml", "cloudformation", 2),
        ],
        ignored_files: 3,
        findings,
        not_judged: not_judged.into(),
    };
    let broken = "{\n  \"family\": \"web\"\n    \"cpu\": \"256\"\n}\n";
    let sources = [("infra/api.json", API), ("infra/broken.json", broken), ("infra/workers.yaml", WORKERS)];
    (report, sources.map(|(path, text)| (path.to_owned(), Arc::from(text))).into())
}

/// What could break out of each of the formats, everywhere.
pub const HOSTILE: &str = "</td>\u{1b}[31m\u{202e}`|` @octocat #1\r\n::error::x, y: 100%0A]]> --> <script>&amp; \
                           [a](http://x) *b* _c_ $d$ \u{9b}\u{200b}\u{fffe}\u{0}\t\"'\\ ~~e~~ :bomb: ]](f)";

/// Hostile text in every field that holds any, long lines, spans that point nowhere.
pub fn hostile() -> (CheckReport, Sources) {
    let (mut report, _) = report();
    let path = format!("./{HOSTILE}");
    for (nth, finding) in report.findings.iter_mut().enumerate() {
        finding.path = finding.path.as_ref().map(|_| path.clone());
        finding.task = Some(HOSTILE.into());
        finding.container = Some(HOSTILE.into());
        finding.workload = Some(HOSTILE.into());
        finding.message = HOSTILE.into();
        finding.help = Some(HOSTILE.into());
        finding.waived = finding.waived.as_ref().map(|_| HOSTILE.into());
        // Of line 1, at its end, beyond its end, of no line.
        finding.line = finding.line.map(|_| [1, 1, 1, 2, 99, 0][nth]);
        finding.column = finding.column.map(|_| [1, 1, 300, 5000, 1, 0][nth]);
        finding.end_line = finding.line;
        finding.end_column = finding.column.map(|column| column + 10);
    }
    report.files = vec![
        CheckFile { path: path.clone(), ..report.files[0].clone() },
        CheckFile {
            path: format!("{HOSTILE}/other"),
            error: Some(CheckFileError {
                message: HOSTILE.into(),
                line: 0,
                column: 0,
                hint: Some(HOSTILE.into()),
            }),
            ..report.files[1].clone()
        },
    ];
    for item in &mut report.not_judged {
        item.path = item.path.as_ref().map(|_| path.clone());
        item.task = item.task.as_ref().map(|_| HOSTILE.into());
        item.why = HOSTILE.into();
    }
    let text = format!("{}\r\n\t{HOSTILE}\r\n", HOSTILE.replace(['\r', '\n'], " ").repeat(4));
    (report, [(path, Arc::from(text))].into())
}

/// No file, no finding, no snapshot, no base.
pub fn empty() -> (CheckReport, Sources) {
    let (report, _) = report();
    let report = CheckReport {
        verdict: Verdict::Pass,
        snapshot: None,
        new_only: false,
        totals: CheckTotals::default(),
        files: Vec::new(),
        tasks: Vec::new(),
        ignored_files: 0,
        findings: Vec::new(),
        not_judged: Vec::new(),
        ..report
    };
    (report, Sources::new())
}

/// As many findings as asked for, in one file.
pub fn many(findings: u64) -> CheckReport {
    let (mut report, _) = report();
    report.new_only = false;
    let warning = report.findings.iter().find(|finding| finding.rule == "invalid-task-size").unwrap().clone();
    report.findings = (0..findings)
        .map(|nth| CheckFinding {
            level: if nth.is_multiple_of(10) { "deny" } else { "warn" }.into(),
            line: Some(nth + 1),
            end_line: Some(nth + 1),
            fingerprint: sha256::hex(&nth.to_le_bytes())[..32].to_owned(),
            ..warning.clone()
        })
        .collect();
    report
}

fn file(path: &str, kind: &str, tasks: u64) -> CheckFile {
    CheckFile { path: path.into(), kind: Some(kind.into()), parsed: true, tasks, error: None }
}

/// At a path, line, column and end column.
fn finding(
    rule: &str,
    level: &str,
    (path, line, column, end): (&str, u64, u64, u64),
    task: &str,
) -> CheckFinding {
    CheckFinding {
        rule: rule.into(),
        level: level.into(),
        path: Some(path.into()),
        line: Some(line),
        column: Some(column),
        end_line: Some(line),
        end_column: Some(end),
        task: Some(task.into()),
        container: None,
        workload: None,
        message: String::new(),
        help: None,
        fingerprint: sha256::hex(format!("{rule} {task}").as_bytes())[..32].to_owned(),
        monthly_cost_change: None,
        waived: None,
        known: false,
    }
}

fn usd(amount: &str) -> Usd {
    Usd(amount.parse().unwrap())
}
