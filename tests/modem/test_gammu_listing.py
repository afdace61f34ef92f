"""A pass over all slots, on a phone that behaves as libGammu does (at-sms.c, ATGEN_GetNextSMS)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.modem.gammu_listing import SECOND_MEMORY, Counts, Pass, Shown, Unreadable
from relou_gateway.rules.records import Memory

SIM_SIZE, MODEM_SIZE = 8, 5


@dataclass
class FakePhone:
    """Slots by libGammu's location: True for a message, False for what cannot be decoded.

    `order` is the order in which the modem lists them. `ends_at` is a location at which
    libGammu takes the modem's answer for the end of the list.
    """

    slots: dict[int, bool]
    order: list[int] = field(default_factory=list)
    ends_at: int | None = None
    lists: bool = True
    reads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.order = self.order or sorted(self.slots)

    def following(self, location: int | None) -> Shown | None:
        if not self.lists:
            raise Unreadable
        index = 0 if location is None else self._behind(location)
        if index >= len(self.order) or self.order[index] == self.ends_at:
            return None
        if not self.slots[self.order[index]]:
            raise Unreadable
        return Shown(self.order[index], {})

    def _behind(self, location: int) -> int:
        if location in self.order:
            return self.order.index(location) + 1
        lower = [place for place in self.order if place < location]
        return self.order.index(max(lower)) + 1 if lower else 0

    def read(self, location: int) -> Shown | None:
        assert location not in self.reads, "each slot is read once at the most"
        self.reads.append(location)
        if location not in self.slots:
            return None
        return Shown(location, {}) if self.slots[location] else Shown(location, error="ERR_UNKNOWN")

    def counts(self) -> Counts:
        in_sim = sum(location < SECOND_MEMORY for location in self.slots)
        return Counts(SIM_SIZE, in_sim, MODEM_SIZE, len(self.slots) - in_sim)


def look(phone: FakePhone, deficit_before: int = 0) -> tuple[Pass, bool]:
    over = Pass(phone, phone.counts(), deficit_before)
    return over, over.run()


def readable(over: Pass) -> dict[int, bool]:
    return {location: shown.message is not None for location, shown in over.seen.items()}


locations = some.integers(0, SIM_SIZE) | some.integers(0, MODEM_SIZE).map(lambda slot: SECOND_MEMORY + slot)
occupied = some.dictionaries(locations, some.booleans())


@given(occupied)
def test_every_slot_is_shown_wherever_the_bad_ones_lie(slots: dict[int, bool]) -> None:
    over, complete = look(FakePhone(slots))
    assert (slots, True) == (readable(over), complete)


@given(occupied.flatmap(lambda slots: some.tuples(some.just(slots), some.permutations(sorted(slots)))))
def test_the_order_in_which_a_modem_lists_its_slots_does_not_matter(
    case: tuple[dict[int, bool], list[int]],
) -> None:
    slots, order = case
    over, complete = look(FakePhone(slots, order))
    assert (slots, True) == (readable(over), complete)


@given(occupied, locations)
def test_a_list_that_seems_to_end_early_is_gone_over_slot_by_slot(slots: dict[int, bool], end: int) -> None:
    over, complete = look(FakePhone(slots, ends_at=end))
    assert (slots, True) == (readable(over), complete)


@given(occupied)
def test_a_modem_that_cannot_list_is_read_slot_by_slot(slots: dict[int, bool]) -> None:
    over, complete = look(FakePhone(slots, lists=False))
    assert (slots, True) == (readable(over), complete)


def test_a_good_list_costs_no_reading_of_single_slots() -> None:
    phone = FakePhone({1: True, 5: True, SECOND_MEMORY + 2: True})
    look(phone)
    assert phone.reads == []


def test_a_bad_slot_is_looked_for_behind_the_last_good_one_first() -> None:
    phone = FakePhone({1: True, 3: True, 6: False, 7: True})
    look(phone)
    assert phone.reads == [4, 5, 6]


def test_a_count_that_is_too_high_makes_the_pass_incomplete_and_is_read_after_only_once() -> None:
    phone = FakePhone({1: True})
    counts = Counts(SIM_SIZE, 3, MODEM_SIZE, 0)
    first = Pass(phone, counts)
    assert (first.run(), first.deficit) == (False, 2)
    assert len(phone.reads) == SIM_SIZE + MODEM_SIZE + 1
    phone.reads.clear()
    assert not Pass(phone, counts, first.deficit).run()
    assert phone.reads == []


def test_a_message_that_comes_in_during_the_pass_is_no_trouble() -> None:
    phone = FakePhone({1: True, 2: True})
    over = Pass(phone, Counts(SIM_SIZE, 1, MODEM_SIZE, 0))
    assert (over.run(), len(over.seen)) == (True, 2)


def test_a_list_that_goes_round_in_circles_comes_to_an_end() -> None:
    phone = FakePhone({1: True, 2: True}, order=[1, 2, 1])
    over, complete = look(phone)
    assert (readable(over), complete) == ({1: True, 2: True}, True)


def test_locations_of_both_memories_lead_there_and_back() -> None:
    both = Counts(SIM_SIZE, 0, MODEM_SIZE, 0)
    assert both.place(3) == (Memory.SIM, 3)
    assert both.place(SECOND_MEMORY + 3) == (Memory.MODEM, 3)
    only_modem = Counts(0, 0, MODEM_SIZE, 0)
    assert only_modem.place(3) == (Memory.MODEM, 3)
    for counts in (both, only_modem):
        for location in counts.locations():
            assert counts.location(*counts.place(location)) == location


def test_an_absurd_size_is_not_read_to_its_end() -> None:
    assert len(list(Counts(10**9, 0, 0, 0).locations())) == 1001
