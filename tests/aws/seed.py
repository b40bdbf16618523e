"""Creates a fleet (see fleet.py) in the emulators through the AWS API, and prints what it put in.

usage: seed.py < FLEET.json          prints {"region/cluster/name": {"task_hours", ...}} as JSON

ministack gets clusters, task definitions, services and metrics; moto the scalable targets, policies and
scheduled actions. What the emulators do differently from AWS, and what follows for tests:

ministack 1.5.33
- An access key of twelve digits is the account; clusters, services and metrics are kept by account and region, so
  each test has an account of its own and none has to reset the server (POST /_ministack/reset wipes all).
- CloudWatch answers CBOR (what the Rust SDK speaks) only where cbor2 is installed. GetMetricData knows no limits,
  no NextToken, no expressions; a query's timestamps come in ascending order, AWS's default is descending.
- Samples older than 14 days are thrown away with every request, so a fleet's history is kept shorter.
- Without a Docker daemon a service's tasks are RUNNING at once. createdAt is always now.
- ListServiceDeployments and DescribeServiceRevisions answer empty lists: only the present revision is known.
- DescribeCapacityProviders lists FARGATE and FARGATE_SPOT without a `type`.
- ListClusters and ListServices answer everything in one page. There are no container instances: they cannot be
  registered, and the lists are empty.
- CODE_DEPLOY and EXTERNAL controllers are taken as given, without task sets. The launch type EXTERNAL is, too.
- The daemon APIs of Managed Instances, and Application Auto Scaling, are not there at all.

moto 5.2.5
- RegisterScalableTarget wants the service in moto's own ECS. There is one account for all unknown access keys, so
  clusters of autoscaled services need names that no other test uses in that region.
- DescribeScalingActivities fails with an error of the server: the scripted server answers it.
"""

import datetime as dt
import json
import os
import sys
import time

import boto3
from botocore.config import Config

import fleet

PERIOD = 300  # of the statistic sets: every period of 300 s or more adds up from them
BATCH = 1000  # data points in one PutMetricData


def main():
    description = json.load(sys.stdin)
    now = fleet.floor_to(time.time(), PERIOD)
    truths = {}
    for region, of_region in description["regions"].items():
        account = Account(description["account"], region)
        for cluster, of_cluster in of_region["clusters"].items():
            account.ecs.create_cluster(clusterName=cluster)
            for name, described in of_cluster.get("services", {}).items():
                described = fleet.workload(described)
                account.create_service(cluster, name, described)
                account.put_samples(service_samples(cluster, name, described, now))
                truths[f"{region}/{cluster}/{name}"] = fleet.truth(described)
            for family, described in of_cluster.get("families", {}).items():
                described = fleet.workload(described)
                account.ecs.register_task_definition(**fleet.task_definition(family, described))
                account.put_samples(family_samples(cluster, family, described, now))
                truths[f"{region}/{cluster}/{family}"] = fleet.truth(described)
    json.dump(truths, sys.stdout)


class Account:
    def __init__(self, account, region):
        self.ecs = client("ecs", "FARGAUGE_TEST_MINISTACK", account, region)
        self.cloudwatch = client("cloudwatch", "FARGAUGE_TEST_MINISTACK", account, region)
        self.moto_ecs = client("ecs", "FARGAUGE_TEST_MOTO", account, region)
        self.scaling = client("application-autoscaling", "FARGAUGE_TEST_MOTO", account, region)

    def create_service(self, cluster, name, described):
        definition = fleet.task_definition(name, described)
        registered = self.ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
        service = {
            "cluster": cluster,
            "serviceName": name,
            "taskDefinition": registered,
            "schedulingStrategy": described["scheduling"],
            "deploymentController": {"type": described["controller"]},
            "tags": fleet.tags(described),
        }
        if described["scheduling"] == "REPLICA":
            service["desiredCount"] = described["tasks"]
        if described["strategy"]:
            service["capacityProviderStrategy"] = fleet.strategy(described)
        else:
            service["launchType"] = described["launch_type"]
        self.ecs.create_service(**service)
        if described["scaling"]:
            self.scale(cluster, name, described, definition)

    def scale(self, cluster, name, described, definition):
        self.moto_ecs.create_cluster(clusterName=cluster)
        self.moto_ecs.register_task_definition(**definition)
        self.moto_ecs.create_service(
            cluster=cluster, serviceName=name, taskDefinition=name, desiredCount=described["tasks"], launchType="FARGATE"
        )
        target = {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{cluster}/{name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        scaling = described["scaling"]
        self.scaling.register_scalable_target(**target, MinCapacity=scaling["min"], MaxCapacity=scaling["max"])
        for policy, kind, tracking in fleet.policies(described):
            body = {"TargetTrackingScalingPolicyConfiguration": tracking}
            if tracking is None:
                step = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
                configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step]}
                body = {"StepScalingPolicyConfiguration": configuration}
            self.scaling.put_scaling_policy(**target, PolicyName=policy, PolicyType=kind, **body)
        for number, action in enumerate(scaling.get("scheduled", [])):
            capacity = {"MinCapacity": action["min"], "MaxCapacity": action["max"]}
            self.scaling.put_scheduled_action(
                **target,
                ScheduledActionName=f"action-{number}",
                Schedule=action["schedule"],
                ScalableTargetAction=capacity,
            )

    def put_samples(self, samples):
        by_namespace = {}
        for namespace, datum in samples:
            by_namespace.setdefault(namespace, []).append(datum)
        for namespace, data in by_namespace.items():
            for start in range(0, len(data), BATCH):
                self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + BATCH])


def client(service, endpoint_variable, account, region):
    return boto3.client(
        service,
        endpoint_url=os.environ[endpoint_variable],
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 2}),
    )


def periods(described, now):
    """Starts of the periods that have samples, oldest first."""
    for start in range(now - int(described["hours"] * 3600), now, PERIOD):
        if fleet.has_sample(described, (now - start) / 3600):
            yield dt.datetime.fromtimestamp(start, dt.UTC)


def statistics(average, maximum, count):
    return {"SampleCount": count, "Sum": average * count, "Minimum": average, "Maximum": maximum}


def service_samples(cluster, name, described, now):
    """AWS/ECS: one sample a minute and task, so that SampleCount is tasks x minutes, as in CloudWatch."""
    dimensions = [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": name}]
    count = described["tasks"] * PERIOD // 60
    for at in periods(described, now):
        for metric, key in (("CPUUtilization", "cpu_percent"), ("MemoryUtilization", "memory_percent")):
            yield "AWS/ECS", {
                "MetricName": metric,
                "Dimensions": dimensions,
                "Timestamp": at,
                "Unit": "Percent",
                "StatisticValues": statistics(*described[key], count),
            }


def family_samples(cluster, family, described, now):
    """ECS/ContainerInsights by family: absolute values, used and reserved, of all tasks of the family."""
    dimensions = [{"Name": "ClusterName", "Value": cluster}, {"Name": "TaskDefinitionFamily", "Value": family}]
    count = described["tasks"] * PERIOD // 60
    for at in periods(described, now):
        for metric, size, key, unit in (
            ("CpuUtilized", described["cpu"], "cpu_percent", "None"),
            ("CpuReserved", described["cpu"], None, "None"),
            ("MemoryUtilized", described["memory"], "memory_percent", "Megabytes"),
            ("MemoryReserved", described["memory"], None, "Megabytes"),
        ):
            average, maximum = described[key] if key else (100, 100)
            yield "ECS/ContainerInsights", {
                "MetricName": metric,
                "Dimensions": dimensions,
                "Timestamp": at,
                "Unit": unit,
                "StatisticValues": statistics(average * size / 100, maximum * size / 100, count),
            }


if __name__ == "__main__":
    main()
