"""Settings in order, and how they are read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fuzz.measure import WrongAnswer


def settings() -> bytes:
    """A settings file as the program writes it."""
    from PySide6.QtCore import QByteArray, QSettings

    with tempfile.TemporaryDirectory() as name:
        path = f"{name}/settings.ini"
        ini = QSettings(path, QSettings.Format.IniFormat)
        for key, value in _SETTINGS.items():
            ini.setValue(key, QByteArray(value) if isinstance(value, bytes) else value)
        ini.sync()
        return Path(path).read_bytes()


_SETTINGS: Mapping[str, Any] = {
    "format": 1, "theme": "light", "device": "cpu", "precision": "float32", "keep probabilities": True,
    "geometry": bytes(range(256)), "window state": b"a,b;c\"d)\\", "recent": json.dumps(["/a", "/b c", "/ü@"]),
    "models": json.dumps(["/m"]), "runs": json.dumps(["/r"]), "keys": json.dumps({"file.open": "Ctrl+O"}),
    "windows": json.dumps({"0" * 16: {"t1": [1.0, 2.0]}}), "seconds": json.dumps({"m cpu": 3.0}),
    "annotate brush_mm": 8.0, "last folder": "/a",
}  # fmt: skip


def settings_tricks() -> dict[str, bytes]:
    """Pickles, hidden in every way that Qt's notation allows, and absurd values."""
    head = rb"@Variant(\0\0\0\x7f\0\0\0\x18PySide::PyObjectWrapper\0\0\0\0\x14"
    pickled = head + rb"\x80\x4\x8c\x5posix\x8c\x5\x61\x62ort\x93)R.)"
    general = b"[General]\n"
    tricks = {
        "a pickle": b"theme=" + pickled,
        "a pickle in quotes": b'theme="' + pickled + b'"',
        "a pickle after empty quotes": b'theme=""' + pickled,
        "a pickle behind an escape": b"theme=" + pickled.replace(b"@V", rb"\x40V"),
        "a pickle behind an octal escape": b"theme=" + pickled.replace(b"@V", rb"\100V"),
        "a pickle with an escaped word": b"theme=" + pickled.replace(b"@V", rb"@\x56"),
        "a pickle in a list": b"theme=a, " + pickled,
        "a pickle in the next line": b"theme=a, \\\n" + pickled,
        "a pickle for a path": b"last folder=" + pickled,
    }
    values = {"recent": json.dumps([f"/{n}" for n in range(100_000)]), "keys": "[" * 50_000, "models": "[" * 50_000,
              "windows": '{"' + "0" * 16 + '": {"t1": [1e999, NaN]}}', "seconds": '{"x": 1e999}',
              "annotate brush_mm": "nan", "theme": "../../etc/passwd", "device": "surprise", "format": "9" * 400,
              "geometry": "@ByteArray(" + "x" * 100_000 + ")"}  # fmt: skip
    tricks |= {f"absurd {key}": f"{key.replace(' ', '%20')}={_quoted(text)}".encode() for key, text in values.items()}
    return {name: general + text + b"\n" for name, text in tricks.items()}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_settings(path: Path) -> None:
    """Start with a settings file; a bad one is kept aside, and said."""
    from brainseg_gui.controllers.settings import preferences
    from brainseg_gui.imaging.modality import Modality
    from brainseg_gui.imaging.window import Window

    raw = path.read_bytes()
    os.environ["XDG_CONFIG_HOME"] = str(path.parent / "home")
    place = path.parent / "home" / "brainseg" / "settings.ini"
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
    found = preferences.Preferences()
    for default in (True, 1, 1.0, "x"):
        for key in _SETTINGS:
            value = found.get(key, default)
            if type(value) is not type(default) or value != value:
                raise WrongAnswer(f"{key} is {value!r:.60}")
    if found.choice("theme", ("dark", "light")) not in ("dark", "light") or len(found.recent) > 10:
        raise WrongAnswer("a senseless setting came through")
    _ = (found.keys, found.models, found.run_places, found.forgotten_runs, found.bytes("geometry"))
    found.windows_of(Path("/a"))
    found.expected_seconds("m cpu")
    found.set_windows(Path("/a"), {Modality.T1: Window(1.0, 2.0)})
    found.add_recent(Path("/new"))
    found.flush()
    aside = [other.read_bytes() for other in place.parent.iterdir() if other != place]
    if found.problems and raw not in aside:
        raise WrongAnswer("the settings were put aside, and are not there")
