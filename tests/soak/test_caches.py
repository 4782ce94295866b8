"""What caches hold is counted apart from what leaks."""

from __future__ import annotations

import gc
from functools import cache, lru_cache

from PySide6.QtGui import QPixmap, QPixmapCache
from pytestqt.qtbot import QtBot

from tests.soak.caches import empty_caches


@lru_cache(maxsize=8)
def bounded(number: int) -> bytes:
    return bytes(number)


@cache
def unbounded(number: int) -> bytes:
    return bytes(number)


def test_caches_with_a_bound_are_emptied_and_others_are_not(qtbot: QtBot) -> None:
    gc.unfreeze()  # what collecting the tests left is passed over, these two included
    bounded.__module__ = unbounded.__module__ = "brainseg_gui.somewhere"
    bounded(1), unbounded(1)
    QPixmapCache.insert("soak", QPixmap(8, 8))
    empty_caches()
    assert (bounded.cache_info().currsize, unbounded.cache_info().currsize) == (0, 1)
    assert not QPixmapCache.find("soak", QPixmap())
