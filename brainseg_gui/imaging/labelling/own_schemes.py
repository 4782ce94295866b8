"""The label schemes of the person: one file each in a folder of their configuration."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import platformdirs

from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labelling.label_entries import short_name
from brainseg_gui.imaging.labelling.label_files import LabelFileError, read_labels_file, write_labels_file
from brainseg_gui.imaging.labels import LabelScheme

log = logging.getLogger(__name__)

_MOST = 200
_known: Mapping[str, LabelScheme] | None = None  # None until they are asked for


def schemes_folder() -> Path:
    """Where they lie; a file that a colleague sent can be put there."""
    return platformdirs.user_config_path("brainseg") / "label-schemes"


def own_schemes() -> Mapping[str, LabelScheme]:
    """Those of the person by their names, read when first asked for; none that has the name of one of the program."""
    if _known is None:
        load_own_schemes()
    return _known or MappingProxyType({})


def forget_own_schemes() -> None:
    """Read them again when they are asked for."""
    global _known
    _known = None


def load_own_schemes() -> list[LabelFileError]:
    """Know all schemes of the person by their names, in place of those before.

    Returns
    -------
    list of LabelFileError
        Why a file was left out.
    """
    global _known  # one assignment: threads read it
    schemes: dict[str, LabelScheme] = {}
    problems = []
    for path in _files():
        try:
            scheme = read_labels_file(path)
            if schemes.setdefault(scheme.name, scheme) != scheme:
                raise LabelFileError(f"another file holds labels named {scheme.name}", "Give these another title", path)
        except LabelFileError as error:
            log.warning("a label scheme was left out: %s", error)
            problems.append(error)
    built_in = built_in_schemes()
    _known = MappingProxyType({name: one for name, one in schemes.items() if name not in built_in})
    return problems


def _files() -> list[Path]:
    try:
        return sorted(path for path in schemes_folder().iterdir() if path.suffix.lower() == ".toml")[:_MOST]
    except OSError:
        return []  # there is no such folder before the first scheme


def clash_of(title: str) -> str:
    """Why a scheme of that title would take the place of another one, in a sentence; empty where it would not."""
    known = {**built_in_schemes(), **own_schemes()}.get(short_name(title))
    if known is None or known.title == title.strip():
        return ""
    return f"{title.strip()} and {known.title} have one short name, {known.name}; give yours another name"


def save_own_scheme(scheme: LabelScheme) -> Path:
    """Write a scheme into the folder, to the file that holds it already where one does, and know it.

    Raises
    ------
    LabelFileError
        If it could not be written, or would take the place of another one.
    """
    path = _place_of(scheme)
    if clash := clash_of(scheme.title):
        raise LabelFileError(clash, "Nothing was written", path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder of label schemes cannot be made ({error.strerror or error})"
        raise LabelFileError(what, "Export the labels to a file elsewhere", path.parent) from error
    write_labels_file(path, scheme)
    load_own_schemes()
    return path


def _place_of(scheme: LabelScheme) -> Path:
    """The file of a scheme: one that a colleague sent has any name."""
    for path in _files():
        with suppress(LabelFileError):
            if read_labels_file(path).name == scheme.name:
                return path
    return schemes_folder() / f"{scheme.name}.toml"
