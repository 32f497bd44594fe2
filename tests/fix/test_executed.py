"""Fixes, executed: the fixtures are run before and after, and the groups of the live optimizers are compared.

Which fixtures have a proof is derived from what the fixes do to them. How scripts are run is in `proof`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch")

from helpers.proof import Made, Mended, Mending, Proof, Ran, Workshop, mending, proof

FIXTURES = Path(__file__).parents[2] / "fixtures"
FEWEST = 60
# What a fault needs to act: a decay where its default is 0, the branch that it stands in.
OPTIONS = {
    "gpt/train_name_list.py": ("--weight_decay", "0.1"),
    "recurrent/train_chain.py": ("adam",),
    "resnet/train_added_groups.py": ("--optimizer", "Adam"),
}

BODIES = {
    "norms": "nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 2))",
    "attention": "Block()",
    "unseen": "make()",
}
SPELLINGS = {
    "comprehension": "torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=0.01, weight_decay=0.1)",
    "filter": "torch.optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.01, weight_decay=0.1)",
    "list": "torch.optim.AdamW(params=list(net.parameters()), lr=0.01, weight_decay=wd)",
    "named": "torch.optim.AdamW([q for n, q in net.named_parameters() if q.requires_grad], lr=0.01)",
    "sum of lists": "torch.optim.AdamW(list(net[0].parameters()) + list(net[1].parameters()), weight_decay=0.1)",
    "chain": "torch.optim.AdamW(itertools.chain(net[0].parameters(), net[1].parameters()), weight_decay=0.1)",
    "children": "torch.optim.AdamW([{'params': m.parameters()} for m in net.children()], lr=0.01, weight_decay=0.1)",
    "rates": "torch.optim.AdamW([{'params': net[0].parameters(), 'lr': 0.1}, {'params': net[1].parameters()}])",
    "star": "torch.optim.AdamW([*net[0].parameters(), *net[1].parameters()], lr=0.01, **options)",
    "class": "(torch.optim.SGD if wd > 1 else torch.optim.AdamW)(net.parameters(), lr=0.01, weight_decay=wd)",
    "returned": "optimizer_for(net)",
}
SCRIPT = """\
import itertools

import torch
from torch import nn

wd = 0.1
options = {{"weight_decay": wd}}


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4, 1) * 0.5)
        self.attend = nn.MultiheadAttention(4, 2, add_bias_kv=True, batch_first=True)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        h = self.mix(x) * self.scale[:, 0]
        h = h.unsqueeze(1)
        return self.out(self.attend(h, h, h)[0].squeeze(1))


def make():
    return getattr(nn, "Seq" + "uential")(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def optimizer_for(model):
    params = model.parameters()
    return torch.optim.AdamW(params, lr=0.01, weight_decay=wd)


if __name__ == "__main__":
    torch.manual_seed(0)
    net = nn.Sequential({body}, nn.Identity())
    optimizer = {call}
    for _ in range(2):
        loss = net(torch.randn(8, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
"""


@cache
def workshop() -> Workshop:
    return Workshop()


@cache
def mendings() -> dict[str, Mending]:
    """The fixtures that run, take steps, and have something that a fix changes, by path."""
    scripts = [
        path
        for path in sorted(FIXTURES.rglob("*.py"))
        if b"__main__" in path.read_bytes() and path.parent.name != "library"
    ]
    found = zip(scripts, workshop().mendings(scripts), strict=True)
    return {str(path.relative_to(FIXTURES)): one for path, one in found if one.has_safe or one.has_unsafe}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "safely_fixed" in metafunc.fixturenames:
        metafunc.parametrize("safely_fixed", [name for name, one in mendings().items() if one.has_safe])
    if "unsafely_fixed" in metafunc.fixturenames:
        metafunc.parametrize("unsafely_fixed", [name for name, one in mendings().items() if one.has_unsafe])


@pytest.fixture(scope="module")
def proofs(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Proof]]]:
    """The runs of the fixtures that are asked for; all are under way before the first is judged."""
    asked = {
        item.callspec.params.get("safely_fixed") or item.callspec.params.get("unsafely_fixed")
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    }
    yield {
        name: workshop().start(proof, one, OPTIONS.get(name, ())) for name, one in mendings().items() if name in asked
    }
    workshop().close()


def test_enough_fixtures_are_proven() -> None:
    assert len(mendings()) >= FEWEST


def test_a_safe_fix_exempts_and_computes_the_same(safely_fixed: str, proofs: dict[str, Future[Proof]]) -> None:
    _judged_safe(mendings()[safely_fixed], proofs[safely_fixed].result())


def test_an_unsafe_fix_exempts_and_decouples(unsafely_fixed: str, proofs: dict[str, Future[Proof]]) -> None:
    mended, runs = mendings()[unsafely_fixed].unsafe, proofs[unsafely_fixed].result()
    assert runs.unsafe is not None
    _compare(runs.before, runs.unsafe, mended)
    if "WD201" in mended.fixed:
        assert any(optimizer.couples for optimizer in runs.before.optimizers)
    for optimizer in runs.unsafe.optimizers:
        assert not optimizer.couples or "WD201" in mended.left or "WD201" not in mended.fixed, optimizer.name


@pytest.fixture(scope="module")
def spelled(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """A script for each spelling and body."""
    folder = tmp_path_factory.mktemp("spelled")
    scripts = {}
    for number, (spelling, body) in enumerate((s, b) for s in SPELLINGS for b in BODIES):
        scripts[spelling, body] = folder / f"train_{number}.py"
        scripts[spelling, body].write_text(SCRIPT.format(body=BODIES[body], call=SPELLINGS[spelling]))
    return scripts


def _mended_and_run(script: Path) -> tuple[Mending, Proof]:
    mended = mending(script)
    return mended, proof(mended)


@pytest.fixture(scope="module")
def spelled_proofs(
    spelled: dict[tuple[str, str], Path], proofs: object
) -> dict[tuple[str, str], Future[tuple[Mending, Proof]]]:
    return {which: workshop().start(_mended_and_run, script) for which, script in spelled.items()}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_is_fixed_right(
    body: str, spelling: str, spelled_proofs: dict[tuple[str, str], Future[tuple[Mending, Proof]]]
) -> None:
    mended, runs = spelled_proofs[spelling, body].result()
    assert mended.has_safe
    _judged_safe(mended, runs)


def _judged_safe(mended: Mending, runs: Proof) -> None:
    assert runs.safe is not None
    _compare(runs.before, runs.safe, mended.safe)
    assert len(runs.before.losses) > 1
    assert runs.safe.losses == runs.before.losses
    assert runs.safe.printed == runs.before.printed
    for old, new in zip(runs.before.optimizers, runs.safe.optimizers, strict=True):
        assert [p.value for p in old.parameters.values()] == [p.value for p in new.parameters.values()]


REACH = frozenset({"WD101", "WD102", "WD103", "WD104", "WD301", "WD302", "WD305", "WD306"})
MOVED = frozenset({"WD202", "WD203"})  # a penalty's strength, of which the groups knew nothing before
BACK = frozenset({"WD302", "WD303", "WD305", "WD306", "WD401"})  # weights that did not decay do after their fix


def _compare(before: Ran, after: Ran, mended: Mended) -> None:
    assert len(before.optimizers) == len(after.optimizers) > 0
    for old, new in zip(before.optimizers, after.optimizers, strict=True):
        assert old.parameters.keys() == new.parameters.keys()
        _compare_one(old, new, mended)


def _compare_one(old: Made, new: Made, mended: Mended) -> None:
    strongest = max((max(p.decays) for p in old.parameters.values() if p.decays), default=0.0)
    for name, now in new.parameters.items():
        was = old.parameters[name]
        if not now.trainable or not (was.decays or now.decays or "WD303" in mended.fixed):
            continue
        if "WD304" not in mended.left and "WD303" not in mended.left:
            assert len(now.decays) == 1, f"{name} is in {len(now.decays)} groups"
        if was.kind in ("gain", "bias"):
            if not mended.left & REACH:
                assert not any(now.decays), f"{name}, a {was.kind}, decays by {now.decays}"
        elif was.kind == "weight":
            allowed = {d for d in was.decays if d} or {0.0}
            if allowed == {0.0} and mended.fixed & MOVED:
                allowed = set(now.decays)
                assert len(allowed) == 1, f"{name} decays by {now.decays}"
                # In the groups, or by a line beside the optimizer's step.
                assert max(allowed) > 0 or b".mul_(1 - " in mended.text, f"{name} does not decay yet"
            elif allowed == {0.0} and mended.fixed & BACK:
                allowed = {strongest or max(now.decays)}
                assert max(now.decays), f"{name} does not decay yet"
            assert set(now.decays) <= allowed, f"{name} decays by {now.decays}, and before by {was.decays}"
