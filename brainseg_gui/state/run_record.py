"""One training run as a person follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.run_folder import RunFolder, RunStatus
from brainseg_gui.state.curve import Curve
from brainseg_gui.state.run_reader import RunNews, StepBlock, number
from brainseg_gui.state.run_values import Best, Message, Validated

LEARNING_RATE = "learning_rate"
FACTS = ("device", "checked", "preparing", "network", "estimated")
_NOT_DRAWN = ("seconds", "waiting", "memory_bytes")
_RECENT = 100
_MESSAGES = 200


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
    _epoch_ends: list[int] = field(default_factory=list)
    _validated: dict[tuple[str, int], Validated] = field(default_factory=dict)
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
        return _recent_median(self.seconds)

    @property
    def waiting_share(self) -> float:
        """Share of the last steps that was spent waiting for data, 0 to 1, or NaN."""
        return _recent_median(self.waiting)

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
        return round(epoch / step) if step > 0 and epoch > 0 else 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, 0 while unknown."""
        length = self.config.length
        limits = [n for n in (length.steps, length.epochs * self.steps_per_epoch) if n > 0]
        return min(limits) if limits else 0

    @property
    def done(self) -> float:
        """Part of the run that is done, 0 to 1, or NaN while that is unknown."""
        if self.status is RunStatus.FINISHED:
            return 1.0
        parts = [self.step / self.total_steps] if self.total_steps else []
        limit = self.config.length.hours * 3600
        if limit and self.started is not None:
            parts.append((self.last_time - self.started.time) / limit)
        return min(max(parts), 1.0) if parts else float("nan")

    @property
    def seconds_left(self) -> float:
        """By the clock, so that validation and checkpoints count; NaN while unknown."""
        left = []
        if self._anchor is not None and self.total_steps and self.step > self._anchor[1]:
            per_step = (self.last_time - self._anchor[0]) / (self.step - self._anchor[1])
            left.append(per_step * max(self.total_steps - self.step, 0))
        limit = self.config.length.hours * 3600
        if limit and self.started is not None:
            left.append(max(limit - (self.last_time - self.started.time), 0.0))
        return min(left) if left else float("nan")

    @property
    def cases(self) -> list[str]:
        """Names of the cases that were validated, in the order of their first appearance."""
        return list(dict.fromkeys(case for case, _epoch in self._validated))

    def of_case(self, case: str) -> list[Validated]:
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
        """Add a message."""
        self.messages.append(Message(time, text, problem))
        del self.messages[:-_MESSAGES]

    def _add_steps(self, block: StepBlock) -> None:
        for name, values in block.columns.items():
            if name not in _NOT_DRAWN:
                self.curves.setdefault(name, Curve()).extend(block.steps, values)
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
            if text := _text(event.values.get("message")):
                self.say(event.time, text[:1].upper() + text[1:], problem=event.kind == "failed")

    def _add_started(self, event: Event) -> None:
        """A first start, or a resume: what the crash lost is computed again, so its values go."""
        resumed = number(event.values.get("resumed_from"))
        keep = resumed if resumed == resumed else 0.0
        for curve in (*self.curves.values(), self.seconds, self.waiting):
            curve.cut(keep + 1)
        self.started, self.ended, self.starting, self._anchor = event, None, False, None
        self.step = self.checkpoint = int(keep)
        self._bests = [best for best in self._bests if best.step <= keep]
        self._epoch_ends = [step for step in self._epoch_ends if step <= keep]
        self.say(event.time, f"Resumed from step {keep:,.0f}" if keep else "Started")

    def _add_checked(self, event: Event) -> None:
        for problem in _texts(event.values.get("problems")):
            self.say(event.time, problem, problem=True)

    def _add_epoch(self, event: Event) -> None:
        step = number(event.values.get("step"))
        metrics = event.values.get("metrics")
        step = step if step == step else float(self.step)
        for name, value in metrics.items() if isinstance(metrics, dict) else ():
            # The loss of the steps says more than its mean over an epoch.
            if name not in ("loss", LEARNING_RATE) or name not in self.curves:
                curve = self.curves.setdefault(str(name), Curve())
                curve.extend(np.array([step]), np.array([number(value)]))
        epoch = number(event.values.get("epoch"))
        self.epoch = int(epoch) if epoch == epoch else self.epoch
        self._epoch_ends.append(int(step))
        self._last_epoch = event

    def _add_checkpoint(self, event: Event) -> None:
        step = number(event.values.get("step"))
        self.checkpoint = int(step) if step == step else self.checkpoint

    def _add_model(self, event: Event) -> None:
        """The best so far; a model that was only written because the run ended has no epoch."""
        if (best := _best_of(event, self._last_epoch)) is not None:
            self._bests.append(best)

    def _add_validated(self, event: Event) -> None:
        values, epoch = event.values, number(event.values.get("epoch"))
        picture, dice = values.get("picture"), values.get("dice")
        entry = Validated(
            int(epoch) if epoch == epoch else self.epoch,
            str(values.get("case", "")),
            {str(k): number(v) for k, v in dice.items()} if isinstance(dice, dict) else {},
            self.folder.path / picture if isinstance(picture, str) and picture else None,
        )
        self._validated[entry.case, entry.epoch] = entry

    def _add_warning(self, event: Event) -> None:
        self.say(event.time, _text(event.values.get("message")) or "The trainer warns of something", problem=True)

    @property
    def _from_start(self) -> bool:
        return self.started is not None and not number(self.started.values.get("resumed_from")) > 0


def _best_of(model: Event, epoch: Event | None) -> Best | None:
    """What a ``model`` event says of its epoch; that of older runs has the metrics of the epoch before it."""
    metrics = model.values.get("metrics")
    if not isinstance(metrics, dict):
        return None
    about = model.values
    if "epoch" not in about:
        if epoch is None or epoch.values.get("metrics") != metrics:
            return None
        about = epoch.values
    name = str(about.get("judged_by") or ("val_dice_mean" if "val_dice_mean" in metrics else "loss"))
    numbers = number(about.get("epoch")), number(about.get("step"))
    if any(value != value for value in numbers):
        return None
    return Best(int(numbers[0]), int(numbers[1]), name, number(metrics.get(name)))


def _recent_median(curve: Curve) -> float:
    recent = curve.values[-_RECENT:]
    recent = recent[np.isfinite(recent)]
    return float(np.median(recent)) if len(recent) else float("nan")


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    """Sentences, from a list of texts or of anything else; a single text is one sentence."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(entry) for entry in value] if isinstance(value, list) else []
