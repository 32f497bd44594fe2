"""An optimizer written here adds the decay to the gradient.

## What it does
Reports a subclass of `torch.optim.Optimizer` in the linted project whose `step` adds a multiple of the
parameter to its gradient before momentum, second moments or a trust ratio are computed from it. A step
that shrinks the parameter itself, or adds the decay to the finished update, is decoupled and passes.

## Why is this bad?
From the line on that mixes the two, the optimizer can't tell decay from gradient: it averages,
normalises and clips them together. The strength that reaches a weight then depends on that weight's
gradients. Copies of Adam, RMSprop and LARS often inherit this from the first versions of their
originals.

## Example
```python
def step(self):
    for group in self.param_groups:
        for p in group["params"]:
            grad = p.grad.add(p, alpha=group["weight_decay"])
            state["mean"].lerp_(grad, 1 - group["beta"])
```

## Use instead
```python
def step(self):
    for group in self.param_groups:
        for p in group["params"]:
            p.mul_(1 - group["lr"] * group["weight_decay"])
            state["mean"].lerp_(p.grad, 1 - group["beta"])
```

## When not to use
When the class repeats a published optimizer whose coupling is part of its definition, and the
comparison needs it.

## Fix safety
Shown only: the report has the change as a diff, and `--fix` never applies it, since every later result depends
on it. The decay leaves the gradient and shrinks the weight in the same place, so that tests around it go on to
count. Nothing is shown where the class has a switch for decoupled decay, or where the change is not enough.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
- torch.optim.AdamW: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Coupling, Finding, Note, OptimizerDefinition, Severity

code = "WD204"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch.optim import Optimizer


class Adaptive(Optimizer):  # WD204
    def __init__(self, params, lr=1e-3, beta=0.99, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta=beta, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad = p.grad
                if group["weight_decay"] != 0:
                    grad = grad.add(p, alpha=group["weight_decay"])
                state = self.state[p]
                if not state:
                    state["square"] = torch.zeros_like(p)
                state["square"].mul_(group["beta"]).addcmul_(grad, grad, value=1 - group["beta"])
                p.addcdiv_(grad, state["square"].sqrt().add_(1e-8), value=-group["lr"])
""",
)

PASSED = (
    """\
import torch
from torch.optim import Optimizer


class Adaptive(Optimizer):
    def __init__(self, params, lr=1e-3, beta=0.99, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta=beta, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.mul_(1 - group["lr"] * group["weight_decay"])
                state = self.state[p]
                if not state:
                    state["square"] = torch.zeros_like(p)
                state["square"].mul_(group["beta"]).addcmul_(p.grad, p.grad, value=1 - group["beta"])
                p.addcdiv_(p.grad, state["square"].sqrt().add_(1e-8), value=-group["lr"])
""",
)


def judge(definition: OptimizerDefinition) -> Iterator[Finding]:
    adaptive = definition.coupling is Coupling.COUPLED_ADAPTIVE
    if not adaptive and not (definition.coupling is Coupling.COUPLED_PLAIN and definition.carried):
        return
    name = definition.name.rsplit(".", 1)[-1]
    unless = f" unless `{definition.switch}` is set" if definition.switch else ""
    before = "rescales it" if adaptive else "averages it"
    why = wording.COUPLED_MATTERS if adaptive else "momentum carries the decay of earlier steps along"
    yield Finding(
        code=code,
        place=definition.place,
        message=f"`{name}` adds the decay to the gradient before it {before}{unless}: it is coupled",
        help="shrink the parameter itself: `p.mul_(1 - lr * weight_decay)`, and leave the gradient alone",
        notes=(
            Note(why),
            *((Note("the decay is added here", definition.step_place),) if definition.step_place else ()),
        ),
        subject=f"class {name}",
    )
