"""The label maps of the open case: who made each, and which two are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.imaging.formats.mask_note import MaskFile
from brainseg_gui.imaging.labels import LabelMap

if TYPE_CHECKING:
    from brainseg_gui.imaging.probabilities import ClassProbabilities


class LayerRole(Enum):
    """What a layer is for."""

    REFERENCE = "reference"
    PREDICTION = "prediction"
    ANNOTATION = "annotation"


class OverlayStyle(Enum):
    """How a layer is drawn: never by colour alone."""

    FILL = "fill"
    OUTLINE = "outline"


def annotation_name(author: str) -> str:
    """How an annotation is called in the list of layers."""
    return f"annotation by {author}" if author else "annotation"


@dataclass(eq=False)
class Layer:
    """A named label map.

    Parameters
    ----------
    name
        Name for people, unique among the layers of a case.
    role
        What it is for.
    labels
        Its voxels and their scheme. Predictions and references are replaced, never edited.
    author
        Who or what made it: a file name, a model.
    created
        When.
    visible, style
        Whether and how it is drawn.
    opacity
        How strongly it is filled, 0 to 1; None as all others.
    saved_as
        The file that holds exactly these voxels, or None.
    file
        The file that it was read from or saved to last, which Save writes again; None before.
    edited
        Whether an annotation holds edits that were not all undone.
    made_from
        Names of the layers that it is a consensus of; empty for an opinion of its own.
    probabilities
        How sure the network was, when a prediction kept that.
    model_sha256
        Of the weights of the network that made it.
    sure_ml
        Per region, the volumes in ml between which that network sees it.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    name: str
    role: LayerRole
    labels: LabelMap
    author: str = ""
    created: datetime = field(default_factory=datetime.now)
    visible: bool = True
    style: OverlayStyle = OverlayStyle.FILL
    opacity: float | None = None
    saved_as: Path | None = None
    file: MaskFile | None = None
    edited: bool = False
    made_from: tuple[str, ...] = ()
    probabilities: ClassProbabilities | None = None
    model_sha256: str = ""
    sure_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def is_work(self) -> bool:
        """Whether it is an annotation that somebody worked on or saved: more than a copy of another layer."""
        kept = self.saved_as is not None or self.file is not None
        return self.role is LayerRole.ANNOTATION and (self.edited or kept)

    @property
    def title_compared(self) -> str:
        """What it is called where it stands beside a reference: by its role, a second reference by its name."""
        return self.role.value.capitalize() if self.role is not LayerRole.REFERENCE else self.name


class Layers:
    """The layers of the open case, in drawing order; `reference` and `prediction` are the two compared."""

    changed = Signal()
    """The list, or which two are compared, changed."""

    appearance_changed = Signal(Layer)
    """Name, visibility, style, opacity, scheme or saved state of one layer changed."""

    renamed = Signal(Layer, str)
    """One layer has another name than the one before; `appearance_changed` says so, too."""

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._watchers: dict[Layer, Callable[[object], None]] = {}
        self._reference: Layer | None = None
        self._prediction: Layer | None = None
        self._chosen = False

    def __iter__(self) -> Iterator[Layer]:
        return iter(tuple(self._layers))

    def __len__(self) -> int:
        return len(self._layers)

    @property
    def reference(self) -> Layer | None:
        """The layer that is taken for the truth in the comparison."""
        return self._reference

    @property
    def prediction(self) -> Layer | None:
        """The layer that is scored against the reference."""
        return self._prediction

    @property
    def compared(self) -> tuple[Layer, Layer] | None:
        """Reference and prediction of the comparison; None while one of them is missing."""
        if self._reference is None or self._prediction is None:
            return None
        return self._reference, self._prediction

    def annotation_of(self, person: str) -> Layer | None:
        """The annotation that somebody goes on with: the compared one if it is theirs, else their newest."""
        annotations = [layer for layer in self._layers if layer.role is LayerRole.ANNOTATION]
        own = [layer for layer in annotations if layer.author in ("", person)]
        return self._prediction if self._prediction in own else next(reversed(own), None)

    @property
    def to_correct(self) -> Layer | None:
        """The compared prediction; while an annotation is compared, the newest one there is."""
        compared = self._prediction
        if compared is not None and compared.role is LayerRole.PREDICTION:
            return compared
        predictions = [layer for layer in self._layers if layer.role is LayerRole.PREDICTION]
        return predictions[-1] if predictions else compared

    @property
    def at_risk(self) -> tuple[Layer, ...]:
        """What no file holds, and a person would miss.

        A prediction is that only while nobody worked on an annotation: it was taken into this, or can be made again.
        """
        worked_on = any(layer.is_work for layer in self._layers)
        layers = [layer for layer in self._layers if layer.role is LayerRole.ANNOTATION] if worked_on else self._layers
        return tuple(layer for layer in layers if layer.saved_as is None)

    @property
    def unsaved(self) -> bool:
        """Whether anything would be missed."""
        return bool(self.at_risk)

    @property
    def chosen(self) -> bool:
        """Whether a person chose the two that are compared."""
        return self._chosen and self._prediction is not None

    def compare(self, reference: Layer | None, prediction: Layer | None) -> None:
        """Choose the two layers that are compared; what comes later leaves them so."""
        self._chosen = True
        if (reference, prediction) != (self._reference, self._prediction):
            self._reference, self._prediction = reference, prediction
            self.changed.emit()

    def add(self, layer: Layer, *, compared: bool = True) -> Layer:
        """Add a layer on top; its name gets a number if it is taken.

        Parameters
        ----------
        compared
            Whether it is compared from now on, unless it is another reference.
        """
        layer.name = self._free_name(layer.name)
        self._layers.insert(self._index_for(layer), layer)
        self._watchers[layer] = lambda _change: self.appearance_changed.emit(layer)
        layer.events.connect(self._watchers[layer])
        if layer.role is LayerRole.REFERENCE and self._reference is None:
            self._reference = layer
        elif layer.role is not LayerRole.REFERENCE and compared:
            self._prediction = layer
        self.changed.emit()
        return layer

    def add_prediction(self, layer: Layer) -> Layer:
        """Add what a network made just now: it takes the place of its forerunners, not that of a person's work.

        Forerunners stay in the list, hidden. Two that a person chose to compare stay compared and seen, and so does an
        annotation; beside these the new mask is outlined.
        """
        chosen = (self._reference, self._prediction) if self.chosen else ()
        for other in self:
            if other.role is LayerRole.PREDICTION and other.model_sha256 and other not in chosen:
                other.visible = False
        if any(other.visible and (other.role is LayerRole.ANNOTATION or other is self._prediction) for other in self):
            layer.style = OverlayStyle.OUTLINE
        mine = self._prediction is not None and self._prediction.role is LayerRole.ANNOTATION
        return self.add(layer, compared=not (self.chosen or mine))

    def rename(self, layer: Layer, name: str) -> None:
        """Give a layer another name, with a number if it is taken; an empty one changes nothing."""
        wanted = " ".join(name.split())
        if wanted and wanted != layer.name:
            before, layer.name = layer.name, self._free_name(wanted)
            self.renamed.emit(layer, before)

    def move(self, layer: Layer, steps: int) -> None:
        """Move a layer in the list: what comes later is drawn over what comes before."""
        here = self._layers.index(layer)
        there = min(max(here + steps, 0), len(self._layers) - 1)
        if there != here:
            self._layers.insert(there, self._layers.pop(here))
            self.changed.emit()

    def _index_for(self, layer: Layer) -> int:
        """On top, but for predictions: a person's work lies over them."""
        annotations = (n for n, other in enumerate(self._layers) if other.role is LayerRole.ANNOTATION)
        return next(annotations, len(self._layers)) if layer.role is LayerRole.PREDICTION else len(self._layers)

    def remove(self, layer: Layer) -> None:
        """Remove a layer."""
        self._layers.remove(layer)
        layer.events.disconnect(self._watchers.pop(layer))
        self._reference = None if self._reference is layer else self._reference
        if self._prediction is layer:
            others = [other for other in self._layers if other is not self._reference]
            self._prediction = others[-1] if others else None
        self.changed.emit()

    def clear(self) -> None:
        """Remove all layers, for another case."""
        for layer in self._layers:
            layer.events.disconnect(self._watchers.pop(layer))
        self._layers.clear()
        self._reference = self._prediction = None
        self._chosen = False
        self.changed.emit()

    def _free_name(self, wanted: str) -> str:
        taken = {layer.name for layer in self._layers}
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted} {number}", number + 1
        return name
