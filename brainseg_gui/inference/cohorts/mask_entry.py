"""What the manifest of a run has to do with one case: its mask may be there already, and one that is made is entered.

The files are hashed in the process that reads them, and the entry is written before the mask gets its name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.execution.claim import stands
from brainseg_gui.execution.manifest import Entry, ManifestWriter, read_manifest
from brainseg_gui.imaging.file_mark import Stamp, mark_of, stamp_of
from brainseg_gui.inference.cohorts.case_record import CaseRecord, inputs_of
from brainseg_gui.storage.writing import await_content


class AbandonedError(BrainsegError):
    """The run that asked for a case has ended, or its files change meanwhile."""


class MaskEntry:
    """The mask of one case in the manifest of its run.

    Parameters
    ----------
    task
        The case, with what the manifest told of it when the run began.
    """

    def __init__(self, task: CaseRecord) -> None:
        self.task = task
        self._before: Mapping[Path, Stamp] = {}
        self._replaces_ours = False

    def made(self) -> dict[str, Any] | None:
        """What was told of the mask that is there, where it is the one that this run would make."""
        return self._made_by(self.task.entries)

    def made_meanwhile(self) -> dict[str, Any] | None:
        """As `made`, where another client may have made it since the run began, or be naming it just now."""
        await_content(self.task.job.output)
        return self._made_by(read_manifest(self.task.settings.results, self.task.result).get(self.task.result, []))

    def may_replace(self) -> bool:
        """Whether the mask that is there, if any, is one that a run made, and nobody changed since."""
        self._replaces_ours = self._is_ours()
        return self._replaces_ours

    def begin(self) -> None:
        """Remember the files of the case as they are before they are read.

        Raises
        ------
        CaseError
            If one cannot be looked at.
        """
        self._before = self._stamps()

    def enter(self, mask: Path, doubts: Sequence[str] = ()) -> None:
        """Enter a mask into the manifest that has not its name yet.

        Parameters
        ----------
        doubts
            What may be wrong with it: told again as long as it is there.

        Raises
        ------
        AbandonedError
            If it must not get it.
        """
        output = self.task.job.output
        inputs = {str(path): mark_of(path) for path in self._before}
        if self._stamps() != self._before:
            folder = self.task.source.folder
            raise AbandonedError("its images are being written", "Segment it when they are whole", folder)
        if not stands(self.task.settings.claim):
            raise AbandonedError("the run that asked for it has ended; nothing was written", "", output)
        if self._replaces_ours and not self.task.settings.overwrite and not self._is_ours():
            raise AbandonedError("somebody changed it meanwhile", "Give --overwrite, or move it away", output)
        reply: dict[str, Any] = {"case": self.task.source.case_id, "output": str(output)}
        if doubts:
            reply["doubts"] = list(doubts)
        self._append(Entry(self.task.result, self.task.key, inputs, mark_of(mask), reply))

    def _made_by(self, entries: Sequence[Entry]) -> dict[str, Any] | None:
        output, key = self.task.job.output, self.task.key
        inputs = _inputs(self.task) if entries else []
        for entry in entries:
            if entry.is_current(key, inputs, output):
                if not entry.looks_current(key, inputs, output):
                    with contextlib.suppress(OSError):  # the next call reads the files once more
                        self._append(entry.with_times_of_now(output))
                return {**entry.reply, "known": True}
        return None

    def _is_ours(self) -> bool:
        return any(entry.made_now(self.task.job.output) for entry in self.task.entries)

    def _stamps(self) -> dict[Path, Stamp]:
        try:
            return {path: stamp_of(path) for path in inputs_of(self.task.source)}
        except OSError as error:
            reason = f"a file of the case cannot be read ({error.strerror})"
            raise CaseError(reason, "Check the case", Path(str(error.filename))) from error

    def _append(self, entry: Entry) -> None:
        _writer(self.task.settings.results).append(entry)


def _inputs(task: CaseRecord) -> list[Path]:
    """Files of a case; none where they cannot be listed, so that nothing is current: whoever reads it says more."""
    try:
        return inputs_of(task.source)
    except OSError:
        return []


@cache
def _writer(results: Path) -> ManifestWriter:
    return ManifestWriter(results)
