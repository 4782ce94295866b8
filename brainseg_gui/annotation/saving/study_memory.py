"""What a person said about a study that no file beside it may hold: in the user's own data, by the images themselves.

Nothing is written into the study unasked. A study is known by the digest of its images, so that what is remembered
neither follows a folder's name to other images nor is lost when the folder moves.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.formats.mask_note import scheme_fields, scheme_of_fields
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.plain_files import read_json
from brainseg_gui.storage.writing import make_private_folder, write_bytes

NEW_MASKS = ""
"""Under this name the scheme for the new masks of a case without a reference is remembered."""

_MOST = 100  # masks, and schemes, of one study


class StudyMemory:
    """One small file for each study that there is something to remember of.

    Parameters
    ----------
    folder
        In the user's data; made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def any(self) -> bool:
        """Whether anything is remembered of any study."""
        with contextlib.suppress(OSError):
            return any(path.suffix == ".json" for path in self._folder.iterdir())
        return False

    def schemes_of(self, study: str) -> dict[str, LabelScheme]:
        """Name of a mask's file -> how a person said that its numbers are read."""
        found = {name: scheme_of_fields(entry) for name, entry in self._schemes(study).items()}
        return {name: scheme for name, scheme in found.items() if scheme is not None}

    def masks_of(self, study: str) -> list[Path]:
        """Annotations of a study that were saved where nobody would look for them."""
        entries = self._read(study).get("masks")
        texts = [text for text in entries if isinstance(text, str)] if isinstance(entries, list) else []
        return [Path(text) for text in texts if text and "\0" not in text]

    def set_scheme(self, study: str, name: str, scheme: LabelScheme | None) -> None:
        """Remember how a mask is read, or no longer.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        schemes = self._schemes(study)
        schemes.pop(name, None)
        if scheme is not None:
            schemes[name] = scheme_fields(scheme)
        self._write(study, {**self._read(study), "schemes": dict(list(schemes.items())[-_MOST:])})

    def add_mask(self, study: str, path: Path) -> None:
        """Remember where an annotation was saved.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        others = [str(known) for known in self.masks_of(study) if known != path]
        self._write(study, {**self._read(study), "masks": [*others, str(path)][-_MOST:]})

    def _schemes(self, study: str) -> dict[str, dict[str, Any]]:
        entries = self._read(study).get("schemes")
        table = entries if isinstance(entries, dict) else {}
        return {name: entry for name, entry in table.items() if isinstance(entry, dict)}

    def _path(self, study: str) -> Path:
        return self._folder / f"{study}.json"

    def _read(self, study: str) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = read_json(self._path(study))
            return found if isinstance(found, dict) else {}
        return {}

    def _write(self, study: str, fields: Mapping[str, Any]) -> None:
        make_private_folder(self._folder)
        write_bytes(self._path(study), json.dumps(fields, indent=1).encode(), chosen=False, private=True)
