"""Write synthetic cases: `python -m training.synthesis --anatomy FILE_OR_FOLDER --out FOLDER --cases N --seed S`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from brainseg_gui.errors import BrainsegError, SaveError

from .anatomy import find_anatomies, read_anatomy
from .case import SyntheticCase, synthesise, write_case


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cases that the arguments ask for; 0 when done, 2 when something given is at fault."""
    given = _parser().parse_args(arguments)
    try:
        _write_cases(given.anatomy, given.out, given.cases, given.seed, given.name)
    except BrainsegError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.synthesis", description="Make brain-tumour MRI of patients who never lived."
    )
    parser.add_argument(
        "--anatomy", type=Path, required=True, help="a label map with FreeSurfer's numbers, or a folder of them"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder that gets one folder per case")
    parser.add_argument("--cases", type=_count, default=1, help="number of cases (1)")
    parser.add_argument("--seed", type=_seed, default=0, help="seed of the first case; the next has one more (0)")
    parser.add_argument("--name", default="synthetic", help="name of the case, or of all with -00001 and so on")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one case")
    return count


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise argparse.ArgumentTypeError("a seed is 0 or more")
    return seed


def _write_cases(anatomy: Path, out: Path, cases: int, seed: int, name: str) -> None:
    if Path(name).name != name:
        raise SaveError(f"“{name}” cannot name a case", "Give --name a word without slashes")
    paths = find_anatomies(anatomy)
    read = lru_cache(maxsize=4)(read_anatomy)
    for number in range(cases):
        case = synthesise(read(paths[number % len(paths)]), seed + number)
        case_id = name if cases == 1 else f"{name}-{number + 1:05d}"
        try:
            write_case(case, out / case_id, case_id)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SaveError(
                f"the case could not be written: {reason}", "Give --out a folder with room", out / case_id
            ) from error
        sys.stdout.write(f"{_summary(case, case_id)}\n")


def _summary(case: SyntheticCase, case_id: str) -> str:
    volumes = ", ".join(
        f"{region} {case.volume_ml(*numbers):.1f} ml"
        for region, numbers in (("WT", (1, 2, 4)), ("TC", (1, 4)), ("ET", (4,)))
    )
    return f"{case_id}: anatomy {case.anatomy}, seed {case.seed}: {volumes}"


if __name__ == "__main__":
    sys.exit(main())
