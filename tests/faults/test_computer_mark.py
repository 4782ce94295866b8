"""Marks by which a computer is known again when its host name changed, and by which others are not taken for it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from brainseg_gui.faults import computer_mark
from brainseg_gui.faults.computer_mark import computer_marks, is_here

MACHINE, OTHER_MACHINE = "ab" * 16, "cd" * 16
MAC = "3c:52:82:0a:bc:01"
Marks = Callable[..., tuple[str, ...]]


@pytest.fixture
def marks_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Marks]:
    """The marks of a made-up computer: each call makes another one."""
    made: list[Path] = []

    def marks(
        boot: str = "one", machine: str = MACHINE, cards: Mapping[str, str] | None = None, namespace: str = "pid:[1]"
    ) -> tuple[str, ...]:
        root = tmp_path / f"{len(made)}"
        made.append(root)
        texts = {"proc/sys/kernel/random/boot_id": boot, "etc/machine-id": machine}
        for number, (address, kind) in enumerate((cards if cards is not None else {MAC: "0"}).items()):
            texts[f"sys/class/net/card{number}/address"] = address
            texts[f"sys/class/net/card{number}/addr_assign_type"] = kind
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(f"{text}\n")
        (root / "proc/self/ns").mkdir(parents=True)
        (root / "proc/self/ns/pid").symlink_to(namespace)
        monkeypatch.setattr(computer_mark, "_ROOT", root)
        computer_marks.cache_clear()
        return computer_marks()

    yield marks
    computer_marks.cache_clear()


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> list[bool]:
    return [a == b for a, b in zip(one, other, strict=True)]


def test_one_mark_is_of_this_start_and_one_of_the_machine(marks_of: Marks) -> None:
    first = marks_of()
    assert _same(first, marks_of()) == [True, True]
    assert _same(first, marks_of(boot="two")) == [False, True]


def test_computers_that_were_made_from_one_image_are_told_apart(marks_of: Marks) -> None:
    """Nodes of a cluster have the machine id of their image; a lock of a living neighbour must not be broken."""
    first = marks_of()
    assert _same(first, marks_of(boot="two", cards={"3c:52:82:0a:bc:02": "0"})) == [False, False]
    assert _same(first, marks_of(boot="two", machine=OTHER_MACHINE)) == [False, False]


@pytest.mark.parametrize(
    "cards",
    [{}, {"02:fc:00:00:00:01": "0"}, {MAC: "1"}, {MAC: "3"}, {"00:00:00:00:00:00": "0"}, {"no": "0"}, {"": "0"}],
    ids=["none", "local", "made up", "set", "loopback", "nonsense", "empty"],
)
def test_a_machine_id_alone_is_believed_nowhere(marks_of: Marks, cards: dict[str, str]) -> None:
    """Virtual machines and containers of one image differ in nothing else that is told."""
    assert len(marks_of(cards=cards)) == 1


@pytest.mark.parametrize("machine", ["", "uninitialized"])
def test_a_machine_without_an_id_has_none(marks_of: Marks, machine: str) -> None:
    assert len(marks_of(machine=machine)) == 1


def test_containers_of_one_computer_are_told_apart(marks_of: Marks) -> None:
    """They may share its machine id and its cards, and number their processes themselves."""
    assert _same(marks_of(), marks_of(namespace="pid:[2]")) == [False, False]


def test_a_mark_gives_no_machine_id_away(marks_of: Marks) -> None:
    assert not any(secret in mark for mark in marks_of() for secret in (MACHINE, MAC, "one"))


def test_a_computer_is_known_by_its_name_or_by_a_mark(marks_of: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = list(marks_of())
    monkeypatch.setattr(socket, "gethostname", lambda: "renamed")
    assert is_here("before", noted)
    marks_of(boot="two")
    assert is_here("before", noted)  # restarted, too
    marks_of(boot="two", machine=OTHER_MACHINE)
    assert not is_here("before", noted)
    assert is_here("renamed", noted)
    assert is_here("renamed")  # as older versions noted it


@pytest.mark.parametrize("noted", [None, 1, "", {}, [None, {}], [[]], ()])
def test_what_makes_no_sense_is_of_no_computer(marks_of: Marks, noted: object) -> None:
    assert marks_of()
    assert not is_here(noted, noted)


def test_a_system_without_proc_asks_sysctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sysctl").write_text('#!/bin/sh\n[ "$*" = "-n kern.bootsessionuuid" ] && echo B0075E55\n')
    (tmp_path / "sysctl").chmod(0o755)
    monkeypatch.setattr(computer_mark, "_ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    computer_marks.cache_clear()
    found = computer_marks()
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    computer_marks.cache_clear()
    assert (len(found), computer_marks()) == (1, ())
    computer_marks.cache_clear()


def test_where_there_is_proc_nothing_else_is_asked(marks_of: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process takes a while to start"))
    assert len(marks_of()) == 2
