"""Train the network that finds the brain: `python -m training.heads brain --pictures FOLDER --run FOLDER --steps N`.

Started again, it goes on from its newest checkpoint. A file named ``stop`` in the run folder ends it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.engine.environment import prepare_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(prog="python -m training.heads", description=__doc__)
    add = parser.add_argument
    add("task", choices=("brain",), help="what the network tells")
    add("--pictures", type=Path, required=True, help="folder of painted heads")
    add("--run", type=Path, required=True, help="folder of the run")
    add("--steps", type=int, default=2000, help="steps of each process (2000)")
    add("--batch", type=int, default=1, help="pictures per step (1)")
    add("--seed", type=int, default=0, help="seed of the run (0)")
    add("--member", type=int, default=0, help="number of this process among those that train together (0)")
    add("--start", type=Path, help="model.keras whose weights are taken over where the layers are the same")
    given = parser.parse_args(arguments)
    prepare_environment()
    from training.heads.train import Plan, train

    try:
        plan = Plan(
            given.task, given.pictures, given.run, given.steps, given.batch, given.seed, given.member, given.start
        )
        train(plan)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
