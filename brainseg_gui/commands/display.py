"""Whether a window can be shown here."""

from __future__ import annotations

import os
import sys

from brainseg_gui.errors import BrainsegError


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
