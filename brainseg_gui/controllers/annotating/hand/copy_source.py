"""The layer that voxels are copied from, in the numbers of the annotation's scheme."""

from __future__ import annotations

from brainseg_gui.annotation.slab import Values
from brainseg_gui.annotation.tools.algebra import translated
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Notice, Session


def copy_layer(session: Session) -> Layer | None:
    """The layer that copying takes from: the chosen one, else the newest prediction, else the reference."""
    wanted, edited = session.annotating.options.copy_from, session.annotating.layer
    others = [layer for layer in session.layers if layer is not edited]
    named = [layer for layer in others if layer.name == wanted]
    predictions = [layer for layer in reversed(others) if layer.role is LayerRole.PREDICTION]
    return next(iter((*named, *predictions, *others)), None)


class CopySource:
    """Looks the layer up, and translates it once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.forget()

    def forget(self) -> None:
        """Let the layer go: it is of another case, or nobody copies any more."""
        self._labels: LabelMap | None = None
        self.values: Values | None = None
        self.name = ""
        self.layer: Layer | None = None

    @property
    def current(self) -> bool:
        """Whether the layer is still what was taken."""
        return self.layer is not None and self.layer.labels is self._labels

    def choose(self) -> bool:
        """Take the layer as it is now; says why where there is none."""
        layer = copy_layer(self._session)
        if layer is None:
            self._session.say(Notice("There is no other layer to copy from", "Click Segment, or add a mask"))
            return False
        return self.take(layer)

    def take(self, layer: Layer) -> bool:
        """Take a certain layer as it is now; says why where it cannot be translated."""
        annotation = self._session.annotating.annotation
        if annotation is None:
            return False
        if layer.labels is not self._labels:
            try:
                self.values = translated(layer.labels, annotation.labels.scheme)
            except BrainsegError as error:
                self._session.say(notice_of(error))
                return False
            self._labels = layer.labels
        self.name, self.layer = layer.name, layer
        return True
