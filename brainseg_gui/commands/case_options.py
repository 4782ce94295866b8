"""The arguments that name a case and its masks, shared by the commands that show one."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_case_options(parser: argparse.ArgumentParser) -> None:
    """Add ``CASE``, ``--prediction`` and ``--reference``."""
    parser.add_argument("case", type=Path, metavar="CASE", help="case folder, or one of its files")
    parser.add_argument("--prediction", type=Path, metavar="P", help="predicted mask")
    parser.add_argument("--reference", type=Path, metavar="R", help="reference mask (default: the case's own)")
