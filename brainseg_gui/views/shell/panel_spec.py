"""What the window has to know of a panel before it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from PySide6.QtWidgets import QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions

Panel_co = TypeVar("Panel_co", bound=QWidget, covariant=True)


class Side(Enum):
    """Where a panel stands."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "a strip under the tool bar"
    BELOW = "a page below the pictures, beside the table of scores"


@dataclass(frozen=True, eq=False)
class PanelSpec(Generic[Panel_co]):
    """One panel.

    Parameters
    ----------
    title
        Its name for people, and that of its tab; the layout of the window is remembered under it.
    make
        Makes it, when it is first seen or asked for; imports it there, so that a start does not wait for it.
    side
        Where it stands; the person may drag it elsewhere.
    least_width
        In pixels: the widest row fits.
    behind
        Title of the panel among whose tabs it stands; empty for one of its own place.
    open
        Whether it stands open from the start, and so is made with the window.
    headed
        It says its name itself.
    about_masks
        It is greyed while another case is read whose pictures are shown already.
    occasional
        It says nothing of most cases: it is closed when the window comes back, until it is called for again.
    shown_by
        Key of the action that brings it to the front, if there is one.
    """

    title: str
    make: Callable[[Session, Actions], Panel_co]
    side: Side = Side.RIGHT
    least_width: int = 300
    behind: str = ""
    open: bool = False
    headed: bool = False
    about_masks: bool = False
    occasional: bool = False
    shown_by: str = ""
