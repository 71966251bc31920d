"""Same input, same data, same --now: the same bytes, whatever the machine looks like."""

import os
import shutil

import harness
from harness import NOW, example, fathom

FORMATS = ("table", "json", "cyclonedx-json")


class SameBytes(harness.Case):
    def setUp(self):
        self.target = example("distroless-base")

    def report(self, output, *arguments, **how):
        run = fathom("scan", self.target, "-o", output, "--now", NOW, "--quiet", *arguments, **how)
        self.assertTrue(run.out, run.err)
        return run.out

    def test_jobs(self):
        for output in FORMATS:
            wanted = self.report(output, "--jobs", "1")
            for jobs in ("2", "7", "64"):
                with self.subTest(output=output, jobs=jobs):
                    self.assertEqual(self.report(output, "--jobs", jobs), wanted)

    def test_again(self):
        self.assertEqual(self.report("json"), self.report("json"))

    def test_environment(self):
        for output in FORMATS:
            wanted = self.report(output)
            for env in ({"TZ": "Pacific/Kiritimati"}, {"LC_ALL": "C"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
                        {"HOME": self.folder}, {"TERM": "dumb"}, {"TMPDIR": self.folder}, {"LC_NUMERIC": "de_DE.UTF-8"}):
                with self.subTest(output=output, env=env):
                    self.assertEqual(self.report(output, env=env), wanted)

    def test_working_directory(self):
        shutil.copy(self.target, self.path("image.tar"))
        os.makedirs(self.path("elsewhere"), exist_ok=True)
        self.target = "image.tar"
        wanted = self.report("json", cwd=self.folder)
        os.rename(self.path("image.tar"), self.path("elsewhere/image.tar"))
        self.assertEqual(self.report("json", cwd=self.path("elsewhere")), wanted)

    def test_time_comes_from_now_only(self):
        """Years later, time zones are old and certificates expired; within a month nothing else may differ."""
        a, b = (fathom("scan", self.target, "-o", "json", "--now", now, "--quiet").report for now in ("2026-11-24", "2026-12-01T12:30:00Z"))
        self.assertEqual((a.pop("now"), b.pop("now")), ("2026-11-24T00:00:00Z", "2026-12-01T12:30:00Z"))
        # How old the base image is.
        self.assertEqual(b["origin"]["base"].pop("age_days") - a["origin"]["base"].pop("age_days"), 7)
        self.assertEqual(a, b)


if __name__ == "__main__":
    harness.main()
