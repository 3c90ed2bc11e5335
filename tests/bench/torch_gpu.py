#!/usr/bin/env python3
"""Steps of MNIST networks in PyTorch on a device: the peer of bench_gpu. gpu.sh runs both in turn.

    torch_gpu.py [--data FOLDER] [--device cuda|cpu] [--quick]

Everything is on the device: samples (normalised once, fp32), labels, and the order of an epoch, from which a
batch is gathered by index. fp32 without TF32 (as PyTorch is by default), Adam, cross entropy. Prints "name value unit", one a line, for
each of two models (small: 784-128-10, batch 64; large: 784-512-512-10, batch 512):

    MODEL_eager        a plain loop with torch.optim.Adam as it comes
    MODEL_eager_fused  the same with Adam(fused=True)
    MODEL_graph        the whole step, batch, gradients and Adam(capturable=True), as one CUDA graph
    MODEL_graph_fused  the same with Adam(capturable=True, fused=True)

A time is the median over blocks of 100 steps, by the device's events. Graphs are given their batch in both
ways that there are, by a copy before each replay and by a counter within the graph; the faster one counts.
On the CPU, which has no graphs, only the first is measured.
"""

import argparse
import gzip
import os
import statistics
import sys
import time

import torch

MODELS = {"small": ([784, 128, 10], 64), "large": ([784, 512, 512, 10], 512)}


def read(folder, name):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, "rb") as file:
            return file.read()
    with gzip.open(path + ".gz", "rb") as file:
        return file.read()


def samples(folder, device, quick):
    """60,000 x 784 inputs and their labels; without files random ones, of which 81 % are background."""
    if folder:
        images = torch.frombuffer(bytearray(read(folder, "train-images-idx3-ubyte")[16:]), dtype=torch.uint8)
        labels = torch.frombuffer(bytearray(read(folder, "train-labels-idx1-ubyte")[8:]), dtype=torch.uint8)
    else:
        count = 6_000 if quick else 60_000
        images = torch.randint(1, 256, (count, 784), dtype=torch.uint8)
        images[torch.rand(count, 784) < 0.81] = 0
        labels = torch.randint(0, 10, (count,), dtype=torch.uint8)
    inputs = (images.reshape(-1, 784).to(device).float() / 255 - 0.1307) / 0.3081
    return inputs, labels.to(device).long()


class Setup:
    """A network with its optimizer, and an order in which it sees the samples."""

    def __init__(self, name, data, device, **adam):
        widths, self.batch = MODELS[name]
        torch.manual_seed(1)
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        self.network = torch.nn.Sequential(*layers[:-1]).to(device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, **adam)
        self.criterion = torch.nn.CrossEntropyLoss()
        self.inputs, self.labels = data
        self.batches = len(self.labels) // self.batch
        self.order = torch.randperm(len(self.labels), device=device)

    def step(self, chosen):
        self.optimizer.zero_grad(set_to_none=True)
        self.criterion(self.network(self.inputs[chosen]), self.labels[chosen]).backward()
        self.optimizer.step()

    def indices(self, i):
        first = i % self.batches * self.batch
        return self.order[first:first + self.batch]


def captured(setup, counts):
    """A function that makes step i by replaying a graph."""
    chosen = setup.indices(0).clone()
    place = torch.arange(setup.batch, device=chosen.device)

    def whole():
        if counts:
            setup.step(setup.order[place])
            place.add_(setup.batch).remainder_(setup.batches * setup.batch)
        else:
            setup.step(chosen)

    # As PyTorch's documentation has it: some steps on a side stream first, then the capture.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            whole()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        whole()

    def replay(i):
        if not counts:
            chosen.copy_(setup.indices(i))
        graph.replay()

    # The graph reads and writes memory of tensors that nobody else holds.
    replay.held = (setup, chosen, place)
    return replay


def time_of(step, device, blocks, steps):
    """Seconds of a step: the median over blocks, some before them for warming up."""
    seconds = []
    i = 0
    for block in range(-3, blocks):
        if device == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
        else:
            start = time.perf_counter()
        for _ in range(steps):
            step(i)
            i += 1
        if device == "cuda":
            end.record()
            end.synchronize()
            took = begin.elapsed_time(end) * 1e-3
        else:
            took = time.perf_counter() - start
        if block >= 0:
            seconds.append(took / steps)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    device = options.device
    if device == "cuda" and not torch.cuda.is_available():
        print("no device: PyTorch finds none", file=sys.stderr)
        return 77
    blocks, steps = (3, 5) if options.quick else (25, 100)
    data = samples(options.data, device, options.quick)

    def report(name, seconds):
        print(f"{name} {1e6 * seconds:.6g} us", flush=True)

    for name in MODELS:
        for suffix, adam in (("", {}), ("_fused", {"fused": True})):
            if device == "cpu" and adam:
                continue
            setup = Setup(name, data, device, **adam)
            report(f"{name}_eager{suffix}",
                   time_of(lambda i, s=setup: s.step(s.indices(i)), device, blocks, steps))
        if device == "cpu":
            continue
        for suffix, adam in (("", {}), ("_fused", {"fused": True})):
            times = [time_of(captured(Setup(name, data, device, capturable=True, **adam), counts), device, blocks, steps)
                     for counts in (False, True)]
            report(f"{name}_graph{suffix}", min(times))
    print(f"torch {torch.__version__} -")
    return 0


if __name__ == "__main__":
    sys.exit(main())
