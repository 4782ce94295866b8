from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from brainseg_gui.inference.engine.engine_process import EngineProcess
from brainseg_gui.inference.engine.environment import NETWORK_ENVIRONMENT, prepare_environment


@pytest.mark.parametrize("chosen", [None, "0"])
def test_a_process_of_its_own_takes_the_fast_convolutions_unless_a_person_says_no(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if chosen is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", chosen)
    process = EngineProcess()
    try:
        heard = psutil.Process(process.pid).environ()
    finally:
        process.kill()
    assert heard["TF_ENABLE_ONEDNN_OPTS"] == (chosen or "1")
    assert heard["OPENBLAS_NUM_THREADS"] == os.environ.get("OPENBLAS_NUM_THREADS", "1")


def test_tensorflow_is_told_before_it_is_imported_and_what_nobody_calls_can_be_imported_later() -> None:
    code = (
        "import sys; from brainseg_gui.inference.engine.environment import prepare_environment; prepare_environment();"
        "from brainseg_gui.inference.network.keras_import import import_keras; import_keras();"
        "from tensorflow.python.util import _pywrap_util_port as port; print(port.IsMklEnabled());"
        "print('matplotlib' in sys.modules, 'sklearn' in sys.modules); import matplotlib; print(matplotlib.__name__)"
    )
    environment = {name: value for name, value in os.environ.items() if name not in NETWORK_ENVIRONMENT}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=200)
    assert done.stdout.split() == ["True", "False", "False", "matplotlib"]


def test_what_is_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    prepare_environment()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"
