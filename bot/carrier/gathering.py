"""One Gather while it waits: which keys it keeps, when it is done, and what it then sends.

Source: https://www.twilio.com/docs/voice/twiml/gather
"""

from dataclasses import dataclass
from typing import Literal

from bot.carrier.document import Element
from bot.carrier.events import Listening, Params

KEYS = frozenset("0123456789*#")

_DEFAULT_TIMEOUT_SECONDS = 5
Effect = Literal["dropped", "kept", "finished"]


@dataclass(slots=True)
class Gathering:
    """The state of one Gather; ``digits`` grows with each key."""

    gather: Element
    digits: str = ""
    finished_on: str = ""

    @property
    def timeout_seconds(self) -> int:
        """Silence allowed, counted once nested audio is over and again after each key."""
        return int(self.gather.get("timeout") or _DEFAULT_TIMEOUT_SECONDS)

    @property
    def posts_silence(self) -> bool:
        """Whether silence is sent to the action rather than passed over."""
        return self.gather.get("actionOnEmptyResult") == "true"

    @property
    def endless(self) -> bool:
        """Whether nested audio repeats for ever, so that the time limit never begins."""
        return any(child.get("loop") == "0" for child in self.gather.children)

    @property
    def _inputs(self) -> list[str]:
        return self.gather.get("input", "dtmf").split(" ")

    def listening(self) -> Listening:
        """Describe what is waited for."""
        limit = self.gather.get("numDigits")
        return Listening(
            input=self.gather.get("input", "dtmf"),
            timeout_seconds=self.timeout_seconds,
            num_digits=int(limit) if limit else None,
            finish_on_key=self.gather.get("finishOnKey", "#"),
            action_on_empty_result=self.posts_silence,
            language=self.gather.get("language", "en-US"),
            hints=self.gather.get("hints"),
        )

    def press(self, key: str) -> Effect:
        """Take one key.

        The finishing key does nothing until another key came before it, says Twilio's page; where it is set
        to "", every key is an answer.
        """
        if "dtmf" not in self._inputs:
            return "dropped"
        if key == self.gather.get("finishOnKey", "#"):
            if not self.digits:
                return "dropped"
            self.finished_on = key
            return "finished"
        self.digits += key
        limit = self.gather.get("numDigits")
        return "finished" if limit and len(self.digits) >= int(limit) else "kept"

    def hears(self, *, early: bool) -> bool:
        """Tell whether speech is taken; ``early`` is speech over nested audio.

        Keys pressed before win over speech, and bargeIn="false" lets nested audio finish unheard.
        """
        if "speech" not in self._inputs or self.digits:
            return False
        return not (early and self.gather.children and self.gather.get("bargeIn") == "false")

    def keys_sent(self) -> Params:
        """Give the parameters that carry the keys; none pressed gives an empty Digits."""
        return (("Digits", self.digits), ("FinishedOnKey", self.finished_on), ("msg", "Gather End"))

    def silence_sent(self) -> Params:
        """Give the parameters that carry silence."""
        return self.keys_sent() if "dtmf" in self._inputs else (("SpeechResult", ""),)

    def speech_sent(self, words: str, confidence: float | None) -> Params:
        """Give the parameters that carry speech; Confidence is left out where the recogniser gave none."""
        language = (("Language", self.gather.get("language", "en-US")),)
        score = () if confidence is None else (("Confidence", str(confidence)),)
        return (("SpeechResult", words), *score, *language)
