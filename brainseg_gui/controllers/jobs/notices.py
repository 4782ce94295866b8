"""Errors as sentences for the notice bar."""

from __future__ import annotations

import traceback

from brainseg_gui.errors import BrainsegError
from brainseg_gui.state.session import Notice


def notice_of(error: Exception, actions: tuple[tuple[str, str], ...] = ()) -> Notice:
    """What to say about an error: its own sentences, or that it is a fault of the program."""
    if isinstance(error, BrainsegError):
        name = f"{error.path.name}: " if error.path is not None and error.path.name else ""
        details = str(error.path) if error.path is not None else ""
        cause = f"\n{error.__cause__}" if error.__cause__ is not None else ""
        return Notice(f"{name}{error.what}", error.remedy, f"{details}{cause}".strip(), actions)
    details = "".join(traceback.format_exception(error))
    return Notice(
        f"Something went wrong inside the program ({type(error).__name__})",
        "Nothing was changed; you can go on. Help > Copy report has what a report needs",
        details,
        actions,
    )
