"""What estimates an image that a case lacks; ``python -m training.beside.estimated MODEL --cases DIR`` puts it there.

For each of some modalities a small network learns from whole cases to tell each voxel of that image from the others.
Tumours are looked at oftener than their share of the brain.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.estimated import Floats, Surroundings
from brainseg_gui.inference.models.dense import DenseNetwork
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from training.beside.files import add_estimators
from training.compare.cases import ComparedCase, find_cases
from training.compare.command import FAULT, ended, tell
from training.compare.options import add_case_options, asked_of
from training.errors import TrainingError

_WIDTHS = (32, 32)
_BRAIN, _TUMOUR = 15_000, 10_000  # voxels of each case
_FARTHEST = 10.0  # of what is learned, in ranges of the middle half
_EPOCHS, _BATCH, _RATE = 40, 4096, 1e-3


def samples_of(case: Case, reference: LabelMap, wanted: Modality, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Some voxels of a case: what is known of them, (N, inputs), and what is to be told, (N, 1)."""
    others = {modality: volume for modality, volume in case.volumes.items() if modality is not wanted}
    there = Surroundings.of(others)
    tumour = reference.mask(regions()[0])[there.box][there.brain]
    chosen = np.concatenate([_some(np.flatnonzero(~tumour), _BRAIN, rng), _some(np.flatnonzero(tumour), _TUMOUR, rng)])
    inputs = there.inputs([there.standardised(volume) for volume in others.values()])[chosen]
    told = there.standardised(case.volumes[wanted])[there.brain][chosen]
    return inputs, np.clip(told, -_FARTHEST, _FARTHEST)[:, None]


def _some(voxels: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(voxels, min(most, len(voxels)), replace=False)


def fitted(inputs: Floats, wanted: Floats, seed: int = 0, epochs: int | None = None) -> DenseNetwork:
    """A network that tells one from the other, by least squares."""
    import keras

    keras.utils.set_random_seed(seed)
    mean, spread = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), np.float32(1e-3))
    start = DenseNetwork(mean, spread, ())
    seen = np.clip((inputs - mean) / spread, -start.widest, start.widest)
    layers = [keras.layers.Dense(width, activation="relu") for width in _WIDTHS]
    model = keras.Sequential([keras.Input((inputs.shape[1],)), *layers, keras.layers.Dense(1)])
    epochs = epochs or _EPOCHS
    steps = epochs * -(-len(seen) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps)
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(seen, wanted, batch_size=_BATCH, epochs=epochs, verbose=0)
    weights = [np.asarray(one, np.float32) for one in model.get_weights()]
    pairs = tuple((weights[n], weights[n + 1]) for n in range(0, len(weights), 2))
    return DenseNetwork(np.asarray(mean, np.float32), np.asarray(spread, np.float32), pairs)


def learned(
    model: ModelFolder, cases: Iterable[ComparedCase], wanted: Sequence[Modality], seed: int = 0
) -> dict[Modality, DenseNetwork]:
    """The network for each of some modalities, of all cases that have all of the model's; each case is read once.

    Raises
    ------
    TrainingError
        If there is no such case.
    BrainsegError
        If a file cannot be used.
    """
    rng, parts = np.random.default_rng(seed), {modality: list[tuple[Floats, Floats]]() for modality in wanted}
    for one in cases:
        case, reference = one.read()
        if all(modality in case.volumes for modality in model.passport.modalities):
            whole = _in_order(case, model)
            for modality, of_cases in parts.items():
                of_cases.append(samples_of(whole, reference, modality, rng))
    if not all(parts.values()):
        raise TrainingError("no case has all modalities", "Name whole cases, with masks")
    joined = {one: [np.concatenate(each) for each in zip(*of_cases, strict=True)] for one, of_cases in parts.items()}
    return {modality: fitted(inputs, told, seed) for modality, (inputs, told) in joined.items()}


def _in_order(case: Case, model: ModelFolder) -> Case:
    return replace(case, volumes={modality: case.volumes[modality] for modality in model.passport.modalities})


def main(arguments: Sequence[str] | None = None) -> int:
    """Put what was learned into the model; 0, or 2 when something given is at fault or a case was left out."""
    return ended(_learn, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.beside.estimated", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("model", type=Path, help="model folder that is changed")
    known = [modality.value for modality in Modality]
    names = "which images are estimated (flair t1 t2: what contrast agent shows, no other image does)"
    parser.add_argument("--images", nargs="+", choices=known, default=["flair", "t1", "t2"], metavar="NAME", help=names)
    add_case_options(parser)
    return parser


def _learn(given: argparse.Namespace) -> int:
    model, faults = read_model_folder(given.model), list[str]()
    cases = find_cases(given.cases, asked_of(given), faults.append)
    wanted = [modality for modality in model.passport.modalities if modality.value in given.images]
    made = add_estimators(model, learned(model, cases, wanted))
    for sentence in faults:
        tell(sentence)
    sys.stdout.write(f"{made.path}\n")
    return FAULT if faults else 0


if __name__ == "__main__":
    sys.exit(main())
