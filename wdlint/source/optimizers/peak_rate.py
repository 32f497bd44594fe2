"""The highest learning rate of a schedule, where it replaces the rate that the optimizer was given."""

from __future__ import annotations

from wdlint.knowledge.optimizers import Argument
from wdlint.source.optimizers.later_groups import bound_name
from wdlint.source.optimizers.sites import Site
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Arguments, External, Known

_PEAKS = {  # schedules that set every group's rate to one of their own, and what gives its highest (torch 2.13)
    "torch.optim.lr_scheduler.OneCycleLR": Argument("max_lr", 1),
    "torch.optim.lr_scheduler.CyclicLR": Argument("max_lr", 2),
}
_PEAKED = frozenset(path.rpartition(".")[2] for path in _PEAKS)


def highest_rate(evaluator: Evaluation, site: Site) -> float | None:
    """The highest learning rate of a schedule that is made of the optimizer, where it has one for all groups.

    Only of one that follows in the optimizer's own block: what a branch makes is perhaps not made.
    """
    name = bound_name(site)
    if name is None:
        return None
    for statement in site.statement.block.statements[site.statement.index + 1 :]:
        if isinstance(statement, t.Assign) and name in map(syntax.dotted, statement.targets):
            return None  # from here on it is another optimizer
        call = statement.value if isinstance(statement, (t.Assign, t.Expression)) else None
        if not isinstance(call, t.Call) or syntax.last_name(call) not in _PEAKED:
            continue
        context = site.context.frame.at(statement)
        callees = evaluator.evaluate(call.func, context)
        peak = _PEAKS.get(callees[0].path) if len(callees) == 1 and isinstance(callees[0], External) else None
        given = next((a.value for a in call.args if a.keyword in (None, "optimizer")), None)
        if peak is not None and given is not None and syntax.dotted(given) == name:
            answers = argument(evaluator, Arguments(call.args, context), peak.name, peak.position)
            rate = answers[0].value if len(answers) == 1 and isinstance(answers[0], Known) else None
            return float(rate) if isinstance(rate, (int, float)) and not isinstance(rate, bool) else None
    return None
