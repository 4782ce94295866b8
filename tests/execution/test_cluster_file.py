"""Files for ``--cluster``: plain data, of which nothing becomes a command."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution import clusters
from brainseg_gui.execution.cluster_file import KINDS, read_cluster_file

pytest.importorskip("yaml")

SLURM = """\
slurm:
  queue: normal
  cores: 2
  processes: 1
  memory: 8GB
  walltime: "04:00:00"
  job_extra_directives: ["--gres=gpu:1"]
jobs: 20
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "cluster.yaml"
    path.write_text(text)
    return path


def test_a_file_for_slurm(tmp_path: Path) -> None:
    found = read_cluster_file(_write(tmp_path, SLURM))
    assert (found.kind, found.jobs, found.address) == (KINDS["slurm"], 20, "")
    assert found.options["job_extra_directives"] == ["--gres=gpu:1"]
    assert found.options["walltime"] == "04:00:00"


def test_an_address_also_from_a_file_of_the_scheduler(tmp_path: Path) -> None:
    assert read_cluster_file(_write(tmp_path, "address: tls://host:8786")).address == "tls://host:8786"
    written = '{"type": "Scheduler", "id": "x", "address": "tcp://10.0.0.1:8786", "workers": {}}'
    assert read_cluster_file(_write(tmp_path, written)).address == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "slurm: {job_script_prologue: [rm -rf x]}",
            r"job_script_prologue .* Put it into your own ~/.config",
        ),
        ("slurm: {python: evil}", "python is not among"),
        ("slurm: {local_directory: '/tmp; touch evil'}", "local_directory is no number, plain word"),
        ("slurm: {queue: '$(touch evil)'}", "queue is no number, plain word"),
        ('slurm: {job_extra_directives: ["-p x\\ntouch evil"]}', "job_extra_directives is no number"),
        ("slurm: {queue: {a: b}}", "queue is no number, plain word"),
        ("slurm: !!python/object/apply:os.system [touch evil]", "it is not YAML"),
        ("a: &x [1]\nslurm: *x", "it has references"),
        ("slurm: {}\npbs: {}", "names no cluster, or several"),
        ("spark: {}", "spark is unknown"),
        ("slurm: [1]", "no names with values"),
        ("- 1", "no names with values"),
        ("slurm: {}\njobs: 0", "jobs is a number"),
        ("slurm: {}\nadapt: {minimum: x}", "minimum and maximum of adapt are numbers"),
        ("slurm: {}\nadapt: {every: 1}", "adapt has a minimum and a maximum"),
        ("slurm: {}\nadapt: {minimum: 3, maximum: 1}", "is below its minimum"),
        ("slurm: {}\nadapt: {maximum: 0}", "leaves no worker"),
        ("slurm: {}\njobs: 2\nadapt: {maximum: 9}", "jobs and adapt each say"),
        ("[" * 5000, "lists in lists"),
        ("a: [", "it is not YAML"),
    ],
)
def test_what_is_no_plain_description_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BrainsegError, match=sentence) as caught:
        read_cluster_file(_write(tmp_path, text))
    assert str(tmp_path / "cluster.yaml") in str(caught.value)


def test_a_missing_file_says_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(BrainsegError, match="Give local, an address such as tcp://host:8786, or a file"):
        read_cluster_file(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("more", "asked"), [("jobs: 20", ("scale", {"jobs": 20})), ("adapt: {maximum: 9}", ("adapt", {"maximum": 9}))]
)
def test_options_reach_the_cluster_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, asked: tuple[str, dict[str, int]]
) -> None:
    heard: list[Any] = []

    class Recorded:
        def __init__(self, **options: Any) -> None:
            heard.append(options)

        def scale(self, **count: int) -> None:
            heard.append(("scale", count))

        def adapt(self, **counts: int) -> None:
            heard.append(("adapt", counts))

    monkeypatch.setitem(sys.modules, "dask_jobqueue", SimpleNamespace(SLURMCluster=Recorded))
    file = _write(tmp_path, f"slurm: {{queue: q, cores: 2}}\n{more}\n")
    clusters._described_cluster(read_cluster_file(file), file)
    assert heard == [{"queue": "q", "cores": 2}, asked]


def test_a_package_that_takes_ctrl_c_for_itself_is_imported_in_any_thread_and_does_not_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As dask-jobqueue 0.9 does when it is imported."""
    (tmp_path / "greedy_jobqueue.py").write_text(
        "import signal, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(clusters._require, "greedy_jobqueue", "it").result()
    assert sys.modules.pop("greedy_jobqueue")
    clusters._require("greedy_jobqueue", "it")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1", "tcp://", "tls://127.0.0.1:8786", "ucx://127.0.0.1:8786", "inproc://x"]
)
def test_an_address_that_is_none_is_said_in_words(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a client is made: one that failed while it started hung for minutes when it was thrown away."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: pytest.fail("a client was made"))
    for where in (address, str(_write(tmp_path, f"address: {address}"))):
        sentence = f"{address} cannot be used as the address .* Write it as tcp://host:8786"
        with pytest.raises(BrainsegError, match=sentence), clusters.cluster_workers(where):
            pass
