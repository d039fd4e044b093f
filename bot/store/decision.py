"""What a turn wants stored, and what the person is then answered."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.limits import Spent
from bot.core.redaction import Redaction
from bot.core.session import Outcome, Routing, Session


@dataclass(frozen=True)
class OutgoingText:
    """A text that a turn promises to somebody who asked for it.

    `sealed` is the number and the words, encrypted (`bot.envelope`): the database never has either.
    `recipient` is a keyed hash of the number, by which texts of a day are counted.
    """

    sealed: str = field(repr=False)
    recipient: str
    line: str
    service: str
    routing_id: str


@dataclass(frozen=True)
class Decision:
    """What one turn wants committed, all of it or nothing.

    `answer` is the rendered answer, given again when the same turn is delivered twice. `session`
    is as it is to be kept, None when the walk is over. `outcome` is the id of an earlier routing
    of the same session, and how that has ended. `text` goes to the outbox. `opt_out` is the keyed hash of
    somebody who has opted out, or in again (False). `spends` is what a line, on a day, spends by this turn.
    `redaction` is what is to be deleted at the carrier later.
    """

    answer: str
    session: Session | None
    routing: Routing | None = None
    outcome: tuple[str, Outcome] | None = None
    opt_out: tuple[str, bool] | None = None
    spends: tuple[str, str, Spent] | None = None
    text: OutgoingText | None = None
    redaction: Redaction | None = None


Decide = Callable[[Session | None], Decision]


@dataclass(frozen=True)
class Delivery:
    """One turn as it was delivered: once, or again.

    `turn_id` and `session_id` are keyed hashes, so nothing here says who somebody is. `now` and
    `expires_at` (until when the answer is kept) are aware. `decide` gets the session, or None
    when there is none or it has expired. It may be run on another thread, inside a transaction
    that other people wait for, and again if that transaction has to be: so it computes, and
    neither waits nor writes nor calls the store.

    `await` gives what became of it, `Taken`, or raises it: whoever runs the coroutine sees to the commit.
    """

    turn_id: str
    session_id: str
    now: datetime
    expires_at: datetime
    decide: Decide

    def __await__(self) -> Generator[Delivery, Taken, Taken]:
        """Wait until it is committed."""
        return (yield self)


@dataclass(frozen=True)
class Taken:
    """The answer of a turn; `replayed` when the turn had been answered before."""

    answer: str
    replayed: bool


# What is to be done with what became of a turn, or with what it raised.
Done = Callable[[Taken | BaseException], None]
