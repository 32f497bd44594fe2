"""The inventory of a model, read from its source, and torch's own list of the same model's parameters."""

from __future__ import annotations

import textwrap

import libcst
import pytest

from wdlint.facts import Inventory, Kind, Parameter, Ternary
from wdlint.source.models.declared_exemptions import models_declared_exemptions
from wdlint.source.models.inventory import ancestry, inventory, marks
from wdlint.source.observation import evaluator_of
from wdlint.source.read.lower_expressions import expression
from wdlint.source.read.parse import parse_text
from wdlint.source.read.project import Project
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Value

HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom torch.nn import Parameter\n"


def answer(source: str, model: str) -> tuple[Evaluation, Value]:
    """What the expression `model` is at the end of a module."""
    module = parse_text(HEADER + textwrap.dedent(source), "net.py")
    evaluator = evaluator_of(Project(), module)
    expr = expression(libcst.parse_expression(model))
    values = evaluator.evaluate(expr, evaluator.frame(module.scope).at(None))
    assert len(values) == 1
    return evaluator, values[0]


def read(source: str, model: str = "Net()") -> Inventory:
    """The inventory of what `model` is."""
    found = inventory(*answer(source, model))
    assert found is not None
    return found


def by_name(found: Inventory) -> dict[str, Parameter]:
    return {p.name: p for p in found.parameters}


def test_a_module_holds_its_layers_and_raw_parameters() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.fc = nn.Linear(width, 4)
                self.norm = nn.LayerNorm(4)
                self.scale = nn.Parameter(torch.ones(4))
            def forward(self, x):
                return self.norm(self.fc(x)) * self.scale
        """
    )
    assert found.complete
    assert {p.name: (p.kind, p.ndim) for p in found.parameters} == {
        "scale": (Kind.GAIN, 1),
        "fc.weight": (Kind.WEIGHT, 2),
        "fc.bias": (Kind.BIAS, 1),
        "norm.weight": (Kind.GAIN, 1),
        "norm.bias": (Kind.BIAS, 1),
    }
    assert all(p.present is Ternary.YES for p in found.parameters)
    assert by_name(found)["norm.weight"].owner == "torch.nn.LayerNorm"
    assert by_name(found)["norm.weight"].ancestors == ("net.Net",)


def test_a_block_built_any_number_of_times_is_named_with_a_star() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, depth):
                super().__init__()
                self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])
        """,
        "Net(args.depth)",
    )
    assert [p.name for p in found.parameters] == ["blocks.*.weight", "blocks.*.bias"]


def test_a_switch_that_cannot_be_told_leaves_presence_open() -> None:
    found = by_name(
        read(
            """
            class Net(nn.Module):
                def __init__(self, bias, use_norm):
                    super().__init__()
                    self.fc = nn.Linear(4, 4, bias=bias)
                    if use_norm:
                        self.norm = nn.LayerNorm(4)
            """,
            "Net(args.bias, args.use_norm)",
        )
    )
    assert found["fc.weight"].present is Ternary.YES
    assert found["fc.bias"].present is Ternary.UNKNOWN
    assert found["norm.weight"].present is Ternary.UNKNOWN


def test_what_all_alternatives_share_is_there_in_any_case() -> None:
    found = by_name(
        read(
            """
            class Net(nn.Module):
                def __init__(self, kind):
                    super().__init__()
                    if kind == "batch":
                        self.norm = nn.BatchNorm1d(4)
                    elif kind == "rms":
                        self.norm = nn.RMSNorm(4)
                    else:
                        raise ValueError(kind)
            """,
            "Net(args.norm)",
        )
    )
    assert found["norm.weight"].present is Ternary.YES
    assert found["norm.weight"].kind is Kind.GAIN
    assert found["norm.bias"].present is Ternary.UNKNOWN


def test_a_later_replacement_replaces() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.fc = nn.Identity()
        """
    )
    assert found.parameters == ()
    assert found.complete


def test_a_list_that_becomes_a_module_list_under_its_own_name_holds_what_it_held() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, wide=True):
                super().__init__()
                if wide:
                    self.layers = [nn.Linear(4, 16)]
                else:
                    self.layers = [nn.Linear(4, 8)]
                self.layers = nn.ModuleList(self.layers)
            def forward(self, x):
                return self.layers[0](x)
        """
    )
    assert {"layers.0.weight", "layers.0.bias"} <= set(by_name(found))
    assert {p.kind for p in found.parameters} == {Kind.WEIGHT, Kind.BIAS}


def test_an_unknown_part_that_is_called_leaves_the_inventory_open() -> None:
    found = read(
        """
        import some_library
        class Net(nn.Module):
            def __init__(self, hidden_size, encoder):
                super().__init__()
                self.hidden_size = hidden_size
                self.encoder = encoder
                self.block = some_library.Block(4)
                self.head = nn.Linear(hidden_size, 2)
            def forward(self, x):
                return self.head(self.block(self.encoder(x)))
        """,
        "Net(args.hidden_size, args.encoder)",
    )
    assert not found.complete
    assert [p.name for p in found.parameters] == ["head.weight", "head.bias"]


def test_plain_numbers_that_cannot_be_told_are_no_parts() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, hidden_size, dropout):
                super().__init__()
                self.hidden_size = hidden_size
                self.dropout = dropout
                self.head = nn.Linear(hidden_size, 2)
            def forward(self, x):
                return self.head(F.dropout(x, self.dropout))
        """,
        "Net(args.hidden_size, args.dropout)",
    )
    assert found.complete


def test_a_module_that_contains_itself_ends() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, depth):
                super().__init__()
                self.fc = nn.Linear(2, 2)
                self.inner = Net(depth - 1)
        """,
        "Net(args.depth)",
    )
    assert not found.complete
    assert by_name(found)["fc.weight"].kind is Kind.WEIGHT


def test_layers_that_the_program_replaces_after_construction() -> None:
    found = by_name(
        read(
            """
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
                    self.fc = nn.Linear(4, 4)
            model = Net()
            for p in model.parameters():
                p.requires_grad = False
            model.fc = nn.Linear(4, 2, bias=False)
            model.body[1] = nn.LayerNorm(4)
            """,
            "model",
        )
    )
    assert set(found) == {"body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "fc.weight"}
    assert found["body.1.weight"].kind is Kind.GAIN
    assert found["body.0.weight"].trainable is Ternary.NO
    assert found["fc.weight"].trainable is Ternary.YES


@pytest.mark.parametrize("frozen", ["weight.requires_grad = False", "weight.requires_grad_(False)"])
def test_one_parameter_of_a_layer_is_frozen_by_itself(frozen: str) -> None:
    found = by_name(
        read(
            f"""
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.places = nn.Linear(4, 4)
                    self.fc = nn.Linear(4, 4)
            model = Net()
            model.places.{frozen}
            """,
            "model",
        )
    )
    assert [name for name, p in found.items() if p.trainable is Ternary.NO] == ["places.weight"]
    assert found["places.bias"].trainable is Ternary.YES


def test_a_part_has_its_own_names() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.backbone = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
                self.fc = nn.Linear(4, 4)
        """,
        "Net().backbone",
    )
    assert [p.name for p in found.parameters] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert found.parameters[0].ancestors == ("torch.nn.Sequential",)


@pytest.mark.parametrize(
    ("made", "ndim", "shape"),
    [
        ("torch.ones(4)", 1, (4,)),
        ("torch.zeros(1, n, 4)", 3, (1, None, 4)),
        ("torch.empty(n)", 1, (None,)),
        ("torch.tensor(0.07)", 0, ()),
        ("torch.tensor([1.0, 2.0])", 1, (2,)),
        ("0.1 * torch.ones((4, 1, 1))", 3, (4, 1, 1)),
        ("torch.randn(2, 3).t()", 2, (3, 2)),
        ("torch.zeros(3).unsqueeze(0)", 2, (1, 3)),
        ("torch.full((2, n), 0.5)", 2, (2, None)),
        ("nn.init.xavier_uniform_(torch.empty(2, 3))", 2, (2, 3)),
        ("torch.ones(input_shape)", None, None),
        ("something(4)", None, None),
    ],
)
def test_the_shape_that_an_initial_value_shows(
    made: str, ndim: int | None, shape: tuple[int | None, ...] | None
) -> None:
    found = read(
        f"""
        class Net(nn.Module):
            def __init__(self, n, input_shape):
                super().__init__()
                self.p = nn.Parameter({made})
        """,
        "Net(args.n, args.input_shape)",
    )
    assert [(p.ndim, p.shape) for p in found.parameters] == [(ndim, shape)]


@pytest.mark.parametrize(
    ("made", "kind"),
    [("torch.ones(4)", Kind.GAIN), ("torch.zeros(4)", Kind.BIAS), ("torch.randn(4, 4)", Kind.UNKNOWN)],
)
def test_a_parameter_whose_use_is_not_seen_is_judged_by_its_first_value_and_never_by_dimensions(
    made: str, kind: Kind
) -> None:
    found = read(
        f"""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.mystery = nn.Parameter({made})
        """
    )
    assert found.parameters[0].kind is kind


def test_marks_on_parameters_are_found() -> None:
    source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.A_log = nn.Parameter(torch.zeros(4, 8))
                self.A_log._no_weight_decay = True
                self.fc = nn.Linear(4, 4)
                self.fc.bias._no_weight_decay = True
        """
    evaluator, value = answer(source, "Net()")
    assert marks(evaluator, value) == {"_no_weight_decay": frozenset({"A_log", "fc.bias"})}


def test_declared_exemptions_are_read_from_the_model() -> None:
    source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.pos_embed = nn.Parameter(torch.zeros(1, 4, 8))
            @torch.jit.ignore
            def no_weight_decay(self):
                return {"pos_embed", "cls_token"}
            def no_weight_decay_keywords(self):
                return {"relative_position_bias_table"}
        """
    declared = models_declared_exemptions(*answer(source, "Net()"))
    assert declared is not None
    assert declared.names == ("pos_embed", "cls_token")
    assert declared.keywords == ("relative_position_bias_table",)


def test_ancestry_reaches_through_the_project_to_torch() -> None:
    source = """
        class MyNorm(nn.BatchNorm2d):
            pass
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = MyNorm(4)
        """
    evaluator, value = answer(source, "Net()")
    inventory(evaluator, value)
    bases = ancestry(evaluator, "net.MyNorm")
    assert bases is not None
    assert {"torch.nn.BatchNorm2d", "torch.nn.modules.batchnorm._BatchNorm"} <= bases
    assert ancestry(evaluator, "elsewhere.Thing") is None


@pytest.mark.xfail(strict=True, reason="todo: a loop over sub-modules that replaces their layers")
def test_layers_replaced_by_a_walk_over_the_model() -> None:
    found = by_name(
        read(
            """
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.norm = nn.BatchNorm1d(4)
                    for name, module in self.named_children():
                        if isinstance(module, nn.BatchNorm1d):
                            setattr(self, name, nn.Identity())
            """
        )
    )
    assert found == {}
