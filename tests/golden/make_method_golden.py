#!/usr/bin/python3
"""Writes the golden file of the optimizers that ask for more than a gradient, in double precision.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_method_golden.py

Writes method_traces.txt beside itself, in the format of make_golden.py: positions after every update, until the
gradient is too small for its digits to mean anything, or 200 of them.

L-BFGS is PyTorch's. The others are written below in plain Python from the equations of their sources; no
line of theirs is shared with the program. The random numbers of SPSA are Philox4x32-10 (Salmon et al. 2011),
written out here, too.
"""

import math
import os
import warnings

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 200


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def rosenbrock_gradient(x, y):
    return [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


def rosenbrock_hessian(x, y):
    return [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200.0]]


def quadratic(p):
    """A tilted bowl with eigenvalues 2.1 and 8.9, whose minimum is not at 0."""
    x, y = p[0] - 0.5, p[1] + 0.25
    return 0.5 * (4 * x * x + 6 * x * y + 7 * y * y)


def quadratic_gradient(x, y):
    u, v = x - 0.5, y + 0.25
    return [4 * u + 3 * v, 3 * u + 7 * v]


def quadratic_hessian(x, y):
    return [[4.0, 3.0], [3.0, 7.0]]


def saddle(p):
    """A saddle at the origin between two minima at (0, ±1)."""
    return 0.5 * p[0] ** 2 + 0.25 * p[1] ** 4 - 0.5 * p[1] ** 2


def saddle_gradient(x, y):
    return [x, y**3 - y]


def saddle_hessian(x, y):
    return [[1.0, 0.0], [0.0, 3 * y * y - 1]]


SURFACES = {
    "rosenbrock": (rosenbrock, rosenbrock_gradient, rosenbrock_hessian, (-1.0, 2.0)),
    "quadratic": (quadratic, quadratic_gradient, quadratic_hessian, (-1.5, 2.0)),
    "saddle": (saddle, saddle_gradient, saddle_hessian, (0.7, 0.2)),
}


# ---- L-BFGS, by PyTorch -------------------------------------------------------------------------

def lbfgs(surface, **arguments):
    loss, _, _, start = SURFACES[surface]
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], **arguments)

    def closure():
        optimizer.zero_grad()
        value = loss(p)
        value.backward()
        return value

    while True:
        optimizer.step(closure)
        yield p.tolist()


# A change of the start by one unit in the last place moves these by at most 1e-9 on Rosenbrock.
LBFGS = [
    ("lbfgs:tolerance_grad=1e-7,tolerance_change=1e-9,history_size=100", dict(line_search_fn="strong_wolfe")),
    ("lbfgs", dict(line_search_fn="strong_wolfe", history_size=10, tolerance_grad=0, tolerance_change=0)),
    ("lbfgs:max_iter=4", dict(line_search_fn="strong_wolfe", history_size=10, tolerance_grad=0,
                              tolerance_change=0, max_iter=4)),
    ("lbfgs:max_iter=4,max_eval=20", dict(line_search_fn="strong_wolfe", history_size=10, tolerance_grad=0,
                                          tolerance_change=0, max_iter=4, max_eval=20)),
    ("lbfgs:line_search_fn=none,lr=0.05,history_size=20", dict(lr=0.05, history_size=20, tolerance_grad=0,
                                                                tolerance_change=0)),
    ("lbfgs:line_search_fn=none,lr=0.05,max_iter=3,history_size=20,max_eval=2",
     dict(lr=0.05, history_size=20, max_iter=3, max_eval=2, tolerance_grad=0, tolerance_change=0)),
    ("lbfgs:max_iter=20,tolerance_change=1e-4,tolerance_grad=1e-3,max_eval=100",
     dict(max_iter=20, max_eval=100, history_size=10, tolerance_change=1e-4, tolerance_grad=1e-3,
          line_search_fn="strong_wolfe")),
]

# There these move by 1e-8 and far more, and no two implementations agree: on the quadratic alone.
LBFGS_ON_BOWLS = LBFGS + [
    ("lbfgs:line_search_fn=none,lr=0.1,history_size=5", dict(lr=0.1, history_size=5, tolerance_grad=0,
                                                              tolerance_change=0)),
    ("lbfgs:line_search_fn=none,lr=0.05,max_iter=3,history_size=4,max_eval=2",
     dict(lr=0.05, history_size=4, max_iter=3, max_eval=2, tolerance_grad=0, tolerance_change=0)),
    ("lbfgs:history_size=3,lr=0.3", dict(line_search_fn="strong_wolfe", history_size=3, tolerance_grad=0,
                                         tolerance_change=0, lr=0.3)),
    ("lbfgs:history_size=1", dict(line_search_fn="strong_wolfe", history_size=1, tolerance_grad=0,
                                  tolerance_change=0)),
    ("lbfgs:line_search_fn=none,lr=0.08,max_iter=20,tolerance_change=1e-3,tolerance_grad=1e-2",
     dict(lr=0.08, max_iter=20, history_size=10, tolerance_change=1e-3, tolerance_grad=1e-2)),
]


# ---- Newton, in two dimensions ------------------------------------------------------------------

def eigen(h):
    """Eigenvalues and unit eigenvectors of a symmetric 2 x 2 matrix, by one Jacobi rotation."""
    (a, b), (_, c) = h
    angle = 0.5 * math.atan2(2 * b, a - c)
    cos, sin = math.cos(angle), math.sin(angle)
    first = a * cos * cos + 2 * b * sin * cos + c * sin * sin
    second = a * sin * sin - 2 * b * sin * cos + c * cos * cos
    return [(first, (cos, sin)), (second, (-sin, cos))]


def newton(surface, form="plain", lr=1.0, shift=0.0):
    loss, gradient, hessian, (x, y) = SURFACES[surface]
    while True:
        g = gradient(x, y)
        d = [0.0, 0.0]
        for value, vector in eigen(hessian(x, y)):
            divisor = (abs(value) if form == "saddle_free" else value) + shift
            along = -(vector[0] * g[0] + vector[1] * g[1]) / divisor
            d = [d[0] + along * vector[0], d[1] + along * vector[1]]
        t = lr
        if form == "damped":
            if g[0] * d[0] + g[1] * d[1] >= 0:
                d = [-g[0], -g[1]]
            slope = g[0] * d[0] + g[1] * d[1]
            here = loss((x, y))
            while not loss((x + t * d[0], y + t * d[1])) <= here + 1e-4 * t * slope:
                t /= 2
        x, y = x + t * d[0], y + t * d[1]
        yield [x, y]


NEWTON = [
    ("newton", {}),
    ("newton:lr=0.1", dict(lr=0.1)),
    ("newton:form=damped", dict(form="damped")),
    ("newton:form=damped,shift=0.5,lr=0.8", dict(form="damped", shift=0.5, lr=0.8)),
    ("newton:shift=2,lr=0.7", dict(shift=2.0, lr=0.7)),
    ("newton:form=saddle_free,lr=0.2", dict(form="saddle_free", lr=0.2)),
    ("newton:form=saddle_free,lr=0.2,shift=0.3", dict(form="saddle_free", lr=0.2, shift=0.3)),
]


# ---- Gauss-Newton, in two dimensions ----------------------------------------------------------------

def squares(surface, x, y):
    """2 JtJ, of a sum of squares: (1 - x)^2 + (10 (y - x^2))^2, or that of a linear model, which is its Hessian."""
    if surface != "rosenbrock":
        return SURFACES[surface][2](x, y)
    jacobian = [[-1.0, 0.0], [-20 * x, 10.0]]
    return [[2 * sum(row[i] * row[j] for row in jacobian) for j in range(2)] for i in range(2)]


def gauss_newton(surface, lr=1.0, damping=0.1, adaptation=2.0):
    """Levenberg's step, with the damping of Martens 2010, section 4.1; what does not fall is not made."""
    loss, gradient, _, (x, y) = SURFACES[surface]
    while True:
        g, ((a, b), (_, c)) = gradient(x, y), squares(surface, x, y)
        determinant = (a + damping) * (c + damping) - b * b
        d = [-((c + damping) * g[0] - b * g[1]) / determinant, -((a + damping) * g[1] - b * g[0]) / determinant]
        there = [x + lr * d[0], y + lr * d[1]]
        if adaptation == 1:
            x, y = there
            yield [x, y]
            continue
        bent = a * d[0] ** 2 + 2 * b * d[0] * d[1] + c * d[1] ** 2
        foretold = -lr * (g[0] * d[0] + g[1] * d[1]) - lr * lr * bent / 2
        fall = loss((x, y)) - loss(there)
        if fall > 0:
            x, y = there
        if fall > 0.75 * foretold:
            damping /= adaptation
        elif fall < 0.25 * foretold:
            damping *= adaptation
        yield [x, y]


GAUSS_NEWTON = [
    ("gauss_newton", {}),
    ("gauss_newton:damping=10,adaptation=5", dict(damping=10.0, adaptation=5.0)),
    ("gauss_newton:lr=0.5,damping=1,adaptation=1", dict(lr=0.5, damping=1.0, adaptation=1.0)),
    ("gauss_newton:lr=0.3,damping=1e-3", dict(lr=0.3, damping=1e-3)),
    ("gauss_newton:lr=1.8,damping=0.5,adaptation=3", dict(lr=1.8, damping=0.5, adaptation=3.0)),
]


# ---- SPSA -----------------------------------------------------------------------------------------

def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniform(high, low):
    return (((high << 32 | low) >> 11) + 0.5) * 2.0**-53


def spsa(surface, lr, c=1e-3, gaussian=False, alpha=0.0, gamma=0.0, big_a=0.0):
    """Seed 7; stream 3 (perturbations)."""
    loss, _, _, p = SURFACES[surface]
    k = 0
    while True:
        words = philox((k, 0, 0, 3), (7, 0))
        if gaussian:
            radius = math.sqrt(-2 * math.log(uniform(words[0], words[1])))
            angle = 2 * math.pi * uniform(words[2], words[3])
            delta = [radius * math.cos(angle), radius * math.sin(angle)]
        else:
            delta = [1.0 if words[0] & 1 else -1.0, 1.0 if words[0] & 2 else -1.0]
        ck = c / (k + 1) ** gamma
        ak = lr * (big_a + 1) ** alpha / (k + 1 + big_a) ** alpha
        ahead = loss([x + ck * d for x, d in zip(p, delta)])
        behind = loss([x - ck * d for x, d in zip(p, delta)])
        p = [x - ak * (ahead - behind) / (2 * ck) * d for x, d in zip(p, delta)]
        k += 1
        yield list(p)


SPSA = [
    ("spsa:lr=3e-4", dict(lr=3e-4)),
    ("spsa:lr=2e-4,direction=gaussian,perturbation=0.01", dict(lr=2e-4, gaussian=True, c=0.01)),
    ("spsa:lr=5e-4,perturbation=0.1,gain_decay=0.602,perturbation_decay=0.101,stability=20",
     dict(lr=5e-4, c=0.1, alpha=0.602, gamma=0.101, big_a=20.0)),
]


# ---- Conjugate gradient, with the quadratic's exact step --------------------------------------------

def cg(surface, beta):
    """On a quadratic, where the exact step has a closed form: with c2 near 0 the search finds the same."""
    _, gradient, hessian, (x, y) = SURFACES[surface]
    old, d = None, None
    step = 0
    while True:
        g = gradient(x, y)
        if step % 2 == 0:
            d = [-g[0], -g[1]]
        else:
            change = [g[0] - old[0], g[1] - old[1]]
            along = g[0] * change[0] + g[1] * change[1]
            square = old[0] ** 2 + old[1] ** 2
            b = {"fletcher_reeves": (g[0] ** 2 + g[1] ** 2) / square, "polak_ribiere": max(0.0, along / square),
                 "hestenes_stiefel": along / (d[0] * change[0] + d[1] * change[1])}[beta]
            d = [-g[0] + b * d[0], -g[1] + b * d[1]]
        h = hessian(x, y)
        bent = sum(d[i] * h[i][j] * d[j] for i in range(2) for j in range(2))
        t = -(g[0] * d[0] + g[1] * d[1]) / bent
        x, y, old = x + t * d[0], y + t * d[1], g
        step += 1
        yield [x, y]


def write(out, spec, surface, positions):
    _, gradient, _, _ = SURFACES[surface]
    out.write(f"case {spec} | {spec} | {surface}\n")
    for step, (x, y) in enumerate(positions, 1):
        out.write(f"{step} {x:.17g} {y:.17g}\n")
        if step == STEPS or max(map(abs, gradient(x, y))) < 1e-8:
            return


def main():
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "method_traces.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write(f"# Written by tests/golden/make_method_golden.py with torch {torch.__version__}. Do not edit.\n")
        for surface, cases in (("rosenbrock", LBFGS), ("quadratic", LBFGS_ON_BOWLS)):
            for spec, arguments in cases:
                arguments = dict(arguments)
                arguments.setdefault("max_iter", 1)
                write(out, spec, surface, lbfgs(surface, **arguments))
        for surface in SURFACES:
            for spec, arguments in NEWTON:
                write(out, spec, surface, newton(surface, **arguments))
        for surface in ("rosenbrock", "quadratic"):
            for spec, arguments in GAUSS_NEWTON:
                write(out, spec, surface, gauss_newton(surface, **arguments))
        for surface in ("rosenbrock", "quadratic"):
            for spec, arguments in SPSA:
                write(out, spec, surface, spsa(surface, **arguments))
        for beta in ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel"):
            write(out, f"cg:beta={beta},search_slope=1e-6", "quadratic", cg("quadratic", beta))


if __name__ == "__main__":
    main()
