"""``brainseg deface``: the series of examinations without the face, to be given away."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from brainseg_gui.commands.prepare import add_role_option, each_once, roles_said, run_shown
from brainseg_gui.commands.terminal import INPUT_FAULT, say, write_line
from brainseg_gui.errors import BrainsegError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``deface`` to the command line."""
    parser = subparsers.add_parser(
        "deface",
        help="copies of raw series without the face",
        description="Of each examination, DICOM or files: finds the brain, and writes T1, T1ce, T2 and FLAIR on their "
        "own voxels as .nii.gz, all that lies before the brain with the value of air. Neither headers nor names of "
        "series go along; the folder of each copy has the name of the source's. Look at the result before it leaves: "
        "ears and teeth stay, a brain that was found badly leaves a face, and text burned into pixels is known where "
        "the DICOM header tells of it alone.",
    )
    parser.add_argument("places", nargs="+", type=Path, metavar="RAW", help="folder or file of one examination")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="gets a folder for each")
    parser.add_argument("--name", help="what the folder and its files are called, for one examination")
    add_role_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Deface every examination; 0, or 2 when only input is at fault or to be looked at, or 1."""
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.commands.tasks.faults import exit_code
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.preparation.defaced import deface_place

    if args.name and len(args.places) > 1:
        raise BrainsegError("--name is for one examination", "Deface them one by one")
    args.places = each_once(args.places)
    said, doubtful = roles_said(args.role, args.places), False
    faults: list[Exception] = []
    with closing(Engine()) as engine:
        finder = finder_of(engine)
        for place in args.places:
            try:
                done = run_shown(deface_place(place, args.output, said, finder, args.name or ""), place.name)
            except BrainsegError as error:
                faults.append(error)
                say(str(error))
                continue
            doubtful = doubtful or bool(done.doubts)
            for doubt in done.doubts:
                say(f"{done.folder.name}: {doubt}")
            rest = f"; {done.left_out} other series are not in it" if done.left_out else ""
            write_line(f"{done.folder}: {done.words}{rest}")
    return exit_code(faults) or (INPUT_FAULT if doubtful else 0)
