from __future__ import annotations

from contextlib import suppress
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.modem import wire
from relou_gateway.modem.port import (
    DeleteFailed,
    InDoubt,
    ModemFailure,
    ModemLost,
    NotSent,
    Refused,
    UssdFailed,
)
from relou_gateway.rules.records import (
    Binary,
    Call,
    Identity,
    Listing,
    Memory,
    Network,
    Part,
    Report,
    Slot,
    SlotAddress,
    Sms,
    Undecodable,
)

texts = some.text(some.characters(exclude_categories=()))
zones = some.builds(timezone, some.timedeltas(timedelta(hours=-20), timedelta(hours=20)))
times = some.none() | some.datetimes(timezones=some.just(UTC) | zones)
contents = (
    some.builds(Sms, texts, texts, times, some.none() | some.builds(Part))
    | some.builds(Report, texts, some.integers(-1, 255), some.booleans(), texts, times)
    | some.builds(Binary, texts, some.binary(), times)
    | some.builds(Undecodable, texts, some.none() | some.binary())
)
addresses = some.builds(SlotAddress, texts, some.sampled_from(Memory), some.integers(0, 2000))
listings = some.builds(
    Listing,
    some.lists(some.builds(Slot, addresses, some.binary(), contents)).map(tuple),
    some.lists(some.builds(Call, texts)).map(tuple),
    some.booleans(),
    some.lists(texts).map(tuple),
)
results = (
    some.tuples(some.just("listing"), listings)
    | some.tuples(some.just("identify"), some.builds(Identity, texts, texts, texts, texts, texts))
    | some.tuples(some.just("network"), some.builds(Network))
    | some.tuples(some.just("send"), some.lists(some.integers(-1, 255)).map(tuple))
    | some.tuples(some.just("ussd"), texts)
    | some.tuples(some.just("delete_by_hand"), some.frozensets(addresses))
    | some.tuples(some.sampled_from(["open", "delete", "restart_radio", "close"]), some.none())
)
sends = some.sampled_from([NotSent, Refused, InDoubt])
failures: some.SearchStrategy[ModemFailure] = (
    some.builds(ModemLost, texts, texts)
    | some.builds(DeleteFailed, texts)
    | some.builds(UssdFailed, texts)
    | some.builds(
        lambda kind, *about: kind(about[0], code=about[1], accepted=about[2], by_network=about[3]),
        sends,
        texts,
        some.none() | some.integers(),
        some.integers(0),
        some.booleans(),
    )
)


def over_the_wire(message: wire.Wire) -> wire.Wire:
    (received,) = wire.Lines().feed(wire.pack(message))
    return received


@given(results)
def test_whatever_a_modem_gives_back_arrives_as_it_was(result: tuple[str, object]) -> None:
    method, value = result
    received = over_the_wire({"done": wire.result_to_wire(method, value)})
    assert value == wire.result_from_wire(method, received["done"])


@given(failures)
def test_a_failure_arrives_as_it_was(failure: ModemFailure) -> None:
    received = wire.failure_from_wire(over_the_wire(wire.failure_to_wire(failure)))
    assert (type(failure), str(failure), vars(failure)) == (type(received), str(received), vars(received))


@given(some.lists(results), some.integers(1, 50))
def test_messages_arrive_whole_however_the_line_cuts_them(
    answers: list[tuple[str, object]], length: int
) -> None:
    messages = [{"done": wire.result_to_wire(method, value)} for method, value in answers]
    stream = b"".join(map(wire.pack, messages))
    lines = wire.Lines()
    received = [
        message
        for start in range(0, len(stream), length)
        for message in lines.feed(stream[start : start + length])
    ]
    assert [over_the_wire(message) for message in messages] == received


NONSENSE = [b"\n", b"[]\n", b"null\n", b'{"a":\n', b"\xff\x00\n", b"1" * 5000 + b"\n", b"[" * 100_000 + b"\n"]


@pytest.mark.parametrize("line", NONSENSE)
def test_what_is_no_object_is_garbled(line: bytes) -> None:
    with pytest.raises(wire.Garbled):
        list(wire.Lines().feed(line))


def test_a_line_without_end_is_garbled_before_it_fills_the_memory() -> None:
    lines = wire.Lines()
    with pytest.raises(wire.Garbled):
        list(lines.feed(b"[" * (wire.LONGEST + 1)))


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@given(some.sampled_from(["open", "identify", "network", "listing", "send"]), json_values)
def test_a_result_of_any_other_shape_is_a_record_or_garbled(method: str, fields: object) -> None:
    with suppress(wire.Garbled):
        wire.result_from_wire(method, fields)


@given(some.dictionaries(some.sampled_from(["failed", "message", "cause", "code"]), json_values))
def test_a_failure_of_any_other_shape_is_a_failure_or_garbled(fields: wire.Wire) -> None:
    with suppress(wire.Garbled):
        assert isinstance(wire.failure_from_wire(fields), ModemFailure)


@given(some.dictionaries(addresses, some.binary()))
def test_slots_with_their_fingerprints_cross_the_pipe_as_they_are(slots: dict[SlotAddress, bytes]) -> None:
    line = wire.pack({"slots": wire.prints_to_wire(slots)})
    (message,) = wire.Lines().feed(line)
    assert slots == wire.prints_from_wire(message["slots"])
