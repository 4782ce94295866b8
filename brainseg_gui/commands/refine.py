"""``brainseg refine``: a mask corrected by clicks, without a window."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from brainseg_gui.api import Click
    from brainseg_gui.imaging.case import Case
    from brainseg_gui.imaging.labels import LabelMap, LabelScheme

_FORM = "Write +ET:120,88,70 for “ET is missing there”, --click=-WT:40,60,70 for “there is no tumour there”"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``refine`` to the command line."""
    parser = subparsers.add_parser(
        "refine",
        help="correct a mask by clicks",
        description="Each click says where a region (WT, TC, ET) or a label is missing (+) or too much (-); what is "
        "connected to that place changes, as far as the images tell it from what is around. Clicks count in their "
        "order. A place is a voxel counted from 1, a position (L31 A17.5 S4) or an index of the file (file119,117,76).",
    )
    add = parser.add_argument
    add("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    add("--mask", type=Path, metavar="M", help="the mask to begin with (default: an empty one)")
    add("--click", action="append", required=True, metavar="+ET:I,J,K", help="where it is wrong; may be repeated")
    add("--lock", action="append", default=[], metavar="LABEL", help="a label that does not change, by name or number")
    add("--scheme", metavar="NAME", help="what the numbers mean (default: guessed)")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="the corrected mask")
    add("--overwrite", action="store_true", help="replace a mask that exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, correct, write."""
    from brainseg_gui import api
    from brainseg_gui.imaging.formats.save import check_mask_file

    case = api.open_case(args.case, reference=False)
    images = case.case.source.modalities.values()
    check_mask_file(args.output, images, overwrite=args.overwrite)  # before the network has worked for it
    mask = api.Mask(_mask(args, case.case))
    scheme = mask.label_map.scheme
    clicks = [_click(text, case.case, scheme) for text in args.click]
    locked = [_label(name, scheme) for name in args.lock]
    with closing(api):
        done = api.refine(case, mask, clicks, locked=locked)
    for text, words in zip(args.click, done.words, strict=True):
        sys.stderr.write(for_terminal(f"{printable(text)}: {words}") + "\n")
    done.mask.save(args.output, case, overwrite=args.overwrite)
    sys.stdout.write(for_terminal(printable(str(args.output))) + "\n")
    return 0


def _mask(args: argparse.Namespace, case: Case) -> LabelMap:
    """The mask to begin with, in its own numbers."""
    import numpy as np

    from brainseg_gui.evaluation.masks import read_as
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.imaging.labels import LabelMap

    scheme = scheme_named(args.scheme) if args.scheme else None
    if args.mask is None:
        return LabelMap(np.zeros(case.grid.shape, np.uint8, order="F"), case.grid, scheme or case.scheme)
    labels, note = read_as(read_label_map(args.mask, case.grid, case.scheme), args.mask, scheme, case)
    sys.stderr.write(for_terminal(f"{printable(args.mask.name)}: {note}") + "\n")
    return labels


def _click(text: str, case: Case, scheme: LabelScheme) -> Click:
    from brainseg_gui.annotation.tools.clicks import spoken_of
    from brainseg_gui.api import Click
    from brainseg_gui.imaging.hints import NESTED_REGIONS
    from brainseg_gui.imaging.numbering import read_voxel

    name, colon, place = text[1:].partition(":")
    if text[:1] not in ("+", "-") or not colon:
        raise BrainsegError(f"{text} is no click", _FORM)
    region = name if name in NESTED_REGIONS else spoken_of(scheme, _label(name, scheme))
    return Click(f"{text[0]}{region}", read_voxel(place, case).voxel_ijk)


def _label(name: str, scheme: LabelScheme) -> int:
    """The number that a person names: by itself, or by what it means."""
    known = {scheme.name_of(value): value for value in scheme.labels} | {str(value): value for value in scheme.labels}
    if name not in known:
        raise BrainsegError(f"the label scheme {scheme.title} has no label {name}", f"It has {', '.join(known)}")
    return known[name]
