"""The font files that matplotlib leaves open."""

from __future__ import annotations

from matplotlib import font_manager


def close_fonts() -> None:
    """Close the fonts of drawings that are done.

    matplotlib keeps the fonts open for each thread that ever drew, 64 sets of several files. A window that draws each
    preview on a thread of its own would hold hundreds of files open at the end of a day.
    """
    opened = getattr(font_manager, "_get_font", None)  # not public; where it is gone, so may be what it cached
    clear = getattr(opened, "cache_clear", None)
    if clear is not None:
        clear()
