"""Which visit of its patient a case is, and what the earlier ones held, for the report of the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class VisitVolumes:
    """The volumes of one visit.

    Parameters
    ----------
    name
        As its folder or id names it.
    days
        Days from it to the visit that the report is about, as text; empty where nothing tells.
    volumes
        Region -> ml, of those that its mask tells apart.
    """

    name: str
    days: str
    volumes: Mapping[str, float]


@dataclass(frozen=True)
class CaseVisits:
    """A case among the visits of its patient.

    Parameters
    ----------
    sentences
        Which visit it is, of how many; what was assumed; and where more is told.
    rows
        The earlier visits that have a mask, the first one first, then the visit itself; the latter alone where there
        is none.
    notes
        Which masks the volumes are of, and how they were read, in sentences.
    """

    sentences: tuple[str, ...]
    rows: tuple[VisitVolumes, ...] = ()
    notes: tuple[str, ...] = ()
