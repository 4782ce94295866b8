"""Case folders with links in circles, pipes and devices, what may not be read, and what changes while it is read."""

from __future__ import annotations

import itertools
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from brainseg_gui.imaging.cases import case_folder
from tests.fuzz.folder_parts import Read, case, image
from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import nifti, values
from tests.fuzz.reading import list_cohort, open_case, open_cohort, open_file, open_header, open_mask, open_volume, pair


def hazard_trials(draw: random.Random) -> Iterator[Trial]:
    """All families of this file."""
    yield from _links()
    yield from _special()
    yield from _permissions()
    yield from _meanwhile(draw)


def _links() -> Iterator[Trial]:
    """Links to themselves, in circles, to nothing, to everything."""
    targets = {
        "itself": "Toy_t1.nii", "nothing": "gone.nii", "the folder": ".", "above": "..", "the root": "/",
        "a pipe": "pipe", "a file": "Toy_t2.nii",
        "zero": "/dev/zero", "random": "/dev/urandom", "null": "/dev/null", "a terminal": "/dev/tty",
        "a process": "/proc/self/mem", "standard input": "/dev/stdin", "a long chain": "chain0",
    }  # fmt: skip
    reads = {
        "case": open_case,
        "cohort": open_cohort,
        "file": open_file,
        "volume": open_volume,
        "mask": open_mask,
        "pair": pair,
    }
    for (words, target), (kind, read) in itertools.product(targets.items(), reads.items()):
        yield Trial("links", f"to {words}, {kind}", partial(_linked, target=target, kind=kind), read)
    for words, write in (("two folders", _circle), ("a tree into itself", _tree), ("a thousand", _thousand_links)):
        for read in (open_case, open_cohort, list_cohort, pair):
            yield Trial("links", f"{words}, {read.__name__}", write, read)


def _linked(folder: Path, target: str, kind: str) -> Path:
    place = case(folder, parts=("t1ce", "t2"))
    os.mkfifo(place / "pipe")
    for number in range(60):
        (place / f"chain{number}").symlink_to(f"chain{number + 1}")
    (place / "Toy_t1.nii").symlink_to(target)
    (place / "deep").symlink_to(target)
    return place / "Toy_t1.nii" if kind in ("file", "volume", "mask") else place if kind == "case" else folder


def _circle(folder: Path) -> Path:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return folder


def _tree(folder: Path) -> Path:
    place = case(folder)
    for name in ("x", "y", "z"):
        (place / name).symlink_to("..")
    return folder


def _thousand_links(folder: Path) -> Path:
    place = case(folder)
    for number in range(1000):
        (place / f"Toy{number}_t1.nii").symlink_to("Toy_t1.nii")
    return place


def _special() -> Iterator[Trial]:
    """What is no file, under the name of one: opening a pipe would wait for ever."""
    kinds: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo, "a folder": os.mkdir, "a socket": _socket, "a link to a pipe": _link_to_pipe,
        "a device": _device,
    }  # fmt: skip
    names = ("Toy_t1.nii.gz", "Toy_t1ce.nii", "Toy_seg.nii.gz", "unnamed.nii.gz", "imagesTr.nii")
    reads: tuple[Read, ...] = (open_case, open_cohort, pair, open_file, open_volume, open_mask, open_header)
    for (words, make), name, read, alone in itertools.product(kinds.items(), names, reads, (True, False)):
        write = partial(_with_special, make=make, name=name, alone=alone, whole=read in (open_case, open_cohort, pair))
        yield Trial("pipes, sockets, devices", f"{words} as {name}, {read.__name__}, alone {alone}", write, read)


def _with_special(folder: Path, make: Callable[[Path], object], name: str, alone: bool, whole: bool) -> Path:
    if not alone:
        for part in ("t2", "flair"):
            (folder / f"Toy_{part}.nii").write_bytes(image())
    make(folder / name)
    return folder if whole else folder / name


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have 107 letters
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def _link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "the pipe")
    path.symlink_to("the pipe")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _permissions() -> Iterator[Trial]:
    """Folders and files that another user may not read, list or enter."""
    reads: tuple[Read, ...] = (open_case, open_cohort, list_cohort, pair)
    for mode, of_folder, read in itertools.product((0o000, 0o111, 0o222, 0o333, 0o444), (True, False), reads):
        write = partial(_forbidden, mode=mode, of_folder=of_folder, cohort=read is not open_case)
        words = f"{mode:03o} on {'the folder' if of_folder else 'a file'}, {read.__name__}"
        yield Trial("permissions", words, write, _as_nobody(read))
    for read in (open_file, open_volume, open_mask, open_header):
        yield Trial("permissions", f"a file, {read.__name__}", _forbidden_file, _as_nobody(read))


def _forbidden(folder: Path, mode: int, of_folder: bool, cohort: bool) -> Path:
    place = case(folder)
    os.chmod(folder, 0o755)
    os.chmod(place if of_folder else place / "Toy_t1ce.nii", mode)
    return folder if cohort else place


def _forbidden_file(folder: Path) -> Path:
    path = case(folder) / "Toy_t1ce.nii"
    path.chmod(0)
    return path


def _as_nobody(read: Read) -> Read:
    """Read without the rights of root, who may everything."""

    def as_nobody(path: Path) -> None:
        if os.geteuid() != 0:
            return read(path)
        os.seteuid(65534)
        try:
            return read(path)
        finally:
            os.seteuid(0)

    return as_nobody


def _meanwhile(draw: random.Random) -> Iterator[Trial]:
    """Files that vanish or change between being listed and being read, or while they are read."""
    for number in range(120):
        what = ("vanish", "shrink", "grow", "become a pipe", "become a folder", "become another")[number % 6]
        change = partial(_change, what=what, size=draw.randrange(0, 2000))
        read = _changing(change, after_listing=number % 2 == 0, seed=number)
        yield Trial("changes meanwhile", f"{number}: {what}", case, read)


def _changing(change: Callable[[Path], None], after_listing: bool, seed: int) -> Read:
    """Read a case while another thread changes its files, or after its files were listed."""

    def read(folder: Path) -> None:
        files = sorted(folder.iterdir())
        victim = files[seed % len(files)]
        if after_listing:
            with _after_listing(partial(change, victim)):
                return open_case(folder)
        other = threading.Thread(target=change, args=(victim,))
        other.start()
        try:
            return open_case(folder)
        finally:
            other.join()

    return read


class _after_listing:  # noqa: N801  a context
    """While it lasts, something happens between the listing of a folder and its reading."""

    def __init__(self, happen: Callable[[], None]) -> None:
        self._happen, self._source_of = happen, case_folder.source_of

    def __enter__(self) -> None:
        def source_of(*arguments: object) -> object:
            found = self._source_of(*arguments)  # type: ignore[arg-type]
            self._happen()
            return found

        case_folder.source_of = source_of  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        case_folder.source_of = self._source_of


def _change(path: Path, what: str, size: int) -> None:
    with suppress(OSError):
        if what == "shrink":
            os.truncate(path, size)
        elif what == "grow":
            with path.open("ab") as stream:
                stream.write(bytes(size))
        else:
            path.unlink()
            if what == "become a pipe":
                os.mkfifo(path)
            elif what == "become a folder":
                path.mkdir()
            elif what == "become another":
                path.write_bytes(nifti(values(shape=(4, 5, 6))))
