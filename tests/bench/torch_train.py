#!/usr/bin/python3
"""Epochs of an MNIST network in PyTorch eager, as fast as a plain loop goes: data in memory, normalised
once, gathered by index. The peer of `thalweg bench train`; tests/bench/train.sh runs both in turn.

    torch_train.py FOLDER [BATCH [EPOCHS [WIDTHS [THREADS]]]]

Prints one line: the median over the epochs of the process's own time in seconds (on one thread; the
clock's with more), and what BLAS PyTorch was built with and found.
"""

import os
import sys
import time

# OpenBLAS has a number of threads of its own, and reads it when it is loaded.
THREADS = int((sys.argv[1:] + [""] * 5)[4] or 1)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

import numpy  # noqa: E402
import torch  # noqa: E402


def images(path):
    raw = numpy.fromfile(path, dtype=numpy.uint8)[16:].reshape(-1, 784)
    return (torch.from_numpy(raw).float() / 255 - 0.1307) / 0.3081


def main():
    arguments = sys.argv[1:] + [""] * 5
    folder = arguments[0]
    batch, epochs = int(arguments[1] or 64), int(arguments[2] or 3)
    widths = [int(w) for w in (arguments[3] or "784-128-10").split("-")]
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    clock = time.process_time if THREADS == 1 else time.perf_counter
    inputs = images(os.path.join(folder, "train-images-idx3-ubyte"))
    labels = torch.from_numpy(
        numpy.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), dtype=numpy.uint8)[8:].astype(numpy.int64))
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    criterion = torch.nn.CrossEntropyLoss()
    seconds = []
    for _ in range(epochs):
        begin = clock()
        order = torch.randperm(len(labels))
        for first in range(0, len(labels), batch):
            chosen = order[first:first + batch]
            optimizer.zero_grad(set_to_none=True)
            criterion(network(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()
        seconds.append(clock() - begin)
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        blas = sorted({line.split()[-1].rsplit("/", 1)[-1] for line in maps if "blas" in line or "mkl" in line})
    print(f"{sorted(seconds)[len(seconds) // 2]:.4f} torch {torch.__version__} {' '.join(blas) or 'built-in BLAS'}")


if __name__ == "__main__":
    main()
