"""What estimates an image that a case lacks; ``python -m training.beside.estimated MODEL --cases DIR`` puts it there.

For each of some modalities small networks learn from whole cases to tell each voxel of that image from the others.
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
from brainseg_gui.inference.estimated import Floats, Surroundings, names_of_inputs
from brainseg_gui.inference.models.dense import DenseNetwork
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from training.beside.files import add_estimators
from training.compare.cases import ComparedCase, find_cases
from training.compare.command import FAULT, ended, tell
from training.compare.options import add_case_options, asked_of
from training.errors import TrainingError

_WIDTHS = (32, 32)
_UNSEEN = (("mean 16", "uneven", "across"), ("mean 16", "across"), ())
"""What each of the networks whose answers are averaged does not look at, by the beginnings of names: what errs in one
patient for what it sees is corrected by one that does not see it."""
_ALIKE = 2  # networks of each kind, which differ in what they began with
_DROPOUT = 0.1
_BRAIN, _TUMOUR = 15_000, 10_000  # voxels of each case
_EPOCHS, _BATCH, _RATE = 25, 8192, 4e-3


def samples_of(case: Case, reference: LabelMap, wanted: Modality, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Some voxels of a case: what is known of them, (N, inputs), and what is to be told, (N, 1)."""
    others = {modality: volume for modality, volume in case.volumes.items() if modality is not wanted}
    there = Surroundings.of(others)
    tumour = reference.mask(regions()[0])[there.box][there.brain]
    chosen = np.concatenate([_some(np.flatnonzero(~tumour), _BRAIN, rng), _some(np.flatnonzero(tumour), _TUMOUR, rng)])
    seen = there.seen([there.standardised(volume) for volume in others.values()])
    told = there.standardised(case.volumes[wanted])[there.brain]
    return seen.inputs(chosen), told[chosen][:, None]


def _some(voxels: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(voxels, min(most, len(voxels)), replace=False)


def fitted(
    inputs: Floats, wanted: Floats, names: Sequence[str], seed: int = 0, epochs: int | None = None
) -> DenseNetwork:
    """Networks that tell one from the other, by least squares; see `_UNSEEN`.

    Parameters
    ----------
    names
        Of the inputs.
    """
    mean, spread = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), np.float32(1e-3))
    seen = np.clip((inputs - mean) / spread, -DenseNetwork.widest, DenseNetwork.widest)
    members = [
        _member(seen * looked_at, wanted, looked_at, seed * _ALIKE + number, epochs or _EPOCHS)
        for looked_at in (np.array([not one.startswith(unseen) for one in names], np.float32) for unseen in _UNSEEN)
        for number in range(_ALIKE)
    ]
    joined = [np.stack(parts) for parts in zip(*members, strict=True)]
    pairs = tuple((joined[n], joined[n + 1]) for n in range(0, len(joined), 2))
    return DenseNetwork(np.asarray(mean, np.float32), np.asarray(spread, np.float32), pairs)


def _member(seen: Floats, wanted: Floats, looked_at: Floats, seed: int, epochs: int) -> list[Floats]:
    """Weights and bias of each layer of one network, which looks at some of its inputs."""
    import keras

    keras.utils.set_random_seed(seed)
    hidden = [(keras.layers.Dense(width, activation="relu"), keras.layers.Dropout(_DROPOUT)) for width in _WIDTHS]
    layers = [layer for pair in hidden for layer in pair]
    model = keras.Sequential([keras.Input((seen.shape[1],)), *layers, keras.layers.Dense(1)])
    rate = keras.optimizers.schedules.CosineDecay(_RATE, epochs * -(-len(seen) // _BATCH))
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(seen, wanted, batch_size=_BATCH, epochs=epochs, verbose=0)
    first, *others = (np.asarray(one, np.float32) for one in model.get_weights())
    return [first * looked_at[:, None], *others]


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
    names = names_of_inputs(len(model.passport.modalities) - 1)
    return {modality: fitted(inputs, told, names, seed) for modality, (inputs, told) in joined.items()}


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
    parser.add_argument(
        "--mirrored",
        nargs="*",
        choices=["I", "J", "K"],
        default=["I"],
        metavar="AXIS",
        help="axes along which the first network is asked of the mirror image too in such cases (I, left and right)",
    )
    add_case_options(parser)
    return parser


def _learn(given: argparse.Namespace) -> int:
    model, faults = read_model_folder(given.model), list[str]()
    cases = find_cases(given.cases, asked_of(given), faults.append)
    wanted = [modality for modality in model.passport.modalities if modality.value in given.images]
    made = add_estimators(model, learned(model, cases, wanted), "".join(given.mirrored))
    for sentence in faults:
        tell(sentence)
    sys.stdout.write(f"{made.path}\n")
    return FAULT if faults else 0


if __name__ == "__main__":
    sys.exit(main())
