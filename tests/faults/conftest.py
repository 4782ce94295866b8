"""The real program in a process of its own, with a home of its own; whatever is left of it is killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

CHILD = Path(__file__).with_name("fault_child.py")
ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def _signals_as_in_a_terminal() -> Iterator[None]:
    """A shell that starts the tests in the background, or nohup, has signals ignored; a child would inherit that."""
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGHUP)}
    for name in before:
        signal.signal(name, signal.SIG_DFL)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class Program:
    """A running program that says what it does, one JSON object per line."""

    def __init__(self, command: list[str], **options: Any) -> None:
        pipe = subprocess.PIPE
        with _signals_as_in_a_terminal():
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options)
        self.errors = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> dict[str, Any]:
        """What it says next."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                found: dict[str, Any] = json.loads(line)
                return found
        raise AssertionError(f"it said nothing more, and ended with {self.end()}: {self.errors[-3000:]}")

    def end(self, timeout_s: float = 60.0) -> int:
        """Let it end; its exit code."""
        _, errors = self.process.communicate(timeout=timeout_s)
        self.errors += errors
        return self.process.returncode


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home of a person"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """As on a desktop: a home, and nothing that says otherwise."""
    said = ("XDG_", "LC_", "LANG", "DISPLAY", "MPLCONFIGDIR")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(said)}
    return kept | {"HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture
def program(environment: dict[str, str]) -> Iterator[Callable[..., Program]]:
    """Starts the program with a word of `fault_child`; see there."""
    running: list[Program] = []

    def start(word: str, *paths: Path, env: Mapping[str, str] | None = None, **options: Any) -> Program:
        command = [sys.executable, "-P", str(CHILD), word, *map(str, paths)]
        running.append(Program(command, env={**environment, **(env or {})}, **options))
        return running[-1]

    yield start
    for one in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(one.pid).children(recursive=True)
            for process in (*children, psutil.Process(one.pid)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        with contextlib.suppress(ValueError):
            one.process.communicate()


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    """A case with the name of a person, in a folder with a blank."""
    return Path(toy_case(tmp_path / "study of 1951", case_id="Doe_Jane"))


@pytest.fixture
def log_of(home: Path) -> Callable[[], str]:
    return lambda: (home / ".local/state/brainseg/log/brainseg.log").read_text("utf-8")
