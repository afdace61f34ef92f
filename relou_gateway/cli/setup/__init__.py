"""`setup`: from a modem in a box to a configuration, by questions that every one have a default.

    words       all that is said, in English and French
    dialogue    asking, on a terminal or of a script
    answers     what people type, read with patience
    places      what a country brings with it
    modem       finding the modem, and telling what it is
    secret      the PIN, which is asked for and not tried
    questions   one function for each of the others
    draft       the configuration before and after
    files       putting files into place
    trial       a test, as a row of the outbox

Nothing is written before the last yes.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from ...config import ConfigError, Settings, find
from ...store import lock
from ...store.database import StoreError
from ..options import NotPossible, config_file, config_option
from ..output import money
from . import answers, draft, files, modem, places, questions, secret, trial
from .dialogue import Dialogue, Manner
from .draft import Before, Draft
from .modem import Found
from .words import Language, Say

OPTIONS: Mapping[str, str] = {
    "country": "The country of the SIM, such as FR.",
    "answer": "The countries whose phones are answered, such as FR,BE.",
    "currency": "The currency of all amounts, such as EUR.",
    "price": "What one SMS costs.",
    "text": "The answer.",
    "delay": "How long an answer waits, such as '3m 10m'.",
    "per-month": "Money for 30 days; none for no limit.",
    "per-day": "Money for one day.",
    "recipients": "Different numbers in 30 days.",
    "own": "Own numbers, with commas.",
    "never": "Numbers and prefixes that are never answered, with commas.",
    "test": "The phone that gets a test SMS; - for none.",
}
"""Answers that may stand on the command line, in place of a question."""


def _with_options(command: click.Command) -> click.Command:
    command.params[:0] = [
        click.Option([f"--{name}"], metavar=name.upper(), help=about) for name, about in OPTIONS.items()
    ]
    return command


@_with_options
@click.command()
@click.option("--device", metavar="PATH", help="The modem, or virtual; without it, the one that is found.")
@click.option(
    "--pin-file", type=click.Path(path_type=Path), metavar="FILE", help="A file that holds the SIM's PIN."
)
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    help="Of the questions; else as the locale.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: take the options, and defaults for the rest.")
@config_option
def setup(
    device: str | None, pin_file: Path | None, language: str | None, *, yes: bool, **options: str | None
) -> int:
    """Set the gateway up by questions, and write its configuration.

    Finds the modem, asks, shows what will be written, and writes it; run again, it changes what is
    there. A script gives options and `--yes`, or the answers on standard input, one a line.
    """
    given = {name: answer for name, answer in options.items() if answer is not None}
    talk = Dialogue(_language(language), _manner(yes=yes), given)
    written: Path | None = None
    try:
        talk.tell(Say.HELLO)
        before = _found(talk)
        drawn = _drawn(talk, before, device, pin_file)
        if not _write(talk, before, drawn):
            talk.tell(Say.NOTHING_WRITTEN)
            return 1
        written = drawn.path
        code = _test(talk, drawn.settings)
    except KeyboardInterrupt:
        talk.gap()
        if written is None:
            talk.tell(Say.NOTHING_WRITTEN)
        else:
            talk.tell(Say.STAYS_WRITTEN, path=written)
        raise click.Abort from None
    _tell_what_next(talk, drawn.settings)
    return code


def _language(named: str | None) -> Language:
    if named is not None:
        return Language(named)
    return Language.FR if places.locale_of(os.environ).startswith("fr") else Language.EN


def _manner(*, yes: bool) -> Manner:
    if yes:
        return Manner.DEFAULTS
    return Manner.TERMINAL if sys.stdin.isatty() else Manner.PIPE


# --- before -------------------------------------------------------------------------------


def _found(talk: Dialogue) -> Before:
    """Return the configuration as it is now, and tell where it lies; refuse what could not be written."""
    path = draft.place(config_file())
    folder = path.resolve().parent
    if not folder.is_dir():
        raise NotPossible(talk.phrase(Say.NO_FOLDER, path=folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotPossible(talk.phrase(Say.NOT_WRITABLE, path=folder, reason=os.strerror(errno.EACCES)))
    before = draft.found(path)
    talk.tell(Say.WRITES_NEW if before.text is None else Say.CHANGES_OLD, path=path)
    if before.faults:
        talk.tell(Say.FAULTY_OLD, path=path)
        for fault in before.faults:
            talk.item(str(fault))
    return before


# --- the answers --------------------------------------------------------------------------


def _drawn(talk: Dialogue, before: Before, device: str | None, pin_file: Path | None) -> Draft:
    """Ask everything; return what is to be written."""
    talk.gap()
    found = _modem(talk, before, device)
    sections = questions.changed(before.sections, "modem", device=found.device)
    if before.text is None:
        sections = questions.moved(sections, _home(found, before))
    pin = None
    if pin_file is not None:
        sections = secret.from_file(sections, pin_file)
    elif secret.is_wanted(found):
        pin = secret.ask(talk, before.sections, found.facts)
    while True:
        asked_before, sections = sections, questions.ask_all(talk, sections)
        try:
            return draft.drawn(before, sections, pin)
        except ConfigError as error:
            if talk.manner is not Manner.TERMINAL or sections == asked_before:
                raise  # nobody who is asked can mend it
            talk.tell(Say.CANNOT_BE)
            for fault in error.faults:
                talk.item(f"{fault.key}: {fault.message}")


def _modem(talk: Dialogue, before: Before, named: str | None) -> Found:
    """Return the modem, which is not looked for while a gateway is at work with it."""
    settings = before.sections.modem
    if named is None and lock.is_held(before.sections.storage.path):
        talk.tell(Say.AT_WORK, device=settings.device)
        return Found(settings.device, at_work=True)
    if named is not None and named not in {modem.AUTO, modem.VIRTUAL}:
        named = str(Path(named).absolute())
    return modem.find(talk, named or settings.device, settings.connection, named=named is not None)


def _home(found: Found, before: Before) -> str:
    """Return the country to propose: the SIM's, else that of the locale, else the default."""
    of_sim = None if found.facts is None else places.of_imsi(found.facts.imsi)
    return of_sim or places.of_locale(os.environ) or before.sections.senders.country


# --- writing ------------------------------------------------------------------------------


def _write(talk: Dialogue, before: Before, drawn: Draft) -> bool:
    """Show what changes, and write it if that is wanted; say whether the configuration stands as drawn."""
    talk.gap()
    if drawn.text == before.text and drawn.pin is None:
        talk.tell(Say.SAME, path=drawn.path)
        return True
    _show(talk, before, drawn)
    if not talk.agree(Say.WRITE):
        return False
    if draft.text_now(drawn.path) != before.text:
        raise NotPossible(talk.phrase(Say.CHANGED_MEANWHILE, path=drawn.path))
    try:
        files.put(drawn.contents(before))
        if draft.unit_of(drawn.path) is not None:
            files.make_home(drawn.settings.storage.path.parent)
    except OSError as error:
        place = error.filename or drawn.path
        raise NotPossible(talk.phrase(Say.NOT_WRITABLE, path=place, reason=error.strerror)) from error
    talk.tell(Say.WRITTEN, path=drawn.path)
    return True


def _show(talk: Dialogue, before: Before, drawn: Draft) -> None:
    lines = [] if before.faults else draft.difference(before, drawn)
    if before.text is None and not lines:
        talk.tell(Say.ALL_DEFAULTS)
    else:
        talk.tell(Say.DIFFERS_NEW if before.text is None else Say.DIFFERS, path=drawn.path)
    if before.faults:
        talk.tell(Say.NOT_SHOWN)
    for line in lines:
        talk.item(line)
    if drawn.settings.warnings:
        talk.tell(Say.WORTH_A_THOUGHT)
        for fault in drawn.settings.warnings:
            talk.item(f"{fault.key}: {fault.message}")
    if drawn.pin_file is not None:
        talk.tell(Say.PIN_GOES_TO, path=drawn.pin_file)
    if drawn.kept is not None:
        talk.tell(Say.REWRITES, kept=drawn.kept)


# --- the end ------------------------------------------------------------------------------


def _test(talk: Dialogue, settings: Settings) -> int:
    """Order a test if one is wanted; return 1 where it is wanted and not possible."""
    talk.gap()
    country = settings.policy.senders.country
    text = talk.phrase(Say.TEST_TEXT)
    number = talk.ask(
        Say.TEST,
        None,
        talk.phrase(Say.NONE),
        lambda answer: answers.mobile(answer, country),
        option="test",
        cost=money(trial.cost(settings, text), settings.policy.budget.currency),
    )
    if number is None:
        return 0
    try:
        reply = trial.order(settings, number, text)
    except (StoreError, NotPossible) as error:
        talk.tell(Say.TEST_NOT_POSSIBLE, reason=error)
        return 1
    talk.tell(Say.TEST_WAITS, reply=reply, follow=_command(settings, f"queue show {reply}"))
    return 0


def _tell_what_next(talk: Dialogue, settings: Settings) -> None:
    talk.gap()
    talk.tell(Say.NEXT)
    running = lock.is_held(settings.storage.path)
    assert settings.path is not None
    unit = draft.unit_of(settings.path)
    if unit is not None:
        action = "restart" if running else "enable --now"
        _next(talk, f"sudo systemctl {action} {unit}", Say.NEXT_RESTART if running else Say.NEXT_ENABLE)
    elif running:
        talk.item(talk.phrase(Say.NEXT_STOP))
    else:
        _next(talk, _command(settings, "run"), Say.NEXT_RUN)
    _next(talk, _command(settings, "doctor"), Say.NEXT_DOCTOR)
    shortest, longest = questions.delay_ends(settings.policy.replies.delay)
    talk.tell(Say.NEXT_TRY, shortest=shortest, longest=longest)


def _next(talk: Dialogue, command: str, why: Say) -> None:
    talk.item(f"{command:<44} {talk.phrase(why)}")


def _command(settings: Settings, verb: str) -> str:
    """Return how to call a verb from here: with the configuration's name where it would not be found.

    The service's is readable to root and the group relou, in which nobody is who just installed it.
    """
    assert settings.path is not None
    here = find(None, os.environ)
    found = here is not None and here.absolute() == settings.path
    program = "relou-gateway" if draft.unit_of(settings.path) is None else "sudo relou-gateway"
    return f"{program} {verb}" if found else f"{program} {verb} --config {settings.path}"
