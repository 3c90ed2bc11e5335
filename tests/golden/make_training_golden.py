#!/usr/bin/python3
"""Writes training_traces.txt from PyTorch: losses of the first 50 steps of a small network.

Run with a Python that has torch (Debian: python3-torch, 1.13):

    /usr/bin/python3 tests/golden/make_training_golden.py

One small data set (64 samples of 12 bytes, 4 classes), one batch order, one set of initial weights for
each network; then every optimizer from those. Single precision, as both sides train; PyTorch's own
losses in double differ from these by less than 2e-5 relative; their last digits depend on the processor.

Format, numbers with 9 significant digits, which read back to the same floats:
  bytes / labels / order    the data, and the samples of step t at 16 t .. 16 t + 15
  net <name> | <model>      then "w <tensor> <numbers>": linear weights as inputs x outputs
  case <net> | <optimizer>  then "<step> <loss>"
"""

import os

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES, FEATURES, HIDDEN, CLASSES, BATCH, STEPS = 64, 12, 10, 4, 16, 50
MEAN, DEVIATION = 0.4, 0.3

NETS = [
    ("plain", f"linear:units={HIDDEN}; relu; linear:units={CLASSES}"),
    ("norm", f"linear:units={HIDDEN}; batch_norm; relu; linear:units={CLASSES}"),
    ("blocks", f"linear:units={HIDDEN}; residual:units=14,activation=gelu,norm=layer_norm; group_norm:groups=2; "
               f"residual:activation=tanh,norm=batch_norm,norm_first=0; linear:units={CLASSES}"),
]

OPTIMIZERS = [
    ("gd:lr=0.1", lambda p: torch.optim.SGD(p, 0.1)),
    ("momentum:lr=0.05,momentum=0.9", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
    ("momentum:lr=0.05,momentum=0.8,weight_decay=0.01",
     lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, weight_decay=0.01)),
    ("rmsprop:lr=0.002", lambda p: torch.optim.RMSprop(p, 0.002)),
    ("adam:lr=0.005", lambda p: torch.optim.Adam(p, 0.005)),
    ("adamw:lr=0.005,weight_decay=0.1", lambda p: torch.optim.AdamW(p, 0.005, weight_decay=0.1)),
]


class Residual(torch.nn.Module):
    """Linear layers around an activation, added to their input, normalised before or after."""

    def __init__(self, width, units, activation, norm, norm_first):
        super().__init__()
        self.norm = norm
        self.linear1 = torch.nn.Linear(width, units)
        self.linear2 = torch.nn.Linear(units, width)
        self.activation = activation
        self.norm_first = norm_first

    def forward(self, x):
        if self.norm_first:
            return x + self.linear2(self.activation(self.linear1(self.norm(x))))
        return self.norm(x + self.linear2(self.activation(self.linear1(x))))


def build(name):
    if name == "blocks":
        return torch.nn.Sequential(
            torch.nn.Linear(FEATURES, HIDDEN),
            Residual(HIDDEN, 14, torch.nn.GELU(), torch.nn.LayerNorm(HIDDEN), True),
            torch.nn.GroupNorm(2, HIDDEN),
            Residual(HIDDEN, HIDDEN, torch.nn.Tanh(), torch.nn.BatchNorm1d(HIDDEN), False),
            torch.nn.Linear(HIDDEN, CLASSES))
    layers = [torch.nn.Linear(FEATURES, HIDDEN)]
    if name == "norm":
        layers.append(torch.nn.BatchNorm1d(HIDDEN))
    layers += [torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)]
    return torch.nn.Sequential(*layers)


def numbers(tensor):
    return " ".join(f"{x:.9g}" for x in tensor.detach().flatten().tolist())


def train(state, name, make, samples, labels, order, dtype):
    net = build(name)
    net.load_state_dict(state)
    net.to(dtype)
    optimizer = make(net.parameters())
    criterion = torch.nn.CrossEntropyLoss()
    losses = []
    inputs = ((samples.to(torch.float64) / 255 - MEAN) / DEVIATION).to(dtype)
    for step in range(STEPS):
        batch = order[step * BATCH:(step + 1) * BATCH]
        optimizer.zero_grad()
        loss = criterion(net(inputs[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    torch.set_num_threads(1)
    random = numpy.random.default_rng(5)
    labels = torch.from_numpy(random.integers(0, CLASSES, SAMPLES))
    noise = random.integers(0, 150, (SAMPLES, FEATURES))
    signal = 100 * (numpy.arange(FEATURES)[None, :] % CLASSES == labels.numpy()[:, None])
    samples = torch.from_numpy(noise + signal)
    order = torch.from_numpy(numpy.concatenate(
        [random.permutation(SAMPLES) for _ in range(STEPS * BATCH // SAMPLES + 1)])[:STEPS * BATCH])
    with open(os.path.join(HERE, "training_traces.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write(f"# Written by tests/golden/make_training_golden.py with torch {torch.__version__}. Do not edit.\n")
        for name, values in (("bytes", samples), ("labels", labels), ("order", order)):
            out.write(name + " " + " ".join(str(x) for x in values.flatten().tolist()) + "\n")
        worst = 0.0
        for name, model in NETS:
            torch.manual_seed(3)
            state = {key: value.clone() for key, value in build(name).state_dict().items()}
            out.write(f"net {name} | {model}\n")
            for key, value in build(name).named_parameters():
                value = state[key]
                out.write(f"w {key} {numbers(value.t() if value.dim() == 2 else value)}\n")
            for spec, make in OPTIMIZERS:
                single = train(state, name, make, samples, labels, order, torch.float32)
                double = train(state, name, make, samples, labels, order, torch.float64)
                worst = max([worst] + [abs(a - b) / b for a, b in zip(single, double)])
                out.write(f"case {name} | {spec}\n")
                for step, loss in enumerate(single):
                    out.write(f"{step} {loss:.9g}\n")
        print(f"largest relative difference between single and double: {worst:.2e}")


if __name__ == "__main__":
    main()
