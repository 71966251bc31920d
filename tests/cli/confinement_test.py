"""A file that takes its parser over must not cost more than itself. Builds with FATHOM_PLANT_FAULTS hold an analyzer
that does on demand what an exploit would do."""

import os

import harness
import images
from harness import example, scan

FAULTS = ("crash", "open", "connect")


class Confinement(harness.Case):
    def setUp(self):
        # The builds that ./dev test makes always have the analyzer; a release never does.
        if os.environ.get("FATHOM_PLANTED") != "1":
            self.fail("this build has no planted faults: configure with -DFATHOM_PLANT_FAULTS=ON")

    def image(self, *entries):
        image = images.load(example("musl-hello"))
        image.layers.append(images.layer(*entries, images.file("etc/motd", "hello\n")))
        return image

    def expect_only_this_is_lost(self, fault, report):
        path = "bin/" + fault
        self.assertEqual([g["file"] for g in report["gaps"] if g["stage"] == "confine"], [path])
        self.assertEqual([r["state"] for r in report["files"] if r["path"] == path], ["gap"])
        plain = scan(example("musl-hello")).report
        self.assertTrue(plain["components"])
        self.assertEqual(strip(report["components"]), strip(plain["components"]))
        self.assertEqual([r["state"] for r in report["files"] if r["path"] == "etc/motd"], ["inert"])
        self.assert_accounted(report)

    def test_each_fault_is_a_gap_and_all_else_is_found(self):
        for fault in FAULTS:
            with self.subTest(fault):
                target = self.save(fault + ".tar", self.image(images.program("bin/" + fault, f"FATHOM-PLANT {fault}\n")))
                report = scan(target).report
                self.expect_only_this_is_lost(fault, report)
                reason = next(g["reason"] for g in report["gaps"] if g["stage"] == "confine")
                # What the walls stop is killed by them; a crash is the parser's own end.
                self.assertEqual("SIGSYS" in reason, fault != "crash", reason)

    def test_many_faults_at_once(self):
        entries = [images.program(f"bin/{fault}{i}", f"FATHOM-PLANT {fault} {i}\n") for fault in FAULTS for i in range(3)]
        report = scan(self.save("many.tar", self.image(*entries))).report
        self.assertEqual(sorted(g["file"] for g in report["gaps"] if g["stage"] == "confine"), sorted(e.path for e in entries))
        self.assertEqual([r["state"] for r in report["files"] if r["path"] == "etc/motd"], ["inert"])
        self.assert_accounted(report)

    def test_what_never_ends_is_a_gap_and_the_report_says_incomplete(self):
        target = self.save("spin.tar", self.image(images.program("bin/spin", "FATHOM-PLANT spin\n")))
        report = scan(target, "--stall-timeout", "3").report
        self.expect_only_this_is_lost("spin", report)
        self.assertTrue(report["incomplete"])

    def test_the_same_report_on_any_number_of_jobs(self):
        entries = [images.program(f"bin/{fault}", f"FATHOM-PLANT {fault}\n") for fault in FAULTS]
        target = self.save("jobs.tar", self.image(*entries))
        self.assertEqual(scan(target, "--jobs", "1").out, scan(target, "--jobs", "7").out)


def strip(components):
    return [{k: v for k, v in c.items() if k not in ("id", "layer")} for c in components]


if __name__ == "__main__":
    harness.main()
