#!/usr/bin/python3
"""Writes the golden file of the line search: where PyTorch's looks, evaluation by evaluation, in double precision.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_search_golden.py

Writes search_traces.txt beside itself, in the format of make_golden.py: after the name of a case its settings
(first,c1,c2,smallest,most) and the function; then each step length at which the loss was asked for, and as step 0
what was found: t and the loss there. The functions are of one variable, from x = 0 along d = ½. The first six are
those of J. J. Moré and D. J. Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM Trans. Math.
Software 20 (1994) 286-307, section 5.

A search that rounding would move by more than 1e-11 is left out: it is tried with another last digit in the first
step, in the losses and in the slopes.
"""

import math
import os

import torch
from torch.optim.lbfgs import _strong_wolfe

HERE = os.path.dirname(os.path.abspath(__file__))


def yanai(b1, b2):
    a1, a2 = math.sqrt(1 + b1 * b1) - b1, math.sqrt(1 + b2 * b2) - b2

    def both(x):
        left, right = math.sqrt((1 - x) ** 2 + b2 * b2), math.sqrt(x * x + b1 * b1)
        return a1 * left + a2 * right, -a1 * (1 - x) / left + a2 * x / right

    return both


def wobbling(x):
    b, l = 0.01, 39
    if x <= 1 - b:
        f, g = 1 - x, -1.0
    elif x >= 1 + b:
        f, g = x - 1, 1.0
    else:
        f, g = (x - 1) ** 2 / (2 * b) + b / 2, (x - 1) / b
    turn = l * math.pi / 2
    return f + (1 - b) / turn * math.sin(turn * x), g + (1 - b) * math.cos(turn * x)


def falling_off(x):
    y = x + 0.004
    return y**5 - 2 * y**4, 5 * y**4 - 8 * y**3


FUNCTIONS = {
    "fraction": lambda x: (-x / (x * x + 2), (x * x - 2) / (x * x + 2) ** 2),
    "falling_off": falling_off,
    "wobbling": wobbling,
    "yanai_even": yanai(0.001, 0.001),
    "yanai_left": yanai(0.01, 0.001),
    "yanai_right": yanai(0.001, 0.01),
    "parabola": lambda x: (0.5 * (x - 1) ** 2, x - 1),
    "quartic": lambda x: ((x - 1) ** 4, 4 * (x - 1) ** 3),
    "exponential": lambda x: (math.exp(x) - 5 * x, math.exp(x) - 5),
    "waves": lambda x: (0.1 * (x - 3) ** 2 - 0.3 * math.sin(4 * x), 0.2 * (x - 3) - 1.2 * math.cos(4 * x)),
    "ripples": lambda x: (0.1 * (x - 3) ** 2 - 0.1 * math.sin(4 * x + 1), 0.2 * (x - 3) - 0.4 * math.cos(4 * x + 1)),
    "line": lambda x: (-x, -1.0),
}


def search(function, first, c1, c2, smallest, most, rounding=0.0):
    """Every t that was looked at, then t and the loss found. `rounding` moves what goes in, to and fro."""
    looked = []
    both = FUNCTIONS[function]

    def ask(x, t, d):
        looked.append(float(t))
        f, g = both(float(x + t * d))
        way = rounding if len(looked) % 2 else -rounding
        f, g = f * (1 + way), g * (1 - way)
        return f, torch.tensor([g], dtype=torch.float64)

    x, d = torch.tensor([0.0], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    f, g = both(0.0)
    g = torch.tensor([g], dtype=torch.float64)
    first *= 1 + rounding
    loss, _, t, evaluations = _strong_wolfe(ask, x, first, d, f, g, g.dot(d), c1, c2, smallest, most)
    assert evaluations == len(looked)
    return looked, float(t), float(loss)


def cases():
    for function in FUNCTIONS:
        for first in (1e-3, 0.1, 1.0, 6.0, 1000.0):
            if function == "exponential" and first == 1000.0:
                continue
            for c1, c2 in ((1e-4, 0.9), (1e-4, 0.1), (0.1, 0.1), (1e-3, 1e-3), (0.6, 0.8)):
                yield function, first, c1, c2, 0.0, 25
        yield function, 1.0, 1e-4, 0.01, 0.3, 25
        yield function, 6.0, 1e-4, 1e-3, 0.0, 3
        yield function, 0.01, 1e-4, 1e-3, 0.0, 2
    # Over a crest and down behind it, with and without evaluations left.
    for most in (1, 2, 3, 25):
        for first in (0.3, 2.0, 3.5):
            yield "waves", first, 1e-4, 0.1, 0.0, most
        for first in (0.118, 0.12, 0.122):
            yield "ripples", first, 1e-4, 0.1, 0.0, most


def main():
    left_out = 0
    with open(os.path.join(HERE, "search_traces.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write(f"# Written by tests/golden/make_search_golden.py with torch {torch.__version__}. Do not edit.\n")
        for case in cases():
            function, *settings = case
            looked, t, loss = search(*case)
            moved = [search(*case, rounding=sign * 2.0**-52) for sign in (1, -1)]
            if any(len(other[0]) != len(looked) or
                   any(abs(a - b) > 1e-11 * abs(b) for a, b in zip(other[0], looked)) for other in moved):
                left_out += 1
                continue
            settings = ",".join(f"{value:g}" for value in settings)
            out.write(f"case {function} | {settings} | {function}\n")
            for n, each in enumerate(looked, 1):
                out.write(f"{n} {each:.17g}\n")
            out.write(f"0 {t:.17g} {loss:.17g}\n")
    print(f"{left_out} left out")


if __name__ == "__main__":
    main()
