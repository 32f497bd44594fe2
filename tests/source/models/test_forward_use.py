"""A raw parameter's kind is read from what the methods of its class do with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdlint.facts import Kind, Witness
from wdlint.source.models.forward.use import uses_in_source


def layer(*forward: str, methods: str = "", init: str = "pass", arguments: str = "x") -> str:
    """A layer whose forward is these statements."""
    body = "\n".join(f"        {line}" for line in forward)
    return f"""
class Layer(nn.Module):
    def __init__(self, n):
        super().__init__()
        {init}
{methods}
    def forward(self, {arguments}):
{body}
"""


def kind(source: str, attribute: str = "p") -> Kind | None:
    use = uses_in_source(source, [attribute]).get(attribute)
    return use.kind if use else None


CONTRACTIONS = [
    "return F.linear(x, self.p)",
    "return nn.functional.linear(input=x, weight=self.p)",
    "return F.conv2d(x, self.p, None, 1)",
    "return F.conv_transpose1d(x, self.p.view(1, -1, 1))",
    "return x @ self.p",
    "return x @ self.p.t()",
    "return torch.matmul(x, self.p.transpose(0, 1))",
    "return x.matmul(self.p)",
    "return torch.bmm(x, self.p)",
    "return torch.einsum('bd,de->be', x, self.p)",
    "return torch.addmm(self.b, x, self.p)",
    "return F.linear(F.normalize(x), F.normalize(self.p))",
    "return F.linear(x, self.p * self.mask)",
    "return F.linear(x, self.p * self.scale / self.p.norm())",
    "return F.conv2d(x, (self.p - self.p.mean(1)) / self.p.std(1))",
    "return F.linear(x, torch.cat([self.p, self.q]))",
    "return F.linear(x, self.fake_quant(self.p))",
    "return F.linear(x, self.p * self.to_style(x))",
    "return torch._grouped_mm(x, self.p, offs=x.offsets)",
    "return sparse_linear(x, self.p, self.b)",
    "return (x * self.p).sum(-1)",
    "return torch.sum(x * self.p, dim=-1)",
]


@pytest.mark.parametrize("statement", CONTRACTIONS)
def test_an_operand_of_a_contraction_is_a_weight(statement: str) -> None:
    assert kind(layer(statement)) is Kind.WEIGHT


GAINS = [
    "return x * self.p",
    "return self.p * x",
    "return x.mul(self.p)",
    "return torch.mul(x, self.p)",
    "return self.p[:, None, None] * x",
    "return x * (1 + self.p)",
    "return x * (self.p.float() + 1.0)",
    "return x * self.p.view(1, -1, 1, 1).expand_as(x)",
    "return torch.sigmoid(self.p) * x",
    "return x + torch.tanh(self.p) * self.attention(x)",
    "return F.layer_norm(x, self.shape, self.p, self.b, self.eps)",
    "return F.batch_norm(x, self.mean, self.var, weight=self.p)",
    "return F.group_norm(x, 8, self.p)",
    "return F.rms_norm(x, (x.shape[-1],), self.p)",
    "return fused_rms_norm(x, self.p, eps=self.eps)",
    "return torch.einsum('bnd,nd->bnd', x, self.p)",
    "return torch.einsum('n,nbd->bd', self.p.softmax(0), x)",
    "return torch.addcmul(self.b, x, self.p)",
    "return x * (self.p * torch.rsqrt(self.running_var + self.eps))",
    "return x * self.p[x.types]",
    "return torch.lerp(x, self.shifted, self.p)",
]


@pytest.mark.parametrize("statement", GAINS)
def test_a_factor_of_the_input_is_a_gain(statement: str) -> None:
    assert kind(layer(statement)) is Kind.GAIN


BIASES = [
    "return x + self.p",
    "return x - self.p",
    "return x.add(self.p)",
    "return F.linear(x, self.w, self.p)",
    "return F.linear(x, self.w, bias=self.p)",
    "return F.conv1d(x, self.w, self.p)",
    "return F.layer_norm(x, self.shape, weight=self.g, bias=self.p)",
    "return torch.addmm(self.p, x, self.w)",
    "return F.linear(x, self.w, torch.cat((self.p, torch.zeros_like(self.p), self.q)))",
    "return conv2d_same(x, self.w, self.p)",
    "return F.softplus(x + self.p)",
    "return [x + self.p[i] for i in range(4)]",
]


@pytest.mark.parametrize("statement", BIASES)
def test_a_constant_added_to_the_input_is_a_bias(statement: str) -> None:
    source = layer(statement)
    use = uses_in_source(source, ["p", "w", "q", "g"])["p"]
    assert use.kind is Kind.BIAS
    assert use.note == "added", "the caller's shape can still make it a learned position"


OTHERS = [
    "return torch.exp(self.p) * x",
    "return x * -torch.exp(self.p.float())",
    "return F.softplus(self.p) * x",
    "return x / self.p",
    "return x > self.p",
    "return x.clamp(min=self.p)",
    "return F.prelu(x, self.p)",
    "return selective_scan_fn(x, A=self.p)",
    "return x + torch.sin(x * self.p)",
    "return torch.cat([self.p.expand(x.shape[0], -1, -1), x], dim=1)",
    "return torch.where(x.isnan(), self.p, x)",
    "return self.attention(self.p, x, x)",
    "return torch.softmax(x + self.p[self.relative_position_index.view(-1)], -1)",
    "return torch.einsum('bqc,qkc->bqk', x, self.p[self.distance.long()])",
]


@pytest.mark.parametrize("statement", OTHERS)
def test_codes_divisors_slopes_tokens_and_position_tables_are_other(statement: str) -> None:
    assert kind(layer(statement)) is Kind.OTHER


def test_a_table_looked_up_by_ids_is_an_embedding() -> None:
    assert kind(layer("return F.embedding(x, self.p)")) is Kind.EMBEDDING
    assert kind(layer("return self.p[x]")) is Kind.EMBEDDING
    assert kind(layer("return torch.gather(self.p, 0, x)")) is Kind.EMBEDDING


def test_rows_chosen_by_the_input_are_what_is_done_with_them() -> None:
    assert kind(layer("return F.linear(x, self.p[x.argmax()])")) is Kind.WEIGHT
    assert kind(layer("return x * self.p[x.argmax()]")) is Kind.GAIN


def test_the_parameter_is_followed_through_local_names_and_casts() -> None:
    assert kind(
        layer("w = self.p.to(x.dtype)", "w = w.reshape(-1)", "if w is not None:", "    x = x * w", "return x")
    ) is (Kind.GAIN)
    assert kind(layer("a, b = self.p.chunk(2)", "x *= a", "return x")) is Kind.GAIN
    assert kind(layer("(w := self.p)", "return x @ w")) is Kind.WEIGHT


def test_the_parameter_is_followed_through_methods_properties_and_functions() -> None:
    helper = "    def scale(self, y, g):\n        return y * g\n"
    assert kind(layer("return self.scale(x, self.p)", methods=helper)) is Kind.GAIN
    prop = "    @property\n    def kernel(self):\n        return self.p.flip(0)\n"
    assert kind(layer("return F.conv1d(x, self.kernel)", methods=prop)) is Kind.WEIGHT
    outside = "\ndef affine(y, g, b=None):\n    return y * g\n"
    assert kind(layer("return affine(x, self.p)") + outside) is Kind.GAIN
    deferred = layer("return checkpoint(self.inner, x)", methods="    def inner(self, y):\n        return y @ self.p\n")
    assert kind(deferred) is Kind.WEIGHT


def test_bases_are_read_too() -> None:
    base = "class Base(nn.Module):\n    def forward(self, x):\n        return self.affine(x)\n"
    derived = "class Derived(Base):\n    def affine(self, x):\n        return x * self.p\n"
    assert kind(f"{derived}\n{base}") is Kind.GAIN
    calls = "class Derived(Base):\n    def forward(self, x):\n        return super().forward(x)\n"
    upper = "class Base(nn.Module):\n    def forward(self, x):\n        return x @ self.p\n"
    assert kind(f"{calls}\n{upper}") is Kind.WEIGHT


def test_containers_of_parameters() -> None:
    aliased = layer('return x * self.params["g"]', init='self.params = {"g": self.p, "b": self.q}')
    assert uses_in_source(aliased, ["p", "q"])["p"].kind is Kind.GAIN
    assert "q" not in uses_in_source(aliased, ["p", "q"])
    keyed = layer('return x * self.params["g"] + self.params["b"]')
    assert {n: u.kind for n, u in uses_in_source(keyed, ["params.g", "params.b"]).items()} == {
        "params.g": Kind.GAIN,
        "params.b": Kind.BIAS,
    }
    listed = layer("for w, b in zip(self.ws, self.bs):", "    x = x @ w + b", "return x")
    assert {n: u.kind for n, u in uses_in_source(listed, ["ws", "bs"]).items()} == {"ws": Kind.WEIGHT, "bs": Kind.BIAS}
    numbered = layer("return F.linear(x, getattr(self, f'w_{self.i}'))")
    assert kind(numbered, "w_0") is Kind.WEIGHT


def test_parameters_of_a_member_are_dotted() -> None:
    assert kind(layer("return F.conv1d(x, self.conv.weight)"), "conv.weight") is Kind.WEIGHT


def test_a_contraction_wins_over_other_uses() -> None:
    assert kind(layer("x = x + self.p", "return x @ self.p.T")) is Kind.WEIGHT


def test_what_mixes_with_the_input_first_is_no_weight_of_a_later_product() -> None:
    assert kind(layer("return (x * self.p) @ x.transpose(1, 2)")) is Kind.GAIN
    assert kind(layer("return F.linear(x * self.p, self.w)")) is Kind.GAIN


def test_a_mask_token_blended_in_by_a_mask_is_not_a_gain() -> None:
    assert kind(layer("return x * (1 - mask) + self.p * mask", arguments="x, mask")) is not Kind.GAIN


def test_shapes_and_templates_are_no_uses() -> None:
    assert kind(layer("return x.new_zeros(self.p.shape)")) is None
    assert kind(layer("return x + torch.zeros_like(self.p)")) is None


def test_setting_up_is_no_use() -> None:
    reset = "    def reset_parameters(self):\n        y = torch.ones(3) * self.p\n        self.other(y)\n"
    assert kind(layer("return x", methods=reset)) is None


def test_an_unused_parameter_has_no_answer() -> None:
    assert uses_in_source(layer("return x"), ["p"]) == {}
    assert uses_in_source("class Layer(nn.Module): pass", ["p"]) == {}


def test_the_evidence_names_the_operation_and_the_method() -> None:
    use = uses_in_source(layer("return F.layer_norm(x, self.n, self.p)"), ["p"])["p"]
    assert use.evidence.witness is Witness.FORWARD
    assert use.evidence.text == "multiplied elementwise (layer_norm) in `forward`"
    assert use.node is not None


def test_indented_source_is_read_and_broken_source_gives_no_answer() -> None:
    nested = "\n".join(f"    {line}" for line in layer("return x * self.p").splitlines())
    assert kind(nested) is Kind.GAIN
    assert uses_in_source("class (:", ["p"]) == {}


def test_recursion_ends() -> None:
    again = "    def again(self, y):\n        return self.again(y * self.p)\n"
    assert kind(layer("return self.again(x)", methods=again)) is Kind.GAIN


@given(st.permutations(["p", "q", "r", "s"]))
def test_the_order_in_which_attributes_are_asked_changes_nothing(names: list[str]) -> None:
    source = layer("return F.linear(x * self.p + self.q, self.r)")
    assert uses_in_source(source, names).keys() == {"p", "q", "r"}
    assert {n: u.evidence for n, u in uses_in_source(source, names).items()} == {
        n: u.evidence for n, u in uses_in_source(source, ["p", "q", "r", "s"]).items()
    }


@pytest.mark.xfail(
    strict=True, reason="todo: taps that are a sum of learned and computed weights, product summed later"
)
def test_a_dynamic_convolution_written_by_hand() -> None:
    source = layer(
        "taps = self.p + self.proj(x)", "windows = x.unfold(-1, 4, 1)", "y = windows * taps", "return y.sum(-1)"
    )
    assert kind(source) is Kind.WEIGHT


def test_a_token_in_a_list_that_is_joined_later_is_other() -> None:
    listed = layer("parts = []", "parts.append(self.p.expand(len(x), -1, -1))", "return torch.cat(parts + [x], 1)")
    assert kind(listed) is Kind.OTHER
    added = layer("token = self.p + self.q", "x = torch.cat([token, x], 1)", "return x + self.p")
    assert kind(added) is Kind.OTHER


def test_a_table_read_by_a_product_is_no_weight() -> None:
    assert kind(layer("return F.one_hot(x, 10).float() @ self.p")) is Kind.EMBEDDING
    picked = layer("table = torch.einsum('pq,qh->ph', self.lookup, self.p)", "return x + table")
    assert kind(picked) is Kind.OTHER


def test_a_basis_before_a_convolution_leaves_a_weight() -> None:
    assert kind(layer("return F.conv1d(x, self.basis @ self.p)")) is Kind.WEIGHT


@pytest.mark.parametrize(
    "statement",
    [
        "return x * (self.basis @ self.p)",
        "return self.mixed(x, torch.matmul(self.basis, self.p))",
        "return torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(torch.mm(self.basis, self.p)))",
    ],
)
def test_filters_made_of_a_fixed_basis_are_no_gain(statement: str) -> None:
    init = "self.register_buffer('basis', torch.eye(4))"
    mixed = "    def mixed(self, a, b):\n        return a * b\n"
    assert kind(layer(statement, init=init, methods=mixed)) is Kind.OTHER


def test_learned_positions_contracted_with_queries_are_told_by_their_name_alone() -> None:
    use = uses_in_source(layer("return x @ self.height_rel.transpose(0, 1)"), ["height_rel"])["height_rel"]
    assert use.kind is Kind.OTHER
    assert "name" in use.evidence.text


def test_unknown_kernels_with_many_weights_go_by_place_and_name() -> None:
    source = layer("return quaternion_conv_op(x, self.r, self.i, self.j, self.bias)")
    kinds = {n: u.kind for n, u in uses_in_source(source, ["r", "i", "j", "bias"]).items()}
    assert kinds == {"r": Kind.WEIGHT, "i": Kind.WEIGHT, "j": Kind.WEIGHT, "bias": Kind.BIAS}
    fused = layer("return chunk_recurrence(x, A_log=self.a, dt_bias=self.b)")
    assert {n: u.kind for n, u in uses_in_source(fused, ["a", "b"]).items()} == {"a": Kind.OTHER, "b": Kind.BIAS}


def test_parameters_mapped_together_stay_apart() -> None:
    source = layer("w, b = map(torch.view_as_complex, (self.w, self.b))", "return F.conv2d(x, w, b)")
    assert {n: u.kind for n, u in uses_in_source(source, ["w", "b"]).items()} == {"w": Kind.WEIGHT, "b": Kind.BIAS}


def test_a_keyword_of_a_layer_can_tell() -> None:
    assert kind(layer("return self.conv(x, gain=self.p + 1)")) is Kind.GAIN
    assert kind(layer("return self.conv(x, weight=self.p)")) is None
