"""All training cases of a run through the cache, before its first step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from brainseg_gui.errors import BrainsegError, Cancelled
from brainseg_gui.runs.config import TrainingConfig
from training.data.cache import Cache, CachedCase, default_cache
from training.data.data_set import TrainingCase
from training.errors import TrainingError
from training.recipe import Recipe
from training.run_state import Run

PREPARING_THREADS = 2
TELL_EVERY_S = 1.0


def prepare_all(run: Run, config: TrainingConfig, recipe: Recipe, cases: Sequence[TrainingCase]) -> list[CachedCase]:
    """Every training case from the cache, in the order of the cases; bad ones are told of and left out.

    Raises
    ------
    TrainingError
        If none is left.
    """
    root = Path(config.data.cache).expanduser() if config.data.cache else default_cache()
    dtype = "float32" if config.preprocess.recipe == "seed" else "float16"
    cache = Cache(root, recipe, dtype)
    prepared: dict[int, CachedCase] = {}  # by place in `cases`: several may have one name
    told = 0.0
    with ThreadPoolExecutor(PREPARING_THREADS, thread_name_prefix="prepare") as pool:
        waiting = {pool.submit(cache.get, case): n for n, case in enumerate(cases)}
        for done, future in enumerate(as_completed(waiting), start=1):
            number = waiting[future]
            try:
                prepared[number] = future.result()
            except BrainsegError as error:
                run.warn(f"{cases[number].case_id} is left out of training: {error}")
            if run.must_stop:
                pool.shutdown(cancel_futures=True)
                raise Cancelled
            if done == len(cases) or time.monotonic() - told > TELL_EVERY_S:
                told = time.monotonic()
                run.events.write("preparing", done=done, total=len(cases))
    if not prepared:
        raise TrainingError("none of the cases could be prepared", "The warnings say why")
    return [prepared[number] for number in sorted(prepared)]
