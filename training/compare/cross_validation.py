"""The networks of a cross-validation as one method: each case is segmented by the one that held it back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.runs.run_folder import RunFolder
from training.compare.methods import Method, Model, Prediction
from training.errors import TrainingError


@dataclass(frozen=True)
class CrossValidation:
    """Networks of several runs, each for the cases that its run held back.

    Parameters
    ----------
    name
        In tables.
    parts
        Network of each case, by its id.
    """

    name: str
    parts: Mapping[str, Method]

    @property
    def key(self) -> str:
        """Digest of all networks and of who is whose."""
        pairs = sorted((case_id, model.key) for case_id, model in self.parts.items())
        return hashlib.blake2b(repr(pairs).encode(), digest_size=12).hexdigest()

    @property
    def rules(self) -> tuple[steps.PostStep, ...]:
        """None: each network has its own."""
        return ()

    def of_case(self, case_id: str) -> Method:
        """The network that held a case back.

        Raises
        ------
        TrainingError
            If none did: it would be scored by a network that was trained on it.
        """
        if case_id not in self.parts:
            raise TrainingError("no run of the cross-validation held it back", "Train the fold that does")
        return self.parts[case_id]

    def predict(self, case: Case) -> Prediction:
        """Segment a case by the network that held it back."""
        return self.of_case(case.source.case_id).predict(case)


def run_folders(path: Path) -> list[RunFolder]:
    """The run folders in a folder, by name; none in a model folder or another place."""
    if not path.is_dir():
        return []
    runs = [RunFolder(child) for child in sorted(path.iterdir()) if child.is_dir()]
    return [run for run in runs if run.is_there]


def cross_validation(path: Path, options: SegmentOptions) -> CrossValidation:
    """The method of a folder that holds one run per fold; runs without a model yet take no part.

    Raises
    ------
    BrainsegError
        If no run has a model, or two held back the same case.
    """
    parts: dict[str, Method] = {}
    for run in run_folders(path):
        if not run.has_model:
            continue
        model = Model(read_model_folder(run.model), options, run.path.name)
        for case_id in held_back(run):
            if case_id in parts:
                sentence = f"{case_id} is held back by {parts[case_id].name} and by {run.path.name}"
                raise BrainsegError(sentence, "Keep the runs of one cross-validation apart from others", path)
            parts[case_id] = model
    if not parts:
        raise BrainsegError("none of its runs has a model and cases that it held back", "Wait for a run to end", path)
    return CrossValidation(path.resolve().name, parts)


def held_back(run: RunFolder) -> tuple[str, ...]:
    """The cases that a run held back, as it said itself when it was started last."""
    checks = [event.values for event in run.events() if event.kind == "checked"]
    if not checks:
        return ()
    named = checks[-1].get("validation")
    trained_on = {name for check in checks for name in check.get("training", ())}
    if shared := trained_on & set(named or ()):
        sentence = f"{min(shared)} was trained on before it was held back"
        raise TrainingError(sentence, "Start the run anew", run.path)
    return tuple(map(str, named or ()))
