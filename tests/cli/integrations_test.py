"""The samples under integrations/: the shell ones are run, the others are read as what they are."""

import json
import os
import re
import subprocess

import harness
from harness import NOW, ROOT, example

HERE = os.path.join(ROOT, "integrations")
FLAG = re.compile(r"--[a-z][a-z-]+")


def needed_yaml():
    try:
        from ruamel.yaml import YAML  # comes with check-jsonschema

        return lambda path: YAML(typ="safe").load(open(path))
    except ImportError as error:
        raise AssertionError(f"{error}; ./dev test installs tests/requirements.txt into build/venv") from None


class Samples(harness.Case):
    def setUp(self):
        # A folder with the program under its own name, as a user would have it on the path.
        self.bin = self.path("bin")
        os.makedirs(self.bin, exist_ok=True)
        if not os.path.exists(self.bin + "/fathom"):
            os.symlink(os.path.abspath(harness.BINARY), self.bin + "/fathom")
        self.env = {"PATH": self.bin + ":/usr/bin:/bin", "HOME": self.folder, "FATHOM_NOW": NOW, "LC_ALL": "C.UTF-8"}

    def read(self, name):
        path = os.path.join(HERE, name)
        return needed_yaml()(path)

    def shell(self, script, *arguments, cwd=None, **env):
        return subprocess.run(["bash", "-c", script, "sample", *arguments], env={**self.env, **env}, cwd=cwd or self.folder, capture_output=True, text=True, timeout=120)

    def test_gate(self):
        gate = os.path.join(HERE, "gate.sh")
        run = subprocess.run(["sh", gate, example("sqlite-service"), self.path("r")], env=self.env, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertRegex(run.stdout, r"^\*\*Failed\*\*: ")
        self.assertEqual(sorted(os.listdir(self.path("r"))), ["report.json", "report.md", "report.sarif"])
        os.rename(self.path("r/report.json"), self.path("r/accepted.json"))
        again = subprocess.run(["sh", gate, example("sqlite-service"), self.path("r")], env=self.env, capture_output=True, text=True, timeout=120)
        self.assertEqual(again.returncode, 0, "only what is new fails: " + again.stderr)
        missing = subprocess.run(["sh", gate, self.path("nowhere.tar"), self.path("s")], env=self.env, capture_output=True, text=True, timeout=120)
        self.assertEqual(missing.returncode, 2)

    def test_github_action(self):
        action = self.read("github-action/action.yml")
        self.assertEqual(action["runs"]["using"], "composite")
        steps = {step["name"]: step for step in action["runs"]["steps"]}
        for step in steps.values():
            self.assertEqual(step["shell"], "bash")
            self.assertNotIn("${{", step["run"], "an input inside a script is a script")
            for name in re.findall(r"inputs\.([a-z0-9-]+)", json.dumps(step)):
                self.assertIn(name, action["inputs"])
        files = {name: self.write(name, "") for name in ("summary", "output")}
        for fail_on, status in (("high,kev", 1), ("critical+fixable", 0)):
            run = self.shell(steps["Scan"]["run"], IMAGE=example("sqlite-service"), FATHOM_FAIL_ON=fail_on, FLAGS="--show-suppressed\n", RUNNER_TEMP=self.folder, GITHUB_STEP_SUMMARY=files["summary"], GITHUB_OUTPUT=files["output"])
            self.assertEqual(run.returncode, status, run.stderr)
        with open(files["summary"]) as summary, open(files["output"]) as output:
            self.assertEqual(summary.read().count("### fathom"), 2)
            self.assertIn("status=1", output.read())
        with open(self.path("fathom.sarif")) as sarif:
            self.assertTrue(json.load(sarif)["runs"][0]["results"])

    def test_github_workflow_uses_what_the_action_has(self):
        action = self.read("github-action/action.yml")
        steps = self.read("github-workflow.yml")["jobs"]["scan"]["steps"]
        used = next(step for step in steps if step.get("uses", "").endswith("github-action"))
        self.assertLessEqual(set(used["with"]), set(action["inputs"]))
        self.assertLessEqual(set(re.findall(r"steps\.fathom\.outputs\.([a-z]+)", json.dumps(steps))), set(action["outputs"]))

    def test_gitlab(self):
        job = self.read("gitlab-ci.yml")["fathom"]
        script = job["script"][-1].replace("./fathom ", "fathom ").replace("app.tar", example("sqlite-service"))
        run = self.shell(script)
        self.assertEqual(run.returncode, 1, run.stderr)
        for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
            self.assertTrue(os.path.getsize(self.path(path)), path)

    def test_tekton(self):
        step = self.read("tekton/task.yaml")["spec"]["steps"][0]
        run = self.shell(step["script"], IMAGE=example("sqlite-service"), FATHOM_FAIL_ON="high+fixable,kev", VERDICT=self.path("verdict"))
        self.assertEqual(run.returncode, 1, run.stderr)
        with open(self.path("verdict")) as verdict:
            self.assertRegex(verdict.read(), r"\A\*\*Failed\*\*: [^\n]+\Z")

    def test_pre_commit(self):
        hook = self.read("pre-commit-hooks.yaml")[0]
        self.assertTrue(re.search(hook["files"], "images/app.tar"))
        import shlex

        for targets, status in (((example("musl-hello"), example("sqlite-service")), 1), ((example("musl-hello"),), 0)):
            run = subprocess.run([*shlex.split(hook["entry"]), *targets], env=self.env, capture_output=True, text=True, timeout=120)
            self.assertEqual(run.returncode, status, run.stdout + run.stderr)

    def test_jenkins(self):
        with open(os.path.join(HERE, "Jenkinsfile")) as file:
            text = file.read()
        script = re.search(r"sh '''(.*?)'''", text, re.S)[1].replace("app.tar", example("sqlite-service"))
        self.assertEqual(self.shell(script).returncode, 1)
        for name in re.findall(r"(?:testResults|artifacts): '([^']+)'", text):
            self.assertTrue(os.path.getsize(self.path(name)), name)

    def test_every_flag_exists(self):
        known = set(FLAG.findall(harness.fathom("scan", "--help").out.decode()))
        for folder, _, names in os.walk(HERE):
            for name in names:
                with open(os.path.join(folder, name)) as file:
                    for line in re.findall(r"fathom scan[^\n]*(?:\\\n[^\n]*|\n +-o [^\n]*)*", file.read()):
                        self.assertLessEqual(set(FLAG.findall(line)), known, f"{name}: {line}")


if __name__ == "__main__":
    harness.main()
