#!/usr/bin/python3
"""Writes the golden file of the optimizers that look at whole tensors, in double precision.

    /usr/bin/python3 tests/golden/make_tensor_golden.py

needs NumPy alone. Writes tensor_traces.txt beside itself, in the format of make_golden.py: all weights after some of
1,000 updates, tensor after tensor, row by row.

A small network of tanh layers, with weight matrices that are wide, square and tall, and biases, of which some begin
at 0, goes down its mean squared error on twelve samples; its gradients are written out. The optimizers are written
from the equations of their papers; no line of theirs, and no default, is shared with the program. A path that a
change in the last digit of the start would move by a tenth of what the test allows is refused: none of these is.
"""

import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
STORED = (1, 2, 3, 10, 30, 100, 300, 600, 1000)
ALLOWED = 1e-10

SIZES = (3, 4, 4, 2, 2)  # inputs, three hidden layers, outputs
SAMPLES = 12


def table(rows, columns, number):
    return np.array([[number(i, j) for j in range(columns)] for i in range(rows)])


X = table(SAMPLES, SIZES[0], lambda i, j: ((5 * i + 7 * j + 3 * i * j) % 11 - 5) / 5)
Y = table(SAMPLES, SIZES[-1], lambda i, j: ((3 * i + 5 * j + i * j) % 7 - 3) / 4)


def start():
    """Weights (inputs x outputs) and bias of each layer in turn; the biases of the second and third are 0."""
    out = []
    for k, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
        out.append(table(inputs, outputs, lambda i, j: ((7 * i + 4 * j + 3 * k + 2 * i * j) % 9 - 4) / 6))
        out.append(np.array([((3 * j + 1) % 5 - 2) / 10 if k in (0, 3) else 0.0 for j in range(outputs)]))
    return out


def gradient(tensors, worker=0, workers=1):
    """Of ½ mean ‖output − y‖² over the samples worker, worker + workers, ..."""
    x, y = X[worker::workers], Y[worker::workers]
    layers = len(tensors) // 2
    seen = [x]
    for k in range(layers):
        z = seen[-1] @ tensors[2 * k] + tensors[2 * k + 1]
        seen.append(np.tanh(z) if k + 1 < layers else z)
    out = [None] * len(tensors)
    error = (seen[-1] - y) / len(x)
    for k in reversed(range(layers)):
        out[2 * k] = seen[k].T @ error
        out[2 * k + 1] = error.sum(axis=0)
        error = error @ tensors[2 * k].T * (1 - seen[k] ** 2)
    return out


def norm(tensor):
    return float(np.sqrt((tensor**2).sum()))


def norm_of_all(tensors):
    return float(np.sqrt(sum((tensor**2).sum() for tensor in tensors)))


# ---- Optimizers: step() takes the weights, their gradient and who to ask for another one, and moves the weights --

class Gd:
    def __init__(self, tensors, lr):
        self.lr = lr
        self.state = {}  # by name, a list of one array for each tensor
        self.positions = ()  # the names of those that are places, not differences

    def zeros(self, tensors, *names):
        for name in names:
            self.state[name] = [np.zeros_like(w) for w in tensors]

    def step(self, tensors, g, ask):
        for w, each in zip(tensors, g):
            w -= self.lr * each

    def moved(self, by):
        """Somebody has moved the weights."""
        for name in self.positions:
            for x, d in zip(self.state[name], by):
                x += d


class Momentum(Gd):
    """Sutskever et al. 2013 in PyTorch's form, or Polyak 1964: w + μ(w − w₋₁) − ηg."""

    def __init__(self, tensors, lr, momentum=0.9, form="pytorch"):
        super().__init__(tensors, lr)
        self.mu, self.form = momentum, form
        if form == "polyak":
            self.state["before"] = [w.copy() for w in tensors]
            self.positions = ("before",)
        else:
            self.zeros(tensors, "v")

    def step(self, tensors, g, ask):
        for i, w in enumerate(tensors):
            if self.form == "polyak":
                before = w.copy()
                w += self.mu * (w - self.state["before"][i]) - self.lr * g[i]
                self.state["before"][i] = before
            else:
                v = self.state["v"][i]
                v *= self.mu
                v += g[i]
                w -= self.lr * v


class Adam(Gd):
    """Kingma & Ba 2015, Algorithm 1."""

    def __init__(self, tensors, lr, beta1=0.9, beta2=0.999, eps=1e-8, correct=True):
        super().__init__(tensors, lr)
        self.b1, self.b2, self.eps, self.correct, self.t = beta1, beta2, eps, correct, 0
        self.zeros(tensors, "m", "v")

    def direction(self, i, g):
        m, v = self.state["m"][i], self.state["v"][i]
        m += (1 - self.b1) * (g - m)
        v += (1 - self.b2) * (g**2 - v)
        if not self.correct:
            return m / (np.sqrt(v) + self.eps)
        return m / (1 - self.b1**self.t) / (np.sqrt(v / (1 - self.b2**self.t)) + self.eps)

    def step(self, tensors, g, ask):
        self.t += 1
        for i, w in enumerate(tensors):
            w -= self.lr * self.direction(i, g[i])


class Lars(Gd):
    """You, Gitman & Ginsburg 2017, Algorithm 1."""

    def __init__(self, tensors, lr, momentum=0.9, trust_coefficient=0.001, weight_decay=0.0):
        super().__init__(tensors, lr)
        self.mu, self.trust, self.decay = momentum, trust_coefficient, weight_decay
        self.zeros(tensors, "v")

    def step(self, tensors, g, ask):
        for i, w in enumerate(tensors):
            local = 1.0
            if norm(w) > 0 and norm(g[i]) > 0:
                local = self.trust * norm(w) / (norm(g[i]) + self.decay * norm(w))
            self.state["v"][i] = self.mu * self.state["v"][i] + self.lr * local * (g[i] + self.decay * w)
            w -= self.state["v"][i]


class Lamb(Adam):
    """You et al. 2020, Algorithm 2, with φ(z) = z."""

    def __init__(self, tensors, lr, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.01, bias_correction=1):
        super().__init__(tensors, lr, beta1, beta2, eps, bool(bias_correction))
        self.decay = weight_decay

    def step(self, tensors, g, ask):
        self.t += 1
        for i, w in enumerate(tensors):
            u = self.direction(i, g[i]) + self.decay * w
            w -= self.lr * (norm(w) / norm(u) if norm(w) > 0 and norm(u) > 0 else 1.0) * u


def orthogonal(m):
    """Jordan et al. 2024: five Newton-Schulz iterations on the side on which XXᵀ is small."""
    rows, columns = m.shape
    x = m / (norm(m) + 1e-7)
    x = x.T if rows > columns else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if rows > columns else x


class Muon(Adam):
    """Jordan et al. 2024: weight matrices but the output layer's by their orthogonalised momentum, AdamW for the rest."""

    def __init__(self, tensors, lr, momentum=0.95, nesterov=1, weight_decay=0.0, adam_share=0.05, beta1=0.9,
                 beta2=0.999, eps=1e-8):
        super().__init__(tensors, lr, beta1, beta2, eps)
        self.mu, self.nesterov, self.decay, self.share = momentum, bool(nesterov), weight_decay, adam_share

    def step(self, tensors, g, ask):
        self.t += 1
        for i, w in enumerate(tensors):
            if w.ndim == 2 and i < len(tensors) - 2:
                # The authors' matrices are outputs x inputs.
                self.state["m"][i] = self.mu * self.state["m"][i] + (1 - self.mu) * g[i]
                m = self.state["m"][i].T
                n = (1 - self.mu) * g[i].T + self.mu * m if self.nesterov else m
                outputs, inputs = m.shape
                w *= 1 - self.lr * self.decay
                w -= self.lr * max(1, outputs / inputs) ** 0.5 * orthogonal(n).T
            else:
                rate = self.lr * self.share
                w *= 1 - rate * self.decay
                w -= rate * self.direction(i, g[i])


# ---- Wrappers ----------------------------------------------------------------------------------------------------

class Sam:
    """Foret et al. 2021, Algorithm 1; adaptive: Kwon et al. 2021. One norm over all tensors."""

    def __init__(self, tensors, base, sam_rho=0.05, adaptive=0):
        self.base, self.rho, self.adaptive = base(tensors), sam_rho, bool(adaptive)

    def step(self, tensors, g, ask):
        t = [np.abs(w) + 0.01 if self.adaptive else np.ones_like(w) for w in tensors]
        length = norm_of_all([a * b for a, b in zip(t, g)])
        there = [w + self.rho * a**2 * b / length for w, a, b in zip(tensors, t, g)]
        self.base.step(tensors, ask(there), ask)

    def moved(self, by):
        self.base.moved(by)


class Lookahead:
    """Zhang et al. 2019, Algorithm 1."""

    def __init__(self, tensors, base, sync_period=5, slow_step=0.5):
        self.base, self.k, self.alpha, self.t = base(tensors), int(sync_period), slow_step, 0
        self.slow = [w.copy() for w in tensors]

    def moved(self, by):
        self.base.moved(by)
        for slow, d in zip(self.slow, by):
            slow += d

    def step(self, tensors, g, ask):
        self.base.step(tensors, g, ask)
        self.t += 1
        if self.t % self.k:
            return
        by = [self.alpha * (w - slow) + slow - w for w, slow in zip(tensors, self.slow)]
        for w, slow in zip(tensors, self.slow):
            slow += self.alpha * (w - slow)
            w[...] = slow
        self.base.moved(by)


class Delayed:
    """Langford, Smola & Zinkevich 2009: the gradient of τ steps ago, at first the oldest there is."""

    def __init__(self, tensors, base, delay=1):
        self.base, self.delay, self.seen = base(tensors), int(delay), []

    def step(self, tensors, g, ask):
        self.seen.append(g)
        self.base.step(tensors, self.seen[max(0, len(self.seen) - 1 - self.delay)], ask)

    def moved(self, by):
        self.base.moved(by)


class Local:
    """Stich 2019, Algorithm 1: workers with shares of the samples; what is seen is their mean."""

    def __init__(self, tensors, base, workers=4, local_steps=8, average_state=0):
        self.own = [[w.copy() for w in tensors] for _ in range(int(workers))]
        self.bases = [base(own) for own in self.own]
        self.period, self.average_state, self.t = int(local_steps), bool(average_state), 0

    def step(self, tensors, g, ask):
        count = len(self.own)
        for i, (own, base) in enumerate(zip(self.own, self.bases)):
            share = lambda at, i=i: gradient(at, i, count)
            base.step(own, share(own), share)
        self.t += 1
        for i, w in enumerate(tensors):
            w[...] = sum(own[i] for own in self.own) / count
        if self.t % self.period:
            return
        for own, base in zip(self.own, self.bases):
            base.moved([w - x for w, x in zip(tensors, own)])
            for w, x in zip(tensors, own):
                x[...] = w
        if self.average_state:
            for name, lists in self.bases[0].state.items():
                for i in range(len(lists)):
                    mean = sum(base.state[name][i] for base in self.bases) / count
                    for base in self.bases:
                        base.state[name][i] = mean.copy()

    def moved(self, by):
        for own, base in zip(self.own, self.bases):
            base.moved(by)
            for x, d in zip(own, by):
                x += d


WRAPPERS = {"sam": (Sam, ("sam_rho", "adaptive")), "lookahead": (Lookahead, ("sync_period", "slow_step")),
            "delayed": (Delayed, ("delay",)), "local": (Local, ("workers", "local_steps", "average_state"))}
RULES = {"gd": Gd, "momentum": Momentum, "adam": Adam, "lars": Lars, "lamb": Lamb, "muon": Muon}

SPECS = (
    "lars:lr=0.1",
    "lars:lr=3,momentum=0.5,trust_coefficient=0.004,weight_decay=0.01",
    "lars:lr=0.5,momentum=0,trust_coefficient=0.02,weight_decay=0.1",
    "lamb:lr=0.002",
    "lamb:lr=0.0015,weight_decay=0",
    "lamb:lr=0.002,beta1=0.8,beta2=0.99,eps=1e-3,weight_decay=0.1",
    "lamb:lr=0.002,bias_correction=0",
    "muon:lr=0.002",
    "muon:lr=0.001,nesterov=0,momentum=0.9",
    "muon:lr=0.002,weight_decay=0.1,adam_share=0.5,beta1=0.8,beta2=0.99,eps=1e-4",
    "local+gd:lr=0.05",
    "local+gd:lr=0.1,workers=3,local_steps=1",
    "local+momentum:lr=0.01,workers=3,local_steps=5",
    "local+momentum:lr=0.01,workers=3,local_steps=5,average_state=1",
    "local+momentum:lr=0.01,momentum=0.8,form=polyak,workers=2,local_steps=7",
    "local+adam:lr=0.002,workers=4,local_steps=16",
    "local+adam:lr=0.002,eps=1e-3,workers=2,local_steps=3,average_state=1",
    "local+lamb:lr=0.001,workers=3",
    "local+muon:lr=0.002,workers=3,local_steps=4",
    "sam+gd:lr=0.05,sam_rho=0.1",
    "sam+lamb:lr=0.001,sam_rho=0.5,adaptive=1",
    "sam+muon:lr=0.001",
    "lookahead+lars:lr=0.1",
    "lookahead+muon:lr=0.002,sync_period=7,slow_step=0.3",
    "delayed+lamb:lr=0.001,delay=3",
    "lookahead+local+sam+momentum:lr=0.01,workers=2,local_steps=3,sync_period=4",
)


def optimizer(spec, tensors):
    """The one that a spec string of the program names."""
    names, _, settings = spec.partition(":")
    values = {}
    for item in filter(None, settings.split(",")):
        key, value = item.split("=")
        values[key] = value if key == "form" else float(value)
    *outer, rule = names.split("+")
    owned = {key for name in outer for key in WRAPPERS[name][1]}

    def base(tensors):
        return RULES[rule](tensors, **{key: value for key, value in values.items() if key not in owned})

    for name in reversed(outer):
        wrapper, keys = WRAPPERS[name]
        own = {key: values[key] for key in keys if key in values}

        def base(tensors, wrapper=wrapper, own=own, inner=base):
            return wrapper(tensors, inner, **own)

    return base(tensors)


def loss(tensors):
    z = X
    for k in range(0, len(tensors), 2):
        z = z @ tensors[k] + tensors[k + 1]
        z = np.tanh(z) if k + 2 < len(tensors) else z
    return 0.5 * ((z - Y) ** 2).sum() / SAMPLES


def path(spec, tensors):
    """All weights after each of the steps that are stored."""
    at_work = optimizer(spec, tensors)
    out = []
    for step in range(1, STORED[-1] + 1):
        at_work.step(tensors, gradient(tensors), gradient)
        if step in STORED:
            out.append([w.copy() for w in tensors])
    return out


def check_gradient():
    tensors, h = start(), 1e-6
    for w, g in zip(tensors, gradient(tensors)):
        for at in np.ndindex(w.shape):
            here = w[at]
            w[at] = here + h
            ahead = loss(tensors)
            w[at] = here - h
            behind = loss(tensors)
            w[at] = here
            assert abs((ahead - behind) / (2 * h) - g[at]) < 1e-9


def main():
    check_gradient()
    with open(os.path.join(HERE, "tensor_traces.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write("# Written by tests/golden/make_tensor_golden.py. Do not edit.\n")
        for spec in SPECS:
            whole = path(spec, start())
            moved = path(spec, [w * (1 + 2.0**-50) for w in start()])
            away = max(norm(a - b) / norm(a) for x, y in zip(whole, moved) for a, b in zip(x, y))
            assert away < 0.1 * ALLOWED, f"{spec} is chaotic: {away}"
            print(f"{spec}: loss {loss(start()):.4f} to {loss(whole[-1]):.4f}; sensitivity {away:.1e}")
            out.write(f"case {spec} | {spec} | network\n")
            for step, tensors in zip(STORED, whole):
                out.write(f"{step} " + " ".join(f"{x:.17g}" for w in tensors for x in w.flat) + "\n")


if __name__ == "__main__":
    main()
