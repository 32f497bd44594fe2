"""Fixes, executed: the fixtures are run before and after, and the groups of the live optimizers are compared.

What every parameter is comes from the model engine, which knows nothing of how a fix was planned.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import re
import runpy
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from wdlint.config import Configuration  # noqa: E402
from wdlint.facts import Applicability, Fix  # noqa: E402
from wdlint.fixing import mended_text  # noqa: E402

FIXTURES = Path(__file__).parents[2] / "fixtures"
REACH = re.compile(r"# .*\bWD(10[1-46]|30[1-6]|20[1236]|401)\b")

Groups = list[dict[str, tuple[str, list[float], bool]]]  # per optimizer: name → kind, decays of its groups, trainable


def scripts() -> list[Path]:
    """The fixtures that run and have a fault that a fix may mend."""
    found = []
    for path in sorted(FIXTURES.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "__main__" in text and REACH.search(text) and path.parent.name != "library":
            found.append(path)
    return found


def mended(path: Path, unsafe: bool) -> tuple[bytes, list[str]]:
    """A file's text after its fixes, and the codes of the reach findings that are left."""

    def allowed(fix: Fix) -> bool:
        most = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
        return bool(fix.edits) and fix.applicability in most

    outcome = mended_text(str(path), path.read_bytes(), Configuration(isolated=True), True, allowed)
    return outcome.data, [f.code for f in outcome.left if f.code.startswith(("WD1", "WD3"))]


def run(path: Path, decays: bool) -> tuple[str, Groups]:
    """What a script prints, and the groups of its optimizers, from a process of its own.

    Without `decays` every step is taken with decay 0; the groups keep their strengths.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_child, args=(path, decays, there))
    child.start()
    there.close()
    try:
        answer = here.recv()
    except EOFError:
        answer = "the script ended its process"
    child.join()
    if isinstance(answer, str):
        pytest.fail(answer)
    return answer  # type: ignore[no-any-return]


def _child(path: Path, decays: bool, pipe: Any) -> None:
    torch.set_num_threads(1)
    made: list[Any] = []
    original = torch.optim.Optimizer.__init__

    def recording(self: Any, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        made.append(self)
        if not decays:
            self.register_step_pre_hook(_without_decay)
            self.register_step_post_hook(_with_decay)

    torch.optim.Optimizer.__init__ = recording  # type: ignore[method-assign]
    torch.manual_seed(0)
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(path), run_name="__main__")
        pipe.send((printed.getvalue(), [_groups(one) for one in made]))
    except BaseException:
        pipe.send(traceback.format_exc())
    os._exit(0)


def _without_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        if "weight_decay" in group:
            group["kept"], group["weight_decay"] = group["weight_decay"], 0.0


def _with_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        if "kept" in group:
            group["weight_decay"] = group.pop("kept")


def _groups(optimizer: Any) -> dict[str, tuple[str, list[float], bool]]:
    from wdlint.model.classify import classify

    held: dict[int, tuple[Any, list[float]]] = {}
    for group in optimizer.param_groups:
        for p in group["params"]:
            held.setdefault(id(p), (p, []))[1].append(group.get("weight_decay", 0.0))
    modules = [m for m in gc.get_objects() if isinstance(m, torch.nn.Module)]
    inner = {id(child) for module in modules for child in module.children()}
    found: dict[str, tuple[str, list[float], bool]] = {}
    for root in modules:
        if id(root) in inner or not any(id(p) in held for p in root.parameters()):
            continue
        for one in classify(root).parameters:
            tensor = one.held.tensor
            strengths = held.get(id(tensor), (tensor, []))[1]
            name = f"{type(root).__name__}.{one.parameter.name}"
            found[name] = (one.parameter.kind.value, strengths, tensor.requires_grad)
    return found


@pytest.mark.parametrize("path", scripts(), ids=lambda p: str(p.relative_to(FIXTURES)))
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_a_fixed_script_decays_weights_alone_and_computes_the_same(path: Path, unsafe: bool, tmp_path: Path) -> None:
    folder = tmp_path / path.parent.name
    shutil.copytree(path.parent, folder)
    script = folder / path.name
    data, left = mended(script, unsafe)
    if data == script.read_bytes():
        pytest.skip("nothing is fixed here at this applicability")
    if unsafe and data == mended(script, False)[0]:
        pytest.skip("all its fixes are safe")
    printed_before, before = run(script, decays=unsafe)
    script.write_bytes(data)
    printed_after, after = run(script, decays=unsafe)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if not left:
            _compare(old, new)
    if not unsafe:
        assert printed_after == printed_before


def _compare(old: dict[str, tuple[str, list[float], bool]], new: dict[str, tuple[str, list[float], bool]]) -> None:
    strongest = max((max(decays) for _, decays, _ in old.values() if decays), default=0.0)
    for name, (kind, decays, trainable) in new.items():
        if not trainable or not (decays or old.get(name, ("", [], False))[1]):
            continue
        assert len(decays) == 1, f"{name} is in {len(decays)} groups"
        if kind in ("gain", "bias"):
            assert decays[0] == 0, f"{name}, a {kind}, decays by {decays[0]}"
        elif kind == "weight" and strongest:
            same = [d for d in old[name][1] if d] or [strongest]
            assert decays[0] in same, f"{name} decays by {decays[0]}, and before by {old[name][1]}"
