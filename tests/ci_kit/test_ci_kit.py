"""The CI kit: its scripts run, with a `gh` that is not GitHub's, and its files are what GitHub, GitLab and pre-commit read.

Run by tests/run. Needs the packages of tests/requirements.txt, git, bash, and a built fargauge, which FARGAUGE_BINARY names.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

from composite import Composite, environment_with

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ["FARGAUGE_BINARY"])
VENV = pathlib.Path(sys.executable).parent
MARKER = "<!-- fargauge-check -->"


def task(family, cpu, memory):
    return json.dumps(
        {
            "family": family,
            "requiresCompatibilities": ["FARGATE"],
            "cpu": str(cpu),
            "memory": str(memory),
            "containerDefinitions": [{"name": "app", "image": "app"}],
        },
        indent=1,
    )


VALID, INVALID = (256, 512), (256, 8192)


class Repository:
    """A repository in which `feature` changed files of `main`, and the merge of both, as GitHub checks it out."""

    def __init__(self, folder, before, after):
        self.folder, self.environment = pathlib.Path(folder), environment_with()
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "a@example.com")
        self.git("config", "user.name", "a")
        # As at GitHub.
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = self.commit(before)
        self.git("checkout", "--quiet", "-b", "feature")
        self.commit(after)
        self.git("checkout", "--quiet", "main")
        self.git("commit", "--quiet", "--allow-empty", "-m", "meanwhile")
        self.git("merge", "--quiet", "--no-ff", "-m", "merge", "feature")
        self.merge = self.git("rev-parse", "HEAD").strip()

    def commit(self, files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD").strip()

    def shallow(self, folder):
        """What actions/checkout makes of it by default: the last commit alone."""
        url = f"file://{self.folder}"
        subprocess.run(["git", "clone", "--quiet", "--depth=1", url, folder], check=True, env=self.environment)
        return folder

    def git(self, *arguments):
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, check=True, capture_output=True, text=True
        ).stdout


class Action(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tools, self.gh = self.folder / "tools", self.folder / "gh"
        self.tools.mkdir()
        self.gh.mkdir()
        self.tool("gh", f'exec "{sys.executable}" "{ROOT}/tests/ci_kit/fake_gh.py" "$@"')
        self.comments([])
        self.used = []

    def tool(self, name, script):
        path = self.tools / name
        path.write_text(f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)

    def comments(self, comments=None):
        if comments is not None:
            (self.gh / "comments.json").write_text(json.dumps(comments))
        return json.loads((self.gh / "comments.json").read_text())

    def pull_request(self, before, after):
        repository = Repository(self.folder / "origin", before, after)
        checkout = repository.shallow(self.folder / "checkout")
        hostile = "$(touch pwned)`touch pwned`\"; touch pwned; '\n::error::x"
        event = {
            "number": 7,
            "pull_request": {
                "number": 7,
                "title": hostile,
                "base": {"sha": repository.base, "ref": hostile},
                "head": {"ref": hostile},
            },
        }
        github = {"event": event, "event_name": "pull_request", "sha": repository.merge, "head_ref": hostile}
        return checkout, github

    def use(self, action, given):
        self.used.append((action, given))
        return {}

    def act(self, checkout, github, gh=None, uses=None, **inputs):
        temp = self.folder / f"temp-{len(list(self.folder.iterdir()))}"
        temp.mkdir()
        environment = environment_with(self.tools) | {"FAKE_GH_STATE": str(self.gh)} | (gh or {})
        github = {"repository": "acme/shop", "token": "t", "event": {}, "event_name": "push", "sha": ""} | github
        run = Composite(ROOT, checkout, temp, environment, github, uses or self.use)
        code, outputs = run.run(**({"binary": str(BINARY)} | inputs))
        self.assertFalse(any(self.folder.rglob("pwned")), run.log)
        return code, outputs, run

    def test_what_a_pull_request_makes_worse_fails_it_and_is_told_in_one_comment(self):
        checkout, github = self.pull_request({"web.json": task("web", *VALID)}, {"web.json": task("web", *INVALID)})
        # Neither of somebody who quotes ours, nor another one of the same bot.
        others = [
            {"id": 1, "body": MARKER + "\nmine", "user": {"login": "mallory", "type": "User"}},
            {"id": 2, "body": "hello", "user": {"login": "github-actions[bot]", "type": "Bot"}},
            {"id": 3, "body": f"see {MARKER}", "user": {"login": "github-actions[bot]", "type": "Bot"}},
        ]
        self.comments(others)
        code, outputs, run = self.act(checkout, github)
        self.assertEqual((code, outputs["verdict"], outputs["exit-code"]), (1, "fail", "1"), run.log)
        self.assertIn("::error file=web.json", run.log)
        self.assertIn(MARKER, run.summary.read_text())
        report = json.loads(pathlib.Path(outputs["json"]).read_text())
        self.assertEqual(report["verdict"], "fail")
        (upload,) = self.used
        self.assertEqual(upload[0], "github/codeql-action/upload-sarif")
        self.assertEqual(upload[1]["sarif_file"], outputs["sarif"])
        sarif = json.loads(pathlib.Path(outputs["sarif"]).read_text())
        self.assertEqual(sarif["runs"][0]["results"][0]["ruleId"], "invalid-task-size")

        *before, ours = self.comments()
        self.assertEqual(before, others)
        self.assertEqual(ours["body"], pathlib.Path(outputs["markdown"]).read_text())

        # The next push repairs it: the same comment says so.
        (checkout / "web.json").write_text(task("web", *VALID))
        code, outputs, run = self.act(checkout, github)
        self.assertEqual((code, outputs["verdict"]), (0, "pass"), run.log)
        *before, again = self.comments()
        self.assertEqual((before, again["id"]), (others, ours["id"]))
        self.assertNotEqual(again["body"], ours["body"])

    def test_the_comment_of_a_persons_token_is_found_again_too(self):
        checkout, github = self.pull_request({"web.json": task("web", *VALID)}, {"web.json": task("web", *INVALID)})
        bot = {"id": 1, "body": MARKER, "user": {"login": "other[bot]", "type": "Bot"}}
        self.comments([bot])
        for _ in range(2):
            self.act(checkout, github, gh={"FAKE_GH_LOGIN": "deployer"})
        self.assertEqual([one["user"]["login"] for one in self.comments()], ["other[bot]", "deployer"])
        self.assertEqual(self.comments()[0], bot)

    def test_what_the_base_has_already_does_not_fail_unless_asked_for(self):
        files = {"web.json": task("web", *INVALID)}
        checkout, github = self.pull_request(files, {"README.md": "changed"})
        code, outputs, run = self.act(checkout, github)
        self.assertEqual((code, outputs["verdict"]), (0, "pass"), run.log)
        for inputs in [{"new_only": "false"}, {"base": "none"}]:
            code, outputs, run = self.act(checkout, github, **inputs)
            self.assertEqual((code, outputs["verdict"]), (1, "fail"), run.log)
        code, outputs, run = self.act(checkout, github, base="none", fail="false")
        self.assertEqual((code, outputs["verdict"]), (0, "fail"), run.log)

    def test_a_fork_whose_token_may_not_write_gets_the_verdict_all_the_same(self):
        checkout, github = self.pull_request({"web.json": task("web", *VALID)}, {"web.json": task("web", *INVALID)})
        code, outputs, run = self.act(checkout, github, gh={"FAKE_GH_DENIES": "1"})
        self.assertEqual((code, outputs["verdict"]), (1, "fail"), run.log)
        self.assertIn("::warning title=fargauge::the comment could not be written", run.log)
        self.assertEqual(self.comments(), [])

    def test_a_push_is_checked_whole_and_comments_on_nothing(self):
        checkout, _ = self.pull_request({"web.json": task("web", *INVALID)}, {"README.md": "changed"})
        code, outputs, run = self.act(checkout, {})
        self.assertEqual((code, outputs["verdict"]), (1, "fail"), run.log)
        self.assertFalse((self.gh / "calls.jsonl").exists())

    def test_wrong_settings_are_an_error_without_results(self):
        checkout, github = self.pull_request({"web.json": task("web", *VALID)}, {})
        for inputs in [{"on_incomplete": "maybe"}, {"config": "none.toml"}, {"paths": "none.json"}]:
            code, outputs, run = self.act(checkout, github, **inputs)
            self.assertEqual((code, outputs["verdict"], outputs["sarif"]), (2, "error", ""), run.log)
        self.assertEqual((self.comments(), self.used), ([], []))
        code, outputs, run = self.act(checkout, github, snapshot="none")
        self.assertEqual((code, outputs["verdict"]), (3, "incomplete"), run.log)

    def test_names_are_names_whatever_they_are(self):
        hostile = ["$(touch pwned).json", "`touch pwned`.json", "--deny=untagged", "a b;touch pwned.json"]
        files = {name: task(f"web-{at}", *INVALID) for at, name in enumerate(hostile)}
        checkout, github = self.pull_request({"README.md": "x"}, files)
        for paths in [".", "\n".join(hostile)]:
            code, outputs, run = self.act(checkout, github, paths=paths)
            self.assertEqual(code, 1, run.log)
            report = json.loads(pathlib.Path(outputs["json"]).read_text())
            self.assertEqual(sorted(one["path"] for one in report["files"]), sorted(hostile))
        code, _, run = self.act(checkout, github, arguments="--warn=invalid-task-size\n--quiet")
        self.assertEqual(code, 0, run.log)

    def test_without_a_binary_one_is_built_of_the_actions_source_and_cached_by_it(self):
        checkout, github = self.pull_request({"web.json": task("web", *VALID)}, {})
        self.tool("rustup", "exit 0")
        built = self.folder / "built"
        self.tool(
            "cargo",
            f'printf "%s\\n" "$*" > "{built}"\n'
            'while [ "$1" != --root ]; do shift; done\n'
            f'mkdir -p "$2/bin" && ln -s "{BINARY}" "$2/bin/fargauge"',
        )
        code, outputs, run = self.act(checkout, github, binary="")
        self.assertEqual((code, outputs["verdict"]), (0, "pass"), run.log)
        self.assertIn(f"install --locked --path {ROOT} --root", built.read_text())
        key = self.used[0][1]["key"]
        self.assertRegex(key, r"^fargauge-Linux-X64-[0-9a-f]{64}$")

        built.unlink()

        def cache(action, given):
            if action == "actions/cache":
                self.assertEqual(given["key"], key)
                (pathlib.Path(given["path"]) / "bin").mkdir(parents=True)
                (pathlib.Path(given["path"]) / "bin" / "fargauge").symlink_to(BINARY)
                return {"cache-hit": "true"}
            return {}

        code, _, run = self.act(checkout, github, binary="", uses=cache)
        self.assertEqual((code, built.exists()), (0, False), run.log)

    def test_no_script_has_an_expression_in_it(self):
        described = yaml.safe_load((ROOT / "action.yml").read_text())
        scripts = [step["run"] for step in described["runs"]["steps"] if "run" in step]
        self.assertGreater(len(scripts), 3)
        for script in scripts:
            self.assertNotIn("${{", script)


class GitLab(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.template = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())

    def job(self, checkout, **variables):
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        if not (tools / "fargauge").exists():
            (tools / "fargauge").symlink_to(BINARY)
        (script,) = self.template["fargauge-check"]["script"]
        environment = environment_with(tools) | self.template["variables"] | variables
        # The image's shell is dash.
        command = ["sh", "-c", script]
        run = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
        self.assertFalse((checkout / "pwned").exists())
        return run

    def test_a_merge_request_is_compared_with_what_it_left_and_leaves_both_reports(self):
        before = {"web.json": task("web", *VALID), "old.json": task("old", *INVALID)}
        repository = Repository(self.folder / "origin", before, {"web.json": task("web", *INVALID)})
        checkout = repository.shallow(self.folder / "checkout")
        run = self.job(checkout, CI_MERGE_REQUEST_DIFF_BASE_SHA=repository.base)
        self.assertEqual(run.returncode, 1, run.stderr)
        reports = self.template["fargauge-check"]["artifacts"]["reports"]
        quality = json.loads((checkout / reports["codequality"]).read_text())
        self.assertIn("web.json", [one["location"]["path"] for one in quality])
        self.assertIn("invalid-task-size", (checkout / reports["junit"]).read_text())
        run = self.job(checkout, FARGAUGE_PATHS="old.json web.json", FARGAUGE_ARGUMENTS="--warn=invalid-task-size")
        self.assertEqual(run.returncode, 0, run.stderr)
        run = self.job(checkout, FARGAUGE_PATHS="$(touch${IFS}pwned) *")
        self.assertEqual(run.returncode, 2, "neither is a file: " + run.stderr)
        run = self.job(checkout, FARGAUGE_SNAPSHOT="none")
        self.assertEqual(run.returncode, 3, run.stderr)


class PreCommit(unittest.TestCase):
    def test_the_hook_stops_a_commit_that_is_not_valid_and_no_other(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        tools = folder / "tools"
        tools.mkdir()
        (tools / "fargauge").symlink_to(BINARY)
        (hook,) = (one for one in self.hooks() if one["language"] == "system")
        repository = Repository(folder / "repository", {"web.json": task("web", *VALID)}, {"values.yaml": "a: 1\n"})
        config = {"repos": [{"repo": "local", "hooks": [hook]}]}
        (repository.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        environment = environment_with(tools, VENV) | {"PRE_COMMIT_HOME": str(folder / "home")}

        def run():
            return subprocess.run(
                [VENV / "pre-commit", "run", "--all-files"],
                cwd=repository.folder, env=environment, capture_output=True, text=True,
            )

        passed = run()
        self.assertEqual(passed.returncode, 0, passed.stdout + passed.stderr)
        self.assertIn("Passed", passed.stdout)
        repository.commit({"web.json": task("web", *INVALID)})
        failed = run()
        self.assertEqual(failed.returncode, 1, failed.stdout + failed.stderr)
        self.assertIn("invalid-task-size", failed.stdout)

    def hooks(self):
        return yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


class Lint(unittest.TestCase):
    def passes(self, *command):
        run = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_files_are_what_github_gitlab_and_pre_commit_read(self):
        schema = [VENV / "check-jsonschema", "--builtin-schema"]
        self.passes(*schema, "vendor.github-actions", "action.yml")
        self.passes(*schema, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "ci/gitlab.yml")
        self.passes(VENV / "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")

    def test_the_examples_of_the_documentation_are_too(self):
        kinds = {
            "github-workflow": ["vendor.github-workflows"],
            "gitlab-ci": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
        }
        found = dict.fromkeys(kinds, 0)
        with tempfile.TemporaryDirectory() as folder:
            for page in sorted((ROOT / "docs" / "ci").glob("*.md")):
                for block in page.read_text().split("```yaml\n")[1:]:
                    text = block.split("```")[0]
                    (kind,) = [kind for kind in [*kinds, "pre-commit-config"] if text.startswith(f"# {kind}:")]
                    example = pathlib.Path(folder) / "example.yaml"
                    example.write_text(text)
                    if kind == "pre-commit-config":
                        self.passes(VENV / "pre-commit", "validate-config", example)
                    else:
                        self.passes(VENV / "check-jsonschema", "--builtin-schema", *kinds[kind], example)
                        found[kind] += 1
        self.assertTrue(all(found.values()), found)

    def test_scripts_have_no_faults_that_shellcheck_finds(self):
        described = yaml.safe_load((ROOT / "action.yml").read_text())
        scripts = [("bash", step["run"]) for step in described["runs"]["steps"] if "run" in step]
        (job,) = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())["fargauge-check"]["script"]
        scripts.append(("sh", job))
        with tempfile.TemporaryDirectory() as folder:
            for at, (shell, script) in enumerate(scripts):
                path = pathlib.Path(folder) / f"{at}.sh"
                path.write_text(script)
                # Names in capitals come from the environment that the step sets.
                self.passes(VENV / "shellcheck", "--shell", shell, "--severity", "style", path)


if __name__ == "__main__":
    unittest.main()
