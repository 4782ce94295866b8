"""The arguments that name a case and its masks, shared by the commands that show one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainseg_gui.imaging.regrid_policy import RegridPolicy


def add_case_options(parser: argparse.ArgumentParser) -> None:
    """Add ``CASE``, ``--prediction`` and ``--reference``."""
    parser.add_argument("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    parser.add_argument("--prediction", type=Path, metavar="P", help="predicted mask")
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


def regrid_policy_of(args: argparse.Namespace) -> RegridPolicy:
    """What ``--resample`` allows."""
    from brainseg_gui.imaging.regrid_policy import RegridPolicy

    return RegridPolicy(args.resample or "strict")
