"""A tumour as it is drawn, and as it is grown: sizes, place, and which voxels each part takes.

Classes follow the program: 1 necrotic or non-enhancing core, 2 oedema, 3 enhancing; 0 is background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .anatomy import Anatomy, Tissue
from .fields import FloatArray, Range, Shape, happens, log_within, within

Enhancement = Literal["ring", "solid", "patchy", "none"]
Grade = Literal["high", "low"]
CORE, OEDEMA, ENHANCING = 1, 2, 3
_DEEP = (Tissue.THALAMUS, Tissue.STRIATUM, Tissue.BRAIN_STEM, Tissue.CEREBELLAR_WHITE, Tissue.HIPPOCAMPUS)
_RIM_LIMITS_MM = (1.1, 10.0)


@dataclass(frozen=True)
class TumourPriors:
    """Ranges that tumours of one kind are drawn from; volumes are log-uniform.

    Parameters
    ----------
    core_ml, oedema_ml
        Volumes of core and oedema where `whole_ml` is not given.
    whole_ml, whole_lean
        Volume of both together, and how much it leans to large ones: below 1 it does (`log_within`).
    core_share
        The two parameters of the beta distribution of the core's share of the whole.
    only_core
        How often there is no oedema.
    rim_mm, rim_share
        Thickness of an enhancing ring, in mm or, where given, as a share of the core's radius.
    enhancement
        How often a ring, a solid mass, patches and nothing enhance.
    patchiness
        How few the patches are, in standard deviations of a smooth noise.
    mass_effect
        Share of the radius by which tissue at the core's edge is displaced.
    satellites, satellite_reach
        How often there are 0, 1, 2 … further foci, and how far away, in radii of the core.
    stretch, roughness
        Standard deviation of the logarithm of the axes; height of bumps as a share of the radius.
    edge_mm
        Half the width over which oedema fades.
    grey_cost_mm
        How many mm of white matter oedema spreads for one of cortex.
    anywhere, deep
        How often the seed may lie close to the midline or surface, and in deep grey matter, brain stem or cerebellum.
    crosses
        How often the core may grow across the midline.
    necrosis_mm
        Depth at which the core is dead.
    cysts
        How often part of the core is a cyst.
    grade
        Which contrasts it is painted with; a low-grade core without enhancement is alive throughout.
    """

    core_ml: Range = (3.0, 60.0)
    oedema_ml: Range = (8.0, 120.0)
    whole_ml: Range | None = None
    whole_lean: float = 1.0
    core_share: Range = (1.2, 1.9)
    only_core: float = 0.0
    rim_mm: Range = (2.2, 6.0)
    rim_share: Range | None = None
    enhancement: tuple[float, float, float, float] = (0.6, 0.1, 0.15, 0.15)
    patchiness: Range = (0.9, 0.9)
    mass_effect: Range = (0.1, 0.45)
    satellites: tuple[float, ...] = (0.8, 0.15, 0.05)
    satellite_reach: Range = (1.3, 2.2)
    stretch: float = 0.2
    roughness: Range = (0.10, 0.26)
    edge_mm: Range = (2.5, 2.5)
    grey_cost_mm: Range = (7.0, 7.0)
    anywhere: float = 0.0
    deep: float = 0.0
    crosses: float = 0.0
    necrosis_mm: Range = (4.0, 4.0)
    cysts: float = 0.0
    grade: Grade = "high"


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

    The others are as in `TumourPriors`, drawn.
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
    satellite_reach: Range = (1.3, 2.2)
    patchiness: float = 0.9
    edge_mm: float = 2.5
    grey_cost_mm: float = 7.0
    anywhere: bool = False
    deep: bool = False
    crosses: bool = False
    necrosis_mm: float = 4.0
    cystic: bool = False
    fibres: bool = False
    grade: Grade = "high"

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
    necrosis, cyst
        How dead and how fluid the non-enhancing core is, 0 to 1.
    swelling
        How much oedema a voxel holds, 0 to 1, fading across the mask's edge.
    grade
        Which contrasts it is painted with.
    """

    classes: npt.NDArray[np.uint8]
    depth_mm: FloatArray
    necrosis: FloatArray
    swelling: FloatArray
    cyst: FloatArray | None = None
    grade: Grade = "high"


def no_tumour(shape: Shape) -> Tumour:
    """A healthy brain's tumour: no voxel of it."""
    nothing = np.zeros(shape, np.float32)
    return Tumour(np.zeros(shape, np.uint8), nothing, nothing, nothing)


def draw_tumour(rng: np.random.Generator, priors: TumourPriors) -> TumourParameters:
    """Draw the parameters of one tumour."""
    patterns: tuple[Enhancement, ...] = ("ring", "solid", "patchy", "none")
    stretch = np.exp(rng.normal(0.0, priors.stretch, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    core_ml, oedema_ml = _volumes_ml(rng, priors)
    return TumourParameters(
        core_ml=core_ml,
        oedema_ml=oedema_ml,
        enhancement=patterns[int(rng.choice(4, p=priors.enhancement))],
        rim_mm=_rim_mm(rng, priors, core_ml),
        gaps=float(rng.beta(1.2, 8.0)),
        roughness=float(rng.uniform(*priors.roughness)),
        axes=turn @ np.diag(stretch / np.cbrt(stretch.prod())) @ turn.T,
        mass_effect=float(rng.uniform(*priors.mass_effect)),
        satellites=int(rng.choice(len(priors.satellites), p=priors.satellites)),
        satellite_reach=priors.satellite_reach,
        patchiness=within(rng, priors.patchiness),
        edge_mm=within(rng, priors.edge_mm),
        grey_cost_mm=within(rng, priors.grey_cost_mm),
        anywhere=happens(rng, priors.anywhere),
        deep=happens(rng, priors.deep),
        crosses=happens(rng, priors.crosses),
        necrosis_mm=within(rng, priors.necrosis_mm),
        cystic=happens(rng, priors.cysts),
        fibres=priors.whole_ml is not None,
        grade=priors.grade,
    )


def _volumes_ml(rng: np.random.Generator, priors: TumourPriors) -> tuple[float, float]:
    if priors.whole_ml is None:
        return log_within(rng, priors.core_ml), log_within(rng, priors.oedema_ml)
    whole_ml = log_within(rng, priors.whole_ml, priors.whole_lean)
    share = max(float(rng.beta(*priors.core_share)), 0.02)
    if happens(rng, priors.only_core) or share > 0.97:
        share = 1.0
    return whole_ml * share, whole_ml * (1.0 - share)


def _rim_mm(rng: np.random.Generator, priors: TumourPriors, core_ml: float) -> float:
    if priors.rim_share is None:
        return log_within(rng, priors.rim_mm)
    radius_mm = np.cbrt(3000.0 * core_ml / (4.0 * np.pi))
    return float(np.clip(radius_mm * log_within(rng, priors.rim_share), *_RIM_LIMITS_MM))


def draw_seed(rng: np.random.Generator, anatomy: Anatomy, parameters: TumourParameters) -> npt.NDArray[np.float64]:
    """A voxel of white matter, away from midline and envelope as far as the tumour's size asks, or of deep grey."""
    if parameters.deep:
        voxels = np.argwhere(np.isin(anatomy.tissue, _DEEP) & anatomy.hull)
        if len(voxels):
            return np.asarray(voxels[rng.integers(len(voxels))], np.float64)
    white = anatomy.tissue == Tissue.WHITE
    for ease in (0.15, 0.0) if parameters.anywhere else (1.0, 0.6, 0.3, 0.0):
        far = ease * parameters.radius_mm
        voxels = np.argwhere(white & (anatomy.hull_mm > far) & (np.abs(anatomy.midline_mm) > far + 4.0))
        if len(voxels):
            return np.asarray(voxels[rng.integers(len(voxels))], np.float64)
    raise ValueError("no white matter to seed a tumour in")
