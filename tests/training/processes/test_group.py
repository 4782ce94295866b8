"""What processes of one run tell each other, here as threads."""

from __future__ import annotations

import json
import queue
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from training.errors import TrainingError
from training.processes import group, meeting
from training.processes.group import Follower, Leader, Peer
from training.processes.meeting import gather, join, open_doors
from training.processes.place import Place
from training.processes.turn import in_turn

Said = queue.SimpleQueue[tuple[str, str]]
WAIT_S = 20


class Trio:
    """Process 0 and two that follow it, and what their threads were told."""

    def __init__(self) -> None:
        self.said: Said = queue.SimpleQueue()
        server, self.place = open_doors(Place(0, 3))
        with server, ThreadPoolExecutor() as pool:
            waiting = [pool.submit(join, Place(rank, 3, "127.0.0.1", self.place.port), "key") for rank in (1, 2)]
            peers = gather(server, self.place, "key", lambda: None)
            self.leader = Leader(self.place, peers, lambda words: self.said.put(("leader", words)))
            self.followers = [self._follower(rank, peer.result()) for rank, peer in enumerate(waiting, start=1)]

    def _follower(self, rank: int, leader: Peer) -> Follower:
        def told(words: str) -> None:
            self.said.put((f"follower {rank}", words))

        return Follower(Place(rank, 3, "127.0.0.1", self.place.port), leader, told, told)

    def vanish(self, rank: int) -> None:
        """As a process that is killed: the system closes what it held."""
        if rank == 0:
            self.leader._ending.acquire(blocking=False)  # the dead say no more
        held = self.leader._peers.values() if rank == 0 else [self.followers[rank - 1]._leader]
        for peer in held:
            peer.lines.close()

    def hears(self, count: int) -> set[tuple[str, str]]:
        return {self.said.get(timeout=WAIT_S) for _ in range(count)}


@pytest.fixture
def trio() -> Iterator[Trio]:
    made = Trio()
    yield made
    for rank in range(3):
        made.vanish(rank)


def test_what_process_0_decides_reaches_all_in_order(trio: Trio) -> None:
    for value in ("", "stopped", ["a", "ü"], None, True):
        assert trio.leader.agree(value) == value
        assert [follower.agree("own") for follower in trio.followers] == [value, value]


def test_the_end_of_a_process_ends_the_others_and_is_named(trio: Trio) -> None:
    trio.vanish(2)
    heard = dict(trio.hears(3))
    assert heard["leader"].startswith("process 2 of 3 (")
    assert heard["leader"].endswith("ended without a word")
    assert heard["follower 1"] == "failed"


def test_a_process_that_cannot_go_on_says_why(trio: Trio) -> None:
    trio.followers[0].fail("the drive is full")
    heard = dict(trio.hears(3))
    assert heard["leader"].startswith("process 1 of 3 (")
    assert heard["leader"].endswith("cannot go on: the drive is full")
    assert heard["follower 2"] == "failed"


def test_the_end_of_process_0_is_seen_by_all(trio: Trio) -> None:
    trio.vanish(0)
    heard = dict(trio.hears(2))
    for rank in (1, 2):
        assert heard[f"follower {rank}"].startswith("process 0 of 3 (")


def test_an_end_that_was_decided_is_no_loss(trio: Trio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "_FAREWELL_S", 0.01)  # these followers are threads, and do not go away
    trio.leader.close("ended")
    assert trio.hears(2) == {("follower 1", "ended"), ("follower 2", "ended")}
    trio.vanish(1)
    trio.vanish(2)
    trio.leader.wait_for_loss(WAIT_S)
    assert trio.said.empty()


def test_strangers_are_no_processes_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "GATHERED_WITHIN_S", 0.5)
    server, place = open_doors(Place(0, 2))
    with server, ThreadPoolExecutor() as pool:
        gathering = pool.submit(gather, server, place, "key", lambda: None)
        for hello in (b"GET / HTTP/1.1\n", b"[1]\n", json.dumps({"rank": 5, "run": "key"}).encode() + b"\n"):
            with socket.create_connection((place.host, place.port)) as stranger:
                stranger.sendall(hello)
                assert stranger.recv(100) == b""
        with pytest.raises(TrainingError, match=r"trains another run.*same run folder"):
            join(Place(1, 2, place.host, place.port), "another key")
        with pytest.raises(TrainingError, match="process 1 of 2 did not come within"):
            gathering.result(WAIT_S)


def test_all_have_to_find_the_same(trio: Trio) -> None:
    assert in_turn(trio.leader, lambda: ["a", "b"], list, "cases") == ["a", "b"]
    assert in_turn(trio.followers[0], lambda: ["a", "b"], list, "cases") == ["a", "b"]
    with pytest.raises(TrainingError, match="process 2 of 3 finds other cases than process 0"):
        in_turn(trio.followers[1], lambda: ["a"], list, "cases")
