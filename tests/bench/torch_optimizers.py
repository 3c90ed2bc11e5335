#!/usr/bin/python3
"""What an update of torch.optim costs for each parameter, on one thread. The peer of `thalweg bench optimizers`;
tests/bench/optimizers.sh runs both.

    torch_optimizers.py "torch.optim.Adam([p], lr=0.001)" COUNT

Prints nanoseconds: the least of some updates, by the process's own time.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import torch  # noqa: E402


def main():
    call, count = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    p = torch.nn.Parameter(0.1 + 1e-3 * (torch.arange(count) % 97).float())
    p.grad = 1e-2 * ((torch.arange(count) % 89).float() - 44.5)
    optimizer = eval(call, {"torch": torch, "p": p})  # the program's own words
    seconds = []
    for _ in range(5):
        begin = time.process_time()
        optimizer.step()
        seconds.append(time.process_time() - begin)
    print(f"{1e9 * min(seconds[1:]) / count:.4f}")


main()
