"""``python -m brainseg_gui``: the same as ``brainseg``."""

from __future__ import annotations

import sys

from brainseg_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
