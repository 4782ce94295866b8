"""``brainseg export``: a cohort in the layout of another program, or its masks in another format."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.case import add_annotations_option, annotation_homes
from brainseg_gui.commands.terminal import BAR, INPUT_FAULT
from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from brainseg_gui.exchange.case_export import ExportOutcome
    from brainseg_gui.exchange.faceless import RemoveFaces
    from brainseg_gui.imaging.case import CaseSource
    from brainseg_gui.progress import Progress

_DICOM = ("dicom-seg", "rtstruct")
# those of `COHORT_LAYOUTS` and of DICOM, whose modules import what is heavy; a test compares them
_KINDS = ("nnunet", "bids", *_DICOM, "seg.nrrd", "nrrd", "mha", "mgz", "nii.gz")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write a cohort for nnU-Net, or its masks for BIDS, DICOM, 3D Slicer and others",
        description="nnunet: a raw data set of nnU-Net (version 2), with all images on the grid of their case, labels "
        "numbered in order, and dataset.json; cases without a mask become test cases. bids: the masks as a derived "
        "data set, each with a table of its labels. dicom-seg and rtstruct: the masks as objects of the DICOM series "
        "on whose grid they lie (--series). seg.nrrd: for 3D Slicer, with names and colours; nrrd, mha, mgz and "
        "nii.gz: with label descriptions for ITK-SNAP. A case that cannot be used is named and left out, and makes the "
        "exit code 2. Images go out as they are: what their headers say of a person goes with them; --deface removes "
        "the face, and the headers of those that it changes. Masks hold nothing of a person, except that DICOM objects "
        "name the patient of their series, unless --deidentify.",
    )
    add = parser.add_argument
    add("cohort", type=Path, metavar="COHORT", help="a folder of cases")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="a new folder; Dataset501_Name for nnU-Net")
    add("--to", choices=_KINDS, required=True, help="the layout, or the format of the masks")
    add(
        "--masks",
        choices=("reference", "annotation"),
        help="which mask of each case: its reference (default), or the newest annotation that was saved of it",
    )
    add_annotations_option(parser)
    add("--series", type=Path, metavar="DICOM", help="for DICOM: the folder of the series that the cases were made of")
    add(
        "--deidentify",
        action="store_true",
        help="for DICOM: empty the patient, dates and descriptions, replace UIDs (basic profile of PS3.15); files are "
        "called by their cases all the same",
    )
    add(
        "--deface",
        action="store_true",
        help="for nnunet: remove the face from images whose skull is on; look at the result before it leaves",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export every case; 0, or 2 when some could not be."""
    from tqdm import tqdm

    from brainseg_gui.imaging.cases.case_folder import find_cohort

    _check(args)
    sources = find_cohort(args.cohort)
    faults = masks = 0
    with ExitStack() as opened:
        bar = opened.enter_context(tqdm(total=1.0, file=sys.stderr, bar_format=BAR, disable=None))
        for progress in opened.enter_context(closing(_work(args, sources, opened))):
            outcome = progress.partial
            bar.set_description_str(printable(progress.detail), refresh=False)
            bar.update(progress.done - bar.n)
            if _is_outcome(outcome) and outcome.error is not None:
                faults += 1
                bar.clear()
                sys.stderr.write(for_terminal(f"brainseg: {outcome.case_id}: {outcome.error}\n"))
            elif _is_outcome(outcome):
                masks += outcome.has_mask
                for note in outcome.notes:
                    bar.clear()
                    sys.stderr.write(for_terminal(f"brainseg: {outcome.case_id}: {note}\n"))
    done = len(sources) - faults
    words = f"{done} of {len(sources)} cases, {masks} with a mask: {printable(str(args.output))}"
    sys.stdout.write(for_terminal(words) + "\n")
    return INPUT_FAULT if faults else 0


def _check(args: argparse.Namespace) -> None:
    """Options that say nothing for what is asked are refused: who gives them believes that they do.

    Raises
    ------
    BrainsegError
        If there is one, or the series is missing.
    """
    dicom = args.to in _DICOM
    if dicom and args.series is None:
        raise BrainsegError("a DICOM mask belongs to a DICOM series", "Give its folder: --series DICOM")
    if args.masks == "reference" and args.annotations is not None:
        raise BrainsegError("--annotations is for the annotations", "Leave it out, or give --masks annotation")
    if not dicom and (args.series is not None or args.deidentify):
        option = "--series" if args.series is not None else "--deidentify"
        raise BrainsegError(f"{option} is for {' and '.join(_DICOM)}", "Leave it out, or choose one of them with --to")
    if args.deface and args.to != "nnunet":
        raise BrainsegError("--deface is for nnunet: masks alone show no face", "Leave it out, or give --to nnunet")


def _work(
    args: argparse.Namespace, sources: Sequence[CaseSource], opened: ExitStack
) -> Generator[Progress, None, list[ExportOutcome]]:
    from brainseg_gui.exchange.case_export import ChosenMasks, MaskChoice
    from brainseg_gui.exchange.cohort_layouts import COHORT_LAYOUTS
    from brainseg_gui.exchange.mask_files import export_masks

    annotated = args.annotations is not None
    choice = MaskChoice(args.masks or ("annotation" if annotated else "reference"))
    masks = ChosenMasks(choice, annotation_homes(args.annotations, sources))
    if args.to in _DICOM:
        return export_masks(sources, args.output, args.to, masks, series=args.series, deidentify=args.deidentify)
    remove_faces = _remove_faces(opened) if args.deface else None
    return COHORT_LAYOUTS[args.to].export(sources, args.output, masks, remove_faces)


def _remove_faces(opened: ExitStack) -> RemoveFaces:
    """By the network that finds brains; the engine begins with the first image that has a skull."""
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.exchange.faceless import faceless
    from brainseg_gui.inference.engine.engine import Engine

    engine = opened.enter_context(closing(Engine()))
    return partial(faceless, finder=finder_of(engine, start=False))


def _is_outcome(partial: object) -> bool:
    from brainseg_gui.exchange.case_export import ExportOutcome

    return isinstance(partial, ExportOutcome)
