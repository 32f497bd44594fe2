"""Forked processes that make, mend and judge generated programs side by side; each has imported torch beforehand."""

from __future__ import annotations

import gc
import multiprocessing
import os
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from helpers.programs.grammar import program
from helpers.programs.mended import Mended, Verdict, judged, mended

WORKERS = max(2, min(8, os.cpu_count() or 1))


def workshop() -> ProcessPoolExecutor:
    """The processes; torch is imported here, once."""
    import torch

    torch.set_num_threads(1)
    torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)  # imports what takes long
    gc.collect()
    gc.freeze()  # a fork copies what is touched, and a collection touches everything
    return ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork"))


def worked(pool: ProcessPoolExecutor, numbers: Iterable[int]) -> Iterator[tuple[Mended | None, Verdict]]:
    """What fixes make of the programs of these numbers, and what came of that, in order."""
    return pool.map(_one, numbers, chunksize=4)


def _one(number: int) -> tuple[Mended | None, Verdict]:
    try:
        one = mended(program(number))
        return one, judged(one)
    except Exception:
        return None, Verdict(False, False, False, [f"program {number}: {traceback.format_exc()}"])
