"""Whether the day left a trace: what grew, by how much, and whether that is too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf
from statistics import median

from tests.soak.sample import Sample

FEWEST = 3
"""Samples after the warm-up without which nothing can be said."""

_SINGLETONS = ("True", "False", "None")
_EDGE = 3  # samples at each end, of which the middle one counts


@dataclass(frozen=True)
class Limits:
    """How much may grow between the end of the warm-up and the end of the day.

    Parameters
    ----------
    memory, heap, engine
        Fraction of the resident memory, of what is in use of it besides caches with a bound, and of the engine's
        memory.
    caches
        What these may hold, in MB: 10 are Qt's own bound for pixmaps, the rest are texts that were drawn. They are
        emptied at every sample, so that this is what one round fills.
    shapes
        What the engine may keep in MB, besides. TensorFlow makes its convolutions ready for each shape of image and
        keeps the last 1,024: of the finer network 6.5 MB for each shape of box, and no more after 57 of them, 375 MB.
    widgets, qobjects
        Fraction of their number.
    handles, threads
        Their number.
    references
        References to each of True and False, more or fewer. References to None may become more: painting an icon and
        a timer's single shot leave some in PySide6 6.11, which costs nothing. Fewer of any, and one day it is freed.
    slower
        Times that scrolling may take of the thread's own time; the clock never counts.
    """

    memory: float = 0.05
    heap: float = 0.05
    caches: float = 16.0
    engine: float = 0.10
    shapes: float = 400.0
    widgets: float = 0.02
    qobjects: float = 0.05
    handles: int = 4
    threads: int = 2
    references: int = 500
    slower: float = 2.0


SHORT_DAY = Limits(memory=0.12, heap=0.08, engine=0.20, shapes=0.0, references=1500)
"""For a few minutes on small cases, of whose memory one picture more is a larger share."""


@dataclass(frozen=True)
class Growth:
    """One row of the table.

    Parameters
    ----------
    start, end
        The middle of the first and of the last samples.
    drift
        By how much it grows from the first sample to the last, along the line through all of them.
    allowed, may_fall
        How much it may grow, and become less.
    """

    what: str
    start: float
    end: float
    drift: float
    allowed: float
    unit: str = ""
    may_fall: float = inf

    @property
    def grown(self) -> float:
        """What ends and line agree on: a single high sample is no growth, nor is one step that never comes again."""
        low, high = sorted((self.end - self.start, self.drift))
        return low if low > 0 else high if high < 0 else 0.0

    @property
    def too_much(self) -> bool:
        """Whether it grew or fell by more than it may."""
        return self.grown > self.allowed or -self.grown > self.may_fall


def growths(samples: Sequence[Sample], limits: Limits | None = None) -> list[Growth]:
    """All rows of the table, of the samples after the warm-up."""
    limits = limits or Limits()
    share = _Rows(samples)
    rows = [
        share.of("window, resident", lambda s: s.window_mb, limits.memory, "MB"),
        share.of("window, heap in use", lambda s: s.heap_mb, limits.heap, "MB"),
        share.most("bounded caches", lambda s: s.caches_mb, limits.caches, "MB"),
        share.of("widgets", lambda s: s.widgets, limits.widgets),
        share.of("Qt objects", lambda s: s.qobjects, limits.qobjects),
        share.of("Python objects", lambda s: s.objects, limits.qobjects),
        share.count("open handles", lambda s: len(s.handles), limits.handles),
        share.count("threads", lambda s: s.threads, limits.threads),
        share.count("children beside the engine", lambda s: len(s.children), 0),
        share.count("files left", lambda s: len(s.left), 0),
    ]
    rows += [share.references(name, inf if name == "None" else limits.references, limits) for name in _SINGLETONS]
    rows.append(share.of("scroll, p95 of own time", lambda s: s.scroll_cpu_ms, limits.slower - 1, "ms"))
    warm = [sample for sample in samples if sample.engine_mb > 0]
    if len(warm) >= 2:
        engine = _Rows(warm).of("engine, resident", lambda s: s.engine_mb, limits.engine, "MB")
        rows.insert(2, replace(engine, allowed=engine.allowed + limits.shapes))
    return rows


def offences(samples: Sequence[Sample], limits: Limits | None = None) -> list[str]:
    """What grew too much, a sentence each; empty after a good day."""
    found = [_sentence(row, samples) for row in growths(samples, limits) if row.too_much]
    zombies = max(sample.zombies for sample in samples)
    if zombies:
        found.append(f"{zombies} children ended and nobody waited for them")
    return found


def table(samples: Sequence[Sample], limits: Limits | None = None) -> str:
    """The growths, and the kinds of Python objects that became more."""
    first, last = samples[0], samples[-1]
    lines = [f"{'':28}{f'minute {first.minute:.0f}':>12}{f'minute {last.minute:.0f}':>12}{'grown':>12}{'allowed':>10}"]
    for row in growths(samples, limits):
        mark = "  too much" if row.too_much else ""
        allowed = f"{row.allowed:10,.1f}" if row.allowed < inf else f"{'any':>10}"
        numbers = f"{row.start:12,.1f}{row.end:12,.1f}{row.grown:+12,.1f}{allowed}"
        lines.append(f"{row.what:28}{numbers} {row.unit}{mark}".rstrip())
    clock = f"{first.scroll_ms:12,.1f}{last.scroll_ms:12,.1f}"
    lines.append(f"{'scroll, p95 on the clock':28}{clock}{'':22} ms")
    lines.append(f"Python objects that became more: {_more(samples) or 'none'}")
    return "\n".join(lines)


class _Rows:
    """Makes rows of samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def of(self, what: str, value: Callable[[Sample], float], share: float, unit: str = "") -> Growth:
        start, end, drift = self._ends(value)
        return Growth(what, start, end, drift, start * share, unit)

    def most(self, what: str, value: Callable[[Sample], float], allowed: float, unit: str) -> Growth:
        """What is made anew for every sample: it may grow up to a limit, not by one."""
        start, end, drift = self._ends(value)
        return Growth(what, start, end, drift, allowed - start, unit)

    def count(self, what: str, value: Callable[[Sample], float], allowed: float) -> Growth:
        return Growth(what, *self._ends(value), allowed)

    def references(self, name: str, allowed: float, limits: Limits) -> Growth:
        ends = self._ends(lambda sample: sample.references[name])
        return Growth(f"references to {name}", *ends, allowed, may_fall=limits.references)

    def _ends(self, value: Callable[[Sample], float]) -> tuple[float, float, float]:
        values = [float(value(sample)) for sample in self._samples]
        edge = max(1, min(_EDGE, len(values) // 2))
        return median(values[:edge]), median(values[-edge:]), _slope(values) * (len(values) - 1)


def _slope(values: Sequence[float]) -> float:
    """Growth from sample to sample: the median of the slopes between all pairs (Theil 1950, Sen 1968)."""
    return median((b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(values), 2))


def _sentence(row: Growth, samples: Sequence[Sample]) -> str:
    unit = f" {row.unit}" if row.unit else ""
    verb, allowed = ("grew", row.allowed) if row.grown > row.allowed else ("fell", row.may_fall)
    words = f"{row.what}: {verb} by {abs(row.grown):,.1f}{unit} from {row.start:,.1f}, {allowed:,.1f} are allowed"
    if row.what == "open handles":
        more = Counter(samples[-1].handles) - Counter(samples[0].handles)
        return f"{words}: {', '.join(f'{count} × {name}' for name, count in more.most_common(5))}"
    if row.what == "files left":
        return f"{words}: {', '.join(samples[-1].left[:5])}"
    if row.what.startswith("children"):
        return f"{words}: {', '.join(samples[-1].children)}"
    return f"{words}; more: {more}" if (more := _more(samples)) and row.unit != "ms" else words


def _more(samples: Sequence[Sample], count: int = 6) -> str:
    """The kinds of objects that became more and more, those that grew most first."""
    kinds = {kind for sample in samples for kind in sample.kinds}
    rows = []
    for kind in kinds:
        row = _Rows(samples).count(kind, lambda s, k=kind: s.kinds.get(k, 0), 0)
        if row.grown > max(20.0, 0.02 * row.start):
            rows.append((row.grown, kind))
    return ", ".join(f"{kind} {grown:+,.0f}" for grown, kind in sorted(rows, reverse=True)[:count])
