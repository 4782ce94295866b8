"""How the volumes of a follow-up grow: from visit to visit, and over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.volumes import VolumeRange, diametric_rate, doubling_days, fitted_rate, growth_rate

REGIONS = ("WT", "TC", "ET")


@dataclass(frozen=True)
class RegionGrowth:
    """RegionGrowth of one region.

    Parameters
    ----------
    region
        Its key.
    visit, since
        Indices of a visit and of the one that it is compared with.
    rate
        Per cent a day; its limits come from days that are not known exactly.
    doubling
        Days in which it doubles at that rate; below zero, those in which it halves.
    diametric
        mm a year of the diameter of a ball of its volume.
    """

    region: str
    visit: int
    since: int
    rate: VolumeRange
    doubling: VolumeRange
    diametric: VolumeRange


def growth_of(record: FollowUp) -> tuple[RegionGrowth, ...]:
    """RegionGrowth of each region at each visit that has a mask, since the one before that has one."""
    visits = list(record.measured_visits())
    return tuple(
        _between(record, region, before, now)
        for before, now in pairwise(visits)
        for region in REGIONS
        if region in record.visits[before].volumes and region in record.visits[now].volumes
    )


def overall_rates(record: FollowUp) -> dict[str, VolumeRange]:
    """Per region, per cent a day of the line through ln V over all visits from the baseline on, with its 95 % interval.

    Left out where fewer than three visits have a volume and a time: two make no interval.
    """
    return {region: rate for region in REGIONS if math.isfinite((rate := _fitted(record, region)).low)}


def _between(record: FollowUp, region: str, before: int, now: int) -> RegionGrowth:
    days = record.visits[before].moment.days_until(record.visits[now].moment)
    volumes = [record.visits[visit].volumes[region].value for visit in (before, now)]
    rate = growth_rate(volumes[0], volumes[1], days)
    return RegionGrowth(region, now, before, rate, doubling_days(rate), diametric_rate(volumes[0], volumes[1], days))


def _fitted(record: FollowUp, region: str) -> VolumeRange:
    known = list(_known(record, region))
    return fitted_rate([volume for _, volume in known], [day for day, _ in known])


def _known(record: FollowUp, region: str) -> Iterator[tuple[float, float]]:
    for visit in record.measured_visits():
        days, volumes = record.days(visit), record.visits[visit].volumes
        if visit == record.baseline:
            yield 0.0, volumes[region].value if region in volumes else 0.0
        elif visit > record.baseline and days is not None and region in volumes:
            yield days.middle, volumes[region].value
