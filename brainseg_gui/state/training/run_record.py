"""One training run as a person follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brainseg_gui.plain_files import tagless, visible
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.curve import Curve
from brainseg_gui.state.training.event_values import best_of, text_of, texts_of, validated_of
from brainseg_gui.state.training.run_pace import RunPace, recent_median
from brainseg_gui.state.training.run_reader import RunNews, StepBlock, number, whole
from brainseg_gui.state.training.run_values import Best, Message, ValidatedCase

LEARNING_RATE = "learning_rate"
FACTS = ("device", "checked", "preparing", "network", "estimated")
_NOT_DRAWN = ("seconds", "waiting", "memory_bytes")
_MESSAGES = 200
_LONGEST_MESSAGE = 2000
_LONGEST_NAME = 300
_CURVES = 200
_EPOCHS = 10_000
_VALIDATED = 20_000


@dataclass(eq=False)
class RunRecord:
    """What is known about a run; fed with news, in the GUI thread only.

    Parameters
    ----------
    folder
        The run folder.
    status
        How it is doing.
    starting
        It was started from here, and has not said anything yet.
    stop_asked_at
        When a polite stop was asked for.
    can_stop_now
        Whether its trainer can be ended at once from here.
    ending
        It is being ended at once from here.
    loaded
        Whether the folder was read at least once.
    facts
        The newest event of each of `FACTS`, by kind.
    """

    folder: RunFolder
    status: RunStatus = RunStatus.PREPARED
    starting: bool = False
    stop_asked_at: float | None = None
    can_stop_now: bool = False
    ending: bool = False
    has_model: bool = False
    loaded: bool = False
    config: TrainingConfig = field(default_factory=TrainingConfig)
    problem: str = ""
    curves: dict[str, Curve] = field(default_factory=dict)
    seconds: Curve = field(default_factory=Curve)
    waiting: Curve = field(default_factory=Curve)
    step: int = 0
    checkpoint: int = 0
    epoch: int = 0
    learning_rate: float = float("nan")
    messages: list[Message] = field(default_factory=list)
    log: tuple[str, ...] = ()
    started: Event | None = None
    facts: dict[str, Event] = field(default_factory=dict)
    ended: Event | None = None
    last_time: float = 0.0
    _memory: float = float("nan")
    _anchor: tuple[float, float] | None = None
    _earlier_s: float = 0.0
    _spent_s: dict[int, float] = field(default_factory=dict)
    _epoch_ends: list[int] = field(default_factory=list)
    _validated: dict[tuple[str, int], ValidatedCase] = field(default_factory=dict)
    _last_epoch: Event | None = None
    _bests: list[Best] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the run: that of its folder."""
        return self.folder.path.name

    @property
    def alive(self) -> bool:
        """Whether it is being worked on, as far as one can tell."""
        return self.starting or self.status in (RunStatus.RUNNING, RunStatus.SILENT)

    @property
    def stop_asked(self) -> bool:
        """Whether a polite stop was asked for."""
        return self.stop_asked_at is not None

    @property
    def stepped(self) -> bool:
        """Whether there was a step since it was started or resumed."""
        return self._anchor is not None

    @property
    def best(self) -> Best | None:
        """The epoch that its model comes from, or None while there is none."""
        return self._bests[-1] if self._bests else None

    @property
    def seconds_per_step(self) -> float:
        """Median over the last steps, in seconds, or NaN."""
        return recent_median(self.seconds)

    @property
    def waiting_share(self) -> float:
        """Share of the last steps that was spent waiting for data, 0 to 1, or NaN."""
        return recent_median(self.waiting)

    @property
    def patches_per_second(self) -> float:
        """Throughput, or NaN."""
        return self.config.sampling.batch / self.seconds_per_step if self.seconds_per_step > 0 else float("nan")

    @property
    def memory_bytes(self) -> float:
        """Memory as last measured, or as estimated before the first step, or NaN."""
        return self._memory if self._memory == self._memory else number(self.fact("estimated", "memory_bytes"))

    def fact(self, kind: str, name: str) -> Any:
        """A value of the newest event of a kind, or None."""
        return self.facts[kind].values.get(name) if kind in self.facts else None

    @property
    def steps_per_epoch(self) -> int:
        """As configured, or as the epochs so far were long; 0 while unknown."""
        if self.config.length.steps_per_epoch:
            return self.config.length.steps_per_epoch
        ends = [0, *self._epoch_ends] if self._from_start else self._epoch_ends
        if len(ends) > 1:
            return ends[-1] - ends[-2]
        step, epoch = (number(self.fact("estimated", f"seconds_per_{unit}")) for unit in ("step", "epoch"))
        return whole(epoch / step + 0.5) or 0 if step > 0 and epoch > 0 else 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, 0 while unknown."""
        length = self.config.length
        limits = [n for n in (length.steps, length.epochs * self.steps_per_epoch) if n > 0]
        return min(limits) if limits else 0

    @property
    def done(self) -> float:
        """Part of the run that is done, 0 to 1, or NaN while that is unknown."""
        return 1.0 if self.status is RunStatus.FINISHED else self._pace.done

    @property
    def seconds_left(self) -> float:
        """By the clock, so that validation and checkpoints count; NaN while unknown."""
        return self._pace.seconds_left

    @property
    def _pace(self) -> RunPace:
        resumed = number(self.started.values.get("resumed_from")) if self.started is not None else None
        return RunPace(
            step=self.step,
            total_steps=self.total_steps,
            first=self._anchor,
            last_time=self.last_time,
            seconds_per_step=self.seconds_per_step,
            resumed_from=0.0 if resumed != resumed else resumed,
            started=self.started.time if self.started is not None else 0.0,
            limit_s=self.config.length.hours * 3600,
            earlier_s=self._earlier_s,
        )

    @property
    def cases(self) -> list[str]:
        """Names of the cases that were validated, in the order of their first appearance."""
        return list(dict.fromkeys(case for case, _epoch in self._validated))

    def of_case(self, case: str) -> list[ValidatedCase]:
        """One case's predictions, by epoch."""
        return sorted((v for v in self._validated.values() if v.case == case), key=lambda entry: entry.epoch)

    def apply(self, news: RunNews) -> None:
        """Take in what is new."""
        self.loaded = True
        self.config = news.config or self.config
        self.problem = news.problem or self.problem
        for part in news.parts:
            if isinstance(part, StepBlock):
                self._add_steps(part)
            else:
                self._add_event(part)
        self.log = self.log if news.log is None else news.log
        self.status, self.stop_asked_at, self.has_model = news.status, news.stop_asked_at, news.has_model
        self.can_stop_now = news.can_stop_now

    def say(self, time: float, text: str, *, problem: bool = False) -> None:
        """Add a message; it is one line, for an event may come from anywhere."""
        self.messages.append(Message(time, visible(" ".join(text.split()), _LONGEST_MESSAGE), problem))
        del self.messages[:-_MESSAGES]

    def _curve(self, name: str) -> Curve:
        """The curve of a metric; one beyond all measure is not kept."""
        name = tagless(visible(name, _LONGEST_NAME))
        if name not in self.curves and len(self.curves) >= _CURVES:
            return Curve()
        return self.curves.setdefault(name, Curve())

    def _add_steps(self, block: StepBlock) -> None:
        for name, values in block.columns.items():
            if name not in _NOT_DRAWN:
                self._curve(name).extend(block.steps, values)
        for name, curve in (("seconds", self.seconds), ("waiting", self.waiting)):
            if name in block.columns:
                curve.extend(block.steps, block.columns[name])
        self.step, self.epoch, self.last_time = int(block.steps[-1]), block.epoch, block.last_time
        self.learning_rate = self.curves[LEARNING_RATE].last if LEARNING_RATE in self.curves else float("nan")
        if "memory_bytes" in block.columns:
            self._memory = float(block.columns["memory_bytes"][-1])
        if self._anchor is None:
            self._anchor = (block.first_time, float(block.steps[0]))

    def _add_event(self, event: Event) -> None:
        self.last_time = event.time
        adders = {
            "started": self._add_started,
            "checked": self._add_checked,
            "epoch": self._add_epoch,
            "checkpoint": self._add_checkpoint,
            "model": self._add_model,
            "validated": self._add_validated,
            "warning": self._add_warning,
        }
        if event.kind in FACTS:
            self.facts[event.kind] = event
        if event.kind in adders:
            adders[event.kind](event)
        elif event.kind in ("stopped", "finished", "failed"):
            self.ended, self.starting = event, False
            if text := text_of(event.values.get("message")):
                self.say(event.time, text[:1].upper() + text[1:], problem=event.kind == "failed")

    def _add_started(self, event: Event) -> None:
        """A first start, or a resume: what the crash lost is computed again, so its values go."""
        keep = whole(event.values.get("resumed_from")) or 0
        for curve in (*self.curves.values(), self.seconds, self.waiting):
            curve.cut(keep + 1)
        self.started, self.ended, self.starting, self._anchor = event, None, False, None
        self.step = self.checkpoint = keep
        self._spent_s = {step: spent for step, spent in self._spent_s.items() if step <= keep}
        self._earlier_s = self._spent_s[max(self._spent_s)] if self._spent_s else 0.0
        self._bests = [best for best in self._bests if best.step <= keep]
        self._epoch_ends = [step for step in self._epoch_ends if step <= keep]
        processes = whole(event.values.get("processes")) or 1
        shared = f", with {processes:,} processes" if processes > 1 else ""
        self.say(event.time, f"{f'Resumed from step {keep:,.0f}' if keep else 'Started'}{shared}")

    def _add_checked(self, event: Event) -> None:
        for problem in texts_of(event.values.get("problems")):
            self.say(event.time, problem, problem=True)

    def _add_epoch(self, event: Event) -> None:
        metrics = event.values.get("metrics")
        found = whole(event.values.get("step"))
        step = self.step if found is None else found
        for name, value in metrics.items() if isinstance(metrics, dict) else ():
            # The loss of the steps says more than its mean over an epoch.
            if name not in ("loss", LEARNING_RATE) or name not in self.curves:
                self._curve(name).extend(np.array([float(step)]), np.array([number(value)]))
        epoch = whole(event.values.get("epoch"))
        self.epoch = self.epoch if epoch is None else epoch
        self._epoch_ends.append(step)
        del self._epoch_ends[:-_EPOCHS]
        self._last_epoch = event

    def _add_checkpoint(self, event: Event) -> None:
        if (step := whole(event.values.get("step"))) is None:
            return
        spent, since = number(event.values.get("elapsed_s")), self.started.time if self.started else event.time
        by_clock = self._earlier_s + max(event.time - since, 0.0)  # runs of earlier versions do not say it
        self.checkpoint, self._spent_s[step] = step, spent if 0 <= spent < float("inf") else by_clock

    def _add_model(self, event: Event) -> None:
        """The best so far; a model that was only written because the run ended has no epoch."""
        if (best := best_of(event, self._last_epoch)) is not None:
            self._bests.append(best)

    def _add_validated(self, event: Event) -> None:
        entry = validated_of(event, self.folder.path, self.epoch)
        self._validated[entry.case, entry.epoch] = entry
        if len(self._validated) > _VALIDATED:
            del self._validated[next(iter(self._validated))]

    def _add_warning(self, event: Event) -> None:
        self.say(event.time, text_of(event.values.get("message")) or "The trainer warns of something", problem=True)

    @property
    def _from_start(self) -> bool:
        return self.started is not None and not number(self.started.values.get("resumed_from")) > 0
