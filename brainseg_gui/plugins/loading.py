"""Importing what a plug-in names, when it is first used: one that fails or never ends costs no more than a sentence."""

from __future__ import annotations

import logging
import threading
from functools import cache
from importlib import import_module
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.plain_files import visible
from brainseg_gui.plugins.declared import PlugIn

LONGEST_S = 10.0
log = logging.getLogger(__name__)


class PlugInError(BrainsegError):
    """A plug-in that cannot be used."""


def load(plug_in: PlugIn) -> Any:
    """What a plug-in names, imported once.

    Raises
    ------
    PlugInError
        If its import fails, or takes longer than `LONGEST_S`; the same again each time.
    """
    found = _loaded(plug_in)
    if isinstance(found, PlugInError):
        raise found
    return found


@cache
def _loaded(plug_in: PlugIn) -> Any:
    answer: list[Any] = []
    thread = threading.Thread(target=_import, args=(plug_in, answer), name=f"plug-in {plug_in.name}", daemon=True)
    thread.start()
    thread.join(LONGEST_S)
    found = answer[0] if answer else _fault(plug_in, f"its import takes longer than {LONGEST_S:g} s")
    if isinstance(found, PlugInError):
        log.warning("%s", found)
    return found


def _import(plug_in: PlugIn, answer: list[Any]) -> None:
    module, _, attribute = plug_in.target.partition(":")
    try:
        found = import_module(module)
        answer.append(getattr(found, attribute) if attribute else found)
    except BaseException as error:  # noqa: BLE001  whatever somebody else's code raises, an exit too
        answer.append(_fault(plug_in, f"{type(error).__name__}: {error}"))


def _fault(plug_in: PlugIn, reason: str) -> PlugInError:
    what = f"the plug-in {plug_in.words} cannot be used ({visible(reason, 160)})"
    return PlugInError(what, f"Update it, or switch it off: brainseg plugins --off {plug_in.package}")
