"""A short campaign of the robot (`python -m tests.robot` is the long one): kills, no modes, a slow rename."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robot.campaign import Campaign
from tests.robot.pattern import make_cohort


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "cases", "kills"), [("no-chmod", 3, 1), ("slow-rename", 3, 1)])
def test_every_mask_is_right_and_goes_on(tmp_path: Path, mode: str, cases: int, kills: int) -> None:
    campaign = Campaign(tmp_path, cases, kills, mode, seed=2)
    campaign.run()
    assert campaign.offences() == []
    assert sum(campaign.moments.values()) == kills


@pytest.mark.slow
def test_a_kill_after_the_last_save_leaves_nothing_once_the_program_was_started_again(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, cases=2, kills=1, mode="plain")
    make_cohort(campaign.cohort, range(2))
    campaign.sit(lines=8, later_s=0.0)  # begun, painted, saving and saved of both
    assert campaign.moments == {"after saved": 1}
    assert campaign.offences() == []
