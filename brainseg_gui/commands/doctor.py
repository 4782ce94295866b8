"""``brainseg doctor``: what the program finds on this machine, and what to do about what it misses."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from brainseg_gui.commands.system_libraries import FONTS_SENTENCE, fonts_installed, missing_libraries, platform_plugin
from brainseg_gui.errors import printable
from brainseg_gui.processor import described_processor, has_bfloat16, is_faster_in_bfloat16

OK, ADVICE, PROBLEM = "ok", "advice", "problem"
_MARKS = {OK: "✓", ADVICE: "!", PROBLEM: "✗"}
_WORDS = {OK: "", ADVICE: "note: ", PROBLEM: "problem: "}
_FORBIDDEN_QT = "6.12.0"
_ENOUGH_MEMORY_GIB = 8
_REINSTALL = "Install it again, in its own folder: make run, or pip install -c constraints.txt ."
_IMPORT_NETWORK = (
    "import keras, tensorflow as tf; "
    "print(f'Keras on {keras.backend.backend()}, {len(tf.config.list_physical_devices(\"GPU\"))} GPU')"
)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    subject
        What was looked at.
    text
        What was found.
    state
        ``ok``, ``advice`` (works, but see the remedy) or ``problem`` (the program cannot run).
    remedy
        What to do, a full sentence; empty when all is well.
    """

    subject: str
    text: str
    state: str = OK
    remedy: str = ""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor`` to the command line."""
    parser = subparsers.add_parser("doctor", help="say what is installed, what is missing and what to do")
    parser.add_argument("--full", action="store_true", help="also start TensorFlow and ask it for its devices")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--check-window", action="store_true", help="only say which system libraries a window misses")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 when the program can run, else 1."""
    if args.check_window:
        return _check_window()
    findings = examine(full=args.full)
    report = json.dumps([asdict(finding) for finding in findings], indent=1) if args.json else as_text(findings)
    sys.stdout.write(report + "\n")
    return int(any(finding.state == PROBLEM for finding in findings))


def examine(*, full: bool = False) -> list[Finding]:
    """Look at everything that the program needs; ``full`` also starts TensorFlow in a process of its own."""
    return [
        _python(),
        Finding("brainseg", _version_of("brainseg") or "run from a folder, not installed"),
        _qt(),
        _display(),
        *_libraries(),
        _fonts(),
        *_network(full=full),
        _gpu(),
        _bfloat16(),
        _machine(),
        _models(),
        *_folders(),
    ]


def as_text(findings: list[Finding]) -> str:
    """The report in two aligned columns, each remedy below its line."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        mark, word = _MARKS[finding.state], _WORDS[finding.state]
        lines.append(f"{mark} {finding.subject:<{width}}  {word}{printable(finding.text)}")
        if finding.remedy:
            lines.append(f"  {'':<{width}}  {finding.remedy}")
    return "\n".join(lines)


def _check_window() -> int:
    plugin = platform_plugin(os.environ)
    if plugin == "offscreen" and not os.environ.get("QT_QPA_PLATFORM"):
        return 0  # no display, so no window: the program works without one and says so
    sentences = [library.sentence for library in missing_libraries(plugin)]
    sys.stdout.writelines(f"{sentence}\n" for sentence in sentences)
    return int(bool(sentences))


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _python() -> Finding:
    return Finding("Python", f"{platform.python_version()} at {sys.executable}")


def _qt() -> Finding:
    found = _version_of("PySide6-Essentials")
    if not found:
        return Finding("Qt", "PySide6-Essentials is not installed", PROBLEM, _REINSTALL)
    text = f"PySide6 {found}"
    if found == _FORBIDDEN_QT:
        remedy = "This version ends the program after about a thousand slices: pip install 'PySide6-Essentials<6.12'."
        return Finding("Qt", text, PROBLEM, remedy)
    try:
        from PySide6 import QtWidgets  # noqa: F401  whether it loads is the question
    except ImportError as error:
        return Finding("Qt", f"{text} does not load ({error})", PROBLEM, "Install the system libraries named below.")
    return Finding("Qt", text)


def _display() -> Finding:
    plugin = platform_plugin(os.environ)
    if plugin != "offscreen":
        names = [f"{name}={value}" for name in ("DISPLAY", "WAYLAND_DISPLAY") if (value := os.environ.get(name))]
        return Finding("Display", ", ".join([f"windows are drawn by {plugin}", *names]))
    if os.environ.get("QT_QPA_PLATFORM"):
        return Finding("Display", "offscreen, as QT_QPA_PLATFORM says", ADVICE, "Unset it to see windows.")
    return Finding("Display", "none; the command line works without one", ADVICE, "Windows need a desktop, or Xvfb.")


def _libraries() -> Iterator[Finding]:
    missing = missing_libraries(platform_plugin(os.environ))
    for library in missing:
        yield Finding("System library", f"{library.soname} is missing", PROBLEM, library.sentence.split(". ", 1)[1])
    if not missing:
        yield Finding("System libraries", "all that Qt needs here")


def _fonts() -> Finding:
    if fonts_installed():
        return Finding("Fonts", "found")
    text, remedy = FONTS_SENTENCE.split(". ", 1)
    return Finding("Fonts", text, ADVICE, remedy)


def _network(*, full: bool) -> Iterator[Finding]:
    for name in ("TensorFlow", "Keras"):
        found = _version_of(name.lower())
        yield Finding(name, found) if found else Finding(name, "not installed", PROBLEM, _REINSTALL)
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        yield Finding("Keras backend", backend, ADVICE, "brainseg uses TensorFlow; unset KERAS_BACKEND.")
    if full:
        yield _start_network()


def _start_network() -> Finding:
    """Import TensorFlow in a process of its own: on an old processor the import ends the process."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-c", _IMPORT_NETWORK]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return Finding("Network", "TensorFlow did not start within five minutes", PROBLEM, _REINSTALL)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"])[-1]
        return Finding("Network", f"TensorFlow does not start: {last}", PROBLEM, _REINSTALL)
    return Finding("Network", done.stdout.strip())


def _gpu() -> Finding:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Finding("GPU", "none found (no nvidia-smi); the processor is used")
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        remedy = "The processor is used; repair the NVIDIA driver to use the GPU."
        return Finding("GPU", "nvidia-smi fails", ADVICE, remedy)
    text = "; ".join(done.stdout.strip().splitlines())
    if not (_version_of("nvidia-cudnn-cu12") or _version_of("nvidia-cudnn-cu13")):
        remedy = "TensorFlow's GPU libraries are missing: pip install -c constraints.txt '.[gpu]' in brainseg's folder."
        return Finding("GPU", text, ADVICE, remedy)
    return Finding("GPU", text)


def _bfloat16() -> Finding:
    description = described_processor()
    if not description:
        return Finding("bfloat16", "not known on this system; float32 is used on the processor")
    if is_faster_in_bfloat16(description):
        return Finding("bfloat16", "the processor is fast in it: the network runs about twice as fast")
    if has_bfloat16(description):
        return Finding("bfloat16", "the processor has it, but is no faster in it: the network runs in float32")
    return Finding("bfloat16", "the processor lacks it: the network runs in float32")


def _machine() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    total, free = memory.total / 2**30, memory.available / 2**30
    text = f"{total:.1f} GiB memory ({free:.1f} GiB free), {os.cpu_count()} cores"
    if total < _ENOUGH_MEMORY_GIB:
        return Finding("Machine", text, ADVICE, "Large cases will be segmented in smaller windows, which is slower.")
    return Finding("Machine", text)


def _models() -> Finding:
    folder = files("brainseg_gui.resources").joinpath("models")
    names = []
    for child in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        passport = child.joinpath("model.json")
        if passport.is_file():
            facts = json.loads(passport.read_text("utf-8"))
            names.append(f"{facts['name']} {facts['version']}")
    if not names:
        return Finding("Models", "none is shipped", ADVICE, "Segment needs a model folder: choose one with --model.")
    return Finding("Models", ", ".join(names))


def _folders() -> Iterator[Finding]:
    from platformdirs import user_cache_path, user_config_path

    from brainseg_gui.faults.log_file import log_path

    yield Finding("Log", str(log_path()))
    for subject, folder in (
        ("Settings folder", user_config_path("brainseg")),
        ("Cache folder", user_cache_path("brainseg")),
    ):
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if os.access(existing, os.W_OK):
            yield Finding(subject, str(folder))
        else:
            yield Finding(
                subject, f"{folder} is not writable", ADVICE, "Nothing will be remembered; see its permissions."
            )
