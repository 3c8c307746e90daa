"""The peer of bench/attack.ts: projected gradient descent in plain PyTorch, on a network of MobileFaceNet's shape (its weights are random: PyTorch reads no ONNX)."""
import torch
from torch import nn
from torch.nn import functional as F

from torch_peer import serve

FACES = 8
STEPS = 20
EPSILON = 8 / 255
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def conv(inputs, outputs, kernel, stride=1, pad=0, groups=1, activation=nn.ReLU6):
    """A convolution whose normalisation is folded into it, as in the .onnx."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups)
    return nn.Sequential(layer, activation()) if activation else layer


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        inner = inputs * expansion
        self.is_residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            conv(inputs, inner, 1),
            conv(inner, inner, 3, stride, 1, groups=inner),
            conv(inner, outputs, 1, activation=None),
        )

    def forward(self, x):
        return x + self.layers(x) if self.is_residual else self.layers(x)


def mobile_face_net():
    layers = [conv(3, 64, 3, 2, 1), conv(64, 64, 3, 1, 1, groups=64, activation=nn.ReLU), conv(64, 64, 1, activation=nn.ReLU)]
    channels = 64
    for expansion, outputs, count, stride in [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)]:
        for i in range(count):
            layers.append(Bottleneck(channels, outputs, expansion, stride if i == 0 else 1))
            channels = outputs
    layers += [conv(128, 512, 1), conv(512, 512, 7, groups=512, activation=None), conv(512, 128, 1, activation=None), nn.Flatten()]
    return nn.Sequential(*layers).eval().requires_grad_(False)


net = mobile_face_net()
clean = torch.rand(FACES, 3, 112, 112)
references = torch.randn(FACES, 128)


def pgd():
    low, high = (clean - EPSILON).clamp(0, 1), (clean + EPSILON).clamp(0, 1)
    faces = (clean + (2 * torch.rand_like(clean) - 1) * EPSILON).clamp(0, 1)
    for _ in range(STEPS):
        faces.requires_grad_(True)
        similarity = F.cosine_similarity(net((faces - MEAN) / DEVIATION), references).sum()
        (gradient,) = torch.autograd.grad(similarity, faces)
        faces = (faces.detach() + EPSILON / 4 * gradient.sign()).clamp(low, high)


serve({"pgd": pgd}, sum(p.numel() for p in net.parameters()))
