"""Starts the robot, kills it at random moments, starts it again; then looks at every file it may have left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.values_digest import values_digest
from tests.robot.pattern import MODALITIES, case_folders, case_name, make_cohort, number_in, voxels_of

ANNOTATOR = "robot"
LIST = "brainseg-cases.csv"
_STALLED = 12  # starts in a row without a case saved


@dataclass
class Campaign:
    """One cohort, annotated under kills.

    Parameters
    ----------
    work
        A folder for the cohort and the program's own data.
    cases
        How many.
    kills
        How often the process is killed.
    mode
        What the drive is like: see `window.hinder`.
    """

    work: Path
    cases: int
    kills: int
    mode: str
    seed: int = 0
    done: set[str] = field(default_factory=set)
    moments: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    seconds: float = 0.0

    @property
    def cohort(self) -> Path:
        """Folder of the cases."""
        return self.work / "cohort"

    def run(self) -> None:
        """Make the cohort and work until every case is saved."""
        random, began, stalled = np.random.default_rng(self.seed), time.monotonic(), 0
        make_cohort(self.cohort, range(self.cases))
        pace = max(1, 4 * self.cases // (self.kills + 1))  # lines of the robot between two kills
        while len(self.done) < self.cases:
            kill = sum(self.moments.values()) < self.kills
            before = len(self.done)
            self.sit(int(random.integers(1, 2 * pace + 1)) if kill else 0, float(random.exponential(0.06)))
            stalled = 0 if len(self.done) > before else stalled + 1
            if stalled > _STALLED:
                raise RuntimeError(f"{_STALLED} starts without a case saved, at {len(self.done)}")
        self.seconds = time.monotonic() - began

    def sit(self, lines: int, later_s: float) -> None:
        """One process, killed a moment after so many of its lines; 0: until it ends by itself."""
        self.starts += 1
        with self.process("--done", *sorted(self.done)) as robot:
            last = ""
            for number, line in enumerate(robot.stdout or (), start=1):
                last = self.note(line)
                if number == lines:
                    time.sleep(later_s)
                    robot.send_signal(signal.SIGKILL)
                    break
            for line in robot.stdout or ():
                last = self.note(line) if line.endswith("\n") else last
            robot.wait()
            if robot.returncode == -signal.SIGKILL:
                self.moments[f"after {last.split()[0] if last else 'nothing'}"] += 1
            elif robot.returncode:
                raise RuntimeError(f"the robot ended with {robot.returncode} after {last!r}; see {self.work}/robot.log")

    def note(self, line: str) -> str:
        """Take one line of the robot."""
        what, _, name = line.strip().partition(" ")
        if what == "saved":
            self.done.add(name)
        with (self.work / "said.log").open("a", encoding="utf-8") as log:
            log.write(f"{self.starts}: {line.strip()}\n")
        return line.strip()

    @contextmanager
    def process(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """The robot's process, with settings and journals of its own."""
        home = {f"XDG_{name}_HOME": str(self.work / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        environment = {**os.environ, **home, "LOGNAME": ANNOTATOR, "HOME": str(self.work)}
        command = [sys.executable, "-m", "tests.robot.window", str(self.cohort), "--mode", self.mode, *words]
        with (
            (self.work / "robot.log").open("a", encoding="utf-8") as log,
            subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            ) as robot,
        ):
            try:
                yield robot
            finally:
                robot.kill()

    # what must be so afterwards

    def offences(self) -> list[str]:
        """What is wrong with what was left, in sentences; empty when all is right."""
        found = [sentence for number in range(self.cases) for sentence in self._wrong_files(number)]
        found += self._strays()
        found += self._wrong_openings()
        found += self._left_journals()
        return found

    def _wrong_files(self, number: int) -> Iterator[str]:
        name, folder = case_name(number), case_folders(self.cohort)[number]
        images = {f"{name}_{modality}.nii.gz" for modality in MODALITIES}
        mask = folder / f"{name}_annotation.nii.gz"
        note = folder / f"{name}_annotation.provenance.json"
        there = {path.name for path in folder.iterdir()}
        if more := there - images - {mask.name, note.name}:
            yield f"{name}: left behind: {', '.join(sorted(more))}"
        if not {mask.name, note.name} <= there:
            yield f"{name}: the mask or its note is missing"
            return
        values, _ = read_labels(mask)
        if (painted := number_in(values)) != number:
            yield f"{name}: holds the mask of {painted}"
        yield from self._wrong_note(number, values, json.loads(note.read_text("utf-8")))
        if nib.load(mask).header["descrip"].item() != b"brainseg mask, brats2020":
            yield f"{name}: its header does not say the scheme"

    def _wrong_note(self, number: int, values: np.ndarray, note: dict[str, object]) -> Iterator[str]:
        name, sittings = case_name(number), [*note["earlier"], note]  # type: ignore[misc]
        if note["annotator"] != ANNOTATOR or note["label_scheme"] != "brats2020":
            yield f"{name}: the note tells of {note['annotator']} and {note['label_scheme']}"
        if note["voxels_digest"] != values_digest(values):
            yield f"{name}: the note tells of other voxels"
        if sittings[0]["started_from"]["kind"] != "empty":
            yield f"{name}: its history begins with {sittings[0]['started_from']}"
        edits = sum(sitting["edits"]["count"] for sitting in sittings)
        if edits != len(voxels_of(number)):
            yield f"{name}: {edits} edits are told of, {len(voxels_of(number))} were made"
        began = [sitting["began"] for sitting in sittings]
        if len(set(began)) != len(began):
            yield f"{name}: a sitting is told of twice"

    def _strays(self) -> Iterator[str]:
        """Masks and halves of masks anywhere else."""
        for path in self.work.rglob("*"):
            if path.is_file() and (".nii" in path.name or path.name.startswith(".brainseg")):
                inside = path.is_relative_to(self.cohort) and path.parent.name == path.name[:4]
                if not inside:
                    yield f"stray: {path.relative_to(self.work)}"
        expected = {LIST, "HGG", "LGG"}
        for path in self.cohort.iterdir():
            if path.name not in expected:
                yield f"in the cohort's folder: {path.name}"

    def _wrong_openings(self) -> Iterator[str]:
        """Open every case in a new window; each must go on as it was left."""
        folders, seen = case_folders(self.cohort), set()
        with self.process("--check") as robot:
            for line in robot.stdout or ():
                what, _, rest = line.strip().partition(" ")
                if what == "found":
                    name, _, text = rest.partition(" ")
                    seen.add(name)
                    yield from self._wrong_opening(name, folders[int(name[1:])], json.loads(text))
        if robot.returncode or len(seen) != self.cases:
            yield f"only {len(seen)} cases were opened again (exit {robot.returncode})"

    def _left_journals(self) -> Iterator[str]:
        """Journals that the start after the last kill did not tidy away: all they hold is saved."""
        for path in (self.work / "data").rglob("*.journal"):
            yield f"a journal is left: {path.name}"

    def _wrong_opening(self, name: str, folder: Path, found: dict[str, object]) -> Iterator[str]:
        expected = {
            "layers": 1,
            "name": f"annotation by {ANNOTATOR}",
            "author": ANNOTATOR,
            "file": str(folder / f"{name}_annotation.nii.gz"),
            "scheme": "brats2020",
            "number": int(name[1:]),
            "goes on": True,
        }
        for key, value in expected.items():
            if found[key] != value:
                yield f"{name} opens with {key} {found[key]!r}, not {value!r}"
        if int(str(found["sittings"])) < 1:
            yield f"{name} opens without its history"
