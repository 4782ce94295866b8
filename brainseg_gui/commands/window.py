"""``brainseg [CASE]``: the window."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

from brainseg_gui.commands.display import require_display


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("window", help="open the window (the default)", description="Open the window.")
    parser.add_argument("cases", nargs="*", type=Path, metavar="CASE", help="case folder, cohort folder or files")
    safe = "start without remembered settings, and remember none; unsaved work is offered all the same"
    parser.add_argument("--safe", action="store_true", help=safe)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the window and stay until it is closed."""
    require_display()
    gc.disable()  # the start makes hardly any garbage; after the first picture it is collected again
    try:
        from brainseg_gui.app import run as run_window

        return run_window(arguments.cases, safe=arguments.safe)
    finally:
        gc.enable()
