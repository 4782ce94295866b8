"""What every folder of a network has: its path, its passport, its weights and a title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar


class NamesWeights(Protocol):
    """What a passport says whatever its network does."""

    @property
    def name(self) -> str:
        """Of the network."""

    @property
    def version(self) -> str:
        """Of the network."""

    @property
    def weights(self) -> str:
        """Name of their file in the folder."""

    @property
    def sha256(self) -> str:
        """Their digest."""


PassportT = TypeVar("PassportT", bound=NamesWeights)


@dataclass(frozen=True)
class NetworkFolder(Generic[PassportT]):
    """A folder with a network's weights and its passport."""

    path: Path
    passport: PassportT

    @property
    def weights_path(self) -> Path:
        """File of the weights."""
        return self.path / self.passport.weights

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file beside the passport."""
        return {self.passport.weights: self.passport.sha256}

    @property
    def title(self) -> str:
        """Name and version for people."""
        return f"{self.passport.name} {self.passport.version}"
