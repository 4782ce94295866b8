"""The label schemes of the person: one file each in a folder of their configuration."""

from __future__ import annotations

import logging
from pathlib import Path

import platformdirs

from brainseg_gui.imaging.labelling.known_schemes import know_schemes
from brainseg_gui.imaging.labelling.label_files import LabelFileError, read_labels_file, write_labels_file
from brainseg_gui.imaging.labels import LabelScheme

log = logging.getLogger(__name__)

_MOST = 200


def schemes_folder() -> Path:
    """Where they lie; a file that a colleague sent can be put there."""
    return platformdirs.user_config_path("brainseg") / "label-schemes"


def load_own_schemes() -> list[LabelFileError]:
    """Know all schemes of the person by their names.

    Returns
    -------
    list of LabelFileError
        Why a file was left out.
    """
    schemes, problems = [], []
    try:
        paths = sorted(path for path in schemes_folder().iterdir() if path.suffix.lower() == ".toml")[:_MOST]
    except OSError:
        paths = []  # there is no such folder before the first scheme
    for path in paths:
        try:
            schemes.append(read_labels_file(path))
        except LabelFileError as error:
            log.warning("a label scheme was left out: %s", error)
            problems.append(error)
    know_schemes(schemes)
    return problems


def save_own_scheme(scheme: LabelScheme) -> Path:
    """Write a scheme into the folder, and know it.

    Raises
    ------
    LabelFileError
        If it could not be written.
    """
    path = schemes_folder() / f"{scheme.name}.toml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder of label schemes cannot be made ({error.strerror or error})"
        raise LabelFileError(what, "Export the labels to a file elsewhere", path.parent) from error
    write_labels_file(path, scheme)
    load_own_schemes()
    return path
