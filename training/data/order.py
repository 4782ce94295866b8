"""Which case comes when: every case once before any comes again, with further cases in between."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.data.cache import CachedCase


class CaseOrder:
    """An endless row of cases, the same for the same seed.

    Parameters
    ----------
    entries
        The cases.
    further
        Cases of a second set, such as synthetic ones, evenly strewn between the others.
    share
        Part of the row that is of the second set.
    seed
        Of the row.
    """

    def __init__(
        self, entries: Sequence[CachedCase], further: Sequence[CachedCase] = (), share: float = 0.0, seed: int = 0
    ) -> None:
        self.entries = tuple(entries)
        self._further = tuple(further)
        self._share = share if further else 0.0
        self._seed = seed

    def __len__(self) -> int:
        """How many different cases there are."""
        return len(self.entries) + len(self._further)

    def entry(self, number: int, attempt: int = 0) -> CachedCase:
        """The case at a place of the row; with each further attempt another one instead."""
        of_further = math.floor(number * self._share)
        if math.floor((number + 1) * self._share) > of_further:
            return self._in_turn(self._further, of_further, attempt)
        return self._in_turn(self.entries, number - of_further, attempt)

    def _in_turn(self, entries: Sequence[CachedCase], number: int, attempt: int) -> CachedCase:
        if attempt >= len(entries):  # none of them can be read: the other set may be
            others = self.entries if entries is self._further else self._further
            entries, attempt = others, attempt - len(entries)
        count = len(entries)
        order = np.random.default_rng([self._seed, number // count]).permutation(count)
        return entries[int(order[(number + attempt) % count])]
