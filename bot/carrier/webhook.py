"""Ask the app as Twilio does: signed, with its time limit, its redirects and its repeats.

Sources: https://www.twilio.com/docs/usage/webhooks/webhooks-security (signature), /docs/api/errors/11205,
/11215 and /11217 (limits, redirects, statuses), /docs/usage/webhooks/webhooks-connection-overrides
(I-Twilio-Idempotency-Token stays the same when a request is repeated).
"""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from urllib.parse import urldefrag, urlencode, urljoin

from bot.carrier.errors import FetchError
from bot.carrier.events import Fetched, Params, Purpose
from bot.carrier.transport import ANSWER_SECONDS, CONNECTION_FAILURE, Answer, Transport
from bot.channels.signature import sign

TOO_MANY_REDIRECTS = 11215
ERROR_STATUS = 11217
NO_ANSWER = 11200
MAX_REDIRECTS = 10

Method = Literal["GET", "POST"]
_HTTP_OK, _HTTP_REDIRECT, _HTTP_ERROR = 200, 300, 400
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Sids:
    """Make Twilio's identifiers: two letters and 32 hexadecimal digits, the same ones for the same seed."""

    def __init__(self, seed: str = "signpost") -> None:
        """Take the seed; two Sids with one seed give the same series."""
        self._seed = seed
        self._count = 0

    def new(self, prefix: str) -> str:
        """Give the next identifier, such as CA… for a call or SM… for a message."""
        self._count += 1
        return prefix + hashlib.sha256(f"{self._seed}:{self._count}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook as it was sent: enough to send it again."""

    method: Method
    url: str
    params: Params
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with its answer."""

    request: Request
    answer: Answer


@dataclass(frozen=True, slots=True)
class Fetch:
    """A document that was answered: its address once redirects were followed, and the answer."""

    url: str
    answer: Answer


@dataclass(slots=True)
class Webhook:
    """A signing client.

    ``exchanges`` keeps every request with its answer, repeats included; ``fetched`` the same as events, also
    where no answer came.
    """

    transport: Transport
    auth_token: str
    sids: Sids
    exchanges: list[Exchange] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    _repeat: Literal["no", "after", "at once"] = "no"

    @property
    def last_request(self) -> Request:
        """The latest request that was answered."""
        return self.exchanges[-1].request

    def duplicate_next(self, *, at_once: bool = False) -> None:
        """Deliver the next request twice: one after the other, or at the same time from two threads.

        The first answer to come is acted on; both are in ``exchanges``.
        """
        self._repeat = "at once" if at_once else "after"

    def fetch(self, method: Method, url: str, params: Iterable[tuple[str, str]], purpose: Purpose) -> Fetch:
        """Ask for a document and follow redirects.

        Raises FetchError: 11205 without an answer within 15 s, 11215 after ten redirects, 11217 for 4xx and
        5xx, 11200 for any other status but 2xx.
        """
        request = self._request(method, url, params)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._deliver(request, purpose)
            if answer.status not in _REDIRECTS:
                return Fetch(request.url, _accepted(request, answer))
            # A redirect is followed with GET and without the form, so Digits and the like are lost.
            location = urljoin(request.url, answer.headers.get("location", ""))
            request = self._request("GET", location, ())
        raise FetchError(TOO_MANY_REDIRECTS, f"More than {MAX_REDIRECTS} HTTP redirects in a row", url)

    def send_again(self, request: Request) -> Answer:
        """Send a request as it was, signature and idempotency token included."""
        if request.method == "GET":
            answer = self.transport.get(request.url, request.headers)
        else:
            answer = self.transport.post(request.url, request.params, request.headers)
        self.exchanges.append(Exchange(request, answer))
        return answer

    def _request(self, method: Method, url: str, params: Iterable[tuple[str, str]]) -> Request:
        pairs = tuple(params)
        # The fragment holds Twilio's connection overrides, such as #rc=2, and stays at Twilio.
        url = urldefrag(url).url
        if method == "GET" and pairs:
            url += ("&" if "?" in url else "?") + urlencode(pairs)
        headers = {
            "Accept": "*/*",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(self.auth_token, url, pairs if method == "POST" else ()),
            "I-Twilio-Idempotency-Token": self.sids.new(""),
        }
        return Request(method, url, pairs, MappingProxyType(headers))

    def _deliver(self, request: Request, purpose: Purpose) -> Answer:
        repeat, self._repeat = self._repeat, "no"
        if repeat == "at once":
            return self._deliver_at_once(request, purpose)
        answer = self._send(request, purpose)
        if repeat == "after":
            self._send(request, "duplicate")
        return answer

    def _deliver_at_once(self, request: Request, purpose: Purpose) -> Answer:
        barrier = threading.Barrier(2)
        outcomes: list[Answer | FetchError] = []

        def deliver(why: Purpose) -> None:
            barrier.wait()
            try:
                outcomes.append(self._send(request, why))
            except FetchError as error:
                outcomes.append(error)

        threads = [threading.Thread(target=deliver, args=(why,)) for why in (purpose, "duplicate")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        if not answers:
            raise FetchError(CONNECTION_FAILURE, "No answer to either of two requests", request.url)
        return answers[0]

    def _send(self, request: Request, purpose: Purpose) -> Answer:
        try:
            answer = self.send_again(request)
        except FetchError:
            self.fetched.append(Fetched(request.method, request.url, request.params, 0, "", 0.0, purpose))
            raise
        body = answer.body.decode("utf-8", "replace")
        self.fetched.append(
            Fetched(
                request.method,
                request.url,
                request.params,
                answer.status,
                body,
                answer.elapsed_seconds,
                purpose,
            )
        )
        return answer


def _accepted(request: Request, answer: Answer) -> Answer:
    if answer.elapsed_seconds > ANSWER_SECONDS:
        raise FetchError(
            CONNECTION_FAILURE,
            f"The answer took {answer.elapsed_seconds:.1f} s; allowed: {ANSWER_SECONDS:.0f} s",
            request.url,
        )
    if answer.status >= _HTTP_ERROR:
        raise FetchError(ERROR_STATUS, f"The app answered with HTTP status {answer.status}", request.url)
    if not _HTTP_OK <= answer.status < _HTTP_REDIRECT:
        raise FetchError(NO_ANSWER, f"The app answered with HTTP status {answer.status}", request.url)
    return answer
