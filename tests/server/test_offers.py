"""What is offered for findings: each offer rids the text of its findings and brings nothing new."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from wdlint.facts import Applicability, Finding
from wdlint.linting.lint import Linter
from wdlint.server import actions
from wdlint.server.actions import Offer
from wdlint.server.documents import document
from wdlint.server.linting import Engine, Seen
from wdlint.settings.config import Configuration

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILES = [path for folder in ("gpt", "optimizers") for path in sorted((FIXTURES / folder).glob("*.py"))]
FLATTENED = """\
import torch
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

model = FullyShardedDataParallel(nn.Linear(4, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
ENGINE = Engine()


def seen(path: Path, text: str | None = None) -> Seen:
    opened = document(path.as_uri(), 1, path.read_text() if text is None else text)
    assert opened is not None
    return ENGINE.seen(opened, {opened.file: opened.data})


def codes(findings: tuple[Finding, ...]) -> Counter[str]:
    return Counter(finding.code for finding in findings)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_offer_holds_what_it_promises(path: Path) -> None:
    before = seen(path)
    assert before.trouble == ""
    assert before.findings == Linter(Configuration()).check(str(path)).findings  # as on the command line
    lint = ENGINE.prover(before)
    offers: list[Offer | None] = [actions.all_safe(before, lint)]
    for finding in before.findings:
        mend, ignore = actions.repair(before, finding, lint), actions.suppression(before, finding, lint)
        assert ignore is not None
        assert mend is None or (finding.code, finding.place) in {(f.code, f.place) for f in mend.findings}
        if mend is not None and finding.fix is not None and not finding.fix.otherwise:
            unsafe = finding.fix.applicability is Applicability.UNSAFE
            assert ("(unsafe: " in mend.title) is unsafe
            assert mend.preferred is not unsafe
        offers += [mend, ignore]
    for offer in offers:
        if offer is None:
            continue
        after = codes(seen(path, offer.data.decode()).findings)
        assert not after - codes(before.findings)
        assert sum(after.values()) < len(before.findings)
        for finding in offer.findings:
            assert after[finding.code] < codes(before.findings)[finding.code]


def test_what_is_only_shown_is_never_offered() -> None:
    before = seen(FIXTURES / "train.py", FLATTENED)
    (finding,) = before.findings
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.SHOWN
    assert finding.fix.edits
    lint = ENGINE.prover(before)
    assert actions.repair(before, finding, lint) is None
    assert actions.all_safe(before, lint) is None


def test_a_comment_is_offered_in_yaml_and_not_in_json_which_has_none(tmp_path: Path) -> None:
    yaml = (
        "model:\n  class_path: model.Net\n"
        "optimizer:\n  class_path: torch.optim.Adam\n  init_args:\n    lr: 1e-3\n    weight_decay: 0.1\n"
        "trainer:\n  max_epochs: 3\n"
    )
    json = '{"optimizer": {"type": "Adam", "params": {"weight_decay": 0.1, "adam_w_mode": false}}, "fp16": {}}'
    for name, text, offered in (("trainer.yaml", yaml, True), ("ds.json", json, False)):
        (tmp_path / name).write_text(text)
        before = seen(tmp_path / name)
        assert before.findings
        lint = ENGINE.prover(before)
        assert {actions.suppression(before, finding, lint) is not None for finding in before.findings} == {offered}


def test_a_fault_of_the_linter_is_trouble_and_nothing_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("wdlint.source.engine.observe", fails)
    told = seen(FIXTURES / "gpt" / "train_plain.py")
    assert "internal error, please report it: ZeroDivisionError: on purpose" in told.trouble
    assert told.findings == ()
