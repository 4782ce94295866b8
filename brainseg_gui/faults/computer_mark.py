"""Computers, told apart by more than their host names: a network gives out new ones, and two may have the same.

A mark stands for what numbers of processes mean: the same in two places only where a process of one can be looked up
in the other. So it tells containers of one computer apart, too, which may share all that identifies the computer.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

_ROOT = Path("/")
_GIVEN_BY_MAKER = "0"  # NET_ADDR_PERM in sysfs-class-net: not made up, not set by somebody
_LOCAL = 0b10  # of the first byte of a MAC address: chosen by who runs the network, the same in many virtual machines
_LARGEST_BYTES = 4096


def is_here(host: object, marks: object = ()) -> bool:
    """Whether processes that were noted with a host name, and with `computer_marks`, are those of this computer.

    Parameters
    ----------
    host
        As `socket.gethostname` said it; what older versions noted alone.
    marks
        One in common suffices. Both come from files, and may be anything.
    """
    if host == socket.gethostname():
        return True
    return isinstance(marks, list | tuple) and any(mark in marks for mark in computer_marks())


@cache
def computer_marks() -> tuple[str, ...]:
    """Marks of this computer, whatever its host name is: one until it is restarted, one for ever, as far as known.

    The first is of the kernel's start. The second is of the machine id together with the network cards: the id alone
    is the same in all computers that start from one image, as nodes of clusters do, and a process there may live.
    """
    place = _namespace()
    found = (_start_of_kernel(), _machine())
    return tuple(_digest(f"{one} {place}") for one in found if one)


def _digest(text: str) -> str:
    """A machine id is not to be told to strangers (machine-id(5)), who may get what a mark is written into."""
    import hashlib  # the start does not wait for it

    return hashlib.sha256(f"brainseg {text}".encode()).hexdigest()[:32]


def _namespace() -> str:
    try:
        return os.readlink(_ROOT / "proc/self/ns/pid")
    except OSError:
        return ""


def _start_of_kernel() -> str:
    return _text("proc/sys/kernel/random/boot_id") or _what_sysctl_says()


def _machine() -> str:
    cards = sorted(card for card in map(_card, _cards()) if card)
    name = _text("etc/machine-id")
    return " ".join((name, *cards)) if cards and len(name) == 32 else ""


def _cards() -> list[str]:
    try:
        return os.listdir(_ROOT / "sys/class/net")
    except OSError:
        return []


def _card(name: str) -> str:
    """The MAC address of a network card, where no other card in the world should have it; else empty."""
    address = _text(f"sys/class/net/{name}/address")
    if _text(f"sys/class/net/{name}/addr_assign_type") != _GIVEN_BY_MAKER or not address.strip("0:"):
        return ""  # the loopback has zeros alone
    try:
        return "" if int(address[:2], 16) & _LOCAL else address
    except ValueError:
        return ""


def _text(path: str) -> str:
    try:
        with (_ROOT / path).open("rb") as stream:
            return stream.read(_LARGEST_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _what_sysctl_says() -> str:
    """The start of the kernel where there is no ``/proc``: macOS, which takes its host name from the network."""
    import subprocess

    try:
        command = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
