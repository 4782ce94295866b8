"""The options that a comparison and a study of the rules share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from training.compare.cases import Asked, parse_pairs


def whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not below another."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if (number := int(text)) >= least:
                return number
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from {least}")

    return read


def add_case_options(parser: argparse.ArgumentParser) -> None:
    """Which cases, and what they are scored against."""
    parser.add_argument(
        "--cases", type=Path, nargs="+", required=True, metavar="DIR", help="case folders, or folders of cases"
    )
    add_mask_options(parser)


def add_mask_options(parser: argparse.ArgumentParser) -> None:
    """Which of the cases, and how their masks are found and read."""
    parser.add_argument(
        "--reference", nargs="+", default=[], metavar="CASE=FILE", help="mask of a case, instead of the one beside it"
    )
    parser.add_argument(
        "--scheme", nargs="+", default=[], metavar="[CASE=]NAME",
        help="label scheme of all masks, or of one case or folder; synthetic cases are known, others are guessed",
    )  # fmt: skip
    parser.add_argument(
        "--most", type=whole(0), default=0, metavar="N", help="take N cases of each folder, evenly spread (all)"
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Where the networks run, and where results are kept."""
    add_network_options(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="folder of computed predictions (OUT/cache)")


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Which one model is measured; `chosen_methods.models_named` takes it."""
    model = "model folder, name of a shipped model, or a folder of the run folders of a cross-validation"
    parser.add_argument("--model", required=True, metavar="MODEL", help=model)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Where the networks run."""
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")


def asked_of(given: argparse.Namespace) -> Asked:
    """What the person says about the cases.

    Raises
    ------
    BrainsegError
        If a scheme is unknown, or a reference is not there.
    """
    references = {name: Path(value) for name, value in parse_pairs(given.reference, "--reference").items()}
    for name, path in references.items():
        if not name:
            raise CaseError("it does not say of which case it is the mask", "Give --reference CASE=FILE", path)
        if not path.is_file():
            raise CaseError("there is no such file", "Check --reference", path)
    schemes = {name: scheme_named(value) for name, value in parse_pairs(given.scheme, "--scheme").items()}
    return Asked(references, schemes, given.most)
