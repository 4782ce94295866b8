"""``python -m tests.architecture [CHECKOUT]``: the measures of the house, or of another checkout of it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.architecture.measure import ROOT, measure, report

if __name__ == "__main__":
    print(report(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)))
