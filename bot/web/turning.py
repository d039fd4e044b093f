"""Runs what answers a webhook, which is a coroutine: it stops where it waits for its turn's commit.

Under the server nobody's thread waits meanwhile: the one that reads requests goes on with the next, and what
follows the commit is done by the thread that committed. Where there is no server the caller waits.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.log import request_id

if TYPE_CHECKING:
    from bot.store import Delivery, Done, Taken

# Among the app's extensions: how a server has turns committed, when webhooks may be answered later.
SUBMIT: Final = "signpost.submit"
LATER: Final = "signpost.later"  # in the WSGI environment: the `Later` by which the answer may be given later
Result = TypeVar("Result")


class Longer:
    """Awaited before what takes long, such as a disk or somebody's words: no thread may do it that others
    wait for.
    """

    def __await__(self) -> Generator[Longer, Taken | None, None]:
        """Go on in a thread that may take its time."""
        yield self


longer: Final = Longer()
Answering = Coroutine["Delivery | Longer", "Taken | None", Result]


def finish(answering: Answering[Result], take: Callable[[Delivery], Taken]) -> Result:
    """Run a coroutine to its end in this thread, which waits."""
    try:
        asked = answering.send(None)
        while True:
            try:
                result = None if isinstance(asked, Longer) else take(asked)
            except BaseException as fault:  # noqa: BLE001 - it is raised where it was waited for
                asked = answering.throw(fault)
            else:
                asked = answering.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # what a coroutine returns


@dataclass(frozen=True)
class Ways:
    """How a server has an answer made: `submit` has a turn committed, `aside` does something in a thread that
    may take its time, `answer` sends what came of it.
    """

    submit: Callable[[Delivery, Done], None]
    aside: Callable[[Callable[[], None]], None]
    answer: Callable[[Any], None]


class Later:
    """One webhook that is answered without a thread that waits for it."""

    def __init__(self, ways: Ways) -> None:
        """Begin with nothing; `run` is called once."""
        self._ways = ways

    def run(self, answering: Answering[Any], request: str) -> None:
        """Run a coroutine that never raises, up to where it waits; `request` is its id in the log."""
        self._answering, self._request = answering, request
        self._go(None)

    def _go(self, result: Taken | BaseException | None) -> None:
        token = request_id.set(self._request)
        try:
            if isinstance(result, BaseException):
                asked = self._answering.throw(result)
            else:
                asked = self._answering.send(result)
        except StopIteration as end:
            self._ways.answer(end.value)
            return
        finally:
            request_id.reset(token)
        if isinstance(asked, Longer):
            self._ways.aside(lambda: self._go(None))
        else:
            self._ways.submit(asked, self._committed)

    def _committed(self, result: Taken | BaseException) -> None:
        if isinstance(result, BaseException):  # what follows may want a disk
            self._ways.aside(lambda: self._go(result))
        else:
            self._go(result)
