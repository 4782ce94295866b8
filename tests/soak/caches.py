"""Caches that have a bound: what they hold was asked for and is no leak, so that it is counted apart.

How much that is, only their emptying tells. What grows without a bound, `functools.cache` included, stays where it is.
"""

from __future__ import annotations

import functools
import gc

from PySide6.QtGui import QPixmapCache

_Cache = type(functools.lru_cache(lambda: None))


def empty_caches() -> None:
    """Empty Qt's cache of pixmaps, 10 MB at most, and the program's own: texts, brushes and pens that were drawn."""
    QPixmapCache.clear()
    for one in gc.get_objects():
        if isinstance(one, _Cache) and one.__module__.startswith("brainseg_gui.") and one.cache_info().maxsize:
            one.cache_clear()
