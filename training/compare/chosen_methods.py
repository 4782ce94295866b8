"""The methods that a person asks to compare: by the names of models, their folders, or those of runs."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder, shipped_models
from brainseg_gui.inference.options import SegmentOptions
from training.compare.baselines import BASELINES
from training.compare.cross_validation import cross_validation, run_folders
from training.compare.methods import BaselineMethod, Method, Model


def models_named(names: list[str], options: SegmentOptions) -> list[Method]:
    """Models by the names under which they are shipped, or by path; two of one name are told apart by number.

    A folder of run folders is a cross-validation: one method, which scores each case by the network that held it back.

    Raises
    ------
    ModelError
        If one is no model folder.
    """
    shipped = {model.path.name: model for model in shipped_models()}
    methods: list[Method] = []
    taken: dict[str, int] = {}
    for given in names:
        path = Path(given).expanduser()
        if given not in shipped and run_folders(path):
            methods.append(cross_validation(path, options))
            continue
        folder = shipped.get(given) or read_model_folder(path)
        name = _short_name(folder)
        taken[name] = taken.get(name, 0) + 1
        methods.append(Model(folder, options, name if taken[name] == 1 else f"{name} ({taken[name]})"))
    return methods


def _short_name(folder: ModelFolder) -> str:
    """The folder's name; of a run folder's ``model`` that of the run, of a checkpoint's both."""
    path = folder.path.resolve()
    return f"{path.parent.name}/{path.name}" if path.name in ("model", "best", "last") else path.name


def baselines() -> list[Method]:
    """All baselines."""
    return [BaselineMethod(baseline) for baseline in BASELINES]
