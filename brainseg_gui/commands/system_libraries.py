"""Which system libraries Qt needs on Linux, and which packages bring the missing ones.

The lists are what the Qt libraries and platform plugins of the PySide6-Essentials 6.11 wheel are linked against
(``readelf -d``), less what every Linux has. Standard library only: ``python3 -m
brainseg_gui.commands.system_libraries`` prints the missing Debian packages before anything else is installed.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SystemLibrary:
    """A shared library with the packages that bring it.

    Parameters
    ----------
    soname
        Name by which the loader looks for it.
    debian, fedora
        Package on Debian and Ubuntu, and on Fedora.
    """

    soname: str
    debian: str
    fedora: str

    @property
    def missing(self) -> bool:
        """Whether the loader does not find it."""
        try:
            ctypes.CDLL(self.soname)
        except OSError:
            return True
        return False

    @property
    def sentence(self) -> str:
        """What is missing and what to do, for a person."""
        return (
            f"The system library {self.soname} is missing. Install it: "
            f"sudo apt install {self.debian} (Debian, Ubuntu) or sudo dnf install {self.fedora} (Fedora)."
        )


# What QtCore, QtGui, QtWidgets and QtDBus are linked against; enough to draw without a display.
DRAWING = (
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    SystemLibrary("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
    SystemLibrary("libzstd.so.1", "libzstd1", "libzstd"),
    SystemLibrary("libfreetype.so.6", "libfreetype6", "freetype"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    SystemLibrary("libEGL.so.1", "libegl1", "libglvnd-egl"),
    SystemLibrary("libGL.so.1", "libgl1", "libglvnd-glx"),
    SystemLibrary("libX11.so.6", "libx11-6", "libX11"),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
)

# What the platform plugins need on top of that.
X11 = (
    SystemLibrary("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    SystemLibrary("libxcb.so.1", "libxcb1", "libxcb"),
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    SystemLibrary("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    SystemLibrary("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    SystemLibrary("libxcb-render.so.0", "libxcb-render0", "libxcb"),
    SystemLibrary("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    SystemLibrary("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
    SystemLibrary("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    SystemLibrary("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    SystemLibrary("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    SystemLibrary("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
)
WAYLAND = (
    SystemLibrary("libwayland-client.so.0", "libwayland-client0", "libwayland-client"),
    SystemLibrary("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor"),
    SystemLibrary("libwayland-egl.so.1", "libwayland-egl1", "libwayland-egl"),
)

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
_FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".pfb")
FONTS_SENTENCE = (
    "No font is installed, so texts would be drawn as boxes. Install one: "
    "sudo apt install fonts-dejavu-core (Debian, Ubuntu) or sudo dnf install dejavu-sans-fonts (Fedora)."
)


def platform_plugin(environment: Mapping[str, str]) -> str:
    """The Qt platform plugin that a window would use: ``xcb``, ``wayland``, ``offscreen`` or another."""
    if chosen := environment.get("QT_QPA_PLATFORM"):
        return chosen.split(";")[0].split(":")[0]
    if not sys.platform.startswith("linux"):
        return "cocoa" if sys.platform == "darwin" else "windows"
    if environment.get("WAYLAND_DISPLAY") and (not environment.get("DISPLAY") or not _missing(WAYLAND)):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else "offscreen"


def missing_libraries(plugin: str) -> tuple[SystemLibrary, ...]:
    """The libraries that are missing for drawing with a platform plugin; none outside Linux."""
    if not sys.platform.startswith("linux"):
        return ()
    return _missing(DRAWING + {"xcb": X11, "wayland": WAYLAND}.get(plugin, ()))


def _missing(libraries: tuple[SystemLibrary, ...]) -> tuple[SystemLibrary, ...]:
    return tuple(library for library in libraries if library.missing)


def fonts_installed() -> bool:
    """Whether Qt finds a font; always true outside Linux."""
    if not sys.platform.startswith("linux"):
        return True
    folders = (Path(folder).expanduser() for folder in _FONT_FOLDERS)
    return any(path.suffix.lower() in _FONT_SUFFIXES for folder in folders for path in folder.rglob("*.*"))


def missing_debian_packages() -> list[str]:
    """Debian packages to install for drawing without a display, a font included."""
    packages = {library.debian for library in missing_libraries("offscreen")}
    return sorted(packages) + ([] if fonts_installed() else ["fonts-dejavu-core"])


if __name__ == "__main__":
    sys.stdout.write(" ".join(missing_debian_packages()) + "\n")
