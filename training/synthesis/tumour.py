"""A tumour as it is drawn, and as it is grown: sizes, place, and which voxels each part takes.

Classes follow the program: 1 necrotic or non-enhancing core, 2 oedema, 3 enhancing; 0 is background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .anatomy import Anatomy, Tissue
from .fields import FloatArray

Enhancement = Literal["ring", "solid", "patchy", "none"]
CORE, OEDEMA, ENHANCING = 1, 2, 3


@dataclass(frozen=True)
class TumourPriors:
    """Ranges that tumours are drawn from; volumes are log-uniform."""

    core_ml: tuple[float, float] = (3.0, 60.0)
    oedema_ml: tuple[float, float] = (8.0, 120.0)
    rim_mm: tuple[float, float] = (2.2, 6.0)
    enhancement: tuple[float, float, float, float] = (0.6, 0.1, 0.15, 0.15)
    mass_effect: tuple[float, float] = (0.1, 0.45)
    satellites: tuple[float, ...] = (0.8, 0.15, 0.05)


@dataclass(frozen=True)
class TumourParameters:
    """One tumour as drawn.

    Parameters
    ----------
    core_ml, oedema_ml
        Volumes aimed at; less where the anatomy leaves no room.
    enhancement
        Pattern of the enhancing part within the core.
    rim_mm
        Mean thickness of an enhancing ring.
    gaps
        Share of the ring that does not enhance, about.
    roughness
        Height of the core's bumps as a share of its radius.
    axes
        3×3, determinant 1: turns offsets in mm into the frame where the core is round.
    mass_effect
        Share of the radius by which tissue at the core's edge is displaced.
    satellites
        Number of further, smaller foci nearby.
    """

    core_ml: float
    oedema_ml: float
    enhancement: Enhancement
    rim_mm: float
    gaps: float
    roughness: float
    axes: npt.NDArray[np.float64]
    mass_effect: float
    satellites: int

    @property
    def radius_mm(self) -> float:
        """Radius of a ball with the core's volume."""
        return float(np.cbrt(3000.0 * self.core_ml / (4.0 * np.pi)))


@dataclass(frozen=True)
class Tumour:
    """A grown tumour on the brain's box, axes (I, J, K).

    Parameters
    ----------
    classes
        0 background, 1 core without enhancement, 2 oedema, 3 enhancing; uint8.
    depth_mm
        Distance from the core's surface inwards, 0 outside the core.
    necrosis
        How dead the non-enhancing core is, 0 to 1.
    swelling
        How much oedema a voxel holds, 0 to 1, fading across the mask's edge.
    """

    classes: npt.NDArray[np.uint8]
    depth_mm: FloatArray
    necrosis: FloatArray
    swelling: FloatArray


def draw_tumour(rng: np.random.Generator, priors: TumourPriors) -> TumourParameters:
    """Draw the parameters of one tumour."""
    patterns: tuple[Enhancement, ...] = ("ring", "solid", "patchy", "none")
    stretch = np.exp(rng.normal(0.0, 0.2, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return TumourParameters(
        core_ml=_log_uniform(rng, priors.core_ml),
        oedema_ml=_log_uniform(rng, priors.oedema_ml),
        enhancement=patterns[int(rng.choice(4, p=priors.enhancement))],
        rim_mm=_log_uniform(rng, priors.rim_mm),
        gaps=float(rng.beta(1.2, 8.0)),
        roughness=float(rng.uniform(0.10, 0.26)),
        axes=turn @ np.diag(stretch / np.cbrt(stretch.prod())) @ turn.T,
        mass_effect=float(rng.uniform(*priors.mass_effect)),
        satellites=int(rng.choice(len(priors.satellites), p=priors.satellites)),
    )


def draw_seed(rng: np.random.Generator, anatomy: Anatomy, radius_mm: float) -> npt.NDArray[np.float64]:
    """A voxel of cerebral white matter, away from midline and envelope as far as the tumour's size asks."""
    white = anatomy.tissue == Tissue.WHITE
    for ease in (1.0, 0.6, 0.3, 0.0):
        deep = (anatomy.hull_mm > ease * radius_mm) & (np.abs(anatomy.midline_mm) > ease * radius_mm + 4.0)
        voxels = np.argwhere(white & deep)
        if len(voxels):
            seed: npt.NDArray[np.float64] = voxels[rng.integers(len(voxels))].astype(np.float64)
            return seed
    raise ValueError("no white matter to seed a tumour in")


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))
