"""`setup` on a terminal, with the virtual modem as the one that is found."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from relou_gateway.config import load
from relou_gateway.rules.policy import MICRO
from relou_gateway.store import modems, outbox
from relou_gateway.store.database import Database
from tests.support.virtual import Virtual, virtual_modem

from .conversation import Conversation, conversation
from .test_doctor import lived

QUESTIONS = 14
"""How many there are with a SIM that asks for no PIN, and a text that has a cheaper form."""


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtual]:
    with virtual_modem(tmp_path_factory.mktemp("stick")) as virtual:
        yield virtual


@pytest.fixture
def modem(stick: Virtual) -> Iterator[Virtual]:
    yield stick
    stick.set(registered=True, pin=None, operator="Relou Mobile", imsi="208990123456789")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder: everything in it is of `setup`."""
    here = tmp_path / "home"
    here.mkdir()
    return here


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def ordered(folder: Path) -> list[tuple[str, str, str]]:
    """Return kind, number and state of all that is in the queue."""
    with Database(folder / "gateway.db") as database, database.snapshot() as tx:
        row = outbox.get(tx, 1)
        return [(row.purpose, row.number, row.state)]


# --- from nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en_FR.UTF-8",
            [
                "Modem: Relou Virtual, IMEI 350000000000006",
                "SIM: ready",
                "Network: Relou Mobile, signal 67 %",
                "As typed it goes in 5 SMS and costs 0.80 EUR; in the plain SMS alphabet in 2 SMS,",
                "That buys 312 answers.",
                "allow 50 answers a day and 312 in 30 days",
                "relou-gateway run",
            ],
        ),
        (
            "fr_FR.UTF-8",
            [
                "Modem : Relou Virtual, IMEI 350000000000006",
                "SIM : prête",
                "Réseau : Relou Mobile, signal 67 %",
                "Tel quel, elle part en 5 SMS et coûte 0.80 EUR ; dans l'alphabet simple des SMS, en 2 SMS",
                "Cela paie 312 réponses.",
                "50 réponses par jour et 312 en 30 jours",
                "relou-gateway run",
            ],
        ),
    ],
)
def test_enter_alone_leads_to_a_configuration_that_works(
    folder: Path, modem: Virtual, language: str, expected: list[str]
) -> None:
    with conversation(folder, "--device", modem.link, language=language) as talk:
        assert 0 == talk.answer()
        assert [] == [each for each in expected if each not in talk.shown], talk.shown
        assert QUESTIONS == len(talk.questions)
    settings = load(folder / "config.yaml")
    assert ((), modem.link, folder / "gateway.db") == (
        settings.warnings,
        settings.modem.device,
        settings.storage.path,
    )
    assert {"config.yaml"} == left_in(folder)
    assert 0o640 == stat.S_IMODE((folder / "config.yaml").stat().st_mode)


def test_the_country_is_that_of_the_sim_and_brings_currency_and_text(folder: Path, modem: Virtual) -> None:
    modem.set(imsi="228010123456789")
    with conversation(folder, "--device", modem.link) as talk:
        assert 0 == talk.answer()
    policy = load(folder / "config.yaml").policy
    assert ("CH", frozenset({"CH"}), "CHF") == (
        policy.senders.country,
        policy.senders.answer,
        policy.budget.currency,
    )


def test_without_a_sim_the_country_is_that_of_the_locale(folder: Path) -> None:
    with conversation(folder, "--device", "virtual", language="en_IE.UTF-8") as talk:
        assert 0 == talk.answer()
    policy = load(folder / "config.yaml").policy
    assert ("IE", True) == (policy.senders.country, policy.replies.texts[0].text.startswith("Hello! "))


def test_every_answer_stands_in_the_configuration(folder: Path, modem: Virtual) -> None:
    replies = {
        "which country": ["be"],
        "which countries": ["BE, fr"],
        "currency": ["€"],
        "What does one SMS": ["0,25"],
        "Keep this answer": ["n\nNon, c’est non.\n\u00a1Basta!\n"],
        "How long": ["5m - 20m"],
        "in 30 days, in EUR": ["50"],
        "in one day": ["none"],
        "different numbers": ["250"],
        "Your own": ["0470 12 34 56"],
        "Other numbers": ["+3370*, +33612345678"],
    }
    with conversation(folder, "--device", modem.link) as talk:
        assert 0 == talk.answer(replies)
        assert "That buys 200 answers." in talk.shown
    policy = load(folder / "config.yaml").policy
    senders, budget, reply = policy.senders, policy.budget, policy.replies
    assert ("BE", frozenset({"BE", "FR"}), ("+32470123456",), ("+3370*", "+33612345678")) == (
        senders.country,
        senders.answer,
        senders.own,
        senders.never,
    )
    assert ("EUR", 250_000, 50 * MICRO, None) == (
        budget.currency,
        budget.price.default,
        budget.per_month,
        budget.per_day,
    )
    assert "Non, c’est non.\n\u00a1Basta!" == reply.texts[0].text
    assert [300, 1200] == [end.total_seconds() for end in reply.delay]
    assert 250 == policy.throttle.recipients_per_month


def test_wrong_answers_are_explained_in_one_line_and_asked_again(folder: Path) -> None:
    wrong = {
        "which country": ("Atlantis", "Atlantis is no country"),
        "which countries": ("FR, XX", "XX is no country"),
        "currency": ("E", "E is no currency"),
        "What does one SMS": ("cheap", "cheap is no amount"),
        "How long": ("10m 3m", "the shorter first"),
        "in 30 days, in EUR": ("0.10", "One answer costs 0.32 EUR"),
        "different numbers": ("0", "a whole number from 1"),
        "Your own": ("36034", "36034 is no phone number"),
        "Other numbers": ("*", "* is no phone number"),
        "Write it?": ("perhaps", "y or n, please."),
        "Send a test": ("+33142345678", "no mobile phone's number"),
    }
    with conversation(folder, "--device", "virtual", language="fr_FR.UTF-8") as talk:
        assert 0 == talk.answer({"De quel pays": ["Atlantide"]})
        assert "Atlantide n'est pas un pays" in talk.shown
    (folder / "config.yaml").unlink()
    with conversation(folder, "--device", "virtual", "--language", "en", language="fr_FR.UTF-8") as talk:
        assert 0 == talk.answer({part: [typed] for part, (typed, _) in wrong.items()})
        assert [] == [why for _, why in wrong.values() if why not in talk.shown]
    assert load(folder / "config.yaml").policy.senders.answer == frozenset({"FR"})


def test_a_delay_below_a_minute_is_warned_of_and_taken_back_by_enter(folder: Path) -> None:
    with conversation(folder, "--device", "virtual") as talk:
        assert 0 == talk.answer({"How long": ["10s 20s"]})
        assert "a danger to her" in talk.shown
    assert [180, 600] == [end.total_seconds() for end in load(folder / "config.yaml").policy.replies.delay]


def test_hostile_input_moves_nothing_on_the_terminal(folder: Path) -> None:
    replies = {
        "which countries": ["\x1b[2J\x1b]0;mine\x07"],
        "currency": ["\udcff\u202eRUE"],
        "Keep this answer": ["n\n\x1b[31mred\n"],
        "Your own": ["+336\x1b[8m12345678, \u200b"],
    }
    with conversation(folder, "--device", "virtual") as talk:
        assert 0 == talk.answer(replies)
        # What the terminal itself echoes is ^[ in place of an escape; all else is ours.
        assert [] == [line for line in talk.lines if set("\x1b\x07\u202e\u200b") & set(line.split(": ")[0])]
        assert "\x1b" not in talk.shown
    settings = load(folder / "config.yaml")
    assert (frozenset({"FR"}), "EUR") == (settings.policy.senders.answer, settings.policy.budget.currency)


# --- the PIN ------------------------------------------------------------------------------


def test_the_pin_is_asked_for_twice_and_lies_in_a_file_of_its_own_and_nowhere_else(
    folder: Path, modem: Virtual
) -> None:
    modem.set(pin="4711")
    replies = {"PIN of the SIM": ["12", "4711", "4711"], "once more": ["4712", "4711"]}
    with conversation(folder, "--device", modem.link) as talk:
        assert 0 == talk.answer(replies)
        assert ["A PIN has 4 to 8 digits.", "These were not the same.", "tries left: 3"] == [
            each
            for each in ("A PIN has 4 to 8 digits.", "These were not the same.", "tries left: 3")
            if each in talk.shown
        ]
        assert "4711" not in talk.shown
    assert "4711" not in (folder / "config.yaml").read_text()
    assert ("4711\n", 0o640) == (
        (folder / "pin").read_text(),
        stat.S_IMODE((folder / "pin").stat().st_mode),
    )
    assert "4711" == load(folder / "config.yaml").modem.read_pin()
    assert 3 == modem.state()["pin_tries"]


def test_a_pin_that_the_sim_refused_before_is_not_taken_again(folder: Path, modem: Virtual) -> None:
    modem.set(pin="4711")
    with lived(folder) as (database, now), database.transaction("pin") as tx:
        row = modems.note_pin_try(tx, modem.modem.options.imei, "1234", now)
        modems.note_pin_outcome(tx, row, accepted=False)
    with conversation(folder, "--device", modem.link) as talk:
        replies = {"PIN of the SIM": ["1234", "4711"], "once more": ["1234", "4711"]}
        assert 0 == talk.answer(replies)
        assert "refused this PIN before" in talk.shown
    assert "4711" == load(folder / "config.yaml").modem.read_pin()


def test_enter_keeps_the_pin_that_is_set(folder: Path, modem: Virtual) -> None:
    modem.set(pin="4711")
    text = f"modem: {{device: {modem.link}, pin: '4711'}}\nstorage: {{path: gateway.db}}\n"
    (folder / "config.yaml").write_text(text)
    with conversation(folder) as talk:
        assert 0 == talk.answer()
        assert ("Enter: the one that is set" in talk.shown, "Nothing changes" in talk.shown) == (True, True)
    assert text == (folder / "config.yaml").read_text()


# --- no modem -----------------------------------------------------------------------------


def test_without_a_modem_it_goes_on_and_may_be_asked_to_look_again(folder: Path, tmp_path: Path) -> None:
    (folder / "config.yaml").write_text(
        f"modem: {{device: {tmp_path}/none}}\nstorage: {{path: gateway.db}}\n"
    )
    with conversation(folder) as talk:
        assert 0 == talk.answer({"Go on without": ["n", "y"]})
        assert 2 == talk.shown.count(f"{tmp_path}/none is not there.")


# --- the end of it ------------------------------------------------------------------------


def interrupted(folder: Path, place: int, key: str) -> Conversation:
    with conversation(folder, "--device", "virtual") as talk:
        assert 130 == talk.interrupt(place, key)
        return talk


@pytest.mark.parametrize("place", range(QUESTIONS - 1))
def test_ctrl_c_at_any_question_leaves_nothing(folder: Path, place: int) -> None:
    talk = interrupted(folder, place, "\x03" if place % 2 else "\x04")
    assert (place + 1, set()) == (len(talk.questions), left_in(folder))
    assert "Nothing was changed." in talk.shown


def test_ctrl_c_at_the_last_question_leaves_the_configuration(folder: Path) -> None:
    talk = interrupted(folder, QUESTIONS - 1, "\x03")
    assert "stays as it was written; no test was ordered" in talk.shown
    assert {"config.yaml"} == left_in(folder)


def test_ctrl_c_at_the_pin_leaves_the_terminal_as_it_was(folder: Path, modem: Virtual) -> None:
    modem.set(pin="4711")
    with conversation(folder, "--device", modem.link) as talk:
        assert 130 == talk.interrupt(0)
        assert talk.echoes()
    assert set() == left_in(folder)


def test_a_no_at_the_end_changes_nothing(folder: Path) -> None:
    with conversation(folder, "--device", "virtual") as talk:
        assert 1 == talk.answer({"Write it?": ["n"]})
    assert set() == left_in(folder)


def test_a_test_to_a_phone_waits_in_the_queue_of_a_database_that_was_not_there(folder: Path) -> None:
    with conversation(folder, "--device", "virtual") as talk:
        assert 0 == talk.answer({"Send a test": ["06 12 34 56 78"]})
        assert "`relou-gateway queue show 1` follows it" in talk.shown
    assert [("test", "+33612345678", "scheduled")] == ordered(folder)
    assert 0o660 == stat.S_IMODE((folder / "gateway.db").stat().st_mode) | 0o020


def test_settings_that_contradict_each_other_bring_the_questions_once_more(folder: Path) -> None:
    text = "replies: {texts: [{text: Nee, countries: [BE]}]}\nsenders: {country: BE, answer: [BE]}\n"
    (folder / "config.yaml").write_text(f"{text}storage: {{path: gateway.db}}\n")
    with conversation(folder, "--device", "virtual") as talk:
        assert 0 == talk.answer({"which countries": ["BE, FR", "BE"], "different numbers": ["77"]})
        assert "senders.answer: no text in replies.texts is for FR" in talk.shown
    policy = load(folder / "config.yaml").policy
    assert (frozenset({"BE"}), 77) == (policy.senders.answer, policy.throttle.recipients_per_month)


def test_what_no_answer_can_mend_ends_it(folder: Path) -> None:
    (folder / "config.yaml").write_text("modem: {device: virtual, pin: '1234', pin_file: code}\n")
    with conversation(folder) as talk:
        assert 2 == talk.answer()
        assert "keep one of the two" in talk.shown
        assert "1234" not in talk.shown


def test_what_is_pasted_behind_an_empty_line_answers_no_question(folder: Path) -> None:
    with conversation(folder, "--device", "virtual") as talk:
        assert 0 == talk.answer({"Keep this answer": ["n\nUn non\n\nest un non.\nMerci."]})
    assert "Un non" == load(folder / "config.yaml").policy.replies.texts[0].text
