"""Make the atlas, or measure it on people left out: `python -m training.atlas LABEL_MAPS --out FILE | --study`.

Seven minutes of processor time for 20 label maps, and three more for the study.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage.writing import replacing


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or measure; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(prog="python -m training.atlas", description=__doc__)
    add = parser.add_argument
    add("label_maps", type=Path, metavar="LABEL_MAPS", help="folder of label maps of 1 mm with FreeSurfer's numbers")
    add("--out", type=Path, help="atlas.npz that is written")
    add("--study", action="store_true", help="ask the atlas of all others about each person, and print the answers")
    given = parser.parse_args(arguments)
    from training.atlas.average import align, atlas_of, counted, read_person
    from training.atlas.report import report
    from training.atlas.study import left_out
    from training.synthesis.anatomy import find_anatomies

    try:
        people = [read_person(path) for path in find_anatomies(given.label_maps)]
        moves = align(people)
        counts = [counted(person, move) for person, move in zip(people, moves, strict=True)]
        if given.out is not None:
            atlas = atlas_of(counts)
            with replacing(given.out, chosen=True) as temporary, temporary.open("r+b") as file:
                np.savez_compressed(file, levels=atlas.levels, affine=atlas.grid.affine)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    if given.study:
        sys.stdout.write(report([left_out(people, counts, index) for index in range(len(people))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
