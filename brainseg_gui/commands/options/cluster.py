"""``--cluster`` and ``--retries``: the arguments that say where the cases of a cohort are worked on."""

from __future__ import annotations

import argparse

from brainseg_gui.errors import BrainsegError

_RETRIES_ON_CLUSTER = 2
_MOST_RETRIES = 99


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cluster`` and ``--retries``."""
    parser.add_argument(
        "--cluster",
        metavar="WHERE",
        help="one task per case on a Dask cluster: local (processes of this computer), the address of a scheduler such "
        "as tcp://host:8786, or a YAML file for SLURM, PBS, LSF or Kubernetes (docs/cluster.md)",
    )
    parser.add_argument(
        "--retries",
        type=_retries,
        metavar="N",
        help=f"how often a case is tried again whose worker died ({_RETRIES_ON_CLUSTER} on a cluster, else 0)",
    )


def _retries(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_RETRIES:
        raise argparse.ArgumentTypeError(f"{text} is not a number of tries, 0 to {_MOST_RETRIES}")
    return int(text)


def retries_of(args: argparse.Namespace) -> int:
    """How often a case is tried again."""
    if args.retries is not None:
        return int(args.retries)
    return _RETRIES_ON_CLUSTER if args.cluster is not None else 0


def refuse_cluster_options(args: argparse.Namespace) -> None:
    """Refuse what says something of a cluster alone where none is asked for.

    Raises
    ------
    BrainsegError
        If there is such an option.
    """
    for option in ("processes", "retries"):
        if getattr(args, option) is not None:
            raise BrainsegError(f"--{option} is for --cluster", "Leave it out, or say where: --cluster local")


def count_of(text: str) -> int:
    """A number of processes, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes, 1 or more")
    return int(text)
