"""From a target as the user writes it to a module, or to a checkpoint's names and shapes.

Targets: `package.module:attribute`, `path/to/file.py:attribute`, a checkpoint file, a Hugging Face model folder,
`timm:NAME`, `torchvision:NAME`, `transformers:TYPE`. A model is built on the meta device, so no memory is taken for
its values. The user's own code runs here and nowhere else; its errors are shown as his.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wdlint.complaint import Complaint
from wdlint.model.loading.checkpoint import Entry, is_checkpoint

if TYPE_CHECKING:
    from torch import nn


class UserError(Complaint):
    """The user's own code failed; `report` is his traceback without our frames."""

    def __init__(self, message: str, report: str) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Loaded:
    """A module, or else the entries of a checkpoint."""

    title: str
    source: str
    model: nn.Module | None = None
    entries: tuple[Entry, ...] = ()


def load(target: str, arguments: Mapping[str, Any], device: str = "meta") -> Loaded:
    """What `target` stands for.

    Args:
        target: see above.
        arguments: keyword arguments for a class or factory.
        device: where parameters are made; anything but `meta` takes memory for the values.

    Raises:
        Complaint: there is no such thing, or it is no model.
        UserError: the user's code raised an error.
    """
    path = Path(target)
    if is_checkpoint(path):
        from wdlint.model.loading import checkpoint

        return Loaded(path.name, f"names and shapes in {path.name}", entries=tuple(checkpoint.read(path)))
    if path.is_dir():
        return _folder(path, device)
    place, colon, attribute = target.rpartition(":")
    if not colon or not place or not attribute:
        raise Complaint(
            f"{target}: no model: write package.module:attribute, file.py:attribute, a checkpoint file, "
            "a model folder, timm:NAME, torchvision:NAME or transformers:TYPE"
        )
    need_torch()
    if place in _LIBRARIES:
        model = _LIBRARIES[place](attribute, arguments, device)
    else:
        model = _from_code(target, resolve(place, attribute), arguments, device)
    return Loaded(target, f"built on {device}", model=model)


def need_torch() -> None:
    """Raise in words where torch is missing."""
    if importlib.util.find_spec("torch") is None:
        raise Complaint("this command needs torch: pip install torch")


def parse_argument(text: str) -> tuple[str, Any]:
    """`key=value` with a Python literal for value; anything else is a string."""
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise Complaint(f"--arg {text}: write key=value")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def resolve(place: str, attribute: str) -> Any:
    """The object at `module:attribute` or `file.py:attribute`; the user's module is imported."""
    with _as_users_code(f"importing {place} failed"):
        module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            import difflib

            near = difflib.get_close_matches(part, dir(found), n=1)
            raise Complaint(f"{place} has no `{attribute}`" + (f"; did you mean `{near[0]}`?" if near else ""))
        found = getattr(found, part)
    return found


def _import_file(path: Path) -> Any:
    if not path.exists():
        raise Complaint(f"{path}: there is no such file")
    for folder in (str(path.resolve().parent), ""):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise Complaint(f"{path}: can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> Any:
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise Complaint(
                f"there is no module `{error.name}` here: is it installed, or is the folder another?"
            ) from None
        raise


@contextmanager
def _as_users_code(message: str) -> Iterator[None]:
    """Turn an error of the user's code into a UserError with his own frames only."""
    try:
        yield
    except (Complaint, KeyboardInterrupt):
        raise
    except BaseException as error:
        ours = str(Path(__file__).parent.parent)
        frames = [
            f for f in traceback.extract_tb(error.__traceback__)
            if not f.filename.startswith((ours, "<frozen importlib"))
        ]  # fmt: skip
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
        lines += traceback.format_exception_only(type(error), error)
        raise UserError(f"{message}: {type(error).__name__}: {error}", "".join(lines)) from None


def _from_code(target: str, found: Any, arguments: Mapping[str, Any], device: str) -> nn.Module:
    from torch import nn

    if isinstance(found, nn.Module):
        if arguments:
            raise Complaint(f"{target} is a module already: --arg has nothing to go to")
        return found
    if not callable(found):
        raise Complaint(f"{target} is {_a(type(found).__name__)}, and neither a module nor something that makes one")
    model = build(target, found, arguments, device)
    if not isinstance(model, nn.Module):
        raise Complaint(f"{target} returned {_a(type(model).__name__)} and no module")
    return model


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def build(target: str, factory: Callable[..., Any], arguments: Mapping[str, Any], device: str) -> Any:
    """Call a class or factory with its tensors on `device`.

    Where a factory does not work under a meta device (it reads values that it made), it is called again with
    values as it wants them, and each parameter goes to `meta` as soon as a module registers it.
    """
    import torch

    _check_arguments(target, factory, arguments)
    if device != "meta":
        with _as_users_code(f"{target} failed"), torch.device(device):
            return factory(**arguments)
    try:
        with torch.device("meta"):
            return factory(**arguments)
    except Exception:
        with _as_users_code(f"{target} failed"), emptied_parameters():
            return factory(**arguments)


def _check_arguments(target: str, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        missing = [
            p.name for p in signature.parameters.values()
            if p.default is p.empty and p.name not in arguments and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]  # fmt: skip
        if missing:
            hint = " ".join(f"--arg {name}=..." for name in missing)
            raise Complaint(f"{target} needs {', '.join(f'`{m}`' for m in missing)}: add {hint}") from None
        raise Complaint(f"{target}{signature}: {error}") from None


@contextmanager
def emptied_parameters() -> Iterator[None]:
    """Send each parameter to `meta` when a module registers it, so that no two layers' values exist at once."""
    from torch import nn

    register = nn.Module.register_parameter

    def registered(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        register(self, name, param)
        held = self._parameters.get(name)
        if held is not None and type(held) is nn.Parameter and not held.is_meta:
            self._parameters[name] = nn.Parameter(held.to("meta"), requires_grad=held.requires_grad)

    nn.Module.register_parameter = registered
    try:
        yield
    finally:
        nn.Module.register_parameter = register


def _folder(path: Path, device: str) -> Loaded:
    """A Hugging Face model folder: built from its configuration if transformers is installed, else by names."""
    if not (path / "config.json").exists():
        raise Complaint(
            f"{path}: a folder without a config.json is no model; name a checkpoint in it or file.py:attribute"
        )
    if importlib.util.find_spec("torch") is not None and importlib.util.find_spec("transformers") is not None:
        return Loaded(path.name, f"built on {device} from config.json", model=_from_configuration(path, device))
    from wdlint.model.loading import checkpoint

    for pattern in ("*.safetensors.index.json", "*.bin.index.json", "*.safetensors", "pytorch_model*.bin"):
        for file in sorted(path.glob(pattern)):
            return Loaded(path.name, f"names and shapes in {file.name}", entries=tuple(checkpoint.read(file)))
    raise Complaint(
        f"{path}: has no checkpoint, and building from config.json needs transformers: pip install transformers"
    )


def _from_configuration(path: Path, device: str) -> nn.Module:
    import transformers

    with _as_users_code(f"{path}/config.json can't be used"):
        config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        architectures = json.loads((path / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    for name in architectures:
        known = getattr(transformers, name, None)
        if known is not None:
            model: nn.Module = build(f"transformers.{name}", known._from_config, {"config": config}, device)
            return model
    made: nn.Module = build(str(path), transformers.AutoModel.from_config, {"config": config}, device)
    return made


def _library(name: str) -> Any:
    if importlib.util.find_spec(name) is None:
        raise Complaint(f"{name} is not installed: pip install {name}")
    with _as_users_code(f"importing {name} failed"):
        return importlib.import_module(name if name != "torchvision" else "torchvision.models")


def _timm(name: str, arguments: Mapping[str, Any], device: str) -> nn.Module:
    timm = _library("timm")
    if not timm.is_model(name):
        raise Complaint(f"timm has no model `{name}`" + _near(name, timm.list_models()))
    model: nn.Module = build(
        f"timm:{name}", lambda **k: timm.create_model(name, pretrained=False, **k), arguments, device
    )
    return model


def _torchvision(name: str, arguments: Mapping[str, Any], device: str) -> nn.Module:
    models = _library("torchvision")
    if name not in models.list_models():
        raise Complaint(f"torchvision has no model `{name}`" + _near(name, models.list_models()))
    parts = inspect.signature(models.get_model_builder(name)).parameters
    options = {"weights": None, **({"weights_backbone": None} if "weights_backbone" in parts else {}), **arguments}
    model: nn.Module = build(f"torchvision:{name}", lambda **k: models.get_model(name, **k), options, device)
    return model


def _transformers(name: str, arguments: Mapping[str, Any], device: str) -> nn.Module:
    """A model type with its default configuration; `arguments` are fields of the configuration."""
    transformers = _library("transformers")
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if name not in CONFIG_MAPPING:
        raise Complaint(f"transformers has no model type `{name}`" + _near(name, list(CONFIG_MAPPING.keys())))
    with _as_users_code(f"the configuration of {name} failed"):
        config = CONFIG_MAPPING[name](**arguments)
    model: nn.Module = build(f"transformers:{name}", transformers.AutoModel.from_config, {"config": config}, device)
    return model


def _near(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=3)
    return f"; near are {', '.join(near)}" if near else ""


_LIBRARIES: dict[str, Callable[[str, Mapping[str, Any], str], Any]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "transformers": _transformers,
}
