"""Everything that a synthetic patient is drawn from, and three sets of it.

`demonstration` looks like the case that the program ships, which it reproduces. `training` is as wide as patients
and scanners are, and wider. `unseen` lies outside of `training`, to tell how a network does on other worlds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .acquisition import AcquisitionPriors
from .contrast import ContrastPriors, PartRanges
from .lookalikes import LookalikePriors
from .outline import OutlinePriors
from .storage import StoragePriors
from .tumour import TumourPriors
from .warp import HeadPosePriors


@dataclass(frozen=True)
class SynthesisPriors:
    """Everything that a synthetic patient is drawn from.

    Parameters
    ----------
    tumours
        Kinds of tumour and how often each occurs; None is a brain without one.
    round_noise
        Whether every random shape comes from noise that shows no trace of its lattice.
    """

    pose: HeadPosePriors = field(default_factory=HeadPosePriors)
    tumours: tuple[tuple[float, TumourPriors | None], ...] = ((1.0, TumourPriors()),)
    contrast: ContrastPriors = field(default_factory=ContrastPriors)
    lookalikes: LookalikePriors = field(default_factory=LookalikePriors)
    outline: OutlinePriors = field(default_factory=OutlinePriors)
    acquisition: AcquisitionPriors = field(default_factory=AcquisitionPriors)
    storage: StoragePriors = field(default_factory=StoragePriors)
    round_noise: bool = False


# Columns: t1, t1ce, t2, flair; white matter = 1. T1ce follows T1 where nothing takes up contrast agent.
_HIGH_GRADE: PartRanges = MappingProxyType({
    "necrosis": ((0.40, 0.85), (1.0, 1.0), (1.6, 4.0), (0.6, 2.4)),
    "cyst": ((0.25, 0.60), (1.0, 1.0), (2.5, 4.5), (0.25, 1.3)),
    "solid": ((0.58, 0.92), (1.0, 1.0), (1.4, 3.2), (1.2, 2.4)),
    "enhancing": ((0.60, 1.10), (1.25, 3.0), (1.1, 2.6), (1.1, 2.3)),
    "oedema": ((0.60, 1.04), (1.0, 1.0), (1.45, 3.6), (1.25, 3.1)),
    "blood": ((1.20, 1.80), (1.2, 1.8), (0.4, 1.2), (0.5, 1.6)),
})  # fmt: skip
_LOW_GRADE: PartRanges = MappingProxyType({
    **_HIGH_GRADE,
    "necrosis": ((0.50, 0.85), (1.0, 1.0), (1.6, 3.4), (0.9, 2.2)),
    "solid": ((0.48, 0.92), (1.0, 1.0), (1.3, 3.3), (1.15, 2.4)),
    "oedema": ((0.64, 1.02), (1.0, 1.0), (1.3, 3.1), (1.15, 2.5)),
})  # fmt: skip

_HIGH = TumourPriors(
    whole_ml=(1.0, 250.0), whole_lean=0.6, core_share=(1.1, 1.8), only_core=0.03,
    rim_share=(0.08, 0.5), enhancement=(0.66, 0.20, 0.10, 0.04), patchiness=(0.2, 1.3),
    mass_effect=(0.05, 0.5), satellites=(0.72, 0.18, 0.10), satellite_reach=(1.3, 5.0),
    stretch=0.22, roughness=(0.03, 0.26), edge_mm=(0.8, 5.0), grey_cost_mm=(2.0, 9.0),
    anywhere=0.4, deep=0.1, crosses=0.12, necrosis_mm=(3.0, 12.0), cysts=0.12,
)  # fmt: skip
_LOW = replace(
    _HIGH, core_share=(2.6, 0.7), only_core=0.35, enhancement=(0.0, 0.0, 0.0, 1.0), mass_effect=(0.0, 0.35),
    stretch=0.28, roughness=(0.04, 0.34), anywhere=0.6, crosses=0.15, cysts=0.15, grade="low",
)  # fmt: skip

_LOW_WITH_SPOTS = replace(_LOW, core_share=(2.0, 1.0), enhancement=(0.0, 0.1, 0.9, 0.0), patchiness=(0.6, 1.8))

TRAINING = SynthesisPriors(
    pose=HeadPosePriors(rotation_deg=9.0, brain_ml=(1000.0, 1750.0), stretch=0.06, warp_mm=2.8),
    tumours=((0.60, _HIGH), (0.29, _LOW), (0.05, _LOW_WITH_SPOTS), (0.06, None)),
    contrast=ContrastPriors(
        tissue_spread=0.10, gain_spread=0.22, gain_limits=(0.65, 1.6), texture=(0.014, 0.070),
        tumour_texture=(0.4, 2.0), tumour_ranges=MappingProxyType({"high": _HIGH_GRADE, "low": _LOW_GRADE}),
        ordered=0.85, random=0.2, mismatch=0.2, blood=0.12, patches=(0.0, 0.10), blur_mm=(0.3, 1.5),
        wetness=0.92, wet_edge=1.3,
    ),
    lookalikes=LookalikePriors(caps=(0.3, 2.2), spots=0.4, meninges=0.35, vessels=0.4, flow=0.35),
    outline=OutlinePriors(
        level_mm=(-1.5, 3.0), smoothing_mm=(1.0, 5.0), bumps_mm=(0.0, 0.7), leftover=0.35,
        leftover_mm=(2.0, 9.0), leftover_grey=(0.3, 3.5), truncated=0.22,
    ),
    acquisition=AcquisitionPriors(
        thickness_mm=(1.0, 6.0), thick=0.5, blur_mm=(0.1, 1.0), bias=(0.02, 0.30), gamma=(0.72, 1.38),
        noise=(0.006, 0.08), slice_axes=(0.12, 0.12, 0.76), moved=0.3, moved_mm=0.8, moved_deg=0.6,
    ),
    storage=StoragePriors(
        white_matter=((60, 2500), (60, 2500), (40, 1500), (40, 2000)), forms=(0.66, 0.08, 0.12, 0.07, 0.07),
    ),
    round_noise=True,
)  # fmt: skip

# Everything at its worst at once would be mud: each range only reaches beyond the training's, shapes and textures lie
# outside of it altogether.
UNSEEN = SynthesisPriors(
    pose=HeadPosePriors(
        rotation_deg=12.0, brain_ml=(950.0, 1850.0), stretch=0.08, warp_mm=3.2, warp_scale_mm=34.0
    ),
    tumours=(
        (0.60, replace(_HIGH, core_share=(0.9, 1.1), enhancement=(0.45, 0.25, 0.25, 0.05), stretch=0.36,
                       roughness=(0.34, 0.42), patchiness=(0.0, 1.5), rim_share=(0.06, 0.6), edge_mm=(0.4, 6.0),
                       satellites=(0.6, 0.2, 0.1, 0.1), necrosis_mm=(2.0, 16.0), cysts=0.25)),
        (0.32, replace(_LOW, core_share=(1.6, 0.8), stretch=0.40, roughness=(0.45, 0.52), cysts=0.25)),
        (0.08, None),
    ),
    contrast=replace(
        TRAINING.contrast, ordered=0.6, random=0.3, tissue_spread=0.13, gain_spread=0.25, texture=(0.070, 0.090),
        tumour_texture=(2.0, 2.5),
        mismatch=0.3, blood=0.25, patches=(0.10, 0.14), blur_mm=(1.8, 2.2),
    ),
    lookalikes=LookalikePriors(
        caps=(1.2, 2.6), spots=0.5, spot_flair=(1.6, 2.3), meninges=0.5, vessels=0.5, flow=0.5
    ),
    outline=OutlinePriors(
        level_mm=(-2.5, 3.8), smoothing_mm=(0.0, 6.5), bumps_mm=(0.7, 1.3), leftover=0.4, leftover_mm=(8.0, 12.0),
        leftover_grey=(0.3, 4.0),
        truncated=0.25, truncated_mm=(20.0, 50.0),
    ),
    acquisition=AcquisitionPriors(
        thickness_mm=(2.0, 7.5), thick=0.6, blur_mm=(0.2, 1.3), bias=(0.05, 0.36), gamma=(0.66, 1.5),
        noise=(0.01, 0.10), slice_axes=(0.3, 0.3, 0.4), moved=0.4, moved_mm=1.2, moved_deg=1.0,
    ),
    storage=replace(TRAINING.storage, forms=(0.4, 0.15, 0.2, 0.1, 0.15)),
    round_noise=True,
)  # fmt: skip

PRESETS: Mapping[str, SynthesisPriors] = MappingProxyType(
    {"training": TRAINING, "demonstration": SynthesisPriors(), "unseen": UNSEEN}
)
