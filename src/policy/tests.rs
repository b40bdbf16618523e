//! Rules, levels, waivers and fingerprints, on templates written by hand.
//!
//! Prices: us-east-1, Linux x86, on demand, 0.04048 a vCPU-hour and 0.004445 a GB-hour (AWS Price List,
//! `pricing/fargate.csv`).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

mod base;
mod baseline;
mod containers;
mod costs;
mod files;
mod purchase;
mod settings;
mod sizes;

use super::*;
use crate::{
    fargate::TaskSize,
    pricing::PriceBook,
    template::{
        ContainerTemplate, Place, Refused, ServiceTemplate, Setting, Span, StrategyTemplate, TaskTemplate,
        TemplateKind,
    },
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{Architecture, LaunchType, OperatingSystem, Platform, Region, RuntimeSetting},
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn place(line: usize) -> Place {
    place_in("api.json", line)
}

fn place_in(path: &str, line: usize) -> Place {
    Place { path: Arc::new(PathBuf::from(path)), span: Span { start: line, end: line + 3 }, line, column: 5 }
}

fn known<T>(value: T, line: usize) -> Setting<T> {
    Setting::Known { value, at: place(line), used_at: None }
}

fn task(cpu: u32, memory: u32) -> TaskTemplate {
    TaskTemplate {
        kind: TemplateKind::TaskDefinition,
        name: "api".into(),
        at: place(1),
        family: known("api".into(), 2),
        cpu: known(CpuUnits(cpu), 3),
        memory: known(MemoryMib(memory), 4),
        ephemeral_storage: Setting::Absent,
        platform: Setting::Absent,
        network_mode: Setting::Absent,
        requires_compatibilities: vec!["FARGATE".into()],
        containers: Vec::new(),
        containers_unresolved: None,
        volume_kinds: Vec::new(),
        placement_constraints: Vec::new(),
        tags: [("team".to_owned(), "web".to_owned())].into(),
        tags_unresolved: false,
        refused: Vec::new(),
        services: Vec::new(),
    }
}

/// What a template says wherever it is.
fn task_in(path: &str, memory: u32) -> TaskTemplate {
    TaskTemplate {
        at: place_in(path, 1),
        memory: Setting::Known { value: MemoryMib(memory), at: place_in(path, 4), used_at: None },
        ..task(256, 512)
    }
}

fn container(name: &str, cpu: u32, memory: Option<u32>, reservation: Option<u32>) -> ContainerTemplate {
    let limit = |mib: Option<u32>| mib.map_or(Setting::Absent, |mib| known(MemoryMib(mib), 12));
    ContainerTemplate {
        label: name.to_owned(),
        name: known(name.into(), 10),
        at: place(10),
        cpu: known(CpuUnits(cpu), 11),
        memory: limit(memory),
        memory_reservation: limit(reservation),
        essential: true,
        gpus: 0,
        privileged: false,
        runtime_settings: Vec::new(),
    }
}

fn service(desired: u32, strategy: &[(&str, u32, u32)]) -> ServiceTemplate {
    ServiceTemplate {
        name: known("api".into(), 20),
        at: place(20),
        cluster: Setting::Absent,
        desired_count: known(desired, 21),
        min_capacity: Setting::Absent,
        launch_type: Setting::Absent,
        strategy: strategy
            .iter()
            .map(|(provider, base, weight)| StrategyTemplate {
                provider: Some((*provider).into()),
                base: Some(*base),
                weight: Some(*weight),
                at: place(22),
            })
            .collect(),
        tags: std::collections::BTreeMap::new(),
    }
}

/// A service of `tasks` tasks that needs 1 vCPU and 2 GB.
fn production(tasks: i64) -> Production {
    Production {
        id: "123456789012/us-east-1/prod/api".into(),
        region: Region("us-east-1".into()),
        cluster: "prod".into(),
        service: Some("api".into()),
        family: Some("api".into()),
        tags: std::collections::BTreeMap::new(),
        launch_type: LaunchType::Fargate,
        platform: Platform::default(),
        current: (Some(CpuUnits(1024)), Some(MemoryMib(2048))),
        mean_tasks: Some(Decimal::from(tasks)),
        spot_share: Decimal::ZERO,
        days: Decimal::from(14),
        cpu_vcpu: Some(Decimal::new(71, 2)),
        memory_mib_max: Some(Decimal::from(922)),
        cpu_is_short: false,
        memory_is_short: false,
        recommended: Some(TaskSize::new(CpuUnits(1024), MemoryMib(2048), OperatingSystem::Linux).unwrap()),
        monthly_cost: None,
        cheaper_launch_type: None,
        lacks_data: false,
        not_rated: None,
    }
}

/// A case that a test changes.
struct Given {
    tasks: Vec<TaskTemplate>,
    base: Option<Vec<TaskTemplate>>,
    base_unread: Vec<&'static str>,
    /// Of the snapshot.
    end: &'static str,
    production: Option<Vec<Production>>,
    settings: CheckSettings,
    baseline: Option<Baseline>,
}

impl Given {
    fn of(task: TaskTemplate) -> Self {
        Self {
            tasks: vec![task],
            base: None,
            base_unread: Vec::new(),
            end: NOW,
            production: None,
            settings: CheckSettings::default(),
            baseline: None,
        }
    }

    fn running_as(mut self, production: Production) -> Self {
        self.production.get_or_insert_default().push(production);
        self
    }

    fn after(mut self, base: TaskTemplate) -> Self {
        self.base.get_or_insert_default().push(base);
        self
    }

    fn set(mut self, toml: &str) -> Self {
        self.settings = CheckSettings::from_toml("fargauge.toml", toml).unwrap();
        self
    }

    fn judged(&self) -> Judgement {
        self.with_case(judge)
    }

    /// Of each template, tasks, USD a month and USD a month before, to the cent.
    fn costs(&self) -> Vec<(Option<Decimal>, Option<String>, Option<String>)> {
        let cents = |usd: Option<crate::units::Usd>| usd.map(|usd| format!("{:.2}", usd.0.round_dp(2)));
        self.with_case(|case| {
            costs(case).into_iter().map(|c| (c.count, cents(c.now), cents(c.before))).collect()
        })
    }

    fn with_case<T>(&self, of: impl FnOnce(Case<'_>) -> T) -> T {
        let tasks: Vec<&TaskTemplate> = self.tasks.iter().collect();
        let base: Option<Vec<&TaskTemplate>> = self.base.as_ref().map(|base| base.iter().collect());
        of(Case {
            tasks: &tasks,
            unread: &[],
            base: base.as_deref(),
            base_unread: &self.base_unread.iter().map(|path| Path::new(*path)).collect::<Vec<_>>(),
            baseline: self.baseline.as_ref(),
            production: self.production.as_deref(),
            snapshot_end: self.production.is_some().then(|| self.end.parse().unwrap()),
            region: Some(&Region("us-east-1".into())),
            book: PriceBook::embedded(),
            settings: &self.settings,
            now: now(),
        })
    }

    fn found(&self) -> Vec<(Rule, String)> {
        self.judged().findings.into_iter().map(|f| (f.rule, f.message)).collect()
    }

    fn rules(&self) -> Vec<Rule> {
        self.judged().findings.into_iter().map(|f| f.rule).collect()
    }
}

#[test]
fn a_size_that_ecs_refuses_is_denied_and_not_called_unknown() {
    let mut task = task(256, 512);
    task.requires_compatibilities.clear();
    let why = "\"-256\" is not a CPU size".to_owned();
    task.cpu = Setting::Unresolved { why: why.clone(), at: place(3) };
    task.refused = vec![Refused { setting: "cpu".to_owned(), why, at: place(3), used_at: None }];
    let found = Given::of(task).judged().findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].level), (Rule::InvalidTaskSize, Level::Deny));
    assert_eq!(found[0].message, "cpu: \"-256\" is not a CPU size");
}

#[test]
fn fargate_has_no_windows_on_arm() {
    let on = |os, arch| {
        let platform = known(Platform { os, arch }, 5);
        Given::of(TaskTemplate { platform, ..task(1024, 2048) }).rules()
    };
    assert_eq!(on(OperatingSystem::Windows, Architecture::Arm64), [Rule::InvalidTaskSize]);
    assert_eq!(on(OperatingSystem::Windows, Architecture::X86_64), []);
    assert_eq!(on(OperatingSystem::Linux, Architecture::Arm64), []);
}

#[test]
fn a_size_that_fits_production_is_fine() {
    assert_eq!(Given::of(task(1024, 2048)).running_as(production(4)).found(), []);
}

#[test]
fn memory_that_production_never_used_is_found_with_its_price() {
    let found = Given::of(task(1024, 8192)).running_as(production(4)).judged().findings;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, Rule::MemoryOverprovisioned);
    // 6 GB x 0.004445 x 730 = 19.47.
    assert_eq!(
        found[0].message,
        "this change takes the task from 2 GB to 8 GB of memory, the 14-day peak is 0.9 GB; +19.47 USD a month \
         per task, +77.88 USD for 4 tasks"
    );
    assert_eq!(found[0].help.as_deref(), Some("1 vCPU / 2 GB (cpu 1024, memory 2048) is enough"));
    assert_eq!(found[0].monthly_cost_change.unwrap().0, Decimal::new(778_764, 4));
    assert_eq!(found[0].at.as_ref().unwrap().line, 4);
    assert_eq!(found[0].workload.as_deref(), Some("123456789012/us-east-1/prod/api"));
}

#[test]
fn cpu_that_production_never_used_is_found_with_its_price() {
    let found = Given::of(task(4096, 8192)).running_as(production(1)).found();
    let rules: Vec<Rule> = found.iter().map(|(rule, _)| *rule).collect();
    // 4 vCPU go with 8 GB at least, but 1 vCPU does with 2.
    assert_eq!(rules, [Rule::MemoryOverprovisioned, Rule::CpuOverprovisioned]);
    // 3 vCPU x 0.04048 x 730 = 88.65.
    assert!(found[1].1.ends_with("+88.65 USD a month"), "{}", found[1].1);
    assert!(
        found[1].1.contains("the busiest task took 0.71 vCPU or less 99.5 % of 14 days"),
        "{}",
        found[1].1
    );
}

#[test]
fn pennies_are_not_worth_a_word() {
    // 1 GB of one task is 3.24 USD a month.
    assert_eq!(Given::of(task(1024, 3072)).running_as(production(1)).found(), []);
    assert_eq!(
        Given::of(task(1024, 3072)).running_as(production(2)).rules(),
        [],
        "6.49 USD, but 8 per cent only"
    );
    let strict = Given::of(task(1024, 3072)).running_as(production(2)).set("[check]\nfloor_percent = 5");
    assert_eq!(strict.rules(), [Rule::MemoryOverprovisioned]);
}

#[test]
fn too_little_for_production_is_found() {
    let found = Given::of(task(512, 1024)).running_as(production(4)).found();
    assert_eq!(
        found.iter().map(|f| f.0).collect::<Vec<_>>(),
        [Rule::MemoryUnderprovisioned, Rule::CpuUnderprovisioned]
    );
    assert_eq!(found[0].1, "the task has 1 GB, the 14-day peak is 0.9 GB");
}

#[test]
fn what_runs_and_has_enough_is_not_doubted() {
    let mut runs = production(1);
    runs.current = (Some(CpuUnits(512)), Some(MemoryMib(1024)));
    assert_eq!(Given::of(task(512, 1024)).running_as(runs.clone()).rules(), []);
    runs.memory_is_short = true;
    assert_eq!(Given::of(task(512, 1024)).running_as(runs).rules(), [Rule::MemoryUnderprovisioned]);
}

#[test]
fn the_stage_that_needs_most_decides() {
    let mut busy = production(2);
    busy.id = "123456789012/us-east-1/live/api".into();
    busy.recommended = TaskSize::new(CpuUnits(1024), MemoryMib(8192), OperatingSystem::Linux).ok();
    assert_eq!(Given::of(task(1024, 8192)).running_as(production(4)).running_as(busy).found(), []);
}

#[test]
fn without_a_snapshot_what_needs_one_is_not_judged_and_says_so() {
    let judgement = Given::of(task(1024, 8192)).judged();
    assert_eq!(judgement.findings, []);
    let why: Vec<_> = judgement.not_judged.iter().map(|n| (n.rule, n.why.as_str())).collect();
    assert!(why.contains(&(Rule::MemoryOverprovisioned, "no snapshot was given (--snapshot)")));
    assert!(why.contains(&(Rule::CostIncrease, "no base was given (--base or --base-path)")));
}

#[test]
fn a_template_that_nothing_runs_is_not_judged_by_production() {
    let mut other = task(1024, 8192);
    other.family = known("worker".into(), 2);
    let judgement = Given::of(other).running_as(production(4)).judged();
    assert_eq!(judgement.findings, []);
    assert!(judgement.not_judged.iter().any(|n| n.rule == Rule::MemoryOverprovisioned && n.task.is_some()));
}

#[test]
fn a_link_of_the_config_comes_first() {
    let mut other = task(1024, 8192);
    other.family = known("worker".into(), 2);
    let given = Given::of(other)
        .running_as(production(4))
        .set("[[check.link]]\nmatch = { path = \"api.*\" }\nworkload = \"*/prod/api\"");
    assert_eq!(given.rules(), [Rule::MemoryOverprovisioned]);
}

#[test]
fn an_invalid_size_is_denied_with_a_valid_one_named() {
    let found = Given::of(task(256, 4096)).judged().findings;
    assert_eq!((found[0].rule, found[0].level), (Rule::InvalidTaskSize, Level::Deny));
    assert_eq!(found[0].at.as_ref().unwrap().line, 4, "the memory is to blame");
    assert_eq!(
        found[0].help.as_deref(),
        Some("the cheapest that holds both is 0.5 vCPU / 4 GB (cpu 512, memory 4096)")
    );
    let mut on_ec2 = task(256, 4096);
    on_ec2.requires_compatibilities = vec!["EC2".into()];
    assert_eq!(Given::of(on_ec2).rules(), []);
}

#[test]
fn a_fargate_task_without_size_is_invalid_and_an_ec2_task_is_only_missing_one() {
    let mut bare = task(256, 512);
    bare.memory = Setting::Absent;
    assert_eq!(Given::of(bare.clone()).rules(), [Rule::InvalidTaskSize]);
    bare.requires_compatibilities = vec!["EC2".into()];
    assert_eq!(Given::of(bare.clone()).rules(), [], "allowed by default");
    let warned = Given::of(bare).set("[check.levels]\nmissing-task-size = \"warn\"");
    assert_eq!(warned.rules(), [Rule::MissingTaskSize]);
}

#[test]
fn a_message_says_what_its_money_is_for() {
    let of_rule = |rule: Rule, now: TaskTemplate, base: TaskTemplate| {
        let found = Given::of(now).running_as(production(1)).after(base).judged().findings;
        found.into_iter().find(|f| f.rule == rule).unwrap().message
    };
    let message = |now, base| of_rule(Rule::MemoryOverprovisioned, now, base);
    // 6 GB x 0.004445 x 730 = 19.47, of which the change adds a part.
    assert_eq!(
        message(task(1024, 8192), task(1024, 4096)),
        "this change takes the task from 4 GB to 8 GB of memory, the 14-day peak is 0.9 GB; +19.47 USD a month, \
         more than 2 GB would cost"
    );
    // A change that takes some away is not what costs this.
    assert_eq!(
        message(task(1024, 6144), task(1024, 8192)),
        "the task has 6 GB of memory, the 14-day peak is 0.9 GB; +12.98 USD a month, more than 2 GB would cost"
    );
    // 3 vCPU x 0.04048 x 730 = 88.65.
    assert_eq!(
        of_rule(Rule::CpuOverprovisioned, task(4096, 8192), task(8192, 16384)),
        "the task has 4 vCPU, the busiest task took 0.71 vCPU or less 99.5 % of 14 days; +88.65 USD a month, more \
         than 1 vCPU would cost"
    );
}

#[test]
fn a_finding_names_the_workload_that_it_is_about() {
    let of = |id: &str| Production { id: id.into(), ..production(4) };
    let dev = Production {
        lacks_data: true,
        recommended: None,
        not_rated: Some("too-new: 3 hours".into()),
        ..of("dev")
    };
    let busy = Production {
        memory_mib_max: Some(Decimal::from(1500)),
        cheaper_launch_type: Some(("ec2".into(), crate::units::Usd(Decimal::from(50)))),
        ..of("live")
    };
    let mut asked = task(4096, 8192);
    asked.services = vec![service(4, &[])];
    let given = Given::of(asked.clone()).running_as(dev).running_as(of("prod")).running_as(busy);
    let given = given.set("[check]\nbudget_usd = 1");
    let found = given.judged().findings;
    let named: Vec<_> = found.iter().map(|f| (f.rule, f.workload.as_deref())).collect();
    assert_eq!(
        named,
        [
            (Rule::MemoryOverprovisioned, Some("live")),
            (Rule::CpuOverprovisioned, Some("dev")),
            (Rule::CostOverBudget, None),
            (Rule::LaunchTypeDearer, Some("live")),
            (Rule::IncompleteMetrics, Some("dev")),
        ]
    );
    let alone = Given::of(asked).running_as(of("prod")).set("[check]\nbudget_usd = 1");
    assert!(alone.judged().findings.iter().all(|f| f.workload.as_deref() == Some("prod")));
}

#[test]
fn what_runs_on_instances_has_no_fargate_price() {
    let mut on_ec2 = task(1024, 8192);
    on_ec2.requires_compatibilities = vec!["EC2".into()];
    let judgement = Given::of(on_ec2.clone()).after(task(256, 512)).set("[check]\nbudget_usd = 1").judged();
    assert_eq!(judgement.findings, []);
    assert!(judgement.not_judged.iter().any(|n| n.why == "it runs on instances, whose share it costs"));
    // As production says it, where the template leaves it open.
    let running = || Production { launch_type: LaunchType::Ec2, ..production(4) };
    on_ec2.requires_compatibilities = Vec::new();
    assert_eq!(Given::of(on_ec2.clone()).running_as(running()).found(), []);
    on_ec2.requires_compatibilities = vec!["FARGATE".into()];
    assert_eq!(Given::of(on_ec2).running_as(running()).rules(), [Rule::MemoryOverprovisioned]);
}

#[test]
fn weights_that_are_not_known_are_not_guessed() {
    let mut mixed = task(1024, 2048);
    mixed.services = vec![service(1, &[("FARGATE", 0, 0), ("FARGATE_SPOT", 0, 1)])];
    assert_eq!(Given::of(mixed.clone()).rules(), [Rule::SpotWithoutReplicas]);
    mixed.services[0].strategy[0].weight = None;
    let judgement = Given::of(mixed.clone()).after(task(256, 512)).judged();
    assert_eq!(judgement.findings, []);
    assert!(judgement.not_judged.iter().any(|n| n.why == "how much of it runs on Spot is not known"));
    mixed.services[0].strategy[0].provider = Some("FARGATE_SPOT".into());
    assert_eq!(Given::of(mixed).rules(), [Rule::SpotWithoutReplicas], "it is all Spot, whatever the weights");
}

#[test]
fn each_region_has_its_own_price() {
    let elsewhere = Production { region: Region("eu-central-1".into()), id: "eu".into(), ..production(3) };
    let found = Given::of(task(1024, 8192)).running_as(production(1)).running_as(elsewhere).judged().findings;
    // 6 GB x 730 x (0.004445 in us-east-1, and three times 0.00511 in eu-central-1).
    assert_eq!(
        found[0].monthly_cost_change.unwrap().0.round_dp(2).to_string(),
        "86.61",
        "{}",
        found[0].message
    );
}

#[test]
fn spot_alone_wants_two_tasks_and_leaving_spot_is_dearer() {
    let mut spot = task(1024, 2048);
    spot.services = vec![service(1, &[("FARGATE_SPOT", 0, 1)])];
    assert_eq!(Given::of(spot.clone()).rules(), [Rule::SpotWithoutReplicas]);
    spot.services[0].min_capacity = known(4, 23);
    assert_eq!(Given::of(spot.clone()).rules(), [], "auto scaling keeps four");
    spot.services = vec![service(0, &[("FARGATE_SPOT", 0, 1)])];
    spot.services[0].min_capacity = known(1, 23);
    assert!(Given::of(spot.clone()).found()[0].1.contains("one task, the minimum of its auto scaling"));
    spot.services = vec![service(2, &[("FARGATE_SPOT", 0, 1)])];
    assert_eq!(Given::of(spot.clone()).rules(), []);
    let mut on_demand = task(1024, 2048);
    on_demand.services = vec![service(2, &[("FARGATE", 0, 1)])];
    let found = Given::of(on_demand).after(spot).rules();
    assert_eq!(found, [Rule::CostIncrease, Rule::LaunchTypeDearer]);
}

#[test]
fn budgets_storage_and_tags() {
    let mut big = task(1024, 2048);
    big.services = vec![service(6, &[])];
    let over = Given::of(big.clone()).set("[check]\nbudget_usd = 200");
    // 6 x (0.04048 + 2 x 0.004445) x 730.
    assert_eq!(
        over.found(),
        [(Rule::CostOverBudget, "216.24 USD a month for 6 tasks, the budget is 200.00 USD".to_owned())]
    );
    let elsewhere =
        "[check]\nbudget_usd = 200\n[[check.override]]\nmatch = { family = \"api\" }\nbudget_usd = 300";
    assert_eq!(Given::of(big.clone()).set(elsewhere).rules(), []);

    big.ephemeral_storage = known(StorageGib(200), 6);
    let found = Given::of(big).found();
    // 180 GiB x 0.000111 x 730 = 14.59.
    assert_eq!(found[0].0, Rule::EphemeralStorageUnused);
    assert!(found[0].1.ends_with("+14.59 USD a month per task, +87.51 USD for 6 tasks"), "{}", found[0].1);

    let tags = "[check]\nrequired_tags = [\"team\", \"owner\"]\n[check.levels]\nuntagged = \"deny\"";
    assert_eq!(
        Given::of(task(256, 512)).set(tags).found(),
        [(Rule::Untagged, "it has no tag owner".to_owned())]
    );
}

#[test]
fn a_size_that_is_not_known_is_found_once_and_not_judged_further() {
    let mut open = task(1024, 8192);
    open.cpu = Setting::Unresolved { why: "parameter TaskCpu has no default".into(), at: place(3) };
    let given = Given::of(open).running_as(production(4));
    assert_eq!(
        given.found(),
        [(Rule::UnresolvedSize, "cpu is not known: parameter TaskCpu has no default".to_owned())]
    );
}

#[test]
fn a_snapshot_is_stale_after_its_days() {
    let mut given = Given::of(task(1024, 2048)).running_as(production(1));
    given.settings.stale_after_days = 30;
    let tasks: Vec<&TaskTemplate> = given.tasks.iter().collect();
    let at = |end: &str| {
        judge(Case {
            tasks: &tasks,
            unread: &[],
            base: None,
            base_unread: &[],
            baseline: None,
            production: given.production.as_deref(),
            snapshot_end: Some(end.parse().unwrap()),
            region: None,
            book: PriceBook::embedded(),
            settings: &given.settings,
            now: now(),
        })
        .findings
        .len()
    };
    assert_eq!((at("2026-10-23T12:00:00Z"), at("2026-10-22T12:00:00Z")), (0, 1));
}

#[test]
fn every_rule_is_documented_and_has_one_name() {
    for rule in Rule::ALL {
        let text = rule.documentation();
        assert!(text.starts_with(&format!("# {}\n", rule.as_str())), "{}", rule.as_str());
        for part in ["**Why**", "**Example**", "**Fix**"] {
            assert!(text.contains(part), "{} has no {part}", rule.as_str());
        }
        let level = format!("Default level: {}.", rule.default_level().as_str());
        assert!(text.contains(&level), "{} does not say {level}", rule.as_str());
        assert_eq!(Rule::named(rule.as_str()), Some(rule));
    }
}

proptest! {
    /// Whatever the size, a finding of money is never below the floor, and fingerprints are unique.
    #[test]
    fn money_findings_meet_the_floor(cpu in prop::sample::select(vec![0_u32, 256, 512, 1024, 2048, 4096, 999]), memory in 0_u32..70_000, tasks in 0_i64..50) {
        let judgement = Given::of(task(cpu, memory)).running_as(production(tasks)).judged();
        let mut prints: Vec<_> = judgement.findings.iter().map(|f| f.fingerprint.clone()).collect();
        prints.sort();
        let count = prints.len();
        prints.dedup();
        prop_assert_eq!(prints.len(), count);
        for finding in judgement.findings.iter().filter(|f| matches!(f.rule, Rule::MemoryOverprovisioned | Rule::CpuOverprovisioned)) {
            prop_assert!(finding.monthly_cost_change.unwrap().0 >= Decimal::from(5));
        }
    }
}
