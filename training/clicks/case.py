"""Cases as the robot and the trainer of clicks want them: cropped to the brain, with what networks made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_CLASSES, NETWORK_SCHEME, LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.case_features import CaseFeatures, features_of
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import run_to_end
from brainseg_gui.storage.writing import replacing

Classes = NDArray[np.uint8]

SCHEME = scheme_named(NETWORK_SCHEME)
"""Its numbers are the network's classes."""


@dataclass(frozen=True, eq=False)
class ClickCase:
    """A case, cropped to the box of its brain.

    Parameters
    ----------
    case_id
        Name of the case.
    volumes
        Its images on the cropped grid.
    truth, prediction
        The reference, and what the network alone says: classes 0 to 3, (I, J, K).
    features
        Of the network; their box is the whole of the cropped grid.
    """

    case_id: str
    volumes: dict[Modality, Volume]
    truth: Classes
    prediction: Classes
    features: CaseFeatures

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Edges of a voxel."""
        return next(iter(self.volumes.values())).grid.spacing_mm


def click_case(case: Case, reference: LabelMap, model: ModelFolder, network: Any) -> ClickCase:
    """A case as the robot wants it; the network runs twice: as the button does, and for its features."""
    classes = np.zeros(case.grid.shape, np.uint8, order="F")
    run_to_end(segment_volumes(case.volumes, model.passport, network, classes))
    features = run_to_end(features_of(case.volumes, model.passport, network))
    box, grid = features.network_grid.box, features.network_grid
    affine = case.grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(grid.start)
    cropped = Grid(grid.shape, affine)
    volumes = {
        m: Volume(np.asfortranarray(v.stored[box]), cropped, v.slope, v.intercept, v.path)
        for m, v in case.volumes.items()
    }
    whole = NetworkGrid((0, 0, 0), grid.shape, grid.steps, grid.resampled, (0, 0, 0), grid.resampled)
    kept = CaseFeatures(features.values, whole, features.brain)
    return ClickCase(case.case_id, volumes, network_classes(reference)[box], classes[box], kept)


def network_classes(labels: LabelMap) -> Classes:
    """The network's classes of a mask by what its numbers mean; NET and cysts count as NCR."""
    table = np.zeros(256, np.uint8)
    for value, meaning in labels.scheme.labels.items():
        known = "NCR" if meaning in ("NET", "CC") else meaning
        table[value] = NETWORK_CLASSES.index(known) if known in NETWORK_CLASSES else 0
    return table[labels.values]


def save_click_case(case: ClickCase, path: Path) -> None:
    """Write a case into one file, whole or not at all."""
    grid = next(iter(case.volumes.values())).grid
    about = {
        "case": case.case_id,
        "volumes": [[m.value, v.slope, v.intercept] for m, v in case.volumes.items()],
        "affine": grid.affine.tolist(),
        "steps": case.features.network_grid.steps,
    }
    brain = case.features.brain
    arrays: dict[str, Any] = {f"stored {m.value}": v.stored for m, v in case.volumes.items()}
    arrays |= {"truth": case.truth, "prediction": case.prediction, "features": case.features.values}
    arrays["brain"] = brain if brain is not None else np.ones(grid.shape, bool)
    with replacing(path, chosen=False) as temporary:
        np.savez(temporary, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)


def load_click_case(path: Path) -> ClickCase:
    """Read what `save_click_case` wrote."""
    with np.load(path, allow_pickle=False) as content:
        about = json.loads(content["about"].tobytes())
        grid = Grid(content["truth"].shape, np.array(about["affine"]))
        volumes = {
            Modality(name): Volume(content[f"stored {name}"], grid, slope, intercept, path)
            for name, slope, intercept in about["volumes"]
        }
        values = content["features"]
        i, j, k = values.shape[:3]
        steps = tuple(about["steps"])
        network_grid = NetworkGrid((0, 0, 0), grid.shape, steps, (i, j, k), (0, 0, 0), (i, j, k))
        features = CaseFeatures(values, network_grid, content["brain"])
        return ClickCase(about["case"], volumes, content["truth"], content["prediction"], features)
