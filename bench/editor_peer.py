"""
The peer of bench/editor.ts: the game of src/defence/photo/attribute/{networks,editor-training}.ts in PyTorch. What is played (shape, losses, weights, batch) lies in the folder that is
the third argument, written by bench/editor.ts; names of weights and flags are ours, and so is the arrangement: nothing is computed twice that a turn needs once.
"""
import json
import math
import sys

import torch
from torch.nn import functional as F

from torch_peer import serve

FOLDER = sys.argv[3]


def read(tensors):
    """Tensors of a case by name, copied out of the common file."""
    numbers = torch.from_file(f"{FOLDER}/tensors.bin", size=NUMBERS)
    return {
        name: numbers[start : start + math.prod(shape)].view(shape).clone() for name, (start, shape) in tensors.items()
    }


def for_torch(name, weight):
    """A linear layer's weight lies the other way round here."""
    is_linear = name.endswith("weight") and weight.dim() == 2
    return (weight.t().contiguous() if is_linear else weight).requires_grad_(True)


class Game:
    """One editor and one critic, and the turns that train them."""

    def __init__(self, case):
        self.__dict__.update({key: case[key] for key in ("shape", "losses", "adversary", "hardening", "reconstructed")})
        self.batch = read(case["batch"])
        self.weights = {name: for_torch(name, weight) for name, weight in read(case["weights"]).items()}
        self.buffers = read(case["buffers"])
        # Of each player its own, whose first steps are those of its own turns.
        self.optimisers = {
            player: torch.optim.Adam(self.weights_of(player), lr=case["learningRate"], betas=(0.5, 0.999))
            for player in ("critic", "editor")
        }

    def weights_of(self, player):
        return [weight for name, weight in self.weights.items() if name.startswith(player)]

    # Layers.

    def conv(self, name, x):
        kernel = self.shape["kernel"]
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"), 2, (kernel - 1) // 2)

    def conv_transpose(self, name, x):
        kernel = self.shape["kernel"]
        weight, bias = self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias")
        return F.conv_transpose2d(x, weight, bias, 2, (kernel - 1) // 2, kernel % 2)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def batch_norm(self, name, x):
        mean, variance = self.buffers[f"{name}.mean"], self.buffers[f"{name}.variance"]
        scale, bias = self.weights[f"{name}.scale"], self.weights[f"{name}.bias"]
        return F.batch_norm(x, mean, variance, scale, bias, training=True, momentum=0.05)

    def instance_norm(self, name, x):
        return F.instance_norm(x, weight=self.weights[f"{name}.scale"], bias=self.weights[f"{name}.bias"])

    # Networks.

    def edit(self, faces, attributes):
        """As editFaces: rows beyond the faces edit the first ones once more, which are encoded once."""
        shape, rows = self.shape, len(attributes)
        more = lambda x: torch.cat([x, x[: rows - len(x)]]) if rows > len(x) else x
        joined = lambda x: torch.cat([x, attributes[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        x, maps, depth = faces, [], len(shape["channels"])
        for i in range(depth):
            layer = f"editor.encoder.layer{i + 1}"
            x = F.leaky_relu(self.batch_norm(f"{layer}.norm", self.conv(f"{layer}.conv", x)), 0.2)
            maps.append(x)
        x = joined(more(x))
        for i in range(depth - 1):
            layer = f"editor.decoder.layer{i + 1}"
            x = F.relu(self.batch_norm(f"{layer}.norm", self.conv_transpose(f"{layer}.conv", x)))
            if i < shape["shortcuts"]:
                x = torch.cat([x, more(maps[depth - 2 - i])], 1)
            if i < shape["injections"]:
                x = joined(x)
        x = self.conv_transpose("editor.decoder.output", x)
        if shape["gives"] == "face":
            return torch.tanh(x)
        return more(faces) + smoothed(x)

    def features(self, faces, head):
        """Of the convolutions that this head of the critic looks through."""
        prefix = "critic" if self.shape["criticShares"] else f"critic.{head}"
        x = faces
        for i in range(len(self.shape["criticChannels"])):
            x = self.conv(f"{prefix}.layer{i + 1}.conv", x)
            is_plain = i == 0 and self.shape["criticSeesTone"]
            x = F.leaky_relu(x if is_plain else self.instance_norm(f"{prefix}.layer{i + 1}.norm", x), 0.2)
        return x.flatten(1)

    def seen(self, faces, *heads):
        """Features for each head: the same ones where the heads share."""
        if not self.shape["criticShares"]:
            return [self.features(faces, head) for head in heads]
        return [self.features(faces, None)] * len(heads)

    def hidden(self, head, features):
        return F.leaky_relu(self.linear(f"critic.{head}.hidden", features), 0.2)

    def realness(self, hidden, said):
        overall = self.linear("critic.realness.output", hidden)
        if not self.shape["criticConditions"]:
            return overall
        return overall + (self.linear("critic.realness.said", hidden) * said).mean(1, keepdim=True)

    def log_odds(self, features):
        return self.linear("critic.classifier.output", self.hidden("classifier", features))

    # Turns.

    def wanted(self):
        own, target = self.batch["own"], self.batch["target"]
        is_target = self.shape["condition"] == "target"
        return (target / 2, own / 2) if is_target else ((target - own) / 2, torch.zeros_like(own))

    def critic_turn(self):
        own, target = self.batch["own"], self.batch["target"]
        face = self.batch["face"] * 2 - 1
        with torch.no_grad():
            edited = self.edit(face, self.wanted()[0])
        photo = face.requires_grad_(self.hardening > 0)
        for_realness, for_classifier = self.seen(photo, "realness", "classifier")
        reading = F.binary_cross_entropy_with_logits(self.log_odds(for_classifier), (own + 1) / 2)
        if self.hardening > 0:
            (slope,) = torch.autograd.grad(reading, photo, retain_graph=self.shape["criticShares"])
            harder = (face.detach() + 2 * self.hardening * slope.sign()).clamp(-1, 1)
            (features,) = self.seen(harder, "classifier")
            reading = F.binary_cross_entropy_with_logits(self.log_odds(features), (own + 1) / 2)
        of_photo = self.hidden("realness", for_realness)
        real = self.realness(of_photo, own)
        fake = self.realness(self.hidden("realness", *self.seen(edited, "realness")), target)
        figures = {"reading": reading}
        if self.adversary == "lsgan":
            falsely = fake.square().mean()
            if self.shape["criticConditions"]:
                falsely = (falsely + self.realness(of_photo, target).square().mean()) / 2
            figures["told"] = ((real - 1).square().mean() + falsely) / 2
            loss = figures["told"] + reading
        else:
            figures["told"] = fake.mean() - real.mean()
            blend = self.batch["blend"]
            between = (face.detach() * blend + edited * (1 - blend)).requires_grad_(True)
            judged = self.realness(self.hidden("realness", *self.seen(between, "realness")), own)
            (slope,) = torch.autograd.grad(judged.sum(), between, create_graph=True)
            steepness = (slope.square().sum((1, 2, 3)) + 1e-12).sqrt()
            figures["penalty"] = (steepness - 1).square().mean()
            loss = figures["told"] + self.losses["penalty"] * figures["penalty"] + reading
        return self.move("critic", loss, {**figures, "critic": loss})

    def editor_turn(self):
        own, target = self.batch["own"], self.batch["target"]
        face = self.batch["face"] * 2 - 1
        wanted, kept = self.wanted()
        made = self.edit(face, torch.cat([wanted, kept[: self.reconstructed]]))
        edited, again = made[: len(face)], made[len(face) :]
        for_realness, for_classifier = self.seen(edited, "realness", "classifier")
        realness = self.realness(self.hidden("realness", for_realness), target)
        log_odds = self.log_odds(for_classifier)
        terms = {
            "adversarial": lambda: (realness - 1).square().mean() if self.adversary == "lsgan" else -realness.mean(),
            "attributes": lambda: F.binary_cross_entropy_with_logits(log_odds, (target + 1) / 2),
            "turned": lambda: turned(log_odds, (target + 1) / 2, (target - own).abs()),
            "reconstruction": lambda: F.l1_loss(again, face[: self.reconstructed]),
            "change": lambda: F.l1_loss(edited, face),
            "colour": lambda: F.l1_loss(colours(edited), colours(face)),
        }
        figures = {name: compute() for name, compute in terms.items() if self.losses[name] > 0}
        return self.move("editor", sum(self.losses[name] * value for name, value in figures.items()), figures)

    def move(self, player, loss, figures):
        """Moves a player's weights, and tells the figures and the length of the gradient."""
        weights = self.weights_of(player)
        gradients = torch.autograd.grad(loss, weights)
        for weight, gradient in zip(weights, gradients):
            weight.grad = gradient
        self.optimisers[player].step()
        return {"loss": loss, **figures}, gradients

    def step(self):
        """What is timed."""
        self.critic_turn()
        self.editor_turn()

    def figures(self):
        """A step's figures, turn by turn, for the comparison with ours."""
        return [told(*turn()) for turn in (self.critic_turn, self.editor_turn)]


def told(figures, gradients):
    length = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
    return {name: value.item() for name, value in {**figures, "gradient": length}.items()}


def turned(log_odds, share, distance):
    """Cross-entropy over what is to change, each face counting alike."""
    weight = distance / (distance.sum(1, keepdim=True) + 1e-6)
    each = F.binary_cross_entropy_with_logits(log_odds, share, reduction="none")
    return (each * weight).sum() / (weight.sum() + 1e-6)


def colours(faces):
    """Red minus green and blue minus green."""
    return faces[:, [0, 2]] - faces[:, 1:2]


def smoothed(change):
    """Under 1 2 1 both ways; the colour once more, and again over twice as far."""
    fine = binomial(change, 1)
    luma = (fine * LUMA).sum(1, keepdim=True)
    return luma + binomial(binomial(fine - luma, 1), 2)


def binomial(x, apart):
    return F.conv2d(x, SMOOTHING, padding=apart, dilation=apart, groups=3)


LUMA = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
SMOOTHING = (torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16).expand(3, 1, 3, 3).contiguous()

with open(f"{FOLDER}/cases.json") as file:
    manifest = json.load(file)
NUMBERS = manifest["numbers"]
cases, parameters = {}, 0
for name, case in manifest["cases"].items():
    game = Game(case)
    parameters += sum(weight.numel() for weight in game.weights.values())
    cases[f"{name} figures"] = game.figures
    cases[f"{name} step"] = game.step
serve(cases, parameters)
