"""Play Twilio's part against the app: ring it, text it, carry out its TwiML, sign every webhook.

The simulator, ``signpost talk`` and the tests enter by the same door as a telephone does, and whatever Twilio
would refuse shows up as an ``Errored`` event with Twilio's own code.

    Call, Texting        one conversation each, driven by the person who rings or writes
    Account, Line        whose line it is, and where its webhooks go
    WsgiTransport,       how the app is reached
    HttpTransport
    read_twiml           the strict reader alone
    events               what happened, as frozen objects

The package imports the standard library and ``bot.channels.signature``, so that it can judge the app from
outside. It plays what this line needs: Say, Play, Pause, Gather, Dial to one number, Redirect, Hangup,
Reject, Message. Conferences, queues, recordings and the like raise ``NotPlayedError``.
"""

from bot.carrier import events
from bot.carrier.account import Account, Line
from bot.carrier.call import Call
from bot.carrier.dialling import OtherEnd, Outcome, always
from bot.carrier.document import Element
from bot.carrier.errors import CallEndedError, CarrierError, FetchError, NotPlayedError, TwimlError
from bot.carrier.events import Event
from bot.carrier.speech import caption
from bot.carrier.texting import Texting
from bot.carrier.transport import Answer, HttpTransport, Transport, WsgiTransport
from bot.carrier.twiml import read_twiml
from bot.carrier.webhook import Exchange, Request, Sids, Webhook

__all__ = [
    "Account",
    "Answer",
    "Call",
    "CallEndedError",
    "CarrierError",
    "Element",
    "Event",
    "Exchange",
    "FetchError",
    "HttpTransport",
    "Line",
    "NotPlayedError",
    "OtherEnd",
    "Outcome",
    "Request",
    "Sids",
    "Texting",
    "Transport",
    "TwimlError",
    "Webhook",
    "WsgiTransport",
    "always",
    "caption",
    "events",
    "read_twiml",
]
