"""A proposal of an operation, while it is shown and not yet carried out."""

from __future__ import annotations

from dataclasses import dataclass

from brainseg_gui.annotation.slab import LabelChange


@dataclass(frozen=True, eq=False)
class Preview:
    """What an operation would do, shown before it is accepted.

    Parameters
    ----------
    title
        Name of the edit that accepting makes.
    tool
        Key of the tool, for the provenance.
    change
        The proposal; None where the operation found nothing to change.
    layer
        Name of the layer that voxels are copied from, else empty.
    """

    title: str
    tool: str
    change: LabelChange | None
    layer: str = ""
