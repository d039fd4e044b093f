"""What the line counts for Prometheus: no label ever says who, or what somebody wrote.

Counts are right across worker processes: each keeps its own in a file under PROMETHEUS_MULTIPROC_DIR,
which `prepare` sets before prometheus_client is imported, and whichever is asked adds them up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)  # Twilio waits 15 s

# name -> (help, labels); the names are what the README lists and what alert rules use.
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "signpost_turns_total": ("Turns that were answered", ("channel", "inbound", "replayed")),
    "signpost_routings_total": ("Times that somebody was sent to a service", ("channel", "service")),
    "signpost_turns_from_memory_total": ("Turns answered without the database", ("channel",)),
    "signpost_turns_stopped_total": ("Turns answered with the message of a planned stop", ("channel",)),
    "signpost_routings_journalled_total": ("Routings that went to the journal", ()),
    "signpost_routings_lost_total": ("Routings that not even the journal could take", ()),
    "signpost_routings_unsure_total": ("Routings that wait in memory for the journal's disk", ()),
    "signpost_webhooks_overdue_total": ("Webhooks answered from memory since nothing else came in time", ()),
    "signpost_held_back_total": ("Texts that were not answered, or only by a word about it", ("channel",)),
    "signpost_range_alarms_total": ("Times that many numbers of one range texted within an hour", ()),
    "signpost_webhooks_refused_total": ("Requests without a good signature", ()),
    "signpost_webhooks_failed_total": ("Webhooks answered with every number after a fault", ()),
    "signpost_texts_total": ("What this server saw of texts that were asked for on a call", ("result",)),
}
HISTOGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "signpost_turn_seconds": ("How long an answer took, from webhook to TwiML", ("channel",)),
}
GAUGES: dict[str, str] = {
    "signpost_up": "1 when the database can be used as promised, else 0",
    "signpost_checkpoint_age_seconds": "Age of the audited log's newest checkpoint; -1 when there is none",
    "signpost_journal_waiting": "Entries of the journal that the database has not taken yet",
    "signpost_stopped": "1 while the operator has stopped the line, else 0",
    "signpost_digests_waiting": "Daily digests that have not reached their partner yet; -1 when nobody knows",
    "signpost_digests_given_up": "Daily digests of the last month that never reached their partner",
    "signpost_outbox_waiting": "Texts that were asked for and that Twilio has not taken yet; -1 unknown",
    "signpost_outbox_not_arrived": "Texts of the last day that did not arrive, as far as known; -1 unknown",
    "signpost_redactions_waiting": "Messages and calls that are still to be deleted at Twilio",
    "signpost_texts_today": "Answers by text of this day (UTC), over all lines",
    "signpost_texts_abroad_today": "Those of them that went to numbers of other countries",
    "signpost_transfers_today": "Calls that were put through this day",
    "signpost_transfer_minutes_today": "How many minutes those lasted that have ended",
    "signpost_spending_stopped": "1 while a line has reached DAY_TEXTS or DAY_TRANSFER_MINUTES, else 0",
    "signpost_listings_stale": "Active listings that nobody has assured within a year",
}
# What a process says of itself; over several of them the greatest counts.
LEVELS: dict[str, str] = {
    "signpost_store_circuit": "1 while turns do without the database because it has just failed, else 0",
}
# Counted in the database, since the worker's process is not the one that is asked.
TOTALS: dict[str, tuple[str, str]] = {
    "signpost_redactions_total": ("What was to be deleted at Twilio, by what came of it", "result"),
}
NAMES = (*COUNTERS, *HISTOGRAMS, *GAUGES, *LEVELS, *TOTALS)
Totals = Mapping[str, Mapping[str, int]]


def prepare(folder: Path) -> None:
    """Have the worker processes of this server share their counts through `folder`, which is emptied.

    Called once, before the first worker starts and before anything is counted.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    os.environ[VARIABLE] = str(folder)


def count(name: str, /, **labels: str) -> None:
    """Add one to a counter."""
    _labelled(name, tuple(labels[label] for label in COUNTERS[name][1])).inc()


def observe(name: str, seconds: float, /, **labels: str) -> None:
    """Add one observation to a histogram."""
    _labelled(name, tuple(labels[label] for label in HISTOGRAMS[name][1])).observe(seconds)


def level(name: str, value: float) -> None:
    """Say where this process stands."""
    _made(name).set(value)


def written(gauges: Iterable[tuple[str, float]], totals: Totals | None = None) -> bytes:
    """Write every count of every process, these gauges of this moment, and what the database has counted
    (name -> label -> count), in Prometheus' text format.
    """
    from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415 - when asked
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - when asked

    for name in (*COUNTERS, *LEVELS):
        _made(name)
    now = CollectorRegistry()
    for name, value in gauges:
        Gauge(name, GAUGES[name], registry=now).set(value)
    now.register(_Kept(totals or {}))
    counts: Any = REGISTRY
    if VARIABLE in os.environ:
        counts = CollectorRegistry()
        MultiProcessCollector(counts)  # type: ignore[no-untyped-call]  # it has no types
    return generate_latest(counts) + generate_latest(now)


class _Kept:
    """Counts that are read rather than kept here; prometheus_client asks for them when it writes."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> Iterator[CounterMetricFamily]:
        from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - when asked

        for name, (told, label) in TOTALS.items():
            family = CounterMetricFamily(name, told, labels=[label])
            for value, number in sorted(self._totals.get(name, {}).items()):
                family.add_metric([value], number)
            yield family


def gone(pid: int) -> None:
    """Forget the process `pid`, as the server is told when one of its workers ends; its counts stay."""
    if VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - rarely

        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types


@cache
def _labelled(name: str, values: tuple[str, ...]) -> Any:
    """One series; its labels are given in the order in which the table above has them."""
    metric = _made(name)
    return metric.labels(*values) if values else metric


_instruments: dict[str, Any] = {}
_making = Lock()


def _made(name: str) -> Any:
    """Give what counts under a name; the first who asks makes it, and the first two may ask at once."""
    if name not in _instruments:
        with _making:
            if name not in _instruments:
                _instruments[name] = _make(name)
    return _instruments[name]


def _make(name: str) -> Any:
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - after `prepare`

    if name in COUNTERS:
        return Counter(name, *COUNTERS[name])
    if name in HISTOGRAMS:
        return Histogram(name, *HISTOGRAMS[name], buckets=BUCKETS)
    return Gauge(name, LEVELS[name], multiprocess_mode="livemax")
