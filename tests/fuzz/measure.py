"""Reading many bad inputs in child processes, and what became of each: opened, refused, or a fault.

A module of inputs (`tests.fuzz.images`, for one) has a function ``trials(seed) -> Sequence[Trial]`` that makes the same
list for the same seed, without writing anything. The first trial is a good input: every child reads it once beforehand,
so that imports are not measured. The children make the list for themselves and are told numbers only.

    results = measure("tests.fuzz.images", seed=0, numbers=sampled(trials(0), 600, seed=0))
"""

from __future__ import annotations

import importlib
import json
import os
import random
import resource
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.fuzz.own_time import OwnTime

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 10.0
SLACK_BYTES = 24 * 2**20
"""What any reading may take beside the case: a thread's arena, the buffers of gzip, a module imported late."""

Outcome = Literal["opened", "sentence", "crash", "hang", "memory"]
FAULTS: tuple[Outcome, ...] = ("crash", "hang", "memory")
_PREPARE_S = 60.0
_LOOK_S, _SOON_S = 1.0, 0.05


@dataclass(frozen=True)
class Trial:
    """One input.

    Parameters
    ----------
    family
        Line of the table that it counts for.
    name
        What is wrong with it; with the family it names the trial.
    write
        Writes it into an empty folder and returns what is to be read. Not measured.
    read
        Reads it as the program does, and raises `WrongAnswer` if what it opened cannot be. Measured.
    case_bytes
        What a case that were in order would take in memory; four times that is allowed.
    named
        Whether a refusal must name the file or folder; False where the program names it by other means.
    """

    family: str
    name: str
    write: Callable[[Path], Path]
    read: Callable[[Path], object]
    case_bytes: int = 2**20
    named: bool = True


class WrongAnswer(Exception):  # noqa: N818  it is found by a trial, not raised by the program
    """Something was opened that must not be; counts as a crash."""


@dataclass(frozen=True)
class Result:
    """What became of one input; `detail` is the sentence, the traceback, or where it hung."""

    family: str
    name: str
    outcome: Outcome
    detail: str
    seconds: float
    peak_bytes: int

    @property
    def is_fault(self) -> bool:
        """Whether this must not happen."""
        return self.outcome in FAULTS


def _quick_folder() -> Path | None:
    """A folder in memory, where there is one with room: thousands of small files are slow on a drive."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30 else None


def sampled(trials: Sequence[Trial], count: int, seed: int = 0) -> list[int]:
    """Numbers of about `count` trials, of every family at least two."""
    families: dict[str, list[int]] = {}
    for number, trial in enumerate(trials):
        families.setdefault(trial.family, []).append(number)
    share = count / max(len(trials), 1)
    draw = random.Random(seed)
    return sorted(
        number
        for numbers in families.values()
        for number in draw.sample(numbers, min(len(numbers), max(2, round(share * len(numbers)))))
    )


@dataclass
class _Child:
    """A process that reads one trial after the other."""

    module: str
    seed: int
    limit_s: float
    folder: Path = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)
    trial: int = 0
    rest: bytes = b""
    own: OwnTime = field(init=False)
    next_look: float = 0.0
    may_take_s: float = 0.0

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brainseg-fuzz-", dir=_quick_folder()))
        self.folder.chmod(0o755)  # some trials read as another user
        with self._words.open("w") as words:
            told = (self.module, str(self.seed), str(self.folder / "inputs"), str(self.limit_s))
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error::RuntimeWarning", "-m", "tests.fuzz.child", *told],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words,
            )  # fmt: skip

    @property
    def _words(self) -> Path:
        return self.folder / "words.txt"

    def give(self, number: int) -> None:
        self.trial = number
        self._begin(_PREPARE_S)
        if self.process.stdin is not None:
            self.process.stdin.write(b"%d\n" % number)
            self.process.stdin.flush()

    def reads(self) -> None:
        """The input is written: the limit holds from now on."""
        self._begin(self.limit_s)

    def hangs(self) -> bool:
        """Whether it has had all the time that it may take; else it is looked at again a little later."""
        left_s = self.may_take_s - self.own.look()
        self.next_look = time.monotonic() + max(_SOON_S, min(left_s, _LOOK_S))
        return left_s <= 0

    def _begin(self, may_take_s: float) -> None:
        self.own, self.may_take_s = OwnTime(self.process.pid), may_take_s
        self.next_look = time.monotonic() + min(may_take_s, _LOOK_S)

    def lines(self) -> list[bytes]:
        """Whole lines that have come; an empty one at the end of the process."""
        found = os.read(self.process.stdout.fileno(), 2**16) if self.process.stdout is not None else b""
        *whole, self.rest = (self.rest + found).split(b"\n")
        return whole if found else [b""]

    def last_words(self) -> str:
        return self._words.read_text("utf-8", "replace")[-4000:].strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        remove(self.folder)


def measure(
    module: str,
    numbers: Iterable[int],
    seed: int = 0,
    children: int = 2,
    told: Callable[[Result], None] = lambda result: None,
    limit_s: float = LIMIT_S,
) -> list[Result]:
    """Read these trials of a module, a few processes at a time.

    Parameters
    ----------
    module
        A module with ``trials(seed)``, such as ``tests.fuzz.images``.
    numbers
        Which of its trials.
    children
        How many processes.
    told
        Called with every result as it arrives.
    limit_s
        A trial that reads for longer hangs. What others keep the processor from it does not count (`OwnTime`).
    """
    waiting = list(numbers)[::-1]
    results: list[Result] = []
    running: list[_Child] = []
    with selectors.DefaultSelector() as selector:
        try:
            for _ in range(min(children, len(waiting))):
                running.append(_started(selector, module, seed, limit_s))
                running[-1].give(waiting.pop())
            while running:
                _step(selector, running, waiting, results, told)
        finally:
            for child in running:
                child.end()
    return results


def _step(selector: Any, running: list[_Child], waiting: list[int], results: list[Result], told: Any) -> None:
    soonest = min(child.next_look for child in running)
    ready = {key.data.process.pid for key, _ in selector.select(max(0.0, soonest - time.monotonic()))}
    for child in list(running):
        result, alive = _heard(child, child.process.pid in ready)
        if result is None:
            continue
        results.append(result)
        told(result)
        if alive and waiting:
            child.give(waiting.pop())
            continue
        selector.unregister(child.process.stdout)
        running.remove(child)
        child.end()
        if waiting:  # it hung or died: the next trial needs a new process
            running.append(_started(selector, child.module, child.seed, child.limit_s))
            running[-1].give(waiting.pop())


def _started(selector: Any, module: str, seed: int, limit_s: float) -> _Child:
    child = _Child(module, seed, limit_s)
    selector.register(child.process.stdout, selectors.EVENT_READ, child)
    return child


def _heard(child: _Child, ready: bool) -> tuple[Result | None, bool]:
    """The result that a child tells, or that its silence or death is; and whether it can read on."""
    if not ready:
        if time.monotonic() < child.next_look or not child.hangs():
            return None, True
        return Result(*_name_of(child), "hang", child.last_words(), child.limit_s, 0), False
    for line in child.lines():
        if not line:
            child.process.wait()
            detail = f"the process ended with {child.process.returncode}: {child.last_words()}"
            return Result(*_name_of(child), "crash", detail, 0.0, 0), False
        told = json.loads(line)
        if told != "reading":
            return Result(**told), True
        child.reads()
    return None, True


def _name_of(child: _Child) -> tuple[str, str]:
    trial = importlib.import_module(child.module).trials(child.seed)[child.trial]
    return trial.family, trial.name


def remove(folder: Path) -> None:
    """Remove a folder and all that is below it, also what may not be entered."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            below = os.path.join(path, name)
            if not os.path.islink(below):
                os.chmod(below, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def limit_memory(more_bytes: int = 2**31) -> None:
    """Let this process have so much more address space and no more: a large promise fails before it hurts."""
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))
    limit = int(now.split()[1]) * 1024 + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
