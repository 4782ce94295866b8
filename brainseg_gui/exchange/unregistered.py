"""Images that leave as if they lay on each other: those of which a prepared case says that they do not."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.errors import listed
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.unregistered import not_registered
from brainseg_gui.imaging.modality import Modality

REMEDY = "Place it by hand in the Prepare panel, or leave the case out"


def lying_on_each_other(source: CaseSource) -> tuple[Modality, ...]:
    """The images of a case less those that could not be registered."""
    lost = not_registered(source)
    return tuple(m for m in Modality if m in source.modalities and m not in lost)


def note_of_images(lost: Sequence[Modality]) -> Sequence[str]:
    """What to say of images that stay behind."""
    if not lost:
        return ()
    return (f"{_named(lost)} could not be registered when the case was prepared, and {_is(lost)} left out",)


def note_of_mask(lost: Sequence[Modality]) -> Sequence[str]:
    """What to say of a mask that leaves without the images."""
    if not lost:
        return ()
    return (f"the mask does not lie at its place on {_named(lost)}, which could not be registered",)


def why_refused(lost: Sequence[Modality]) -> str:
    """Why a case is refused of which images are needed that do not lie on the others."""
    return f"its {_named(lost)} could not be registered and {_do(lost)} not lie on its other images"


def _named(lost: Sequence[Modality]) -> str:
    return listed([one.title for one in lost])


def _is(lost: Sequence[Modality]) -> str:
    return "is" if len(lost) == 1 else "are"


def _do(lost: Sequence[Modality]) -> str:
    return "does" if len(lost) == 1 else "do"
