"""Objects by which nobody is known: the basic profile of DICOM PS3.15 for what the program writes.

UIDs are replaced by others that only this computer's key gives: the same for the same, so that the objects of a study
still belong together, and without the key nobody finds the way back.
"""

from __future__ import annotations

import hashlib
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import platformdirs

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labels import LabelScheme, Meaning, built_in_meanings
from brainseg_gui.plain_files import read_bytes
from brainseg_gui.storage.writing import make_private_folder, write_bytes

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

_KEY_BYTES = 32
_METHOD = "DICOM PS3.15 basic profile, by brainseg"


def deidentified(content: Dataset, key: bytes | None = None) -> Dataset:
    """The same object, in place, without anything that tells who it is of.

    Parameters
    ----------
    key
        By which UIDs are replaced; by default that of this computer, made when it is first needed.

    Raises
    ------
    SaveError
        If the key cannot be read, or written for the first time.
    """
    from pydicom.dataset import Dataset

    secret = key if key is not None else key_of_computer()
    cleaned: set[int] = set()
    _clean(content, secret, cleaned)
    _clean(content.file_meta, secret, cleaned)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    content.PatientIdentityRemoved = "YES"
    content.DeidentificationMethod = _METHOD
    content.DeidentificationMethodCodeSequence = [code]
    content.LongitudinalTemporalInformationModified = "REMOVED"
    return content


def nameless(scheme: LabelScheme) -> LabelScheme:
    """A scheme whose labels are called by what they are, or by their numbers: people write names into their own.

    Also into the name of a scheme; only those of the program keep theirs.
    """
    if built_in_schemes().get(scheme.name) == scheme:
        return scheme
    own = {value: f"label {value}" for value, key in scheme.labels.items() if key not in built_in_meanings()}
    labels = {value: own.get(value, key) for value, key in scheme.labels.items()}
    looks = {value: Meaning(name, name, scheme.look_of(value).colour) for value, name in own.items()}
    return replace(scheme, name="own", title="own", labels=MappingProxyType(labels), looks=MappingProxyType(looks))


def key_of_computer() -> bytes:
    """The key of this user on this computer.

    Raises
    ------
    SaveError
        If there is none and it cannot be kept: the UIDs of one study would get different ones the next time.
    """
    path = platformdirs.user_data_path("brainseg") / "deidentification.key"
    try:
        return _read_key(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        what = f"the key by which UIDs are replaced cannot be read ({error.strerror or error})"
        raise SaveError(what, "Make it readable, or move it away", path) from error
    try:
        make_private_folder(path.parent)
        write_bytes(path, secrets.token_bytes(_KEY_BYTES), chosen=False, private=True, only_new=True)
        return _read_key(path)
    except FileExistsError:
        return _read_key(path)  # another window was first
    except OSError as error:
        what = f"the key by which UIDs are replaced cannot be kept ({error.strerror or error})"
        raise SaveError(what, "Make the folder writable", path) from error


def _read_key(path: Path) -> bytes:
    key = read_bytes(path)
    if len(key) < _KEY_BYTES:
        raise OSError(0, "it is damaged")
    return key


def _clean(content: Dataset, key: bytes, cleaned: set[int]) -> None:
    """Clean a data set, and those in it; frames share items, of which each may be cleaned once only."""
    for element in list(content):
        if element.tag.is_private or element.keyword in _profile()["removed"]:
            del content[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                if id(item) not in cleaned:
                    cleaned.add(id(item))
                    _clean(item, key, cleaned)
        else:
            _replace(element, key)


def _replace(element: DataElement, key: bytes) -> None:
    profile = _profile()
    if element.keyword in profile["empty"]:
        element.value = ""
    elif element.keyword in profile["dummy"]:
        element.value = profile["dummy"][element.keyword]
    elif element.keyword in profile["uids"]:
        element.value = other_uid(str(element.value), key)


def other_uid(uid: str, key: bytes) -> str:
    """Another UID, the same for the same: a number of 128 bits, as PS3.5 B.2 makes one of a UUID."""
    digest = hashlib.blake2b(uid.encode(), key=key[:64], digest_size=16).digest()
    return f"2.25.{int.from_bytes(digest, 'big')}"


@cache
def _profile() -> Mapping[str, Any]:
    text = files("brainseg_gui.resources").joinpath("deidentification.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return MappingProxyType({"dummy": tables["dummy"], **{key: frozenset(v) for key, v in tables["actions"].items()}})
