"""The second stage of a model: `python -m training.beside.finer start MODEL -o FOLDER` and `… add MODEL RUN_MODEL`.

`start` copies a model folder with a finer grid, for a run to start from (``network.start_from=FOLDER``): the weights
know the task already, at another size. `add` puts the network of that run into the model folder as its finer one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME, ModelFolder, read_model_folder
from brainseg_gui.plain_files import read_json
from brainseg_gui.storage.writing import write_bytes
from training.beside.files import ESTIMATED, put_network, weights_of, write_passport
from training.beside.incomplete import INCOMPLETE
from training.errors import TrainingError

FINER = "finer"
_WHERE: Mapping[str, Any] = {"near": "WT", "from_probability": 0.3, "margin_mm": 5.0}
"""Where the finer network of a model looks, unless another is said."""


def make_start(model: ModelFolder, spacing_mm: float, patch: Sequence[int], folder: Path) -> ModelFolder:
    """A copy of a model whose network sees the patient on a finer grid; for training only.

    Raises
    ------
    TrainingError
        If the folder is there already.
    ModelError
        If spacing and patch do not suit the network.
    """
    if folder.exists():
        raise TrainingError("it is there already", "Name a new folder", folder)
    folder.mkdir(parents=True)
    write_bytes(folder / model.passport.weights, weights_of(model), chosen=False)
    about = read_json(model.path / PASSPORT_NAME)
    about |= {"name": f"{model.passport.name} at {spacing_mm:g} mm", "results": "not measured", "postprocess": []}
    about["input"] |= {"spacing_mm": [spacing_mm] * 3, "patch": list(patch)}
    for of_the_model in (FINER, INCOMPLETE, ESTIMATED, "expected_dice"):
        about.pop(of_the_model, None)
    about["input"].pop("may_be_missing", None)
    write_passport(folder, about)
    return read_model_folder(folder)


def add_finer(model: ModelFolder, finer: ModelFolder, where: Mapping[str, Any] = _WHERE) -> ModelFolder:
    """Give a model another's network as its finer one; what was measured of the probabilities before is dropped.

    Parameters
    ----------
    where
        Its fields ``near``, ``from_probability`` and ``margin_mm`` in the passport.

    Raises
    ------
    TrainingError
        If the two do not see and tell the same, but for the grid.
    """
    passport = finer.passport
    more = {
        "spacing_mm": list(passport.spacing_mm or ()),
        "patch": list(passport.patch) if passport.patch is not None else None,
        **where,
    }
    return put_network(model, finer, FINER, more=more, outdated="expected_dice")


def pass_on_finer(parent: ModelFolder, model: ModelFolder) -> None:
    """Give a model that was trained from another the finer network of that one, if it has one, to look where it did."""
    finer, passport = parent.passport.finer, parent.passport.of_finer
    if finer is not None and passport is not None:
        where = {name: getattr(finer, name) for name in _WHERE}
        add_finer(model, ModelFolder(parent.path, passport), where)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 0 when done, 2 when something given is at fault."""
    given = _parser().parse_args(arguments)
    try:
        model = read_model_folder(given.model)
        if given.command == "start":
            made = make_start(model, given.spacing_mm, given.patch, given.output)
        else:
            made = add_finer(model, read_model_folder(given.finer))
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    sys.stdout.write(f"{made.path}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.beside.finer", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    start = commands.add_parser("start", help="make what a finer network's training starts from")
    start.add_argument("model", type=Path, help="model folder")
    start.add_argument("--spacing-mm", type=float, default=1.0, help="of the finer grid (1)")
    start.add_argument("--patch", type=int, nargs=3, default=(64, 64, 64), help="patch of the training (64 64 64)")
    start.add_argument("-o", "--output", type=Path, required=True, help="folder to make")
    add = commands.add_parser("add", help="put a run's network into a model folder as its finer one")
    add.add_argument("model", type=Path, help="model folder that is changed")
    add.add_argument("finer", type=Path, help="model folder of the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
