#!/usr/bin/python3
"""Writes the golden files of the optimizers and schedules from PyTorch, in double precision.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_golden.py

Writes beside itself:
  optimizer_traces.txt  positions after 1,000 updates: the first 10 steps and every 10th; of those that average
                        the position, then the average
  maximize_traces.txt   likewise, of PyTorch's own with maximize=True; these go up, and the surface is ours
  schedule_traces.txt   learning rates for t = 0, 1, 2, ...

Format: "case <name> | <spec string> | <surface>" (or "case <name> | <spec string> | <base rate>")
opens a case; each line after it is a step and its numbers with 17 significant digits, which read
back to the same doubles.

Rules that PyTorch 1.13 does not have are computed by the classes below, written from the equations of their
papers in plain Python. Deliberately not here: the other forms of momentum.
"""

import math
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


class Plain:
    """A rule of a paper, coordinate by coordinate, on top of PyTorch's gradients."""

    def __init__(self, tensors, lr, **settings):
        (self.tensor,) = tensors
        self.lr, self.settings, self.t = lr, settings, 0
        self.state = [dict() for _ in range(len(self.tensor))]

    def zero_grad(self):
        self.tensor.grad = None

    def step(self):
        self.t += 1
        values, gradients = self.tensor.tolist(), self.tensor.grad.tolist()
        for i, (x, g) in enumerate(zip(values, gradients)):
            values[i] = self.update(x, g, self.state[i], **self.settings)
        with torch.no_grad():
            self.tensor.copy_(torch.tensor(values, dtype=self.tensor.dtype))


def sign(x):
    return (x > 0) - (x < 0)


class AdaBelief(Plain):
    """Zhuang et al. 2020, Algorithm 2; weight decay decoupled."""

    def update(self, x, g, s, beta1=0.9, beta2=0.999, eps=1e-16, weight_decay=0.0):
        x -= self.lr * weight_decay * x
        s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
        s["s"] = beta2 * s.get("s", 0.0) + (1 - beta2) * (g - s["m"]) ** 2 + eps
        m = s["m"] / (1 - beta1**self.t)
        return x - self.lr * m / (math.sqrt(s["s"] / (1 - beta2**self.t)) + eps)


class Adan(Plain):
    """Xie et al. 2022, Algorithm 1, with 1 - beta for the paper's beta and bias corrections."""

    def update(self, x, g, s, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, weight_decay=0.0):
        d = g - s.get("g", g)
        s["g"] = g
        s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * d
        s["n"] = beta3 * s.get("n", 0.0) + (1 - beta3) * (g + beta2 * d) ** 2
        m, v, n = s["m"] / (1 - beta1**self.t), s["v"] / (1 - beta2**self.t), s["n"] / (1 - beta3**self.t)
        return (x - self.lr * (m + beta2 * v) / (math.sqrt(n) + eps)) / (1 + self.lr * weight_decay)


class Lion(Plain):
    """Chen et al. 2023, Algorithm 2."""

    def update(self, x, g, s, beta1=0.9, beta2=0.99, weight_decay=0.0):
        m = s.get("m", 0.0)
        s["m"] = beta2 * m + (1 - beta2) * g
        return x - self.lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * x)


class SignSGD(Plain):
    """Bernstein et al. 2018, Algorithm 2; weight decay decoupled."""

    def update(self, x, g, s, momentum=0.9, weight_decay=0.0):
        s["m"] = momentum * s.get("m", 0.0) + (1 - momentum) * g
        return x - self.lr * (sign(s["m"]) + weight_decay * x)


class NAdam(Plain):
    """Dozat 2016, Algorithm 2, as PyTorch has it since 2.0: 1.13 multiplies the product of the momenta by mu once
    too often, and keeps it in single precision."""

    def update(self, x, g, s, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, momentum_decay=4e-3,
               decoupled=False):
        if decoupled:
            x -= self.lr * weight_decay * x
        else:
            g += weight_decay * x
        mu, ahead = (beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in (self.t, self.t + 1))
        s["product"] = s.get("product", 1.0) * mu
        s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g * g
        moved = (1 - mu) / (1 - s["product"]) * g + ahead / (1 - s["product"] * ahead) * s["m"]
        return x - self.lr * moved / (math.sqrt(s["v"] / (1 - beta2**self.t)) + eps)


class RAdamW(Plain):
    """Liu et al. 2020, Algorithm 2, with PyTorch's beginning at rho > 5 and its eps, and with weight decay decoupled,
    which torch.optim.RAdam can do in later versions."""

    def update(self, x, g, s, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
        x -= self.lr * weight_decay * x
        s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g * g
        m, left = s["m"] / (1 - beta1**self.t), 1 - beta2**self.t
        limit = 2 / (1 - beta2) - 1
        rho = limit - 2 * self.t * beta2**self.t / left
        if rho <= 5:
            return x - self.lr * m
        r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        return x - self.lr * r * m * math.sqrt(left) / (math.sqrt(s["v"]) + eps)


class UncorrectedAdam(Plain):
    """Kingma & Ba 2015, Algorithm 1, without the two lines of bias correction."""

    def update(self, x, g, s, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
        x -= self.lr * weight_decay * x
        s["m"] = beta1 * s.get("m", 0.0) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g * g
        return x - self.lr * s["m"] / (math.sqrt(s["v"]) + eps)


class ScheduleFree(Plain):
    """Defazio et al. 2024, Algorithm 1: y, z and x are all kept. `adam`: AdamW, else SGD."""

    def update(self, y, g, s, adam=False, beta=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, warmup_steps=0, r=0.0,
               weight_lr_power=2.0):
        x, z = s.get("x", y), s.get("z", y)
        rate = self.lr * min(1.0, self.t / warmup_steps) if warmup_steps else self.lr
        s["largest"] = max(s.get("largest", 0.0), rate)
        weight = self.t**r * s["largest"] ** weight_lr_power
        s["sum"] = s.get("sum", 0.0) + weight
        c = weight / s["sum"]
        if adam:
            s["v"] = beta2 * s.get("v", 0.0) + (1 - beta2) * g * g
            g /= math.sqrt(s["v"] / (1 - beta2**self.t)) + eps
        s["z"] = z - rate * (g + weight_decay * y)
        s["x"] = (1 - c) * x + c * s["z"]
        return (1 - beta) * s["z"] + beta * s["x"]

    def average(self):
        return [s["x"] for s in self.state]


class Whole(Plain):
    """A method of a paper on the whole vector. `gradient(values)` asks for the gradient elsewhere."""

    def step(self):
        self.t += 1
        values = self.move(self.tensor.tolist(), self.tensor.grad.tolist(), self.state[0], **self.settings)
        with torch.no_grad():
            self.tensor.copy_(torch.tensor(values, dtype=self.tensor.dtype))

    def gradient(self, values):
        return self.derivative(lambda p: self.loss(p), values)

    @staticmethod
    def derivative(loss, values):
        p = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        loss(p).backward()
        return p.grad.tolist()


def length(values):
    return math.sqrt(sum(x * x for x in values))


class Lars(Whole):
    """You, Gitman & Ginsburg 2017, Algorithm 1; the ratio is 1 where a norm is 0."""

    def move(self, w, g, s, momentum=0.9, trust_coefficient=0.001, weight_decay=0.0):
        trust = trust_coefficient * length(w) / (length(g) + weight_decay * length(w))
        s["v"] = [momentum * v + self.lr * trust * (a + weight_decay * x)
                  for v, a, x in zip(s.get("v", [0.0] * len(w)), g, w)]
        return [x - v for x, v in zip(w, s["v"])]


class Lamb(Whole):
    """You et al. 2020, Algorithm 2."""

    def move(self, w, g, s, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
        zero = [0.0] * len(w)
        s["m"] = [beta1 * m + (1 - beta1) * a for m, a in zip(s.get("m", zero), g)]
        s["v"] = [beta2 * v + (1 - beta2) * a * a for v, a in zip(s.get("v", zero), g)]
        u = [m / (1 - beta1**self.t) / (math.sqrt(v / (1 - beta2**self.t)) + eps) + weight_decay * x
             for m, v, x in zip(s["m"], s["v"], w)]
        trust = length(w) / length(u)
        return [x - self.lr * trust * a for x, a in zip(w, u)]


class Sophia(Whole):
    """Liu et al. 2024, Algorithm 3, with the exact diagonal of the Hessian."""

    def move(self, w, g, s, beta1=0.96, beta2=0.99, gamma=0.05, rho=1.0, period=10, eps=1e-12, weight_decay=0.0):
        zero = [0.0] * len(w)
        if (self.t - 1) % period == 0:
            p = torch.tensor(w, dtype=torch.float64)
            exact = torch.autograd.functional.hessian(self.loss, p).diagonal().tolist()
            s["h"] = [beta2 * h + (1 - beta2) * e for h, e in zip(s.get("h", zero), exact)]
        s["m"] = [beta1 * m + (1 - beta1) * a for m, a in zip(s.get("m", zero), g)]
        moved = [max(-rho, min(rho, m / max(gamma * h, eps))) for m, h in zip(s["m"], s["h"])]
        return [x - self.lr * weight_decay * x - self.lr * a for x, a in zip(w, moved)]


class Wrapped(Whole):
    """Something around the step of `base`, one of torch.optim, with arguments `inner`."""

    def __init__(self, tensors, base, inner, **settings):
        super().__init__(tensors, inner["lr"], **settings)
        self.base, self.inner = base, inner
        self.own = base(tensors, **inner)

    def base_step(self, w, g):
        """The base's step from w with gradient g: where it comes to."""
        with torch.no_grad():
            self.tensor.copy_(torch.tensor(w, dtype=self.tensor.dtype))
            self.tensor.grad = torch.tensor(g, dtype=self.tensor.dtype)
        self.own.step()
        return self.tensor.tolist()


class Sam(Wrapped):
    """Foret et al. 2021, Algorithm 1; adaptive: Kwon et al. 2021, Algorithm 1."""

    def move(self, w, g, s, rho=0.05, adaptive=False):
        stretch = [abs(x) + 0.01 if adaptive else 1.0 for x in w]
        norm = length([a * t for a, t in zip(g, stretch)])
        return self.base_step(w, self.gradient([x + rho * t * t * a / norm for x, t, a in zip(w, stretch, g)]))


class Lookahead(Wrapped):
    """Zhang et al. 2019, Algorithm 1."""

    def move(self, w, g, s, k=5, alpha=0.5):
        slow = s.setdefault("slow", w)
        w = self.base_step(w, g)
        if self.t % k == 0:
            w = s["slow"] = [a + alpha * (b - a) for a, b in zip(slow, w)]
        return w


class Delayed(Wrapped):
    """The gradient of theta of `delay` steps ago, theta of the start before that."""

    def move(self, w, g, s, delay=1):
        past = s.setdefault("past", [w] * (delay + 1))
        past.append(w)
        past.pop(0)
        return self.base_step(w, self.gradient(past[0]))


ADADELTA, ADAMAX, ASGD = torch.optim.Adadelta, torch.optim.Adamax, torch.optim.ASGD
RADAM, RPROP = torch.optim.RAdam, torch.optim.Rprop


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
    ("amsgrad-decoupled", "amsgrad:lr=0.01,beta2=0.99,weight_decay=0.3,decoupled_weight_decay=true", ADAMW,
     dict(lr=0.01, weight_decay=0.3, amsgrad=True, **betas(0.9, 0.99))),
    ("adadelta", "adadelta:lr=0.3,rho=0.999", ADADELTA, dict(lr=0.3, rho=0.999)),
    ("adadelta-options", "adadelta:lr=0.05,rho=0.99,eps=1e-4,weight_decay=0.02", ADADELTA,
     dict(lr=0.05, rho=0.99, eps=1e-4, weight_decay=0.02)),
    ("adamax", "adamax:lr=0.05", ADAMAX, dict(lr=0.05)),
    ("adamax-options", "adamax:lr=0.005,beta1=0.8,beta2=0.995,eps=1e-3,weight_decay=0.02", ADAMAX,
     dict(lr=0.005, eps=1e-3, weight_decay=0.02, **betas(0.8, 0.995))),
    ("nadam", "nadam:lr=0.01", NAdam, dict(lr=0.01)),
    ("nadam-options", "nadam:lr=0.005,beta1=0.8,beta2=0.995,eps=1e-2,weight_decay=0.02,momentum_decay=0.01", NAdam,
     dict(lr=0.005, eps=1e-2, weight_decay=0.02, momentum_decay=0.01, beta1=0.8, beta2=0.995)),
    ("nadam-decoupled", "nadam:lr=0.005,weight_decay=0.3,decoupled_weight_decay=true", NAdam,
     dict(lr=0.005, weight_decay=0.3, decoupled=True)),
    ("radam", "radam:lr=0.006", RADAM, dict(lr=0.006)),
    ("radam-options", "radam:lr=0.002,beta1=0.8,beta2=0.99,eps=1e-2,weight_decay=0.02", RADAM,
     dict(lr=0.002, eps=1e-2, weight_decay=0.02, **betas(0.8, 0.99))),
    ("radam-decoupled", "radam:lr=0.002,beta2=0.99,weight_decay=0.3,decoupled_weight_decay=true", RAdamW,
     dict(lr=0.002, beta2=0.99, weight_decay=0.3)),
    ("rprop", "rprop:lr=0.01", RPROP, dict(lr=0.01)),
    ("rprop-options", "rprop:lr=0.001,eta_minus=0.4,eta_plus=1.1,step_min=1e-4,step_max=0.05", RPROP,
     dict(lr=0.001, etas=(0.4, 1.1), step_sizes=(1e-4, 0.05))),
    ("adam-uncorrected", "adam:lr=0.01,bias_correction=false", UncorrectedAdam, dict(lr=0.01)),
    ("adamw-uncorrected", "adamw:lr=0.01,bias_correction=false,weight_decay=0.1", UncorrectedAdam,
     dict(lr=0.01, weight_decay=0.1)),
    ("adabelief", "adabelief:lr=0.01", AdaBelief, dict(lr=0.01)),
    ("adabelief-options", "adabelief:lr=0.002,beta1=0.8,beta2=0.99,eps=1e-4,weight_decay=0.1", AdaBelief,
     dict(lr=0.002, beta1=0.8, beta2=0.99, eps=1e-4, weight_decay=0.1)),
    ("adan", "adan:lr=0.005", Adan, dict(lr=0.005)),
    ("adan-options", "adan:lr=0.005,beta1=0.9,beta2=0.8,beta3=0.995,eps=1e-3,weight_decay=0.1", Adan,
     dict(lr=0.005, beta1=0.9, beta2=0.8, beta3=0.995, eps=1e-3, weight_decay=0.1)),
    ("lion", "lion:lr=0.001", Lion, dict(lr=0.001)),
    ("lion-options", "lion:lr=0.002,beta1=0.8,beta2=0.95,weight_decay=0.1", Lion,
     dict(lr=0.002, beta1=0.8, beta2=0.95, weight_decay=0.1)),
    ("signsgd", "signsgd:lr=0.001,momentum=0", SignSGD, dict(lr=0.001, momentum=0.0)),
    ("signum", "signsgd:lr=0.002", SignSGD, dict(lr=0.002)),
    ("tiger", "signsgd:lr=0.002,momentum=0.965,weight_decay=0.1", SignSGD,
     dict(lr=0.002, momentum=0.965, weight_decay=0.1)),
    ("asgd", "asgd:lr=0.001", ASGD, dict(lr=0.001)),
    ("asgd-options", "asgd:lr=0.0015,lambd=0.01,alpha=0.6,t0=200,weight_decay=0.02", ASGD,
     dict(lr=0.0015, lambd=0.01, alpha=0.6, t0=200, weight_decay=0.02)),
    ("schedule-free-sgd", "schedule_free_sgd:lr=0.001", ScheduleFree, dict(lr=0.001)),
    ("schedule-free-sgd-options",
     "schedule_free_sgd:lr=0.002,momentum=0.8,weight_decay=0.02,warmup_steps=50,r=1,weight_lr_power=1", ScheduleFree,
     dict(lr=0.002, beta=0.8, weight_decay=0.02, warmup_steps=50, r=1.0, weight_lr_power=1.0)),
    ("schedule-free-adamw", "schedule_free_adamw:lr=0.01", ScheduleFree, dict(lr=0.01, adam=True)),
    ("schedule-free-adamw-options",
     "schedule_free_adamw:lr=0.005,beta1=0.8,beta2=0.995,eps=1e-3,weight_decay=0.05,warmup_steps=30,r=0.5",
     ScheduleFree, dict(lr=0.005, adam=True, beta=0.8, beta2=0.995, eps=1e-3, weight_decay=0.05, warmup_steps=30,
                        r=0.5)),
    ("lars", "lars:lr=0.5", Lars, dict(lr=0.5)),
    ("lars-options", "lars:lr=0.05,momentum=0.5,trust_coefficient=0.02,weight_decay=0.1", Lars,
     dict(lr=0.05, momentum=0.5, trust_coefficient=0.02, weight_decay=0.1)),
    ("lamb", "lamb:lr=0.002,weight_decay=0", Lamb, dict(lr=0.002)),
    ("lamb-options", "lamb:lr=0.005,beta1=0.8,beta2=0.995,eps=1e-2,weight_decay=0.1", Lamb,
     dict(lr=0.005, beta1=0.8, beta2=0.995, eps=1e-2, weight_decay=0.1)),
    ("sophia", "sophia:lr=0.002", Sophia, dict(lr=0.002)),
    ("sophia-options",
     "sophia:lr=0.005,beta1=0.9,beta2=0.9,gamma=0.5,rho=0.8,period=3,eps=1e-3,weight_decay=0.1", Sophia,
     dict(lr=0.005, beta1=0.9, beta2=0.9, gamma=0.5, rho=0.8, period=3, eps=1e-3, weight_decay=0.1)),
    ("sam-gd", "sam+gd:lr=0.001,sam_rho=0.02", Sam, dict(base=SGD, inner=dict(lr=0.001), rho=0.02)),
    ("sam-adam", "sam+adam:lr=0.005,sam_rho=0.01,eps=1e-2", Sam,
     dict(base=ADAM, inner=dict(lr=0.005, eps=1e-2), rho=0.01)),
    ("asam-gd", "sam+gd:lr=5e-4,sam_rho=0.02,adaptive=true", Sam,
     dict(base=SGD, inner=dict(lr=5e-4), rho=0.02, adaptive=True)),
    ("lookahead-momentum", "lookahead+momentum:lr=2e-4", Lookahead, dict(base=SGD, inner=dict(lr=2e-4, momentum=0.9))),
    ("lookahead-adam", "lookahead+adam:lr=0.01,sync_period=7,slow_step=0.3", Lookahead,
     dict(base=ADAM, inner=dict(lr=0.01), k=7, alpha=0.3)),
    ("delayed-gd", "delayed+gd:lr=5e-4,delay=1", Delayed, dict(base=SGD, inner=dict(lr=5e-4), delay=1)),
    ("delayed-momentum", "delayed+momentum:lr=2e-5,momentum=0.8,delay=4", Delayed,
     dict(base=SGD, inner=dict(lr=2e-5, momentum=0.8), delay=4)),
]


def average(optimizer, position):
    """What one that averages has found."""
    if isinstance(optimizer, ASGD):
        return optimizer.state[position]["ax"].tolist()
    return optimizer.average() if hasattr(optimizer, "average") else []


def write_optimizers(out):
    for name, spec, make, arguments in OPTIMIZERS:
        for surface, (loss, start) in SURFACES.items():
            position = torch.tensor(start, dtype=torch.float64, requires_grad=True)
            torch.set_default_dtype(torch.float64)  # ASGD's rate is a tensor of it
            optimizer = make([position], **arguments)
            optimizer.loss = loss
            out.write(f"case {name} | {spec} | {surface}\n")
            for step in range(1, STEPS + 1):
                optimizer.zero_grad()
                loss(position).backward()
                optimizer.step()
                if step <= 10 or step % 10 == 0:
                    numbers = position.tolist() + average(optimizer, position)
                    out.write(" ".join([str(step)] + [f"{x:.17g}" for x in numbers]) + "\n")


def hills(p):
    x, y = p
    return x.sin() + (y / 2).cos() - 0.05 * (x * x + y * y) + 0.1 * x * y


def dome(p):
    """Eigenvalues -2.1 and -8.9, and a maximum that is not at 0, so that weight decay is felt there."""
    return -quadratic(p)


# Our spec string of the surface, and the same in PyTorch. All begin at (-1.35, 1.55).
HEIGHTS = {
    "expr:sin(x)+cos(y/2)-0.05*(x^2+y^2)+0.1*x*y": hills,
    "expr:-0.5*(4*(x-0.5)^2+6*(x-0.5)*(y+0.25)+7*(y+0.25)^2)": dome,
}

# Every class of 1.13 that has the argument; weight decay pulls towards 0 all the same.
MAXIMIZERS = [
    ("gd", "gd:lr=0.01,weight_decay=0.05", SGD, dict(lr=0.01, weight_decay=0.05)),
    ("momentum", "momentum:lr=0.005,momentum=0.9,dampening=0.3,weight_decay=0.02", SGD,
     dict(lr=0.005, momentum=0.9, dampening=0.3, weight_decay=0.02)),
    ("nesterov", "nesterov:lr=0.005,momentum=0.8,weight_decay=0.02", SGD,
     dict(lr=0.005, momentum=0.8, nesterov=True, weight_decay=0.02)),
    ("adagrad", "adagrad:lr=0.3,weight_decay=0.02,lr_decay=0.001", ADAGRAD,
     dict(lr=0.3, weight_decay=0.02, lr_decay=0.001)),
    ("adadelta", "adadelta:lr=0.05,rho=0.99,eps=1e-4,weight_decay=0.02", ADADELTA,
     dict(lr=0.05, rho=0.99, eps=1e-4, weight_decay=0.02)),
    ("rmsprop", "rmsprop:lr=0.0002,alpha=0.98,eps=1e-3,centered=true,momentum=0.7,weight_decay=0.02", RMSPROP,
     dict(lr=0.0002, alpha=0.98, eps=1e-3, centered=True, momentum=0.7, weight_decay=0.02)),
    ("rprop", "rprop:lr=0.01", RPROP, dict(lr=0.01)),
    ("adam", "adam:lr=0.02", ADAM, dict(lr=0.02)),
    ("adam-l2", "adam_l2:lr=0.01,weight_decay=0.05", ADAM, dict(lr=0.01, weight_decay=0.05)),
    ("adamw", "adamw:lr=0.01,weight_decay=0.3", ADAMW, dict(lr=0.01, weight_decay=0.3)),
    ("amsgrad", "amsgrad:lr=0.01,weight_decay=0.05", ADAM, dict(lr=0.01, weight_decay=0.05, amsgrad=True)),
    ("amsgrad-decoupled", "amsgrad:lr=0.01,weight_decay=0.3,decoupled_weight_decay=true", ADAMW,
     dict(lr=0.01, weight_decay=0.3, amsgrad=True)),
    ("adamax", "adamax:lr=0.005,weight_decay=0.02", ADAMAX, dict(lr=0.005, weight_decay=0.02)),
    ("asgd", "asgd:lr=0.01,lambd=0.01,weight_decay=0.02,found=last", ASGD, dict(lr=0.01, lambd=0.01, weight_decay=0.02)),
]


def write_maximizers(out):
    for name, spec, make, arguments in MAXIMIZERS:
        for surface, height in HEIGHTS.items():
            position = torch.tensor((-1.35, 1.55), dtype=torch.float64, requires_grad=True)
            optimizer = make([position], maximize=True, **arguments)
            out.write(f"case {name} | {spec} | {surface}\n")
            for step in range(1, STEPS + 1):
                optimizer.zero_grad()
                height(position).backward()
                optimizer.step()
                if step <= 10 or step % 10 == 0:
                    out.write(" ".join([str(step)] + [f"{x:.17g}" for x in position.tolist()]) + "\n")


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
    for name, write in (("optimizer_traces.txt", write_optimizers), ("maximize_traces.txt", write_maximizers),
                        ("schedule_traces.txt", write_schedules)):
        with open(os.path.join(HERE, name), "w", encoding="ascii", newline="\n") as out:
            out.write(heading)
            write(out)


if __name__ == "__main__":
    main()
