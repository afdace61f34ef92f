"""Intake: what a modem shows is stored exactly once, however often and however strangely it is shown."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.admission import Reason
from relou_gateway.rules.records import (
    Binary,
    Content,
    Kind,
    Memory,
    Part,
    Report,
    Ruling,
    SlotAddress,
    Sms,
    Undecodable,
)
from relou_gateway.store import inbox, ledger, parts, text_codec
from relou_gateway.store.database import Connection, Database
from relou_gateway.store.inbox import Taken
from tests.store.samples import (
    BRICE,
    CARD,
    KARIM,
    MODEM_CARD,
    SECOND,
    START,
    WALL_AHEAD,
    at,
    call,
    canonical,
    listing,
    scheduled,
    sim,
    slot,
    sms,
    take,
    texts,
)

EMOJI = "\N{FACE WITH TEARS OF JOY}"


# --- slots --------------------------------------------------------------------------------


def test_a_listing_that_is_shown_twice_is_stored_once_and_deleted_again(tx: Connection) -> None:
    first = take(tx, slot(1, sms("un")), slot(2, sms("deux")))
    again = take(tx, slot(1, sms("un")), slot(2, sms("deux")))

    assert Taken((1, 2), 0, (sim(1), sim(2)), ()) == first
    assert Taken((), 0, (sim(1), sim(2)), ()) == again
    assert ["un", "deux"] == texts(tx)


def test_equal_messages_in_two_slots_are_two(tx: Connection) -> None:
    take(tx, slot(1, sms("Allo ?")), slot(2, sms("Allo ?")))

    assert ["Allo ?", "Allo ?"] == texts(tx)


def test_an_equal_message_in_a_slot_whose_deletion_was_confirmed_is_a_second_one(tx: Connection) -> None:
    take(tx, slot(1, sms("Allo ?")))
    inbox.forget_slots(tx, [sim(1)])

    assert Taken((2,), 0, (sim(1),), ()) == take(tx, slot(1, sms("Allo ?")))


def test_an_equal_message_after_a_deletion_of_unknown_outcome_is_the_known_one_and_is_told(
    tx: Connection,
) -> None:
    take(tx, slot(1, sms("Allo ?")))

    assert Taken((), 0, (sim(1),), (sim(1),)) == take(tx, slot(1, sms("Allo ?")), in_doubt=[sim(1)])
    assert ["Allo ?"] == texts(tx)


def test_a_slot_that_was_refilled_with_something_else_holds_a_new_message(tx: Connection) -> None:
    take(tx, slot(1, sms("un")))

    assert Taken((2,), 0, (sim(1),), ()) == take(tx, slot(1, sms("deux")), in_doubt=[sim(1)])
    assert Taken((3,), 0, (sim(1),), ()) == take(tx, slot(1, sms("un")))


def test_an_incomplete_listing_says_nothing_about_what_it_does_not_show(tx: Connection) -> None:
    take(tx, slot(1, sms("un")), slot(2, sms("deux")))
    inbox.take(tx, listing(slot(1, sms("un")), complete=False), at(), canonical, set())

    assert () == take(tx, slot(1, sms("un")), slot(2, sms("deux"))).messages


def test_a_whole_listing_tells_that_the_slots_it_does_not_show_are_empty(tx: Connection) -> None:
    take(tx, slot(1, sms("un")), slot(2, sms("deux")))
    take(tx, slot(1, sms("un")))

    assert (3,) == take(tx, slot(1, sms("un")), slot(2, sms("deux"))).messages


def test_a_listing_that_names_no_cards_empties_nothing(tx: Connection) -> None:
    take(tx, slot(1, sms("un")))
    inbox.take(tx, listing(cards=()), at(), canonical, set())

    assert () == take(tx, slot(1, sms("un"))).messages


def test_after_a_change_of_the_sim_the_other_cards_slots_are_believed_still(tx: Connection) -> None:
    other = "208019999999999"
    take(tx, slot(1, sms("un")))

    theirs = inbox.take(
        tx, listing(slot(sim(1, other), sms("un")), cards=(other, MODEM_CARD)), at(), canonical, set()
    )

    assert Taken((2,), 0, (sim(1, other),), ()) == theirs
    assert () == take(tx, slot(1, sms("un"))).messages


def test_the_same_place_in_another_memory_is_another_slot(tx: Connection) -> None:
    own = SlotAddress(MODEM_CARD, Memory.MODEM, 1)

    assert (1, 2) == take(tx, slot(1, sms("un")), slot(own, sms("un"))).messages


def test_slots_that_the_modem_refuses_to_delete_are_counted_until_they_hold_something_else(
    tx: Connection,
) -> None:
    take(tx, slot(1, sms("un")), slot(2, sms("deux")))
    for _ in range(3):
        inbox.count_refusals(tx, [sim(1)])
    inbox.count_refusals(tx, [sim(2)])

    assert [sim(1)] == inbox.stuck_slots(tx, 3)
    assert [sim(1), sim(2)] == inbox.stuck_slots(tx, 0)
    take(tx, slot(1, sms("trois")), slot(2, sms("deux")))
    assert [] == inbox.stuck_slots(tx, 3)


def _take_and_crash(database: Database) -> None:
    with database.transaction("C1 receive") as tx:
        take(tx, slot(1, sms("un")))
        raise KeyboardInterrupt


def test_a_transaction_that_fails_stores_nothing_and_believes_nothing(database: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        _take_and_crash(database)

    with database.transaction("C1 receive") as tx:
        assert ((1,), [sim(1)]) == (take(tx, slot(1, sms("un"))).messages, inbox.stuck_slots(tx, 0))


# --- what comes in ------------------------------------------------------------------------

HOSTILE_TEXTS = [
    "",
    "\0",
    "un\0deux",
    "'; DROP TABLE inbox; --",
    '=HYPERLINK("http://x")',
    "\x1b[2J\x1b]0;title\x07",
    "<script>alert(1)</script>",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "שלום مرحبا",
    "\ud83d",
    "\ude02\ud83d",
    "x" * 40_000,
    EMOJI * 20_000,
    "é" * 1000 + "\0" + "\ud83d",
]


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:20]))
def test_a_text_is_kept_whatever_it_holds(tx: Connection, text: str) -> None:
    take(tx, slot(1, sms(text)))

    row = tx.execute("SELECT text, raw FROM inbox").fetchone()
    assert text == (row["text"] if row["raw"] is None else text_codec.text(row["raw"]))
    assert [] == ledger.changed_contents(tx)
    assert [] == ledger.broken_links(tx)


@pytest.mark.parametrize(
    "number",
    ["", "AMENDES", "a\0b", "\ud83d", "\x1b[2J", "'; DROP TABLE senders; --", "+" * 500, "*", "%", "36*"],
    ids=ascii,
)
def test_a_sender_is_kept_as_received_whatever_he_calls_himself(tx: Connection, number: str) -> None:
    take(tx, slot(1, sms("Salut", number)))

    (row,) = inbox.unjudged(tx, 9)
    assert number.replace("\ud83d", "\N{REPLACEMENT CHARACTER}") == row.received_number
    assert [] == ledger.changed_contents(tx)


@pytest.mark.parametrize(
    ("content", "kind", "number", "text", "raw"),
    [
        (Sms(KARIM, "Salut", START), Kind.SMS, KARIM, "Salut", None),
        (Sms("06 12 34 56 78", "Salut", None), Kind.SMS, KARIM, "Salut", None),
        (Report(KARIM, 17, True, "delivered (0x00)", START), Kind.REPORT, KARIM, "delivered (0x00)", None),
        (Binary(KARIM, b"\x00\xff\x01", START), Kind.BINARY, KARIM, "", b"\x00\xff\x01"),
        (Binary("MMSC", b"", None), Kind.BINARY, "MMSC", "", b""),
        (Undecodable("CORRUPTED", b"\x07\x91"), Kind.UNDECODABLE, "", "CORRUPTED", b"\x07\x91"),
        (Undecodable("UNKNOWN", None), Kind.UNDECODABLE, "", "UNKNOWN", None),
    ],
    ids=["sms", "spelling", "report", "binary", "empty binary", "undecodable", "undecodable without pdu"],
)
def test_whatever_a_slot_holds_is_a_row_of_its_kind(
    tx: Connection, content: Content, kind: Kind, number: str, text: str, raw: bytes | None
) -> None:
    assert Taken((1,), 0, (sim(1),), ()) == take(tx, slot(1, content))

    row = tx.execute("SELECT kind, number, text, raw FROM inbox").fetchone()
    assert (kind, number, text, raw) == tuple(row)


def test_a_message_is_shown_with_our_time_and_theirs(tx: Connection) -> None:
    theirs = datetime(2031, 1, 1, tzinfo=UTC)
    take(tx, slot(1, Sms(KARIM, "Salut", theirs)), now=at(5))

    (row,) = inbox.messages(tx)
    assert (START + 5 * SECOND + WALL_AHEAD, theirs) == (row.received_wall, row.smsc_wall)
    assert inbox.unjudged(tx, 1)[0].received_at == START + 5 * SECOND


def test_reports_are_not_judged_and_everything_else_is(tx: Connection) -> None:
    take(
        tx,
        slot(1, Report(KARIM, 1, True, "delivered", None)),
        slot(2, Binary(KARIM, b"x", None)),
        slot(3, Undecodable("CORRUPTED")),
        slot(4, sms("Salut")),
    )
    call(tx, KARIM, now=at())

    assert [Kind.BINARY, Kind.UNDECODABLE, Kind.SMS, Kind.CALL] == [row.kind for row in inbox.unjudged(tx, 9)]


def test_each_thing_that_comes_in_is_in_the_ledger_without_its_number_or_text(tx: Connection) -> None:
    take(tx, slot(1, sms("geheim")), slot(2, Binary(KARIM, b"geheim", None)))
    call(tx, KARIM, now=at())

    rows = [tuple(row) for row in tx.execute("SELECT * FROM ledger")]
    assert ["sms", "binary", "call"] == [row[7] for row in rows]
    assert "geheim" not in repr(rows)
    assert KARIM not in repr(rows)


# --- calls --------------------------------------------------------------------------------


def test_rings_within_a_minute_are_one_call(tx: Connection) -> None:
    first = call(tx, KARIM, KARIM, now=at(0))
    again = call(tx, "0612345678", now=at(59.999))

    assert (first.messages, first.rang_again) == ((1,), (KARIM,))
    assert (again.messages, again.rang_again) == ((), (KARIM,))
    assert [(3, 59_999)] == [
        (row["rings"], row["last_ring_at"] - row["received_at"]) for row in tx.execute("SELECT * FROM inbox")
    ]


def test_a_ring_a_minute_later_is_another_call(tx: Connection) -> None:
    call(tx, KARIM, now=at(0))

    assert ((2,), ()) == (call(tx, KARIM, now=at(60)).messages, call(tx, now=at(61)).rang_again)


def test_calls_of_two_people_are_two(tx: Connection) -> None:
    assert (1, 2) == call(tx, KARIM, BRICE, now=at()).messages


def test_hidden_callers_are_kept_too(tx: Connection) -> None:
    assert (1,) == call(tx, "", now=at()).messages
    assert [Kind.CALL] == [row.kind for row in inbox.messages(tx)]


def test_who_keeps_ringing_makes_one_row_and_is_told_each_time(tx: Connection) -> None:
    taken = [call(tx, KARIM, now=at(50 * ring)) for ring in range(20)]

    assert [each.rang_again for each in taken[1:]] == [(KARIM,)] * 19
    assert 1 == len(inbox.messages(tx))


# --- parts --------------------------------------------------------------------------------


def parts_of(text: str, size: int, reference: int = 7, number: str = KARIM) -> list[Sms]:
    """Cut a text into parts of `size` UTF-16 units, wherever that falls."""
    whole = text_codec.units(text)
    pieces = [whole[start : start + 2 * size] for start in range(0, len(whole), 2 * size)]
    return [
        sms(text_codec.text(piece), number, Part(reference, len(pieces), place))
        for place, piece in enumerate(pieces, start=1)
    ]


@given(
    st.text(st.characters(exclude_categories=()) | st.just(EMOJI), min_size=3, max_size=24),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_parts_in_any_order_become_the_text_even_if_an_emoji_was_split(
    tx_for_properties: Connection, text: str, size: int, rng: random.Random
) -> None:
    tx = tx_for_properties
    pieces = parts_of(text, size)
    if len(pieces) < 2:
        return
    rng.shuffle(pieces)

    for part in pieces[:-1]:
        assert Taken((), 1, (sim(1),), ()) == take(tx, slot(1, part))
        inbox.forget_slots(tx, [sim(1)])
    (message_id,) = take(tx, slot(1, pieces[-1])).messages
    inbox.forget_slots(tx, [sim(1)])

    row = tx.execute("SELECT * FROM inbox WHERE id = ?", (message_id,)).fetchone()
    assert text_codec.storable(text) == (row["text"], row["raw"])
    assert (len(pieces), 0) == (row["parts"], row["parts_missing"])
    assert 0 == parts.waiting(tx)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_three_parts_in_each_of_their_orders_and_in_one_listing(
    tx: Connection, order: tuple[int, ...]
) -> None:
    parts = parts_of("un deux trois", 5)

    taken = take(tx, *(slot(place, parts[each]) for place, each in enumerate(order, start=1)))

    assert Taken((1,), 2, (sim(1), sim(2), sim(3)), ()) == taken
    assert ["un deux trois"] == texts(tx)


def test_parts_that_wait_are_no_messages_and_a_part_shown_twice_is_one(tx: Connection) -> None:
    first, second = parts_of("un deux", 4)
    take(tx, slot(1, first))
    take(tx, slot(1, first))

    assert ([], 1) == (texts(tx), parts.waiting(tx))
    assert (1,) == take(tx, slot(1, first), slot(2, second)).messages


def test_a_reference_that_wraps_before_the_first_text_is_complete_opens_a_second_one(tx: Connection) -> None:
    old, new = parts_of("vieux texte", 6), parts_of("autre chose", 6)
    take(tx, slot(1, old[0]))
    take(tx, slot(2, new[0]), slot(3, new[1]))
    take(tx, slot(4, old[1]))

    assert ["autre chose", "vieux texte"] == texts(tx)


def test_the_same_long_text_sent_twice_is_two_even_with_one_reference(tx: Connection) -> None:
    first, second = parts_of("un deux", 4)

    taken = take(tx, slot(1, first), slot(2, first), slot(3, second), slot(4, second))

    assert (1, 2) == taken.messages
    assert ["un deux", "un deux"] == texts(tx)


@pytest.mark.parametrize(
    "other",
    [
        sms("XX", BRICE, Part(7, 2, 2)),
        sms("XX", KARIM, Part(8, 2, 2)),
        sms("XX", KARIM, Part(7, 3, 2)),
    ],
    ids=["sender", "reference", "total"],
)
def test_parts_of_different_texts_are_never_mixed(tx: Connection, other: Sms) -> None:
    first, second = parts_of("un deux", 4)
    take(tx, slot(1, first), slot(2, other))

    assert [] == texts(tx)
    take(tx, slot(3, second))
    assert ["un deux"] == texts(tx)


def test_a_text_that_stays_incomplete_becomes_a_message_with_gaps(tx: Connection) -> None:
    first, _, third = parts_of("un deux trois", 5)
    take(tx, slot(1, third), now=at(0))
    take(tx, slot(2, first), now=at(500))

    assert [] == parts.give_up(tx, at(0).quota, at(600), canonical)
    assert [1] == parts.give_up(tx, at(1).quota, at(600), canonical)
    (row,) = inbox.messages(tx)
    assert (row.text, row.number, row.parts) == ("un de[…]ois", KARIM, 2)
    assert 0 == parts.waiting(tx)


def test_a_part_that_comes_after_its_text_was_given_up_is_not_lost(tx: Connection) -> None:
    first, second = parts_of("un deux", 4)
    take(tx, slot(1, first), now=at(0))
    parts.give_up(tx, at(601).quota, at(601), canonical)
    take(tx, slot(2, second), now=at(602))
    parts.give_up(tx, at(1300).quota, at(1300), canonical)

    assert ["un d[…]", "[…]eux"] == texts(tx)


def test_a_sender_has_only_so_many_open_texts_and_the_oldest_is_closed_for_a_new_one(tx: Connection) -> None:
    bound = parts.GROUPS_PER_SENDER
    for reference in range(bound):
        take(tx, slot(1, sms(f"p{reference}", KARIM, Part(reference, 2, 1))))
    assert ([], bound) == (texts(tx), parts.waiting(tx))

    taken = take(tx, slot(1, sms("new", KARIM, Part(200, 2, 1))))

    assert ((1,), 1) == (taken.messages, taken.parts)
    assert (["p0[…]"], bound) == (texts(tx), parts.waiting(tx))
    take(tx, slot(1, sms("other", BRICE, Part(200, 2, 1))))
    assert bound + 1 == parts.waiting(tx)


def test_all_together_have_only_so_many_open_texts(tx: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "GROUPS_IN_ALL", 50)
    for index in range(60):
        take(tx, slot(1, sms(f"p{index}", f"+336{index:08}", Part(1, 2, 1))))

    assert ([f"p{index}[…]" for index in range(10)], 50) == (texts(tx), parts.waiting(tx))


def test_the_bounds_on_open_texts_are_what_a_small_computer_can_bear() -> None:
    assert parts.GROUPS_PER_SENDER <= 20 < parts.GROUPS_IN_ALL <= 5_000


def test_a_flood_of_half_texts_is_taken_in_whole(tx: Connection) -> None:
    for reference in range(256):
        for part in (1, 2):
            take(tx, slot(1, sms(f"{reference}.{part}", KARIM, Part(reference, 3, part))))
    parts.give_up(tx, at(1).quota, at(1), canonical)

    assert [f"{each}.1{each}.2[…]" for each in range(256)] == texts(tx)


# --- verdicts -----------------------------------------------------------------------------


def test_a_verdict_is_given_once(tx: Connection) -> None:
    take(tx, slot(1, sms("Salut")))
    inbox.record_verdict(tx, 1, Ruling.DECLINED, Reason.FOREIGN, None, at(1))

    with pytest.raises(AssertionError, match="judged already"):
        inbox.record_verdict(tx, 1, Ruling.DECLINED, Reason.BLOCKED, None, at(2))
    assert [] == inbox.unjudged(tx, 9)
    assert [(Ruling.DECLINED, "foreign")] == [(row.verdict, row.reason) for row in inbox.messages(tx)]


def test_a_verdict_writes_itself_into_the_ledger(tx: Connection) -> None:
    take(tx, slot(1, sms("Salut")))
    inbox.record_verdict(tx, 1, Ruling.DECLINED, Reason.FOREIGN, None, at(1))

    entry = ledger.newest(tx, 1)[0]
    assert ("judged", 1, "declined", "foreign", at(1).quota, at(1).wall) == (
        entry.event,
        entry.message_id,
        entry.state,
        entry.reason,
        entry.at,
        entry.wall,
    )


def test_a_message_on_which_the_judge_fails_waits_behind_the_others_and_in_the_end_for_good(
    tx: Connection,
) -> None:
    take(tx, slot(1, sms("poison")), slot(2, sms("un")), slot(3, sms("deux")))
    inbox.note_fault(tx, 1)
    assert ["un", "deux", "poison"] == [row.text for row in inbox.unjudged(tx, 9)]
    assert ["un"] == [row.text for row in inbox.unjudged(tx, 1)]

    for _ in range(inbox.FAULTS_BEFORE_SHELVED - 1):
        inbox.note_fault(tx, 1)

    assert ["un", "deux"] == [row.text for row in inbox.unjudged(tx, 9)]
    assert ["poison", "un", "deux"] == texts(tx)


# --- reading and forgetting ---------------------------------------------------------------


@pytest.fixture
def some_messages(tx: Connection) -> Connection:
    for second, (number, text) in enumerate(
        [(KARIM, "Salut"), (BRICE, "ÉTÉ 100%"), ("AMENDES", "payez"), (KARIM, "salut encore_")]
    ):
        take(tx, slot(1, sms(text, number)), now=at(second))
    inbox.record_verdict(tx, 3, Ruling.DECLINED, Reason.NAME, None, at(9))
    return tx


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"limit": 2}, [3, 4]),
        ({"limit": 0}, []),
        ({"limit": 9}, [1, 2, 3, 4]),
        ({"after_id": 2}, [3, 4]),
        ({"number": KARIM}, [1, 4]),
        ({"number": "+336*"}, [1, 2, 4]),
        ({"number": "*"}, [1, 2, 3, 4]),
        ({"number": "+336"}, []),
        ({"number": "AMENDES"}, [3]),
        ({"search": "SALUT"}, [1, 4]),
        ({"search": "été"}, [2]),
        ({"search": "%"}, [2]),
        ({"search": "_"}, [4]),
        ({"search": "salut", "limit": 1}, [4]),
        ({"verdict": Ruling.DECLINED}, [3]),
        ({"since": at(2).wall}, [3, 4]),
        ({"since": at(2).quota}, [1, 2, 3, 4]),
        ({"since": at(1).wall, "number": KARIM, "search": "encore"}, [4]),
    ],
    ids=str,
)
def test_messages_are_found_by_all_that_is_asked_for(
    some_messages: Connection, filters: dict[str, object], expected: list[int]
) -> None:
    found = inbox.messages(some_messages, **filters)  # type: ignore[arg-type]

    assert expected == [row.id for row in found]


def test_the_messages_that_a_reply_answers_are_known(tx: Connection) -> None:
    take(tx, slot(1, sms("un")), slot(2, sms("deux")), slot(3, sms("trois")))
    reply = scheduled(tx, message_id=1)
    inbox.record_verdict(tx, 1, Ruling.REPLY, Reason.FIRST_CONTACT, reply.id, at())
    inbox.record_verdict(tx, 3, Ruling.JOINED, Reason.REPLY_WAITING, reply.id, at())

    assert [1, 3] == inbox.ids_of_reply(tx, reply.id)


def test_what_is_old_is_forgotten_and_its_verdict_and_place_in_the_ledger_stay(tx: Connection) -> None:
    take(tx, slot(1, sms("geheim")), slot(2, Binary(KARIM, b"geheim", None)), now=at(0))
    take(tx, slot(3, sms("neu")), now=at(100))
    inbox.record_verdict(tx, 1, Ruling.DECLINED, Reason.FOREIGN, None, at(1))

    assert 2 == inbox.forget_before(tx, at(100).quota)

    assert [(row.number, row.text, row.verdict) for row in inbox.messages(tx)] == [
        ("", "", "declined"),
        ("", "", None),
        (KARIM, "neu", None),
    ]
    assert 0 == tx.execute("SELECT COUNT(*) FROM inbox WHERE raw IS NOT NULL").fetchone()[0]
    assert ([], []) == (ledger.broken_links(tx), ledger.changed_contents(tx))
    assert 0 == inbox.forget_before(tx, at(100).quota)


def test_a_ring_does_not_join_a_call_that_was_forgotten(tx: Connection) -> None:
    call(tx, "", now=at(0))
    inbox.forget_before(tx, at(1).quota)
    call(tx, KARIM, now=at(10))

    assert 2 == len(inbox.messages(tx))


def test_a_slot_of_a_card_that_is_gone_is_no_burden(tx: Connection) -> None:
    take(tx, *(slot(location, sms("x")) for location in range(1, 31)))
    take(tx)

    assert 0 == tx.execute("SELECT COUNT(*) FROM slots WHERE card = ?", (CARD,)).fetchone()[0]
