//! Comparisons of a service whose answer is known.

use super::*;
use crate::{
    analysis::{CannotMerge, Observed, comparison, observe},
    report::compare::{Comparison, ComparisonRow},
    workload::{CapacityProviderKind, StrategyItem},
};

impl Service {
    fn observed(self, cluster: Option<&str>) -> Observed {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window { start: at(0), end: at(DAYS * 86_400), period_seconds: 300 };
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            tool_version: "test".into(),
            scopes: Vec::new(),
            window,
            utilization_encoding: String::new(),
            files: BTreeMap::new(),
            gaps: self.gaps,
        };
        let inventory = Inventory {
            workloads: vec![self.workload],
            container_instances: self.instances,
            capacity_providers: self.capacity_providers,
            task_definitions: self
                .more_definitions
                .into_iter()
                .chain([self.definition])
                .map(|definition| (definition.arn.clone(), definition))
                .collect(),
            ..Inventory::default()
        };
        let utilization = vec![Series { workload_id: 0, points: self.points }];
        let input =
            Input { manifest: &manifest, inventory: &inventory, utilization: &utilization, sha256: "abc" };
        observe(input, PriceBook::embedded(), &trunking(), cluster).unwrap()
    }

    pub(super) fn compared(self) -> Comparison {
        compared(vec![self.observed(None)]).unwrap()
    }
}

fn trunking() -> Config {
    Config::from_toml("fargauge.toml", "[ec2]\ntrunking = true").unwrap()
}

fn compared(observed: Vec<Observed>) -> Result<Comparison, CannotMerge> {
    let end = Timestamp::from_second(DAYS * 86_400).unwrap();
    comparison(observed, PriceBook::embedded(), &trunking(), end)
}

pub(super) fn row<'a>(comparison: &'a Comparison, platform: &str) -> &'a ComparisonRow {
    comparison.rows.iter().find(|row| row.platform == platform).unwrap()
}

fn mean_instances(row: &ComparisonRow) -> Decimal {
    row.instance_types.iter().map(|used| used.mean_instances.0).sum()
}

#[test]
fn today_and_right_sized_are_those_of_the_report() {
    let report = service(20, 30).report();
    let comparison = service(20, 30).compared();
    assert_eq!(row(&comparison, "today").monthly_cost, Some(report.totals.monthly_cost));
    let right_sized = row(&comparison, "fargate-right-sized");
    assert_eq!(right_sized.monthly_cost, Some(report.totals.recommended_monthly_cost));
    assert_eq!(right_sized.difference, Some(-report.totals.monthly_savings));
    assert_eq!(row(&comparison, "today").label, "Fargate, today");
    // 0.25 vCPU / 1 GB in two zones on two instances.
    let ec2 = row(&comparison, "ec2-x86-single-type");
    assert_eq!(mean_instances(ec2), Decimal::TWO, "{ec2:#?}");
    assert!(ec2.assumptions.iter().any(|text| text.starts_with("EC2 prices are those of 20")), "{ec2:#?}");
    // The fleet is its only cluster.
    let (fleet, cluster) = comparison.rows.split_at(24);
    for (fleet, cluster) in fleet.iter().zip(cluster) {
        assert_eq!((&fleet.scope[..], &cluster.scope[..]), ("fleet", "123456789012/us-east-1/prod"));
        assert_eq!(
            ComparisonRow { scope: String::new(), ..fleet.clone() },
            ComparisonRow { scope: String::new(), ..cluster.clone() }
        );
    }
}

#[test]
fn a_deployment_needs_room_for_both_revisions_on_instances_and_no_more_on_fargate() {
    let deployed = |maximum_percent| {
        service(80, 80).with(|service| {
            let at = |second| Some(Timestamp::from_second(second).unwrap());
            let mut second = service.workload.revisions[0].clone();
            (second.from, second.settled) = (at(86_400), at(86_400 + 600));
            service.workload.revisions.push(second);
            service.workload.maximum_percent = maximum_percent;
        })
    };
    let calm = service(80, 80).compared();
    for (maximum_percent, more) in [(None, true), (Some(100), false), (Some(150), true)] {
        let comparison = deployed(maximum_percent).compared();
        let same = ["today", "fargate-right-sized", "fargate-spot", "eks-fargate"];
        for platform in same {
            assert_eq!(row(&comparison, platform).monthly_cost, row(&calm, platform).monthly_cost);
        }
        let (now, before) = (row(&comparison, "ec2-arm-mix"), row(&calm, "ec2-arm-mix"));
        assert_eq!(now.monthly_cost > before.monthly_cost, more, "{maximum_percent:?}");
    }
}

#[test]
fn what_has_no_cost_today_and_daemons_are_in_no_row_and_counted() {
    let external = service(20, 30).with(|service| service.workload.launch_type = LaunchType::External);
    let comparison = external.compared();
    assert!(comparison.rows.is_empty());
    let left_out = |comparison: &Comparison| {
        comparison.scopes[0].left_out.iter().map(|l| (l.reason.clone(), l.workloads)).collect::<Vec<_>>()
    };
    assert_eq!(left_out(&comparison), [("external-launch-type".to_owned(), 1)]);
    let daemon = service(20, 30).with(|service| service.workload.scheduling = Scheduling::Daemon);
    assert_eq!(left_out(&daemon.compared()), [("daemon".to_owned(), 1)]);
}

#[test]
fn clusters_are_chosen_by_name_and_none_is_compared_twice() {
    assert_eq!(compared(vec![service(20, 30).observed(Some("pr*"))]).unwrap().scopes.len(), 2);
    assert!(compared(vec![service(20, 30).observed(Some("staging"))]).unwrap().rows.is_empty());
    let twice = vec![service(20, 30).observed(None), service(20, 30).observed(None)];
    assert_eq!(compared(twice), Err(CannotMerge::Twice("123456789012/us-east-1/prod/api".into())));
    assert_eq!(compared(Vec::new()), Err(CannotMerge::Nothing));
}

/// Targets are of the Auto Scaling groups that the cluster uses, not of others in the region.
#[test]
fn target_capacity_is_that_of_the_clusters_own_capacity_providers() {
    let provider = |name: &str, kind, target| CapacityProvider {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        name: name.into(),
        kind,
        cluster: None,
        target_capacity_percent: Some(target),
        capacity_option: None,
    };
    let told = |strategy: &[&str]| {
        let comparison = service(80, 80)
            .with(|service| {
                use CapacityProviderKind::{Ec2Autoscaling, ManagedInstances};
                service.capacity_providers = vec![
                    provider("prod-asg", Ec2Autoscaling, 90),
                    provider("prod-gpu", Ec2Autoscaling, 75),
                    provider("other", Ec2Autoscaling, 10),
                    provider("managed", ManagedInstances, 20),
                ];
                let item = |name: &&str| StrategyItem {
                    provider: (*name).into(),
                    kind: Ec2Autoscaling,
                    base: 0,
                    weight: 1,
                };
                service.workload.strategy = strategy.iter().map(item).collect();
            })
            .compared();
        let row = row(&comparison, "ec2-x86-mix");
        row.assumptions.iter().find(|text| text.starts_with("managed scaling keeps")).cloned().unwrap()
    };
    for (strategy, expected) in [
        (&["prod-asg", "managed"][..], "90 % of the instances in use, the target"),
        (&["prod-asg", "prod-gpu"], "75 % of the instances in use, the lowest"),
        (&[], "100 % of the instances in use, as no capacity provider has a target in us-east-1/prod"),
    ] {
        let told = told(strategy);
        assert!(told.starts_with(&format!("managed scaling keeps {expected}")), "{told}");
    }
}

#[test]
fn counts_that_cannot_be_are_no_instances() {
    let compared = |change: fn(&mut Point)| {
        let counted = service(20, 30).with(|service| {
            service.points.iter_mut().for_each(|point| point.live_tasks = Some(2.0));
            change(&mut service.points[7]);
        });
        counted.compared()
    };
    let clean = compared(|_| {});
    let hostile: [fn(&mut Point); 2] =
        [|point| point.live_tasks = Some(1e300), |point| point.cpu_samples = Some(u32::MAX)];
    for change in hostile {
        let mut told = compared(change);
        assert_eq!(told.notes.remove(0).detail, "of 1 workload: values that cannot be (left out): 1");
        assert_eq!(told, clean);
    }
}
