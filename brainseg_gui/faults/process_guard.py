"""What every process of the program does first: say where it crashed, and leave no image of its memory behind."""

from __future__ import annotations

import contextlib
import faulthandler
import sys


def guard_process() -> None:
    """Write crashes to standard error, and no core files: they hold patients' images, and gigabytes."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    with contextlib.suppress(AttributeError, OSError, ValueError):  # no standard error at all
        if not faulthandler.is_enabled():
            faulthandler.enable(sys.stderr, all_threads=True)
