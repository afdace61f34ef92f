"""What libGammu cannot tell the radio: to start afresh, to keep reports; and reports from end to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relou_gateway.modem import radio_by_hand
from relou_gateway.modem.at import Conversation
from relou_gateway.modem.registration import CIRCUIT, LTE, PACKET, registration, state_in
from relou_gateway.rules.records import Report
from tests.modem.bench import VirtualBench, virtual_bench
from tests.support.virtual import Virtual
from tests.support.waiting import wait_until

KARIM = "+33612345678"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBench]:
    with virtual_bench(tmp_path_factory.mktemp("radio"), reports=True) as here:
        here.virtual.set(report_seconds=0.0)
        yield here


def reports(bench: VirtualBench) -> list[tuple[str, int, bool]]:
    return [
        (content.number, content.reference, content.delivered)
        for content in (slot.content for slot in bench.modem.listing().slots)
        if isinstance(content, Report)
    ]


def test_a_restarted_radio_finds_what_was_lost_and_works_as_before(bench: VirtualBench) -> None:
    bench.begin()
    bench.virtual.set(lost_network=True)
    assert not bench.modem.network().registered
    bench.modem.restart_radio()
    assert bench.modem.network().registered
    (reference,) = bench.modem.send(KARIM, ["Un non est un non."], unicode=False)
    wait_until(lambda: [(KARIM, reference, True)] == reports(bench))


def test_every_part_is_reported_on_by_its_reference(bench: VirtualBench) -> None:
    bench.begin()
    references = bench.modem.send(KARIM, ["x" * 153, "y"], unicode=False)
    wait_until(lambda: [(KARIM, reference, True) for reference in references] == reports(bench))


def test_a_network_that_refuses_the_sim_is_told_from_none(bench: VirtualBench) -> None:
    bench.begin()
    bench.virtual.set(denied=True)
    found = bench.modem.network()
    bench.virtual.set(denied=False)
    assert (False, True) == (found.registered, found.denied)


@pytest.mark.parametrize("roaming", [False, True])
def test_a_network_that_offers_sms_alone_is_one(bench: VirtualBench, roaming: bool) -> None:
    bench.begin()
    bench.virtual.set(sms_only=True, roaming=roaming)
    found = bench.modem.network()
    sent = bench.modem.send(KARIM, ["Un non est un non."], unicode=False)
    bench.virtual.set(sms_only=False, roaming=False)
    assert (True, roaming, False, 1) == (found.registered, found.roaming, found.denied, len(sent))


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('+CREG: 2,6,"2017","00C0FFEE",7', 6),
        ("+CREG: 0,1", 1),
        ("+CREG: 2,5,2017,00C0FFEE", 5),
        ("+CREG:2,10", 10),
        # unasked
        ("+CREG: 3", 3),
        ('+CREG: 5,"2017","00C0FFEE"', 5),
        ("+CREG: 5,2017,00C0FFEE", 5),
        ("+CREG: 5,00C3,00C0FFEE", 5),
        ("+CREG: ?", None),
        ("+CGREG: 0,1", None),
        ("+CEREG: 0,1", None),
    ],
)
def test_the_registration_is_read_from_what_the_modem_says(said: str, state: int | None) -> None:
    assert state == state_in(f'1 "AT+CREG?"\n2 "{said}"\n3 "OK"\n')


def test_the_latest_registration_counts() -> None:
    assert 1 == state_in('2 "+CREG: 0,2"\n3 "OK"\n2 "+CREG: 0,1"\n3 "OK"\n')


def test_each_registration_is_read_from_its_own_line() -> None:
    log = '2 "+CREG: 2,0"\n3 "OK"\n1 "AT+CGREG?"\n2 "+CGREG: 2,5,"2017","00C0FFEE",7"\n3 "OK"\n'
    assert [0, 5, None] == [state_in(log, teller) for teller in (CIRCUIT, PACKET, LTE)]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), (False, False, False)),
        ((None, 0, 2, 4, 8), (False, False, False)),
        ((0, 1), (True, False, False)),
        ((3, 9), (True, False, False)),
        ((5, 6), (True, False, False)),
        ((0, 10), (True, True, False)),
        ((3, 7), (True, True, False)),
        ((0, 3), (False, False, True)),
    ],
)
def test_one_network_that_serves_is_enough(
    states: tuple[int | None, ...], expected: tuple[bool, bool, bool]
) -> None:
    assert expected == registration(states)


# --- by hand ------------------------------------------------------------------------------


def by_hand(modem: Virtual) -> Conversation:
    return Conversation(modem.link, timeout=2.0)


def test_reports_are_kept_and_whatever_else_is_announced_stays_as_it_was(modem: Virtual) -> None:
    with by_hand(modem) as talk:
        talk.greet()
        talk.ask("AT+CNMI=2,1,0,0,0")
        radio_by_hand.keep_reports(talk)
        assert ("+CNMI: 2,1,0,2,0",) == talk.ask("AT+CNMI?")


def test_a_modem_that_will_not_keep_reports_is_left_as_it_is(modem: Virtual) -> None:
    modem.fault("refuse", at="AT+CNMI=")
    with by_hand(modem) as talk:
        talk.greet()
        radio_by_hand.keep_reports(talk)
        assert ("+CNMI: 0,0,0,0,0",) == talk.ask("AT+CNMI?")


def test_a_radio_that_cannot_be_switched_off_is_told_to_be_on(modem: Virtual) -> None:
    before = modem.state()["radio_starts"]
    modem.fault("refuse", at="AT+CFUN=4", cme=4)
    with by_hand(modem) as talk:
        talk.greet()
        radio_by_hand.restart(talk)
        assert ("+CFUN: 1",) == talk.ask("AT+CFUN?")
    assert before == modem.state()["radio_starts"]
