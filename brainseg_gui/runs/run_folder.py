"""A run folder: configuration, events, log, checkpoints and the model that comes of it."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import read_config, to_toml
from brainseg_gui.runs.events import Event, EventTail
from brainseg_gui.runs.run_status import RunStatus, marks_of, status_of
from brainseg_gui.storage.reading import is_derived_file
from brainseg_gui.storage.writing import open_derived, remove_derived, write_bytes

_LOG_BYTES = 64 * 1024


class RunError(BrainsegError):
    """A run folder that cannot be used."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run.

    Parameters
    ----------
    path
        The folder.
    """

    path: Path

    @property
    def config_file(self) -> Path:
        """The run's configuration."""
        return self.path / "config.toml"

    @property
    def events_file(self) -> Path:
        """One line per event."""
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        """What the trainer prints."""
        return self.path / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """States that a run can be resumed from."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The model folder that comes of the run."""
        return self.path / "model"

    @property
    def stop_file(self) -> Path:
        """Its existence asks for a polite end."""
        return self.path / "stop"

    @property
    def is_there(self) -> bool:
        """Whether it holds a configuration, or a link of its name, of which reading says that it is not followed."""
        try:
            mode = self.config_file.lstat().st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) or stat.S_ISLNK(mode)

    @property
    def has_model(self) -> bool:
        """Whether a model came of the run, and lies in it."""
        return is_derived_file(self.model / "model.json", root=self.path)

    @classmethod
    def create(cls, path: Path, config: TrainingConfig) -> RunFolder:
        """Make a new run folder with its configuration.

        Raises
        ------
        RunError
            If there is a run already, the folder cannot be written, or the name of a folder of cases is no text.
        """
        folder, config = cls(path), _from_anywhere(config)
        if folder.is_there:
            raise _taken(path)
        content = _encoded(config)
        try:
            folder.checkpoints.mkdir(parents=True, exist_ok=True)
            write_bytes(folder.config_file, content, chosen=False, only_new=True)
        except FileExistsError as error:
            raise _taken(path) from error
        except OSError as error:
            raise RunError(f"it cannot be written ({error.strerror})", "Choose another folder", path) from error
        return folder

    def config(self) -> TrainingConfig:
        """The run's configuration.

        Raises
        ------
        ConfigError
            If it cannot be used.
        """
        return read_config(self.config_file, chosen=False)

    @property
    def changed_at(self) -> float:
        """When the configuration was written, in seconds since 1970; 0 where nobody can tell."""
        try:
            return self.config_file.lstat().st_mtime
        except OSError:
            return 0.0

    def ask_to_stop(self) -> None:
        """Ask for a polite end after the current step.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        self.take_back_stop()
        open_derived(self.stop_file, "ab").close()

    def take_back_stop(self) -> None:
        """Ask for no end any more; harmless where nobody did.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        remove_derived(self.stop_file)

    @property
    def stop_asked_at(self) -> float | None:
        """When a polite end was asked for, in seconds since 1970; None while it was not."""
        try:
            return self.stop_file.lstat().st_mtime
        except OSError:
            return None

    @property
    def stop_asked(self) -> bool:
        """Whether a polite end was asked for."""
        return self.stop_asked_at is not None

    def launch(self) -> int:
        """Start the trainer as a process of its own that outlives this one, and return its process id.

        Raises
        ------
        RunError
            If the run is running already, or the process cannot be started.
        """
        if self.status() in (RunStatus.RUNNING, RunStatus.SILENT):
            raise RunError("this run is running already", "Wait for its end, or stop it", self.path)
        try:
            self.take_back_stop()
            with open_derived(self.log_file, "ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "training", str(self.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise RunError(
                f"the trainer cannot be started ({error.strerror})", "Check the folder", self.path
            ) from error
        # whoever started it may live on for days: its end is taken note of at once, so that no zombie stays
        threading.Thread(target=process.wait, name=f"trainer-{process.pid}", daemon=True).start()
        return process.pid

    def log_since(self, end: int = 0) -> tuple[bytes, int]:
        """What the log grew by since it ended there, its last 64 KiB at most, and where it ends now.

        Raises
        ------
        OSError
            If it cannot be read, or is no file of its own.
        """
        with open_derived(self.log_file, "rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(end if size >= end else 0, size - _LOG_BYTES))
            return stream.read(), stream.tell()

    def events(self) -> list[Event]:
        """All events so far."""
        return EventTail(self.events_file).read()

    def status(self) -> RunStatus:
        """How the run is doing, by its events and its process."""
        return status_of(marks_of(EventTail(self.events_file).parts()))


def _taken(path: Path) -> RunError:
    return RunError("there is a run in this folder already", "Resume it, or choose another folder", path)


def _from_anywhere(config: TrainingConfig) -> TrainingConfig:
    """The configuration with absolute paths: a run is resumed from other folders than it was started in."""
    data, network = config.data, config.network
    data = replace(
        data,
        train=tuple(map(_absolute, data.train)),
        validation=tuple(map(_absolute, data.validation)),
        further=tuple(map(_absolute, data.further)),
        folds_file=_absolute(data.folds_file) if data.folds_file else "",
        cache=_absolute(data.cache) if data.cache else "",
    )
    start = network.start_from  # a folder, or the name of a model that comes with the program
    network = replace(network, start_from=_absolute(start) if Path(start).expanduser().is_dir() and start else start)
    return replace(config, data=data, network=network)


def _absolute(name: str) -> str:
    return str(Path(name).expanduser().absolute())


def _encoded(config: TrainingConfig) -> bytes:
    """The configuration's file, which is UTF-8 as all TOML; names of files need not be."""
    data = config.data
    for name in (*data.train, *data.validation, *data.further, data.folds_file, data.cache, config.network.start_from):
        if not name.isascii() and any(0xD800 <= ord(letter) < 0xE000 for letter in name):
            raise RunError(
                "its name is no UTF-8, so that a run cannot note it down", "Rename it, or link to it", Path(name)
            )
    return to_toml(config).encode()


def find_runs(folder: Path) -> list[RunFolder]:
    """The runs in a folder, itself included, newest first."""
    candidates = [folder, *(child for child in folder.iterdir() if child.is_dir())] if folder.is_dir() else []
    runs = [run for path in candidates if (run := RunFolder(path)).is_there]
    return sorted(runs, key=lambda run: run.changed_at, reverse=True)
