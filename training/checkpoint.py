"""Checkpoints: everything a run needs to go on as if nothing had happened, in one file that is whole or not there."""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.writing import remove_derived, replacing
from training.data.npz import read_npz
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
        If it cannot be written, or the weights are no numbers any more; what was there stays.
    """
    arrays = {f"model_{n:04}": _array(v) for n, v in enumerate(model.variables)}
    arrays |= {f"optimiser_{n:04}": _array(v) for n, v in enumerate(model.optimizer.variables)}
    path = folder / f"step-{position.step:09}.npz"
    _check_numbers(arrays, position)
    write_arrays(path, arrays, asdict(position))
    for old in sorted(folder.glob("step-*.npz"))[:-KEPT]:
        with contextlib.suppress(OSError):  # no reason to end the run: a folder of that name, say
            remove_derived(old, root=folder.parent)
    return path


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint that could be read.

    Parameters
    ----------
    path, position, arrays
        Its file and what it holds.
    passed_over
        Newer ones that cannot be read.
    """

    path: Path
    position: Position
    arrays: Mapping[str, Any]
    passed_over: tuple[Path, ...] = ()


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that can be read; None when there is no checkpoint yet.

    Raises
    ------
    TrainingError
        If there are some and none can be read: the run would begin anew, and write over what it has.
    """
    passed_over: list[Path] = []
    _check_folder(folder)
    for path in sorted(folder.glob("step-*.npz"), reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            arrays, about = read_arrays(path)
            return Checkpoint(path, _position_of(about), arrays, tuple(passed_over))
        passed_over.append(path)
    if passed_over:
        sentence = "none of the run's checkpoints can be read"
        remedy = "Copy them again, or mount the drive; to begin anew, start another run from the run's model folder"
        raise TrainingError(sentence, remedy, passed_over[0])
    return None


def _check_folder(folder: Path) -> None:
    """Refuse a folder of checkpoints that is a link: the run may come from elsewhere, and files in it are removed."""
    try:
        with open_folder(folder, folder.parent):
            return
    except FileNotFoundError:
        return
    except OSError as error:
        remedy = "Put the folder itself into the run folder, or train in a run folder on that drive"
        raise TrainingError(f"the checkpoints cannot be used ({error.strerror})", remedy, folder) from error


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
    _check_numbers(arrays, position)
    write_arrays(path, arrays, asdict(position))
    return path


def _check_numbers(arrays: Mapping[str, Any], position: Position) -> None:
    """Refuse to keep weights that the last step spoiled: no run could go on from them."""
    if not all(np.isfinite(array).all() for array in arrays.values() if np.issubdtype(array.dtype, np.floating)):
        raise TrainingError(
            f"the weights are no numbers any more after step {position.step}",
            "Lower optimiser.learning_rate or set compute.precision to float32, and resume from the checkpoint",
        )


def write_arrays(path: Path, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write an ``.npz`` so that it is whole or not there.

    Raises
    ------
    TrainingError
        If it cannot be written.
    """
    content: dict[str, Any] = {**arrays, _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
    try:
        path.parent.mkdir(exist_ok=True)  # not its parents: a run folder that was removed stays so
        with replacing(path, chosen=False, root=path.parent.parent) as temporary, temporary.open("r+b") as stream:
            np.savez(stream, **content)
    except FileNotFoundError as error:
        sentence = "the checkpoint cannot be written, for the run folder is gone"
        raise TrainingError(sentence, "Start a new run; nothing can be kept of this one", path) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else error.strerror or str(error)
        remedy = "Free some space and resume; the last checkpoint is untouched"
        raise TrainingError(f"the checkpoint cannot be written ({reason})", remedy, path) from error


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays of an ``.npz`` and what is written about them.

    Raises
    ------
    OSError, ValueError, KeyError
        If it cannot be read, or is none.
    """
    arrays = read_npz(path, root=path.parent.parent)
    about: dict[str, Any] = json_of(arrays.pop(_ABOUT).tobytes())
    return arrays, about


def _position_of(about: Mapping[str, Any]) -> Position:
    """The position that a checkpoint describes; it may come from another machine, and is not believed."""
    found = Position(**about)
    if not isinstance(found.epoch_metrics, Mapping):
        raise TypeError("its metrics make no sense")
    counts = (found.step, found.seed, found.steps_per_epoch, found.best_epoch, found.epoch_steps)
    if not all(isinstance(n, int) and 0 <= n < 2**53 for n in counts) or found.steps_per_epoch < 1:
        raise ValueError("its counts make no sense")
    numbers = (found.elapsed_s, 0.0 if found.best is None else found.best, *found.epoch_metrics.values())
    if not all(isinstance(n, (int, float)) and abs(n) < 1e15 for n in numbers if n == n):
        raise ValueError("its numbers make no sense")
    return found


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
