"""Who sits here."""

from __future__ import annotations

import getpass

LONGEST_NAME = 60
_chosen = ""


def person() -> str:
    """The name that the person gave, else that of the user at this computer; empty where the system knows none."""
    return _chosen or user_name()


def user_name() -> str:
    """What the system calls who sits here; empty where it knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name behind the number of the user
        return ""


def call_person(name: str) -> str:
    """Sign masks and states with this name from now on; nothing goes back to the system's.

    Returns
    -------
    str
        The name as it is used: on one line, and no longer than a note takes.
    """
    global _chosen
    _chosen = " ".join(name.split())[:LONGEST_NAME]
    return _chosen
