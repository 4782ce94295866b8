"""Where labels changed their names from one visit to the next, and not the tumour: core that goes while oedema comes.

A network that finds no border between core that does not enhance and oedema calls it core at one visit and oedema at
the next. The whole stays as it was, the volumes of its parts jump, and no category need tell.
"""

from __future__ import annotations

from itertools import pairwise

from brainseg_gui.errors import printable
from brainseg_gui.followup.record import FollowUp, VisitMeasures

_LEAST_ML = 1.0  # of core that is gone: less is noise of a border
_GONE = 0.5  # part of the core before
_AS_MUCH = 0.5  # part of what is gone that has to come around it, no more than twice of it; and that was not cut out
_CAVITY = "RC"


def jumps_of(record: FollowUp) -> dict[int, str]:
    """Index of a visit -> what of its mask may be under another label than at the visit before, in a sentence."""
    measured = [index for index, visit in enumerate(record.visits) if {"WT", "TC"} <= visit.volumes.keys()]
    found = {}
    for before, now in pairwise(measured):
        if said := _renamed(record.visits[before], record.visits[now]):
            found[now] = said
    return found


def _renamed(before: VisitMeasures, now: VisitMeasures) -> str:
    """That core may be called oedema now; empty where it is still there, or the whole shrank, or it was cut out."""
    core, core_now = _ml(before, "TC"), _ml(now, "TC")
    gone, cut = core - core_now, _ml(now, _CAVITY) - _ml(before, _CAVITY)
    came = (_ml(now, "WT") - core_now) - (_ml(before, "WT") - core)
    if gone < max(_LEAST_ML, _GONE * core) or not _AS_MUCH <= came / gone <= 1 / _AS_MUCH or cut > _AS_MUCH * gone:
        return ""
    return (
        f"Labels in doubt: since {printable(before.name)} {gone:.1f} of {core:.1f} ml of tumour core (TC) are gone and "
        f"{came:.1f} ml around it have come: look whether core is called oedema in one of the two masks"
    )


def _ml(visit: VisitMeasures, key: str) -> float:
    return visit.volumes[key].value if key in visit.volumes else 0.0
