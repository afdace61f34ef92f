"""Messages as they come in the field: broken, in parts that never come, from another time, by the dozen."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relou_gateway.rules.records import Kind
from tests.support.daemon import service
from tests.support.displaced import Displaced
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN = "+33612345678", "+33687658642"
REAL = {
    name: bytes.fromhex(pdu)
    for name, pdu in (
        line.split()
        for line in (Path(__file__).parents[1] / "modem" / "real_pdus.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
}
TEXTS = {
    "+919884280026": ["Ok sir"],
    "5036710": [
        (
            "For your ease to browse content after handset changed, you will receive a service setting soon. "
            "Simply save as default."
        )
    ],
    "+358456709855": ["Test"],
    "+32478746863": [
        "T:Philipa@joshua.heron.net s:test mail.#Just hoping...",
        "TEST -@@-",
        "Tèätrc @ £.",
    ],
    "+3327838890001": ["hellohello"],
    "+622291320408": ["aa cakep deh"],
    "+380972566788": ["3"],
    "+447970011182": [""],
    "+351965853713": [
        (
            "Espero que tenhas tido um Natal em grande cheio de coisas boas :) e agora que um novo ano se "
            "aproxime,desejo-te o MELHOR Beijinho  "
        )
    ],
    "+447732482432": [
        (
            "Helen's parents are down tomorrow. Not sure what we are up to on sunday. Will let u know. "
            "Are you glad you missed d2d? Weather looked perfect!"
        )
    ],
    "9494": ["llamada perdida de: +34617653167 on 07/08  at  11:19."],
    "O2\x11": [
        (
            "O2: You now have your Text Anytime 300 UK texts & 1MB of data to use this mth. Remember to "
            "top-up  10 or more before 171206 to get your free allowance next mth"
        )
    ],
}
"""Who wrote what, in the dumps that are texts. libGammu leaves the _ of a name in the GSM alphabet."""

OTHERS = {Kind.REPORT: 5, Kind.BINARY: 4, Kind.UNDECODABLE: 12}
"""Reports; MMS notices and ringtones; drafts that lay on those SIMs, one of them broken. The one dump that
is missing here is the first of two parts, and waits for the other."""


@side_by_side
def test_what_real_modems_showed_is_decoded_stored_and_deleted(directory: Path) -> None:
    with service(directory, modem={"sim_slots": len(REAL)}, start=False) as gateway:
        for pdu in REAL.values():
            gateway.modem.deliver_raw(pdu.hex())
        gateway.start()
        gateway.wait_for("modem.ready")
        wait_until(lambda: [] == gateway.modem.slots(), 20)
        gateway.stop()
        rows = gateway.messages()
        texts: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            if row.kind is Kind.SMS:
                texts[row.number] = sorted([*texts[row.number], row.text])
        assert TEXTS == texts
        assert OTHERS == Counter(row.kind for row in rows if row.kind is not Kind.SMS)
        with gateway.store() as tx:
            kept = {bytes(row[0]) for row in tx.execute("SELECT raw FROM inbox WHERE kind = 'undecodable'")}
            assert 1 == tx.execute("SELECT COUNT(*) FROM parts").fetchone()[0]
        assert (True, 12) == (kept <= set(REAL.values()), len(kept))
        assert ([], []) == (gateway.modem.record(), gateway.heard("tick.failed"))


@side_by_side
def test_a_part_that_never_comes_holds_nobody_up_and_is_given_up_in_time(directory: Path) -> None:
    machine = Displaced(directory / "machine.json")
    with service(directory, start=False) as gateway:
        gateway.start(prefix=machine.prefix, environ=machine.environ)
        gateway.modem.deliver_part(KARIM, "le début", reference=7, total=2, part=1)
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("reply.sent", number=JULIEN)
        assert (["Salut"], []) == ([row.text for row in gateway.messages()], gateway.modem.slots())
        machine.suspend(timedelta(minutes=11))
        gateway.wait_for("parts.given_up")
        gateway.wait_for("reply.sent", number=KARIM)
        assert ["Salut", "le début[…]"] == [row.text for row in gateway.messages()]


@side_by_side
def test_a_service_centre_from_another_century_changes_nothing(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "Salut", smsc_at="2063-04-05T11:00:00+00:00")
        gateway.modem.deliver(JULIEN, "Coucou", smsc_at="1999-12-31T23:59:59-08:00")
        for number in (KARIM, JULIEN):
            gateway.wait_for("reply.sent", number=number)
        for row in gateway.messages():
            assert row.smsc_wall is not None
            assert abs(row.received_wall - datetime.now(UTC)) < timedelta(minutes=5)
            assert abs(row.received_wall - row.smsc_wall) > timedelta(days=3650)


@side_by_side
def test_the_rings_of_one_caller_are_one_call_and_one_answer(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        for _ in range(2):
            assert gateway.modem.call(KARIM, rings=3, seconds=0.2)
            wait_until(lambda: not gateway.modem.state()["ringing"])
        assert gateway.modem.call("", rings=2, seconds=0.2)
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.wait_for("verdict.given", kind="call", number="")
        calls = [(row.kind, row.number, row.verdict) for row in gateway.messages()]
        assert [(Kind.CALL, KARIM, "reply"), (Kind.CALL, "", "declined")] == calls
        assert [KARIM] == [line["number"] for line in gateway.modem.record()]
