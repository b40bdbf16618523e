"""The fleets that tests describe, for the emulators (seed.py) and for the scripted server (scripted.py).

A fleet is JSON; every key but the sizes has a default, so a test writes only what it is about:

    {"account": "111122223333",
     "regions": {"eu-west-1": {"clusters": {"prod": {
         "services": {"web": {"cpu": 512, "memory": 1024, "tasks": 2}},
         "families": {"nightly": {"cpu": 256, "memory": 512}}}}}}}

`families` are standalone tasks, visible through Container Insights only. A cluster may have
`instances` (scripted server only): container instances as `DescribeContainerInstances` tells them, less what
has a default there: {"type", "zone", "arch", "provider", "status", "cpu", "memory", "gpus", "free_cpu",
"free_memory"}; and `providers`: capacity providers as `DescribeCapacityProviders` tells them, less their status.
A workload has:

    cpu, memory       task size: CPU units and MiB, as numbers
    tasks             running tasks (1); 0 means no samples, and nothing runs
    cpu_percent       [average, maximum] of the size, the same in every minute ([20, 40])
    memory_percent    the same for memory ([30, 50])
    hours             age of the first sample; the last one is at the present (72)
    gap_hours         [from, to]: hours ago between which there are no samples (none)
    launch_type       FARGATE, EC2 or EXTERNAL (FARGATE)
    strategy          instead of a launch type: [[provider, weight, base], ...]
    controller        ECS, CODE_DEPLOY or EXTERNAL (ECS)
    scheduling        REPLICA or DAEMON (REPLICA)
    arch, os          X86_64 or ARM64, LINUX or WINDOWS_SERVER_2022_CORE
    ephemeral_gib     ephemeral storage, where set
    tags              {key: value}
    maximum_percent   of the deployment configuration, where set; scripted server only
    constraints       kinds of placement constraint of the service; scripted server only
    environment       the container's environment {name: value}
    scaling           {"min", "max", "policies": [{"metric", "target"} or {"step": true}],
                       "scheduled": [{"schedule", "min", "max"}]}
    live              whether LiveTaskCount exists (false); scripted server only
    earlier           sizes before the present one, oldest first: [{"cpu", "memory", "until_hours_ago"}];
                      scripted server only
"""

import math

WORKLOAD = {
    "tasks": 1,
    "cpu_percent": [20, 40],
    "memory_percent": [30, 50],
    "hours": 72,
    "gap_hours": None,
    "launch_type": "FARGATE",
    "strategy": None,
    "controller": "ECS",
    "scheduling": "REPLICA",
    "arch": "X86_64",
    "os": "LINUX",
    "ephemeral_gib": None,
    "tags": {},
    "maximum_percent": None,
    "constraints": [],
    "environment": {},
    "scaling": None,
    "live": False,
    "earlier": [],
}


def workload(described):
    """A workload with its defaults; a key that nobody reads is a mistake in the test."""
    unknown = described.keys() - WORKLOAD.keys() - {"cpu", "memory"}
    if unknown:
        raise SystemExit(f"a fleet's workload has no key {', '.join(sorted(unknown))}")
    return WORKLOAD | described


def has_sample(described, hours_ago):
    """Whether a minute that lies `hours_ago` (to its start) has samples."""
    gap = described["gap_hours"]
    if described["tasks"] == 0 or hours_ago > described["hours"]:
        return False
    return gap is None or not gap[1] < hours_ago <= gap[0]


def sampled_hours(described):
    """Hours of the workload's history that have samples."""
    if described["tasks"] == 0:
        return 0
    gap = described["gap_hours"]
    return described["hours"] - (gap[0] - gap[1] if gap else 0)


def partition(region):
    for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return name
    return "aws"


def task_definition(family, described):
    """What RegisterTaskDefinition takes."""
    on_fargate = described["launch_type"] == "FARGATE"
    definition = {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE" if on_fargate else described["launch_type"]],
        "cpu": str(described["cpu"]),
        "memory": str(described["memory"]),
        "runtimePlatform": {"cpuArchitecture": described["arch"], "operatingSystemFamily": described["os"]},
        "containerDefinitions": [
            {
                "name": "app",
                "image": "registry.example/app:1",
                "essential": True,
                "environment": [{"name": k, "value": v} for k, v in described["environment"].items()],
            }
        ],
    }
    if described["ephemeral_gib"]:
        definition["ephemeralStorage"] = {"sizeInGiB": described["ephemeral_gib"]}
    return definition


def strategy(described):
    return [{"capacityProvider": p, "weight": w, "base": b} for p, w, b in described["strategy"] or []]


def tags(described):
    return [{"key": k, "value": v} for k, v in described["tags"].items()]


def policies(described):
    """(name, type, target tracking configuration or None) of each scaling policy."""
    for number, policy in enumerate((described["scaling"] or {}).get("policies", [])):
        if policy.get("step"):
            yield f"policy-{number}", "StepScaling", None
        else:
            metric = {"PredefinedMetricType": policy["metric"]}
            tracking = {"TargetValue": float(policy["target"]), "PredefinedMetricSpecification": metric}
            yield f"policy-{number}", "TargetTrackingScaling", tracking


def truth(described):
    """What a report must say of a workload that kept its present size all the time."""
    task_hours = sampled_hours(described) * described["tasks"]
    return {
        "task_hours": task_hours,
        "requested_vcpu_hours": task_hours * described["cpu"] / 1024,
        "requested_gb_hours": task_hours * described["memory"] / 1024,
    }


def floor_to(seconds, step):
    return math.floor(seconds / step) * step
