"""The file that describes a cluster: YAML of names and numbers, for dask-jobqueue, dask-kubernetes, or an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError, listed
from brainseg_gui.plain_files import read_text, visible

_LARGEST_BYTES = 65536
_DEEPEST = 8
# dask-jobqueue writes what it is given into a job's script as it stands: no name that is a command, no sign of a shell.
_OF_JOBS = frozenset(
    (
        *("queue", "account", "project", "cores", "processes", "memory", "walltime", "name", "job_name"),
        *("interface", "local_directory", "log_directory", "death_timeout", "nanny", "protocol", "config_name"),
        *("job_extra_directives", "job_directives_skip", "job_cpu", "job_mem", "ncpus", "mem", "resource_spec"),
        *("lsf_units", "use_stdin", "disk", "shared_temp_directory"),
    )
)
_OF_PODS = frozenset(("name", "namespace", "image", "n_workers", "worker_command_timeout", "resource_timeout"))
_PLAIN = re.compile(r"[\w./:=,@%+\[\]\- ]*")


@dataclass(frozen=True)
class ClusterKind:
    """A kind of cluster.

    Parameters
    ----------
    maker
        Module and class.
    package
        What to install for it.
    counted
        What its method `scale` calls the number of jobs or workers.
    options
        What it may be given.
    """

    maker: tuple[str, str]
    package: str = "dask-jobqueue"
    counted: str = "jobs"
    options: frozenset[str] = _OF_JOBS


KINDS = {
    "slurm": ClusterKind(("dask_jobqueue", "SLURMCluster")),
    "pbs": ClusterKind(("dask_jobqueue", "PBSCluster")),
    "lsf": ClusterKind(("dask_jobqueue", "LSFCluster")),
    "sge": ClusterKind(("dask_jobqueue", "SGECluster")),
    "htcondor": ClusterKind(("dask_jobqueue", "HTCondorCluster")),
    "kubernetes": ClusterKind(("dask_kubernetes.operator", "KubeCluster"), "dask-kubernetes", "n", _OF_PODS),
}


@dataclass(frozen=True)
class ClusterFile:
    """What a file says.

    Parameters
    ----------
    address
        Of a scheduler that runs; then there is nothing else.
    kind, options
        Which cluster to make, and what it is given.
    jobs
        How many jobs, or workers of Kubernetes.
    adapt
        How many at least and at most, instead.
    """

    address: str = ""
    kind: ClusterKind = KINDS["slurm"]
    options: Mapping[str, Any] = field(default_factory=dict)
    jobs: int = 1
    adapt: Mapping[str, int] = field(default_factory=dict)


def read_cluster_file(path: Path) -> ClusterFile:
    """Read a file for ``--cluster``; nothing in it is ever executed here.

    Raises
    ------
    BrainsegError
        If it cannot be read, or says what is unknown; says what.
    """
    content = _yaml_of(path)
    if isinstance(address := content.get("address"), str):  # also a scheduler file of Dask's own
        return ClusterFile(address)
    kinds = [name for name in content if name in KINDS]
    unknown = sorted(str(name) for name in set(content) - {*KINDS, "jobs", "adapt"})
    if len(kinds) != 1 or unknown:
        what = f"{visible(unknown[0])} is unknown" if unknown else "it names no cluster, or several"
        raise BrainsegError(what, f"Give an address, or one of {listed(sorted(KINDS))}", path)
    options = content[kinds[0]] or {}
    _check_options(options, KINDS[kinds[0]], path)
    jobs, adapt = content.get("jobs", 1), content.get("adapt") or {}
    if not _is_count(jobs) or not isinstance(adapt, dict) or not {*adapt} <= {"minimum", "maximum"}:
        raise BrainsegError(
            "jobs is a number, adapt has a minimum and a maximum", "Correct them, as docs/cluster.md shows", path
        )
    if not all(_is_count(value, least=0) for value in adapt.values()):
        raise BrainsegError("minimum and maximum of adapt are numbers", "Correct them", path)
    if adapt and "jobs" in content:
        raise BrainsegError("jobs and adapt each say how many workers there are", "Give one of them", path)
    if "maximum" in adapt and adapt["maximum"] < max(adapt.get("minimum", 0), 1):
        raise BrainsegError("the maximum of adapt leaves no worker, or is below its minimum", "Correct them", path)
    return ClusterFile("", KINDS[kinds[0]], options, jobs, adapt)


def _yaml_of(path: Path) -> dict[str, Any]:
    import yaml

    try:
        text = read_text(path, _LARGEST_BYTES)
        _check_shape(text, path)
        content = yaml.safe_load(text)
    except OSError as error:
        what = f"it is no file that describes a cluster ({error.strerror or error})"
        raise BrainsegError(what, "Give local, an address such as tcp://host:8786, or a file", path) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BrainsegError(f"it is not YAML ({visible(str(error), 200)})", "Correct it", path) from error
    if not isinstance(content, dict):
        raise BrainsegError("it holds no names with values", "See docs/cluster.md", path)
    return content


def _check_shape(text: str, path: Path) -> None:
    """Refuse references, and what is nested deeply: YAML takes minutes for it."""
    import yaml

    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            raise BrainsegError("it has references, or lists in lists in lists", "Write it as docs/cluster.md", path)


def _check_options(options: Any, kind: ClusterKind, path: Path) -> None:
    if not isinstance(options, dict):
        raise BrainsegError("the options of the cluster are no names with values", "See docs/cluster.md", path)
    for name, value in options.items():
        if name not in kind.options:
            raise BrainsegError(
                f"{visible(str(name))} is not among what such a file may say",
                "Put it into your own ~/.config/dask/jobqueue.yaml, above all what is a command",
                path,
            )
        if not all(_is_plain(part) for part in (value if isinstance(value, list) else [value])):
            raise BrainsegError(f"{name} is no number, plain word or list of them", "Correct it", path)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _PLAIN.fullmatch(value) is not None
    return value is None or isinstance(value, (int, float))


def _is_count(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
