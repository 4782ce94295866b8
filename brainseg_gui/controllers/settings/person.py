"""Who sits here."""

from __future__ import annotations

import getpass


def person() -> str:
    """Name of the user at this computer; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name behind the number of the user
        return ""
