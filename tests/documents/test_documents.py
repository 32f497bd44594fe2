"""JSON, YAML and Python as values with places, and what is none of them."""

from __future__ import annotations

import contextlib
import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdlint.documents import json, python, yaml
from wdlint.documents.nodes import Listing, Mapping, Node, Opaque, Scalar, Unreadable, mappings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plain(node: Node) -> object:
    """A document without its places."""
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else ...


def shown(text: str, node: Node) -> str:
    """What stands in a text of one line at a node's place."""
    return text[node.place.column - 1 : node.place.end_column - 1]


@given(VALUES, st.sampled_from([None, 2]))
def test_json_is_what_the_standard_library_reads(value: object, indent: int | None) -> None:
    for ascii_only in (True, False):
        text = standard.dumps(value, indent=indent, ensure_ascii=ascii_only)
        assert plain(json.read("x.json", text)) == value


@given(st.text(alphabet='{}[]",:01.-eE tfn\\\n', max_size=30))
def test_what_is_no_json_is_refused(text: str) -> None:
    try:
        value = standard.loads(text)
    except ValueError:
        with pytest.raises(Unreadable):
            json.read("x.json", text)
    else:
        assert plain(json.read("x.json", text)) == value


def test_places_of_json() -> None:
    text = '{"ä": [1, {"b": -2.5e1}]}'
    root = json.read("x.json", text)
    assert isinstance(root, Mapping)
    (outer,) = root.entries
    assert (outer.place.column, outer.place.end_column) == (2, 5)
    inner = [mapping for mapping, _ in mappings(root)][1]
    assert shown(text, inner) == '{"b": -2.5e1}'
    assert shown(text, inner.entries[0].value) == "-2.5e1"


def test_yaml_has_places_values_and_merged_entries() -> None:
    root = yaml.read("x.yaml", "base: &b\n  lr: 1e-3\n  wd: 0.1\nuse:\n  <<: *b\n  wd: 2\n  on: yes\n  name: 'x'\n")
    assert plain(root) == {
        "base": {"lr": 0.001, "wd": 0.1},
        "use": {"lr": 0.001, "wd": 2, "on": "yes", "name": "x"},
    }
    assert isinstance(root, Mapping)
    use = root.mapping("use")
    assert use is not None
    own = use.entry("wd")
    assert own is not None
    assert (own.place.line, own.place.column, own.place.end_column) == (6, 3, 5)


def test_tags_of_yaml_have_no_meaning() -> None:
    root = yaml.read("x.yaml", "a: !!python/object/apply:os.system ['exit 1']\nb: !new:torch.optim.Adam\n  lr: 1\n")
    assert isinstance(root, Mapping)
    assert isinstance(root.get("a"), Listing)
    made = root.mapping("b")
    assert made is not None
    assert made.tag == "!new:torch.optim.Adam"


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "&a [*a]",
        "a: *b",
        "a: 1\n---\nb: 2\n",
        "\0",
        "- " * 2000,
        "[" * 100_000,
        "a: " + "{b: [" * 60 + "]}" * 60,
        "a: 1\n b: 2\n",
        "a: b: c",
    ],
    ids=range(10),
)
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        yaml.read("x.yaml", text)


@given(st.text(alphabet="ab: -[]{}&*!#|>'\"\n,?%@`<01.", max_size=40))
def test_no_text_breaks_the_reader_of_yaml(text: str) -> None:
    with contextlib.suppress(Unreadable):
        yaml.read("x.yaml", text)


def test_aliases_of_aliases_stay_small() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert len(list(mappings(yaml.read("x.yaml", "\n".join(lines))))) == 2


def test_python_that_is_data() -> None:
    root = python.read(
        "x.py",
        """\
base_lr = 2e-4
optimizer = dict(type='AdamW', lr=base_lr * 2, **dict(weight_decay=0.05))
optimizer['betas'] = (0.9, -1)
optimizer.lr_mult = {'a': None}
unknown = call()
for name in ():
    late = 1
""",
    )
    found = plain(root)
    assert isinstance(found, dict)
    assert found["optimizer"] == {
        "type": "AdamW", "lr": 4e-4, "weight_decay": 0.05, "betas": [0.9, -1], "lr_mult": {"a": None}
    }  # fmt: skip
    assert isinstance(root.get("unknown"), Opaque)
    assert isinstance(root.get("late"), Opaque)


def test_a_mapping_with_unknown_parts_says_so() -> None:
    root = python.read("x.py", "a = dict(x=1, **more)\nb = dict(x=1)\nb.update(c)\n")
    a = root.mapping("a")
    assert a is not None
    assert not a.complete
    assert isinstance(root.get("b"), Opaque)
