"""No name of a patient, no date of birth and no path of the person's leaves in a log or a report.

What is known is replaced first: the open case, its files, whatever path an error carries. Then all that looks like a
path, a file, a date or a DICOM name. In doubt more is hidden than must be; only paths of the program's own code stay.
"""

from __future__ import annotations

import json
import os
import re
import site
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

_MOST_KNOWN = 600
_SHORTEST = 2
_WHOLE_WORDS_BELOW = 5  # shorter names are hidden as words only, or half of every sentence would go

_OWN_FILES = (
    "config.toml|events.jsonl|log.txt|model.json|model.keras|model.h5|model.onnx|settings.ini|brainseg-cases.csv|"
    "brainseg.log"
)
_ENDINGS = (
    r"nii(?:\.gz)?|hdr|img|dcm|ima|mha|mhd|nrrd|mgh|mgz|npy|npz|json|jsonl|csv|tsv|html?|xml|pdf|svg|png|jpe?g|gif|"
    r"tiff?|txt|log|zip|gz|bvals?|bvecs?|h5|keras|toml|ini|journal"
)
_QUOTED_PATH = re.compile(r"(?P<quote>['\"])(?:(?!(?P=quote))[^\n])*[\\/](?:(?!(?P=quote))[^\n])*(?P=quote)")
# from where a path begins to a colon, a bracket, a quote or the end of the line: folders may hold blanks
_PATH = re.compile(r"(?<![\w\x00])(?:~[\w.-]*|\.{1,2}|[A-Za-z]:|file:)?[\\/](?:(?!: | \(|['\"\x00])[^\n])*")
_RELATIVE = re.compile(r"[^\s'\"\x00]*[^\s'\"\x00\\/][\\/][^\s'\"\x00]*")
_FRACTION = re.compile(r"[\d.,]+/[\d.,]+\W*")
_FILE = re.compile(
    rf"(?<![^\s'\"<>/\\:=(),\x00])(?!(?:{_OWN_FILES})\b)[^\s'\"<>/\\:=(),\x00]+\.(?P<ending>{_ENDINGS})(?!\w)",
    re.IGNORECASE,
)
_DICOM_NAME = re.compile(r"\w[^\s^<>'\"=]*(?:\^[^^\n<>'\",;:]*)+")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-._/ ]?(?:0[1-9]|1[0-2])[-._/ ]?(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-._/ ](?:0?[1-9]|1[0-2])[-._/ ](?:19|20)\d\d)(?!\d)"
)
_PLACES_OF_ESCAPES = {"\\": r"\\+", "'": r"\\*'", '"': r'\\*"'}  # escaped as often as it may be
_PLACEHOLDER = re.compile(r"<(?:case \d+|path|name|file|date|user|program|libraries|python)>")
_KEPT = re.compile("\x00(\\d+)\x00")


class Redactor:
    """Replaces what may tell who a patient is; may be used by several threads."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._pattern: re.Pattern[str] | None = None
        self._places: dict[str, str] = {}
        self._cases = 0
        self._changing = threading.Lock()
        self._own = _own_code()

    def hide(self, name: str, placeholder: str) -> None:
        """Replace a name wherever it occurs from now on, in whatever case and escaped in whatever way."""
        if len(name.strip()) < _SHORTEST or (name.isdecimal() and len(name) < _WHOLE_WORDS_BELOW):
            return
        with self._changing:
            for form in _forms(name):
                self._names[form] = placeholder
                self._names.move_to_end(form)
            while len(self._names) > _MOST_KNOWN:
                self._names.popitem(last=False)
            self._pattern = None

    def hide_case(self, case_id: str, paths: Iterable[Path]) -> str:
        """Replace the name of a case and of its files and folders; returns what stands for it."""
        known = self._names.get(unicodedata.normalize("NFC", case_id).casefold())
        if known is None or not known.startswith("<case "):
            self._cases += 1
            known = f"<case {self._cases}>"
        for path in paths:
            self.hide_path(path)
        self.hide(case_id, known)
        return known

    def hide_path(self, path: Path | str) -> None:
        """Replace a path, and the name at its end."""
        text = os.fspath(path)
        for own, _ in self._own:
            if text.startswith(own):
                return
        name = os.path.basename(text.rstrip("/\\"))
        self.hide(name, "<name>")
        self.hide(text, "<path>")

    def hide_paths_of(self, error: BaseException | None) -> None:
        """Replace the paths that an error and its causes carry."""
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            for attribute in ("path", "filename", "filename2"):
                value = getattr(error, attribute, None)
                if isinstance(value, str | Path):
                    self.hide_path(value)
            error = error.__cause__ or error.__context__

    def __call__(self, text: str) -> str:
        """The text, veiled."""
        kept: list[str] = []

        def keep(words: str) -> str:
            kept.append(words)
            return f"\x00{len(kept) - 1}\x00"

        text = text.replace("\x00", "\\0")
        text = _PLACEHOLDER.sub(lambda found: keep(found[0]), text)  # the log is veiled again in a report
        for prefix, placeholder in self._own:
            own = re.compile(re.escape(prefix) + r"(?=[\\/'\"]|$)([\w.+\\/-]*)")
            text = own.sub(lambda found, words=placeholder: keep(words + found[1]), text)  # type: ignore[misc]
        pattern, places = self._known()
        text = pattern.sub(lambda found: places.get(_plain(found[0]), "<name>"), text)
        return _KEPT.sub(lambda found: kept[int(found[1])], _without_strangers(text))

    def _known(self) -> tuple[re.Pattern[str], dict[str, str]]:
        with self._changing:
            if self._pattern is None:  # made when it is first needed: names come in handfuls
                self._places = {_plain(form): place for form, place in self._names.items()}
                self._pattern = _pattern_of(self._names)
            return self._pattern, self._places


def _without_strangers(text: str) -> str:
    """Replace what looks like a path, a file, a date or a name, known or not."""
    text = _QUOTED_PATH.sub(lambda found: f"{found['quote']}<path>{found['quote']}", text)
    text = _DATE.sub("<date>", text)
    text = _PATH.sub("<path>", text)
    text = _RELATIVE.sub(lambda found: found[0] if _FRACTION.fullmatch(found[0]) else "<path>", text)
    text = _FILE.sub(lambda found: f"<file>.{found['ending']}", text)
    return _DICOM_NAME.sub("<name>", text)


def _pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    parts = []
    for name in sorted(names, key=len, reverse=True):
        text = "".join(_PLACES_OF_ESCAPES.get(letter, re.escape(letter)) for letter in re.sub(r"\\+", "\\\\", name))
        parts.append(rf"(?<!\w){text}(?!\w)" if len(name) < _WHOLE_WORDS_BELOW else text)
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def _plain(name: str) -> str:
    return name.replace("\\", "").casefold()


def _forms(name: str) -> set[str]:
    """A name as it may be written: composed or not, quoted, escaped, with blanks for underlines."""
    plain = {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
    plain |= {text.replace("_", " ") for text in plain} | {text.replace(" ", "_") for text in plain}
    escaped = {repr(text)[1:-1] for text in plain} | {ascii(text)[1:-1] for text in plain}
    escaped |= {json.dumps(text)[1:-1] for text in plain}
    quoted = {quote(text, errors="surrogatepass") for text in plain}
    return {unicodedata.normalize("NFC", name).casefold(), *plain, *escaped, *quoted}


def _own_code() -> tuple[tuple[str, str], ...]:
    """Where code lies, and what stands for it: of the program, of libraries, of Python; longest first."""
    root = Path(__file__).resolve().parents[2]
    places = {str(root / name): f"<program>/{name}" for name in ("brainseg_gui", "training", "resources")}
    places |= dict.fromkeys(site.getsitepackages(), "<libraries>")
    places[os.path.dirname(os.__file__)] = "<python>"
    return tuple(sorted(places.items(), key=lambda item: len(item[0]), reverse=True))
