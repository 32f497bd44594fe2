"""How an optimizer decays is read from its step: where λ·p goes, and what happens to it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import libcst
import pytest

from wdlint.facts import Coupling, Ternary
from wdlint.source.optimizers.step.coupling import Step, read_step
from wdlint.source.read import tree as t
from wdlint.source.read.lower import lower_module
from wdlint.source.read.parse import parse_text

ADAPTIVE, PLAIN, DECOUPLED = Coupling.COUPLED_ADAPTIVE, Coupling.COUPLED_PLAIN, Coupling.DECOUPLED

MOMENTS = """
                m = state["m"]
                v = state["v"]
                m.mul_(0.9).add_(grad, alpha=0.1)
                v.mul_(0.99).addcmul_(grad, grad, value=0.01)
"""
ADAM = MOMENTS + '                p.addcdiv_(m, v.sqrt().add_(1e-8), value=-group["lr"])\n'
UPDATE = MOMENTS + "                update = m / (v.sqrt() + 1e-8)\n"
RMSPROP = """
                v = state["v"]
                v.mul_(0.99).addcmul_(grad, grad, value=0.01)
                p.data.addcdiv_(-group["lr"], grad, v.sqrt())
"""
MOMENTUM = """
                buffer = state["buffer"]
                buffer.mul_(0.9).add_(grad)
                p.add_(buffer, alpha=-group["lr"])
"""


def optimizer(
    before: str = "", rest: str = ADAM, after: str = "", init: str = "weight_decay=0.01", more: str = ""
) -> str:
    """An optimizer whose step does `before` to a parameter and its gradient, then `rest`, then `after`."""
    names = ", ".join(f"{part.split('=')[0]}={part.split('=')[0]}" for part in init.replace(" ", "").split(",") if part)

    def indented(code: str) -> str:
        return "".join(f"                {line}\n" for line in code.splitlines())

    return f"""
class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, {init}):
        super().__init__(params, dict(lr=lr, {names}))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad = p.grad.data
                state = self.state[p]
{indented(before)}{rest}{indented(after)}
{more}
"""


def read(source: str, name: str = "Mine", resolve: Callable[[str], t.FunctionDef | None] | None = None) -> Step:
    module = lower_module(libcst.parse_module(source), "m", "m.py", False)
    cls = next(s for s in module.scope.body.statements if isinstance(s, t.ClassDef) and s.name == name)
    return read_step(cls, module, resolve)


def text(step: Step, source: str) -> str:
    assert step.node is not None
    return libcst.parse_module(source).code_for_node(step.node.origin).strip()


JOINED = [
    'grad = grad.add(p, alpha=group["weight_decay"])',
    'grad = grad.add(p.data, alpha=group["weight_decay"])',
    'grad.add_(group["weight_decay"], p.data)',
    'grad = grad + group["weight_decay"] * p',
    'grad += p.data * group["weight_decay"]',
    'grad = torch.add(grad, p, alpha=group["weight_decay"])',
    'wd = group["weight_decay"]\nif wd != 0:\n    grad = grad.add(p, alpha=wd)',
    'torch._foreach_add_(grad, p, alpha=group["weight_decay"])',
    'grad = torch._foreach_add(grad, p, alpha=group["weight_decay"])',
    'grad.add_(p.mul(group["weight_decay"]))',
    'grad.addcmul_(p, torch.ones_like(p), value=group["weight_decay"])',
]


@pytest.mark.parametrize("statement", JOINED)
def test_decay_that_joins_a_gradient_which_is_then_rescaled_is_coupled_adaptive(statement: str) -> None:
    source = optimizer(statement)
    step = read(source)
    assert step.coupling is ADAPTIVE
    assert step.decay_key == "weight_decay"
    assert isinstance(step.default, t.Const)
    assert step.default.value == 0.01
    assert read(optimizer(statement, RMSPROP)).coupling is ADAPTIVE


@pytest.mark.parametrize("statement", JOINED)
def test_the_same_before_momentum_alone_is_coupled_plain(statement: str) -> None:
    assert read(optimizer(statement, MOMENTUM)).coupling is PLAIN


@pytest.mark.parametrize(
    "statement",
    [
        'p.mul_(1 - group["lr"] * group["weight_decay"])',
        'p.data.mul_(1 - group["weight_decay"])',
        'p.add_(p, alpha=-group["lr"] * group["weight_decay"])',
        'p.data.add_(-group["weight_decay"] * group["lr"], p.data)',
        'p.data = p.data - group["lr"] * group["weight_decay"] * p.data',
        'p -= group["lr"] * group["weight_decay"] * p',
        'decay = 1 - group["lr"] * group["weight_decay"]\np.data = p.data * decay',
        'torch._foreach_mul_(p, 1 - group["lr"] * group["weight_decay"])',
        'p.div_(1 + group["lr"] * group["weight_decay"])',
        'p.copy_(p * (1 - group["lr"] * group["weight_decay"]))',
    ],
)
def test_decay_that_acts_on_the_parameter_is_decoupled(statement: str) -> None:
    for source in (optimizer(statement), optimizer("", ADAM, statement)):
        step = read(source)
        assert step.coupling is DECOUPLED
        assert step.decay_key == "weight_decay"


def test_the_learning_rate_in_the_decay_is_told() -> None:
    assert read(optimizer('p.mul_(1 - group["lr"] * group["weight_decay"])')).lr_scaled is True
    assert read(optimizer('p.mul_(1 - group["weight_decay"])')).lr_scaled is False


@pytest.mark.parametrize(
    "statement",
    [
        'update += group["weight_decay"] * p\np.add_(update, alpha=-group["lr"])',
        'update = update + p.data * group["weight_decay"]\np.data.add_(-group["lr"] * update)',
        'update.add_(p, alpha=group["weight_decay"])\np.sub_(update * group["lr"])',
        'update.add_(p, alpha=group["weight_decay"])\nr = p.norm() / update.norm()\np.sub_(update * r)',
        'update = torch.where(v > 0, update, grad).add(p, alpha=group["weight_decay"])\np.sub_(update)',
    ],
)
def test_decay_that_joins_an_update_after_rescaling_is_decoupled(statement: str) -> None:
    assert read(optimizer("", UPDATE, statement)).coupling is DECOUPLED


def test_cautious_decay_under_a_mask_is_decoupled() -> None:
    masked = 'mask = (update * p) > 0\nupdate.addcmul_(p, mask, value=group["weight_decay"])\np.add_(update, alpha=-1)'
    assert read(optimizer("", UPDATE, masked)).coupling is DECOUPLED


def test_a_trust_ratio_rescales() -> None:
    lars = """
                grad = grad.add(p, alpha=group["weight_decay"])
                ratio = torch.norm(p) / torch.norm(grad)
                grad = grad.mul(ratio)
                buffer = state["buffer"]
                buffer.mul_(0.9).add_(grad)
                p.add_(buffer, alpha=-group["lr"])
"""
    assert read(optimizer("", lars)).coupling is ADAPTIVE


def test_a_sign_rescales() -> None:
    source = 'grad = grad.add(p, alpha=group["weight_decay"])\np.add_(torch.sign(grad), alpha=-group["lr"])'
    assert read(optimizer(source, "")).coupling is ADAPTIVE


def test_orthogonalising_rescales() -> None:
    rest = '                p.add_(orthogonal(grad), alpha=-group["lr"])\n'
    more = """
def orthogonal(g):
    x = g / g.norm()
    for _ in range(5):
        x = x + (x @ x.mT) @ x
    return x
"""
    assert read(optimizer('grad = grad.add(p, alpha=group["weight_decay"])', rest, more=more)).coupling is ADAPTIVE
    assert read(optimizer('p.mul_(1 - group["lr"] * group["weight_decay"])', rest, more=more)).coupling is DECOUPLED


def test_no_decay_at_all() -> None:
    step = read(optimizer(init="eps=1e-8"))
    assert step.coupling is Coupling.NONE
    assert step.node is None
    assert step.decay_key is None


def test_an_option_that_is_never_used_is_no_decay() -> None:
    assert read(optimizer()).coupling is Coupling.NONE


@pytest.mark.parametrize(
    "statement",
    [
        'p.data.add(-group["lr"] * group["weight_decay"], p.data)',
        'if group["weight_decay"] != 0:\n    p.data.add(-group["lr"] * group["weight_decay"], p.data)',
        'p.add(p, alpha=-group["weight_decay"])',
        'grad.sub(p, alpha=-group["weight_decay"])',
    ],
)
def test_what_is_computed_and_not_kept_is_no_decay(statement: str) -> None:
    assert read(optimizer(statement)).coupling is Coupling.NONE


def test_a_strength_that_is_read_and_lost_from_sight_is_unknown() -> None:
    step = read(optimizer('fused_step(p, grad, group["weight_decay"])'))
    assert step.coupling is Coupling.UNKNOWN
    assert step.decay_key == "weight_decay"


def test_a_key_may_be_a_constant_of_the_module() -> None:
    source = "KEY = 'weight_decay'\n" + optimizer("p.mul_(1 - group[KEY])")
    assert (read(source).coupling, read(source).decay_key) == (DECOUPLED, "weight_decay")


def test_code_in_strings_is_dead() -> None:
    source = optimizer('"""\ngrad = grad.add(p, alpha=group["weight_decay"])\n"""')
    assert read(source).coupling is Coupling.NONE


@pytest.mark.parametrize(("default", "coupling"), [("True", DECOUPLED), ("False", ADAPTIVE)])
def test_a_switch_goes_by_its_default(default: str, coupling: Coupling) -> None:
    body = """if group["weight_decay"] != 0:
    if group["decoupled_decay"]:
        p.mul_(1 - group["lr"] * group["weight_decay"])
    else:
        grad = grad.add(p, alpha=group["weight_decay"])"""
    step = read(optimizer(body, init=f"weight_decay=0.01, decoupled_decay={default}"))
    assert step.switch == "decoupled_decay"
    assert step.coupling is coupling


def test_a_switch_kept_on_the_optimizer_or_passed_to_a_helper() -> None:
    helper = """
    @staticmethod
    def decay(p, grad, lr, weight_decay, decouple):
        if not decouple:
            grad.add_(p, alpha=weight_decay)
            return
        p.mul_(1 - lr * weight_decay)
"""
    call = 'self.decay(p, grad, group["lr"], weight_decay=group["weight_decay"], decouple=group["decouple"])'
    step = read(optimizer(call, init="weight_decay=0, decouple=True", more=helper))
    assert (step.coupling, step.switch) == (DECOUPLED, "decouple")
    step = read(optimizer(call, init="weight_decay=0, decouple=False", more=helper))
    assert (step.coupling, step.switch) == (ADAPTIVE, "decouple")


def test_a_switch_by_name() -> None:
    body = """if group["decay_type"] == "l2":
    grad = grad.add(p, alpha=group["weight_decay"])
else:
    p.mul_(1 - group["weight_decay"])"""
    assert read(optimizer(body, init='weight_decay=0, decay_type="l2"')).coupling is ADAPTIVE
    assert read(optimizer(body, init='weight_decay=0, decay_type="adamw"')).coupling is DECOUPLED


def test_both_without_a_readable_switch_can_not_be_told() -> None:
    body = """if unknown(p):
    grad = grad.add(p, alpha=group["weight_decay"])
else:
    p.mul_(1 - group["weight_decay"])"""
    assert read(optimizer(body)).coupling is Coupling.UNKNOWN


def test_functions_of_the_module_are_entered() -> None:
    source = """
def adam(params, grads, ms, vs, *, lr, weight_decay):
    for i, p in enumerate(params):
        g = grads[i]
        if weight_decay != 0:
            g = g.add(p, alpha=weight_decay)
        m = ms[i]
        v = vs[i]
        m.mul_(0.9).add_(g, alpha=0.1)
        v.mul_(0.9).addcmul_(g, g.conj(), value=0.1)
        p.addcdiv_(m, v.sqrt().add_(1e-8), value=-lr)


class Mine(Optimizer):
    def __init__(self, params, lr=1e-3, weight_decay=0.1):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    def step(self):
        for group in self.param_groups:
            params, grads, ms, vs = [], [], [], []
            for p in group["params"]:
                params.append(p)
                grads.append(p.grad)
                ms.append(self.state[p]["m"])
                vs.append(self.state[p]["v"])
            adam(params, grads, ms, vs, lr=group["lr"], weight_decay=group["weight_decay"])
"""
    step = read(source)
    assert step.coupling is ADAPTIVE
    assert text(step, source) == "g = g.add(p, alpha=weight_decay)"
    assert step.decay_key == "weight_decay"


def test_functions_elsewhere_are_asked_for() -> None:
    other = lower_module(
        libcst.parse_module("def shrink(p, wd, lr):\n    p.mul_(1 - lr * wd)\n"), "other", "other.py", False
    )
    found = other.scope.body.statements[0]
    assert isinstance(found, t.FunctionDef)
    asked: list[str] = []

    def resolve(name: str) -> t.FunctionDef | None:
        asked.append(name)
        return found if name == "helpers.shrink" else None

    source = optimizer('helpers.shrink(p, group["weight_decay"], group["lr"])')
    assert read(source, resolve=resolve).coupling is DECOUPLED
    assert "helpers.shrink" in asked
    assert read(source).coupling is Coupling.UNKNOWN


@pytest.mark.parametrize(("function", "coupling"), [("adam", ADAPTIVE), ("adamw", DECOUPLED), ("sgd", PLAIN)])
def test_functions_of_the_library_are_known(function: str, coupling: Coupling) -> None:
    source = f"""
from torch.optim._functional import {function}


class Mine(Optimizer):
    def __init__(self, params, lr=1e-3, weight_decay=0.1):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    def step(self):
        for group in self.param_groups:
            {function}(group["params"], lr=group["lr"], weight_decay=group["weight_decay"])
"""
    assert read(source).coupling is coupling


def test_without_a_step_of_its_own_the_base_class_decides() -> None:
    step = read("class Mine(torch.optim.AdamW):\n    def __init__(self, params, lr=1e-3, weight_decay=0.1): pass\n")
    assert step.inherits
    assert step.coupling is Coupling.UNKNOWN
    step = read(
        "class Mine(torch.optim.AdamW):\n    def step(self, closure=None):\n        return super().step(closure)\n"
    )
    assert step.inherits


def test_a_base_class_in_the_same_module_is_read() -> None:
    source = optimizer('p.mul_(1 - group["weight_decay"])') + "\nclass Derived(Mine):\n    pass\n"
    step = read(source, "Derived")
    assert step.coupling is DECOUPLED
    assert not step.inherits


@pytest.mark.parametrize("test", ["p.ndim != 1", "p.dim() > 1", "len(p.shape) > 1", "not p.ndim <= 1", "p.ndim >= 2"])
def test_vectors_that_the_step_leaves_out_are_exempt(test: str) -> None:
    step = read(optimizer(f'if {test}:\n    grad = grad.add(p, alpha=group["weight_decay"])'))
    assert step.exempts is not None
    assert (step.exempts.weights, step.exempts.gains, step.exempts.biases) == (Ternary.NO, Ternary.YES, Ternary.YES)


def test_other_tests_exempt_nothing() -> None:
    assert read(optimizer('if p.ndim > 0:\n    p.mul_(1 - group["weight_decay"])')).exempts is None
    assert read(optimizer('if group["weight_decay"]:\n    p.mul_(1 - group["weight_decay"])')).exempts is None


@pytest.mark.parametrize("key", ["weight_decay", "weight_decay_rate", "wd", "l2", "l2_reg", "decay"])
def test_the_key_that_is_read(key: str) -> None:
    step = read(optimizer(f'p.mul_(1 - group["lr"] * group["{key}"])', init=f"{key}=0.1"))
    assert step.decay_key == key
    assert isinstance(step.default, t.Const)
    assert step.default.value == 0.1
    assert {"lr", key} <= set(step.reads)


def test_a_default_written_in_the_defaults_dictionary() -> None:
    source = """
class Mine(Optimizer):
    def __init__(self, params):
        super().__init__(params, {"lr": 0.1, "weight_decay": 0.3})

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
"""
    step = read(source)
    assert isinstance(step.default, t.Const)
    assert step.default.value == 0.3


def test_the_statement_that_applies_decay_is_told() -> None:
    source = optimizer('grad = grad.add(p, alpha=group["weight_decay"])')
    assert text(read(source), source) == 'grad = grad.add(p, alpha=group["weight_decay"])'


def test_other_decays_are_not_weight_decay() -> None:
    assert read(optimizer('clr = group["lr"] / (1 + group["lr_decay"])', init="lr_decay=0")).coupling is Coupling.NONE


def test_recursion_ends() -> None:
    more = "    def again(self, p):\n        return self.again(p)\n"
    assert read(optimizer("self.again(p)", more=more)).coupling is Coupling.NONE


@pytest.mark.xfail(strict=True, reason="todo: the same option tested again through a list that is empty without it")
def test_a_switch_behind_a_list_that_may_be_empty() -> None:
    body = """if not group["decouple"]:
    grad = grad.add(p, alpha=group["weight_decay"])
old = [p.clone()] if group["decouple"] else []
if old:
    p.add_(old[0], alpha=-group["weight_decay"])"""
    assert read(optimizer(body, init="weight_decay=0, decouple=False")).coupling is ADAPTIVE


def test_an_exemption_in_a_method_that_an_option_turns_on() -> None:
    module = parse_text(
        dedent("""
            from torch.optim import Optimizer

            class Layerwise(Optimizer):
                def __init__(self, params, lr=0.1, weight_decay=0.0, skip_vectors=False):
                    super().__init__(params, dict(lr=lr, weight_decay=weight_decay, skip_vectors=skip_vectors))

                def is_vector(self, p):
                    return p.ndim == 1

                def step(self):
                    for group in self.param_groups:
                        for p in group["params"]:
                            update = p.grad
                            if not group["skip_vectors"] or not self.is_vector(p):
                                update = update.add(p, alpha=group["weight_decay"])
                            ratio = torch.norm(p) / torch.norm(update)
                            p.add_(update * ratio, alpha=-group["lr"])
        """),
        "layerwise.py",
    )
    cls = next(s for s in module.scope.body.statements if isinstance(s, t.ClassDef))
    assert read_step(cls, module).exempts is None
    exempts = read_step(cls, module, settings={"skip_vectors": True}).exempts
    assert exempts is not None
    assert exempts.biases is Ternary.YES


@pytest.mark.parametrize(
    ("update", "carried"),
    [
        ("p -= group['lr'] * (p.grad + group['weight_decay'] * p)", False),
        ("p.add_(p.grad + group['weight_decay'] * p, alpha=-group['lr'])", False),
        ("p.data.sub_(group['lr'] * p.grad.add(p, alpha=group['weight_decay']))", False),
        ("p.sub_(self.state[p].mul_(0.9).add_(p.grad + group['weight_decay'] * p))", True),
    ],
)
def test_plain_descent_makes_no_difference_between_the_two(update: str, carried: bool) -> None:
    text = f"""
        class Descent(Optimizer):
            def __init__(self, params, lr=0.1, weight_decay=0.01):
                super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

            def step(self):
                for group in self.param_groups:
                    for p in group["params"]:
                        {update}
    """
    module = parse_text(dedent(text), "optimizer.py")
    (cls,) = (s for s in module.scope.body.statements if isinstance(s, t.ClassDef))
    assert read_step(cls, module).carried is carried


@pytest.mark.parametrize(
    "step",
    [
        """
        for p in self.model.parameters():
            p.grad.data.add_(p.data, alpha=self.weight_decay)
        for p in self.model.parameters():
            p.grad.data.div_(p.grad.data.abs().mean().sqrt())
        self.inner.step()
        """,
        """
        for module in self.model.modules():
            for p in module.parameters():
                p.grad = p.grad + self.weight_decay * p.data
                p.grad.div_(p.grad.norm())
        self.inner.step()
        """,
        """
        for p in self.model.parameters():
            d = p.grad.add(p, alpha=self.weight_decay)
            self.sums[p].mul_(0.9).addcmul_(d, d)
            p.data.addcdiv_(d, self.sums[p].sqrt(), value=-self.lr)
        """,
    ],
)
def test_parameters_of_a_model_that_the_optimizer_keeps(step: str) -> None:
    head = """
        class Natural(Optimizer):
            def __init__(self, model, lr=0.1, weight_decay=0.0):
                super().__init__(model.parameters(), dict())
                self.model = model
                self.lr = lr
                self.weight_decay = weight_decay
                self.sums = {p: torch.zeros_like(p) for p in model.parameters()}
                self.inner = SGD(model.parameters(), lr=lr)

            def step(self):
    """
    body = "\n".join(f"        {line}" for line in dedent(step).strip().splitlines())
    module = parse_text(f"{dedent(head).rstrip()}\n{body}\n", "optimizer.py")
    (cls,) = (s for s in module.scope.body.statements if isinstance(s, t.ClassDef))
    found = read_step(cls, module)
    assert (found.coupling, found.decay_key) == (Coupling.COUPLED_ADAPTIVE, "weight_decay")
