#!/usr/bin/python3
"""Writes the golden file of the schedules from PyTorch's schedulers, in double precision.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_schedule_golden.py

Writes scheduler_traces.txt beside itself: 10,000 updates of each case, of which every 37th is kept, the
first three, the last, and those around the places where the curve turns.

Format: "case <name> | <spec string> | <base rate>" opens a case; each line after it is a step, its learning
rate and, where the scheduler moves it, its momentum, with 17 significant digits. Of ReduceLROnPlateau the
second number is the loss that was observed after the update.

Schedulers that go from value to value lose digits where they come near 0: of those that have a closed form of
their own (_get_closed_form_lr) it is that.
"""

import math
import os
import warnings

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 10_000
S = torch.optim.lr_scheduler
BASE = 0.1

# name, our spec string, PyTorch's scheduler of an optimizer, steps around which rows are kept.
CASES = [
    ("lambda", "inverse_time:decay=0.01,power=0.5", lambda o: S.LambdaLR(o, lambda t: (1 + 0.01 * t) ** -0.5), []),
    ("multiplicative", "exponential:gamma=0.999", lambda o: S.MultiplicativeLR(o, lambda t: 0.999), []),
    ("step", "step:step_size=2500,gamma=0.1", lambda o: S.StepLR(o, 2500), [2500, 5000, 7500]),
    ("step-gamma", "step:step_size=333,gamma=0.7", lambda o: S.StepLR(o, 333, 0.7), [333, 666]),
    ("multi-step", "multi_step:milestones=100/3000/9000,gamma=0.2",
     lambda o: S.MultiStepLR(o, [100, 3000, 9000], 0.2), [100, 3000, 9000]),
    ("constant", "constant_start:factor=0.25,total=1000", lambda o: S.ConstantLR(o, 0.25, 1000), [1000]),
    ("constant-default", "constant_start:factor=0.3333333333333333,total=5", lambda o: S.ConstantLR(o), [5]),
    ("linear", "linear:start_factor=0.3333333333333333,end_factor=1,total=4000",
     lambda o: S.LinearLR(o, total_iters=4000), [4000]),
    ("linear-down", "linear:start_factor=1,end_factor=0.1,total=9999",
     lambda o: S.LinearLR(o, 1.0, 0.1, 9999), [9999]),
    ("exponential", "exponential:gamma=0.9995", lambda o: S.ExponentialLR(o, 0.9995), []),
    ("polynomial", "polynomial:power=1,total=8000", lambda o: S.PolynomialLR(o, 8000, 1.0), [8000]),
    ("polynomial-power", "polynomial:power=2.5,total=9000", lambda o: S.PolynomialLR(o, 9000, 2.5), [9000]),
    ("cosine", "cosine:total=10000", lambda o: S.CosineAnnealingLR(o, 10000), [5000]),
    ("cosine-climbs", "cosine:total=1500,min=1e-3,after=climb", lambda o: S.CosineAnnealingLR(o, 1500, 1e-3),
     [1500, 3000, 4500]),
    ("restarts", "sgdr:T_0=1000,T_mult=1", lambda o: S.CosineAnnealingWarmRestarts(o, 1000), [1000, 2000]),
    ("restarts-mult", "sgdr:T_0=10,T_mult=2", lambda o: S.CosineAnnealingWarmRestarts(o, 10, 2),
     [9, 10, 15, 30, 35, 70, 150, 310]),
    ("restarts-min", "sgdr:T_0=700,T_mult=3,min=0.005",
     lambda o: S.CosineAnnealingWarmRestarts(o, 700, 3, 0.005), [700, 2800, 9100]),
    ("cyclic", "cyclic:min=0.01,step_size_up=2000", lambda o: S.CyclicLR(o, 0.01, 0.1), [2000, 4000, 6000]),
    ("cyclic-two", "cyclic:min=0.001,step_size_up=300,step_size_down=900,mode=triangular2,base_momentum=0.7,"
     "max_momentum=0.97",
     lambda o: S.CyclicLR(o, 0.001, 0.1, 300, 900, "triangular2", base_momentum=0.7, max_momentum=0.97),
     [300, 1200, 1500, 2400]),
    ("cyclic-exp", "cyclic:min=0.001,step_size_up=500,mode=exp_range,gamma=0.9998",
     lambda o: S.CyclicLR(o, 0.001, 0.1, 500, mode="exp_range", gamma=0.9998), [500, 1000, 1500]),
    ("cyclic-alone", "cyclic:min=0.02,step_size_up=750,step_size_down=250,cycle_momentum=false",
     lambda o: S.CyclicLR(o, 0.02, 0.1, 750, 250, cycle_momentum=False), [750, 1000]),
    ("one-cycle", "one_cycle:total=10000", lambda o: S.OneCycleLR(o, 0.1, 10000), [2500, 2999, 5000, 7500]),
    ("one-cycle-three", "one_cycle:total=10000,three_phase=true,pct_start=0.4",
     lambda o: S.OneCycleLR(o, 0.1, 10000, three_phase=True, pct_start=0.4), [3999, 7998]),
    ("one-cycle-linear", "one_cycle:total=10000,anneal_strategy=linear,pct_start=0.123,div_factor=10,"
     "final_div_factor=100,base_momentum=0.8,max_momentum=0.9",
     lambda o: S.OneCycleLR(o, 0.1, 10000, anneal_strategy="linear", pct_start=0.123, div_factor=10.0,
                            final_div_factor=100.0, base_momentum=0.8, max_momentum=0.9), [1229, 1230]),
    ("one-cycle-alone", "one_cycle:total=10000,cycle_momentum=false,pct_start=0",
     lambda o: S.OneCycleLR(o, 0.1, 10000, cycle_momentum=False, pct_start=0.0), []),
    ("sequence", "sequence:linear:start_factor=0.01,end_factor=1,total=500@500|cosine:total=9500",
     lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.01, 1.0, 500), S.CosineAnnealingLR(o, 9500)], [500]),
     [500, 5250]),
    ("sequence-three", "sequence:constant_start:factor=0.1,total=100@200|exponential:gamma=0.999@3000|"
     "sgdr:T_0=1000,T_mult=1",
     lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 100), S.ExponentialLR(o, 0.999),
                                  S.CosineAnnealingWarmRestarts(o, 1000)], [200, 3000]),
     [100, 200, 3000, 4000]),
    ("product", "product:constant_start:factor=0.1,total=1000|exponential:gamma=0.9997",
     lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 1000), S.ExponentialLR(o, 0.9997)]), [1000]),
    ("product-three", "product:linear:start_factor=0.5,end_factor=1,total=2000|step:step_size=3000,gamma=0.5|"
     "multi_step:milestones=5000/8000,gamma=0.3",
     lambda o: S.ChainedScheduler([S.LinearLR(o, 0.5, 1.0, 2000), S.StepLR(o, 3000, 0.5),
                                   S.MultiStepLR(o, [5000, 8000], 0.3)]), [2000, 3000, 5000, 6000, 8000]),
]


def kept(turns):
    near = {t + d for t in turns for d in (-1, 0, 1)} | {0, 1, 2, STEPS - 1}
    return sorted(t for t in near | set(range(0, STEPS, 37)) if 0 <= t < STEPS)


def write_cases(out):
    for name, spec, make, turns in CASES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE, momentum=0.9)
        scheduler = make(optimizer)
        moves = getattr(scheduler, "cycle_momentum", False)
        closed = name.startswith("cosine")
        out.write(f"case {name} | {spec} | {BASE!r}\n")
        rows = set(kept(turns))
        for t in range(STEPS):
            group = optimizer.param_groups[0]
            if t in rows:
                lr = scheduler._get_closed_form_lr()[0] if closed else group["lr"]
                out.write(f"{t} {lr:.17g}" + (f" {group['momentum']:.17g}" if moves else "") + "\n")
            optimizer.step()
            scheduler.step()


# Losses that fall, stay, rise, jump and are no number at all; with all options.
PLATEAU = [
    ("plateau", "plateau", {}),
    ("plateau-options", "plateau:factor=0.5,patience=3,threshold=0.01,threshold_mode=abs,cooldown=5,min=0.004,eps=1e-6",
     dict(factor=0.5, patience=3, threshold=0.01, threshold_mode="abs", cooldown=5, min_lr=0.004, eps=1e-6)),
    ("plateau-max", "plateau:mode=max,factor=0.9,patience=0,threshold=0.1",
     dict(mode="max", factor=0.9, patience=0, threshold=0.1)),
    ("plateau-max-abs", "plateau:mode=max,factor=0.3,patience=1,threshold=0.2,threshold_mode=abs,cooldown=2",
     dict(mode="max", factor=0.3, patience=1, threshold=0.2, threshold_mode="abs", cooldown=2)),
]


def loss_of(t):
    if t % 97 == 96:
        return math.nan
    return 1.0 / (1 + t // 20) + 0.05 * math.sin(0.7 * t) + (5.0 if t % 61 == 60 else 0.0)


def write_plateaus(out):
    for name, spec, options in PLATEAU:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
        scheduler = S.ReduceLROnPlateau(optimizer, **options)
        out.write(f"case {name} | {spec} | {BASE!r}\n")
        for t in range(400):
            out.write(f"{t} {optimizer.param_groups[0]['lr']:.17g} {loss_of(t):.17g}\n")
            optimizer.step()
            scheduler.step(loss_of(t))


def main():
    warnings.simplefilter("ignore")  # of stepping by hand
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "scheduler_traces.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write(f"# Written by tests/golden/make_schedule_golden.py with torch {torch.__version__}. Do not edit.\n")
        write_cases(out)
        write_plateaus(out)


if __name__ == "__main__":
    main()
