"""Which label is painted, and taking it from a picture."""

from __future__ import annotations

from dataclasses import replace

from brainseg_gui.controllers.annotating.hand.hand_tools import inside
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.state.session import Session


def paintable(scheme: LabelScheme) -> tuple[int, ...]:
    """The numbers that can be painted, in order."""
    return tuple(sorted(scheme.labels))


def activate(session: Session, label: int) -> None:
    """Paint with a label from now on; one that is painted is shown."""
    annotating, viewing = session.annotating, session.viewing
    if annotating.annotation is not None:
        viewing.hidden = viewing.hidden - {annotating.annotation.labels.scheme.meaning_of(label)}
    annotating.rules = replace(annotating.rules, active=label)


def pick_label(session: Session, voxel: Voxel) -> None:
    """Paint from now on with the label that a voxel has: in the annotation, else in the topmost layer over it."""
    annotation = session.annotating.annotation
    if annotation is None or not inside(voxel, annotation.labels.grid.shape):
        return
    label = int(annotation.values[voxel]) or _label_of_others(session, voxel, annotation.labels.scheme)
    if label:
        activate(session, label)


def _label_of_others(session: Session, voxel: Voxel, scheme: LabelScheme) -> int:
    for layer in reversed(list(session.layers)):
        value = int(layer.labels.values[voxel])
        if value and layer.visible:
            try:
                return scheme.value_for(layer.labels.scheme.meaning_of(value))
            except BrainsegError:
                continue
    return 0
