"""The report of a fault: what a developer needs, and nothing of a patient."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from brainseg_gui import __version__
from brainseg_gui.faults.fault import Fault
from brainseg_gui.faults.log_file import log_tail
from brainseg_gui.faults.redactor import Redactor
from brainseg_gui.faults.running import last_trace

_LIBRARIES = ("PySide6-Essentials", "pyqtgraph", "psygnal", "numpy", "scipy", "nibabel", "tensorflow", "keras")
_LOG_LINES = 80
_HEAD = re.compile(r"([\d-]{10} [\d:]{8}Z |)(.*)")


def report_text(redactor: Redactor, faults: Sequence[tuple[Fault, int]] = ()) -> str:
    """The report, ready to be copied.

    Parameters
    ----------
    faults
        Faults of this session and how often each occurred.
    """
    parts = [_versions()]
    parts += [f"--- {fault.kind} in {fault.place}, {_times(count)}\n{fault.details}" for fault, count in faults]
    if trace := last_trace():
        parts.append(f"--- how the program ended the last time\n{redactor(trace).strip()}")
    parts.append(f"--- log\n{_log(redactor) or 'There is no log.'}")
    return "\n\n".join(parts) + "\n"


def _log(redactor: Redactor) -> str:
    """The end of the log, veiled once more: it may be older than what is known of names now."""
    heads_and_rests = [_HEAD.match(line) for line in log_tail(_LOG_LINES).splitlines()]
    return "\n".join(f"{found[1]}{redactor(found[2])}" for found in heads_and_rests if found is not None)


def _versions() -> str:
    found = [f"{name} {_version(name)}" for name in _LIBRARIES]
    display = next((name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)), "none")
    return "\n".join(
        (
            f"brainseg {__version__}, report of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            f"Python {platform.python_version()} ({platform.python_implementation()})",
            f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores, display {display}",
            ", ".join(found),
            "Names of patients, dates and paths are replaced. Please read it all the same before you pass it on.",
        )
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
