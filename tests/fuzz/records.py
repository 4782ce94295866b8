"""Every bad file that is no image and no model, for `measure`: what the program writes and reads again.

Run folders, presets, checkpoints, journals, lists of cases, results, settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.fuzz import checkpoint_records, journal_records, list_records, run_records, settings_records
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import BAD_VALUES, spoiled_bytes, spoiled_values

Content = bytes | Callable[[], bytes]
_LINES = 1_000_000
_CHECKPOINT = "step-000000007.npz"


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 6,000 inputs, the same for the same seed."""
    good = Trial("good", "a run in order", _run(run_records.events()), run_records.follow_run)
    return (good, *_events(seed), *_configs(seed), *_journals(seed), *_lists(seed), *_checkpoints(seed),
            *_results(seed), *_settings(seed), *_strange_files())  # fmt: skip


def _events(seed: int) -> Iterator[Trial]:
    lines = run_records.event_list()
    for name, content in spoiled_bytes(run_records.events(), seed, cuts=100, flips=300):
        yield Trial("events.jsonl, bytes", name, _run(content), run_records.follow_run, named=False)
    for name, make in spoiled_values(lines):
        yield Trial("events.jsonl, values", name, _run(partial(_lines_of, make)), run_records.follow_run, named=False)
    step = json.dumps(lines[7]).encode() + b"\n"
    large = {
        "a line of 64 MiB": (lambda: b'{"event": "' + b"x" * 2**26, 2**24),
        "a line of 64 MiB, and then events": (lambda: b"x" * 2**26 + b"\n" + run_records.events(), 2**24),
        "64 MiB of blank lines": (lambda: b"\n" * 2**26, 2**24),
        "a million steps": (
            lambda: b"".join(step.replace(b'"step": 1', b'"step": %d' % n) for n in range(_LINES)), 2**27),
        "a million times one step": (lambda: step * _LINES, 2**27),
        "100,000 metrics": (
            lambda: _lines_of(lambda: [run_records.epoch({f"m{n}": 0.5 for n in range(20_000)})] * 5), 2**25),
    }  # fmt: skip
    for name, (make, size) in large.items():
        yield Trial("events.jsonl, large", name, _run(make), run_records.follow_run, size, named=False)


def _configs(seed: int) -> Iterator[Trial]:
    text = run_records.config_text()
    for name, content in spoiled_bytes(text.encode(), seed, cuts=100, flips=300):
        yield Trial("config.toml, bytes", name, _file("config.toml", content), run_records.read_preset_file)
    for place, line in enumerate(text.splitlines()):
        key, equals, _ = line.partition(" = ")
        for value in _TOML_VALUES if equals else ():
            changed = text.replace(f"\n{line}\n", f"\n{key} = {value}\n")
            name = f"line {place}: {key} = {value[:40]}"
            yield Trial(
                "config.toml, values", name, _file("config.toml", changed.encode()), run_records.read_preset_file
            )


_TOML_VALUES = ("true", "-1", "0", "1e400", "nan", "inf", "-inf", "9" * 400, "9" * 5000, '""', '"a\\u0000b"',
                '"\\u001b[2J"', "[]", "[1, 2, 3]", '["a"]', "{}", "{a = 1}", "1979-05-27", "'" + "x" * 10_000 + "'",
                "[" * 2000 + "]" * 2000)  # fmt: skip


def _journals(seed: int) -> Iterator[Trial]:
    raw = journal_records.journal_bytes()
    for name, content in spoiled_bytes(raw, seed, cuts=150, flips=300):
        yield Trial("journals, bytes", name, _file("a.journal", content), journal_records.read_journal)
    for name, content in spoiled_bytes(raw, seed + 1, cuts=0, flips=300):
        mended = partial(journal_records.with_sums, content)
        yield Trial("journals, with right checksums", name, _file("a.journal", mended), journal_records.read_journal)
    for name, make in spoiled_values(journal_records.journal_header()):
        content = partial(_journal_of, make)
        yield Trial("journals, headers", name, _file("a.journal", content), journal_records.read_journal)
    for name, make in spoiled_values(journal_records.journal_edit()):
        content = partial(_journal_with, make)
        yield Trial("journals, edits", name, _file("a.journal", content), journal_records.read_journal)


def _lists(seed: int) -> Iterator[Trial]:
    text = list_records.case_list()
    for name, content in spoiled_bytes(text, seed, cuts=100, flips=300):
        yield Trial("brainseg-cases.csv", name, _file("brainseg-cases.csv", content), list_records.read_case_list)
    texts = [value for value in BAD_VALUES.values() if isinstance(value, str)]
    times = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-01", "1e9", "2026-13-01T00:00:00")
    for value in (*texts, *times, "a" * 200_000):
        for column in range(5):
            row = ["case", "done", "", "2026-03-01T09:30:00+00:00", "anna"]
            row[column] = value
            content = partial(list_records.case_row, row)
            name = f"column {column} = {value[:40]!a}"
            yield Trial("brainseg-cases.csv", name, _file("brainseg-cases.csv", content), list_records.read_case_list)
    many = partial(list_records.many_cases, 100_000)
    file = _file("brainseg-cases.csv", many)
    yield Trial("brainseg-cases.csv", "100,000 cases", file, list_records.read_case_list, 2**27)
    again = _file("brainseg-cases.csv", partial(list_records.many_cases, 1))
    yield Trial("brainseg-cases.csv", "one case 100,000 times", again, list_records.read_case_list, 2**25)


def _checkpoints(seed: int) -> Iterator[Trial]:
    raw = checkpoint_records.checkpoint()
    for name, content in spoiled_bytes(raw, seed, cuts=100, flips=300):
        file = _file(_CHECKPOINT, content)
        yield Trial("checkpoints, bytes", name, file, checkpoint_records.read_checkpoint, named=False)
    for name, make in checkpoint_records.checkpoint_tricks().items():
        file = _file(_CHECKPOINT, make)
        yield Trial("checkpoints, tricks", name, file, checkpoint_records.read_no_checkpoint, 2**24, named=False)
    for name, make in spoiled_values(checkpoint_records.position()):
        file = _file(_CHECKPOINT, partial(_checkpoint_of, make))
        yield Trial("checkpoints, values", name, file, checkpoint_records.read_checkpoint, named=False)


def _results(seed: int) -> Iterator[Trial]:
    report = list_records.report()
    text = json.dumps(report).encode()
    for name, content in spoiled_bytes(text, seed, cuts=60, flips=150):
        yield Trial("results", name, _file("results.json", content), list_records.read_results, 2**24)
        yield Trial("results, half done", name, _file("results.jsonl", content), list_records.read_partial)
    for name, make in spoiled_values(report):
        yield Trial("results", name, _file("results.json", partial(_json, make)), list_records.read_results, 2**24)


def _settings(seed: int) -> Iterator[Trial]:
    ours = settings_records
    kinds = {
        "settings.json": (ours.settings(), ours.settings_tricks(), ours.read_settings),
        "settings.ini": (ours.old_settings(), ours.old_settings_tricks(), ours.read_old_settings),
    }
    for file, (text, tricks, read) in kinds.items():
        for name, content in (*spoiled_bytes(text, seed, cuts=60, flips=200), *tricks.items()):
            yield Trial(file, name, _file(file, content), read, 2**23, named=False)
    for name, make in spoiled_values(settings_records.SETTINGS):
        file = _file("settings.json", partial(_json, make))
        yield Trial("settings.json, values", name, file, settings_records.read_settings, 2**23, named=False)


def _strange_files() -> Iterator[Trial]:
    """Pipes, folders, devices and links in the place of a file."""
    readers = {
        "config.toml": run_records.read_preset_file, "a.journal": journal_records.read_journal,
        "brainseg-cases.csv": list_records.read_case_list, "step-000000007.npz": checkpoint_records.read_no_checkpoint,
        "results.json": list_records.read_results, "results.jsonl": list_records.read_partial,
    }  # fmt: skip
    makers: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo, "a folder": lambda path: path.mkdir(), "a loop": lambda path: path.symlink_to(path.name),
        "/dev/zero": lambda path: path.symlink_to("/dev/zero"), "1 TiB of nothing": _sparse,
    }  # fmt: skip
    for file, read in readers.items():
        for name, make in makers.items():
            yield Trial("strange files", f"{file} is {name}", _made(file, make), read)


# writing


def _made(name: str, make: Callable[[Path], object]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        make(folder / name)
        return folder / name

    return write


def _file(name: str, content: Content) -> Callable[[Path], Path]:
    return _made(name, lambda path: path.write_bytes(content if isinstance(content, bytes) else content()))


def _run(content: Content) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "config.toml").write_text(run_records.config_text())
        (folder / "log.txt").write_bytes(b"\x1b[31mred\x1b[0m\n" + b"x" * 100_000)
        (folder / "events.jsonl").write_bytes(content if isinstance(content, bytes) else content())
        return folder

    return write


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**40)


def _lines_of(make: Callable[[], Any]) -> bytes:
    value = make()
    return b"".join(json.dumps(line).encode() + b"\n" for line in value)


def _json(make: Callable[[], Any]) -> bytes:
    return json.dumps(make()).encode()


def _journal_of(make: Callable[[], Any]) -> bytes:
    return journal_records.journal_with(make(), journal_records.journal_edit())


def _journal_with(make: Callable[[], Any]) -> bytes:
    return journal_records.journal_with(journal_records.journal_header(), make())


def _checkpoint_of(make: Callable[[], Any]) -> bytes:
    return checkpoint_records.checkpoint(make())
