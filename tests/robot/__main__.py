"""``python -m tests.robot --cases 100 --kills 60``: a cohort annotated under kills, on three kinds of drives.

The exit status is 1 when any mask is not where and what it must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.robot.campaign import Campaign

MODES = ("plain", "no-chmod", "slow-rename")


def main() -> int:
    """Run the campaigns, print what came of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.robot", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=100, help="cases of the cohort")
    parser.add_argument("--kills", type=int, default=60, help="how often the window is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--mode", choices=MODES, action="append", help="the drive (default: all three)")
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    arguments = parser.parse_args()
    wrong = 0
    for mode in arguments.mode or MODES:
        with tempfile.TemporaryDirectory(prefix="brainseg-robot-") as name:
            work = (arguments.keep or Path(name)) / mode
            work.mkdir(parents=True)
            wrong += _run(Campaign(work, arguments.cases, arguments.kills, mode, arguments.seed))
    return 1 if wrong else 0


def _run(campaign: Campaign) -> int:
    campaign.run()
    offences = campaign.offences()
    moments = ", ".join(f"{count} {what}" for what, count in campaign.moments.most_common())
    print(f"{campaign.mode}: {campaign.cases} cases, {campaign.starts} starts, {campaign.seconds:.0f} s")
    print(f"  killed {sum(campaign.moments.values())} times: {moments}")
    print("\n".join(f"  WRONG: {sentence}" for sentence in offences) or "  every mask right, all opened again")
    return len(offences)


if __name__ == "__main__":
    sys.exit(main())
