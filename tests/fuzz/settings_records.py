"""Settings in order, and how they are read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.fuzz.measure import WrongAnswer

SETTINGS = {
    "format": 1, "theme": "light", "device": "cpu", "precision": "float32", "keep probabilities": True,
    "geometry": {"base64": "AAEC/w=="}, "window state": {"base64": ""}, "recent": ["/a", "/b c", "/ü@"],
    "models": ["/m"], "runs": ["/r"], "keys": {"file.open": "Ctrl+O"},
    "windows": {"0" * 16: {"t1": [1.0, 2.0, "0" * 16]}}, "seconds": {"m cpu": 3.0},
    "annotate brush_mm": 8.0, "last folder": "/a",
}  # fmt: skip


def settings() -> bytes:
    """A settings file as the program writes it."""
    return json.dumps(SETTINGS, indent=1).encode()


def old_settings() -> bytes:
    """A settings file as earlier versions wrote it, through Qt."""
    values = {key: value for key, value in SETTINGS.items() if isinstance(value, str | int | float)}
    lines = [f"{key.replace(' ', '%20')}={json.dumps(value)}" for key, value in values.items()]
    lines += [f"recent={json.dumps(json.dumps(SETTINGS['recent']))}", r"geometry=@ByteArray(\0\x1)"]
    return "\n".join(["[General]", *lines, ""]).encode()


def settings_tricks() -> dict[str, bytes]:
    """Absurd values, and things that are nearly JSON."""
    absurd = {
        "recent": [f"/{n}" for n in range(100_000)], "keys": [[]], "models": {"a": 1},
        "windows": {"0" * 16: {"t1": [1]}}, "seconds": {"x": 1e300},
        "annotate brush_mm": "nan", "theme": "../../etc/passwd", "device": None,
        "format": 10**300, "geometry": {"base64": "!" * 100_000}, "last folder": "\0", "precision": ["x"],
    }  # fmt: skip
    tricks = {f"absurd {key}": json.dumps({key: value}).encode() for key, value in absurd.items()}
    raw = {"infinity": b'{"annotate brush_mm": 1e999}', "nan": b'{"annotate brush_mm": NaN}', "twice": b'{"a":1,"a":2}',
           "nested": b'{"a":' * 50_000, "nested lists": b'{"a":' + b"[" * 50_000, "long number": b'{"a":' + b"9" * 9000,
           "lone half": b'{"last folder": "\\ud800"}', "a byte order mark": b"\xef\xbb\xbf{}",
           "utf-16": "{}".encode("utf-16")}  # fmt: skip
    return tricks | raw


def old_settings_tricks() -> dict[str, bytes]:
    """Pickles, hidden in every way that Qt's notation allows, and absurd values."""
    head = rb"@Variant(\0\0\0\x7f\0\0\0\x18PySide::PyObjectWrapper\0\0\0\0\x14"
    pickled = head + rb"\x80\x4\x8c\x5posix\x8c\x5\x61\x62ort\x93)R.)"
    tricks = {
        "a pickle": b"theme=" + pickled,
        "a pickle in quotes": b'theme="' + pickled + b'"',
        "a pickle after empty quotes": b'theme=""' + pickled,
        "a pickle behind an escape": b"theme=" + pickled.replace(b"@V", rb"\x40V"),
        "a pickle behind an escape that Qt drops": b"theme=\\q" + pickled,
        "a pickle behind an octal escape": b"theme=" + pickled.replace(b"@V", rb"\100V"),
        "a pickle with an escaped word": b"theme=" + pickled.replace(b"@V", rb"@\x56"),
        "a pickle in a list": b"theme=a, " + pickled,
        "a pickle in the next line": b"theme=a, \\\n" + pickled,
        "a pickle for a path": b"last%20folder=" + pickled,
        "a pickle for a window": b"geometry=" + pickled,
        "a late version": b"format=" + b"9" * 400,
    }
    return {name: b"[General]\n" + text + b"\n" for name, text in tricks.items()}


def read_settings(path: Path) -> None:
    """Start with a settings file; a bad one is kept aside, and said."""
    _start_with(path, "settings.json")


def read_old_settings(path: Path) -> None:
    """Start with a settings file of an earlier version."""
    _start_with(path, "settings.ini")


def _start_with(path: Path, name: str) -> None:
    from brainseg_gui.controllers.settings import preferences
    from brainseg_gui.imaging.case import CaseSource
    from brainseg_gui.imaging.modality import Modality
    from brainseg_gui.imaging.window import Window

    raw = path.read_bytes()
    os.environ["XDG_CONFIG_HOME"] = str(path.parent / "home")
    place = path.parent / "home" / "brainseg" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
    found = preferences.Preferences()
    for default in (True, 1, 1.0, "x"):
        for key in SETTINGS:
            value = found.get(key, default)
            if type(value) is not type(default) or value != value:
                raise WrongAnswer(f"{key} is {value!r:.60}")
    if found.choice("theme", ("dark", "light")) not in ("dark", "light") or len(found.recent) > 10:
        raise WrongAnswer("a senseless setting came through")
    _ = (found.keys, found.models, found.run_search_paths, found.forgotten_runs, found.bytes("geometry"))
    case = CaseSource("a", Path("/a"), {Modality.T1: Path("/a/t1.nii.gz")})
    found.windows_of(case)
    found.expected_seconds("m cpu")
    found.set_windows(case, {Modality.T1: Window(1.0, 2.0)})
    found.add_recent(Path("/new"))
    found.flush()
    if preferences.Preferences().recent[:1] != [Path("/new")]:
        raise WrongAnswer("what was set is not remembered")
    set_aside = [other.read_bytes() for other in place.parent.iterdir() if other.name != "settings.json"]
    if found.problems and raw not in set_aside:
        raise WrongAnswer("the settings were put aside, and are not there")
