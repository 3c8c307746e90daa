"""The peer of bench/engine.ts: PyTorch. Says as JSON what it is; then reads the name of a case a line, runs it once and prints its seconds."""
import json
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

clock = time.process_time if sys.argv[2] == "processor" else time.perf_counter


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class InverseDcgan(nn.Module):
    """As src/attack/inversion/inverse-dcgan.ts, with one residual layer between blocks."""

    def __init__(self, size=512):
        super().__init__()
        self.input = nn.Linear(size, 8192, bias=False)
        self.norm = nn.BatchNorm1d(8192)
        layers = []
        channels = [512, 256, 128, 64, 32]
        for i, (a, b) in enumerate(zip(channels, channels[1:])):
            layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
            if i < 3:
                layers.append(Residual(b))
        self.blocks = nn.Sequential(*layers)
        self.output = nn.ConvTranspose2d(32, 3, 4, 2, 1)

    def forward(self, x):
        x = F.relu(self.norm(self.input(x))).view(-1, 512, 4, 4)
        return torch.sigmoid(self.output(self.blocks(x)))


def step_case():
    net = InverseDcgan()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, y = torch.randn(16, 512), torch.rand(16, 3, 128, 128)

    def run():
        optimiser.zero_grad()
        F.l1_loss(net(x), y).backward()
        optimiser.step()

    return run, sum(p.numel() for p in net.parameters())


def gradient_cases(make, inputs, name):
    """Forward, input gradient and weight gradient of one layer."""
    x = torch.randn(*inputs)
    layer = make()
    weight = layer.weight
    with torch.no_grad():
        dy = torch.randn_like(layer(x))

    def gradient_of(wanted):
        def run():
            a = x.clone().requires_grad_(wanted == "input")
            weight.requires_grad_(wanted == "weight")
            y = layer(a)
            start = clock()
            torch.autograd.grad(y, a if wanted == "input" else weight, dy)
            return clock() - start

        return run

    def forward():
        with torch.no_grad():
            layer(x)

    return {f"{name} forward": forward, f"{name} input gradient": gradient_of("input"), f"{name} weight gradient": gradient_of("weight")}


def matrix_speed(size=512):
    """GFLOP/s of a product of matrices on one thread, by its processor time: which BLAS this is, whatever it is called. Several may be mapped at once."""
    a = torch.randn(size, size)
    seconds = []
    for _ in range(5):
        start = time.thread_time()
        torch.mm(a, a)
        seconds.append(time.thread_time() - start)
    return 2e-9 * size**3 / min(seconds)


def blas():
    """Files of the libblas in this process, with what it stands for; MKL may be linked into PyTorch itself."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libblas" in line or "libmkl" in line}
    return sorted(os.path.realpath(path) for path in paths) + (["MKL"] if torch.backends.mkl.is_available() else [])


torch.set_num_threads(1)
speed = matrix_speed()
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
step, parameters = step_case()
cases = {"step": step}
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, padding=1, bias=False), (16, 64, 32, 32), "conv"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, stride=2, padding=1, bias=False), (16, 64, 56, 56), "strided"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 1, bias=False), (16, 64, 28, 28), "pointwise"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, stride=2, padding=1, groups=4, bias=False), (16, 64, 56, 56), "grouped"))
cases.update(gradient_cases(lambda: nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), (16, 128, 16, 16), "convTranspose"))
cases.update(gradient_cases(lambda: nn.Conv2d(128, 128, 3, padding=1, groups=128, bias=False), (16, 128, 28, 28), "depthwise"))
cases.update(gradient_cases(lambda: nn.Conv2d(128, 128, 3, stride=2, padding=1, groups=128, bias=False), (16, 128, 56, 56), "depthwiseStrided"))
print(json.dumps({"version": torch.__version__, "blas": blas(), "matrixGigaFlops": speed, "parameters": parameters}), flush=True)
for line in sys.stdin:
    case = cases[line.strip()]
    start = clock()
    own = case()
    print(own if own is not None else clock() - start, flush=True)
