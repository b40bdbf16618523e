//! Reports to test renderers with: one that a fleet could have, and one that an attacker would like.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    ContainerReport, CpuDemand, CurrentSize, DemandReport, Dimension, Dimensions, Evidence, Finding,
    GuardReport, HeadroomReport, MemoryDemand, NotRated, Note, Opportunity, PlatformReport, PoolReport,
    PriceBookReference, Quantity, Recommendation, Report, ReportWindow, RunsReport, SCHEMA_VERSION, Size,
    SnapshotReference, Totals, WorkloadHeadroom, WorkloadReport,
};
use crate::{snapshot::Gap, units::Usd};

/// Every finding, several reasons for none, rows without a price, options, gaps, a step up. The totals
/// are written out, worked out apart from any code here.
pub fn report() -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        currency: "USD".into(),
        as_of: time("2026-11-15T00:00:00Z"),
        window: ReportWindow {
            start: time("2026-11-01T00:00:00Z"),
            end: time("2026-11-15T00:00:00Z"),
            period_seconds: 60,
        },
        snapshot: SnapshotReference {
            id: "5e884898da28".into(),
            sha256: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".into(),
        },
        price_book: PriceBookReference {
            id: "fargate-2026-11".into(),
            effective_date: "2026-11-01".into(),
            sha256: "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92".into(),
        },
        discount_percent: quantity("0"),
        headroom: HeadroomReport {
            method: "fixed".into(),
            risk_percent: quantity("3"),
            shown_risk_percent: None,
            detail: "11 workloads cannot show so low a risk".into(),
            price_of_risk: None,
        },
        samples_read: 141_120,
        totals: Totals {
            workloads: 11,
            rated: 6,
            unpriced: 4,
            not_rated: [
                ("external-launch-type", 1),
                ("no-price-for-region", 1),
                ("no-running-tasks", 2),
                ("too-new", 1),
            ]
            .map(|(reason, count)| (reason.to_owned(), count))
            .into(),
            window_cost: usd("287.9039"),
            monthly_cost: usd("625.5052"),
            list_monthly_cost: usd("625.5052"),
            recommended_monthly_cost: usd("465.4673"),
            monthly_savings: usd("160.0379"),
            savings_of_cheaper_changes: usd("196.078"),
            cost_of_dearer_changes: usd("36.0401"),
            savings_overprovisioned: usd("196.078"),
            cost_of_underprovisioned: usd("36.0401"),
            requested_vcpu_hours: quantity("5475"),
            requested_gb_hours: quantity("22374"),
            task_hours: quantity("4734"),
            savings_in_reservations: usd("0"),
            left_out: None,
        },
        workloads: rows(),
        capacity: Vec::new(),
        gaps: vec![
            Gap {
                scope: "111122223333/eu-west-1/data".into(),
                api: "ecs:ListServices".into(),
                cause: "AccessDeniedException: not authorized to perform ecs:ListServices on this cluster"
                    .into(),
            },
            Gap {
                scope: "111122223333/us-east-1/prod/orders-worker".into(),
                api: "application-autoscaling:DescribeScalingPolicies".into(),
                cause: "ThrottlingException after 8 attempts".into(),
            },
        ],
        notes: vec![Note {
            scope: "111122223333/us-east-1/staging".into(),
            code: "standalone-tasks-unseen".into(),
            detail: "Container Insights is off here".into(),
        }],
    }
}

/// A report of an account without workloads.
pub fn empty_report() -> Report {
    Report {
        totals: Totals::default(),
        workloads: Vec::new(),
        capacity: Vec::new(),
        gaps: Vec::new(),
        notes: Vec::new(),
        samples_read: 0,
        ..report()
    }
}

/// [`report`] with names and texts that attack terminals, spreadsheets and layouts.
pub fn hostile_report() -> Report {
    let mut report = report();
    for (cluster, service) in [
        ("prod", "\u{1b}[2J\u{1b}]0;owned\u{7}api"),
        ("line\nbreak", "tab\there\0nul\r\n"),
        ("rtl", "invoice-\u{202e}gpj.exe\u{202c}"),
        ("zero", "pay\u{200b}ments\u{feff}\u{200d}"),
        ("long", &"very-long-service-name-".repeat(13)),
        ("注文", "注文サービス-本番環境-東京リージョン-とても長い名前"),
        ("emoji", "🚀👩\u{200d}💻👍🏽 launch"),
        ("formula", "=cmd|' /C calc'!A0"),
        ("=1+1", "@SUM(A1:A9)"),
        ("quote\"s", "a,b;\"c\""),
    ] {
        let mut row = rated(service, Finding::Overprovisioned, (512, 1024), "9.01");
        row.cluster = cluster.into();
        row.id = format!("111122223333/us-east-1/{cluster}/{service}");
        row.reasons = vec![format!("because {service}")];
        row.tags =
            [("team".to_owned(), service.to_owned()), (format!("k;{cluster}"), "a=b;c\\".into())].into();
        row.recommendation = Some(recommendation((256, 512), "4.505", "4.505", "50"));
        if let Some(recommendation) = &mut row.recommendation {
            recommendation.conditions = vec![format!("if {service}")];
            recommendation.containers = vec![container(service, None, None, None)];
        }
        row.options = vec![option("arm64", "3.604", "900.0001", "low")];
        row.options[0].conditions = vec![service.into()];
        report.workloads.push(row);
    }
    let mut row =
        not_rated("hostile-reason", "\u{1b}[31m=reason", "line\nbreak \u{202e}".repeat(20).as_str());
    row.service = Some("+1-800-CALL".into());
    report.workloads.push(row);
    report.gaps.push(Gap {
        scope: "\u{1b}[2Kscope\u{2066}".into(),
        api: "tab\tapi\n".into(),
        cause: "cause\r\n\u{9b}2J".repeat(30),
    });
    report.notes.push(Note {
        scope: "\u{1b}[2Kscope\u{2066}".into(),
        code: "=code\t".into(),
        detail: "detail\r\n\u{9b}2J".repeat(30),
    });
    recount(&mut report);
    report
}

/// Instances of which a good half is idle.
pub fn pool(region: &str, cluster: &str, launch_type: &str) -> PoolReport {
    PoolReport {
        account_id: "111122223333".into(),
        region: region.into(),
        cluster: cluster.into(),
        launch_type: launch_type.into(),
        capacity_providers: vec!["=1+1".into(), "spare".into()],
        instances: 4,
        types: [("m6i.xlarge".to_owned(), 4)].into(),
        monthly_cost: Some(usd("560.64")),
        reserved_monthly_cost: Some(usd("258.4711")),
        idle_monthly_cost: Some(usd("302.1689")),
        idle_share_percent: Some(quantity("53.9")),
        priced_on: Some("2026-07-20".into()),
        not_priced: None,
    }
}

/// Sets the totals to the sums of the rows.
pub fn recount(report: &mut Report) {
    report.totals = Totals::of(&report.workloads);
}

fn rows() -> Vec<WorkloadReport> {
    let mut checkout = rated("checkout-api", Finding::Overprovisioned, (2048, 8192), "340.2384");
    hours(&mut checkout, "1344", "2688", "10752", "156.6029");
    checkout.reasons = vec!["cpu-overprovisioned".into(), "memory-overprovisioned".into()];
    checkout.recommendation = Some(recommendation((1024, 4096), "170.1192", "170.1192", "50"));
    checkout.evidence.startup_peak_vcpu = Some(quantity("0.9375"));
    checkout.guards = vec![GuardReport {
        code: "fixed-heap".into(),
        detail: "-Xmx3g lets app grow to about 3514 MiB".into(),
        cpu_units: None,
        memory_mib: Some(3514),
    }];
    if let Some(recommendation) = &mut checkout.recommendation {
        recommendation.conditions = vec!["to go lower in memory, lower -Xmx3g first".into()];
        recommendation.containers = vec![
            container("app", Some(896), Some(3840), None),
            container("log-router", Some(128), Some(256), Some(128)),
        ];
    }
    checkout.options = vec![
        option("arm64", "136.0954", "34.0238", "medium"),
        option("fargate-spot", "40.8286", "95.2668", "high"),
    ];
    checkout.options[1].conditions = vec!["tasks must survive a two-minute warning".into()];

    let mut orders = rated("orders-worker", Finding::Overprovisioned, (1024, 8192), "111.0184");
    hours(&mut orders, "672", "672", "5376", "51.0989");
    orders.reasons = vec!["memory-overprovisioned".into()];
    orders.dimensions.cpu = Dimension {
        finding: Finding::NotRated,
        not_rated: Some(NotRated {
            reason: "gap-in-metrics".into(),
            detail: "CPU has 41 % of its samples".into(),
        }),
    };
    orders.demand = Some(DemandReport { cpu_vcpu: None, ..demand() });
    orders.recommendation = Some(recommendation((1024, 4096), "85.0596", "25.9588", "23.38243"));

    let mut search = rated("search", Finding::Optimized, (1024, 4096), "127.5894");
    hours(&mut search, "1008", "1008", "4032", "58.7261");
    search.platform.arch = "ARM64".into();

    let mut web = rated("web", Finding::AlreadyMinimal, (256, 512), "9.01");
    hours(&mut web, "336", "84", "168", "4.1471");
    web.cluster = "staging".into();
    web.id = "111122223333/us-east-1/staging/web".into();
    web.reasons = vec!["smallest-size".into()];
    web.options = vec![option("stop-or-scale-to-zero", "0", "9.01", "low")];
    web.tags = [("team".to_owned(), "web".to_owned())].into();

    let mut payments = rated("payments", Finding::Underprovisioned, (512, 1024), "36.0401");
    hours(&mut payments, "672", "336", "672", "16.5883");
    payments.reasons = vec!["cpu-reached-cap".into()];
    payments.recommendation = Some(recommendation((1024, 2048), "72.0802", "-36.0401", "-100"));
    payments.evidence.notes = vec!["reached-cpu-cap".into(), "assumed-revision".into()];
    payments.evidence.cpu_periods_at_cap = 212;
    payments.evidence.oom_kills = Some(0);

    // On EC2 a task has no price of its own.
    let mut legacy = rated("legacy-batch", Finding::Optimized, (1024, 2048), "0");
    hours(&mut legacy, "672", "672", "1344", "0");
    legacy.launch_type = "EC2".into();
    (legacy.spot_share, legacy.window_cost) = (None, None);
    (legacy.monthly_cost, legacy.list_monthly_cost) = (None, None);
    legacy.current.ephemeral_storage_gib = None;

    let mut new = not_rated("fresh-service", "too-new", "30 of the 168 hours that are needed");
    (new.current.cpu_units, new.current.memory_mib) = (Some(512), Some(1024));
    hours(&mut new, "30", "15", "30", "0.7406");
    new.monthly_cost = Some(usd("1.6089"));
    (new.list_monthly_cost, new.demand) = (new.monthly_cost, Some(demand()));

    let mut anywhere =
        not_rated("on-premises", "external-launch-type", "ECS Anywhere tasks run on your own machines");
    anywhere.launch_type = "EXTERNAL".into();

    let mut report_job = not_rated("nightly-report", "no-running-tasks", "no task ran in the window");
    report_job.kind = "standalone".into();
    report_job.service = None;
    report_job.runs = Some(RunsReport {
        count: 14,
        mean_task_minutes: quantity("58.5"),
        longest_task_minutes: quantity("61"),
        cost_per_run: Some(usd("0.0963")),
    });

    let mut agent = not_rated("log-agent", "no-running-tasks", "no task ran in the window");
    agent.kind = "daemon".into();
    agent.launch_type = "MANAGED_INSTANCES".into();
    (agent.monthly_cost, agent.list_monthly_cost) = (Some(Usd::ZERO), Some(Usd::ZERO));
    agent.window_cost = Some(Usd::ZERO);

    let mut gov = not_rated("records", "no-price-for-region", "the price book has no us-gov-west-1");
    gov.region = "us-gov-west-1".into();
    gov.id = "111122223333/us-gov-west-1/prod/records".into();

    vec![checkout, orders, search, web, payments, legacy, new, anywhere, report_job, agent, gov]
}

fn rated(name: &str, finding: Finding, size: (u32, u32), monthly_cost: &str) -> WorkloadReport {
    WorkloadReport {
        id: format!("111122223333/us-east-1/prod/{name}"),
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        cluster: "prod".into(),
        kind: "service".into(),
        service: Some(name.into()),
        family: Some(name.into()),
        task_definition: Some(format!("arn:aws:ecs:us-east-1:111122223333:task-definition/{name}:7")),
        launch_type: "FARGATE".into(),
        spot_share: Some(quantity("0")),
        tags: [("env", "prod"), ("team", "shop")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        platform: PlatformReport { os: "LINUX".into(), arch: "X86_64".into() },
        current: CurrentSize {
            cpu_units: Some(size.0),
            memory_mib: Some(size.1),
            ephemeral_storage_gib: Some(20),
        },
        task_hours: Some(quantity("336")),
        requested_vcpu_hours: Some(quantity("168")),
        requested_gb_hours: Some(quantity("336")),
        window_cost: Some(usd("4.1471")),
        monthly_cost: Some(usd(monthly_cost)),
        list_monthly_cost: Some(usd(monthly_cost)),
        demand: Some(demand()),
        finding,
        reasons: Vec::new(),
        not_rated: None,
        dimensions: Dimensions {
            cpu: Dimension { finding, not_rated: None },
            memory: Dimension { finding, not_rated: None },
        },
        headroom: Some(WorkloadHeadroom {
            method: "fixed".into(),
            risk_percent: quantity("3"),
            shown_risk_percent: None,
            detail: None,
        }),
        recommendation: None,
        options: Vec::new(),
        not_offered: Vec::new(),
        ruled_out: Vec::new(),
        capacity: None,
        guards: Vec::new(),
        runs: None,
        evidence: Evidence {
            first_sample: Some(time("2026-11-01T00:00:00Z")),
            last_sample: Some(time("2026-11-14T23:59:00Z")),
            observed_hours: quantity("336"),
            coverage: Some(quantity("0.998413")),
            task_hours_source: Some("sample-count".into()),
            revisions: 1,
            notes: Vec::new(),
            cpu_periods_at_cap: 0,
            memory_periods_at_cap: 0,
            simulation_error_percent: None,
            settings: Vec::new(),
            startup_peak_vcpu: None,
            task_skew: None,
            hottest_to_mean_cpu: None,
            oom_kills: None,
        },
    }
}

fn not_rated(name: &str, reason: &str, detail: &str) -> WorkloadReport {
    let why = NotRated { reason: reason.into(), detail: detail.into() };
    let dimension = Dimension { finding: Finding::NotRated, not_rated: Some(why.clone()) };
    WorkloadReport {
        current: CurrentSize { cpu_units: None, memory_mib: None, ephemeral_storage_gib: None },
        spot_share: None,
        tags: BTreeMap::new(),
        task_hours: Some(quantity("0")),
        requested_vcpu_hours: None,
        requested_gb_hours: None,
        window_cost: None,
        monthly_cost: None,
        list_monthly_cost: None,
        demand: None,
        not_rated: Some(why),
        dimensions: Dimensions { cpu: dimension.clone(), memory: dimension },
        headroom: None,
        evidence: Evidence {
            first_sample: None,
            last_sample: None,
            observed_hours: quantity("0"),
            coverage: None,
            task_hours_source: None,
            revisions: 0,
            notes: Vec::new(),
            cpu_periods_at_cap: 0,
            memory_periods_at_cap: 0,
            simulation_error_percent: None,
            settings: Vec::new(),
            startup_peak_vcpu: None,
            task_skew: None,
            hottest_to_mean_cpu: None,
            oom_kills: None,
        },
        ..rated(name, Finding::NotRated, (256, 512), "0")
    }
}

fn demand() -> DemandReport {
    DemandReport {
        cpu_vcpu: Some(CpuDemand {
            average: Some(quantity("0.118")),
            p95: quantity("0.31"),
            p99: quantity("0.402"),
            p995: quantity("0.4375"),
            max: quantity("0.512"),
        }),
        memory_mib: Some(MemoryDemand {
            average: Some(quantity("1201.5")),
            p99: quantity("1622"),
            max: quantity("1639.333333"),
        }),
    }
}

fn recommendation(size: (u32, u32), cost: &str, savings: &str, percent: &str) -> Recommendation {
    let size = Size { cpu_units: size.0, memory_mib: size.1 };
    Recommendation {
        cpu_units: size.cpu_units,
        memory_mib: size.memory_mib,
        monthly_cost: Some(usd(cost)),
        monthly_savings: Some(usd(savings)),
        savings_percent: Some(quantity(percent)),
        performance_risk: "very-low".into(),
        lower_bound: size,
        upper_bound: Some(Size { memory_mib: size.memory_mib + 1024, ..size }),
        conditions: Vec::new(),
        containers: Vec::new(),
        scaling: None,
    }
}

fn container(name: &str, cpu: Option<u32>, hard: Option<u32>, soft: Option<u32>) -> ContainerReport {
    ContainerReport { name: name.into(), cpu_units: cpu, memory_mib: hard, memory_reservation_mib: soft }
}

fn option(kind: &str, cost: &str, savings: &str, effort: &str) -> Opportunity {
    Opportunity {
        kind: kind.into(),
        alternative: false,
        monthly_cost: Some(usd(cost)),
        monthly_savings: Some(usd(savings)),
        effort: effort.into(),
        conditions: Vec::new(),
    }
}

fn hours(row: &mut WorkloadReport, tasks: &str, vcpu: &str, gb: &str, window_cost: &str) {
    row.task_hours = Some(quantity(tasks));
    row.requested_vcpu_hours = Some(quantity(vcpu));
    row.requested_gb_hours = Some(quantity(gb));
    row.window_cost = Some(usd(window_cost));
    row.evidence.task_hours_source = Some("sample-count".into());
}

fn usd(text: &str) -> Usd {
    Usd(decimal(text))
}

fn quantity(text: &str) -> Quantity {
    Quantity(decimal(text))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 time")
}
