"""The operator's levers on a gateway that is at work: they hold for the very next reply."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.daemon import PROGRAM, Service, service
from tests.support.together import side_by_side

KARIM, JULIEN, MATHIEU = "+33612345678", "+33687654321", "+33798765005"


def waiting(gateway: Service, *numbers: str) -> None:
    """Let these people write while nothing is sent, so that their replies are due."""
    gateway.wait_for("modem.ready")
    assert 0 == gateway.verb("pause").returncode
    for number in numbers:
        gateway.modem.deliver(number, "Salut")
    gateway.wait_for("verdict.given", count=len(numbers))


def states(gateway: Service) -> dict[str, str]:
    return {row["number"]: row["state"] for row in gateway.rows("queue")}


@side_by_side
def test_a_block_holds_for_a_reply_that_waits_and_for_what_comes_later(directory: Path) -> None:
    with service(directory) as gateway:
        waiting(gateway, KARIM, JULIEN, MATHIEU)
        blocked = subprocess.run(
            [PROGRAM, "senders", "block", "-", "--config", gateway.config],
            env=gateway.environment(),
            input="06 12 34 56 78  # the forum\n+337*\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (0, "2 replies that waited: cancelled") == (
            blocked.returncode,
            blocked.stdout.splitlines()[-1],
        )
        gateway.verb("resume")
        gateway.wait_for("reply.sent", number=JULIEN)
        gateway.modem.deliver(KARIM, "Réponds")
        gateway.wait_for("verdict.given", number=KARIM, reason="blocked")
        assert {KARIM: "cancelled", JULIEN: "sent", MATHIEU: "cancelled"} == states(gateway)
        assert 0 == gateway.verb("senders", "unblock", KARIM).returncode
        gateway.modem.deliver(KARIM, "Réponds donc")
        gateway.wait_for("reply.sent", number=KARIM)
        assert [JULIEN, KARIM] == [line["number"] for line in gateway.modem.record()]
        assert [] == gateway.broken_links()


@side_by_side
def test_replies_are_held_by_filter_and_a_sender_is_forgotten_while_it_runs(directory: Path) -> None:
    with service(directory) as gateway:
        waiting(gateway, KARIM, JULIEN, MATHIEU)
        assert "2 replies: held\n" == gateway.verb("queue", "hold", "--sender", "06*").stdout
        gateway.verb("resume")
        gateway.wait_for("reply.sent", number=MATHIEU)
        assert 0 == gateway.verb("senders", "forget", KARIM).returncode
        [why] = gateway.rows("why", "2")
        assert "it is held" in " ".join(why["reply"]["waits_for"])
        assert "1 reply: scheduled\n" == gateway.verb("queue", "release", "--state", "held").stdout
        gateway.wait_for("reply.sent", number=JULIEN)
        assert [MATHIEU, JULIEN] == [line["number"] for line in gateway.modem.record()]
        assert [JULIEN, MATHIEU] == sorted(row["number"] for row in gateway.rows("senders"))
        assert [] == gateway.broken_links()
