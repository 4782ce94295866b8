"""Several processes train one network: each on its own pictures, and now and then they average their weights.

Each leaves its weights in a folder and takes the mean with what the others left last; nobody waits for anybody
(after Zhang, Choromanska and LeCun, Elastic Averaging SGD, NeurIPS 2015). On a computer that others use too, one thread
each gets further than many threads that wait for the slowest of them.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.checkpoint import read_arrays, write_arrays

_STALE_S = 900.0


@dataclass(frozen=True)
class Circle:
    """Those that train together.

    Parameters
    ----------
    folder
        Where weights are left.
    member
        Number of this process.
    """

    folder: Path
    member: int

    def share(self, model: Any) -> int:
        """Leave the model's weights and give it the mean of all that are recent; how many those are."""
        own = [np.asarray(weight) for weight in model.get_weights()]
        write_arrays(self._file(self.member), {f"weight_{n:04}": w for n, w in enumerate(own)}, {})
        everyone = [own, *self._others(own)]
        model.set_weights([np.mean(same, axis=0) for same in zip(*everyone, strict=True)])
        return len(everyone)

    def _others(self, own: list[Any]) -> list[list[Any]]:
        found = []
        for path in sorted(self.folder.glob("member-*.npz")):
            with contextlib.suppress(OSError, ValueError, KeyError):  # it is being replaced, or of another network
                if path == self._file(self.member) or time.time() - path.stat().st_mtime > _STALE_S:
                    continue
                arrays, _ = read_arrays(path)
                weights = [arrays[name] for name in sorted(arrays)]
                if [w.shape for w in weights] == [w.shape for w in own]:
                    found.append(weights)
        return found

    def _file(self, member: int) -> Path:
        return self.folder / f"member-{member}.npz"
