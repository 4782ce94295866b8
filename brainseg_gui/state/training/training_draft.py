"""A run that is being described: values as a person sets them, and what is wrong with each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psygnal import Signal

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import as_tables, config_of, sections
from brainseg_gui.runs.fields import FieldHelp, help_of
from brainseg_gui.runs.several_processes import why_not_several

_OF_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}  # of Windows
_LONGEST_NAME = 200  # bytes; drives take 255

NAME_KEY = "name"
FOLDER_KEY = "run folder"


@dataclass(frozen=True)
class DatasetCheck:
    """What the names of the files say about the data set; no image is read.

    Parameters
    ----------
    cases, complete
        Number of cases, and of those with all four modalities and a mask.
    validation_cases
        Number of cases in the folders to validate on.
    problems
        One sentence each: what is missing where.
    running
        Whether the look is still under way.
    """

    cases: int = 0
    complete: int = 0
    validation_cases: int = 0
    problems: tuple[str, ...] = ()
    running: bool = False


class TrainingDraft:
    """The form's state; `config` is what Start would run."""

    value_changed = Signal(str)
    """A value changed; its key, or an empty text when all did."""

    judged = Signal()
    """What is wrong, or what the data set looks like, changed."""

    def __init__(self) -> None:
        self._baseline: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self.preset = ""
        self.parent = Path()
        self._check = DatasetCheck()
        self._starting = False
        self._folder_problem = ""
        self.load(TrainingConfig())

    def load(self, config: TrainingConfig, *, keep: tuple[str, ...] = ()) -> None:
        """Fill everything from a preset, except the fields to keep."""
        kept = {key: self._values[key] for key in keep if key in self._values}
        self.preset = config.preset
        self._baseline = flat(config)
        self._values = {**self._baseline, **kept}
        self.value_changed.emit("")
        self.judged.emit()

    @property
    def keys(self) -> tuple[str, ...]:
        """All fields, ``section.name``, and ``name``."""
        return tuple(self._values)

    def value(self, key: str) -> Any:
        """The value of a field."""
        return self._values[key]

    def baseline(self, key: str) -> Any:
        """Its value in the preset."""
        return self._baseline[key]

    def set(self, key: str, value: Any) -> None:
        """Change a field."""
        if self._values[key] != value:
            self._values[key] = value
            self.value_changed.emit(key)
            self.judged.emit()

    def is_changed(self, key: str) -> bool:
        """Whether a field differs from the preset."""
        return bool(self._values[key] != self._baseline[key])

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields that differ from the preset."""
        return tuple(key for key in self._values if self.is_changed(key))

    @property
    def run_path(self) -> Path:
        """The run folder: named after the model, in the folder of runs."""
        return self.parent / str(self._values[NAME_KEY]).strip()

    def set_parent(self, folder: Path, problem: str = "") -> None:
        """Choose the folder of runs; `problem` says why the run folder cannot be used."""
        if (folder, problem) != (self.parent, self._folder_problem):
            self.parent, self._folder_problem = folder, problem
            self.judged.emit()

    @property
    def check(self) -> DatasetCheck:
        """What is known about the data set."""
        return self._check

    def set_check(self, check: DatasetCheck) -> None:
        """Note what the data set looks like."""
        if check != self._check:
            self._check = check
            self.judged.emit()

    @property
    def starting(self) -> bool:
        """Whether Start was clicked and has not answered yet."""
        return self._starting

    @starting.setter
    def starting(self, value: bool) -> None:
        self._starting = value
        self.judged.emit()

    @property
    def problems(self) -> dict[str, str]:
        """Field -> what is wrong with it."""
        found = {}
        for key, value in self._values.items():
            info = help_of_key(key)
            if info is not None and (problem := info.problem(value)):
                found[key] = problem
        return {**self._combined_problems(), **found, **self._name_problems()}

    @property
    def unavailable(self) -> str:
        """Why Start cannot be clicked now; empty when it can."""
        if self._starting:
            return "The trainer is being started"
        for key, problem in self.problems.items():
            return f"{label_of(key).capitalize()} {problem}"
        if not self._values["data.train"]:
            return "Choose a folder of cases to train on"
        if self._check.running:
            return "The folder of cases is being looked through"
        if not self._check.complete:
            return "No case in these folders has T1, T1ce, T2, FLAIR and a mask"
        return ""

    def config(self) -> TrainingConfig:
        """What is described.

        Raises
        ------
        ConfigError
            If a value is wrong.
        """
        content: dict[str, Any] = {"preset": self.preset, NAME_KEY: str(self._values[NAME_KEY]).strip()}
        for key, value in self._values.items():
            section, _, name = key.partition(".")
            if name:
                content.setdefault(section, {})[name] = value
        return config_of(content)

    def _combined_problems(self) -> dict[str, str]:
        """Values that are wrong together."""
        values, found = self._values, {}
        held_back = any(values[f"data.{name}"] for name in ("validation", "split", "folds", "folds_file"))
        if not held_back and values["length.validate_every"]:
            found["data.split"] = "must be above 0, or name folders to validate on"
        if not any(values[f"length.{name}"] for name in ("epochs", "steps", "hours")):
            found["length.epochs"] = "must be above 0, or limit the steps or the hours"
        edge = 2 ** (values["network.levels"] - 1)
        if any(n % edge for n in values["sampling.patch"]) and not values["network.start_from"]:
            found["sampling.patch"] = f"must be a multiple of {edge} with {values['network.levels']} levels"
        if values["sampling.batch"] % (processes := values["compute.processes"]):
            found["sampling.batch"] = f"must be a multiple of {processes}, as many as compute.processes"
        if processes > 1 and (problem := why_not_several()):
            found["compute.processes"] = problem
        if self.baseline("network.start_from") and not values["network.start_from"]:
            found["network.start_from"] = "must name the model folder to start from"
        return found

    def _name_problems(self) -> dict[str, str]:
        name = str(self._values[NAME_KEY]).strip()
        if not name:
            return {NAME_KEY: "must not be empty"}
        if any(letter in name for letter in '/\\:*?"<>|') or name.endswith("."):
            return {NAME_KEY: 'must be a plain folder name, without / \\ : * ? " < > |, and no point at its end'}
        if name.partition(".")[0].strip().upper() in _OF_DEVICES or len(name.encode()) > _LONGEST_NAME:
            return {NAME_KEY: "is a name that not every drive takes; choose another one"}
        return {FOLDER_KEY: self._folder_problem} if self._folder_problem else {}


def flat(config: TrainingConfig) -> dict[str, Any]:
    """A configuration as ``section.name`` -> value."""
    values: Mapping[str, Any] = as_tables(config)
    found: dict[str, Any] = {NAME_KEY: values[NAME_KEY]}
    for section, kind in sections().items():
        found |= {f"{section}.{field.name}": values[section][field.name] for field in dataclasses.fields(kind)}
    return found


@cache
def help_of_key(key: str) -> FieldHelp | None:
    """Help of a field by ``section.name``; None for the name of the model."""
    section, _, name = key.partition(".")
    return help_of(sections()[section], name) if name else None


def label_of(key: str) -> str:
    """Words for a field: ``length.steps_per_epoch`` is "steps per epoch"."""
    name = key.rpartition(".")[2].removesuffix("_mm").removesuffix("_deg")
    return {"train": "training cases", "validation": "validation cases"}.get(name, name.replace("_", " "))
