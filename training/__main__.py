"""The trainer: ``python -P -m training RUN_FOLDER``. A run that has a checkpoint goes on from it."""

from __future__ import annotations

import argparse
import contextlib
import errno
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
from typing import IO, Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, Cancelled
from brainseg_gui.faults.process_guard import guard_process
from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.inference.engine.environment import prepare_environment
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.storage.leftovers import tidy
from brainseg_gui.storage.writing import open_derived, remove_derived

_LOG = logging.getLogger("training")
FAILED, MISUSED = 1, 2
_ROOM, _ROOM_BYTES = ".room-for-the-end", 2**16  # given back when the disk is full, so that the end can be written


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0 when the run finished or was stopped, 1 when it failed, 2 when there is no run to train."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train the run of a run folder.")
    parser.add_argument("run_folder", type=Path)
    guard_process()
    prepare_environment()
    folder = RunFolder(parser.parse_args(arguments).run_folder.resolve())
    _log_to(folder)
    try:
        with _alone(folder):
            config = folder.config()
            events = EventWriter(folder.events_file)
            try:
                return _train(folder, config, events)
            finally:
                events.close()
    except BrainsegError as error:
        _LOG.error("%s", error)
        return MISUSED
    except OSError as error:
        _LOG.error("the run folder cannot be used: %s", error)
        return FAILED


def _train(folder: RunFolder, config: TrainingConfig, events: EventWriter) -> int:
    """Train and write how it ended; nothing ends without an event."""
    room = folder.path / _ROOM
    tidy([folder.path, folder.checkpoints])
    try:
        remove_derived(room)
        with open_derived(room, "xb") as stream:
            stream.write(bytes(_ROOM_BYTES))
        _choose_devices(config)
        asked = _listen_to_signals()
        events.write("started", **_about(folder, config))
        from training.checkpoint import Position
        from training.run_state import Run
        from training.train import train

        run = Run(folder, events, Position(), signalled=asked.is_set)

        try:
            train(run, config)
        except Cancelled:
            run.end = "stopped"
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


def describe(error: Exception) -> str:
    """What ended a run, as a sentence with a remedy."""
    if isinstance(error, BrainsegError):
        return str(error)
    network = sys.modules.get("brainseg_gui.inference.network.keras_network")
    if isinstance(error, MemoryError) or (network is not None and network.is_out_of_memory(error)):
        return "The memory is too small for this run. Choose a smaller sampling.patch, sampling.batch or network."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and resume; the last checkpoint is untouched."
    return f"Unexpected {type(error).__name__}: {str(error).strip()[:300]}. The log has the details."


def _about(folder: RunFolder, config: TrainingConfig) -> dict[str, Any]:
    return {
        "versions": {"brainseg": __version__, "python": sys.version.split()[0], **dict(_versions())},
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "host": socket.gethostname(),
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


def _choose_devices(config: TrainingConfig) -> None:
    """Before the first import of Keras: what it must not find it does not take."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if config.compute.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def _log_to(folder: RunFolder) -> None:
    """To standard error, and to log.txt unless that is where standard error goes."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    with contextlib.suppress(OSError):
        if not _is_standard_error(folder.log_file):
            stream = TextIOWrapper(open_derived(folder.log_file, "ab"), encoding="utf-8", errors="backslashreplace")
            handlers.append(logging.StreamHandler(stream))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers)


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


if __name__ == "__main__":
    sys.exit(main())
