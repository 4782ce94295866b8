"""``config.toml``: reading with words for every mistake, changing by ``section.key=value``, writing.

The standard library alone, as all of `runs`: a run is described and followed where nothing else is installed. Fields,
ranges, units and help stand once, in `config`; the form, the file and the checks come from there.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from brainseg_gui.errors import BrainsegError
from brainseg_gui.plain_files import read_text, toml_of, visible
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.fields import FieldHelp
from brainseg_gui.storage.reading import read_derived

NAMES = ("preset", "name")
_LONGEST_NAME = 200


class ConfigError(BrainsegError):
    """A configuration that cannot be used."""


def sections() -> dict[str, type]:
    """The sections of a configuration, by name."""
    hints = get_type_hints(TrainingConfig)
    return {name: kind for name, kind in hints.items() if name not in NAMES}


def read_config(path: Path, *, chosen: bool = True) -> TrainingConfig:
    """Read and check a ``config.toml`` or a preset.

    Parameters
    ----------
    chosen
        False where a person named the folder only: a link of the file's name is not followed then.

    Raises
    ------
    ConfigError
        Names the file, the section, the key and the range.
    """
    try:
        content = toml_of(read_text(path) if chosen else read_derived(path).decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"it cannot be read ({error.strerror})", "Check the file", path) from error
    except ValueError as error:  # neither UTF-8 nor TOML
        raise ConfigError(f"it is not TOML ({visible(str(error), 200)})", "Correct the file", path) from error
    return config_of(content, path)


def config_of(content: Mapping[str, Any], path: Path | None = None) -> TrainingConfig:
    """A checked configuration from nested tables; what is left out keeps its default.

    Raises
    ------
    ConfigError
        If a table or key is unknown, or a value has the wrong type or lies out of range.
    """
    known = sections()
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key in NAMES:
            if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
                raise ConfigError(f"{key} must be text of one line", "Correct it", path)
            values[key] = value
        elif key in known and isinstance(value, Mapping):
            values[key] = _section_of(known[key], key, value, path)
        else:
            raise ConfigError(f"there is no section {visible(key)}", f"Sections are {', '.join(known)}", path)
    return TrainingConfig(**values)


def _section_of(kind: type, name: str, content: Mapping[str, Any], path: Path | None) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values = {}
    for key, value in content.items():
        if key not in fields:
            raise ConfigError(f"{name} has no key {visible(key)}", f"Keys are {', '.join(fields)}", path)
        values[key] = _checked(f"{name}.{key}", fields[key], value, path)
    return kind(**values)


def _checked(label: str, field: dataclasses.Field[Any], value: Any, path: Path | None) -> Any:
    default, info = field.default, field.metadata["help"]
    converted = _converted(default, value)
    if converted is None:
        raise ConfigError(f"{label} is {_shown(value)}, not {_type_words(default)}", info.help.rstrip("."), path)
    if problem := info.problem(converted):
        raise ConfigError(f"{label} is {_shown(value)}, but {problem}", info.help.rstrip("."), path)
    return converted


def _shown(value: Any) -> str:
    """A value for a sentence; it may be of any type and length."""
    return "a number beyond all measure" if isinstance(value, int) and abs(value) > 10**15 else visible(repr(value), 60)


def _converted(default: Any, value: Any) -> Any:
    """The value in the type of the default, or None when it is of another type."""
    if isinstance(default, bool) or isinstance(value, bool):
        return value if isinstance(value, bool) and isinstance(default, bool) else None
    if isinstance(default, float):
        fits = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**300)
        return float(value) if fits else None
    if isinstance(default, int):
        return value if isinstance(value, int) else None
    if isinstance(default, str):
        return value if isinstance(value, str) else None
    if not isinstance(value, list | tuple):
        return None
    if default:  # three whole numbers
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in value)
        return tuple(value) if whole and len(value) == len(default) else None
    return tuple(value) if all(isinstance(text, str) for text in value) else None


def _type_words(default: Any) -> str:
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, tuple):
        return f"{len(default)} whole numbers" if default else "a list of texts"
    return {int: "a whole number", float: "a number", str: "a text"}[type(default)]


def with_changes(config: TrainingConfig, changes: Mapping[str, str]) -> TrainingConfig:
    """The configuration with ``section.key`` set to values as a person types them (TOML, or bare text).

    Raises
    ------
    ConfigError
        As `config_of`.
    """
    content = as_tables(config)
    for key, text in changes.items():
        section, _, name = key.partition(".")
        if key in NAMES:
            content[key] = text
        elif name and isinstance(content.get(section), dict):
            content[section][name] = _typed(text)
        else:
            raise ConfigError(f"there is no setting {key}", "Settings are written section.key, such as length.epochs")
    return config_of(content)


def _typed(text: str) -> Any:
    try:
        return toml_of(f"value = {text}")["value"]
    except ValueError:
        return text


def as_tables(config: TrainingConfig) -> dict[str, Any]:
    """The configuration as nested tables."""
    return dataclasses.asdict(config)


def to_toml(config: TrainingConfig) -> str:
    """The configuration as TOML, each key with its sentence of help."""
    tables = as_tables(config)
    lines = [f"{name} = {_literal(tables[name])}" for name in NAMES]
    for section, kind in sections().items():
        lines += ["", f"[{section}]"]
        for field in dataclasses.fields(kind):
            info: FieldHelp = field.metadata["help"]
            unit = f" In {info.unit}." if info.unit else ""
            lines += [f"# {info.help}{unit}", f"{field.name} = {_literal(tables[section][field.name])}"]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    """A TOML literal; JSON's strings, numbers, booleans and arrays are TOML's too."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def preset_names() -> tuple[str, ...]:
    """Names of the presets that come with the program."""
    folder = files("brainseg_gui.resources").joinpath("presets")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def read_preset(name: str) -> TrainingConfig:
    """A preset by name, or a configuration file by path.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name in preset_names():
        return read_config(Path(str(files("brainseg_gui.resources").joinpath("presets", f"{name}.toml"))))
    path = Path(name)
    if path.suffix == ".toml":
        return read_config(path)
    raise ConfigError(f"there is no preset {name}", f"Presets are {', '.join(preset_names())}; or give a .toml file")
