"""Transcripts: whole conversations, read by people and replayed by the carrier.

A transcript holds what the person does (lines that begin with ">") and all that follows. The
test replays the person's lines and writes the transcript anew; it must come out the same. After
a change of words: `pytest tests/transcripts --record`, and read the difference.

    caller: mobile | landline | withheld | whatsapp | rcs  who it is (mobile unless said)
    other end: answers | busy | no answer | fails          what a transfer meets
    texts: fail                                            the carrier takes no texts
    stopped: a message                                     the operator has stopped the line
    > words               send a text              > picture       send a picture without words
    > press 3             press keys               > wait          stay silent
    > say the police      speak                    > say (0.2) …   speak, and be badly heard
    > hang up             ring off                 > later 61      61 minutes go by
    > lose the database   from now on it is gone   > find it       it is back
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.carrier import Call, Texting, always, events
from bot.catalogue import load
from bot.core.session import Routing
from bot.settings import ROOT
from tests.line import CALLS, LANDLINE, MOBILE, SHORT_CODE, TEXTS, PlayedLine, play, sqlite_url
from tests.web.test_stopping import turn

HERE = Path(__file__).parent
CALLERS = {
    "mobile": MOBILE,
    "landline": LANDLINE,
    "withheld": "anonymous",
    "whatsapp": f"whatsapp:{MOBILE}",
    "rcs": f"rcs:{MOBILE}",
}
OTHER_ENDS = {"answers": "completed", "busy": "busy", "no answer": "no-answer", "fails": "failed"}
TRANSCRIPTS = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.txt"))


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript_comes_out_the_same(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = HERE / name
    written = path.read_text("utf-8")
    head = dict(
        line.split(": ", 1) for line in written.splitlines() if ": " in line and line[0] not in "<>=#\t "
    )
    line = play(sqlite_url(tmp_path), journal_path=tmp_path / "journal")
    line.sent.fails = head.get("texts") == "fail"
    if "stopped" in head:
        turn(line, on=True, message=head["stopped"])
    script = Script(line, head, is_call=name.startswith("call/"))
    came = [text for text in written.splitlines() if text.startswith("#") or text.partition(": ")[0] in head]
    for text in written.splitlines():
        if text.startswith("> "):
            came += ["", text, *script.play(text[2:])]
    line.wiring.sweeper.sweep(line.now)
    came += ["", *(f"= on record: {_recorded(routing)}" for routing in line.routings())]
    new = "\n".join(came).rstrip() + "\n"
    if request.config.getoption("--record"):
        path.write_text(new, "utf-8")
    assert new == written


def test_every_service_that_the_script_tells_is_in_a_transcript_on_both_channels() -> None:
    flow = load(ROOT / "flows", ROOT / "config").flows["helpline"]
    told = {node.service for node in flow.nodes.values() if node.service}
    for folder in ("text", "call"):
        written = "".join(path.read_text("utf-8") for path in (HERE / folder).glob("*.txt"))
        on_record = set(re.findall(r"^= on record: ([\w-]+),", written, re.MULTILINE))
        assert told - on_record == set(), folder


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*/emergencies-*.txt")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_emergency_of_the_transcripts_is_told_999_first(path: Path) -> None:
    scenes = path.read_text("utf-8").split("\n> ")[1:]
    messages = [scene for scene in scenes if not scene.startswith(("call\n", "press", "hang up"))]
    assert len(messages) == 10
    for message in messages:
        first = next(line for line in message.splitlines() if line.startswith("< "))
        assert "999" in first[:60], message


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*/look-alikes-*.txt")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_no_look_alike_of_the_transcripts_is_an_emergency(path: Path) -> None:
    assert "= on record: emergency" not in path.read_text("utf-8")


def _recorded(routing: Routing) -> str:
    late = ", late" if routing.late else ""
    return f"{routing.service}, by {routing.chosen_by}, {routing.outcome}{late}"


class Script:
    """Does what a transcript's lines say."""

    def __init__(self, line: PlayedLine, head: dict[str, str], *, is_call: bool) -> None:
        self.line = line
        caller = CALLERS[head.get("caller", "mobile")]
        status = OTHER_ENDS[head.get("other end", "answers")]
        self.texting: Texting | None = None
        self.call: Call | None = None
        if is_call:
            self.call = line.call(caller, always(status))  # type: ignore[arg-type]  # the four words are statuses
        else:
            self.texting = line.texting(caller, SHORT_CODE if head.get("to") == "short code" else TEXTS)

    def play(self, does: str) -> list[str]:
        """Do one thing, and tell what came of it."""
        if does.startswith("later "):
            self.line.pass_time(float(does.removeprefix("later ")))
            return []
        if does in ("lose the database", "find it"):
            (self.line.lose_database if does == "lose the database" else self.line.find_database)()
            return []
        if self.texting:
            return self._text(self.texting, does)
        assert self.call
        return self._ring(self.call, does)

    def _text(self, texting: Texting, does: str) -> list[str]:
        body, media = ("", 1) if does == "picture" else (does, 0)
        body = "" if does == "(nothing)" else body
        replies = texting.send(body, media)
        assert not texting.errors
        told = [f"< {line}" for reply in replies for line in reply.body.splitlines()]
        return told or ["= no answer is sent"]

    def _ring(self, call: Call, does: str) -> list[str]:
        sent = len(self.line.sent.bodies)
        match does.split(" ", 1):
            case ["call"]:
                happened = call.start()
            case ["press", keys]:
                happened = call.press(keys)
            case ["say", words]:
                found = re.fullmatch(r"(?:\(([\d.]+)\) )?(.+)", words)
                assert found
                happened = call.say(found[2], float(found[1] or 0.9))
                assert [event.taken for event in happened if isinstance(event, events.Spoke)] == [True]
            case ["wait"]:
                happened = call.wait()
            case ["hang", "up"]:
                happened = call.hang_up()
            case _:
                raise ValueError(does)
        assert not call.errors
        told = [line for event in happened for line in _told(event)]
        told += [f"= a text arrives: {body}" for _, body in self.line.sent.bodies[sent:]]
        return told


def _told(event: events.Event) -> list[str]:
    match event:
        case events.Heard(text=text):
            return [f"< {text}"]
        case events.Dialling(number=number, caller_id=shown):
            assert shown == CALLS, "a transfer must never show the caller's number"
            return [f"= ringing {number}, showing {shown}"]
        case events.DialEnded(status=status):
            return [f"= the transfer ends: {status}"]
        case events.HungUp(by=by):
            return [f"= the call is over, by the {by}"]
        case _:
            return []
