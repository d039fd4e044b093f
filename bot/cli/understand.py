"""`signpost understand` and `signpost understanding`: what free text is taken to mean, and how well."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli.answered import what_is_answered
from bot.cli.common import catalogue, settings
from bot.core.intent import Intent
from bot.core.session import Channel, Session
from bot.errors import SignpostError
from bot.understanding import Understanding, load
from bot.understanding.report import judge, read, render
from bot.understanding.summary import SUMMARY_FILE, summarise
from bot.understanding.train import english_phrases
from bot.understanding.train import train as train_model
from bot.understanding.understanding import MODEL_FILE, SIGN_OF_DANGER, VECTORS_FILE
from bot.understanding.vectors_file import convert, write_parts

CHANNELS = click.Choice(["sms", "speech"])


@click.command()
@click.argument("text", required=False)
@click.option("--channel", type=CHANNELS, default="sms", show_default=True)
@click.option("--language", default="en", show_default=True, help="The language of the conversation.")
@click.option("--jsonl", is_flag=True, help='Read {"id","text","channel"} lines; write what each means.')
def understand(text: str | None, channel: str, language: str, *, jsonl: bool) -> None:
    """Say what a message is taken to mean, which rule decided, and what is answered. Nothing is kept."""
    understanding = load(settings().flows_dir)
    if jsonl:
        _stream(understanding, language)
        return
    if text is None:
        raise click.UsageError("give a message, or --jsonl with messages on standard input")
    intent = understanding.understand(text, channel, (language,))
    click.echo(f"label     {intent.label}")
    click.echo(f"rule      {intent.rule}")
    click.echo(f"score     {intent.score:.2f}")
    click.echo(f"language  {intent.language}")
    if intent.second:
        click.echo(f"or else   {intent.second}")
    for rule, sign in understanding.spoken(text, channel, (language,)):
        click.echo(f"heard     {rule}, {_weight(intent, sign=sign)}")
    known = catalogue()
    channel_of_line: Channel = "voice" if channel == "speech" else "sms"
    session = Session("preview", known.first_line.id, channel_of_line, language, datetime.now(UTC))
    click.echo(f"\n{what_is_answered(known, session, text, intent)}")


def _weight(intent: Intent, *, sign: bool) -> str:
    """What a rule that spoke counted for."""
    if not sign:
        return "danger itself"
    passed_over = "" if intent.label == "emergency" else ", and the model sees less: passed over"
    return f"a sign: counts from {SIGN_OF_DANGER} of danger on{passed_over}"


def _stream(understanding: Understanding, language: str) -> None:
    """Answer each line as it comes; a line that cannot be read stops with its number, not its words."""
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, channel = str(row["text"]), str(row.get("channel", "sms"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            limit = 'an object with "id", "text" and "channel"'
            raise SignpostError(f"standard input: line {number}\n    limit: {limit}") from error
        intent = understanding.understand(text, channel, (language,))
        told = {
            "id": row.get("id"),
            "label": intent.label,
            "rule": intent.rule,
            "score": round(intent.score, 4),
            "language": intent.language,
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        sys.stdout.flush()


@click.group()
def understanding() -> None:
    """Measure and train the understanding of free text."""


@understanding.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--lookalikes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of ids, one a line: messages that only sound like danger.",
)
@click.option("--no-texts", is_flag=True, help="Leave the messages themselves out of the list of misses.")
@click.option("--write", is_flag=True, help=f"Keep the counts in flows/{SUMMARY_FILE}, for the portal.")
def report(file: Path, lookalikes: Path | None, *, no_texts: bool, write: bool) -> None:
    """Judge labelled messages: {"id","text","label","channel","lang","also_ok","lookalike"} lines."""
    ids = frozenset(lookalikes.read_text("utf-8").split()) if lookalikes else frozenset[str]()
    folder = settings().flows_dir
    loaded = load(folder)
    judged = judge(read(file, ids), loaded.understand)
    click.echo(render(judged, texts=not no_texts))
    if write:
        digest, today = hashlib.sha256(file.read_bytes()).hexdigest(), datetime.now(UTC).date()
        summary = summarise(
            judged, file=file.name, file_sha256=digest, revision=loaded.revision, on=today
        ).render()
        (folder / SUMMARY_FILE).write_text(summary, "utf-8")
        click.echo(f"\nflows/{SUMMARY_FILE}: written")


@understanding.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if the file would change.")
def train(*, only_check: bool) -> None:
    """Train the model from flows/understanding.*.toml. The same files give the same bytes."""
    folder = settings().flows_dir
    path = folder / MODEL_FILE
    trained = train_model(folder).render()
    if only_check:
        if not path.exists() or path.read_text("ascii") != trained:
            cure = "run `signpost understanding train`"
            raise SignpostError(f"flows/{MODEL_FILE}: older than the phrases or the rules\n    cure:  {cure}")
        click.echo(f"flows/{MODEL_FILE} is what the phrases and the rules make.")
        return
    path.write_text(trained, "ascii")
    click.echo(f"flows/{MODEL_FILE}: {path.stat().st_size // 1024} kB")


@understanding.command()
@click.option(
    "--from",
    "start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Begin from this file, which `vectors` made, instead of flows/{VECTORS_FILE}.",
)
def tune(start: Path | None) -> None:
    """Tune flows/understanding.vectors to the English phrases; then train anew. Takes a quarter of an hour.

    Begins from what `vectors` made, never from what is tuned already, so that the same phrases give the same
    bytes again on the same machine.
    """
    try:
        from bot.understanding import tuning  # noqa: PLC0415 - it needs what the line does without
    except ImportError as error:
        cure = "install what developers need, with `make install-dev`"
        raise SignpostError(f"{error.name}: not installed\n    cure:  {cure}") from error

    folder = settings().flows_dir
    begin = start or folder / VECTORS_FILE
    parts, mark = tuning.read_published(begin)
    phrases = english_phrases(folder)
    click.echo(f"Begins from {begin.name} as published ({mark}), with {len(phrases)} phrases.")
    course = tuning.Course()
    tuned = tuning.tune(
        parts, phrases, course, lambda epoch, lost: click.echo(f"{epoch} of {course.epochs}: {lost:.4f} off")
    )
    size = write_parts(tuned, folder / VECTORS_FILE, tuned=mark)
    click.echo(f"flows/{VECTORS_FILE}: {size // 1024} kB")


@understanding.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def vectors(folder: Path) -> None:
    """Make flows/understanding.vectors from FOLDER, a download of all-MiniLM-L6-v2; then train anew.

    It has to hold model.safetensors and tokenizer.json as their publishers give them away (Apache 2.0).
    """
    path = settings().flows_dir / VECTORS_FILE
    size = convert(folder / "model.safetensors", folder / "tokenizer.json", path)
    click.echo(f"flows/{VECTORS_FILE}: {size // 1024} kB")
