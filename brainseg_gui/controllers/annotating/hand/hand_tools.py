"""What all tools of the hand share: where their voxels go, and what their edits are called."""

from __future__ import annotations

from typing import Protocol

from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools.threshold import IntensityRange, in_range, range_around
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.state.annotating.tools import Painting
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.slices.hand_event import HandEvent


class HandTool(Protocol):
    """A tool that the mouse works with."""

    @property
    def busy(self) -> bool:
        """Whether something was begun that is not finished."""

    def press(self, event: HandEvent) -> None:
        """The button went down."""

    def move(self, event: HandEvent) -> None:
        """The mouse moved with the button down."""

    def release(self, event: HandEvent) -> None:
        """The button went up."""

    def double_click(self, event: HandEvent) -> None:
        """The button went down for the second time, at once."""

    def let_go(self) -> None:
        """The mouse was taken away before its button was released."""

    def finish(self) -> None:
        """Keep what was begun."""

    def cancel(self) -> None:
        """Drop what was begun."""


def why_idle(session: Session) -> Notice | None:
    """What is said where no tool can work; None where one can."""
    annotating = session.annotating
    if annotating.annotation is None:
        start = (("Annotate", "annotate.start"),)
        return Notice("There is no annotation to work on yet", "Start one", "", start, problem=False)
    return None if annotating.editable else Notice(annotating.why_not, problem=False)


def erases(session: Session, event: HandEvent) -> bool:
    """Whether a press takes away: the right button does, and the left one while erasing is on."""
    return event.right != session.annotating.options.erasing


def label_of(session: Session, *, erasing: bool) -> int:
    """What a stroke paints."""
    return 0 if erasing else session.annotating.rules.active


def label_name(session: Session, label: int) -> str:
    """Short name of a label in the annotation's scheme."""
    annotation = session.annotating.annotation
    return annotation.labels.scheme.name_of(label) if annotation is not None else f"label {label}"


def edit_name(what: str, plane: Plane, *slice_indices: int, in_3d: bool) -> str:
    """Name of an edit for the history, such as “Brush ET, axial 84”: what it was, and in which slices it is found."""
    first, last = min(slice_indices) + 1, max(slice_indices) + 1
    place = f"{first}–{last}" if last > first else f"{first}"
    return f"{what}, {'3-D at ' if in_3d else ''}{plane.title.lower()} {place}"


def inside(voxel: Voxel, shape: Voxel) -> bool:
    """Whether there is such a voxel."""
    return all(0 <= v < n for v, n in zip(voxel, shape, strict=True))


def chosen_volume(session: Session, case: Case) -> Volume | None:
    """The image whose intensities the tools look at: the chosen modality, else the shown one, else any."""
    wanted = (session.annotating.options.modality, session.viewing.modality, *case.volumes)
    return next((case.volumes[modality] for modality in wanted if modality in case.volumes), None)


def take_range(session: Session) -> IntensityRange | None:
    """Take the range from the crosshair's neighbourhood."""
    case = session.case
    volume = chosen_volume(session, case) if case is not None else None
    if volume is None:
        return None
    options = session.annotating.options
    options.intensities = range_around(volume, session.viewing.crosshair)
    return options.intensities


def kept_by_range(session: Session, case: Case, area: Area) -> Area:
    """The part of an area that the painting "in range" lets through; all of it with other paintings."""
    options, volume = session.annotating.options, chosen_volume(session, case)
    if options.painting is not Painting.IN_RANGE or volume is None:
        return area
    wanted = options.intensities or take_range(session)
    return in_range(area, volume, wanted) if wanted is not None else area
