"""Everything that Signpost raises on purpose.

    SignpostError
    ├── SettingsError     the environment or .env: every fault at once
    ├── CatalogueError    flows/*.toml and config/*.toml: every fault at once
    ├── StoreError        the database can't be used as promised
    ├── BehindError       the database lacks what a turn reports on: it waits in a journal
    ├── TwilioError       Twilio's REST API refuses, or can't be reached
    │   └── TextError     it does not take a text now: tried again later
    │       ├── TextRefusedError    it never will take this one
    │       └── TextUnknownError    it may have taken it: asked before it is tried again
    ├── DeliveryError     a partner's digest did not arrive: tried again later
    │   └── RefusedDeliveryError       its receiver will never take it: given up
    └── LedgerError       the audited log is not what it should be
        ├── WitnessRefusedError        a witness will not sign our tree: an alarm
        └── WitnessUnreachableError    a witness gave no answer: asked again later

They are raised low and turned into HTTP, TwiML or an exit code once, at the edge. Their text is
for the operator: file, item, found, limit, cure. It never holds a telephone number of a caller,
words of a message, or a secret.
"""

from __future__ import annotations


class SignpostError(Exception):
    """A fault that the operator can mend."""


class SettingsError(SignpostError):
    """The environment is not fit to start with."""


class CatalogueError(SignpostError):
    """The script, the directory or the lines are not fit to be used."""


class StoreError(SignpostError):
    """The database can't be reached, is not migrated, or is not durable."""


class BehindError(SignpostError):
    """A turn reports on a routing that waits in a journal, and so its report has to wait there too."""


class TwilioError(SignpostError):
    """Twilio's REST API refuses what we ask, or can't be reached."""


class DeliveryError(SignpostError):
    """A partner's digest could not be delivered; it is tried again later."""


class RefusedDeliveryError(DeliveryError):
    """The receiver of a partner's digest said that it will never take it."""


class TextError(TwilioError):
    """A text was not taken, and can be tried again. Its text is a reason in a word or two: "HTTP 429"."""


class TextRefusedError(TextError):
    """A text will never be taken; the reason is Twilio's code."""


class TextUnknownError(TextError):
    """Nobody knows whether a text was taken: the request left, and no answer that can be read came."""


class LedgerError(SignpostError):
    """The audited log, a proof or a key is not what it should be."""


class WitnessRefusedError(LedgerError):
    """A witness will not vouch for the log: it has seen another tree, or does not know ours."""


class WitnessUnreachableError(LedgerError):
    """A witness can't be reached, or its answer says nothing."""
