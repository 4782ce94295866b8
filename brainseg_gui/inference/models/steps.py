"""The steps that a passport can ask for, before the network and after it, as values.

Voxel counts and lengths in voxels are those of the case's own grid, except for what follows a `Resample`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from brainseg_gui.imaging.connected import Connectivity

Triple = tuple[float, float, float]
BrainRule = Literal["any modality above 0", "any modality unlike the corners", "any modality not 0, holes filled"]
Over = Literal["brain", "crop", "nonzero"]
"""The voxels that a normalisation looks at: brain, the whole crop, or all of the image itself that are not 0."""
WholeTriple = tuple[int, int, int]
WindowsLike = Literal["brainseg", "nnU-Net", "MONAI gaussian", "MONAI constant"]


@dataclass(frozen=True)
class BrainCrop:
    """Cut to the box around the brain, and a margin; `brain` says which voxels are brain."""

    margin_voxels: int
    brain: BrainRule = "any modality above 0"


@dataclass(frozen=True)
class FixedCrop:
    """Cut a fixed slab, as the slices ``start:end`` of i, j, k in the passport's orientation."""

    start: WholeTriple
    end: WholeTriple


@dataclass(frozen=True)
class ZScore:
    """Mean 0, standard deviation 1 over some voxels, then clip; `outside` those is constant."""

    outside: float
    clip: tuple[float, float] | None
    over: Over = "brain"


@dataclass(frozen=True)
class Percentiles:
    """Scale so that two percentiles over some voxels become 0 and 1; what lies beyond may be clipped."""

    low: float
    high: float
    clip: bool
    over: Over


@dataclass(frozen=True)
class Range:
    """Clip to intensities that are the same for all images, as in CT; then subtract and divide."""

    clip: tuple[float, float]
    subtract: float
    divide: float


@dataclass(frozen=True)
class MinMax:
    """Scale the crop to 0 … 1, and round to some decimals."""

    decimals: int | None


@dataclass(frozen=True)
class Gaussian:
    """Smooth, in voxels of the present grid along i, j, k."""

    sigma_voxels: Triple


@dataclass(frozen=True)
class Laplacian:
    """Add `weight` times the Laplacian."""

    weight: float


@dataclass(frozen=True)
class Resample:
    """Smooth (in voxels of the source grid, along axes that become coarser), then sample at the passport's spacing."""

    filter_sigma_voxels: float


@dataclass(frozen=True)
class Pad:
    """Grow with a constant until the passport's divisor divides every axis."""

    value: float
    side: Literal["end", "both"]


@dataclass(frozen=True)
class Windows:
    """How windows slide over an image where a network's own framework is to be met to the last digits.

    Parameters
    ----------
    like
        Whose placing and weights: nnU-Net spreads windows evenly, MONAI's last one ends with the image.
    overlap
        Fraction of a window that its neighbour shares, 0 to below 1.
    """

    like: WindowsLike
    overlap: float


Step = BrainCrop | FixedCrop | ZScore | MinMax | Percentiles | Range | Gaussian | Laplacian | Resample | Pad


SizeUnit = Literal["voxels", "ml"]


@dataclass(frozen=True)
class Components:
    """Keep the components of the whole tumour that are large, or not much smaller than the largest."""

    connectivity: Connectivity
    keep_at_least: float
    or_fraction_of_largest: float
    unit: SizeUnit = "voxels"


@dataclass(frozen=True)
class SmallRegion:
    """A label that is too small in all becomes another one; labels are network classes."""

    label: int
    below: float
    becomes: int
    unit: SizeUnit = "voxels"


@dataclass(frozen=True)
class WeakComponents:
    """Components of a region that are small, or of which the network is not sure, become another label.

    Parameters
    ----------
    region
        ``WT``, ``TC`` or ``ET``.
    connectivity
        Of the components.
    below_ml
        Smaller ones are weak; 0 asks for no size.
    below_mean_probability
        Weak is also where the mean, over the component, of the winning class's probability is below this; 0 asks for
        no certainty.
    becomes
        Network class.
    """

    region: Literal["WT", "TC", "ET"]
    connectivity: Connectivity
    below_ml: float
    below_mean_probability: float
    becomes: int


@dataclass(frozen=True)
class FarCore:
    """Necrotic or non-enhancing core far from all enhancing tumour of its lesion becomes another label.

    Parameters
    ----------
    beyond_mm
        Farther from enhancing tumour than this is far, unless enhancing tumour encloses it.
    gap_mm
        Up to this distance from enhancing tumour counts as part of the enclosing wall, so that gaps close.
    where_enhancing_ml
        The rule holds in lesions (components of the whole tumour) of which at least this much enhances.
    becomes
        Network class.
    """

    beyond_mm: float
    gap_mm: float
    where_enhancing_ml: float
    becomes: int


PostStep = Components | SmallRegion | WeakComponents | FarCore
