"""One exchange of texts, played by the person who writes.

    texting = Texting(WsgiTransport(app), Account("token"), Line(text_url="https://line.example/sms"))
    replies = texting.send("Hi")             # the messages of the app's answer
    texting.report(replies[0], "delivered")  # a status callback, in any order; False if none was asked for
    texting.send("STOP", opt_out="STOP")     # with Advanced Opt-Out, which has answered already
    texting.errors                           # what Twilio's debugger would show; a good app leaves it empty

The person may also be ``whatsapp:+44…`` (then with ``profile_name``) or ``rcs:…``.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (parameters), /docs/messaging/twiml
(Message, Redirect), /docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from typing import Literal
from urllib.parse import urljoin

from bot.carrier.account import API_VERSION, DRAMA_CALLER, Account, Line, country
from bot.carrier.checks import message_body
from bot.carrier.document import Element
from bot.carrier.errors import FetchError, NotPlayedError, TwimlError
from bot.carrier.events import Errored, Event, Params, Purpose, Redirected, Replied, Texted
from bot.carrier.leg import method_of
from bot.carrier.transport import Transport
from bot.carrier.twiml import read_twiml
from bot.carrier.webhook import MAX_REDIRECTS, TOO_MANY_REDIRECTS, Method, Webhook

OptOut = Literal["STOP", "START", "HELP"]
MessageStatus = Literal["queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read"]

# Twilio's codes for a message that does not arrive: switched off or out of reach, and blocked.
_FAILURES = {"undelivered": "30003", "failed": "30004"}
_PART_CHARS = 153


class Texting:
    """A conversation by text; see the module for its use."""

    def __init__(
        self,
        transport: Transport,
        account: Account,
        line: Line,
        person: str = DRAMA_CALLER,
        profile_name: str = "Someone",
    ) -> None:
        """Take the way to the app, whose line it is, and who writes."""
        self.events: list[Event] = []
        self.extra: list[tuple[str, str]] = []  # sent with every message
        self.webhook = Webhook(transport, account.auth_token, account.sids)
        self.last_sid = ""
        self._account, self._line = account, line
        self._person, self._profile_name = person, profile_name
        self._redirects = 0

    @property
    def errors(self) -> list[Errored]:
        """What Twilio's debugger would show."""
        return [event for event in self.events if isinstance(event, Errored)]

    @property
    def replies(self) -> list[Replied]:
        """Every message that the app has sent so far."""
        return [event for event in self.events if isinstance(event, Replied)]

    def send(
        self, body: str, media: int = 0, button: str | None = None, opt_out: OptOut | None = None
    ) -> list[Replied]:
        """Send a message and give the app's replies.

        ``media`` is how many pictures come with it; ``button`` the payload of a reply button (WhatsApp),
        whose words are ``body``; ``opt_out`` what Advanced Opt-Out made of it.
        """
        mark = len(self.events)
        self._redirects = 0
        self.last_sid = self._account.sids.new("MM" if media else "SM")
        self.events.append(Texted(body, media))
        params = self._message_params(body, media, button, opt_out)
        self._load("POST", self._line.text_url, params, params)
        return [event for event in self.events[mark:] if isinstance(event, Replied)]

    def report(self, reply: Replied, status: MessageStatus) -> bool:
        """Send a status callback about a reply; False where its Message asked for none."""
        if reply.status_url is None:
            return False
        params = [
            ("MessageSid", reply.sid),
            ("SmsSid", reply.sid),
            ("AccountSid", self._account.sid),
            ("From", reply.sender),
            ("To", reply.to),
            ("MessageStatus", status),
            ("SmsStatus", status),
            ("ApiVersion", API_VERSION),
        ]
        if self._line.messaging_service_sid is not None:
            params.append(("MessagingServiceSid", self._line.messaging_service_sid))
        if status in _FAILURES:
            params.append(("ErrorCode", _FAILURES[status]))
        try:
            self._fetch("POST", reply.status_url, tuple(params), "status")
        except FetchError as error:
            self.events.append(Errored(error.code, error.message, reply.status_url))
        return True

    def _message_params(self, body: str, media: int, button: str | None, opt_out: OptOut | None) -> Params:
        pairs = [("ToCountry", country(self._line.number) or "")]
        if self._line.messaging_service_sid is not None:
            pairs.append(("MessagingServiceSid", self._line.messaging_service_sid))
        pairs += [(name, self.last_sid) for name in ("SmsMessageSid", "MessageSid", "SmsSid")]
        for index in range(media):
            pairs.append((f"MediaContentType{index}", "image/jpeg"))
            url = f"https://api.twilio.com/{API_VERSION}/Accounts/{self._account.sid}"
            pairs.append((f"MediaUrl{index}", f"{url}/Messages/{self.last_sid}/Media/ME{index:032x}"))
        pairs += [
            ("NumMedia", str(media)),
            ("SmsStatus", "received"),
            ("FromCountry", country(self._person) or ""),
            ("Body", body),
            ("To", self._own_address),
            # How the carrier cut it: an estimate, as the app must not rely on it.
            ("NumSegments", str(max(1, -(-len(body) // _PART_CHARS)))),
            ("AccountSid", self._account.sid),
            ("From", self._person),
            ("ApiVersion", API_VERSION),
            *self._channel_params(body, button),
            *self.extra,
        ]
        if opt_out is not None:
            pairs.append(("OptOutType", opt_out))
        return tuple(pairs)

    def _channel_params(self, body: str, button: str | None) -> Params:
        pairs: list[tuple[str, str]] = []
        if self._person.startswith("whatsapp:"):
            pairs.append(("ProfileName", self._profile_name))
            pairs.append(("WaId", self._person.removeprefix("whatsapp:").removeprefix("+")))
        if button is not None:
            pairs += [("ButtonText", body), ("ButtonPayload", button)]
        return tuple(pairs)

    @property
    def _own_address(self) -> str:
        """The line's number on the channel that the person writes from."""
        channel = self._person.partition(":")[0] if ":" in self._person else ""
        return f"{channel}:{self._line.number}" if channel else self._line.number

    def _fetch(
        self, method: Method, url: str, params: Params, purpose: Purpose
    ) -> tuple[str, Element | None]:
        mark = len(self.webhook.fetched)
        try:
            fetch = self.webhook.fetch(method, url, params, purpose)
        finally:
            self.events.extend(self.webhook.fetched[mark:])
        if purpose == "status":
            return fetch.url, None
        return fetch.url, read_twiml(fetch.answer.body, fetch.answer.content_type, "messaging")

    def _load(
        self, method: Method, url: str, params: Params, message: Params, purpose: Purpose = "document"
    ) -> None:
        """Carry out one document; a fault goes to the fallback URL once, and after that nobody is told."""
        try:
            url, response = self._fetch(method, url, params, purpose)
            for verb in response.children if response is not None else ():
                if verb.name == "Redirect":
                    self._redirect(urljoin(url, verb.text), method_of(verb.get("method")), message)
                    return
                self._reply(url, verb)
        except (FetchError, TwimlError) as error:
            self.events.append(Errored(error.code, error.message, url))
            fallback = self._line.text_fallback_url
            if fallback is not None and purpose != "fallback":
                told = (("ErrorCode", str(error.code)), ("ErrorUrl", url))
                self._load("POST", fallback, (*message, *told), message, "fallback")

    def _redirect(self, url: str, method: Method, message: Params) -> None:
        self._redirects += 1
        if self._redirects > MAX_REDIRECTS:
            raise TwimlError(TOO_MANY_REDIRECTS, f"Redirect: found more than {MAX_REDIRECTS} in a row")
        self.events.append(Redirected(url))
        self._load(method, url, message, message)

    def _reply(self, url: str, verb: Element) -> None:
        if verb.name != "Message":
            raise NotPlayedError(f"<{verb.name}> is Twilio's but not played here")
        status_url = verb.get("action") or verb.get("statusCallback")
        media = tuple(urljoin(url, child.text) for child in verb.children if child.name == "Media")
        self.events.append(
            Replied(
                sid=self._account.sids.new("MM" if media else "SM"),
                to=verb.get("to") or self._person,
                sender=verb.get("from") or self._own_address,
                body=message_body(verb),
                media=media,
                status_url=urljoin(url, status_url) if status_url else None,
            )
        )
