"""The network for cases that lack a modality; ``python -m training.beside.incomplete MODEL RUN_MODEL`` puts it there.

A run that starts from the model, with ``augmentation.drop_modalities=1``, makes it: a network that always lacks some
learns them far better than one that mostly sees all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.models.dice_line import DiceLine, lines_as_json
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.inference.models.passport import Passport
from training.beside.files import put_network
from training.errors import TrainingError

INCOMPLETE = "incomplete"


def add_incomplete(model: ModelFolder, other: ModelFolder, tumour_odds: float = 1.0) -> ModelFolder:
    """Give a model another's network for cases that lack a modality.

    Parameters
    ----------
    tumour_odds
        What the odds of tumour are multiplied by; see `Incomplete`.

    Raises
    ------
    TrainingError
        If the two do not see and tell the same, on the same grid, or the model needs all modalities.
    """
    _check(model, other.passport, other.path)
    return _put(model, other, {}, tumour_odds)


def _put(model: ModelFolder, other: ModelFolder, expected: Mapping[str, DiceLine], tumour_odds: float) -> ModelFolder:
    more: dict[str, Any] = {"tumour_odds": tumour_odds} if tumour_odds != 1 else {}
    if expected:
        more["expected_dice"] = lines_as_json(expected)
    return put_network(model, other, INCOMPLETE, more=more)


def _check(model: ModelFolder, other: Passport, path: Path) -> None:
    if model.passport.spacing_mm != other.spacing_mm:
        raise TrainingError("it sees another grid than the first network", "Train it from that one", path)
    if not model.passport.may_be_missing:
        raise TrainingError("the model needs all modalities", "Say in input what may_be_missing", model.path)


def pass_on_incomplete(parent: ModelFolder, model: ModelFolder) -> None:
    """Give a model that was trained from another the network of that one for incomplete cases, if it has one."""
    passport, known = parent.passport.of_incomplete, parent.passport.incomplete
    if passport is not None and known is not None and model.passport.may_be_missing:
        _check(model, passport, parent.path)
        _put(model, ModelFolder(parent.path, passport), known.expected_dice, known.tumour_odds)  # the very same network


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(
        prog="python -m training.beside.incomplete", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("model", type=Path, help="model folder that is changed")
    parser.add_argument("other", type=Path, help="model folder of the run")
    parser.add_argument(
        "--tumour-odds", type=float, default=1.0, metavar="N", help="multiply the odds of tumour by this (1)"
    )
    given = parser.parse_args(arguments)
    try:
        made = add_incomplete(read_model_folder(given.model), read_model_folder(given.other), given.tumour_odds)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    sys.stdout.write(f"{made.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
