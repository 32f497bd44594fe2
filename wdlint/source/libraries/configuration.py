"""Configuration objects, whichever library makes them: mappings whose entries are members too."""

from __future__ import annotations

from dataclasses import replace

from wdlint.facts import Origin
from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Call, Library, passed_through
from wdlint.source.values import calls, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Instance, Known, MappingValue, Method, Unknown, bare, constant


def _entry(evaluator: Evaluation, call: Call) -> Answers | None:
    """`config.get("lr", 0.1)`: an entry, or what is given for want of one."""
    assert isinstance(call.callee, Method)
    receiver = call.callee.receiver
    if not isinstance(bare(receiver), (Unknown, Instance)):
        return None
    given = call.positional(evaluator)
    key = constant(given[0]) if given else None
    found = objects.member(evaluator, receiver, key, call.context) if isinstance(key, str) else ()
    known = tuple(v for v in found if not isinstance(v, Method))
    fallback = tuple(
        v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in (given[1] if len(given) > 1 else ())
    )
    unset = bool(fallback) and all(isinstance(v, Known) and v.value is None for v in fallback)
    unknown = Unknown(f"{calls.key_of(receiver)}.{key!r}", optional=unset)
    return known or (() if unset else fallback) or (unknown,)


def _same(evaluator: Evaluation, call: Call) -> Answers:
    """A copy, or another form of the same entries."""
    assert isinstance(call.callee, Method)
    return (call.callee.receiver,)


def _settings(evaluator: Evaluation, call: Call) -> Answers:
    """A new configuration, whose values a file or the command line may change."""
    made = mappings.mapping(evaluator, call)
    return tuple(replace(v, settings=True) if isinstance(v, MappingValue) else v for v in made)


_DICTIONARIES = (
    "addict.Dict",
    "attrdict.AttrDict",
    "box.Box",
    "easydict.EasyDict",
    "fvcore.common.config.CfgNode",
    "ml_collections.ConfigDict",
    "ml_collections.config_dict.ConfigDict",
    "ml_collections.config_dict.create",
    "mmcv.ConfigDict",
    "mmengine.config.ConfigDict",
    "munch.Munch",
    "yacs.config.CfgNode",
)
_COPIES = ("as_dict", "clone", "copy", "freeze", "from_pretrained_config", "resolve", "to_dict")

LIBRARY = Library(
    paths=tuple(dict.fromkeys(path.split(".")[0] for path in _DICTIONARIES)),
    calls=dict.fromkeys(_DICTIONARIES, _settings),
    settings=frozenset(_DICTIONARIES),
    families=((lambda path: path.endswith(".from_config_dict"), passed_through),),
    methods={**dict.fromkeys(("get", "getattr", "pop"), _entry), **dict.fromkeys(_COPIES, _same)},
)
