"""What commands say and write: results to standard output, everything else as a sentence to standard error."""

from __future__ import annotations

import sys

from brainseg_gui.plain_files import for_terminal

INPUT_FAULT = 2
"""Exit code of a command whose input was at fault, or doubtful."""

FAULT = 1
"""Exit code of a command that failed for another reason, such as a full disk."""

BAR = "{percentage:3.0f} %|{bar}| {elapsed} {desc}"
"""A bar of tqdm."""


def write_line(text: str) -> None:
    """A result, seen at once also where standard output is a pipe."""
    sys.stdout.write(for_terminal(text) + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """What a person should know, beside the results."""
    sys.stderr.write(for_terminal(f"brainseg: {sentence}\n"))
