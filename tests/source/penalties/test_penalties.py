"""Which L2 terms over parameters reach a loss or a gradient, and what only looks like one.

Each program is a specification: a comment `# penalty` stands on every line where one must be found, and
nothing may be found anywhere else.
"""

from __future__ import annotations

import textwrap

import pytest

from wdlint.facts import Confidence, Origin, Sink
from wdlint.source.observation import evaluator_of
from wdlint.source.penalties.draft import PenaltyDraft, PenaltyReach
from wdlint.source.penalties.search import penalties
from wdlint.source.read import positions
from wdlint.source.read.parse import parse_text
from wdlint.source.read.project import Project
from wdlint.source.values.values import Known

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""


def read(text: str) -> list[tuple[int, PenaltyDraft]]:
    """The penalties of a program, each with its line."""
    module = parse_text(text, "train.py")
    project = Project()
    project.adopt(module)
    found = list(penalties(evaluator_of(project, module), module))
    spans = positions.recorded(module)[0]
    return [(spans[id(draft.node.origin)][0], draft) for draft in found]


def lines(text: str) -> tuple[set[int], set[int]]:
    """The lines where penalties are found, and those that are marked."""
    text = HEAD + textwrap.dedent(text)
    marked = {number for number, line in enumerate(text.splitlines(), 1) if "# penalty" in line}
    return {line for line, _ in read(text)}, marked


def only(text: str) -> PenaltyDraft:
    """The one penalty of a program."""
    ((_, draft),) = read(HEAD + textwrap.dedent(text))
    return draft


def in_step(term: str) -> str:
    """A training step over a small model whose loss carries the term."""
    return f"""
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))

        def step(x, y, strength=1e-3):
            loss = F.mse_loss(model(x), y) + strength * {term}
            loss.backward()
    """


SPELLINGS = [
    "sum(p.pow(2).sum() for p in model.parameters())",
    "sum(p.pow(2.0).sum() for p in model.parameters())",
    "sum((p ** 2).sum() for p in model.parameters())",
    "sum(torch.sum(p ** 2) for p in model.parameters())",
    "sum([torch.sum(torch.square(w)) for w in model.parameters()])",
    "sum(torch.pow(p, 2).sum() for p in model.parameters())",
    "sum(p.square().sum() for p in model.parameters())",
    "sum((w * w).sum() for w in model.parameters())",
    "sum(torch.sum(w * w) for w in model.parameters())",
    "sum(torch.norm(p) for p in model.parameters())",
    "sum(torch.norm(p, 2) ** 2 for p in model.parameters())",
    "sum(torch.norm(p, p=2).pow(2) for p in model.parameters())",
    "sum(torch.norm(p, p='fro') for p in model.parameters())",
    "sum(p.norm(2) for p in model.parameters())",
    "sum(p.norm() ** 2 for p in model.parameters())",
    "sum(torch.linalg.norm(p) ** 2 for p in model.parameters())",
    "sum(torch.linalg.vector_norm(p) for p in model.parameters())",
    "sum(torch.dot(p.view(-1), p.view(-1)) for p in model.parameters())",
    "sum(F.mse_loss(p, torch.zeros_like(p), reduction='sum') for p in model.parameters())",
    "sum(map(lambda p: p.pow(2).sum(), model.parameters()))",
    "torch.stack([p.pow(2).sum() for p in model.parameters()]).sum()",
    "torch.norm(torch.stack([torch.norm(p) for p in model.parameters()]))",
    "torch.cat([p.view(-1) for p in model.parameters()]).pow(2).sum()",
    "torch.nn.utils.parameters_to_vector(model.parameters()).norm()",
    "torch.sqrt(sum(p.pow(2).sum() for p in model.parameters()))",
    "sum(p.pow(2).sum() for n, p in model.named_parameters() if 'bias' not in n)",
    "sum(p.pow(2).sum() for p in model.parameters() if p.dim() > 1) / 2",
    "0.5 * sum(p.pow(2).sum() for p in model.parameters())",
    "model[0].weight.norm(2)",
    "(model[0].weight ** 2).mean()",
]


@pytest.mark.parametrize("term", SPELLINGS)
def test_every_spelling_of_an_l2_term_is_found(term: str) -> None:
    draft = only(in_step(term))
    assert draft.sink is Sink.LOSS
    assert draft.confidence is Confidence.PROVEN


NO_L2 = [
    "sum(p.abs().sum() for p in model.parameters())",
    "sum(torch.norm(p, 1) for p in model.parameters())",
    "sum(p.norm(p=1) for p in model.parameters())",
    "sum(torch.norm(p, p=float('inf')) for p in model.parameters())",
    "sum(p.pow(3).sum() for p in model.parameters())",
    "sum((p ** 4).sum() for p in model.parameters())",
    "sum(p.norm(2) ** 3 for p in model.parameters())",
    "sum(p.sum() ** 2 for p in model.parameters())",
    "sum(p.grad.norm() for p in model.parameters())",
    "sum((p.grad ** 2).sum() for p in model.parameters())",
    "sum(p.detach().norm() for p in model.parameters())",
    "sum(p.data.norm() for p in model.parameters())",
    "sum(p.norm().item() for p in model.parameters())",
    "sum((p - q).pow(2).sum() for p, q in zip(model.parameters(), anchor.parameters()))",
    "sum(torch.norm(p - q) ** 2 for p, q in zip(model.parameters(), anchor.parameters()))",
    "sum((fisher[n] * p.pow(2)).sum() * torch.rand(1) for n, p in model.named_parameters())",
    "model(x).pow(2).sum()",
    "x.norm()",
    "sum(h.pow(2).sum() for h in hidden)",
    "torch.norm(model[0].weight, dim=1).sum()",
    "(torch.sigmoid(x) * model[0].weight.pow(2).sum()).mean()",
    "(model[0].weight @ model[0].weight.t() - torch.eye(4)).pow(2).sum()",
    "F.mse_loss(model[0].weight, target)",
]


@pytest.mark.parametrize("term", NO_L2)
def test_what_looks_like_an_l2_term_and_is_none(term: str) -> None:
    found, _ = lines(in_step(term))
    assert not found


ROUTES = {
    "accumulated and added once": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            l2 = torch.tensor(0.)
            for p in model.parameters():
                l2 += torch.norm(p) ** 2  # penalty
            loss = loss + 1e-4 * l2
            loss.backward()
    """,
    "added in the loop": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            for name, p in model.named_parameters():
                if "weight" in name:
                    loss = loss + 1e-4 * p.pow(2).sum()  # penalty
            loss.backward()
    """,
    "started with None": """
        def train(model, x, y):
            l2 = None
            for p in model.parameters():
                if l2 is None:
                    l2 = p.norm(2)  # penalty
                else:
                    l2 = l2 + p.norm(2)  # penalty
            loss = F.mse_loss(model(x), y) + 1e-4 * l2
            loss.backward()
    """,
    "a helper": """
        def l2_reg(model):
            total = 0.0
            for p in model.parameters():
                total = total + p.square().sum()  # penalty
            return total

        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            (loss + 1e-4 * l2_reg(model)).backward()
    """,
    "a helper of one weight": """
        def l2_penalty(w):
            return w.pow(2).sum() / 2  # penalty

        def train(X, y, lambd):
            w = torch.normal(0, 1, size=(200, 1), requires_grad=True)
            b = torch.zeros(1, requires_grad=True)
            l = ((X @ w + b) - y) ** 2 + lambd * l2_penalty(w)
            l.sum().backward()
    """,
    "a method of the model": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 1)

            def forward(self, x):
                return self.fc(x)

            def penalty(self):
                return self.fc.weight.pow(2).sum()  # penalty

        net = Net()

        def train(x, y):
            loss = F.mse_loss(net(x), y) + 0.1 * net.penalty()
            loss.backward()
    """,
    "a second output of forward": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.randn(4, 1))

            def forward(self, x):
                return x @ self.w, (self.w ** 2).sum()  # penalty

        def train(x, y):
            net = Net()
            out, reg = net(x)
            loss = F.mse_loss(out, y) + 0.1 * reg
            loss.backward()
    """,
    "an attribute of the model": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 1)

            def forward(self, x):
                self.reg = self.fc.weight.norm(2)  # penalty
                return self.fc(x)

        def train(x, y):
            net = Net()
            out = net(x)
            (F.mse_loss(out, y) + net.reg).backward()
    """,
    "a dict of losses": """
        def train(model, x, y):
            losses = {"fit": F.mse_loss(model(x), y)}
            losses["l2"] = 1e-4 * sum(p.pow(2).sum() for p in model.parameters())  # penalty
            total = sum(losses.values())
            total.backward()
    """,
    "a list of losses": """
        def train(model, x, y):
            losses = [F.mse_loss(model(x), y)]
            for p in model.parameters():
                losses.append(1e-4 * p.pow(2).sum())  # penalty
            torch.stack(losses).sum().backward()
    """,
    "the layers of a list": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList()
                for _ in range(3):
                    self.layers.append(nn.Linear(4, 4))

            def l2(self):
                weights = []
                for layer in self.layers:
                    weights += [layer.weight]
                return sum(w.pow(2).sum() for w in weights)  # penalty

        def train(x, y):
            net = Net()
            loss = F.mse_loss(net(x), y) + net.l2()
            loss.backward()
    """,
    "modules of one type": """
        def train(model, x, y):
            reg = 0
            for m in model.modules():
                if isinstance(m, nn.Linear):
                    reg = reg + m.weight.pow(2).sum()  # penalty
            (F.mse_loss(model(x), y) + 1e-4 * reg).backward()
    """,
    "a closure for L-BFGS": """
        def train(model, x, y, optimizer):
            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())  # penalty
                loss.backward()
                return loss

            optimizer.step(closure)
    """,
    "a training step of Lightning": """
        import pytorch_lightning as pl

        class Fit(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 1)

            def training_step(self, batch, index):
                x, y = batch
                reg = sum(p.norm(2) for p in self.parameters())  # penalty
                return {"loss": F.mse_loss(self.fc(x), y) + 1e-3 * reg}
    """,
    "accelerate and scaled losses": """
        def train(model, x, y, accelerator, scaler):
            loss = F.mse_loss(model(x), y) + sum(p.pow(2).sum() for p in model.parameters())  # penalty
            accelerator.backward(loss)
            other = F.mse_loss(model(x), y) + sum(p.pow(2).sum() for p in model.parameters())  # penalty
            scaler.scale(other / 4).backward()
    """,
    "a loss class": """
        class RidgeLoss(nn.Module):
            def __init__(self, model, strength):
                super().__init__()
                self.model, self.strength = model, strength

            def forward(self, out, y):
                reg = sum(p.pow(2).sum() for p in self.model.parameters())  # penalty
                return F.mse_loss(out, y) + self.strength * reg
    """,
    "a regularizer made once and called": """
        class Regularizer(nn.Module):
            def __init__(self, model, strength, p=2):
                super().__init__()
                self.model, self.strength, self.p = model, strength, p

            def forward(self, model):
                return self.total(self.weights(model), p=self.p)

            def weights(self, model):
                found = []
                for name, param in model.named_parameters():
                    if "weight" in name:
                        found.append((name, param))
                return found

            def total(self, weights, p=2):
                reg = 0
                for name, w in weights:
                    reg = reg + torch.norm(w, p=p)  # penalty
                return self.strength * reg

        def train(model, x, y):
            reg = Regularizer(model, 1e-3).to("cuda")
            loss = F.mse_loss(model(x), y) + reg(model)
            loss.backward()
    """,
    "a registry of weights": """
        class Base(nn.Module):
            def __init__(self, l2_linear=1e-5):
                super().__init__()
                self.linear = nn.Linear(4, 1)
                self.registry = []
                self.register(self.linear.parameters(), l2=l2_linear)

            def register(self, weights, l2=0.0):
                if isinstance(weights, nn.Parameter):
                    weights = [weights]
                else:
                    weights = list(weights)
                self.registry.append((weights, l2))

            def regularization(self):
                total = torch.zeros(1)
                for weights, l2 in self.registry:
                    for w in weights:
                        if l2 > 0:
                            total += torch.sum(l2 * torch.square(w))  # penalty
                return total

            def fit(self, x, y):
                total = F.mse_loss(self.linear(x), y) + self.regularization()
                total.backward()
    """,
    "parameters looked up by name": """
        def train(model, x, y):
            names = [n for n, p in model.named_parameters() if p.ndim > 1]
            params = dict(model.named_parameters())
            l2 = sum((params[n] ** 2).sum() for n in names)  # penalty
            (F.mse_loss(model(x), y) + 1e-3 * l2).backward()
    """,
    "a vector of all parameters": """
        def train(model, x, y, strength):
            loss = F.mse_loss(model(x), y)
            loss += strength * torch.sum(model.get_params() ** 2)  # penalty
            loss.backward()
    """,
    "the groups of an optimizer": """
        def train(model, optimizer, x, y, strength):
            loss = F.mse_loss(model(x), y)
            for group in optimizer.param_groups:
                for p in group["params"]:
                    loss = loss + strength * p.norm() ** 2  # penalty
            loss.backward()
    """,
    "a weight bound to a name": """
        def train(x, y, strength):
            model = nn.Linear(2, 1)
            w = model.weight.squeeze()
            loss = torch.clamp(1 - y * model(x).squeeze(), min=0).mean()
            loss += strength * (w.t() @ w) / 2  # penalty
            loss.backward()
    """,
    "the weights and biases of textbook code": """
        def train(X, y):
            W1 = torch.randn(3, 4, requires_grad=True)
            b1 = torch.zeros(4, requires_grad=True)
            h = torch.relu(X @ W1 + b1)
            loss = h.mean() + 0.01 * sum((p ** 2).sum() for p in [W1, b1])  # penalty
            loss.backward()
    """,
    "a strength times a weight times itself": """
        def train(model, x, y, strength):
            for w in model.parameters():
                reg = torch.sum(strength * w * w)  # penalty
            (F.mse_loss(model(x), y) + reg).backward()
    """,
    "an abstract loss that a sub-class writes": """
        class Learner(nn.Module):
            def fit(self, x, y):
                self.loss(x, y).backward()

        class Ridge(Learner):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 1)

            def loss(self, x, y):
                return F.mse_loss(self.fc(x), y) + 0.1 * self.fc.weight.norm(2)  # penalty
    """,
    "written back by a callback": """
        class Ridge:
            def __init__(self, rate):
                self.rate = rate

            def on_loss(self, state):
                reg = 0
                for p in state["model"].parameters():
                    reg = reg + p.norm(2)  # penalty
                state["loss"] = self.rate * reg + state["loss"]
    """,
}


HANDED_OUT = {
    "a loss class that is given the model": """
        class Loss(nn.Module):
            def __init__(self, strength):
                super().__init__()
                self.strength = strength
                self.fit = nn.MSELoss()

            def l2(self, model):
                total = 0
                for name, p in model.named_parameters():
                    if "bias" not in name:
                        total = total + torch.sum(p * p)  # penalty
                return total

            def forward(self, out, y, model):
                return self.fit(out, y) + self.strength * self.l2(model)
    """,
    "a class of regularisers": """
        class L2Decay(nn.Module):
            def __init__(self, strength=0.01):
                super().__init__()
                self.strength = strength

            def forward(self, model):
                total = torch.tensor(0.0)
                for p in model.parameters():
                    total = total + torch.norm(p, p=2)  # penalty
                return self.strength * total
    """,
    "a callback that adds to the loss": """
        class WeightDecay:
            def __init__(self, rate=5e-4, p=2):
                self.rate, self.p = rate, p

            def on_start(self, state):
                self.params = list(state["model"].parameters())

            def on_criterion(self, state):
                for param in self.params:
                    state["loss"] += self.rate * torch.pow(param, self.p).sum()  # penalty
    """,
    "a method of the model that computes its loss": """
        class Rank(nn.Module):
            def __init__(self, strength):
                super().__init__()
                self.strength = strength
                self.users = nn.Embedding(10, 4)

            def calculate_loss(self, ids, y):
                fit = F.mse_loss(self.users(ids).sum(1), y)
                return fit + self.strength * self.users.weight.norm(2)  # penalty
    """,
}


@pytest.mark.parametrize("text", HANDED_OUT.values(), ids=HANDED_OUT.keys())
def test_a_loss_for_callers_who_are_not_seen_is_assumed_to_be_used(text: str) -> None:
    found, marked = lines(text)
    assert found == marked
    assert all(draft.confidence is Confidence.ASSUMED for _, draft in read(HEAD + textwrap.dedent(text)))


@pytest.mark.parametrize("text", ROUTES.values(), ids=ROUTES.keys())
def test_a_term_is_followed_to_the_loss(text: str) -> None:
    found, marked = lines(text)
    assert found == marked


NO_ROUTES = {
    "only printed": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            loss.backward()
            norm = sum(p.pow(2).sum() for p in model.parameters()).sqrt()
            print(loss.item(), norm.item())
    """,
    "only appended to a history": """
        def train(model, x, y, history):
            loss = F.mse_loss(model(x), y)
            loss.backward()
            history.append(sum(p.norm() for p in model.parameters()))
    """,
    "a helper that is never called": """
        def l2_loss(model):
            return sum(p.pow(2).sum() for p in model.parameters())

        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            loss.backward()
    """,
    "without gradient": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            with torch.no_grad():
                reg = sum(p.pow(2).sum() for p in model.parameters())
            (loss + reg).backward()
    """,
    "a strength of 0": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y) + 0.0 * sum(p.pow(2).sum() for p in model.parameters())
            loss.backward()
    """,
    "looked-up rows": """
        class Rank(nn.Module):
            def __init__(self):
                super().__init__()
                self.users = nn.Embedding(10, 4)

            def forward(self, ids):
                return self.users(ids)

        def train(ids):
            net = Rank()
            rows = net(ids)
            loss = rows.sum() + 1e-4 * rows.norm(2) + net.users.weight[ids].norm(2)
            loss.backward()
    """,
    "an image that is optimized": """
        def attack(model, y):
            image = torch.zeros(1, 3, 32, 32, requires_grad=True)
            w_noise = torch.zeros(1, 8, requires_grad=True)
            loss = F.cross_entropy(model(image, w_noise), y) + image.norm(2) + w_noise.pow(2).sum()
            loss.backward()
    """,
    "latent codes": """
        class Decoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.latents = nn.Parameter(torch.randn(10, 4))
                self.codes = nn.Embedding(10, 4)

        def fit(x):
            net = Decoder()
            loss = x.sum() + net.latents.pow(2).sum() + net.codes.weight.pow(2).sum()
            loss.backward()
    """,
    "gradient penalty": """
        def train(critic, x):
            score = critic(x)
            g = torch.autograd.grad(score.sum(), x, create_graph=True)[0]
            loss = score.mean() + 10 * ((g.norm(2, dim=1) - 1) ** 2).mean()
            loss.backward()
    """,
    "an elastic consolidation": """
        class Learner(nn.Module):
            def ewc(self):
                losses = []
                for n, p in self.named_parameters():
                    mean, fisher = getattr(self, n + "_mean"), getattr(self, n + "_fisher")
                    losses.append((fisher * (p - mean) ** 2).sum())
                return sum(losses) / 2

        def train(x, y):
            net = Learner()
            loss = F.mse_loss(net(x), y) + 100.0 * net.ewc()
            loss.backward()
    """,
    "a proximal term": """
        def train(model, server, x, y, mu):
            loss = F.mse_loss(model(x), y)
            for i, (w, anchor) in enumerate(zip(model.parameters(), server)):
                drift = w - anchor
                loss = loss + mu / 2 * drift.norm(2) ** 2 + torch.sub(w, anchor).pow(2).sum()
            loss.backward()
    """,
    "a pull towards the first weights": """
        def train(model, first, x, y):
            reg = 0
            for name, p in model.named_parameters():
                reg += F.mse_loss(p, first[name], reduction="sum")
            (F.mse_loss(model(x), y) + reg).backward()
    """,
    "an importance for each parameter": """
        def train(model, omega, x, y):
            loss = F.mse_loss(model(x), y)
            for name, p in model.named_parameters():
                loss = loss + (omega[name] * p.pow(2)).sum()
            for p, importance in zip(model.parameters(), omega.values()):
                loss = loss + (importance * p.pow(2)).sum()
            loss.backward()
    """,
    "distances to centres and code books": """
        class Quantizer(nn.Module):
            def __init__(self):
                super().__init__()
                self.book = nn.Embedding(10, 4)

            def forward(self, z):
                d = (z ** 2).sum(1, keepdim=True) + (self.book.weight ** 2).sum(1) - 2 * z @ self.book.weight.t()
                picked = self.book(d.argmin(1))
                return picked, (picked.detach() - z).pow(2).mean()

        def train(x):
            picked, loss = Quantizer()(x)
            (loss + picked.pow(2).mean()).backward()
    """,
    "norms held at 1, multiplied or compared": """
        def train(model, other, x, y):
            loss = F.mse_loss(model(x), y)
            product = 1
            for p, q in zip(model.parameters(), other.parameters()):
                loss = loss + (p.norm() - 1) ** 2 + p.norm() / q.norm()
                product = product * p.norm()
            (loss + product).backward()
    """,
    "norms whose gradient is cut": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y)
            w = model.fc.weight.detach()
            norms = torch.tensor([p.norm() for p in model.parameters()])
            numbers = [p.norm().item() for p in model.parameters()]
            (loss + norms.sum() + sum(numbers) + w.norm()).backward()
    """,
    "weights of samples and of attention": """
        def train(model, x, y, weight):
            attn_weights = model.attend(x)
            loss = (weight * (model(x) - y) ** 2).sum() / weight.pow(2).sum()
            (loss + attn_weights.norm(2) + weight.norm()).backward()
    """,
    "a weight that is normalised": """
        class Head(nn.Module):
            def __init__(self):
                super().__init__()
                self.W = nn.Parameter(torch.randn(4, 10))

            def forward(self, x):
                return x @ (self.W / torch.norm(self.W, dim=0))

        def train(x, y):
            loss = F.cross_entropy(Head()(x), y)
            loss.backward()
    """,
    "clipping by hand": """
        def train(model, x, y):
            F.mse_loss(model(x), y).backward()
            total = torch.norm(torch.stack([torch.norm(p.grad) for p in model.parameters()]))
            for p in model.parameters():
                p.grad.mul_(1.0 / (total + 1e-6))
    """,
    "code in a string": '''
        NOTE = """
        loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())
        loss.backward()
        """
    ''',
    "an objective that is nothing but the norm": """
        class Toy(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.ones(3))

            def forward(self):
                return self.w.pow(2).sum()

        def train():
            Toy()().backward()
    """,
    "a helper for whatever tensors its callers give": """
        def l2_loss(strength, *tensors):
            total = 0
            for tensor in tensors:
                total += torch.norm(tensor, p=2) / tensor.shape[0]
            return strength * total

        class NormLoss(nn.Module):
            def forward(self, parameters):
                return sum(w.norm(2) for w in parameters)
    """,
    "a reward": """
        def train(model, x, y):
            loss = F.mse_loss(model(x), y) - 0.1 * sum(p.pow(2).sum() for p in model.parameters())
            loss.backward()
    """,
    "another library": """
        import jax.numpy as jnp

        def loss_fn(params, x):
            return jnp.sum(x) + 1e-4 * sum(jnp.sum(p ** 2) for p in params)
    """,
}


@pytest.mark.parametrize("text", NO_ROUTES.values(), ids=NO_ROUTES.keys())
def test_what_does_not_reach_a_loss_is_no_penalty(text: str) -> None:
    found, _ = lines(text)
    assert not found


GRADIENTS = [
    "p.grad += decay * p",
    "p.grad += p * decay",
    "p.grad.data += decay * p.data",
    "p.grad.add_(p, alpha=decay)",
    "p.grad.add_(p.data, alpha=decay)",
    "p.grad.data.add_(decay, p.data)",
    "p.grad.data.add_(p.data * decay)",
    "p.grad.add_(p.detach().mul(decay))",
    "p.grad = p.grad + decay * p",
    "p.grad = p.grad.add(p, alpha=decay)",
    "p.grad.data = p.grad.data + decay * p.data",
]


@pytest.mark.parametrize("edit", GRADIENTS)
def test_decay_added_to_a_gradient_is_found(edit: str) -> None:
    draft = only(f"""
        def train(model, x, y, optimizer, decay=1e-4):
            F.mse_loss(model(x), y).backward()
            for p in model.parameters():
                {edit}
            optimizer.step()
    """)
    assert draft.sink is Sink.GRADIENT
    assert draft.coefficient is not None
    assert [v.value for v in draft.coefficient if isinstance(v, Known)] == [1e-4]


def test_a_name_that_holds_the_gradient_is_the_gradient() -> None:
    found, marked = lines("""
        def train(model, x, y, buffers, lr=0.1, decay=1e-4):
            F.mse_loss(model(x), y).backward()
            for p in model.parameters():
                d_p = p.grad.data
                d_p.add_(p.data, alpha=decay)  # penalty
                momentum = buffers[p].mul_(0.9).add_(d_p)
                p.data.add_(momentum, alpha=-lr)
    """)
    assert found == marked


NO_GRADIENTS = [
    "p.grad += 1e-3 * torch.randn_like(p)",
    "p.grad.add_((p - q).mul(decay))",
    "p.grad += decay * (p - q)",
    "p.grad += decay * q",
    "p.grad.add_(q.grad)",
    "p.data.add_(p.data, alpha=-decay)",
    "p.grad.add_(torch.sign(p), alpha=decay)",
    "total += decay * p.norm().item()",
    "p.grad += 0.0 * p",
]


@pytest.mark.parametrize("edit", NO_GRADIENTS)
def test_other_edits_of_a_gradient_are_no_decay(edit: str) -> None:
    found, _ = lines(f"""
        def train(model, server, x, y, optimizer, decay=1e-4, total=0.0):
            F.mse_loss(model(x), y).backward()
            for p, q in zip(model.parameters(), server.parameters()):
                {edit}
            optimizer.step()
    """)
    assert not found


def test_plain_descent_by_hand_makes_no_difference_between_the_two() -> None:
    found, _ = lines("""
        def train(model, x, y, lr=0.1, decay=1e-4):
            F.mse_loss(model(x), y).backward()
            for p in model.parameters():
                p.grad.add_(p.data, alpha=decay)
                p.data.sub_(lr * p.grad)
    """)
    assert not found


def test_the_step_of_an_optimizer_subclass_belongs_elsewhere() -> None:
    found, _ = lines("""
        class Plain(torch.optim.Optimizer):
            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        p.grad.add_(p.data, alpha=group["weight_decay"])
                        p.data.add_(p.grad, alpha=-group["lr"])
    """)
    assert not found


# ---- what is known of a penalty


@pytest.mark.parametrize("layer", ["net[0]", "self.model.fc", "model.layers[1].out"])
def test_a_layer_of_a_model_that_can_not_be_seen_is_assumed_to_be_one(layer: str) -> None:
    draft = only(f"""
        def train(self, net, model, x, y):
            loss = F.mse_loss(net(x), y) + 0.1 * {layer}.weight.norm(2)
            loss.backward()
    """)
    assert draft.confidence is Confidence.ASSUMED


def test_the_power_tells_a_norm_from_its_square() -> None:
    assert only(in_step("model[0].weight.norm()")).power == 1
    assert only(in_step("model[0].weight.norm() ** 2")).power == 2
    assert only(in_step("model[0].weight.pow(2).sum()")).power == 2
    assert only(in_step("model[0].weight.pow(2).sum().sqrt()")).power == 1


def strengths(draft: PenaltyDraft) -> list[tuple[object, Origin]]:
    return [(v.value, v.origin) for v in draft.coefficient or () if isinstance(v, Known)]


def test_factors_before_after_and_around_are_multiplied() -> None:
    draft = only("""
        model = nn.Linear(4, 1)

        def train(x, y):
            l2 = 0.5 * model.weight.pow(2).sum()
            loss = F.mse_loss(model(x), y) + 4 * l2 * 0.25
            (loss / 2).backward()
    """)
    assert strengths(draft) == [(0.25, Origin.WRITTEN)]


def test_no_factor_is_no_coefficient() -> None:
    draft = only("""
        model = nn.Linear(4, 1)

        def train(x, y):
            (F.mse_loss(model(x), y) + model.weight.norm()).backward()
    """)
    assert draft.coefficient is None


def test_a_default_of_0_is_kept_with_its_origin() -> None:
    draft = only("""
        import argparse

        parser = argparse.ArgumentParser()
        parser.add_argument("--l2", type=float, default=0.0)
        args = parser.parse_args()
        model = nn.Linear(4, 1)

        def train(x, y):
            loss = F.mse_loss(model(x), y)
            if args.l2 > 0:
                loss += args.l2 * model.weight.pow(2).sum()
            loss.backward()
    """)
    assert strengths(draft) == [(0.0, Origin.ARGUMENT_DEFAULT)]


def test_one_term_met_on_two_ways_is_one_penalty() -> None:
    found, marked = lines("""
        model = nn.Linear(4, 1)

        def l2():
            return model.weight.pow(2).sum()  # penalty

        def train(x, y):
            (F.mse_loss(model(x), y) + 0.1 * l2()).backward()

        def tune(x, y):
            (F.l1_loss(model(x), y) + 0.2 * l2()).backward()
    """)
    assert found == marked


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(self.fc(x))

net = Net()
"""


@pytest.mark.parametrize(
    ("loop", "reached"),
    [
        (
            """
    for name, p in net.named_parameters():
        reg = reg + p.pow(2).sum()
""",
            {"fc.bias", "norm.weight", "norm.bias"},  # three examples, gains and biases first
        ),
        (
            """
    for name, p in net.named_parameters():
        if "weight" in name:
            reg = reg + p.pow(2).sum()
""",
            {"fc.weight", "norm.weight"},
        ),
        (
            """
    for name, p in net.named_parameters():
        if name.endswith("bias"):
            continue
        reg = reg + p.pow(2).sum()
""",
            {"fc.weight", "norm.weight"},
        ),
        ("    reg = sum(p.norm() for n, p in net.named_parameters() if 'bias' in n)", {"fc.bias", "norm.bias"}),
        ("    reg = sum(p.norm() for p in net.parameters() if p.ndim > 1)", {"fc.weight"}),
        ("    reg = net.fc.weight.norm(2)", {"fc.weight"}),
    ],
)
def test_the_tests_of_a_loop_select_what_is_penalised(loop: str, reached: set[str]) -> None:
    text = f"""{HEAD}{NET}
def train(x, y):
    reg = 0
{loop}
    (F.mse_loss(net(x), y) + 1e-4 * reg).backward()
"""
    module = parse_text(text, "train.py")
    evaluator = evaluator_of(Project(), module)
    (draft,) = penalties(evaluator, module)
    found = PenaltyReach(evaluator, draft.operands)
    assert set(found.examples) == reached


def test_a_loss_of_very_many_parts_is_read_without_failing() -> None:
    body = [
        "loss = " + " + ".join(f"part_{n}(x)" for n in range(80)),
        *(f"loss = loss + part_{n}(x)" for n in range(400)),
        "loss += model.fc.weight.norm(2)",
        "loss.backward()",
    ]
    text = f"{HEAD}\ndef train(model, x):\n" + "".join(f"    {line}\n" for line in body)
    assert [line for line, _ in read(text)] == [text.count("\n") - 1]
