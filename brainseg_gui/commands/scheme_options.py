"""The options that name label schemes, shared by the commands that read masks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainseg_gui.evaluation.masks import ChosenSchemes


def add_scheme_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--scheme``, ``--reference-scheme`` and ``--prediction-scheme``."""
    parser.add_argument("--scheme", metavar="NAME", help="label scheme of both masks; guessed when not given")
    parser.add_argument("--reference-scheme", metavar="NAME", help="label scheme of the reference alone")
    parser.add_argument("--prediction-scheme", metavar="NAME", help="label scheme of the prediction alone")


def chosen_schemes(args: argparse.Namespace) -> ChosenSchemes:
    """The schemes that were named.

    Raises
    ------
    BrainsegError
        If there is no scheme of a given name; lists the names.
    """
    from brainseg_gui.evaluation.masks import ChosenSchemes
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named

    names = (args.reference_scheme or args.scheme, args.prediction_scheme or args.scheme)
    reference, prediction = (scheme_named(name) if name else None for name in names)
    return ChosenSchemes(reference, prediction)
