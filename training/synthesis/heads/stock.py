"""Grow a set of heads with tumours: `python -m training.synthesis.heads.stock --anatomy FOLDER --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage.writing import replacing
from training.synthesis.anatomy import find_anatomies
from training.synthesis.heads.head import read_head
from training.synthesis.heads.tumours import grow_head, save_head


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is missing of the set; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(prog="python -m training.synthesis.heads.stock", description=__doc__)
    add = parser.add_argument
    add("--anatomy", type=Path, required=True, help="folder of label maps of whole heads")
    add("--out", type=Path, required=True, help="folder that gets a file per head")
    add("--each", type=int, default=3, help="tumours per head (3)")
    add("--seed", type=int, default=0, help="seed of the set (0)")
    given = parser.parse_args(arguments)
    try:
        _grow_all(given.anatomy, given.out, given.each, given.seed)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    return 0


def _grow_all(anatomies: Path, out: Path, each: int, seed: int) -> None:
    """Round by round, so that a training that has begun already sees every head."""
    out.mkdir(parents=True, exist_ok=True)
    paths = find_anatomies(anatomies)
    for path in paths:
        name = path.name.split(".")[0]
        files = [out / f"{name}-{number}.npz" for number in range(each)]
        if all(file.exists() for file in files):
            continue
        head = read_head(path)
        for number, file in enumerate(files):
            with replacing(file, chosen=False) as temporary, temporary.open("r+b") as stream:
                save_head(stream, grow_head(head, (seed, paths.index(path), number)))


if __name__ == "__main__":
    sys.exit(main())
