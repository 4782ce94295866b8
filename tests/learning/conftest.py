"""Corrected cases, networks that only pretend, and a trainer that does."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.annotation.case_list import NAME, CaseEntry, CaseState, read_entries, write_entries
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.inference.models.passport import LINEAR
from brainseg_gui.inference.options import SegmentOptions, SegmentResult
from brainseg_gui.learning.comparing import compare_networks, known_verdict
from brainseg_gui.learning.gate import Verdict
from brainseg_gui.learning.learning_set import LearningRequest, learning_config, prepare_learning
from brainseg_gui.learning.plan import read_plan
from brainseg_gui.learning.sides import accepted
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder


@pytest.fixture(scope="session")
def corrected(tmp_path_factory: pytest.TempPathFactory, toy_case: Any) -> Path:
    """Ten toy patients whose annotations lie beside their images, with their list; one is not done."""
    folder = tmp_path_factory.mktemp("corrected")
    for number in range(11):
        name = f"Case{number:02}x"
        case = toy_case(folder, case_id=name, seed=number, shape=(16, 18, 14))
        (case / f"{name}_seg.nii.gz").rename(case / f"{name}_annotation.nii.gz")
    states = {f"Case{n:02}x": CaseState.DONE if n < 10 else CaseState.IN_WORK for n in range(11)}
    now = datetime.now(UTC)
    write_entries(folder / NAME, {case: CaseEntry(case, state, changed=now) for case, state in states.items()})
    return folder


def write_model(folder: Path, name: str) -> ModelFolder:
    """A model folder whose weights are nothing but its name."""
    folder.mkdir(parents=True)
    (folder / "model.keras").write_bytes(name.encode())
    passport = {
        "name": name,
        "version": "1",
        "weights": "model.keras",
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        **dict.fromkeys(("licence", "trained_on", "results", "intended_use"), "none"),
        "framework": {},
        "input": {
            "modalities": ["flair", "t1", "t1ce", "t2"],
            "axes": "IJKC",
            "orientation": "RAS",
            "spacing_mm": None,
            "divisor": 4,
        },
        "preprocess": [],
        "output": {"activation": "softmax", "channels": list(NETWORK_CLASSES), "resample": LINEAR},
        "postprocess": [],
    }
    (folder / "model.json").write_text(json.dumps(passport))
    return read_model_folder(folder)


def prepare(corrected: Path, parent: ModelFolder, path: Path) -> RunFolder:
    """Make a run folder of the cases that are done."""
    sources = accepted(find_cohort(corrected), read_entries(corrected / NAME))
    return run_to_end(prepare_learning(path, LearningRequest(sources, parent, learning_config("better"))))


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The network before."""
    return write_model(tmp_path_factory.mktemp("models") / "parent", "parent")


@pytest.fixture(scope="session")
def prepared_once(corrected: Path, parent: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of learning before its training; nobody changes it."""
    return prepare(corrected, parent, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def folder(prepared_once: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of it of the test's own."""
    return RunFolder(Path(shutil.copytree(prepared_once.path, tmp_path / "run")))


def end_training(folder: RunFolder, name: str) -> ModelFolder:
    """What a trainer leaves."""
    model = write_model(folder.model, name)
    events = EventWriter(folder.events_file)
    events.write("finished", step=1, message="finished after 1 steps")
    events.close()
    return model


@dataclass
class StandInEngine:
    """Gives the reference, with a share of its tumour forgotten: the share by the name of the network."""

    forgets: Mapping[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False

    def start(self, *_: Any) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to end."""
        self.closed = True

    def segment(self, case: Case, model: ModelFolder, _options: Any) -> Generator[Progress, None, SegmentResult]:
        """The reference, less what the network forgets of each class."""
        name = model.passport.name
        self.asked.append((name, case.case_id))
        yield Progress("inferring", 0.5)
        assert case.reference is not None
        classes = case.reference.values.copy(order="K")
        jitter = (sum(map(ord, case.case_id)) % 7) / 100
        for value in (1, 2, 3):
            places = np.flatnonzero(classes == value)
            classes.flat[places[: round((self.forgets[name] + jitter) * len(places))]] = 0
        return SegmentResult(classes, {}, "nowhere", "float32", name)


def finish(folder: RunFolder, engine: StandInEngine) -> Verdict:
    return run_to_end(compare_networks(folder, engine, SegmentOptions()))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def compared_once(prepared_once: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose network is better, compared in two calls: the first was cut off."""
    folder = RunFolder(Path(shutil.copytree(prepared_once.path, tmp_path_factory.mktemp("compared") / "run")))
    end_training(folder, "better")
    assert known_verdict(folder) is None
    first, second = (StandInEngine({"parent": 0.5, "better": 0.2}) for _ in range(2))
    work = compare_networks(folder, first, SegmentOptions())  # type: ignore[arg-type]
    for _ in work:
        if len(first.asked) == 4:
            break
    work.close()
    assert finish(folder, second).passed
    assert 12 <= len(first.asked) + len(second.asked) <= 13, "what was done is done again"
    assert {case for _, case in second.asked} == set(read_plan(folder).held_back)
    return folder


@pytest.fixture
def compared(compared_once: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of it of the test's own."""
    return RunFolder(Path(shutil.copytree(compared_once.path, tmp_path / "compared")))
