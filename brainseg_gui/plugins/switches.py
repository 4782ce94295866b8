"""Which packages' plug-ins are switched off: a list in the user's configuration folder."""

from __future__ import annotations

import json
from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.plain_files import read_json
from brainseg_gui.storage.writing import make_private_folder, write_text


def switched_off() -> frozenset[str]:
    """Names of packages; a file that cannot be read switches nothing off."""
    try:
        content = read_json(_file())
    except (OSError, ValueError):
        return frozenset()
    names = content.get("off", []) if isinstance(content, dict) else []
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def switch(package: str, *, on: bool) -> None:
    """Switch a package's plug-ins on or off, from the next start on.

    Raises
    ------
    SaveError
        If that cannot be written.
    """
    names = switched_off() - {package} if on else switched_off() | {package}
    file = _file()
    try:
        make_private_folder(file.parent)
        write_text(file, json.dumps({"off": sorted(names)}), chosen=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(f"it was not written ({reason})", "Check the permissions of the folder", file) from error


def _file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("brainseg") / "plugins.json"
