"""One save of a layer at a time: what a person wishes for meanwhile waits, and is built when the first has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.controllers.annotating.saving.save_work import After
from brainseg_gui.state.layers.layers import Layer


@dataclass(frozen=True, eq=False)
class WaitingSave:
    """A save that waits for the one before it.

    Parameters
    ----------
    chosen
        Where the person wants it; None where it goes to follows from the case, or from the save before.
    waiting
        What waits for it.
    """

    chosen: Path | None
    waiting: tuple[After, ...]

    def then(self, saved: bool) -> None:
        """Tell all that wait for it."""
        for after in self.waiting:
            after(saved)


class SaveQueue:
    """The layers that are being written, and what waits."""

    def __init__(self) -> None:
        self._layers: dict[Layer, list[WaitingSave]] = {}

    def __contains__(self, layer: Layer) -> bool:
        """Whether a save of the layer has begun and not ended."""
        return layer in self._layers

    def begin(self, layer: Layer) -> None:
        """A save of the layer begins, or goes on after a question."""
        self._layers.setdefault(layer, [])

    def wait(self, layer: Layer, chosen: Path | None, after: After) -> None:
        """Let another save of it wait; one that goes where the last one goes takes its place."""
        there = self._layers[layer]
        if there and chosen in (None, there[-1].chosen):
            last = there.pop()
            there.append(WaitingSave(last.chosen, (*last.waiting, after)))
        else:
            there.append(WaitingSave(chosen, (after,)))

    def end(self, layer: Layer) -> Sequence[WaitingSave]:
        """A save of the layer has ended: what waited for that, oldest first."""
        return self._layers.pop(layer, [])
