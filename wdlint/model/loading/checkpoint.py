"""Names and shapes of the tensors in a checkpoint, without their values and without running anything in it.

A safetensors file is read up to the end of its header, without torch. Pickled checkpoints go through
`torch.load(weights_only=True)` onto the meta device, and never any other way.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from wdlint.complaint import Complaint

PICKLED = (".pt", ".pth", ".bin", ".ckpt")
_LARGEST_HEADER = 100_000_000  # bytes: the limit of the format's own reader
_NESTS = ("state_dict", "model_state_dict", "model", "module", "params", "weights", "net", "network", "ema")


class Entry(NamedTuple):
    """One tensor of a checkpoint: there may be many thousands, and a tuple is quick to make."""

    name: str
    shape: tuple[int, ...]
    dtype: str = ""


def is_checkpoint(path: Path) -> bool:
    name = path.name
    return name.endswith((".safetensors", ".safetensors.index.json", ".bin.index.json", *PICKLED))


def read(path: Path) -> list[Entry]:
    """Every tensor of a checkpoint, in the file's order (shards in the order of their names).

    Raises:
        Complaint: the file can't be read, is no checkpoint, or would have to be unpickled.
    """
    if not path.exists():
        raise Complaint(f"{path}: there is no such file")
    if path.name.endswith(".index.json"):
        return _sharded(path)
    return safetensors_header(path) if path.suffix == ".safetensors" else _pickled(path)


def safetensors_header(path: Path) -> list[Entry]:
    """The tensors that a safetensors file names. The format: 8 bytes of length, then JSON, then the values."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= _LARGEST_HEADER:
                raise Complaint(f"{path}: no safetensors file (its header would be {length} bytes long)")
            text = stream.read(length)
        header = json.loads(text)
        if len(text) < length or not isinstance(header, dict):
            raise ValueError("the header is cut off")
        entries = [
            Entry(name, tuple(value["shape"]), str(value["dtype"]))
            for name, value in header.items()
            if name != "__metadata__"
        ]
        if not all(type(side) is int for shape in {entry.shape for entry in entries} for side in shape):
            raise ValueError("a shape holds something else than whole numbers")
        return entries
    except OSError as error:
        raise Complaint(f"{path}: can't be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Complaint(f"{path}: no safetensors file: {error}") from None


def _sharded(path: Path) -> list[Entry]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        files = sorted(set(index["weight_map"].values()))
    except OSError as error:
        raise Complaint(f"{path}: can't be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Complaint(f'{path}: no index of a sharded checkpoint (it has no "weight_map")') from None
    return [entry for file in files for entry in read(path.parent / str(file))]


def _pickled(path: Path) -> list[Entry]:
    from pickle import UnpicklingError

    try:
        import torch
    except ModuleNotFoundError:
        raise Complaint(f"{path}: reading it needs torch: pip install torch") from None
    try:
        content = torch.load(path, map_location="meta", weights_only=True)
    except (UnpicklingError, AttributeError) as error:
        called = re.search(r"(?:GLOBAL|Unsupported class) (\S+)", str(error))
        if called is None:
            raise Complaint(f"{path}: no checkpoint that torch can read") from None
        raise Complaint(
            f"{path}: holds more than tensors: loading it would call `{called[1]}` as the file says, which wdlint "
            "never does; save `model.state_dict()` instead, or convert it to safetensors"
        ) from None
    except Exception as error:
        raise Complaint(f"{path}: can't be read: {type(error).__name__}: {str(error).splitlines()[0]}") from None
    state = state_of(content)
    if state is None:
        held = (
            f"its keys: {', '.join(map(str, list(content)[:6]))}"
            if isinstance(content, dict)
            else f"it is of type {type(content).__name__}"
        )
        raise Complaint(f"{path}: holds no state dict ({held})")
    return [Entry(name, tuple(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in state.items()]


def state_of(content: Any) -> dict[str, Any] | None:
    """The state dict in what a training script saved: itself, or under one of the usual keys."""
    from torch import Tensor

    if not isinstance(content, dict):
        return None
    tensors = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, Tensor)}
    if tensors and len(tensors) * 2 >= len(content):
        return tensors
    nests = [content[key] for key in _NESTS if key in content]
    found = [state for nest in nests if (state := state_of(nest)) is not None]
    return found[0] if found else None
