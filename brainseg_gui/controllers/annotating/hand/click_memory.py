"""What clicks said of an annotation: those that became edits, and those that found it to be so already."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.edits import Edit
from brainseg_gui.annotation.slab import Values
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint
from brainseg_gui.imaging.labels import LabelScheme, region_named


class ClickMemory:
    """The hints that later clicks are answered with.

    An edit that is undone says nothing any more. What changed nothing is no edit: it holds until it is taken back.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Edit, Hint]] = []
        self._noted: list[tuple[Hint, int]] = []  # and how many clicks held then

    def add(self, edit: Edit, hint: Hint) -> None:
        """Remember a click that became an edit."""
        self._made.append((edit, hint))

    def note(self, hint: Hint, clicks: int) -> None:
        """Remember a click that changed nothing, after so many that did."""
        self._noted.append((hint, clicks))

    def made(self, annotation: Annotation | None) -> list[Hint]:
        """The hints whose edits hold."""
        applied = {id(edit) for edit in annotation.history.applied} if annotation is not None else set()
        return [hint for edit, hint in self._made if id(edit) in applied]

    @property
    def noted(self) -> list[Hint]:
        """The hints that changed nothing."""
        return [hint for hint, _ in self._noted]

    def drop_note(self, clicks: int) -> Hint | None:
        """Forget the last click if it changed nothing, where so many others hold; returns what it said."""
        if not self._noted or self._noted[-1][1] < clicks:
            return None
        return self._noted.pop()[0]

    def clear(self) -> None:
        """Forget everything, for another annotation."""
        self._made.clear()
        self._noted.clear()


def holds_already(hint: Hint, values: Values, scheme: LabelScheme) -> bool:
    """Whether most of a hint's voxels are as it says."""
    if hint.region in NESTED_REGIONS:
        inside = scheme.look_up(region_named(hint.region))[[values[voxel] for voxel in hint.voxels_ijk]].tolist()
    else:
        inside = [int(values[voxel]) == scheme.value_for(hint.region) for voxel in hint.voxels_ijk]
    return 2 * sum(bool(there) == hint.adds for there in inside) > len(inside)


def said_there(hint: Hint, earlier: Sequence[Hint]) -> bool:
    """Whether earlier hints said the same of all of its voxels."""
    same = {voxel for other in earlier if other.says(hint.region) is hint.adds for voxel in other.voxels_ijk}
    return same.issuperset(hint.voxels_ijk)
