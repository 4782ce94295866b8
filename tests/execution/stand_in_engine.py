"""A network for the tests that needs no time, or as much as is said: it calls bright what is bright on T1ce."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.cohorts.case_task import segment_case
from brainseg_gui.inference.options import SegmentResult
from brainseg_gui.progress import Progress
from tests.execution.stand_in_tasks import wait_for_file

seen: list[str] = []
"""Cases that the network of this process was given."""
_MORTALITY = float(os.environ.get("BRAINSEG_TEST_MORTALITY", "0"))
WORK_S = "BRAINSEG_TEST_WORK_S"
"""Names the variable that says how long one core is busy with a case, in seconds of the processor."""
_dice = random.Random(os.getpid())


class StandInEngine:
    """What a worker needs of an `Engine`."""

    def segment(self, case: Case, *_: object) -> Iterator[Progress]:
        """Classes by brightness."""
        seen.append(case.case_id)
        if _dice.random() < _MORTALITY:  # at any moment from here on, also while the mask is written
            threading.Timer(0.05 * _dice.random(), os.kill, (os.getpid(), signal.SIGKILL)).start()
        yield Progress("inferring", 0.5)
        image = np.asarray(case.volumes[Modality.T1CE].stored, np.float32)
        end = time.thread_time() + float(os.environ.get(WORK_S, "0"))
        while time.thread_time() < end:
            pass
        classes = np.digitize(image, np.quantile(image[image > 0], [0.9, 0.95, 0.99])).astype(np.uint8)
        return SegmentResult(classes, {}, "CPU", "float32", "stand-in 1", ())


gate, begun = threading.Event(), threading.Event()


def segment_at_gate(record: dict[str, Any]) -> dict[str, Any]:
    """As `segment`, when the gate is opened."""
    begun.set()
    gate.wait(60)
    return segment(record)


def segment_at_file(record: dict[str, Any]) -> dict[str, Any]:
    """As `segment_at_gate`, in any process: the gate is a file beside the folder of cases."""
    wait_for_file({"file": str(Path(record["output"]).parents[2] / "gate")})
    return segment(record)


def segment(record: dict[str, Any]) -> dict[str, Any]:
    """As `segment_task`, with the stand-in."""
    return segment_case(record, StandInEngine)  # type: ignore[arg-type]
