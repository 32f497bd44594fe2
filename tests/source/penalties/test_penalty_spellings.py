"""Spellings of L2 terms and of decay in gradients, from source to findings, each beside what only looks like it.

Programs say what must be found: a comment with the code on the line, and nothing anywhere else.
"""

from __future__ import annotations

import textwrap

import pytest

from wdlint.api import check_source
from wdlint.linting.examples import differences, marks_of

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""
CODES = ("WD202", "WD203")


def found_otherwise(program: str) -> list[str]:
    """What is found and not marked in a program, or marked and not found."""
    text = HEAD + textwrap.dedent(program)
    findings = check_source(text, "train.py", select=CODES)
    return differences(findings, marks_of({"train.py": text}), CODES)


def in_step(term: str, mark: str) -> str:
    """A training step over a small model whose loss carries the term."""
    return f"""
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
        params = list(model.parameters())
        w = model[0].weight
        v = nn.utils.parameters_to_vector(model.parameters())
        eye = torch.eye(4)

        def step(x, y, strength=1e-3):
            loss = F.mse_loss(model(x), y) + strength * {term}{mark}
            loss.backward()
    """


TERMS = [
    # squares as products
    "torch.einsum('ij,ij->', w, w)",
    "torch.einsum('ij, ij', [w, w])",
    "sum(torch.einsum('...,...->', p, p) for p in model.parameters())",
    "torch.einsum('i,i->', v, v)",
    "sum(torch.inner(p.flatten(), p.flatten()) for p in model.parameters())",
    "torch.tensordot(w, w, dims=2)",
    "torch.matmul(v, v)",
    "torch.trace(w.T @ w)",
    "torch.trace(torch.mm(w.t(), w))",
    "(w @ w.T).trace()",
    "(w.t() @ w).diagonal().sum()",
    "0.5 * 1e-3 * v @ v",
    "v @ v * 0.5",
    "sum(0.5 * p.flatten() @ p.flatten() for p in model.parameters())",
    # all tensors at once
    "torch.stack(torch._foreach_norm(params)).sum()",
    "torch.stack(torch._foreach_norm([p for p in model.parameters()])).pow(2).sum()",
    "torch.norm(torch.stack(torch._foreach_norm(params)))",
    "sum(torch._foreach_norm(params, 2))",
    "sum(n ** 2 for n in torch._foreach_norm(list(model.parameters())))",
    "sum(s.sum() for s in torch._foreach_pow(params, 2))",
    "sum(s.sum() for s in torch._foreach_mul(params, params))",
    # reductions
    "torch.linalg.matrix_norm(w)",
    "torch.linalg.vector_norm(w, ord=2) ** 2",
    "F.mse_loss(w, torch.zeros(4, 4), reduction='sum')",
    "F.mse_loss(w, torch.tensor(0.0).expand_as(w))",
    "nn.MSELoss(reduction='sum')(w, w.new_zeros(4, 4))",
    "(w.norm() ** 2).sqrt()",
    "sum(p.pow(2).sum().item() * 0 + p.pow(2).sum() for p in model.parameters())",
    "torch.mean(torch.stack([p.pow(2).mean() for p in model.parameters()]))",
    "sum(torch.einsum('ij->', p ** 2) for p in model.parameters() if p.ndim == 2)",
    "torch.add(0.0, w.pow(2).sum())",
    "w.pow(2).sum().mul(0.5)",
    "torch.linalg.norm(w, 'fro') ** 2",
    "sum(p.norm(p=2).square() for _, p in model.named_parameters())",
]

NO_TERMS = [
    # orthogonality: Gram matrices and what is taken from them
    "torch.norm(w @ w.T - eye)",
    "torch.norm(w @ w.T - eye, p='fro') ** 2",
    "(w.T @ w - eye).norm()",
    "((w @ w.t() - eye) ** 2).sum()",
    "F.mse_loss(w @ w.T, eye)",
    "torch.dist(w @ w.T, eye)",
    "((w @ w.T) * (1 - eye)).pow(2).sum()",
    "torch.norm(torch.mm(w, w.t()) - eye)",
    "torch.linalg.matrix_norm(torch.matmul(w, w.mT) - eye)",
    "(torch.mm(w, w.t()) * (1 - eye)).norm()",
    "torch.norm(w @ w.T)",
    "torch.einsum('ij,kj->ik', w, w).sub(eye).norm()",
    "torch.einsum('ij,ij->i', w, w).sub(1).abs().sum()",
    "(torch.triu(w @ w.T, 1)).sum()",
    # other norms
    "torch.linalg.matrix_norm(w, ord=2)",
    "torch.linalg.norm(w, ord=2)",
    "torch.linalg.norm(w, ord='nuc')",
    "torch.norm(w, p='nuc')",
    "torch.linalg.svdvals(w).max()",
    "torch.linalg.svdvals(w).sum()",
    "torch.svd(w)[1][0]",
    "torch.stack(torch._foreach_norm(params, 1)).sum()",
    "sum(torch._foreach_norm([p.grad for p in params]))",
    # not a strength, or nothing that pulls to 0
    "(torch.stack(torch._foreach_norm(params)) - 1).pow(2).sum()",
    "torch.einsum('ij,ij->', w, eye)",
    "torch.tensordot(w, eye, dims=2)",
    "torch.trace(w.T @ eye)",
    "torch.trace(w.T @ x @ w)",
    "nn.utils.get_total_norm(params)",  # measured without gradient
    "torch.log(v @ v)",
    "torch.logdet(w.T @ w)",
    "(w.norm() - 1).abs()",
    "F.relu(w.norm() - 1)",
    "torch.clamp(w.norm() - 1, min=0)",
    "F.cosine_similarity(w[0], w[1], dim=0)",
    "torch.norm(w[:, 1:] - w[:, :-1])",
    "(x @ w).pow(2).mean()",
    "((x @ w) * w).sum()",
    "((w @ w) * w).sum()",
]


@pytest.mark.parametrize("term", TERMS)
def test_an_l2_term_in_any_spelling_is_found(term: str) -> None:
    assert found_otherwise(in_step(term, "  # WD202")) == []


def pulls_to_zero(term: str) -> bool:
    """Whether the term's gradient is a positive multiple of the weights, as that of an L2 term or of a norm is.

    Asked of weights of three sizes: for `c * ||w||**k` with k of 1 or 2 the gradient grows as the (k - 1)th power.
    """
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1)).double()
    sizes = []
    for scale in (0.05, 1.0, 20.0):
        names: dict[str, object] = {
            "torch": torch, "nn": nn, "F": nn.functional, "model": model, "x": torch.randn(4, 4).double(),
        }  # fmt: skip
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.randn_like(p) * scale)
        names["params"] = list(model.parameters())
        names["w"] = model[0].weight
        names["v"] = nn.utils.parameters_to_vector(model.parameters())
        names["eye"] = torch.eye(4).double()
        sum(params_of.sum() for params_of in model.parameters()).backward()  # for terms over gradients
        value = eval(term, names).sum()
        if not value.requires_grad:
            return False
        grads = torch.autograd.grad(value, list(model.parameters()), allow_unused=True)
        factors = [g / p for g, p in zip(grads, model.parameters(), strict=True) if g is not None]
        if not factors or not all(torch.allclose(f, f.flatten()[0].expand_as(f), rtol=1e-4) for f in factors):
            return False
        if not all(f.flatten()[0] > 0 for f in factors):
            return False
        sizes.append(factors[0].flatten()[0].item() * scale)
    return sizes[2] > 0.05 * sizes[0]  # a logarithm's gradient falls with the size


@pytest.mark.parametrize("term", TERMS)
def test_the_law_holds_for_what_is_taken_for_a_penalty(term: str) -> None:
    assert pulls_to_zero(term.replace("torch.zeros(4, 4)", "torch.zeros(4, 4).double()"))


@pytest.mark.parametrize("term", NO_TERMS)
def test_the_law_fails_for_what_is_none(term: str) -> None:
    assert not pulls_to_zero(term)


@pytest.mark.parametrize("term", NO_TERMS)
def test_what_only_looks_like_an_l2_term_is_not(term: str) -> None:
    assert found_otherwise(in_step(term, "")) == []


ROUTES = {
    "squares of a product, in a file without an optimizer": """
        def size_of(model, strength):  # a name that says nothing of a loss
            total = 0.0
            for x in model.parameters():
                total = total + (x * x).sum()
            return strength * total

        def ridge_loss(model, out, y, strength):
            total = 0.0
            for x in model.parameters():
                total = total + (x * x).sum()  # WD202
            return F.mse_loss(out, y) + strength * total
    """,
    "norms by name, then squared": """
        def train(model, x, y, optimizer):
            norms = torch._foreach_norm(list(model.parameters()))  # WD202
            loss = F.mse_loss(model(x), y) + 1e-4 * torch.stack(norms).pow(2).sum()
            loss.backward()
    """,
    "a sum over norms by name": """
        def train(model, x, y, optimizer):
            weights = [p for p in model.parameters() if p.ndim > 1]
            loss = F.mse_loss(model(x), y)
            for norm in torch._foreach_norm(weights):  # WD202
                loss = loss + 1e-4 * norm ** 2
            loss.backward()
    """,
    "a vector by name": """
        def train(model, x, y, optimizer):
            theta = torch.cat([p.flatten() for p in model.parameters()])
            loss = F.mse_loss(model(x), y) + 0.5 * 1e-3 * theta @ theta  # WD202
            loss.backward()
    """,
    "an orthogonality term by steps": """
        def train(model, x, y, optimizer):
            loss = F.mse_loss(model(x), y)
            for name, p in model.named_parameters():
                if p.ndim == 2:
                    gram = p @ p.T
                    target = torch.eye(gram.size(0))
                    loss = loss + 0.1 * torch.norm(gram - target) + 0.1 * ((gram - target) ** 2).sum()
            loss.backward()
    """,
    "an orthogonality term in a helper": """
        def orthogonal(w):
            gram = torch.mm(w.t(), w)
            gram = gram * (1 - torch.eye(gram.shape[0]))
            return gram.norm(2)

        def train(model, x, y, optimizer):
            loss = F.mse_loss(model(x), y)
            for m in model.modules():
                if isinstance(m, nn.Linear):
                    loss = loss + 0.1 * orthogonal(m.weight)
            loss.backward()
    """,
    "a spectral norm by power iteration": """
        def spectral(w, u):
            for _ in range(3):
                v = F.normalize(w.t() @ u, dim=0)
                u = F.normalize(w @ v, dim=0)
            return u @ w @ v

        def train(model, u, x, y):
            loss = F.mse_loss(model(x), y) + 0.1 * spectral(model.fc.weight, u) ** 2
            loss.backward()
    """,
    "the loss that a variable holds": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.mlp = nn.Linear(8, 1)

            def calculate_loss(self, x, y):
                return F.mse_loss(self.mlp(x), y) + 0.01 * self.mlp.weight.norm(2) ** 2  # WD202

        class Trainer:
            def __init__(self, model):
                self.model = model
                self.optimizer = torch.optim.Adam(model.parameters())

            def epoch(self, data, loss_func=None):
                loss_func = loss_func or self.model.calculate_loss
                for x, y in data:
                    losses = loss_func(x, y)
                    losses.backward()
                    self.optimizer.step()
    """,
    "the loss that another file's trainer takes": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.reg_weight = 0.01
                self.mlp = nn.Linear(8, 1)

            def reg_loss(self, parameters):
                total = 0
                for name, p in parameters:
                    if name.endswith("weight"):
                        total = total + p.norm(2) ** 2  # WD202
                return total

            def all_reg(self):
                l2 = 0
                l2 = l2 + self.reg_loss(self.mlp.named_parameters())
                return l2

            def calculate_loss(self, x, y):
                return F.mse_loss(self.mlp(x), y) + self.reg_weight * self.all_reg()
    """,
    "a loss by a choice between two": """
        class Fit:
            def plain(self, x, y):
                return F.mse_loss(self.model(x), y)

            def ridge(self, x, y):
                return self.plain(x, y) + 1e-3 * sum(p.pow(2).sum() for p in self.model.parameters())  # WD202

            def run(self, x, y, name):
                function = self.ridge if name == "ridge" else self.plain
                function(x, y).backward()
    """,
    "a table of losses": """
        def plain(model, x, y):
            return F.mse_loss(model(x), y)

        def ridge(model, x, y):
            return plain(model, x, y) + 1e-3 * sum(p.pow(2).sum() for p in model.parameters())  # WD202

        TABLE = {"plain": plain, "ridge": ridge}

        def run(model, x, y, name):
            loss_of = TABLE[name]
            loss = loss_of(model, x, y)
            loss.backward()
    """,
    "a loss of one argument made by a function": """
        def with_decay(inner, model, strength):
            def loss_of(out, y):
                return inner(out, y) + strength * sum(p.pow(2).sum() for p in model.parameters())  # WD202
            return loss_of

        def run(model, x, y):
            criterion = with_decay(nn.MSELoss(), model, 1e-4)
            criterion(model(x), y).backward()
    """,
    "in a tuple": """
        def losses(model, x, y):
            fit = F.mse_loss(model(x), y)
            ridge = 1e-4 * sum(p.square().sum() for p in model.parameters())  # WD202
            return fit, ridge

        def run(model, x, y):
            fit, ridge = losses(model, x, y)
            (fit + ridge).backward()
    """,
    "in a tuple that is summed": """
        def losses(model, x, y):
            fit = F.mse_loss(model(x), y)
            ridge = 1e-4 * sum(p.square().sum() for p in model.parameters())  # WD202
            return fit, ridge

        def run(model, x, y):
            sum(losses(model, x, y)).backward()
    """,
    "in a tuple of which only the first is trained": """
        def losses(model, x, y):
            fit = F.mse_loss(model(x), y)
            ridge = 1e-4 * sum(p.square().sum() for p in model.parameters())
            return fit, ridge

        def run(model, x, y):
            losses(model, x, y)[0].backward()
            fit, _ = losses(model, x, y)
            fit.backward()
    """,
    "in a tuple of a training step": """
        def step(model, x, y):
            out = model(x)
            loss = F.mse_loss(out, y)
            return out, (loss, 1e-4 * sum(p.square().sum() for p in model.parameters()))  # WD202

        def run(model, x, y):
            _, parts = step(model, x, y)
            loss = parts[0] + parts[1]
            loss.backward()
    """,
    "a named tuple of losses": """
        from typing import NamedTuple

        class Losses(NamedTuple):
            fit: torch.Tensor
            ridge: torch.Tensor

        def losses(model, x, y):
            ridge = 1e-4 * sum(p.square().sum() for p in model.parameters())  # WD202
            return Losses(F.mse_loss(model(x), y), ridge)

        def run(model, x, y):
            both = losses(model, x, y)
            (both.fit + both.ridge).backward()
    """,
    "a list of parameters that a model keeps": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(4, 4)
                self.b = nn.Linear(4, 1)
                self.regularised = [self.a.weight, self.b.weight]

            def forward(self, x):
                return self.b(self.a(x).relu())

            def ridge_loss(self):
                return sum(w.pow(2).sum() for w in self.regularised)  # WD202

        def run(x, y):
            net = Net()
            (F.mse_loss(net(x), y) + 1e-4 * net.ridge_loss()).backward()
    """,
    "parameters listed as the model is built": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.reg_params = []
                self.a = nn.Linear(4, 4)
                self.reg_params += list(self.a.parameters())
                self.b = nn.Linear(4, 1)
                self.reg_params.append(self.b.weight)
                self.rest = list(self.b.parameters())

            def forward(self, x):
                return self.b(self.a(x).relu())

        def run(x, y):
            net = Net()
            penalty = 0
            for p in net.reg_params:
                penalty = penalty + torch.sum(p ** 2)  # WD202
            (F.mse_loss(net(x), y) + 1e-4 * penalty).backward()
    """,
    "two lists with strengths of their own": """
        class GCN(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(4, 4)
                self.second = nn.Linear(4, 2)
                self.params1 = list(self.first.parameters())
                self.params2 = list(self.second.parameters())

        def run(x, y, wd1=0.01, wd2=5e-4):
            net = GCN()
            loss = F.cross_entropy(net(x), y)
            loss = loss + wd1 * sum(p.pow(2).sum() for p in net.params1)  # WD202
            loss = loss + wd2 * sum(p.pow(2).sum() for p in net.params2)  # WD202
            loss.backward()
    """,
    "a hook on each tensor's gradient": """
        def attach(net, wd=1e-3):
            for p in net.parameters():
                p.register_hook(lambda g, p=p: g + wd * p.detach())  # WD203
    """,
    "a hook that adds in place": """
        def attach(net, wd=1e-3):
            for p in net.parameters():
                p.register_hook(lambda grad, w=p: grad.add_(w.data, alpha=wd))  # WD203
    """,
    "a hook that torch adds": """
        def attach(net, wd=1e-3):
            for name, p in net.named_parameters():
                if name.endswith("weight"):
                    p.register_hook(lambda grad, p=p: torch.add(grad, p, alpha=wd))  # WD203
    """,
    "a hook made by a function": """
        def decay(p, wd):
            def hook(grad):
                return grad + wd * p  # WD203
            return hook

        def attach(net):
            for p in net.parameters():
                p.register_hook(decay(p, 1e-3))
    """,
    "a hook made by a function with a lambda": """
        def decay(p, wd):
            return lambda grad: grad + 2 * wd * p.data  # WD203

        def attach(net):
            for p in net.parameters():
                p.register_hook(decay(p, 1e-3))
    """,
    "a hook bound by a partial": """
        from functools import partial

        def decay(p, wd, grad):
            return grad.add(p.detach(), alpha=wd)  # WD203

        def attach(net):
            for p in net.parameters():
                p.register_hook(partial(decay, p, 1e-3))
    """,
    "a hook in a local function": """
        def attach(net, wd):
            for p in net.parameters():
                def hook(grad, p=p):
                    total = grad + wd * p  # WD203
                    return total
                p.register_hook(hook)
    """,
    "a hook after the gradient is accumulated": """
        def attach(net, wd):
            for p in net.parameters():
                p.register_post_accumulate_grad_hook(lambda q: q.grad.add_(q, alpha=wd))  # WD203
    """,
    "hooks that scale, cut, mask and log": """
        def attach(net, scale, mask, noise):
            for p in net.parameters():
                p.register_hook(lambda g: g * scale)
                p.register_hook(lambda g: g.clamp(-1, 1))
                p.register_hook(lambda g: g * mask)
                p.register_hook(lambda g, p=p: print(g.norm(), p.norm()))
                p.register_hook(lambda g: g + noise * torch.randn_like(g))
    """,
    "hooks that pull towards other parameters": """
        def attach(net, anchor, mu):
            for p, q in zip(net.parameters(), anchor.parameters()):
                p.register_hook(lambda g, p=p, q=q: g + mu * (p - q).detach())
                p.register_hook(lambda g, q=q: g - mu * q.detach())
    """,
    "a hook on an activation": """
        def forward(net, x, wd):
            h = net(x)
            h.register_hook(lambda g: g + wd * h.detach())
            return h
    """,
}


@pytest.mark.parametrize("program", ROUTES.values(), ids=ROUTES.keys())
def test_what_is_marked_is_found(program: str) -> None:
    assert found_otherwise(program) == []
