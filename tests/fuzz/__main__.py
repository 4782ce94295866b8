"""``make fuzz``: every bad input is read, and the table says what became of them.

``python -m tests.fuzz`` reads everything, ``python -m tests.fuzz images --count 600`` a sample of one module. With
``--log FILE`` a run that was cut off goes on where it stopped, as long as the code is the same.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.measure import Result, measure, sampled
from tests.fuzz.results_log import ResultsLog, code_digest

MODULES = (
    "images",
    "other_formats",
    "dicom",
    "dicom_masks",
    "visits",
    "preparations",
    "exports",
    "folders",
    "models",
    "records",
    "networks",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the inputs, print the table and every fault; 1 if there is any."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("modules", nargs="*", default=[], help=f"of {', '.join(MODULES)}; all when none is named")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=0, help="a sample of about so many of each module; 0: all")
    parser.add_argument("--family", default="", help="only families whose name holds this")
    parser.add_argument("--log", type=Path, help="keeps results as they come, and what it holds is not read again")
    parser.add_argument("--sentences", action="store_true", help="print every refusal, too")
    options = parser.parse_args(arguments)
    log = ResultsLog(options.log, options.seed, code_digest()) if options.log is not None else None
    results = [result for module in options.modules or _present() for result in _results(module, options, log)]
    if log is not None:
        log.close()
    print_table(results)
    if options.sentences:
        for result in results:
            print(f"{result.outcome:9} {result.family}: {result.name!a}: {result.detail!a}")
    faults = [result for result in results if result.is_fault]
    for fault in faults:
        print(f"\n{fault.outcome.upper()} {fault.family}: {fault.name!a}\n{fault.detail}")
    return 1 if faults else 0


def _present() -> list[str]:
    folder = Path(__file__).parent
    return [module for module in MODULES if (folder / f"{module}.py").is_file()]


def _results(name: str, options: argparse.Namespace, log: ResultsLog | None) -> list[Result]:
    module = f"tests.fuzz.{name}"
    trials = importlib.import_module(module).trials(options.seed)
    numbers = sampled(trials, options.count, options.seed) if options.count else range(len(trials))
    chosen = [number for number in numbers if options.family in trials[number].family]
    if log is None:
        return measure(module, chosen, options.seed, told=_dot)
    known = {number: log.take(name, trials[number].family, trials[number].name) for number in chosen}
    found = [result for result in known.values() if result is not None]
    left = [number for number, result in known.items() if result is None]

    def keep(result: Result) -> None:
        log.add(name, result)
        _dot(result)

    return found + measure(module, left, options.seed, told=keep)


def _dot(result: Result) -> None:
    if sys.stderr.isatty():
        print({"opened": "o", "sentence": "."}.get(result.outcome, "X"), end="", file=sys.stderr, flush=True)


def print_table(results: Sequence[Result]) -> None:
    """Counts by family, the slowest reading and the largest memory of each."""
    width = max((len(result.family) for result in results), default=0) + 2
    columns = ("inputs", "opened", "refused", "crashes", "hangs", "too large", "slowest, s", "most, MiB")
    print(f"{'family':{width}}" + "".join(f"{column:>12}" for column in columns))
    families = {result.family: None for result in results}
    for family in families:
        _print_row(family, [result for result in results if result.family == family], width)
    _print_row("all", results, width)


def _print_row(name: str, results: Sequence[Result], width: int) -> None:
    if not results:
        return
    kinds = ("opened", "sentence", "crash", "hang", "memory")
    counts = [sum(result.outcome == kind for result in results) for kind in kinds]
    slowest = max(result.seconds for result in results)
    most = max(result.peak_bytes for result in results) / 2**20
    print(f"{name:{width}}" + "".join(f"{n:12,}" for n in (len(results), *counts)) + f"{slowest:12.2f}{most:12.1f}")


if __name__ == "__main__":
    sys.exit(main())
