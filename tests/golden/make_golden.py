#!/usr/bin/python3
"""Writes the golden files of the optimizers and schedules from PyTorch, in double precision.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_golden.py

Writes beside itself:
  optimizer_traces.txt  positions after 1,000 updates: the first 10 steps and every 10th
  schedule_traces.txt   learning rates for t = 0, 1, 2, ...

Format: "case <name> | <spec string> | <surface>" (or "case <name> | <spec string> | <base rate>")
opens a case; each line after it is a step and its numbers with 17 significant digits, which read
back to the same doubles.

Deliberately not here: options PyTorch does not have (the other forms of momentum).
"""

import os
import warnings

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 1000


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def quadratic(p):
    """A tilted bowl with eigenvalues 2.1 and 8.9, whose minimum is not at 0."""
    x, y = p[0] - 0.5, p[1] + 0.25
    return 0.5 * (4 * x * x + 6 * x * y + 7 * y * y)


SURFACES = {
    "rosenbrock": (rosenbrock, (-1.35, 1.55)),
    "quadratic": (quadratic, (-1.5, 2.0)),
}

SGD, ADAGRAD, RMSPROP = torch.optim.SGD, torch.optim.Adagrad, torch.optim.RMSprop
ADAM, ADAMW = torch.optim.Adam, torch.optim.AdamW


def betas(a, b):
    return {"betas": (a, b)}


# name, our spec string, PyTorch's class and arguments. The settings keep clear of chaos: a change of the
# start by 1e-15 grows less than a hundredfold in 1,000 steps (Adam on Rosenbrock with lr=0.01,
# betas=(0.8, 0.99), eps=1e-3 would multiply it by 1e13, and no two implementations agree).
OPTIMIZERS = [
    ("gd", "gd:lr=0.001", SGD, dict(lr=0.001)),
    ("gd-decay", "gd:lr=0.001,weight_decay=0.05", SGD, dict(lr=0.001, weight_decay=0.05)),
    ("gd-dampening-unused", "momentum:lr=0.001,momentum=0,dampening=0.5", SGD,
     dict(lr=0.001, momentum=0, dampening=0.5)),
    ("momentum", "momentum:lr=2e-4,momentum=0.9", SGD, dict(lr=2e-4, momentum=0.9)),
    ("momentum-dampening", "momentum:lr=1e-3,momentum=0.9,dampening=0.8", SGD,
     dict(lr=1e-3, momentum=0.9, dampening=0.8)),
    ("momentum-decay", "momentum:lr=2e-4,momentum=0.8,weight_decay=0.02", SGD,
     dict(lr=2e-4, momentum=0.8, weight_decay=0.02)),
    ("momentum-dampening-decay", "momentum:lr=3e-4,momentum=0.95,dampening=0.5,weight_decay=0.02", SGD,
     dict(lr=3e-4, momentum=0.95, dampening=0.5, weight_decay=0.02)),
    ("nesterov", "nesterov:lr=2e-4,momentum=0.9", SGD, dict(lr=2e-4, momentum=0.9, nesterov=True)),
    ("nesterov-decay", "nesterov:lr=2e-4,momentum=0.8,weight_decay=0.02", SGD,
     dict(lr=2e-4, momentum=0.8, nesterov=True, weight_decay=0.02)),
    ("adagrad", "adagrad:lr=0.5", ADAGRAD, dict(lr=0.5)),
    ("adagrad-options", "adagrad:lr=0.4,lr_decay=0.01,initial_accumulator_value=0.1,eps=1e-3", ADAGRAD,
     dict(lr=0.4, lr_decay=0.01, initial_accumulator_value=0.1, eps=1e-3)),
    ("adagrad-decay", "adagrad:lr=0.3,weight_decay=0.02,lr_decay=0.001", ADAGRAD,
     dict(lr=0.3, weight_decay=0.02, lr_decay=0.001)),
    ("rmsprop", "rmsprop:lr=0.001", RMSPROP, dict(lr=0.001)),
    ("rmsprop-alpha-eps", "rmsprop:lr=0.001,alpha=0.995,eps=1e-2", RMSPROP,
     dict(lr=0.001, alpha=0.995, eps=1e-2)),
    ("rmsprop-centered", "rmsprop:lr=0.0005,centered=true", RMSPROP, dict(lr=0.0005, centered=True)),
    ("rmsprop-momentum", "rmsprop:lr=0.0003,momentum=0.5", RMSPROP, dict(lr=0.0003, momentum=0.5)),
    ("rmsprop-decay", "rmsprop:lr=0.001,weight_decay=0.02", RMSPROP, dict(lr=0.001, weight_decay=0.02)),
    ("rmsprop-all", "rmsprop:lr=0.0002,alpha=0.98,eps=1e-3,centered=true,momentum=0.7,weight_decay=0.02",
     RMSPROP, dict(lr=0.0002, alpha=0.98, eps=1e-3, centered=True, momentum=0.7, weight_decay=0.02)),
    ("adam", "adam:lr=0.02", ADAM, dict(lr=0.02)),
    ("adam-betas-eps", "adam:lr=0.01,beta1=0.8,beta2=0.995,eps=1e-2", ADAM,
     dict(lr=0.01, eps=1e-2, **betas(0.8, 0.995))),
    ("adam-l2", "adam_l2:lr=0.01,weight_decay=0.05", ADAM, dict(lr=0.01, weight_decay=0.05)),
    ("adamw", "adamw:lr=0.02,weight_decay=0.01", ADAMW, dict(lr=0.02, weight_decay=0.01)),
    ("adamw-options", "adamw:lr=0.01,beta1=0.85,beta2=0.995,eps=1e-4,weight_decay=0.3", ADAMW,
     dict(lr=0.01, eps=1e-4, weight_decay=0.3, **betas(0.85, 0.995))),
    ("amsgrad", "amsgrad:lr=0.02", ADAM, dict(lr=0.02, amsgrad=True)),
    ("amsgrad-decay", "amsgrad:lr=0.01,weight_decay=0.05,beta2=0.99", ADAM,
     dict(lr=0.01, weight_decay=0.05, amsgrad=True, **betas(0.9, 0.99))),
]


def write_optimizers(out):
    for name, spec, make, arguments in OPTIMIZERS:
        for surface, (loss, start) in SURFACES.items():
            position = torch.tensor(start, dtype=torch.float64, requires_grad=True)
            optimizer = make([position], **arguments)
            out.write(f"case {name} | {spec} | {surface}\n")
            for step in range(1, STEPS + 1):
                optimizer.zero_grad()
                loss(position).backward()
                optimizer.step()
                if step <= 10 or step % 10 == 0:
                    x, y = position.tolist()
                    out.write(f"{step} {x:.17g} {y:.17g}\n")


def write_schedules(out):
    schedulers = torch.optim.lr_scheduler
    # name, our spec string, base rate, number of values, PyTorch's class and arguments.
    cases = [
        ("constant", "constant", 0.1, 50, schedulers.LambdaLR, dict(lr_lambda=lambda t: 1.0)),
        ("step", "step:step_size=30,gamma=0.1", 0.1, 120, schedulers.StepLR, dict(step_size=30, gamma=0.1)),
        ("step-peak", "step:step_size=7,gamma=0.5,peak=0.3", 0.3, 50, schedulers.StepLR,
         dict(step_size=7, gamma=0.5)),
        ("exponential", "exponential:gamma=0.95", 0.1, 101, schedulers.ExponentialLR, dict(gamma=0.95)),
        ("linear-up", "linear:start_factor=0.3333333333333333,end_factor=1,total=5", 0.05, 12,
         schedulers.LinearLR, dict(start_factor=1 / 3, end_factor=1.0, total_iters=5)),
        ("linear-down", "linear:start_factor=1,end_factor=0,total=40", 0.2, 60, schedulers.LinearLR,
         dict(start_factor=1.0, end_factor=0.0, total_iters=40)),
        # PyTorch's cosine climbs again after T_max, ours stays: compared up to T_max.
        ("cosine", "cosine:total=100,min=0", 0.1, 101, schedulers.CosineAnnealingLR, dict(T_max=100, eta_min=0)),
        ("cosine-min", "cosine:total=64,min=1e-3", 0.5, 65, schedulers.CosineAnnealingLR,
         dict(T_max=64, eta_min=1e-3)),
    ]
    for name, spec, base, count, make, arguments in cases:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
        scheduler = make(optimizer, **arguments)
        out.write(f"case {name} | {spec} | {base!r}\n")
        for t in range(count):
            out.write(f"{t} {optimizer.param_groups[0]['lr']:.17g}\n")
            optimizer.step()
            scheduler.step()


def main():
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    heading = f"# Written by tests/golden/make_golden.py with torch {torch.__version__}. Do not edit.\n"
    for name, write in (("optimizer_traces.txt", write_optimizers), ("schedule_traces.txt", write_schedules)):
        with open(os.path.join(HERE, name), "w", encoding="ascii", newline="\n") as out:
            out.write(heading)
            write(out)


if __name__ == "__main__":
    main()
