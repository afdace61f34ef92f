"""Learn: the ranking hears every verdict that is committed, in order, and what it found is written down.

There is one road for what was judged just now and for what was judged before a restart: both are
read from the inbox. So nothing is learned that was rolled back, and a restart forgets nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..store import gateway as state
from ..store import outbox, schedule, verdicts
from ..store.gateway import RaidSeen
from .gateway import Gateway

LEARNED_FROM = timedelta(days=30)
"""What is older is not heard again at a start: of that, the ranking would remember next to nothing."""

HEARD_AT_ONCE = 500
"""Messages heard in one piece, about a second of a Pi's time: an orderly stop waits for no more."""

TOLD_AT_ONCE = 40
"""Waiting replies whose suspicion is written down with each sweep."""


def learn(gateway: Gateway) -> bool:
    """Let the ranking hear what it has not heard yet; say whether it knows all.

    Nobody is sent anything before: a ranking that has forgotten a raid would serve the raiders.
    """
    if gateway.heard_to is None:
        gateway.heard_to = verdicts.place_at(gateway.now().quota - LEARNED_FROM)
    with gateway.database.snapshot() as tx:
        heard, gateway.heard_to, more = verdicts.heard_after(tx, gateway.heard_to, HEARD_AT_ONCE)
    for message in heard:
        gateway.ranking.heard(message)
    if not more:
        _note_raid(gateway)
    return not more


def _note_raid(gateway: Gateway) -> None:
    """Say once that a raid began, and once that it ended; write it into the ledger."""
    now = gateway.now()
    since = gateway.ranking.raid_since(now.quota)
    if gateway.asked_of_raid and (since is None) is (gateway.raid_since is None):
        return
    gateway.raid_since, gateway.asked_of_raid = since, True
    with gateway.database.transaction("raid") as tx:
        seen = state.raid(tx)
        if (since is None) is (seen is None):
            return  # known since before a restart
        state.note_raid(tx, _seen(since, now.wall - now.quota), now)
    if since is not None:
        log.say(Happened.RAID_BEGAN, since=since.isoformat())
    elif seen is not None:
        log.say(Happened.RAID_ENDED, since=seen.since_wall.isoformat())


def _seen(since: datetime | None, to_wall: timedelta) -> RaidSeen | None:
    return None if since is None else RaidSeen(since, since + to_wall)


def tell(gateway: Gateway) -> None:
    """Write down how suspicious those are who wait, some of them each time, for whoever asks why (sweep)."""
    now = gateway.now()
    with gateway.database.snapshot() as tx:
        waiting = schedule.scheduled_after(tx, gateway.told_to, TOLD_AT_ONCE)
    gateway.told_to = waiting[-1][0] if len(waiting) == TOLD_AT_ONCE else 0
    suspicions = [(reply_id, gateway.ranking.suspicion(number, now.quota)) for reply_id, number in waiting]
    with gateway.database.transaction("suspicions") as tx:
        state.note_answers_up_to(tx, gateway.ranking.answers_up_to)
        for reply_id, suspicion in suspicions:
            if suspicion is not None:
                outbox.note_suspicion(tx, reply_id, suspicion)
