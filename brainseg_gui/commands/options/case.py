"""The arguments that name cases, masks and their label schemes, shared by the commands that read them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brainseg_gui.evaluation.masks import ChosenSchemes
    from brainseg_gui.imaging.case import Case, CaseSource
    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.imaging.regrid_policy import RegridPolicy


def add_case_options(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add ``CASE``, or several ``cases``, ``--prediction`` and ``--reference``."""
    if several:
        parser.add_argument("cases", type=Path, nargs="+", metavar="CASE", help="case folders, or folders of these")
    else:
        parser.add_argument("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    folder = "; of several cases a folder of them" if several else ""
    parser.add_argument("--prediction", type=Path, metavar="P", help=f"predicted mask{folder}")
    parser.add_argument("--reference", type=Path, metavar="R", help="reference mask (default: the case's own)")
    add_resample_option(parser, "a mask that lies on another grid than the images")


def add_resample_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--resample``, which allows what is refused else."""
    parser.add_argument(
        "--resample",
        nargs="?",
        const="nearest",
        choices=("nearest", "voxels"),
        metavar="HOW",
        help=f"take {what}: nearest (the default), or voxels: voxel by voxel, where the shapes agree",
    )


def add_annotations_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--annotations``."""
    parser.add_argument(
        "--annotations",
        type=Path,
        metavar="FOLDER",
        help="where annotations were saved, as File › Save masks in… had it (default: beside the images)",
    )


def annotation_homes(chosen: Path | None, cohort: Sequence[CaseSource]) -> Callable[[CaseSource], Sequence[Path]]:
    """The folders in which annotations of a case may lie, by ``--annotations``: there, and beside its images.

    Raises
    ------
    BrainsegError
        If it is no folder.
    """
    from brainseg_gui.annotation.saving.mask_paths import OutputTree, homes_of, root_of

    if chosen is not None and not chosen.is_dir():
        raise BrainsegError("there is no such folder", "Give the one that annotations were saved in", chosen)
    tree = OutputTree(chosen, root_of(cohort, cohort[0])) if chosen is not None and cohort else None
    return lambda source: homes_of(source, tree)


def regrid_policy_of(args: argparse.Namespace) -> RegridPolicy:
    """What ``--resample`` allows."""
    from brainseg_gui.imaging.regrid_policy import RegridPolicy

    return RegridPolicy(args.resample or "strict")


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


def read_masks(args: argparse.Namespace) -> tuple[Case, LabelMap | None, LabelMap | None]:
    """The case that ``CASE`` names, its reference and the prediction; None where there is none."""
    from dataclasses import replace

    from brainseg_gui.evaluation.masks import read_as, read_as_prediction
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.progress import run_to_end

    source = find_case(args.case)
    case = run_to_end(read_case(replace(source, reference=None)))
    chosen, assumed, regrid = chosen_schemes(args), scheme_named("brats2020"), regrid_policy_of(args)
    path = args.reference or source.reference
    reference = prediction = None
    if path is not None:
        labels = read_label_map(path, case.stored_grid, assumed, regrid=regrid)
        reference, _ = read_as(labels, path, chosen.reference, case)
    if args.prediction is not None:
        labels = read_label_map(args.prediction, case.stored_grid, assumed, regrid=regrid)
        prediction, _ = read_as_prediction(labels, args.prediction, chosen.prediction, reference, case)
    return case, reference, prediction
