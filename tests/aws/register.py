"""Registers task definitions in the emulator, and prints what it then knows of them.

usage: register.py ACCOUNT REGION FILE...          prints a JSON list, in the files' sequence

ministack 1.5.33 registers any size, so that what ECS would refuse is looked for here: a size that Fargate does not
have, containers that reserve more than the task has, limits above it, soft limits above hard ones (ECS API
Reference, RegisterTaskDefinition and ContainerDefinition; ECS Developer Guide, Fargate task size).
"""

import json
import pathlib
import sys

from seed import client

# CPU units to MiB; the sizes that the tests' fleets have.
SIZES = {
    256: [512, 1024, 2048],
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
}


def main(account, region, *files):
    ecs = client("ecs", "FARGAUGE_TEST_MINISTACK", account, region)
    registered = []
    for file in files:
        definition = json.loads(pathlib.Path(file).read_text(encoding="utf-8-sig"))
        refuse(definition)
        arn = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
        known = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        registered.append({key: known[key] for key in ("family", "revision", "cpu", "memory", "containerDefinitions")})
    json.dump(registered, sys.stdout)


def refuse(definition):
    cpu, memory = int(definition["cpu"]), int(definition["memory"])
    containers = definition["containerDefinitions"]
    assert memory in SIZES[cpu], f"{cpu} / {memory} is no Fargate size"
    assert sum(c.get("cpu", 0) for c in containers) <= cpu, "the containers reserve too much CPU"
    assert sum(c.get("memoryReservation", c.get("memory", 0)) for c in containers) <= memory, "and too much memory"
    for container in containers:
        hard = container.get("memory", memory)
        assert container.get("memoryReservation", 0) <= hard <= memory, f"limits of {container['name']}"


if __name__ == "__main__":
    main(*sys.argv[1:])
