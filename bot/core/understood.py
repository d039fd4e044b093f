"""What follows from free text, and from words in another language.

The meaning itself is found elsewhere (`bot.understanding`) and comes in as an Intent; here it
leads to an emergency's advice, to a service, or to a question. Nothing a person wrote is kept.
"""

from __future__ import annotations

from bot.core.calling import Calling
from bot.core.match import Match, fold, match_words
from bot.core.segments import MOST_PARTS, segments
from bot.core.session import Speech, altered

OPT_OUT_RULE = "stop.word"
CERTAIN = 0.9


class Understood(Calling):
    """A walk that free text and other languages can move."""

    # Emergencies

    def emergency(self) -> bool:
        """Before everything but an opt-out: 999 and what to do until they come. However sure, and however
        badly heard: one call too many harms less than one too few.
        """
        if self.intent is None or self.intent.label != "emergency":
            return False
        self.follow_language()
        node = self.flow.meanings.emergency_node(self.intent.rule)
        self.session = altered(self.session, rounds=0)
        self.visit(node, self.intent.rule)
        return True

    # Words

    def by_word(self, text: str, confidence: float | None) -> bool:
        """Answer by a key or a known word; False where the text is neither."""
        if self.yes_or_no(text):
            return True
        match = match_words(text, self.flow, self.menu_in_view(), self.speaker.wording)
        if match is None:
            return False
        if self.is_doubted(confidence) and match.kind == "node" and self.flow.may_offer(match.target):
            self.confirm(match.target)
        else:
            self.follow(match)
        return True

    def is_doubted(self, confidence: float | None) -> bool:
        """Whether the recogniser is not sure of what it heard; an answer to a question is believed."""
        return confidence is not None and confidence < self.flow.meanings.heard and not self.offered

    # Meanings

    def understood(self) -> bool:
        """Go where free text leads; False where nothing is known of it, or it is abuse."""
        intent, meanings = self.intent, self.flow.meanings
        if intent is None or intent.label == "unknown":
            return False
        sure = intent.score >= meanings.sure
        if intent.label == "stop":
            return self._stop(sure=sure)
        self.session = altered(self.session, misses=0, rounds=0)
        target = meanings.labels[intent.label]
        if target == self.flow.start:
            self.visit(target, intent.rule)
        elif sure:
            self.answer(target)
        elif between := self.between():
            self.answer(between)
        else:
            second = meanings.labels.get(intent.second, "") if intent.second else ""
            self.which(target, "" if intent.second == "emergency" else second)
        return True

    def between(self) -> str:
        """The node for two meanings that nobody is asked to choose between, or ""."""
        pair = frozenset({self.intent.label, self.intent.second}) if self.intent else frozenset()
        return next((goto for labels, goto in self.flow.meanings.between.items() if labels == pair), "")

    def meant(self) -> str:
        """The node to ask about where words were badly heard, or ""."""
        target = self.flow.meanings.labels.get(self.intent.label, "") if self.intent else ""
        target = self.between() or target
        return target if self.flow.may_offer(target) else ""

    def answer(self, target: str) -> None:
        """Give the answer at once, with the way out of a misunderstanding."""
        self.more = "not_meant"
        self.visit(target, self.intent.rule if self.intent else "word")

    def which(self, *targets: str) -> None:
        """Ask which of these is meant; the first menu is always the last of the choices."""
        told = dict.fromkeys(target for target in targets if target and target != self.flow.start)
        self.offered = (*told, self.flow.start)
        self.session = altered(self.session, node=self.session.node or self.flow.start)
        self.say("unsure")
        self.tell("unsure")

    def confirm(self, target: str) -> None:
        """Ask whether this was said, where the recogniser is not sure of it."""
        self.offered = (target, self.flow.start)
        self.session = altered(self.session, node=self.session.node or self.flow.start)
        self.say("confirm")
        self.tell("confirm")

    def yes_or_no(self, text: str) -> bool:
        """Answer yes and no to what was offered: yes where it was one thing, no always."""
        said, wording = fold(text), self.speaker.wording
        if said in wording.no and self.offered:
            self.visit(self.flow.start, "word")
        elif said in wording.yes and len(self.offered) == 2:  # noqa: PLR2004 - one thing and the first menu
            self.follow(Match("node", self.offered[0], "word"))
        else:
            return False
        return True

    def _stop(self, *, sure: bool) -> bool:
        """An opt-out in their own words ends a conversation by text; a call is not cut off for it.

        "Stop him" has the word too, so the model has to be all but certain.
        """
        certain = self.intent is not None and (
            self.intent.rule == OPT_OUT_RULE or self.intent.score >= CERTAIN
        )
        if self.session.medium == "voice" or not (sure and certain):
            return False
        self.end("stopped")
        return True

    # Languages

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that are served, the line's first one first."""
        known = self.line.languages if self.line else (self.session.language,)
        return tuple(language for language in known if language in self.flow.wordings)

    def follow_language(self) -> None:
        """Answer a text in the language it was understood as. On a call one language is listened for,
        so what is heard says nothing of another.
        """
        language = self.intent.language if self.intent else ""
        if self.session.medium == "text" and language in self.languages and language != self.session.language:
            self.speak(language)
            self.met = language != self.languages[0]

    def tell_way_back(self) -> None:
        """After an answer in a language that nobody asked for by name, how to get the first one; where
        that would take a part too many, the word still works.
        """
        offer = Speech(self.speaker_of(self.languages[0]).offer(""))
        air = segments("\n".join(speech.text for speech in [*self.says, offer]))
        if self.met and air.parts <= MOST_PARTS[air.encoding]:
            self.says.append(offer)

    def language_called(self, text: str) -> bool:
        """Change to the language that the whole text asks for ("POMOC", "po polsku", "english")."""
        said = fold(text)
        for language in self.languages:
            if said in self.flow.wording(language).called:
                if language == self.session.language and self.by_word(text, None):
                    return True  # "ajuda" asks for Portuguese, and in Portuguese for help
                self.change_language(language, "word")
                return True
        return False

    def language_key(self, key: str, *, opening: bool) -> bool:
        """Change to the language on this key, at the first menu where they are offered; a slip of the
        finger further on changes nothing. The key of the present one goes back to the first, anywhere.
        """
        language, first = self.flow.language_keys.get(key, ""), self.languages[0]
        if language not in self.languages or (key in self.flow.command_keys and not opening):
            return False
        if language == self.session.language:
            language = first
        elif self.session.node != self.flow.start:
            return False
        self.change_language(language, "key")
        return True

    def change_language(self, language: str, how: str) -> None:
        """Begin again in another language, and say how to come back."""
        self.session = altered(self.session, misses=0, rounds=0)
        self.speak(language)
        first = self.languages[0]
        if language != first:
            self.says.append(self.offer_of(first, self.key_of(language)))
        self.visit(self.flow.start, how)
        self.say_whether_heard()

    def offer_languages(self) -> None:
        """When a call begins: after the first sentence, which says 999, each language in its own voice."""
        others = [(language, self.key_of(language)) for language in self.languages[1:]]
        offers = [self.offer_of(language, key) for language, key in others if key]
        if offers and self.says:
            first, _, rest = self.says[0].text.partition("\n")
            self.says[:1] = [Speech(first), *offers, Speech(rest)]
            self.session = altered(self.session, stage="opening")
        self.say_whether_heard()

    def offer_of(self, language: str, key: str) -> Speech:
        """How a language is offered, in that language."""
        speaker = self.speaker_of(language)
        return Speech(speaker.offer(key), language=language)

    def key_of(self, language: str) -> str:
        """The key that changes to a language on a call."""
        return next((key for key, its in self.flow.language_keys.items() if its == language), "")

    def say_whether_heard(self) -> None:
        """On a call, say whether speech is understood in this language."""
        if self.session.medium == "voice":
            heard = self.line is None or self.line.hears(self.session.language)
            self.say("speak" if heard else "keys_only")
