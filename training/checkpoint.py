"""Checkpoints: everything a run needs to go on as if nothing had happened, in one file that is whole or not there."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import TrainingError

KEPT = 2
BEST = "best.npz"
_ABOUT = "about"


@dataclass
class Position:
    """Where a run is.

    Parameters
    ----------
    step
        Steps done.
    seed
        Of the run.
    steps_per_epoch
        Steps that make an epoch.
    best
        Best score so far (higher is better), or None.
    best_epoch
        Epoch of it, counted from 1.
    elapsed_s
        Seconds of training, over all sessions.
    epoch_steps, epoch_metrics
        Steps of the present epoch before the checkpoint, and the mean metrics over them.
    """

    step: int = 0
    seed: int = 0
    steps_per_epoch: int = 1
    best: float | None = None
    best_epoch: int = 0
    elapsed_s: float = 0.0
    epoch_steps: int = 0
    epoch_metrics: Mapping[str, float] = field(default_factory=dict)


def save_checkpoint(folder: Path, model: Any, position: Position) -> Path:
    """Write weights, optimiser, generators and position; keep the newest two.

    Raises
    ------
    TrainingError
        If it cannot be written; what was there stays.
    """
    arrays = {f"model_{n:04}": _array(v) for n, v in enumerate(model.variables)}
    arrays |= {f"optimiser_{n:04}": _array(v) for n, v in enumerate(model.optimizer.variables)}
    path = folder / f"step-{position.step:09}.npz"
    write_arrays(path, arrays, asdict(position))
    for old in sorted(folder.glob("step-*.npz"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def latest_checkpoint(folder: Path) -> tuple[Path, Position, dict[str, Any]] | None:
    """The newest checkpoint that can be read, its position and its arrays; None when there is none."""
    for path in sorted(folder.glob("step-*.npz"), reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            arrays, about = read_arrays(path)
            return path, Position(**about), arrays
    return None


def restore(model: Any, arrays: Mapping[str, Any], path: Path) -> None:
    """Put a checkpoint's arrays into a compiled model.

    Raises
    ------
    TrainingError
        If the configuration was changed so that they do not fit.
    """
    model.optimizer.build(model.trainable_variables)
    targets = [(f"model_{n:04}", v) for n, v in enumerate(model.variables)]
    targets += [(f"optimiser_{n:04}", v) for n, v in enumerate(model.optimizer.variables)]
    fits = {name: tuple(array.shape) for name, array in arrays.items()} == {n: tuple(v.shape) for n, v in targets}
    if not fits:
        sentence = "the checkpoint does not fit the network and optimiser of config.toml"
        raise TrainingError(sentence, "Put the configuration back, or start a new run", path)
    for name, variable in targets:
        variable.assign(arrays[name])


def save_best(folder: Path, model: Any, position: Position) -> Path:
    """Keep the weights that scored best."""
    arrays = {f"weight_{n:04}": np.asarray(weight) for n, weight in enumerate(model.get_weights())}
    path = folder / BEST
    write_arrays(path, arrays, asdict(position))
    return path


def write_arrays(path: Path, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write an ``.npz`` so that it is whole or not there.

    Raises
    ------
    TrainingError
        If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    content: dict[str, Any] = {**arrays, _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            np.savez(stream, **content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else error.strerror or str(error)
        remedy = "Free some space and resume; the last checkpoint is untouched"
        raise TrainingError(f"the checkpoint cannot be written ({reason})", remedy, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays of an ``.npz`` and what is written about them."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    about: dict[str, Any] = json.loads(arrays.pop(_ABOUT).tobytes())
    return arrays, about


def synchronised(model: Any) -> Any:
    """The model with its variables up to date: JAX keeps them elsewhere while it fits."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
    return model


@contextlib.contextmanager
def averaged_weights(model: Any) -> Iterator[None]:
    """The model with the moving average of its weights, if the optimiser keeps one; its own come back afterwards."""
    if not model.optimizer.use_ema or not model.optimizer.built:
        yield
        return
    own = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        model.set_weights(own)


def _array(variable: Any) -> Any:
    return np.asarray(variable.numpy())
