"""The peer of bench/engine.ts: PyTorch."""
import torch
from torch import nn
from torch.nn import functional as F

from torch_peer import clock, serve


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


step, parameters = step_case()
cases = {"step": step}
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, padding=1, bias=False), (16, 64, 32, 32), "conv"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, stride=2, padding=1, bias=False), (16, 64, 56, 56), "strided"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 1, bias=False), (16, 64, 28, 28), "pointwise"))
cases.update(gradient_cases(lambda: nn.Conv2d(64, 128, 3, stride=2, padding=1, groups=4, bias=False), (16, 64, 56, 56), "grouped"))
cases.update(gradient_cases(lambda: nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), (16, 128, 16, 16), "convTranspose"))
cases.update(gradient_cases(lambda: nn.Conv2d(128, 128, 3, padding=1, groups=128, bias=False), (16, 128, 28, 28), "depthwise"))
cases.update(gradient_cases(lambda: nn.Conv2d(128, 128, 3, stride=2, padding=1, groups=128, bias=False), (16, 128, 56, 56), "depthwiseStrided"))
serve(cases, parameters)
