"""What is known of a tensor before it is made, and an operator with what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from brainseg_gui.inference.models.onnx.graph import Node, Shape

Numbers = NDArray[Any]


class UnknownSizeError(ValueError):
    """The shape of a tensor does not follow from the shapes before it; `remedy` where more is known than that."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor.

    Parameters
    ----------
    shape
        Its shape.
    values
        Its numbers, where they are few and do not depend on the image.
    fixed
        Whether it does not depend on the image: a runtime works it out when it loads the network.
    kind
        Of its numbers, such as ``<f4``.
    """

    shape: Shape
    values: Numbers | None = None
    fixed: bool = False
    kind: str = "<f4"


@dataclass(frozen=True)
class Call:
    """An operator with what it is given."""

    node: Node
    inputs: tuple[Tensor | None, ...]

    def tensor(self, place: int) -> Tensor:
        """An input that has to be there."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if found is None:
            raise UnknownSizeError("an input is missing")
        return found

    def shape(self, place: int = 0) -> Shape:
        """Shape of an input."""
        return self.tensor(place).shape

    def has(self, place: int) -> bool:
        """Whether an input is there."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def numbers(self, place: int) -> Numbers:
        """The numbers of an input, which have to be known."""
        values = self.tensor(place).values
        if values is None:
            raise UnknownSizeError("a size depends on the image's intensities")
        return values

    def setting(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.node.attributes.get(name, default)

    def wholes(self, name: str, place: int, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """Whole numbers that are an attribute in older opsets and an input in newer ones."""
        if name in self.node.attributes:
            return tuple(self.setting(name))
        if self.has(place):
            return tuple(int(n) for n in self.numbers(place).ravel())
        if default is None:
            raise UnknownSizeError(f"it does not say {name}")
        return tuple(default)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < max(rank, 1):
        raise UnknownSizeError(f"there is no axis {axis}")
    return axis % rank if rank else 0
