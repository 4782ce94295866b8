"""Bad case folders: strange names, very many files, none, and several faults at once."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from tests.fuzz.folder_hazards import hazard_trials
from tests.fuzz.folder_parts import PARTS, Write, case, image
from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import labels, nifti, packed, setting, values
from tests.fuzz.reading import list_cohort, open_case, open_cohort, open_file, open_mask, pair

_NAMES = (
    *("plain", "two words", " leading", "trailing ", "it's", 'say "so"', "a&b", "a;rm -rf b", "$(id)", "`id`", "%s%n"),
    *("<b>bold", "<img src=x onerror=alert(1)>", "a\nb", "a\r\nb", "tab\tbed", "\x1b[31mred\x1b[0m", "bell\x07"),
    *("=1+2", "-rf", "--help", "a,b", "a\\b", "[glob]*?", "{brace}", "~", "~root", "#", "..a", "...", ".hidden"),
    *("été", "e\u0301te\u0301", "患者", "ผู้ป่วย", "🧠", "👩‍🚀", "مريض", "חולה", "a\u202egpj.exe", "\u2066turned\u2069"),
    *("\ufeffmark", "zero\u200bwidth", "no\u00a0break", "line\u2028end", "\u0085next", "\udc80\udcff", "caf\udce9"),
    *("x" * 200, "é" * 100, "t1", "seg", "t1_t1ce", "T1CE", "a.nii", "a.nii.gz", "CON", "aux", "nul.txt", "0", "\x7f"),
)


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 2,000 folders, the same for the same seed."""
    draw = random.Random(seed)
    families = (_names(), _many_names(draw), hazard_trials(draw), _structures(), _mixed(draw))
    good = Trial("good folder", "a case in order", partial(case, name="Toy"), open_case)
    return (good, *itertools.chain(*families))


def _named(name: str, as_folder: bool, as_files: bool, cohort: bool = False) -> Write:
    def write(folder: Path) -> Path:
        name_of_files = name[: 255 - len("_t1ce.nii.gz")] if as_files else "Toy"
        place = case(folder, name_of_files, inside=name if as_folder else None)
        return folder if cohort else place

    return write


def _names() -> Iterator[Trial]:
    for name in _NAMES:
        for as_folder, as_files in ((True, False), (False, True), (True, True)):
            words = f"{name!a}, {'folder' * as_folder} {'files' * as_files}"
            yield Trial("names", f"{words}, a case", _named(name, as_folder, as_files), open_case)
        yield Trial("names", f"{name!a}, a cohort", _named(name, True, True, cohort=True), open_cohort)
        yield Trial("names", f"{name!a}, masks to compare", _named(name, True, True, cohort=True), pair)
        for kind, read in (("_t1ce.nii", open_file), ("_seg.nii.gz", open_mask), (".nii", open_file)):
            yield Trial("names", f"{name!a}{kind}, in order", _file(name, kind, image()), read)
            yield Trial("names", f"{name!a}{kind}, cut", _file(name, kind, image()[:400]), read)
            yield Trial("names", f"{name!a}{kind}, missing", partial(_missing, name=name + kind), read)
        yield Trial("names", f"{name!a}, an empty folder", partial(_folder, name=name), open_case)
        yield Trial("names", f"{name!a}, images without modality", _named_only(name), open_case)


def _file(name: str, kind: str, content: bytes) -> Write:
    def write(folder: Path) -> Path:
        path = folder / f"{name}{kind}"
        path.write_bytes(content)
        return path

    return write


def _missing(folder: Path, name: str) -> Path:
    return folder / name


def _folder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _named_only(name: str) -> Write:
    def write(folder: Path) -> Path:
        for number in range(3):
            (folder / f"{name}{number}x.nii").write_bytes(image())
        return folder

    return write


def _many_names(draw: random.Random) -> Iterator[Trial]:
    """Names of any bytes that a drive takes."""
    for number in range(150):
        raw = bytes(draw.choice([*range(1, 47), *range(48, 256)]) for _ in range(draw.randrange(1, 60)))
        name = os.fsdecode(raw) if raw.strip(b".") else "dots"
        yield Trial("any bytes as names", str(number), _named(name, True, True, cohort=number % 2 == 0), open_cohort)
    for length in (240, 243, 244, 246, 247, 250, 255):
        name = "n" * (length - len("_t1ce.nii"))
        yield Trial("any bytes as names", f"files of {length} letters", _file(name, "_t1ce.nii", image()), open_file)
        yield Trial("any bytes as names", f"a folder of {length}", _named("n" * length, True, False), open_case)


def _structures() -> Iterator[Trial]:
    """Very many files, very deep folders, several cases at once, none."""
    structures: dict[str, Write] = {
        "nothing": lambda folder: folder,
        "10,000 other files": partial(_files, name="note{}.txt"),
        "10,000 images": partial(_files, name="Toy{}_t1ce.nii"), "10,000 masks": partial(_files, name="Toy{}_seg.nii"),
        "10,000 images without modality": partial(_files, name="image{}.nii"), "100 deep": _deep,
        "200 cases": _cohort, "two of each": _doubled,
        "all of one modality": partial(_files, name="a{}_t1.nii", count=50),
        "a folder named .nii.gz": partial(_named("case.nii.gz", True, False)), "Decathlon": _decathlon,
        "Decathlon of 3": partial(_decathlon, volumes=3), "Decathlon, cut": partial(_decathlon, cut=True),
        "hidden files": partial(_files, name="._Toy{}_t1ce.nii", count=20), "no folder": lambda folder: folder / "gone",
        "a file as folder": _file("Toy", ".txt", b"text"), "other grids": _other_grids,
        "too large together": _far_apart,
    }  # fmt: skip
    for (words, write), read in itertools.product(
        structures.items(), (open_case, open_cohort, list_cohort, pair, open_file)
    ):
        yield Trial("structures", f"{words}, {read.__name__}", write, read, 2**22)


def _files(folder: Path, name: str, count: int = 10_000) -> Path:
    for number in range(count):
        (folder / name.format(number)).touch()
    return folder


def _deep(folder: Path) -> Path:
    place = folder
    for _ in range(100):
        place /= "deeper"
        place.mkdir()
    case(place)
    return folder


def _cohort(folder: Path) -> Path:
    for number in range(200):
        place = folder / f"case{number}"
        place.mkdir()
        for part in ("t1ce", "flair"):
            (place / f"Toy_{part}.nii").write_bytes(image()[: None if number % 3 else 400])
    return folder


def _doubled(folder: Path) -> Path:
    for part, ending in itertools.product((*PARTS, "seg"), ("nii", "nii.gz")):
        content = nifti(labels()) if part == "seg" else image()
        (folder / f"Toy_{part}.{ending}").write_bytes(packed(content) if ending == "nii.gz" else content)
    return folder


def _decathlon(folder: Path, volumes: int = 4, cut: bool = False) -> Path:
    place = folder / "imagesTr"
    place.mkdir()
    content = packed(nifti(np.stack([values(seed=n) for n in range(volumes)], -1)))
    (place / "BRATS_001.nii.gz").write_bytes(content[: len(content) // 2] if cut else content)
    return place


def _other_grids(folder: Path) -> Path:
    place = case(folder, parts=("t1ce", "flair"))
    (place / "Toy_t1.nii").write_bytes(nifti(values(shape=(5, 30, 9))))
    (place / "Toy_t2.nii").write_bytes(nifti(values(), setting("srow_x", 400, 3)))
    return place


def _far_apart(folder: Path) -> Path:
    """A coarse grid of many voxels and a fine one: put onto each other they must not explode."""
    place = case(folder, parts=("t1ce",))
    (place / "Toy_t1.nii").write_bytes(nifti(values(), setting("srow_x", 900, 0)))
    (place / "Toy_t2.nii").write_bytes(nifti(values(), setting("srow_x", 0.002, 0)))
    return place


def _mixed(draw: random.Random) -> Iterator[Trial]:
    """Cases with several faults at once."""
    for number in range(250):
        yield Trial("several faults", str(number), partial(_spoilt, seed=draw.randrange(2**32)), open_case)


def _spoilt(folder: Path, seed: int) -> Path:
    draw = random.Random(seed)
    place = case(folder, name=draw.choice(_NAMES)[:80])
    for path in draw.sample(sorted(place.iterdir()), draw.randrange(1, 4)):
        raw = bytearray(path.read_bytes())
        what = draw.randrange(5)
        if what == 0:
            raw = raw[: draw.randrange(len(raw))]
        elif what == 1:
            for _ in range(draw.randrange(1, 30)):
                raw[draw.randrange(min(400, len(raw)))] = draw.randrange(256)
        elif what == 2:
            raw = bytearray(nifti(values(draw.choice(("uint8", "float64", "uint64")), (11, 10, 8))))
        elif what == 3:
            raw += draw.randbytes(100)
        else:
            path.unlink()
            os.mkfifo(path)
            continue
        path.write_bytes(raw)
    return place
