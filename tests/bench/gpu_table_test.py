"""The table of gpu.sh from logs as gpu.sh leaves them: all held, one missed, nothing there."""

import os
import subprocess
import sys
import tempfile
import unittest

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpu_table.py")
STAGES = "build 0 60\ntests 0 50\nmemcheck 0 40\nracecheck 0 70\nours 0 20\n"
CASE = '<testcase name="gpu.{}" classname="x" time="1" status="{}">{}</testcase>'
TESTS = ("Rules/DeviceRule.KeepsToTheCpuForAHundredSteps/adam", "Networks/EpochsAtSize.LossesAndAccuracyAreTheCpus/0",
         "Agreement.TwoRunsAreTheSameToTheBit")
OURS = ("small_step 10 us\nlarge_step 100 us\nten_epochs 0.2 s\nlambda_max 20 ms\nensemble 2e11 steps/s\ncopy 3000 GB/s\n"
        "small_bytes 2.5e6 B\nsmall_operations 2.6e7 -\nsmall_nodes 6 -\nsmall_floor_work 0.8 us\nsmall_floor 9 us\n")
TORCH = "small_eager 200 us\nsmall_eager_fused 190 us\nsmall_graph 45 us\nsmall_graph_fused 40 us\nlarge_eager 400 us\n"


def table(files):
    """exit code and rows of the table"""
    with tempfile.TemporaryDirectory() as logs:
        for name, text in files.items():
            with open(os.path.join(logs, name), "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([sys.executable, TABLE, logs], capture_output=True, text=True, check=False)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("| ")][1:]


def tests(status="run", inner=""):
    return "<testsuite>" + "".join(CASE.format(name, status, inner) for name in TESTS) + "</testsuite>"


def complete(**changed):
    files = {"stages.txt": STAGES, "tests.xml": tests(), "ours.txt": OURS}
    for i in (1, 2, 3):
        files[f"ours-{i}.txt"], files[f"torch-{i}.txt"] = OURS, TORCH
    files.update(changed)
    return files


class Table(unittest.TestCase):
    def held(self, files):
        code, rows = table(files)
        self.assertEqual(len(rows), 12)
        answers = [row.split("|")[4].strip() for row in rows]
        self.assertEqual(code, 0 if set(answers) == {"yes"} else 1)
        return answers

    def test_all_held(self):
        self.assertEqual(set(self.held(complete())), {"yes"})

    def test_each_that_is_missed_is_seen(self):
        for files in (complete(**{"stages.txt": STAGES.replace("racecheck 0", "racecheck 9")}),
                      complete(**{"stages.txt": STAGES.replace("memcheck 0 40\n", "")}),
                      complete(**{"ours.txt": OURS.replace("lambda_max 20", "lambda_max 51")}),
                      complete(**{"ours.txt": OURS.replace("ensemble 2e11 steps/s", "ensemble nan no room")}),
                      complete(**{"ours.txt": OURS.replace("ten_epochs 0.2 s\n", "")})):
            self.assertEqual(self.held(files).count("NO"), 1)

    def test_ratios_are_to_the_faster_graph_and_to_plain_eager(self):
        rounds = {f"torch-{i}.txt": TORCH.replace("graph_fused 40", "graph_fused 29") for i in (1, 2, 3)}
        self.assertEqual(self.held(complete(**rounds)).count("NO"), 1)
        rounds = {f"torch-{i}.txt": TORCH.replace("eager 200", "eager 149") for i in (1, 2, 3)}
        self.assertEqual(self.held(complete(**rounds)).count("NO"), 1)
        self.assertEqual(self.held(complete(**{"torch-1.txt": ""})).count("NO"), 0)  # the other rounds

    def test_tests_that_are_skipped_or_fail_do_not_pass(self):
        for xml in (tests("notrun", "<skipped/>"), tests("fail", "<failure/>"), "<testsuite>", ""):
            self.assertEqual(self.held(complete(**{"tests.xml": xml})).count("NO"), 4)

    def test_nothing_there(self):
        self.assertEqual(set(self.held({})), {"NO"})


if __name__ == "__main__":
    unittest.main()
