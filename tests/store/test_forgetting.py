"""One sender forgotten at an operator's word: what goes, what has to stay, and that it can be verified."""

from __future__ import annotations

import pytest

from relou_gateway.rules.admission import Past, Reason
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.records import Kind, Purpose, Report, Ruling, Status
from relou_gateway.rules.throttle import DAY, Cap, Unit, standing
from relou_gateway.store import forgetting, inbox, ledger, mutes, outbox, queue, senders
from relou_gateway.store.database import Connection
from relou_gateway.store.forgetting import Forgotten
from tests.store.samples import (
    BRICE,
    KARIM,
    START,
    at,
    call,
    claimed,
    in_doubt,
    scheduled,
    slot,
    sms,
    states,
    take,
)


def wrote(tx: Connection, number: str = KARIM, text: str = "Salut") -> int:
    """Let somebody write, and have it judged; return the message."""
    [message_id] = take(tx, slot(len(inbox.messages(tx)), sms(text, number))).messages
    senders.note(tx, number, Kind.SMS, START)
    inbox.record_verdict(tx, message_id, Ruling.DECLINED, Reason.COOLDOWN, None, at())
    return message_id


def forget(tx: Connection, number: str = KARIM, second: float = 50) -> Forgotten:
    return forgetting.forget(tx, number, at(second))


def everything(tx: Connection) -> str:
    """All that is stored of strangers."""
    tables = ("inbox", "outbox", "reservations", "senders", "ledger")
    return repr([tuple(row) for table in tables for row in tx.execute(f"SELECT * FROM {table}")])


def faults(tx: Connection) -> tuple[list[int], list[int], list[int]]:
    return ledger.broken_links(tx), ledger.changed_contents(tx), ledger.changed_replies(tx)


def test_of_who_was_never_answered_nothing_is_left(tx: Connection) -> None:
    wrote(tx, text="Salut, c'est moi")
    take(tx, slot(77, Report(KARIM, 1, True, "", None)))
    scheduled(tx)

    assert Forgotten(KARIM, 2, 1, (1,), (), (), 0, still_known=False) == forget(tx)

    assert (False, False) == (KARIM in everything(tx), "c'est moi" in everything(tx))
    assert ({1: Status.CANCELLED}, ([], [], [])) == (states(tx), faults(tx))


def test_nobody_else_is_touched(tx: Connection) -> None:
    wrote(tx, BRICE)
    outbox.settle_sent(tx, claimed(tx, BRICE).id, (1, 2, 3), at(1))
    before = everything(tx)
    wrote(tx)
    forget(tx)

    assert (BRICE, "Salut") == (inbox.messages(tx)[0].number, inbox.messages(tx)[0].text)
    assert (BRICE, BRICE) == (outbox.get(tx, 1).number, queue.of_number(tx, BRICE)[0].number)
    assert before.count(BRICE) == everything(tx).count(BRICE)


def test_answers_stay_counted_so_that_nobody_gets_more_by_being_forgotten(tx: Connection) -> None:
    outbox.settle_sent(tx, claimed(tx).id, (1, 2, 3), at(1))
    recipients = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, 30 * DAY, 9)
    money = Cap("budget.per_month", Unit.MONEY, 30 * DAY, 9)
    spent = ledger.spendings(tx, START - DAY)
    used = [standing(cap, spent, at(9).quota).used for cap in (recipients, money)]

    assert Forgotten(KARIM, 0, 1, (), (), (), 0, still_known=True) == forget(tx)

    assert Past(answers=1, answered_at=at(1).quota) == senders.past(tx, KARIM, waiting=False)
    assert ("", "") == (outbox.get(tx, 1).number, outbox.get(tx, 1).text)
    left = ledger.spendings(tx, START - DAY)
    assert used == [standing(cap, left, at(9).quota).used for cap in (recipients, money)]
    assert ([], [], []) == faults(tx)


def test_who_asked_not_to_be_answered_is_remembered_for_that(tx: Connection) -> None:
    wrote(tx)
    senders.stop(tx, KARIM, at())

    assert forget(tx).still_known
    assert senders.past(tx, KARIM, waiting=False).stopped


@pytest.mark.parametrize(("second", "still_known"), [(99, True), (100, False)])
def test_a_mute_is_remembered_until_it_ends(tx: Connection, second: float, still_known: bool) -> None:
    wrote(tx)
    mutes.mute(tx, KARIM, at(100).quota)

    assert still_known is forget(tx, second=second).still_known


def test_a_block_of_his_stays(tx: Connection) -> None:
    wrote(tx)
    senders.block(tx, KARIM, at())
    forget(tx)

    assert senders.is_blocked(tx, KARIM)


def test_what_is_being_sent_or_in_doubt_stays_and_is_named(tx: Connection) -> None:
    in_doubt(tx, KARIM)
    claimed(tx, KARIM)

    assert Forgotten(KARIM, 0, 0, (), (2,), (1,), 0, still_known=True) == forget(tx)
    assert [KARIM, KARIM] == [reply.number for reply in queue.listed(tx)]


def test_a_doubt_can_still_be_settled_and_a_later_answer_keeps_its_cooldown(tx: Connection) -> None:
    doubtful = in_doubt(tx, now=at(0))
    outbox.settle_sent(tx, claimed(tx, now=at(10)).id, (1, 2, 3), at(14))
    forget(tx)
    outbox.operate(tx, doubtful.id, Event.SETTLE_FAILED, "failed", at(60))

    assert Past(answers=1, answered_at=at(14).quota) == senders.past(tx, KARIM, waiting=False)
    assert Forgotten(KARIM, 0, 2, (), (), (), 0, still_known=True) == forget(tx, second=70)
    assert 1 == everything(tx).count(KARIM)  # the sender's own row


def test_an_alert_to_an_operator_who_wrote_himself_still_goes(tx: Connection) -> None:
    wrote(tx)
    alert = scheduled(tx, purpose=Purpose.ALERT)
    forget(tx)

    assert (KARIM, Status.SCHEDULED) == (outbox.get(tx, alert.id).number, outbox.get(tx, alert.id).state)


def test_what_has_no_verdict_yet_keeps_its_number_for_it(tx: Connection) -> None:
    call(tx, KARIM, now=at())

    assert Forgotten(KARIM, 0, 0, (), (), (), 1, still_known=False) == forget(tx)
    assert [KARIM] == [row.number for row in inbox.messages(tx)]


def test_forgetting_twice_changes_nothing_more(tx: Connection) -> None:
    wrote(tx)
    outbox.settle_sent(tx, claimed(tx).id, (1, 2, 3), at(1))
    forget(tx)
    before = everything(tx)

    assert Forgotten(KARIM, 0, 0, (), (), (), 0, still_known=True) == forget(tx)
    assert before == everything(tx)


def test_numbers_are_known_from_messages_replies_and_senders(tx: Connection) -> None:
    wrote(tx, KARIM)
    call(tx, "+33711111111", now=at())
    scheduled(tx, BRICE)

    assert [
        [KARIM, BRICE],
        [KARIM],
        ["+33711111111"],
        [],
        ["+33612345678", "+33687654321", "+33711111111"],
    ] == [forgetting.numbers(tx, each) for each in ("+336*", KARIM, "+337*", "+338*", "*")]
