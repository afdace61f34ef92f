"""The outbox: moves that the table allows, claims that reserve, releases that give back no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.admission import Past
from relou_gateway.rules.lifecycle import MOVES, Event, IllegalMove
from relou_gateway.rules.ranking import Contribution, Suspicion
from relou_gateway.rules.records import Purpose, Status
from relou_gateway.rules.throttle import DAY, Cap, Spending, Unit, standing
from relou_gateway.store import ledger, outbox, queue, schedule, senders
from relou_gateway.store.database import Connection, Database
from relou_gateway.store.outbox import NoSuchReply
from tests.store.samples import (
    BRICE,
    KARIM,
    START,
    at,
    claimed,
    in_doubt,
    new_reply,
    scheduled,
    states,
)

DAVE = "+33611111111"


def history(tx: Connection, reply_id: int = 1) -> list[tuple[str, str, int, int]]:
    return [(each.event, each.state, each.parts, each.cost) for each in ledger.of_reply(tx, reply_id)]


def spent(tx: Connection) -> list[Spending]:
    return ledger.spendings(tx, START - 365 * DAY)


def past(tx: Connection, number: str = KARIM) -> Past:
    return senders.past(tx, number, waiting=False)


# --- birth --------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "state"), [(False, Status.SCHEDULED), (True, Status.HELD)])
def test_a_new_reply_waits_and_is_in_the_ledger(tx: Connection, held: bool, state: Status) -> None:
    reply = scheduled(tx, held=held, reason="waits for review")

    assert (state, "waits for review", 0, 0) == (reply.state, reply.reason, reply.attempts, reply.accepted)
    assert (at().quota, at().wall) == (reply.created_at, reply.created_wall)
    assert [("reply", state, 3, 480_000)] == history(tx)


def test_a_reply_that_does_not_exist_cannot_be_had_or_moved(tx: Connection) -> None:
    with pytest.raises(NoSuchReply):
        outbox.get(tx, 1)
    with pytest.raises(NoSuchReply):
        outbox.operate(tx, 1, Event.HOLD, "", at())


@pytest.mark.parametrize("first", [Status.SCHEDULED, Status.HELD, Status.SENDING])
def test_a_number_has_at_most_one_waiting_reply(tx: Connection, first: Status) -> None:
    reply = scheduled(tx, held=first is Status.HELD)
    if first is Status.SENDING:
        outbox.claim(tx, reply, at())

    with pytest.raises(sqlite3.IntegrityError):
        scheduled(tx)
    assert {1: first} == states(tx)


def test_what_is_no_reply_may_wait_beside_one(tx: Connection) -> None:
    scheduled(tx)
    scheduled(tx, purpose=Purpose.ALERT)
    scheduled(tx, purpose=Purpose.TEST)

    assert 3 == len(states(tx))
    found = outbox.waiting_of(tx, KARIM)
    assert found is not None
    assert 1 == found.id


def test_after_the_end_of_one_reply_there_may_be_another(tx: Connection) -> None:
    outbox.operate(tx, scheduled(tx).id, Event.CANCEL, "", at())
    assert outbox.waiting_of(tx, KARIM) is None
    scheduled(tx)

    assert {1: Status.CANCELLED, 2: Status.SCHEDULED} == states(tx)


# --- moves --------------------------------------------------------------------------------

OPERATORS = [Event.HOLD, Event.RELEASE, Event.CANCEL, Event.SETTLE_SENT, Event.SETTLE_FAILED]


def _brought_to(tx: Connection, state: Status) -> int:
    """Bring a reply to `state` by the ways that the gateway has."""
    reply = scheduled(tx, held=state is Status.HELD)
    ends: dict[Status, Callable[[], object]] = {
        Status.SCHEDULED: lambda: None,
        Status.HELD: lambda: None,
        Status.CANCELLED: lambda: outbox.operate(tx, reply.id, Event.CANCEL, "", at()),
        Status.EXPIRED: lambda: outbox.expire(tx, at(86_400)),
    }
    if state in ends:
        ends[state]()
        return reply.id
    outbox.claim(tx, reply, at())
    if state is Status.SENT:
        outbox.settle_sent(tx, reply.id, (1, 2, 3), at())
    if state is Status.FAILED:
        outbox.settle_refused(tx, reply.id, "refused", at())
    if state is Status.IN_DOUBT:
        outbox.settle_in_doubt(tx, reply.id, "no answer", 0, None, at())
    return reply.id


@pytest.mark.parametrize("state", Status)
@pytest.mark.parametrize("event", OPERATORS)
def test_an_operator_can_do_what_the_table_allows_and_else_changes_nothing(
    tx: Connection, state: Status, event: Event
) -> None:
    reply_id = _brought_to(tx, state)
    before = (outbox.get(tx, reply_id), history(tx), spent(tx), past(tx))

    if event in MOVES[state]:
        assert MOVES[state][event] is outbox.operate(tx, reply_id, event, "by an operator", at(9))
        after = outbox.get(tx, reply_id)
        assert (MOVES[state][event], "by an operator") == (after.state, after.reason)
        assert ("reply", after.state) in [each[:2] for each in history(tx)[len(before[1]) :]]
    else:
        with pytest.raises(IllegalMove):
            outbox.operate(tx, reply_id, event, "by an operator", at(9))
        assert before == (outbox.get(tx, reply_id), history(tx), spent(tx), past(tx))


@pytest.mark.parametrize("state", [state for state in Status if state is not Status.SENDING])
def test_only_what_is_being_sent_can_be_settled(tx: Connection, state: Status) -> None:
    reply_id = _brought_to(tx, state)
    before = (outbox.get(tx, reply_id), history(tx), spent(tx))

    settlements: list[Callable[[], None]] = [
        lambda: outbox.settle_sent(tx, reply_id, (1,), at(9)),
        lambda: outbox.settle_not_sent(tx, reply_id, "", at(99).quota, at(9)),
        lambda: outbox.settle_not_sent(tx, reply_id, "", None, at(9)),
        lambda: outbox.settle_refused(tx, reply_id, "", at(9)),
        lambda: outbox.settle_in_doubt(tx, reply_id, "", 0, None, at(9)),
    ]
    for settle in settlements:
        with pytest.raises(IllegalMove):
            settle()

    assert before == (outbox.get(tx, reply_id), history(tx), spent(tx))


def test_an_operator_of_another_process_changes_nothing_that_is_being_sent(
    database: Database,
) -> None:
    with database.transaction("C3 claim") as tx:
        claimed(tx)

    with Database(database.path) as theirs:
        for event in OPERATORS:
            with pytest.raises(IllegalMove), theirs.transaction("queue") as tx:
                outbox.operate(tx, 1, event, "by an operator", at())

    with database.snapshot() as tx:
        assert {1: Status.SENDING} == states(tx)


# --- waiting ------------------------------------------------------------------------------


def test_a_reply_can_be_pushed_later_and_never_earlier(tx: Connection) -> None:
    reply = scheduled(tx, due_at=at(60).quota)

    outbox.push(tx, reply.id, at(30).quota)
    assert at(60).quota == outbox.get(tx, reply.id).due_at
    outbox.push(tx, reply.id, at(90).quota)
    assert at(90).quota == outbox.get(tx, reply.id).due_at


def test_what_does_not_wait_cannot_be_pushed(tx: Connection) -> None:
    reply = claimed(tx, due_at=at(0).quota)
    outbox.push(tx, reply.id, at(90).quota)

    assert at(0).quota == outbox.get(tx, reply.id).due_at


def test_what_is_too_late_expires_whether_held_or_not_and_nothing_else(tx: Connection) -> None:
    scheduled(tx, KARIM, expires_at=at(10).quota)
    scheduled(tx, BRICE, expires_at=at(10).quota, held=True)
    scheduled(tx, DAVE, expires_at=at(11).quota)
    claimed(tx, "+33622222222", expires_at=at(5).quota)

    assert [] == outbox.expire(tx, at(9.999))
    assert [1, 2] == outbox.expire(tx, at(10))
    assert [] == outbox.expire(tx, at(10))
    assert {1: Status.EXPIRED, 2: Status.EXPIRED, 3: Status.SCHEDULED, 4: Status.SENDING} == states(tx)
    assert ("reply", "expired", 0, 0) == history(tx)[-1]


# --- claims -------------------------------------------------------------------------------


def test_a_claim_counts_the_attempt_and_reserves_parts_and_money_at_once(tx: Connection) -> None:
    reply = claimed(tx, now=at(5))

    assert (Status.SENDING, 1) == (reply.state, reply.attempts)
    assert [Spending(KARIM, 3, 480_000, None)] == spent(tx)
    assert Past(answers=1, answered_at=at(5).quota) == past(tx)
    assert [
        ("reply", "scheduled", 3, 480_000),
        ("reply", "sending", 0, 0),
        ("reserved", "", 3, 480_000),
    ] == history(tx)


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: outbox.push(tx, 1, at(99).quota),
        lambda tx: outbox.operate(tx, 1, Event.HOLD, "", at()),
        lambda tx: outbox.operate(tx, 1, Event.CANCEL, "", at()),
        lambda tx: tx.execute("UPDATE outbox SET text = 'other'"),
        lambda tx: tx.execute("UPDATE outbox SET suspicion = 0.5"),
        lambda tx: outbox.claim(tx, outbox.get(tx, 1), at()),
    ],
    ids=["pushed", "held", "cancelled", "rewritten", "ranked", "claimed"],
)
def test_a_claim_fails_where_the_row_is_no_longer_as_it_was_read(
    tx: Connection, change: Callable[[Connection], object]
) -> None:
    seen = scheduled(tx)
    change(tx)
    before = (outbox.get(tx, 1), spent(tx), history(tx))

    assert outbox.claim(tx, seen, at(1)) is None
    assert before == (outbox.get(tx, 1), spent(tx), history(tx))


def test_one_reply_is_sent_at_a_time(database: Database) -> None:
    with database.transaction("C3 claim") as tx:
        claimed(tx)
        other = scheduled(tx, BRICE)

    with pytest.raises(sqlite3.IntegrityError), database.transaction("C3 claim") as tx:
        outbox.claim(tx, other, at())

    with database.snapshot() as tx:
        assert {1: Status.SENDING, 2: Status.SCHEDULED} == states(tx)
        assert 1 == len(spent(tx))
        assert Past() == past(tx, BRICE)


def test_what_is_no_reply_reserves_too_but_is_no_answer(tx: Connection) -> None:
    claimed(tx, purpose=Purpose.ALERT, parts=1, cost=160_000)

    assert [Spending(KARIM, 1, 160_000, None)] == spent(tx)
    assert Past() == past(tx)


# --- settling -----------------------------------------------------------------------------


def test_what_was_accepted_is_sent_and_counts_from_that_moment(tx: Connection) -> None:
    reply = claimed(tx, now=at(0))
    outbox.settle_sent(tx, reply.id, (17, -1, 19), at(8))

    after = outbox.get(tx, reply.id)
    assert (Status.SENT, 3, at(8).wall, "") == (after.state, after.accepted, after.sent_wall, after.reason)
    assert "[17, -1, 19]" == tx.execute("SELECT sent_references FROM outbox").fetchone()[0]
    assert [Spending(KARIM, 3, 480_000, at(8).quota)] == spent(tx)
    assert Past(answers=1, answered_at=at(8).quota) == past(tx)
    assert [("reply", "sent", 3, 0), ("settled", "", 3, 480_000)] == history(tx)[-2:]


def test_what_certainly_did_not_leave_waits_again_and_all_is_given_back(tx: Connection) -> None:
    reply = claimed(tx, now=at(0))
    outbox.settle_not_sent(tx, reply.id, "no network", at(60).quota, at(8))

    after = outbox.get(tx, reply.id)
    assert (Status.SCHEDULED, at(60).quota, 1, "no network") == (
        after.state,
        after.due_at,
        after.attempts,
        after.reason,
    )
    assert ([], Past()) == (spent(tx), past(tx))
    assert [
        ("reply", "scheduled", 0, 0),
        ("settled", "", 3, 480_000),
        ("released", "", 3, 480_000),
    ] == history(tx)[-3:]


def test_a_retry_does_not_bring_a_reply_forward_that_was_to_wait_longer(tx: Connection) -> None:
    reply = claimed(tx, due_at=at(600).quota)
    outbox.settle_not_sent(tx, reply.id, "", at(60).quota, at(8))

    assert at(600).quota == outbox.get(tx, reply.id).due_at


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "attempts used up"])
def test_what_never_left_has_failed_and_all_is_given_back(tx: Connection, refused: bool) -> None:
    reply = claimed(tx)
    if refused:
        outbox.settle_refused(tx, reply.id, "no such number", at(8))
    else:
        outbox.settle_not_sent(tx, reply.id, "no such number", None, at(8))

    after = outbox.get(tx, reply.id)
    assert (Status.FAILED, "no such number", 0) == (after.state, after.reason, after.accepted)
    assert ([], Past()) == (spent(tx), past(tx))


def test_what_may_have_left_counts_in_full(tx: Connection) -> None:
    in_doubt(tx, now=at(5))

    assert [Spending(KARIM, 3, 480_000, at(5).quota)] == spent(tx)
    assert Past(answers=1, answered_at=at(5).quota) == past(tx)


@pytest.mark.parametrize(
    ("accepted", "may_have_left", "parts", "cost"),
    [(0, 1, 1, 160_000), (1, 2, 2, 320_000), (1, 1, 1, 160_000), (2, 3, 3, 480_000), (3, 4, 3, 480_000)],
)
def test_of_what_left_in_part_only_what_certainly_did_not_is_given_back(
    tx: Connection, accepted: int, may_have_left: int, parts: int, cost: int
) -> None:
    reply = claimed(tx)
    outbox.settle_in_doubt(tx, reply.id, "no answer", accepted, may_have_left, at(8))

    assert (Status.IN_DOUBT, accepted) == (outbox.get(tx, 1).state, outbox.get(tx, 1).accepted)
    assert [Spending(KARIM, parts, cost, at(8).quota)] == spent(tx)
    assert Past(answers=1, answered_at=at(8).quota) == past(tx)


def test_each_attempt_has_a_reservation_of_its_own(tx: Connection) -> None:
    reply = claimed(tx, now=at(0))
    outbox.settle_not_sent(tx, reply.id, "", at(60).quota, at(1))
    outbox.claim(tx, outbox.get(tx, reply.id), at(61))
    outbox.settle_sent(tx, reply.id, (1, 2, 3), at(65))

    assert [Spending(KARIM, 3, 480_000, at(65).quota)] == spent(tx)
    assert [
        (0, 0),
        (3, 480_000),
    ] == [tuple(row) for row in tx.execute("SELECT parts, cost FROM reservations ORDER BY id")]
    assert 2 == outbox.get(tx, reply.id).attempts


def test_a_settling_before_its_claim_counts_from_the_claim(tx: Connection) -> None:
    reply = claimed(tx, now=at(60))
    outbox.settle_sent(tx, reply.id, (1, 2, 3), at(0))

    assert [Spending(KARIM, 3, 480_000, at(60).quota)] == spent(tx)


def test_what_is_found_sending_is_known(tx: Connection) -> None:
    assert [] == outbox.found_sending(tx)
    claimed(tx)
    scheduled(tx, BRICE)

    assert [1] == outbox.found_sending(tx)


# --- what a person decides ----------------------------------------------------------------


def test_settled_as_sent_it_is_sent_whole(tx: Connection) -> None:
    outbox.operate(tx, in_doubt(tx, accepted=1).id, Event.SETTLE_SENT, "sent", at(99))

    after = outbox.get(tx, 1)
    assert (Status.SENT, 3, at(99).wall) == (after.state, after.accepted, after.sent_wall)
    assert [Spending(KARIM, 3, 480_000, at(0).quota)] == spent(tx)


def test_settled_as_failed_it_gives_back_its_cost_its_count_and_the_cooldown(tx: Connection) -> None:
    outbox.operate(tx, in_doubt(tx).id, Event.SETTLE_FAILED, "failed", at(99))

    assert (Status.FAILED, 0) == (outbox.get(tx, 1).state, outbox.get(tx, 1).accepted)
    assert ([], Past()) == (spent(tx), past(tx))
    assert [("reply", "failed", 0, 0), ("released", "", 3, 480_000)] == history(tx)[-2:]


def test_settled_as_failed_it_gives_back_the_cooldown_of_the_answer_before(tx: Connection) -> None:
    first = claimed(tx, now=at(0))
    outbox.settle_sent(tx, first.id, (1, 2, 3), at(4))
    second = in_doubt(tx, now=at(1000))
    outbox.operate(tx, second.id, Event.SETTLE_FAILED, "failed", at(2000))

    assert Past(answers=1, answered_at=at(4).quota) == past(tx)


def test_settled_as_failed_it_does_not_give_back_the_cooldown_of_a_later_answer(tx: Connection) -> None:
    doubtful = in_doubt(tx, now=at(0))
    later = claimed(tx, now=at(1000))
    outbox.settle_sent(tx, later.id, (1, 2, 3), at(1004))
    outbox.operate(tx, doubtful.id, Event.SETTLE_FAILED, "failed", at(2000))

    assert Past(answers=1, answered_at=at(1004).quota) == past(tx)
    assert [Spending(KARIM, 3, 480_000, at(1004).quota)] == spent(tx)


def test_a_later_alert_to_the_same_phone_is_no_later_answer(tx: Connection) -> None:
    doubtful = in_doubt(tx, now=at(0))
    alert = claimed(tx, now=at(10), purpose=Purpose.ALERT)
    outbox.settle_sent(tx, alert.id, (1, 2, 3), at(14))
    outbox.operate(tx, doubtful.id, Event.SETTLE_FAILED, "failed", at(20))

    assert Past() == past(tx)


def test_settled_as_failed_it_keeps_the_cost_of_the_parts_that_certainly_left(tx: Connection) -> None:
    reply = claimed(tx)
    outbox.settle_in_doubt(tx, reply.id, "no answer", 1, 2, at(8))
    outbox.operate(tx, reply.id, Event.SETTLE_FAILED, "failed", at(99))

    assert (Status.FAILED, 1) == (outbox.get(tx, 1).state, outbox.get(tx, 1).accepted)
    assert [Spending(KARIM, 1, 160_000, at(8).quota)] == spent(tx)
    assert Past(answers=1, answered_at=at(8).quota) == past(tx)


# --- suspicion ----------------------------------------------------------------------------


def test_a_suspicion_is_kept_with_its_signals_and_their_figures(tx: Connection) -> None:
    reply = scheduled(tx)
    assert (None, ()) == (reply.suspicion, reply.signals)
    signals = (
        Contribution("surge", 2.25, (("came", 120), ("expected", 8.5))),
        Contribution("met_before", -1.5, ()),
    )
    outbox.note_suspicion(tx, reply.id, Suspicion(0.75, signals))

    kept = outbox.get(tx, reply.id)
    assert (0.75, signals) == (kept.suspicion, kept.signals)
    assert [("reply", "scheduled", 3, 480_000)] == history(tx)


def test_a_suspicion_that_changed_meanwhile_asks_for_a_new_look_before_the_claim(tx: Connection) -> None:
    reply = scheduled(tx)
    outbox.note_suspicion(tx, reply.id, Suspicion(1.0, ()))

    assert outbox.claim(tx, reply, at()) is None
    assert outbox.claim(tx, outbox.get(tx, reply.id), at()) is not None


# --- reservations -------------------------------------------------------------------------


@given(st.integers(1, 255), st.integers(0, 10**9), st.data())
def test_a_release_gives_back_no_more_than_its_share(
    tx_for_properties: Connection, parts: int, cost: int, data: st.DataObject
) -> None:
    tx = tx_for_properties
    accepted = data.draw(st.integers(0, parts - 1))
    may_have_left = data.draw(st.integers(accepted, parts))
    tx.execute("SAVEPOINT example")
    reply = claimed(tx, parts=parts, cost=cost)
    outbox.settle_in_doubt(tx, reply.id, "", accepted, may_have_left, at(1))

    kept = sum(each.cost for each in spent(tx))
    released = sum(each.cost for each in ledger.of_reply(tx, reply.id) if each.event == "released")

    assert kept * parts >= cost * may_have_left
    assert kept - 1 <= cost * may_have_left / parts <= kept
    assert cost == kept + released
    tx.execute("ROLLBACK TO example")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reservations SET parts = parts + 1",
        "UPDATE reservations SET cost = cost + 1",
        "UPDATE reservations SET cost = cost + 1, parts = parts - 1",
        "UPDATE reservations SET parts = -1",
        "UPDATE reservations SET settled_at = claimed_at - 1",
        "DELETE FROM reservations",
        """
        INSERT OR REPLACE INTO reservations
        SELECT id, reply_id, recipient, 0, 0, claimed_at, settled_at, answered_before,
               changed_at, changed_wall
        FROM reservations
        """,
        "DELETE FROM outbox",
        "UPDATE outbox SET state = 'lost'",
        "UPDATE outbox SET number = (SELECT number FROM outbox WHERE id = 2), state = 'scheduled'",
    ],
)
def test_no_raw_statement_takes_a_reservation_or_a_reply_away(tx: Connection, statement: str) -> None:
    claimed(tx)
    scheduled(tx, BRICE)
    before = (spent(tx), queue.listed(tx))

    with pytest.raises(sqlite3.IntegrityError):
        tx.execute(statement)

    assert before == (spent(tx), queue.listed(tx))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE outbox SET state = 'held'", ("reply", "held", 0, 0)),
        ("UPDATE outbox SET state = 'sent'", ("reply", "sent", 0, 0)),
    ],
)
def test_even_a_raw_statement_writes_its_ledger_row(
    tx: Connection, statement: str, expected: tuple[str, str, int, int]
) -> None:
    scheduled(tx)
    tx.execute(statement)

    assert expected == history(tx)[-1]
    assert [] == ledger.broken_links(tx)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE reservations SET settled_at = claimed_at", ("settled", "", 3, 480_000)),
        ("UPDATE reservations SET parts = 1, cost = 7", ("released", "", 2, 479_993)),
        ("UPDATE reservations SET cost = 0", ("released", "", 0, 480_000)),
    ],
)
def test_even_a_raw_statement_on_a_reservation_writes_its_ledger_row(
    tx: Connection, statement: str, expected: tuple[str, str, int, int]
) -> None:
    claimed(tx)
    tx.execute(statement)

    assert expected == history(tx)[-1]


# --- retention ----------------------------------------------------------------------------


def test_what_ended_long_ago_is_forgotten_and_its_amounts_and_chain_stay(tx: Connection) -> None:
    for number in (KARIM, BRICE):
        outbox.settle_sent(tx, claimed(tx, number, now=at(0)).id, (1, 2, 3), at(1))
    scheduled(tx, DAVE, now=at(1))
    before = standing(Cap("", Unit.MONEY, 30 * DAY, 0), spent(tx), at(9).quota)

    assert 2 == outbox.forget_before(tx, at(2).quota)

    assert [(reply.number, reply.text) for reply in queue.listed(tx)] == [
        (DAVE, "Un non est un non."),
        ("", ""),
        ("", ""),
    ]
    assert KARIM not in repr([tuple(row) for row in tx.execute("SELECT * FROM reservations")])
    assert before == standing(Cap("", Unit.MONEY, 30 * DAY, 0), spent(tx), at(9).quota)
    assert ([], []) == (ledger.broken_links(tx), ledger.changed_replies(tx))
    assert 0 == outbox.forget_before(tx, at(2).quota)


def test_forgotten_recipients_are_not_counted_as_one(tx: Connection) -> None:
    cap = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, 30 * DAY, 9)
    for index in range(5):
        reply = claimed(tx, f"+3360000000{index}", now=at(index))
        outbox.settle_sent(tx, reply.id, (1, 2, 3), at(index))

    outbox.forget_before(tx, at(100).quota)

    assert 5 == standing(cap, spent(tx), at(100).quota).used


def test_forgetting_again_writes_nothing(tx: Connection) -> None:
    outbox.settle_sent(tx, claimed(tx).id, (1, 2, 3), at(1))
    outbox.forget_before(tx, at(2).quota)
    changes = tx.total_changes
    outbox.forget_before(tx, at(2).quota)

    assert changes == tx.total_changes


def test_what_is_open_is_never_forgotten(tx: Connection) -> None:
    scheduled(tx, KARIM)
    scheduled(tx, BRICE, held=True)
    in_doubt(tx, DAVE)
    claimed(tx, "+33622222222")

    assert 0 == outbox.forget_before(tx, at(10**9).quota)
    assert "" not in [reply.number for reply in queue.listed(tx)]


def test_a_doubt_of_long_ago_still_gives_back_the_right_cooldown(tx: Connection) -> None:
    doubtful = in_doubt(tx, now=at(0))
    later = claimed(tx, now=at(1000))
    outbox.settle_sent(tx, later.id, (1, 2, 3), at(1004))
    outbox.forget_before(tx, at(500).quota)
    outbox.operate(tx, doubtful.id, Event.SETTLE_FAILED, "failed", at(2000))

    assert Past(answers=1, answered_at=at(1004).quota) == past(tx)


def test_times_of_replies_are_kept_to_the_millisecond(tx: Connection) -> None:
    due = START + timedelta(milliseconds=1)
    reply = outbox.get(tx, outbox.schedule(tx, new_reply(due_at=due), at()))

    assert due == reply.due_at
    assert not schedule.anything_due(tx, START)
