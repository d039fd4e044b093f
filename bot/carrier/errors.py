"""What can go wrong between the carrier and the app.

CarrierError
├── TwimlError     the app's answer is not a TwiML document that Twilio would carry out
├── FetchError     no usable answer came: connection, time limit, status, redirects
├── NotPlayedError  good TwiML that this carrier does not act out (a conference, a recording)
└── CallEndedError  something was asked of a call that is over

A ``Call`` or ``Texting`` turns the first two into an ``Errored`` event and the fallback URL, as Twilio does;
the last two reach whoever drives it.
"""


class CarrierError(Exception):
    """Any fault on the carrier's side of the line."""


class TwimlError(CarrierError):
    """A document that Twilio would refuse, or carry out only in part.

    ``code`` is Twilio's own (https://www.twilio.com/docs/api/errors): 12100 not XML, 12200 not the schema,
    131… to 137… one verb's fault.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code beside a sentence that names verb, attribute, found and allowed."""
        super().__init__(f"{message} (Twilio {code})")
        self.code = code
        self.message = message


class FetchError(CarrierError):
    """A webhook that brought no usable answer; ``code`` is Twilio's, ``url`` the address asked."""

    def __init__(self, code: int, message: str, url: str = "") -> None:
        """Keep the code and the address beside the sentence."""
        super().__init__(f"{message} (Twilio {code})")
        self.code = code
        self.message = message
        self.url = url


class NotPlayedError(CarrierError):
    """TwiML that Twilio knows and this carrier does not act out."""


class CallEndedError(CarrierError):
    """Something was asked of a call that has not begun or is over."""
