"""The contents of a lab's file, before binning."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.recordings.bins import column_names
from bayes_irl.recordings.count_recording import CountRecording
from bayes_irl.recordings.covariates import stimulus_states
from bayes_irl.recordings.labels import name_of
from bayes_irl.recordings.recording import Recording
from bayes_irl.recordings.timed_values import TimedValues

GOOD = "good"  # the label of units that a sorter or a person accepted


class Lazy(Mapping[str, Any]):
    """Values by name that are read when they are asked for."""

    def __init__(self, readers: Mapping[str, Callable[[], Any]]):
        self._readers = dict(readers)

    def __getitem__(self, name: str) -> Any:
        """Read one."""
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        """Iterate over names."""
        return iter(self._readers)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._readers)


def _nothing_to_close() -> None:
    """Do nothing: the file is closed already."""


@dataclass(frozen=True)
class Session:
    """The contents of a file: spike times or counts, and possible stimuli and epochs.

    Attributes:
        source: The file, for messages.
        spikes: Spike times in seconds by unit id: arrays, or functions that read them.
        quality: The label of each unit, where the file has labels, such as "good" or "mua".
        tables: Tables of epochs by name; each has columns `start_time` and `stop_time`.
        series: Events and signals by name: `TimedValues`.
        arrays: Other arrays by name, which may hold one value per bin or epoch.
        counts: Instead of spike times, spikes in bins `[num_bins, num_neurons]`.
        unit_ids: Names of the units in `counts`.
        trial: The trial of each bin of `counts`.
        bin_width: Seconds per bin of `counts`.
        close: Closes the file.
    """

    source: str
    spikes: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    series: Mapping[str, TimedValues] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)
    counts: Any = None
    unit_ids: Any = None
    trial: Any = None
    bin_width: float | None = None
    close: Callable[[], None] = _nothing_to_close

    def record(
        self,
        *,
        bin_width: Any = None,
        stimulus: Any = None,
        num_states: Any = None,
        epochs: Any = None,
        units: Any = None,
        quality: Any = None,
        align: Any = None,
        counts: bool = False,
    ) -> Recording | CountRecording:
        """Bin the file's spikes; see `load_recording`.

        Raises:
            InputError: If the file lacks a requested name: the message lists its contents.
        """
        if self.counts is not None:
            return self._from_counts(bin_width, stimulus, num_states, units, epochs, align, counts)
        chosen = self._choose(units, quality)
        if bin_width is None:
            advice = f"For instance bin_width=0.01. {self.contents()}"
            raise InputError.of("bin_width", "seconds per bin, for spike times", "none", advice)
        table = self._epochs(epochs)
        kind = CountRecording if counts else Recording
        return kind.from_spike_times(
            {unit: self.spikes[unit] for unit in chosen},
            bin_width=bin_width,
            epochs=table,
            stimulus=self._stimulus(stimulus, table),
            num_states=num_states,
            align=table[align] if isinstance(align, str) and align in column_names(table) else align,
        )

    def contents(self) -> str:
        """What the file holds, in a sentence."""
        labels = sorted(set(self.quality.values()))
        parts = [
            f"{len(self.spikes)} units" + f" ({', '.join(labels)})" * bool(labels)
            if self.counts is None
            else f"bins of {np.shape(self.counts)[1]} units",
            *(f"the table {name} ({_few(_columns(table))})" for name, table in self.tables.items()),
            f"the series {_few(list(self.series))}" * bool(self.series),
            f"the arrays {_few(list(self.arrays))}" * bool(self.arrays),
        ]
        return f"{self.source} holds {'; '.join(part for part in parts if part)}."

    def _choose(self, units: Any, quality: Any) -> list[str]:
        """Ids of the units that were asked for."""
        known = list(self.spikes)
        if units is not None:
            wanted = [name_of(each).removeprefix("unit ") for each in np.atleast_1d(np.asarray(units)).tolist()]
            if missing := [unit for unit in wanted if unit not in self.spikes]:
                raise InputError.of("units", f"ids among {_few(known, 40)}", _few(missing))
            return wanted
        labels = {unit: self.quality.get(unit, "").lower() for unit in known}
        if quality is not None:
            accepted = {name_of(each).lower() for each in np.atleast_1d(np.asarray(quality)).tolist()}
        else:
            accepted = {GOOD} if GOOD in labels.values() else set(labels.values())
        chosen = [unit for unit in known if labels[unit] in accepted]
        if not chosen:
            found = ", ".join(sorted(filter(None, set(labels.values())))) or "no labels"
            raise InputError.of("quality", f"a label of some unit ({found})", quality, self.contents())
        return chosen

    def _epochs(self, epochs: Any) -> Any:
        """The table or array of epochs that was asked for; by default trials, where the file has them."""
        if epochs is None:
            return self.tables.get("trials")
        if not isinstance(epochs, str):
            return epochs
        if epochs in self.tables:
            return self.tables[epochs]
        if epochs in self.arrays:
            return self.arrays[epochs]
        raise InputError.of("epochs", "a table of this file", repr(epochs), self.contents())

    def _stimulus(self, stimulus: Any, table: Any) -> Any:
        """What was asked for: a column of the epochs (by its name), a series, or an array."""
        if not isinstance(stimulus, str) or stimulus in column_names(table):
            return stimulus
        if stimulus in self.series:
            return replace(self.series[stimulus], name=stimulus)
        if stimulus in self.arrays:
            return self.arrays[stimulus]
        elsewhere = [name for name, other in self.tables.items() if stimulus in other]
        advice = f"Give epochs={elsewhere[0]!r} too." if elsewhere else self.contents()
        raise InputError.of("stimulus", "a column of the epochs, a series or an array", repr(stimulus), advice)

    def _from_counts(
        self, bin_width: Any, stimulus: Any, num_states: Any, units: Any, epochs: Any, align: Any, counts: bool
    ) -> Recording | CountRecording:
        """Take bins as they are."""
        for name, given in (("epochs", epochs), ("align", align)):
            if given is not None:
                raise InputError.of(
                    name, "none, for a file of bins", repr(given), "Choose trials: recording.trials(ids)."
                )
        shown = self._stimulus(stimulus, None)
        names = None
        if shown is None:
            shown = np.zeros(len(self.counts), np.int32)
        elif num_states is not None:
            columns = np.asarray(shown).reshape(len(shown), -1)
            what = stimulus if isinstance(stimulus, str) else "stimulus"
            called = [what] if columns.shape[1] == 1 else [f"{what} {k}" for k in range(columns.shape[1])]
            shown, names = stimulus_states(columns, num_states, names=called)
        make = CountRecording.from_arrays if counts else Recording.from_counts
        made = make(
            self.counts,
            shown,
            trial=self.trial,
            bin_width=self.bin_width if bin_width is None else bin_width,
            unit_ids=self.unit_ids,
            stimulus_names=names,
        )
        return made if units is None else made.select([name_of(each) for each in np.atleast_1d(units).tolist()])


def _columns(table: Mapping[str, Any]) -> list[str]:
    return [name for name in column_names(table) if name not in ("start_time", "stop_time")]


def _few(names: list[str], most: int = 20) -> str:
    shown = ", ".join(names[:most]) or "no columns"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
