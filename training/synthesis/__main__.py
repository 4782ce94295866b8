"""Write synthetic cases: `python -m training.synthesis --anatomy FILE_OR_FOLDER --out FOLDER --cases N --seed S`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError, SaveError

if TYPE_CHECKING:
    from brainseg_gui.execution.clusters import Workers

    from .batch import Batch

_PRIORS = ("training", "demonstration", "unseen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cases that the arguments ask for; 0 when done, 2 when something given is at fault."""
    given = _parser().parse_args(arguments)
    # Matrices here are small: threads of the linear algebra only wait for each other. Read when NumPy is imported.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    try:
        _write_cases(_batch(given), given)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.synthesis",
        description="Make brain-tumour MRI of patients who never lived. Started again, it goes on where it ended.",
    )
    add = parser.add_argument
    add("--anatomy", type=Path, required=True, nargs="+", help="label maps with FreeSurfer's numbers, or folders")
    add("--out", type=Path, required=True, help="folder that gets one folder per case")
    add("--cases", type=_whole(1), default=1, help="number of cases (1)")
    add("--seed", type=_whole(0), default=0, help="seed of the set (0)")
    add("--priors", choices=_PRIORS, default="demonstration", help="what is drawn from (demonstration)")
    add("--spacing-mm", type=int, choices=(1, 2), default=1, help="edge of a voxel (1)")
    add(
        "--processes",
        type=_whole(1),
        help="number of processes (1); the files are the same",
    )
    add("--cluster", metavar="WHERE", help="where else: local, tcp://…, or a file; see docs/cluster.md")
    add("--retries", type=_whole(0), default=0, help="how often a case is tried again whose worker died (0)")
    add("--name", default="", help="id of the case, or start of the ids (SYN-<seed>)")
    return parser


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{least} or more")
        return number

    return read


def _batch(given: argparse.Namespace) -> Batch:
    from .anatomy import find_anatomies
    from .batch import Batch

    if Path(given.name).name != given.name:
        raise SaveError(f"“{given.name}” cannot name a case", "Give --name a word without slashes")
    anatomies = tuple(path for place in given.anatomy for path in find_anatomies(place))
    return Batch(anatomies, given.out, given.cases, given.seed, given.priors, float(given.spacing_mm), given.name)


def _workers(given: argparse.Namespace) -> AbstractContextManager[Workers | None]:
    from brainseg_gui.execution.clusters import cluster_workers, local_workers

    if given.cluster:
        return cluster_workers(given.cluster, given.processes)
    return local_workers(given.processes) if (given.processes or 1) > 1 else nullcontext()


def _write_cases(batch: Batch, given: argparse.Namespace) -> None:
    from tqdm import tqdm

    from .batch import check_settings, write_batch

    if batch.cases > 1 or not batch.name:
        check_settings(batch)
    where = f"cluster: {given.cluster}" if given.cluster else f"processes: {given.processes or 1}"
    sys.stdout.write(f"cases: {batch.cases}, {where}, folder: {batch.out}\n")
    bar = tqdm(total=batch.cases, unit="case", file=sys.stderr, disable=None)
    with _workers(given) as workers, bar:
        written = 0
        for case in write_batch(batch, workers, given.retries):
            written += 1
            bar.update()
            tqdm.write(case.summary, file=sys.stdout)
        if written < batch.cases:
            tqdm.write(f"{batch.cases - written} of {batch.cases} cases were there already", file=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
