"""Python imports this at the start of every process whose PYTHONPATH names its folder: it writes down network use."""

from __future__ import annotations

import os
import sys
from typing import Any

_WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto")
_ALSO = ("socket.sendmsg", "socket.bind", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect")
_LOCAL = 1  # socket.AF_UNIX


def _write_down(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in (*_WATCHED, *_ALSO):
        return
    kind = getattr(arguments[0], "family", None) if arguments else None
    if event.startswith("socket.") and kind == _LOCAL:
        return  # the display, and pairs within the process
    with open(os.environ["BRAINSEG_TEST_NETWORK"], "a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()} {sys.argv[:1]} {event} {arguments!r}\n")


if os.environ.get("BRAINSEG_TEST_NETWORK"):
    with open(os.environ["BRAINSEG_TEST_NETWORK"] + ".processes", "a", encoding="utf-8") as started:
        started.write(f"{os.getpid()} {sys.orig_argv}\n")
    sys.addaudithook(_write_down)
