"""``brainseg [CASE]``: the window."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from brainseg_gui.errors import BrainsegError


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
    gc.disable()  # the start makes hardly any garbage; after the first picture the window collects its own
    try:
        from brainseg_gui.app import run as run_window

        return run_window(arguments.cases, safe=arguments.safe)
    finally:
        gc.enable()


def has_display() -> bool:
    """Whether Qt finds a screen, or was told to do without one."""
    if os.environ.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal", "vnc"):
        return True
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def require_display() -> None:
    """Refuse to open a window where there is no screen.

    Raises
    ------
    BrainsegError
        Names the commands that need none.
    """
    if not has_display():
        raise BrainsegError(
            "there is no display to show a window on",
            "Use brainseg segment, evaluate or render, which need none, or set DISPLAY",
        )
