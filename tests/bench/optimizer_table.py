#!/usr/bin/python3
"""Every optimizer on MNIST, 784-128-10, batch 64, five epochs, three seeds, with the settings that its descriptor
gives for training: the table of assets/reference/mnist.md.

    optimizer_table.py THALWEG [ID...] > assets/reference/mnist.md

Runs `thalweg train` for each; nothing is kept in the runs' file.
"""

import json
import subprocess
import sys

SEEDS = (1, 2, 3)
EPOCHS = 5
ENOUGH = 0.96


def thalweg(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr.strip())


def accuracies(program, optimizer):
    out = []
    for seed in SEEDS:
        run, trouble = thalweg(program, "train", "--no-save", "--data", "mnist", "--model", "784-128-10", "--batch", "64",
                               "--epochs", str(EPOCHS), "--seed", str(seed), "--optimizer", optimizer, "--json")
        if run is None:
            return trouble
        epochs = run["epochs"]
        out.append(epochs[-1]["test_accuracy"] if len(epochs) == EPOCHS else float("nan"))
    return out


def main():
    program, wanted = sys.argv[1], sys.argv[2:]
    entries, trouble = thalweg(program, "list", "optimizers", "--json")
    if entries is None:
        sys.exit(trouble)
    print("# Every optimizer on MNIST\n")
    print(f"784-128-10, batch 64, {EPOCHS} epochs, seeds {', '.join(map(str, SEEDS))}: accuracy on the test set after the "
          "last epoch.\nMade by `tests/bench/optimizer_table.py`; no setting was tuned on more than a few runs.\n")
    print("| optimizer | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean | |")
    print("|---|" + "---|" * len(SEEDS) + "---|---|")
    for entry in entries:
        if wanted and entry["id"] not in wanted:
            continue
        if entry["not_on_networks"]:
            print(f"| `{entry['id']}` |" + " |" * (len(SEEDS) + 1) + f" cannot: {entry['not_on_networks']} |", flush=True)
            continue
        found = accuracies(program, entry["training"])
        if isinstance(found, str):
            print(f"| `{entry['training']}` |" + " |" * (len(SEEDS) + 1) + f" {found} |", flush=True)
            continue
        mean = sum(found) / len(found)
        note = entry["not_stochastic"]
        if not note and not min(found) >= ENOUGH:
            note = f"below {ENOUGH}"
        print(f"| `{entry['training']}` | " + " | ".join(f"{value:.4f}" for value in found) + f" | {mean:.4f} | {note} |",
              flush=True)


main()
