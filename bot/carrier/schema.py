"""TwiML as tables: which verb may hold which attribute, value, text and element.

Sources: https://www.twilio.com/docs/voice/twiml and https://www.twilio.com/docs/messaging/twiml, one page
a verb; the numbers are those of https://www.twilio.com/docs/api/errors.
Twilio only warns about much of this (12200) and carries out the rest of the document; here it is refused,
so that the warning is met in a test and not by a caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.carrier.values import (
    ADDRESS,
    ANY,
    BREAK_SECONDS,
    CALLER_ID,
    HEARD_LANGUAGE,
    KEY_OR_NONE,
    LANGUAGE,
    METHOD,
    SEND_DIGITS,
    SPEECH_MODEL,
    TRUTH,
    URL,
    VOICE,
    Kind,
    at_most_chars,
    one_of,
    some_of,
    whole,
    whole_or,
)

SCHEMA = 12200

Channel = Literal["voice", "messaging"]
Text = Literal["none", "optional", "required"]

SSML = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})
NOUNS = frozenset(
    {"Number", "Client", "Conference", "Queue", "Sim", "Sip", "Application", "WhatsApp"},
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute may hold, and Twilio's code for when it does not."""

    kind: Kind
    code: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Rule:
    """What one element may hold.

    ``played`` is False for what Twilio knows and this carrier leaves alone: its inside is not checked.
    """

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: Text = "none"
    required: frozenset[str] = frozenset()
    played: bool = True
    code: int = SCHEMA  # for text or elements that do not belong


NOT_PLAYED = Rule(played=False)

_INLINE = SSML - {"p", "s"}
_RINGTONES = (
    "at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr",
    "gr", "hu", "il", "in", "it", "lt", "jp", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt",
    "ru", "se", "sg", "th", "uk", "us", "us-old", "tw", "ve", "za",
)  # fmt: skip
_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
    "true",
    "false",
)
_INTERPRET = (
    "characters", "spell-out", "cardinal", "number", "ordinal", "digits", "fraction", "unit",
    "date", "time", "address", "expletive", "telephone",
)  # fmt: skip

SPEECH_RULES: Mapping[str, Rule] = {
    "break": Rule(
        {
            "strength": Attribute(one_of("none", "x-weak", "weak", "medium", "strong", "x-strong")),
            "time": Attribute(BREAK_SECONDS),
        },
    ),
    "emphasis": Rule({"level": Attribute(one_of("strong", "moderate", "reduced"))}, _INLINE, "optional"),
    "lang": Rule({"xml:lang": Attribute(LANGUAGE)}, SSML, "optional", frozenset({"xml:lang"})),
    "p": Rule({}, SSML - {"p"}, "optional"),
    "s": Rule({}, _INLINE, "optional"),
    "phoneme": Rule(
        {"alphabet": Attribute(one_of("ipa", "x-sampa")), "ph": Attribute(ANY)},
        text="required",
        required=frozenset({"ph"}),
    ),
    "prosody": Rule(
        {"volume": Attribute(ANY), "rate": Attribute(ANY, 13513), "pitch": Attribute(ANY)}, SSML, "optional"
    ),
    "say-as": Rule(
        {"interpret-as": Attribute(one_of(*_INTERPRET)), "format": Attribute(ANY)},
        text="required",
        required=frozenset({"interpret-as"}),
    ),
    "sub": Rule({"alias": Attribute(ANY)}, text="required", required=frozenset({"alias"})),
    "w": Rule({"role": Attribute(ANY)}, _INLINE - {"lang", "w"}, "optional"),
}

_GATHER = {
    "input": Attribute(one_of("dtmf", "speech", "dtmf speech", "speech dtmf")),
    "action": Attribute(URL),
    "method": Attribute(METHOD, 13312),
    "timeout": Attribute(whole(1), 13313),
    "speechTimeout": Attribute(whole_or(1, "auto"), 13327),
    "maxSpeechTime": Attribute(whole(1, 60)),
    "numDigits": Attribute(whole(1), 13314),
    "finishOnKey": Attribute(KEY_OR_NONE, 13310),
    "actionOnEmptyResult": Attribute(TRUTH),
    "bargeIn": Attribute(TRUTH),
    "debug": Attribute(TRUTH),
    "hints": Attribute(at_most_chars(500)),
    "language": Attribute(HEARD_LANGUAGE, 13331),
    "speechModel": Attribute(SPEECH_MODEL),
    "profanityFilter": Attribute(TRUTH),
    "enhanced": Attribute(TRUTH),
    "partialResultCallback": Attribute(URL),
    "partialResultCallbackMethod": Attribute(METHOD),
}
_DIAL = {
    "action": Attribute(URL),
    "method": Attribute(METHOD, 13210),
    "timeout": Attribute(whole(5, 600), 13212),
    "hangupOnStar": Attribute(TRUTH, 13213),
    "timeLimit": Attribute(whole(1, 86400), 13216),
    "callerId": Attribute(CALLER_ID, 13214),
    "callReason": Attribute(at_most_chars(50)),
    "record": Attribute(one_of(*_RECORD)),
    "trim": Attribute(one_of("trim-silence", "do-not-trim")),
    "answerOnBridge": Attribute(TRUTH),
    "ringTone": Attribute(one_of(*_RINGTONES)),
    "sequential": Attribute(TRUTH),
    "referUrl": Attribute(URL),
    "referMethod": Attribute(METHOD),
    "events": Attribute(ANY),
    "passports": Attribute(ANY),
    "recordingConfigurationId": Attribute(ANY),
    "recordingStatusCallback": Attribute(URL),
    "recordingStatusCallbackMethod": Attribute(METHOD),
    "recordingStatusCallbackEvent": Attribute(some_of("in-progress", "completed", "absent")),
    "recordingTrack": Attribute(one_of("both", "inbound", "outbound")),
}
_NUMBER = {
    "sendDigits": Attribute(SEND_DIGITS, 13222),
    "url": Attribute(URL),
    "method": Attribute(METHOD, 13221),
    "statusCallback": Attribute(URL),
    "statusCallbackMethod": Attribute(METHOD),
    "statusCallbackEvent": Attribute(some_of("initiated", "ringing", "answered", "completed")),
    "byoc": Attribute(ANY),
    "machineDetection": Attribute(one_of("Enable", "DetectMessageEnd")),
    "machineDetectionTimeout": Attribute(whole(3, 60)),
    "machineDetectionSpeechThreshold": Attribute(whole(1000, 6000)),
    "machineDetectionSpeechEndThreshold": Attribute(whole(500, 5000)),
    "machineDetectionSilenceTimeout": Attribute(whole(2000, 10000)),
    "amdStatusCallback": Attribute(URL),
    "amdStatusCallbackMethod": Attribute(METHOD),
}
_UNPLAYED_VERBS = (
    "Sms", "Record", "Enqueue", "Leave", "Connect", "Start", "Stop", "Refer", "Pay", "Prompt",
    "Echo", "Queue",
)  # fmt: skip
_PLAYED_VERBS = frozenset({"Say", "Play", "Pause", "Gather", "Dial", "Redirect", "Hangup", "Reject"})

VOICE_RULES: Mapping[str, Rule] = {
    "Response": Rule(children=_PLAYED_VERBS | frozenset(_UNPLAYED_VERBS)),
    "Say": Rule(
        {
            "voice": Attribute(VOICE, 13511),
            "language": Attribute(LANGUAGE, 13512),
            "loop": Attribute(whole(0, 1000), 13510),
        },
        SSML,
        "optional",
    ),
    "Play": Rule(
        {"loop": Attribute(whole(0, 1000), 13410), "digits": Attribute(SEND_DIGITS)}, text="optional"
    ),
    "Pause": Rule({"length": Attribute(whole(1), 13910)}),
    "Gather": Rule(_GATHER, frozenset({"Say", "Play", "Pause"}), code=13320),
    "Dial": Rule(_DIAL, NOUNS, "optional", code=13215),
    "Number": Rule(_NUMBER, text="required"),
    "Redirect": Rule({"method": Attribute(METHOD, 13710)}, text="required"),
    "Hangup": Rule(),
    "Reject": Rule({"reason": Attribute(one_of("rejected", "busy"))}),
    **dict.fromkeys(_UNPLAYED_VERBS, NOT_PLAYED),
    **dict.fromkeys(NOUNS - {"Number"}, NOT_PLAYED),
    **SPEECH_RULES,
}

MESSAGING_RULES: Mapping[str, Rule] = {
    "Response": Rule(children=frozenset({"Message", "Redirect", "Sms"}), code=14110),
    "Message": Rule(
        {
            "to": Attribute(ADDRESS, 14101),
            "from": Attribute(ADDRESS, 14102),
            "action": Attribute(URL),
            "method": Attribute(METHOD, 14104),
            "statusCallback": Attribute(URL, 14105),
        },
        frozenset({"Body", "Media"}),
        "optional",
    ),
    "Body": Rule(text="required"),
    "Media": Rule(text="required"),
    "Redirect": Rule({"method": Attribute(METHOD, 13710)}, text="required"),
    "Sms": NOT_PLAYED,
}

RULES: Mapping[Channel, Mapping[str, Rule]] = {"voice": VOICE_RULES, "messaging": MESSAGING_RULES}
