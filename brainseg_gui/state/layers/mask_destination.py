"""Where new masks go: beside the images, or into a folder that mirrors the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.annotation.saving.mask_paths import OutputTree

MOST_EARLIER = 8  # folders that are looked into at each opening


@dataclass
class MaskDestination:
    """The person's choice; it holds for all cases until another is made.

    Parameters
    ----------
    tree
        The folder that mirrors the cases; None: masks go beside the images.
    earlier
        Folders that they went into before, the last first: what lies there is still found.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tree: OutputTree | None = None
    earlier: tuple[OutputTree, ...] = ()

    def leave(self, tree: OutputTree) -> None:
        """Masks no longer go there; what went there stays and is found."""
        self.earlier = (tree, *(other for other in self.earlier if other != tree))[:MOST_EARLIER]
