"""Tasks for the tests, which workers find by their names."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

gate = threading.Event()
"""Tasks of this process that wait for it go on when it is set."""


def double(record: dict[str, Any]) -> dict[str, Any]:
    return {"value": 2 * record["value"]}


def wait_at_gate(record: dict[str, Any]) -> dict[str, Any]:
    gate.wait(60)
    return record


def wait_for_file(record: dict[str, Any]) -> dict[str, Any]:
    """As `wait_at_gate`, in any process."""
    end = time.monotonic() + 60
    while not Path(record["file"]).exists() and time.monotonic() < end:
        time.sleep(0.02)
    return record


def raise_zero(record: dict[str, Any]) -> dict[str, Any]:
    return {"value": 1 // record["value"]}


def be_unfit(_: dict[str, Any]) -> dict[str, Any]:
    return {"unfit": "the worker W has brainseg 0, and 1 is asked for"}


def die(_: dict[str, Any]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def die_once(record: dict[str, Any]) -> dict[str, Any]:
    """Die in the first try; a file tells that there was one."""
    try:
        Path(record["file"]).touch(exist_ok=False)
    except FileExistsError:
        return {"value": record["value"]}
    return die(record)


def fail_once(record: dict[str, Any]) -> dict[str, Any]:
    """Ask for another try in the first one."""
    try:
        Path(record["file"]).touch(exist_ok=False)
    except FileExistsError:
        return {"value": record["value"]}
    return {"failed": "the disk is full", "again": True}


def fill_memory(_: dict[str, Any]) -> dict[str, Any]:
    """Take memory until somebody ends the process."""
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 20)) * 16)
