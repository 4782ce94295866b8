"""The trainer: ``python -P -m training RUN_FOLDER``. A run that has a checkpoint goes on from it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, Cancelled
from brainseg_gui.faults.computer_mark import computer_marks
from brainseg_gui.faults.process_guard import guard_process
from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.inference.engine.environment import prepare_environment
from brainseg_gui.inference.network.keras_import import import_keras
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.storage.leftovers import tidy
from brainseg_gui.storage.writing import open_derived, remove_derived
from training.errors import TrainingError, describe
from training.processes.backend import choose_backend, is_joined
from training.processes.following import LOSS_SEEN_WITHIN_S, RESUME, Unwritten, follow
from training.processes.group import ProcessGroup
from training.processes.leading import leading
from training.processes.place import Place, launched_place

if TYPE_CHECKING:
    from training.run_state import Events, Run

_LOG = logging.getLogger("training")
FAILED, MISUSED = 1, 2
_ROOM, _ROOM_BYTES = ".room-for-the-end", 2**16  # given back when the disk is full, so that the end can be written


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0 when the run finished or was stopped, 1 when it failed, 2 when there is no run to train."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train the run of a run folder.")
    parser.add_argument("run_folder", type=Path)
    several = parser.add_mutually_exclusive_group()
    several.add_argument("--processes", type=int, help="train in so many, instead of what config.toml says")
    several.add_argument("--launched", action="store_true", help="this is one of those that srun or torchrun started")
    args = parser.parse_args(arguments)
    guard_process()
    prepare_environment()
    folder = RunFolder(args.run_folder.resolve())
    try:
        place = launched_place() if args.launched else None
        _log_to(folder, place)
        if place is not None and place.rank:
            config = folder.config()
            return follow(folder, place, lambda group: _trained(folder, config, Unwritten(), group, threading.Event()))
        with _alone(folder):
            config = folder.config()
            events = EventWriter(folder.events_file)
            try:
                return _train(folder, config, events, place or Place(count=args.processes or config.compute.processes))
            finally:
                events.close()
    except BrainsegError as error:
        _LOG.error("%s", error)
        return MISUSED
    except OSError as error:
        _LOG.error("the run folder cannot be used: %s", error)
        return FAILED


def _train(folder: RunFolder, config: TrainingConfig, events: EventWriter, place: Place) -> int:
    """Train and write how it ended; nothing ends without an event."""
    room = folder.path / _ROOM
    tidy([folder.path, folder.checkpoints])
    try:
        remove_derived(room)
        with open_derived(room, "xb") as stream:
            stream.write(bytes(_ROOM_BYTES))
        _choose_devices(config, place)
        asked = _listen_to_signals()
        events.write("started", processes=place.count, **_about(folder, config))
        with leading(folder, place, lambda sentence: _end_at_once(events, sentence)) as group:
            run = _trained(folder, config, events, group, asked)
        with contextlib.suppress(OSError):  # the next start says what is wrong with it
            folder.take_back_stop()
        step = max(run.position.step, _newest_step(folder))  # a stop may come before the checkpoint is read
        message = f"{run.end} after {step} steps"
        events.write(run.end, step=step, message=message)
        _LOG.info("%s", message)
    except Exception as error:  # noqa: BLE001  whatever it is, the panel and the log have to say it
        room.unlink(missing_ok=True)
        _fail(events, error if folder.is_there else _gone(folder))
        return FAILED
    finally:
        with contextlib.suppress(OSError):
            room.unlink(missing_ok=True)
    return 0


def _trained(
    folder: RunFolder, config: TrainingConfig, events: Events, group: ProcessGroup, asked: threading.Event
) -> Run:
    """The run at its end."""
    import_keras()
    from training.checkpoint import Position
    from training.run_state import Run
    from training.train import train

    run = Run(folder, events, Position(), signalled=asked.is_set, group=group)
    try:
        train(run, config)
    except Cancelled:
        run.end = "stopped"
    except BrainsegError:
        raise
    except Exception:
        group.wait_for_loss(LOSS_SEEN_WITHIN_S)  # who lost another process in the middle of a step sees it here first
        raise
    return run


def _end_at_once(events: EventWriter, sentence: str) -> None:
    """Another process is gone: the step that this one is in may never end."""
    _fail(events, TrainingError(sentence, RESUME))
    logging.shutdown()
    os._exit(FAILED)


def _gone(folder: RunFolder) -> BrainsegError:
    sentence = "the run folder was removed while the run was training"
    return BrainsegError(sentence, "Start a new run; nothing can be kept of this one", folder.path)


def _listen_to_signals() -> threading.Event:
    """SIGTERM and Ctrl+C ask for a polite end, also while Keras is still being imported."""
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        asked.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    return asked


def _fail(events: EventWriter, error: Exception) -> None:
    sentence, details = describe(error), f"{type(error).__name__}: {error}"
    _LOG.error("%s", sentence, exc_info=None if isinstance(error, BrainsegError) else error)
    try:
        events.write("failed", message=sentence, details=details)
    except OSError as full:
        _LOG.error("the end could not be written to events.jsonl: %s", full)


def _about(folder: RunFolder, config: TrainingConfig) -> dict[str, Any]:
    return {
        "versions": {"brainseg": __version__, "python": sys.version.split()[0], **dict(_versions())},
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "host": socket.gethostname(),
        "computer": computer_marks(),
        "pid": os.getpid(),
        "pid_since": since_of(os.getpid()),
        "git": _git_revision(),
        "resumed_from": _newest_step(folder),
        "config": {"preset": config.preset, "name": config.name},
    }


def _newest_step(folder: RunFolder) -> int:
    """Step of the newest checkpoint, by its name; 0 without one."""
    steps = [path.stem.removeprefix("step-") for path in folder.checkpoints.glob("step-*.npz")]
    return max((int(step) for step in steps if step.isdecimal()), default=0)


def _versions() -> Iterator[tuple[str, str]]:
    for name in ("keras", "tensorflow", "jax", "torch", "numpy", "scipy"):
        with contextlib.suppress(PackageNotFoundError):
            yield name, version(name)


def _git_revision() -> str:
    """Revision of the checkout that this code lies in, with ``+`` when it was changed; empty outside of one."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty=+",
        "--exclude=*",
    ]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    return ""


def _choose_devices(config: TrainingConfig, place: Place) -> None:
    """Before the first import of Keras: what it must not find it does not take."""
    if place.count > 1:
        choose_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if config.compute.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def _log_to(folder: RunFolder, place: Place | None) -> None:
    """To standard error, and to log.txt unless that is where standard error goes; who follows writes no file."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    follows = place is not None and place.rank > 0
    with contextlib.suppress(OSError):
        if not follows and not _is_standard_error(folder.log_file):
            stream = TextIOWrapper(open_derived(folder.log_file, "ab"), encoding="utf-8", errors="backslashreplace")
            handlers.append(logging.StreamHandler(stream))
    who = f"process {place.rank}: " if place is not None and follows else ""
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s {who}%(message)s", handlers=handlers)


def _is_standard_error(path: Path) -> bool:
    return path.exists() and os.path.samestat(path.stat(), os.fstat(sys.stderr.fileno()))


@contextlib.contextmanager
def _alone(folder: RunFolder) -> Iterator[IO[bytes] | None]:
    """Only one trainer works in a run folder."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield None
        return
    if not folder.is_there:
        raise BrainsegError("there is no config.toml", "Make a run with brainseg train", folder.path)
    with open_derived(folder.path / ".lock", "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BrainsegError("this run is running already", "Wait for its end, or stop it", folder.path) from error
        except OSError as error:  # a file system without locks
            _LOG.warning("the run folder cannot be locked: %s", error)
        yield lock


def _leave(code: int) -> None:
    """End; of several processes without the backend's farewell, which waits for those that are gone."""
    logging.shutdown()
    if is_joined():
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _leave(main())
