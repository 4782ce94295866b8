"""The console's kernel, in the window's process and thread: it keeps nothing on the drive and always answers."""

from __future__ import annotations

import logging
import os
from queue import Empty
from typing import Any

from qtconsole.inprocess import QtInProcessKernelClient, QtInProcessKernelManager
from traitlets.config import Config

from brainseg_gui.errors import BrainsegError
from brainseg_gui.faults.scratch import scratch_folder

log = logging.getLogger(__name__)


class ConsoleClient(QtInProcessKernelClient):  # type: ignore[misc]
    """Asks the kernel, one request at a time.

    The kernel leaves a request without an answer where its handler fails, and the client of ipykernel raises then. A
    request that comes while another is at work (a line that opened a dialog, say) would be run in another thread, where
    nothing of the window may be touched.
    """

    _at_work = False

    def history(self, *_arguments: Any, **_words: Any) -> str:
        """Ask for no lines of earlier sessions: none are kept."""
        return ""

    def _dispatch_to_kernel(self, message: dict[str, Any]) -> None:
        if self._at_work:
            self._fail(message, "The line before is still at work")
            return
        self._at_work = True
        try:
            super()._dispatch_to_kernel(message)
        except Empty:
            log.warning("the console's kernel did not answer %s", message["header"]["msg_type"])
            self._fail(message, "The console could not run this; the log tells why")
        finally:
            self._at_work = False

    def _fail(self, message: dict[str, Any], sentence: str) -> None:
        """Give the prompt back; other requests can do without an answer."""
        if message["header"]["msg_type"] == "execute_request":
            said = {"status": "error", "ename": "", "evalue": sentence, "traceback": [sentence], "execution_count": 0}
            self.shell_channel.call_handlers_later(self.session.msg("execute_reply", said, parent=message))
            self.iopub_channel.call_handlers_later(self.session.msg("error", said, parent=message))


def start_kernel(names: dict[str, object]) -> tuple[QtInProcessKernelManager, ConsoleClient]:
    """A kernel that knows these names, and who asks it."""
    folder = scratch_folder()
    if folder is not None:
        os.environ.setdefault("IPYTHONDIR", str(folder / "ipython"))  # it would make one in the home folder
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # or its debugger prints words about itself
    quiet = Config(HistoryManager={"enabled": False}, InteractiveShell={"enable_tip": False})
    manager = QtInProcessKernelManager(config=quiet)
    manager.client_class = f"{__name__}.{ConsoleClient.__name__}"
    manager.start_kernel()
    kernel = manager.kernel
    kernel.gui = "qt"
    kernel.shell.banner1 = ""
    kernel.shell.set_custom_exc((BrainsegError,), _say)
    kernel.shell.push(names)
    client = manager.client()
    client.start_channels()
    return manager, client


def end_kernel(manager: QtInProcessKernelManager, client: ConsoleClient) -> None:
    """End it, and let its names go: IPython keeps one shell for a process."""
    client.stop_channels()
    shell = type(manager.kernel.shell)
    manager.shutdown_kernel()
    shell.clear_instance()


def _say(shell: Any, _kind: type, error: BaseException, _trace: object, tb_offset: int | None = None) -> list[str]:
    """What a person can mend is a sentence, without the way through the program."""
    shell._showtraceback(type(error), error, [str(error)])
    return [str(error)]
