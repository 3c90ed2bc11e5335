#!/usr/bin/env python3
"""What gpu.sh measured against what is wanted of a device, as a table: gpu_table.py LOGS.

LOGS is the folder that gpu.sh fills: stages.txt ("name exit-code seconds", one a line), tests.xml (of ctest),
ours.txt, ours-N.txt and torch-N.txt ("name value unit"). What is missing counts as not held. Exit code 0: all
held; 1: not all.
"""

import math
import os
import statistics
import sys
import xml.etree.ElementTree


def figures(path):
    """name -> (value, unit, or why there is no value)"""
    out = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                parts = line.split(None, 2)
                try:
                    out[parts[0]] = (float(parts[1]), parts[2].strip())
                except (IndexError, ValueError):
                    continue
    return out


def stages(path):
    out = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, code, seconds = line.split()
                out[name] = (int(code), int(seconds))
    return out


def outcomes(path):
    """name of a test -> whether it passed; None: skipped"""
    out = {}
    if not os.path.exists(path):
        return out
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except xml.etree.ElementTree.ParseError:
        return out
    for case in root.iter("testcase"):
        skipped = case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
        out[case.get("name")] = None if skipped else case.find("failure") is None and case.get("status") == "run"
    return out


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, wanted, got, held):
        self.rows.append((what, wanted, got, held))

    def at_most(self, what, value, bound, unit):
        number, why = value
        got = f"{number:.3g} {unit}" if math.isfinite(number) else why
        self.add(what, f"at most {bound:g} {unit}", got, math.isfinite(number) and number <= bound)

    def at_least(self, what, value, bound, unit):
        number, why = value
        got = f"{number:.3g}{unit}" if math.isfinite(number) else why
        self.add(what, f"at least {bound:g}{unit}", got, math.isfinite(number) and number >= bound)

    def tests(self, what, results, *names):
        chosen = [passed for name, passed in results.items() if any(part in name for part in names)]
        got = f"{chosen.count(True)} of {len(chosen)} pass" if chosen else "not run"
        if None in chosen:
            got += f", {chosen.count(None)} skipped"
        self.add(what, "all pass", got, bool(chosen) and all(chosen))

    def stage(self, what, wanted, found):
        got = "not run" if found is None else {0: "clean", 124: "not done in time"}.get(found[0], f"exit {found[0]}")
        self.add(what, wanted, got, found is not None and found[0] == 0)

    def print(self):
        print("| what | wanted | got | held |\n|---|---|---|---|")
        for what, wanted, got, held in self.rows:
            print(f"| {what} | {wanted} | {got} | {'' if held is None else 'yes' if held else 'NO'} |")


def ratio(rounds, ours, *theirs):
    """The median over rounds of the fastest of `theirs` over `ours`."""
    ratios = []
    for mine, peer in rounds:
        times = [peer[name][0] for name in theirs if name in peer]
        if times and ours in mine:
            ratios.append(min(times) / mine[ours][0])
    if not ratios:
        return math.nan, "not measured"
    return statistics.median(ratios), ""


def main():
    logs = sys.argv[1]
    found, results = stages(f"{logs}/stages.txt"), outcomes(f"{logs}/tests.xml")
    ours = figures(f"{logs}/ours.txt")
    rounds = [(figures(f"{logs}/ours-{i}.txt"), figures(f"{logs}/torch-{i}.txt")) for i in range(1, 10)]
    missing = (math.nan, "not measured")

    def figure(name):
        return ours.get(name, missing)

    table = Table()
    table.tests("parameters after 100 steps within 1e-4 of the CPU's, every element-wise rule", results,
                "KeepsToTheCpuForAHundredSteps", "ParametersAfterAHundredStepsAreTheCpus")
    table.tests("losses over an epoch within 1e-3 of the CPU's", results, "LossesAndAccuracyAreTheCpus",
                "LossesOverAnEpochAreTheCpus")
    table.tests("two runs bit-identical", results, "TwoRunsAreTheSame")
    table.tests("all GPU tests", results, "")
    table.stage("compute-sanitizer memcheck", "clean", found.get("memcheck"))
    table.stage("compute-sanitizer racecheck", "clean", found.get("racecheck"))
    table.at_least("784-128-10, batch 64: times as fast as PyTorch eager", ratio(rounds, "small_step", "small_eager"),
                   15, "x")
    table.at_least("the same, PyTorch with CUDA graphs (the faster of Adam and fused Adam)",
                   ratio(rounds, "small_step", "small_graph", "small_graph_fused"), 3, "x")
    table.at_most("ten epochs of it with evaluation", figure("ten_epochs"), 1, "s")
    table.at_least("784-512-512-10, batch 512: times as fast as PyTorch eager",
                   ratio(rounds, "large_step", "large_eager"), 3, "x")
    table.at_most("λmax, 30 power iterations on 10,000 samples", figure("lambda_max"), 50, "ms")
    table.at_least("ensemble: Adam on Rosenbrock", figure("ensemble"), 1e11, " steps/s")

    print("## Figures\n")
    for name, title in (("small", "784-128-10, batch 64"), ("large", "784-512-512-10, batch 512")):
        steps = [mine[f"{name}_step"][0] for mine, _ in rounds if f"{name}_step" in mine]
        if not steps:
            continue
        step, floor = statistics.median(steps), figure(f"{name}_floor")[0]
        print(f"- {title}: a step {step:.3g} µs, {step / floor:.2f} times its floor of {floor:.3g} µs "
              f"({figure(f'{name}_floor_work')[0]:.3g} µs for {figure(f'{name}_bytes')[0] / 1e6:.3g} MB and "
              f"{figure(f'{name}_operations')[0] / 1e6:.4g} million operations, {figure(f'{name}_nodes')[0]:g} launches)")
        for peer in ("eager", "eager_fused", "graph", "graph_fused"):
            times = [theirs[f"{name}_{peer}"][0] for _, theirs in rounds if f"{name}_{peer}" in theirs]
            if times:
                print(f"  - PyTorch {peer.replace('_', ', ')}: {statistics.median(times):.4g} µs, "
                      f"{ratio(rounds, f'{name}_step', f'{name}_{peer}')[0]:.3g} times")
    print("- " + ", ".join(f"{name} {ours[name][0]:.4g} {ours[name][1]}" for name in
                           ("copy", "fp32", "tf32", "fp16", "node", "replay") if name in ours))
    print("- " + ", ".join(f"{name} {seconds} s" + (f" (exit {code})" if code else "")
                           for name, (code, seconds) in found.items()))
    print()
    table.print()
    return 0 if all(held for *_, held in table.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
