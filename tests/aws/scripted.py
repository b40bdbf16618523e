"""An AWS that does as it is told: serves a fleet (see fleet.py), and fails where and how a scenario says.

usage: scripted.py SCENARIO.json REQUESTS.jsonl

Prints its port on the first line of stdout, serves until its stdin is closed. It speaks what the Rust SDKs
send: AWS JSON 1.1 to ECS and Application Auto Scaling, Smithy RPC v2 CBOR to CloudWatch (aws-sdk-cloudwatch
1.140 sends nothing else), the query protocol to STS. What an emulator is too kind for is here: CloudWatch's limits,
pages, partial data, throttling, refusals, slow and broken connections, deployment history.

AssumeRole answers with credentials of the account in the role's ARN; all accounts have the same fleet.

The scenario:

    {"fleet": {...},                              see fleet.py
     "page_size": {"ListServices": 10,            items in a page; CloudWatch: points (100,800 as in AWS)
                   "GetMetricData": 500},
     "faults": [FAULT, ...]}

A fault is the first in the list that applies to a request:

    {"on": "ListServices",                        the operation, or a pattern such as "*"
     "region": "eu-west-1",                       only there
      "account": "444455556666",                    only with that account's credentials
     "containing": "prod",                        only where the request's JSON text has this
     "after": 2,                                  lets so many matching requests pass first (0)
     "times": 3,                                  then applies to so many (all)
     "do": ACTION}

and does one of:

    {"error": "ThrottlingException", "message": "...", "status": 400}
    {"status": 503, "body": "text"}               an answer as it is, not of the protocol
    {"drop": true}                                closes the connection without an answer
    {"truncate": true}                            half of the right answer, then closes
    {"delay": 2.5}                                the right answer, so many seconds late
    {"result": {"StatusCode": "Forbidden"}}       GetMetricData: these keys in the results, no points,
     "metric": "MemoryUtilization"                  of this metric only, where named
    {"partial": 0.5}                              GetMetricData: this share of the points, marked PartialData
    {"messages": [{"Code": "...", "Value": ""}]}  GetMetricData: the right answer, with these Messages
    {"answer": {...}}                             this body instead of the right one

REQUESTS.jsonl gets one line per request when its answer has been decided: `op`, `region`, `account`,
`did` ("ok", or the fault's action), `input`, and for GetMetricData `queries`, `points` (that it asked for at most),
`start_ms`, `end_ms`, `period`, `next_token`.
"""

import base64
import datetime as dt
import fnmatch
import http.server
import json
import math
import os
import re
import sys
import threading
import time
import urllib.parse

import cbor2

import fleet

MOST_QUERIES = 500
MOST_POINTS = 100_800
ASSUMED = re.compile(r"ASIA(\d{12})")
CREATED = dt.datetime(2025, 3, 1, tzinfo=dt.UTC).timestamp()
# 20 in ListServiceDeployments and the like; what matters is that a test can make it smaller.
PAGE_SIZES = {
    "ListClusters": 100,
    "ListContainerInstances": 100,
    "ListServices": 10,
    "ListMetrics": 500,
    "ListServiceDeployments": 20,
    "DescribeScalableTargets": 50,
    "DescribeScalingPolicies": 50,
    "DescribeScheduledActions": 50,
    "GetMetricData": MOST_POINTS,
}


class Refusal(Exception):
    """An AWS error, in whatever protocol the request came."""

    def __init__(self, code, message="", status=400):
        self.code, self.message, self.status = code, message or f"{code} (scripted)", status


class Region:
    """The fleet's part in one region, as the APIs tell it."""

    def __init__(self, account, name, described, page_sizes):
        self.account, self.name, self.page_sizes = account, name, PAGE_SIZES | page_sizes
        self.clusters = {}
        self.definitions = {}
        for cluster, of_cluster in described["clusters"].items():
            services = {n: fleet.workload(d) for n, d in of_cluster.get("services", {}).items()}
            families = {n: fleet.workload(d) for n, d in of_cluster.get("families", {}).items()}
            self.clusters[cluster] = {
                "services": services,
                "families": families,
                "instances": of_cluster.get("instances", []),
                "providers": of_cluster.get("providers", []),
            }
            for family, workload in (services | families).items():
                sizes = [*workload["earlier"], workload]
                for revision, size in enumerate(sizes, start=1):
                    sized = workload | {"cpu": size["cpu"], "memory": size["memory"]}
                    arn = self.arn("ecs", f"task-definition/{family}:{revision}")
                    self.definitions[arn] = fleet.task_definition(family, sized) | {
                        "taskDefinitionArn": arn,
                        "revision": revision,
                        "status": "ACTIVE",
                        "registeredAt": CREATED,
                        "compatibilities": ["EC2", "FARGATE"],
                    }

    def arn(self, service, resource):
        return f"arn:{fleet.partition(self.name)}:{service}:{self.name}:{self.account}:{resource}"

    def page(self, operation, key, items, request, token_key="nextToken"):
        start = int(request.get(token_key) or 0)
        size = self.page_sizes[operation]
        answer = {key: items[start : start + size]}
        if start + size < len(items):
            answer[token_key] = str(start + size)
        return answer

    def cluster(self, request):
        name = request.get("cluster", "default").rsplit("/", 1)[-1]
        if name not in self.clusters:
            raise Refusal("ClusterNotFoundException", "Cluster not found.")
        return name, self.clusters[name]

    # --- ECS

    def list_clusters(self, request):
        arns = [self.arn("ecs", f"cluster/{name}") for name in self.clusters]
        return self.page("ListClusters", "clusterArns", arns, request)

    def describe_clusters(self, request):
        found, failures = [], []
        for reference in request.get("clusters", ["default"]):
            name = reference.rsplit("/", 1)[-1]
            if name in self.clusters:
                insights = "enabled" if self.clusters[name]["families"] else "disabled"
                found.append(
                    {
                        "clusterArn": self.arn("ecs", f"cluster/{name}"),
                        "clusterName": name,
                        "status": "ACTIVE",
                        "settings": [{"name": "containerInsights", "value": insights}],
                        "registeredContainerInstancesCount": len(self.clusters[name]["instances"]),
                        "capacityProviders": ["FARGATE", "FARGATE_SPOT"]
                        + [provider["name"] for provider in self.clusters[name]["providers"]],
                        "defaultCapacityProviderStrategy": [],
                        "tags": [],
                    }
                )
            else:
                failures.append({"arn": reference, "reason": "MISSING"})
        return {"clusters": found, "failures": failures}

    def list_services(self, request):
        name, cluster = self.cluster(request)
        arns = [self.arn("ecs", f"service/{name}/{service}") for service in cluster["services"]]
        return self.page("ListServices", "serviceArns", arns, request)

    def describe_services(self, request):
        if len(request["services"]) > 10:
            raise Refusal("InvalidParameterException", "services cannot have more than 10 elements")
        name, cluster = self.cluster(request)
        found, failures = [], []
        for reference in request["services"]:
            service = reference.rsplit("/", 1)[-1]
            if service in cluster["services"]:
                tags = "TAGS" in request.get("include", [])
                found.append(self.service(name, service, cluster["services"][service], tags))
            else:
                failures.append({"arn": reference, "reason": "MISSING"})
        return {"services": found, "failures": failures}

    def service(self, cluster, name, workload, with_tags):
        definition = self.arn("ecs", f"task-definition/{name}:{len(workload['earlier']) + 1}")
        service = {
            "serviceArn": self.arn("ecs", f"service/{cluster}/{name}"),
            "serviceName": name,
            "clusterArn": self.arn("ecs", f"cluster/{cluster}"),
            "status": "ACTIVE",
            "desiredCount": workload["tasks"],
            "runningCount": workload["tasks"],
            "pendingCount": 0,
            "schedulingStrategy": workload["scheduling"],
            "deploymentController": {"type": workload["controller"]},
            "createdAt": CREATED,
            "tags": fleet.tags(workload) if with_tags else [],
        }
        if workload["maximum_percent"]:
            service["deploymentConfiguration"] = {"maximumPercent": workload["maximum_percent"]}
        service["placementConstraints"] = [{"type": kind} for kind in workload["constraints"]]
        placed = {"taskDefinition": definition}
        if workload["strategy"]:
            placed["capacityProviderStrategy"] = fleet.strategy(workload)
        else:
            placed["launchType"] = workload["launch_type"]
        if workload["controller"] == "EXTERNAL":
            # With an external controller, task sets hold what a service holds otherwise.
            task_set = {"id": "ecs-svc/1", "status": "PRIMARY", "stabilityStatus": "STEADY_STATE"}
            service["taskSets"] = [task_set | placed | {"runningCount": workload["tasks"], "createdAt": CREATED}]
        else:
            service |= placed
            deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}
            service["deployments"] = [deployment | placed | {"createdAt": CREATED, "updatedAt": CREATED}]
        return service

    def list_container_instances(self, request):
        name, cluster = self.cluster(request)
        arns = [
            self.arn("ecs", f"container-instance/{name}/{number:032x}")
            for number, instance in enumerate(cluster["instances"])
            if request.get("status") in (None, instance.get("status", "ACTIVE"))
        ]
        return self.page("ListContainerInstances", "containerInstanceArns", arns, request)

    def describe_container_instances(self, request):
        if len(request["containerInstances"]) > 100:
            raise Refusal("InvalidParameterException", "containerInstances cannot have more than 100 elements")
        _, cluster = self.cluster(request)
        found = []
        for arn in request["containerInstances"]:
            number = int(arn.rsplit("/", 1)[-1], 16)
            found.append(container_instance(arn, number, cluster["instances"][number]))
        return {"containerInstances": found, "failures": []}

    def describe_task_definition(self, request):
        reference = request["taskDefinition"]
        arn = reference if reference.startswith("arn:") else None
        if arn is None:
            family, _, revision = reference.partition(":")
            known = [a for a, d in self.definitions.items() if d["family"] == family]
            wanted = self.arn("ecs", f"task-definition/{family}:{revision}") if revision else None
            arn = wanted or (known[-1] if known else None)
        if arn not in self.definitions:
            raise Refusal("ClientException", "Unable to describe task definition.")
        return {"taskDefinition": self.definitions[arn], "tags": []}

    def describe_capacity_providers(self, request):
        every = [
            {
                "name": name,
                "type": name,
                "status": "ACTIVE",
                "capacityProviderArn": self.arn("ecs", f"capacity-provider/{name}"),
            }
            for name in ("FARGATE", "FARGATE_SPOT")
        ]
        if request.get("cluster"):
            _, cluster = self.cluster(request)
            every = [{"status": "ACTIVE"} | provider for provider in cluster["providers"]]
        wanted = request.get("capacityProviders")
        return {"capacityProviders": [p for p in every if not wanted or p["name"] in wanted], "failures": []}

    def revisions(self, cluster, name):
        """(created at, revision number) of each deployment, oldest first."""
        workload = self.clusters[cluster]["services"][name]
        hours_ago = [size["until_hours_ago"] for size in workload["earlier"]]
        starts = [CREATED, *(fleet.floor_to(time.time() - hours * 3600, 3600) for hours in hours_ago)]
        return list(enumerate(starts, start=1))

    def list_service_deployments(self, request):
        cluster, _ = self.cluster(request)
        name = request["service"].rsplit("/", 1)[-1]
        window = request.get("createdAt", {})
        deployments = [
            {
                "serviceDeploymentArn": self.arn("ecs", f"service-deployment/{cluster}/{name}/{number:06}"),
                "serviceArn": self.arn("ecs", f"service/{cluster}/{name}"),
                "clusterArn": self.arn("ecs", f"cluster/{cluster}"),
                "targetServiceRevisionArn": self.arn("ecs", f"service-revision/{cluster}/{name}/{number:06}"),
                "createdAt": at,
                "startedAt": at,
                "finishedAt": at + 120,
                "status": "SUCCESSFUL",
            }
            for number, at in reversed(self.revisions(cluster, name))
            if window.get("after", 0) <= at <= window.get("before", float("inf"))
        ]
        return self.page("ListServiceDeployments", "serviceDeployments", deployments, request)

    def describe_service_deployments(self, request):
        wanted = request["serviceDeploymentArns"]
        if len(wanted) > 20:
            raise Refusal("InvalidParameterException", "more than 20 service deployments")
        answer = []
        for arn in wanted:
            cluster, name, number = arn.rsplit("/", 3)[1:]
            listed = {"cluster": cluster, "service": name}
            every = self.list_service_deployments(listed)["serviceDeployments"]
            for deployment in every:
                if deployment["serviceDeploymentArn"] == arn:
                    target = {"arn": deployment.pop("targetServiceRevisionArn"), "requestedTaskCount": 1}
                    before = arn.replace("service-deployment/", "service-revision/").rsplit("/", 1)[0]
                    sources = [{"arn": f"{before}/{int(number) - 1:06}"}] if int(number) > 1 else []
                    answer.append(deployment | {"targetServiceRevision": target, "sourceServiceRevisions": sources})
        return {"serviceDeployments": answer, "failures": []}

    def describe_service_revisions(self, request):
        wanted = request["serviceRevisionArns"]
        if len(wanted) > 20:
            raise Refusal("InvalidParameterException", "more than 20 service revisions")
        answer = []
        for arn in wanted:
            cluster, name, number = arn.rsplit("/", 3)[1:]
            answer.append(
                {
                    "serviceRevisionArn": arn,
                    "serviceArn": self.arn("ecs", f"service/{cluster}/{name}"),
                    "clusterArn": self.arn("ecs", f"cluster/{cluster}"),
                    "taskDefinition": self.arn("ecs", f"task-definition/{name}:{int(number)}"),
                    "launchType": self.clusters[cluster]["services"][name]["launch_type"],
                    "createdAt": dict(self.revisions(cluster, name))[int(number)],
                }
            )
        return {"serviceRevisions": answer, "failures": []}

    def list_daemons(self, request):
        self.cluster(request | {"cluster": request.get("clusterArn", request.get("cluster", "default"))})
        return {"daemonSummariesList": []}

    def list_tags_for_resource(self, request):
        cluster, name = request["resourceArn"].rsplit("/", 2)[1:]
        services = self.clusters.get(cluster, {}).get("services", {})
        return {"tags": fleet.tags(services[name]) if name in services else []}

    # --- Application Auto Scaling

    def scaled(self, request):
        wanted = request.get("ResourceIds") or ([request["ResourceId"]] if request.get("ResourceId") else None)
        for name, cluster in self.clusters.items():
            for service, workload in cluster["services"].items():
                target = {
                    "ServiceNamespace": "ecs",
                    "ResourceId": f"service/{name}/{service}",
                    "ScalableDimension": "ecs:service:DesiredCount",
                    "CreationTime": CREATED,
                }
                if workload["scaling"] and (wanted is None or target["ResourceId"] in wanted):
                    yield target, workload

    def describe_scalable_targets(self, request):
        targets = [
            target
            | {"MinCapacity": workload["scaling"]["min"], "MaxCapacity": workload["scaling"]["max"]}
            | {"RoleARN": self.arn("iam", "role/autoscaling")}
            for target, workload in self.scaled(request)
        ]
        return self.page("DescribeScalableTargets", "ScalableTargets", targets, request, "NextToken")

    def describe_scaling_policies(self, request):
        every = [
            target
            | {"PolicyName": name, "PolicyARN": self.arn("autoscaling", f"scalingPolicy:{name}"), "PolicyType": kind}
            | ({"TargetTrackingScalingPolicyConfiguration": tracking} if tracking else {})
            for target, workload in self.scaled(request)
            for name, kind, tracking in fleet.policies(workload)
        ]
        return self.page("DescribeScalingPolicies", "ScalingPolicies", every, request, "NextToken")

    def describe_scheduled_actions(self, request):
        every = [
            target
            | {"ScheduledActionName": f"action-{number}", "Schedule": action["schedule"]}
            | {"ScheduledActionARN": self.arn("autoscaling", f"scheduledAction:action-{number}")}
            | {"ScalableTargetAction": {"MinCapacity": action["min"], "MaxCapacity": action["max"]}}
            for target, workload in self.scaled(request)
            for number, action in enumerate(workload["scaling"].get("scheduled", []))
        ]
        return self.page("DescribeScheduledActions", "ScheduledActions", every, request, "NextToken")

    def describe_scaling_activities(self, request):
        return {"ScalingActivities": []}

    # --- CloudWatch

    def list_metrics(self, request):
        every = []
        for cluster, described in self.clusters.items():
            for family in described["families"]:
                dimensions = [
                    {"Name": "ClusterName", "Value": cluster},
                    {"Name": "TaskDefinitionFamily", "Value": family},
                ]
                for metric in ("CpuUtilized", "CpuReserved", "MemoryUtilized", "MemoryReserved"):
                    every.append(("ECS/ContainerInsights", metric, dimensions))
            for service, workload in described["services"].items():
                dimensions = [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}]
                live = ["LiveTaskCount"] if workload["live"] else []
                for metric in ("CPUUtilization", "MemoryUtilization", *live):
                    every.append(("AWS/ECS", metric, dimensions))
        wanted = {(d["Name"], d.get("Value")) for d in request.get("Dimensions") or []}
        metrics = [
            {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
            for namespace, metric, dimensions in every
            if request.get("Namespace") in (None, namespace)
            and request.get("MetricName") in (None, metric)
            and all(
                any(d["Name"] == name and value in (None, d["Value"]) for d in dimensions) for name, value in wanted
            )
        ]
        return self.page("ListMetrics", "Metrics", metrics, request, "NextToken")

    def series(self, query):
        """(workload, statistics of its metric for one period of so many seconds), or None."""
        stat = query["MetricStat"]
        metric = stat["Metric"]["MetricName"]
        dimensions = {d["Name"]: d["Value"] for d in stat["Metric"]["Dimensions"]}
        cluster = self.clusters.get(dimensions.get("ClusterName"), {"services": {}, "families": {}})
        namespace = stat["Metric"]["Namespace"]
        if namespace == "AWS/ECS":
            workload = cluster["services"].get(dimensions.get("ServiceName"))
            if workload and metric == "LiveTaskCount" and workload["live"]:
                return workload, (workload["tasks"], workload["tasks"], 1)
            keys = {"CPUUtilization": "cpu_percent", "MemoryUtilization": "memory_percent"}
            if workload and metric in keys:
                return workload, (*workload[keys[metric]], workload["tasks"])
        if namespace == "ECS/ContainerInsights":
            workload = cluster["families"].get(dimensions.get("TaskDefinitionFamily"))
            keys = {"CpuUtilized": ("cpu", "cpu_percent"), "MemoryUtilized": ("memory", "memory_percent")}
            if workload and metric in keys:
                size, percent = keys[metric]
                average, maximum = (workload[size] * p / 100 for p in workload[percent])
                return workload, (average, maximum, workload["tasks"])
            reserved = {"CpuReserved": "cpu", "MemoryReserved": "memory"}
            if workload and metric in reserved:
                return workload, (workload[reserved[metric]],) * 2 + (workload["tasks"],)
        return None

    def points(self, query, start, end):
        """[(timestamp, value)], the newest first, as CloudWatch gives them unless told otherwise."""
        found = self.series(query)
        if found is None:
            return []
        workload, (average, maximum, per_minute) = found
        period = query["MetricStat"]["Period"]
        value = {
            "Average": average,
            "Maximum": maximum,
            "Minimum": average,
            "SampleCount": per_minute * period / 60,
            "Sum": average * per_minute * period / 60,
        }[query["MetricStat"]["Stat"]]
        now = time.time()
        first = fleet.floor_to(start, period)
        return [
            (at, float(value))
            for at in range(int(first), int(end), period)[::-1]
            if at < now and fleet.has_sample(workload, (now - at) / 3600)
        ]

    def get_metric_data(self, request, do):
        queries = request["MetricDataQueries"]
        if len(queries) > MOST_QUERIES:
            message = f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
            raise Refusal("ValidationError", message)
        if len({query["Id"] for query in queries}) < len(queries):
            raise Refusal("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
        start, end = epoch(request["StartTime"]), epoch(request["EndTime"])
        oldest_first = request.get("ScanBy") == "TimestampAscending"
        refused = do.get("result")
        results, flat = {}, []
        for query in queries:
            results[query["Id"]] = {"Id": query["Id"], "Label": query.get("Label", query["Id"])}
            metric = query["MetricStat"]["Metric"]["MetricName"]
            if refused and do.get("metric") in (None, metric):
                results[query["Id"]] |= {"StatusCode": "Complete"} | refused
                continue
            points = self.points(query, start, end)
            if "partial" in do:
                points = points[: int(len(points) * do["partial"])]
                results[query["Id"]]["StatusCode"] = "PartialData"
            flat.extend((query["Id"], *point) for point in (points[::-1] if oldest_first else points))
        first = int(base64.b64decode(request["NextToken"])) if request.get("NextToken") else 0
        size = min(self.page_sizes["GetMetricData"], request.get("MaxDatapoints") or MOST_POINTS)
        last = {query_id: position for position, (query_id, _, _) in enumerate(flat)}
        here = {}
        for position, (query_id, at, value) in list(enumerate(flat))[first : first + size]:
            times, values = here.setdefault(query_id, ([], []))
            times.append(cbor2.CBORTag(1, float(at)))
            values.append(value)
        answered = []
        for query_id, result in results.items():
            times, values = here.get(query_id, ([], []))
            # A later page goes on with what is left; the first one also has the series without points.
            if not times and (first > 0 or query_id in last):
                continue
            more = last.get(query_id, 0) >= first + size
            status = "PartialData" if more else "Complete"
            answered.append({"StatusCode": status} | result | {"Timestamps": times, "Values": values})
        answer = {"MetricDataResults": answered, "Messages": do.get("messages", [])}
        if first + size < len(flat):
            answer["NextToken"] = base64.b64encode(str(first + size).encode()).decode()
        return answer


def container_instance(arn, number, instance):
    attributes = {
        "ecs.instance-type": instance.get("type"),
        "ecs.availability-zone": instance.get("zone"),
        "ecs.cpu-architecture": instance.get("arch"),
        "ecs.ami-id": "ami-never-stored",
    }
    resource = lambda name, value: {"name": name, "type": "INTEGER", "integerValue": value}
    registered = [resource("CPU", instance["cpu"]), resource("MEMORY", instance["memory"])]
    remaining = [resource("CPU", instance["free_cpu"]), resource("MEMORY", instance["free_memory"])]
    if gpus := instance.get("gpus"):
        ids = [f"GPU-{gpu}" for gpu in range(gpus)]
        registered.append({"name": "GPU", "type": "STRINGSET", "stringSetValue": ids})
    described = {
        "containerInstanceArn": arn,
        "ec2InstanceId": f"i-{number:017x}",
        "status": instance.get("status", "ACTIVE"),
        "agentConnected": True,
        "attributes": [{"name": name, "value": value} for name, value in attributes.items() if value],
        "registeredResources": registered,
        "remainingResources": remaining,
        "runningTasksCount": 1,
        "registeredAt": CREATED,
    }
    return described | ({"capacityProviderName": instance["provider"]} if instance.get("provider") else {})


def epoch(moment):
    return moment.timestamp() if isinstance(moment, dt.datetime) else float(moment)


class Script:
    """The scenario's faults, and the log."""

    def __init__(self, scenario, log):
        self.lock = threading.Lock()
        self.log = open(log, "a", encoding="utf-8")
        self.faults = scenario.get("faults", [])
        self.matched = [0] * len(self.faults)
        self.account = scenario["fleet"]["account"]
        self.described = scenario["fleet"]["regions"]
        self.page_sizes = scenario.get("page_size", {})
        self.regions = {}

    def region(self, account, name):
        with self.lock:
            if name in self.described and (account, name) not in self.regions:
                self.regions[account, name] = Region(account, name, self.described[name], self.page_sizes)
            return self.regions.get((account, name))

    def action(self, operation, account, region, text):
        """What the first fault that applies says to do; an empty action where none does."""
        with self.lock:
            for number, fault in enumerate(self.faults):
                if not fnmatch.fnmatchcase(operation, fault["on"]):
                    continue
                if fault.get("region", region) != region or fault.get("account", account) != account:
                    continue
                if fault.get("containing", "") not in text:
                    continue
                self.matched[number] += 1
                position = self.matched[number] - fault.get("after", 0)
                if 1 <= position <= fault.get("times", sys.maxsize):
                    return fault["do"]
        return {}

    def record(self, entry):
        with self.lock:
            self.log.write(json.dumps(entry, default=str) + "\n")
            self.log.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script = None  # set on the class before serving

    def do_POST(self):  # noqa: N802, the name is http.server's
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        credential = re.search(r"Credential=([^/]+)/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        access_key, region = credential.groups() if credential else ("", "")
        account = ASSUMED.fullmatch(access_key)[1] if ASSUMED.fullmatch(access_key) else self.script.account
        operation, request, protocol = self.read_request(body)
        do = self.script.action(operation, account, region, json.dumps(request, default=str))
        did = next((key for key in ("error", "status", "answer", *do) if key in do), "ok")
        entry = {"op": operation, "region": region, "account": account, "input": request}
        entry["did"] = do["error"] if did == "error" else did
        if operation == "GetMetricData":
            entry |= measure(request)
            del entry["input"]
        self.script.record(entry)
        time.sleep(do.get("delay", 0))
        if do.get("drop"):
            self.close_connection = True
            return
        if "body" in do:
            self.send(do["status"], "text/plain", do["body"].encode())
            return
        try:
            if "error" in do:
                raise Refusal(do["error"], do.get("message", ""), do.get("status", 400))
            status, answer = 200, do.get("answer") or self.answer(operation, account, region, request, do)
            content_type, encoded = encode(protocol, operation, answer)
        except Refusal as refusal:
            status = refusal.status
            content_type, encoded = encode_refusal(protocol, refusal)
        self.send(status, content_type, encoded, truncate=do.get("truncate", False))

    def read_request(self, body):
        """(operation, input as data, protocol)"""
        if target := self.headers.get("X-Amz-Target"):
            return target.rsplit(".", 1)[-1], json.loads(body or b"{}"), "json"
        if found := re.search(r"/operation/(\w+)$", self.path):
            return found.group(1), cbor2.loads(body) if body else {}, "cbor"
        form = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode()).items()}
        return form.pop("Action", "Unknown"), form, "query"

    def answer(self, operation, account, region, request, do):
        if operation == "GetCallerIdentity":
            arn = f"arn:{fleet.partition(region)}:sts::{account}:assumed-role/reader/test"
            return {"Arn": arn, "UserId": "AROATEST:test", "Account": account}
        if operation == "AssumeRole":
            key = "ASIA" + request["RoleArn"].split(":")[4]
            secret = {"AccessKeyId": key, "SecretAccessKey": "test", "SessionToken": "test"}
            return {"Credentials": secret | {"Expiration": "2099-01-01T00:00:00Z"}}
        here = self.script.region(account, region)
        if here is None:
            # What AWS answers in an opt-in region that the account has not enabled.
            message = "The security token included in the request is invalid."
            raise Refusal("UnrecognizedClientException", message)
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        if method == "get_metric_data":
            return here.get_metric_data(request, do)
        if method.split("_")[0] not in ("list", "describe") or not hasattr(here, method):
            raise Refusal("UnknownOperationException", f"the scripted server has no {operation}")
        return getattr(here, method)(request)

    def send(self, status, content_type, body, truncate=False):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "00000000-0000-0000-0000-000000000000")
        if content_type == "application/cbor":
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if truncate else body)
        if truncate:
            self.close_connection = True

    def log_message(self, *_):
        pass


def measure(request):
    """What a GetMetricData asks for."""
    start, end = epoch(request["StartTime"]), epoch(request["EndTime"])
    periods = [query["MetricStat"]["Period"] for query in request["MetricDataQueries"]]
    return {
        "queries": len(periods),
        # Every period that the window touches: an unaligned end costs a point in every series.
        "points": sum(math.ceil((end - fleet.floor_to(start, period)) / period) for period in periods),
        "start_ms": round(start * 1000),
        "end_ms": round(end * 1000),
        "period": max(periods, default=None),
        "next_token": request.get("NextToken"),
    }


def encode(protocol, operation, answer):
    if protocol == "json":
        return "application/x-amz-json-1.1", json.dumps(answer, default=lambda timestamp: timestamp.value).encode()
    if protocol == "cbor":
        return "application/cbor", cbor2.dumps(answer)
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    result = f"<{operation}Result>{xml(answer)}</{operation}Result>"
    return "text/xml", f'<{operation}Response xmlns="{namespace}">{result}</{operation}Response>'.encode()


def xml(value):
    if isinstance(value, dict):
        return "".join(f"<{key}>{xml(inner)}</{key}>" for key, inner in value.items())
    return str(value)


def encode_refusal(protocol, refusal):
    if protocol == "query":
        error = f"<Type>Sender</Type><Code>{refusal.code}</Code><Message>{refusal.message}</Message>"
        return "text/xml", f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
    data = {"__type": refusal.code, "message": refusal.message}
    return encode(protocol, "", data)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # A client that was killed, or gave up, is part of the tests; anything else is a bug here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main():
    scenario, log = sys.argv[1:]
    with open(scenario, encoding="utf-8") as file:
        Handler.script = Script(json.load(file), log)
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
