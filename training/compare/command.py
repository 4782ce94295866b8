"""What the commands of comparisons and studies share: ends, sentences and files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.inference.engine.environment import prepare_environment
from brainseg_gui.storage import chosen_file

FAULT = 2
"""Ends a command when something given is at fault."""


def ended(work: Callable[[argparse.Namespace], int], given: argparse.Namespace) -> int:
    """The end of a command; an error that a person can mend is one sentence."""
    prepare_environment()
    try:
        return work(given)
    except BrainsegError as error:
        tell(str(error))
        return FAULT


def tell(sentence: str) -> None:
    """Say something beside the results."""
    sys.stderr.write(f"{sentence}\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file into the folder that was given, whole or not at all; both are made.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"it cannot be made ({error.strerror})", "Choose another folder", path.parent) from error
    chosen_file.write_text(path, text, chosen=False)
