"""Two thousand messages that wait in the network: none is lost, and no cap is passed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from relou_gateway.rules.records import Status
from relou_gateway.store.database import Connection
from tests.support.daemon import Section, service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

MESSAGES, SENDERS = 2000, 400
PER_MINUTE, PER_HOUR = 4, 6
MINUTE, HOUR = 60_000, 3_600_000
CAPS: dict[str, Section] = {"throttle": {"per_minute": PER_MINUTE, "per_hour": PER_HOUR}}


def most_at_once(tx: Connection, span: int) -> int:
    """Recount from the ledger alone how many answers lay in one window of `span` milliseconds at most."""
    settled: dict[int, int | None] = {}
    most = 0
    for row in tx.execute("SELECT at, event, reservation_id FROM ledger ORDER BY id"):
        if row["event"] == "reserved":
            settled[row["reservation_id"]] = None
            most = max(most, sum(at is None or at > row["at"] - span for at in settled.values()))
        elif row["event"] == "settled":
            settled[row["reservation_id"]] = row["at"]
    return most


@side_by_side
def test_a_flood_of_two_thousand_messages_is_taken_in_whole_and_passes_no_cap(directory: Path) -> None:
    texts = [f"message {index}" for index in range(MESSAGES)]
    with service(directory, CAPS, modem={"me_slots": 0}, start=False) as gateway:
        for index, text in enumerate(texts):
            gateway.modem.deliver(f"+336123{index % SENDERS:05}", text)
        assert (MESSAGES, 30) == (gateway.modem.state()["delivered"], gateway.modem.state()["used"]["SM"])
        gateway.start()
        gateway.wait_for("verdict.given", 100, count=MESSAGES)
        wait_until(lambda: gateway.modem.state()["deleted"] == MESSAGES)
        gateway.stop()
        assert Counter(texts) == Counter(message.text for message in gateway.messages())
        answered = [line["number"] for line in gateway.modem.record()]
        assert len(set(answered)) == len(answered) == len(gateway.replies(Status.SENT))
        with gateway.store() as tx:
            assert most_at_once(tx, MINUTE) <= PER_MINUTE
            assert most_at_once(tx, HOUR) <= PER_HOUR
        assert [] == gateway.broken_links()
        assert SENDERS == len({reply.number for reply in gateway.replies()}) == len(gateway.replies())
