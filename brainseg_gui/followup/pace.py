"""How fast what is summed up grows from one visit to the next, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from brainseg_gui.errors import printable, with_minus
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import change_percent
from brainseg_gui.followup.results import VisitResult
from brainseg_gui.followup.volumes import VolumeRange, doubling_days, growth_rate


def pace_words(record: FollowUp, results: Sequence[VisitResult], visit: int) -> str:
    """Volume of the targets at a visit, and its growth since the measured visit before; empty where there are none."""
    places = [result.visit for result in results]
    if visit not in places or not record.targets:
        return ""
    place = places.index(visit)
    now = _volume_ml(record, results[place])
    if place == 0:
        return f"Volume of the targets: {now:.2f} ml"
    before = _volume_ml(record, results[place - 1])
    earlier = record.visits[places[place - 1]]
    days = earlier.moment.days_until(record.visits[visit].moment)
    change = change_percent(now, before)
    since = f", {with_minus(f'{change:+.0f}')} % since {printable(earlier.name)}" if not math.isnan(change) else ""
    return f"Volume of the targets: {now:.2f} ml{since}{_rate_words(growth_rate(before, now, days))}"


def _volume_ml(record: FollowUp, result: VisitResult) -> float:
    lesions = record.lesions(result.visit)
    return sum(lesions[number].volume_ml for number in result.targets if number in lesions)


def _rate_words(rate: VolumeRange) -> str:
    if math.isnan(rate.value):
        return ""
    days = doubling_days(rate).value
    pace = "" if math.isnan(days) else f", {'doubling' if days > 0 else 'halving'} in {abs(days):.0f} days"
    return f" ({with_minus(f'{rate.value:+.2f}')} % a day{pace})"
