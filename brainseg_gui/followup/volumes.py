"""Volumes over time: growth rates, doubling times, and how certain a volume is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brainseg_gui.followup.moments import Span
from brainseg_gui.followup.outline import Bools

_LN2 = math.log(2.0)
_YEAR = 365.25


@dataclass(frozen=True)
class VolumeRange:
    """A number and the limits that it is known within; NaN where it is not defined."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the way from one limit to the other: what stands behind ±."""
        return (self.high - self.low) / 2


UNKNOWN = VolumeRange(math.nan, math.nan, math.nan)


def growth_rate(before_ml: float, after_ml: float, days: Span | None) -> VolumeRange:
    """Specific growth rate in per cent a day: ln(V2 / V1) / t (Mehrara et al., Cancer Res 2007, 67:3970).

    Not defined where a volume is 0 or the time is not known, or may be none.
    """
    if days is None or min(before_ml, after_ml) <= 0 or days.middle <= 0:
        return UNKNOWN
    growth = 100.0 * math.log(after_ml / before_ml)
    ends = sorted(growth / end if end > 0 else math.copysign(math.inf, growth) for end in (days.least, days.most))
    return VolumeRange(growth / days.middle, ends[0], ends[1])


def doubling_days(rate: VolumeRange) -> VolumeRange:
    """Days in which a volume of that growth rate doubles; below zero, those in which it halves.

    Where the rate may be of either sign there are no limits: any long time to double or to halve will do.

    >>> round(doubling_days(VolumeRange(1.0, 1.0, 1.0)).value, 1)
    69.3
    """
    if math.isnan(rate.value) or rate.value == 0:
        return UNKNOWN
    if rate.low < 0 < rate.high:
        return VolumeRange(100.0 * _LN2 / rate.value, math.nan, math.nan)
    ends = sorted(100.0 * _LN2 / end if end else math.copysign(math.inf, rate.value) for end in (rate.low, rate.high))
    return VolumeRange(100.0 * _LN2 / rate.value, ends[0], ends[1])


def fitted_rate(volumes_ml: Sequence[float], days: Sequence[float]) -> VolumeRange:
    """Growth rate in per cent a day of the line through ln V by least squares, with its 95 % interval.

    Volumes of 0 are left out; with two left there is no interval, with fewer no rate.
    """
    known = [(day, math.log(volume)) for day, volume in zip(days, volumes_ml, strict=True) if volume > 0]
    if len({day for day, _ in known}) < 2:
        return UNKNOWN
    time, growth = np.array(known).T
    centred = time - time.mean()
    spread = float(centred @ centred)
    slope = float(centred @ growth) / spread
    if len(known) < 3:
        return VolumeRange(100 * slope, math.nan, math.nan)
    from scipy.stats import t

    rest = growth - growth.mean() - slope * centred
    half = float(t.ppf(0.975, len(known) - 2)) * math.sqrt(float(rest @ rest) / (len(known) - 2) / spread)
    return VolumeRange(100 * slope, 100 * (slope - half), 100 * (slope + half))


def diametric_rate(before_ml: float, after_ml: float, days: Span | None) -> VolumeRange:
    """Velocity of diametric expansion in mm a year, of D = (2 V)^(1/3) (Mandonnet et al., Ann Neurol 2003, 53:524)."""
    if days is None or days.middle <= 0:
        return UNKNOWN
    grown = _YEAR * (math.cbrt(2000 * after_ml) - math.cbrt(2000 * before_ml))
    ends = sorted(grown / end if end > 0 else math.copysign(math.inf, grown) for end in (days.least, days.most))
    return VolumeRange(grown / days.middle, ends[0], ends[1])


def volume_by_border(mask: Bools, voxel_ml: float) -> VolumeRange:
    """Volume of a mask, and what it were if its border ran about half a voxel further in or out.

    That is half of what one step of erosion or dilation, across faces, changes: two people who draw the same border, or
    two grids that it is drawn on, hardly agree better than that.
    """
    from scipy.ndimage import binary_dilation, binary_erosion

    padded = np.pad(mask, 1)
    value, low, high = (int(np.count_nonzero(m)) for m in (mask, binary_erosion(padded), binary_dilation(padded)))
    return VolumeRange(value * voxel_ml, (value + low) / 2 * voxel_ml, (value + high) / 2 * voxel_ml)


def volume_words(volume: VolumeRange) -> str:
    """A volume in ml, with half the way between its limits.

    >>> volume_words(VolumeRange(12.34, 11.0, 14.0))
    '12.3 ± 1.5'
    """
    return f"{volume.value:.1f} ± {volume.half:.1f}" if volume.high > volume.low else f"{volume.value:.1f}"


def with_sureness(border: VolumeRange, least_ml: float, most_ml: float) -> VolumeRange:
    """A volume whose limits hold two parts that know nothing of one another: its border's, and the network's.

    Parts are put together as the root of their sum of squares (JCGM 100:2008, 5.1.2), upwards and downwards apart.

    Parameters
    ----------
    border
        As `volume_by_border` gives it.
    least_ml, most_ml
        Between which the network that made the mask sees the volume; see `inference.sure_volumes`.

    >>> with_sureness(VolumeRange(10.0, 7.0, 13.0), 6.0, 14.0)
    VolumeRange(value=10.0, low=5.0, high=15.0)
    """
    down = math.hypot(border.value - border.low, max(border.value - least_ml, 0.0))
    up = math.hypot(border.high - border.value, max(most_ml - border.value, 0.0))
    return VolumeRange(border.value, max(border.value - down, 0.0), border.value + up)
