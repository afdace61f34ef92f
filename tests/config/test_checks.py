from __future__ import annotations

from pathlib import Path

import pytest

from relou_gateway.config import load

from .reader import faults_of, settings_of, warnings_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "modem: {pin: 1234, pin_file: /etc/pin}",
            "modem.pin_file: modem.pin is set as well; keep one of the two",
        ),
        (
            "replies: {delay: [3m, 12h]}",
            "replies.delay: a reply would expire before its delay is over; expire must be longer than delay",
        ),
        (
            "storage: {keep: 6d}",
            "storage.keep: storage.keep is shorter than senders.cooldown: numbers are forgotten too soon",
        ),
        (
            "replies: {expire: 100d}",
            "replies.expire: storage.keep is shorter than replies.expire: numbers are forgotten too soon",
        ),
        (
            "senders: {answer: [FR, BE]}\nreplies: {texts: [{text: Non, countries: [FR]}]}",
            "senders.answer: no text in replies.texts is for BE; add one, or remove BE",
        ),
        (
            'modem: {keep_alive: {to: "+33700000001"}}\nsenders: {own: ["+33700000002"]}',
            (
                "modem.keep_alive.to: it may only go to an own number: put this one into senders.own, "
                "or take one from there"
            ),
        ),
        (
            'modem: {keep_alive: {to: "+33700000001", text: "' + "x" * 39_100 + '"}}\n'
            'senders: {own: ["+33700000001"]}',
            "modem.keep_alive.text: the text needs 256 parts, an SMS can have 255; shorten it",
        ),
        (
            f"replies: {{texts: [{'x' * 39_100}]}}",
            "replies.texts[0]: the text needs 256 parts, an SMS can have 255; shorten it",
        ),
    ],
)
def test_a_contradiction_is_refused_at_one_of_its_keys(tmp_path: Path, text: str, told: str) -> None:
    assert [told] == [fault.split(": ", 1)[1] for fault in faults_of(tmp_path, text)]


LONG = f"Non 🙂 {'…' * 70}"


@pytest.mark.parametrize(
    ("text", "key", "answer", "cap"),
    [
        ("budget: {per_day: 0.31}", "budget.per_day", "texts[0] to FR costs 0.32", "budget.per_day is 0.31"),
        ("budget: {price: 16}", "budget.price", "texts[0] to FR costs 32.00", "budget.per_day is 16.00"),
        (
            "budget: {per_day: 0.2, price: {default: 0.01, FR: 0.3}}\nsenders: {answer: [FR]}",
            "budget.per_day",
            "texts[0] to FR costs 0.60",
            "budget.per_day is 0.20",
        ),
        (
            "throttle: {parts_per_month: 1}",
            "throttle.parts_per_month",
            "texts[0] to FR has 2 parts",
            "throttle.parts_per_month is 1",
        ),
        (
            f"throttle: {{parts_per_day: 1}}\nreplies: {{texts: [Non, {LONG}]}}",
            "throttle.parts_per_day",
            "texts[1] to FR has 2 parts",
            "throttle.parts_per_day is 1",
        ),
    ],
)
def test_an_answer_that_no_cap_would_ever_let_go_is_refused(
    tmp_path: Path, text: str, key: str, answer: str, cap: str
) -> None:
    told = f"{key}: one answer with replies.{answer}, {cap}: none could ever go"
    assert [told] == [fault.split(": ", 1)[1] for fault in faults_of(tmp_path, text)]


@pytest.mark.parametrize(
    "text",
    [
        "throttle: {per_minute: 30, per_hour: 30}",
        "budget: {per_day: 0.32}",
        "budget: {per_day: 0.16}\nreplies: {texts: [Non]}",
        "budget: {keep: null}",
        "throttle: {parts_per_day: 2}",
        "senders: {answer: [BE]}\nreplies: {texts: [A, {text: B, countries: [BE]}]}",
        "replies: {delay: [3m, 11h]}",
        "storage: {keep: 7d}",
    ],
)
def test_what_only_looks_like_a_contradiction_holds(tmp_path: Path, text: str) -> None:
    assert () == settings_of(tmp_path, text).warnings


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("replies: {delay: [59s, 5m]}", ["replies.delay"]),
        ("replies: {expire: 25h}", ["replies.expire"]),
        ("modem: {calls: hang_up}", ["modem.calls"]),
        ("modem: {poll: 61s}", ["modem.poll"]),
        ("budget: {per_day: null, per_month: null}", ["budget.per_day", "budget.per_month"]),
        ("budget: {price: 0}", ["budget.price"]),
        ('budget: {balance: {ussd: "#1#", every: 9m}}', ["budget.balance.every"]),
        (
            'modem: {keep_alive: {to: "+33700000001", every: 71d}}\nsenders: {own: ["+33700000001"]}',
            ["modem.keep_alive.every"],
        ),
        ("replies: {texts: [Non, {text: Nein, countries: [DE]}]}", ["replies.texts[1]"]),
        ("log: {numbers: full}", ["log.numbers"]),
    ],
)
def test_what_is_allowed_but_deserves_a_word_is_warned_of(tmp_path: Path, text: str, keys: list[str]) -> None:
    assert keys == warnings_of(tmp_path, text)


def test_a_warning_knows_its_line(tmp_path: Path) -> None:
    [warning] = settings_of(tmp_path, "replies:\n  gsm7: true\n  delay: [1s, 2s]\n").warnings
    told = "an answer may come within a minute, while he still stands beside her: a danger to her"
    assert f"{tmp_path}/config.yaml:3: replies.delay: {told}" == str(warning)


@pytest.mark.parametrize(("mode", "expected"), [(0o600, []), (0o640, []), (0o644, ["modem.pin"])])
def test_a_pin_that_everyone_can_read_is_warned_of(tmp_path: Path, mode: int, expected: list[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("modem: {pin: 1234}")
    path.chmod(mode)
    assert expected == [warning.key for warning in load(path).warnings]


def test_what_depends_on_a_faulty_key_is_no_contradiction(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path, "budget: {per_day: 0.10, price: free}\nreplies: {expiry: 5s, delay: [1h, 20h]}"
    )
    assert ["budget.price", "replies"] == [fault.split(": ")[1] for fault in faults]


def test_the_defaults_deserve_no_word(tmp_path: Path) -> None:
    assert () == settings_of(tmp_path, "").warnings
