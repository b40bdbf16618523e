"""Runs a composite action of GitHub as a runner does, as far as action.yml needs it.

Scripts run in bash with the environment that their steps name. Steps that use other actions are given to the
caller, who says what they put out. Of expressions there are property paths, string literals, `==`, `!=`, `&&`.
"""

import os
import pathlib
import re
import subprocess

import yaml

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


class Composite:
    """One run of the action at `action`, a folder, in a repository checked out at `workspace`."""

    def __init__(self, action, workspace, temp, environment, github, uses):
        self.action = pathlib.Path(action)
        self.described = yaml.safe_load((self.action / "action.yml").read_text())
        self.workspace, self.temp, self.environment, self.uses = workspace, pathlib.Path(temp), environment, uses
        self.github = github | {"action_path": str(action)}
        self.steps, self.ran, self.log = {}, [], ""
        self.summary = self.temp / "summary.md"
        self.summary.touch()

    def run(self, **inputs):
        """The exit code of the first step that failed, else 0; and the action's outputs."""
        defaults = {name: str(one.get("default", "")) for name, one in self.described["inputs"].items()}
        names = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert not names.keys() - defaults.keys(), names
        self.context = {
            "inputs": {name: self.text(value) for name, value in (defaults | names).items()},
            "github": self.github,
            "runner": {"temp": str(self.temp), "os": "Linux", "arch": "X64"},
            "steps": self.steps,
        }
        code = 0
        for step in self.described["runs"]["steps"]:
            # Of steps without a condition that names the status, none runs after one that failed.
            if code == 0 and self.holds(step.get("if", "true")):
                self.ran.append(step["name"])
                code = self.step(step)
                if step.get("continue-on-error"):
                    code = 0
        outputs = {name: self.text(one["value"]) for name, one in self.described["outputs"].items()}
        return code, outputs

    def step(self, step):
        if "uses" in step:
            given = {name: self.text(value) for name, value in step["with"].items()}
            outputs = self.uses(step["uses"].split("@")[0], given)
            self.steps[step.get("id", "")] = {"outputs": outputs}
            return 0
        output = self.temp / f"output-{len(self.ran)}"
        output.touch()
        environment = self.environment | {name: self.text(value) for name, value in step.get("env", {}).items()}
        environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary)}
        environment |= {"GITHUB_SHA": self.github["sha"], "GITHUB_EVENT_NAME": self.github["event_name"]}
        assert step["shell"] == "bash", step
        # As runners do: https://docs.github.com/actions/reference/workflow-syntax-for-github-actions, `shell`.
        script = self.temp / f"step-{len(self.ran)}.sh"
        script.write_text(step["run"])
        finished = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log += finished.stdout
        pairs = (line.split("=", 1) for line in output.read_text().splitlines())
        self.steps[step.get("id", "")] = {"outputs": dict(pairs)}
        return finished.returncode

    def text(self, value):
        return EXPRESSION.sub(lambda found: self.value(found[1].strip()), str(value))

    def value(self, expression):
        if literal := re.fullmatch(r"'([^']*)'", expression):
            return literal[1]
        found = self.context if hasattr(self, "context") else {"github": self.github}
        for name in expression.split("."):
            # What is not there is null, which is empty as text.
            found = found.get(name) if isinstance(found, dict) else None
        return "" if found is None else str(found)

    def holds(self, condition):
        def one(term):
            if comparison := re.fullmatch(r"(.+?)\s*(==|!=)\s*(.+)", term):
                left, right = self.value(comparison[1].strip()), self.value(comparison[3].strip())
                return (left == right) is (comparison[2] == "==")
            assert term == "true", f"no such expression here: {term}"
            return True

        return all(one(term.strip()) for term in condition.split("&&"))


def environment_with(*folders):
    """The caller's environment without anything of a CI system or AWS, and these folders on the PATH."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "GITHUB_", "CI", "FARGAUGE"))}
    return kept | {"PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]])}
