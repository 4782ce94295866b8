"""How far a run is and how long it takes, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from brainseg_gui.state.training.curve import Curve
from brainseg_gui.state.training.run_pace import RunPace, recent_median

# 40 of 100 steps: the first at 1000 s, the newest event at 1078 s; 2 s by the wall, 1.5 s by the trainer's clock
PACE = RunPace(40, 100, (1000.0, 1.0), 1078.0, 1.5, 0.0, 990.0, 0.0)


def test_the_slower_clock_counts() -> None:
    assert PACE.done == 0.4
    assert PACE.seconds_left == 60 * 2.0
    assert replace(PACE, seconds_per_step=3.0).seconds_left == 60 * 3.0
    assert replace(PACE, seconds_per_step=math.nan).seconds_left == 60 * 2.0


def test_a_limit_in_time_may_come_first() -> None:
    limited = replace(PACE, limit_s=110.0)  # 88 s are over
    assert limited.done == 88 / 110
    assert limited.seconds_left == 22.0
    assert replace(limited, limit_s=80.0).done == 1.0
    assert replace(limited, resumed_from=None).done == 0.4  # it has not begun


def test_a_limit_in_time_is_of_all_sessions() -> None:
    resumed = replace(PACE, limit_s=1000.0, earlier_s=700.0, resumed_from=20.0)  # 88 s of this one
    assert resumed.seconds_left == min(60 * 2.0, 1000.0 - 788.0)
    assert replace(resumed, total_steps=0).seconds_left == 1000.0 - 788.0
    assert replace(resumed, total_steps=0).done == 0.788


def test_a_clock_that_was_set_back_does_not_undo_what_steps_took() -> None:
    back = replace(PACE, last_time=0.0, limit_s=600.0, resumed_from=20.0)
    assert back.done == 0.4
    assert back.seconds_left == 60 * 1.5  # less than the 600 - 20 · 1.5 s of the limit


def test_what_is_unknown_is_no_number() -> None:
    unknown = replace(PACE, total_steps=0)
    assert math.isnan(unknown.done)
    assert math.isnan(unknown.seconds_left)
    assert math.isnan(replace(PACE, first=None).seconds_left)


def test_the_recent_median_leaves_out_what_is_no_number() -> None:
    curve = Curve()
    assert math.isnan(recent_median(curve))
    curve.extend(np.arange(103.0), np.array([900.0, 900.0, 900.0, *[math.nan] * 97, 1.0, 2.0, 4.0]))
    assert recent_median(curve) == 2.0  # of the last hundred
