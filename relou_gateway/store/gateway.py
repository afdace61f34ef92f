"""The gateway's own state: paused or not, how its clock stands, how its modem was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..rules.records import Identity, Moment, Network
from . import ledger
from .database import Connection, milliseconds, optional_time, time_of


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when (wall time) nothing is sent, and why."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RaidSeen:
    """A raid that runs: since when, in quota time and in wall time."""

    since_at: datetime
    since_wall: datetime


@dataclass(frozen=True, slots=True)
class ModemSeen:
    """The modem as the daemon last saw it. `registered_at` is quota time, `seen_wall` wall time.

    `full_percent` is how much of its memory for messages is taken, None where it does not tell.
    """

    state: str
    detail: str
    device: str
    imei: str
    operator: str
    signal_percent: int | None
    registered: bool
    registered_at: datetime | None
    seen_wall: datetime | None
    roaming: bool = False
    full_percent: int | None = None


class ClockRow(NamedTuple):
    """Where quota time stood; all in milliseconds. The fields are those of `clock.Anchor`, in its order."""

    boot_id: str
    boottime: int
    quota: int
    wall: int
    wall_trusted: bool


def paused(tx: Connection) -> Pause | None:
    """Return the pause that an operator ordered, or None."""
    row = tx.execute("SELECT paused_wall, pause_reason FROM gateway").fetchone()
    return None if row["paused_wall"] is None else Pause(time_of(row["paused_wall"]), row["pause_reason"])


def pause(tx: Connection, reason: str, now: Moment) -> None:
    """Stop sending until `resume`; receiving goes on."""
    tx.execute(
        "UPDATE gateway SET paused_wall = COALESCE(paused_wall, ?), pause_reason = ?",
        (milliseconds(now.wall), reason),
    )
    ledger.write(tx, "paused", now)


def resume(tx: Connection, now: Moment) -> bool:
    """Send again; say whether there was a pause to end."""
    ended = tx.execute(
        "UPDATE gateway SET paused_wall = NULL, pause_reason = '' WHERE paused_wall IS NOT NULL"
    )
    if ended.rowcount:
        ledger.write(tx, "resumed", now)
    return bool(ended.rowcount)


def raid(tx: Connection) -> RaidSeen | None:
    """Return the raid that runs, as far as the daemon knows, or None."""
    row = tx.execute("SELECT raid_at, raid_wall FROM gateway").fetchone()
    return None if row["raid_at"] is None else RaidSeen(time_of(row["raid_at"]), time_of(row["raid_wall"]))


def note_raid(tx: Connection, seen: RaidSeen | None, now: Moment) -> None:
    """Write down that a raid began, or (None) ended; the ledger gets a row of it."""
    times = (None, None) if seen is None else (milliseconds(seen.since_at), milliseconds(seen.since_wall))
    tx.execute("UPDATE gateway SET raid_at = ?, raid_wall = ?", times)
    ledger.write(tx, "raid_ended" if seen is None else "raid_began", now)


def answers_up_to(tx: Connection) -> float | None:
    """Return up to which suspicion replies go at the moment; None where tokens last for everyone."""
    score: float | None = tx.execute("SELECT answers_up_to FROM gateway").fetchone()[0]
    return score


def note_answers_up_to(tx: Connection, score: float | None) -> None:
    """Write down up to which suspicion replies go at the moment."""
    tx.execute("UPDATE gateway SET answers_up_to = ? WHERE answers_up_to IS NOT ?", (score, score))


def clock(tx: Connection) -> ClockRow | None:
    """Return where quota time stood when it was last written down."""
    row = tx.execute("SELECT * FROM gateway").fetchone()
    if not row["boot_id"]:
        return None
    return ClockRow(
        row["boot_id"], row["boottime"], row["quota_at"], row["quota_wall"], bool(row["wall_trusted"])
    )


def save_clock(tx: Connection, at: ClockRow) -> None:
    """Write down where quota time stands."""
    tx.execute(
        "UPDATE gateway SET boot_id = ?, boottime = ?, quota_at = ?, quota_wall = ?, wall_trusted = ?",
        (at.boot_id, at.boottime, at.quota, at.wall, at.wall_trusted),
    )


def modem(tx: Connection) -> ModemSeen:
    """Return the modem as it was last seen."""
    row = tx.execute("SELECT * FROM modem").fetchone()
    return ModemSeen(
        state=row["state"],
        detail=row["detail"],
        device=row["device"],
        imei=row["imei"],
        operator=row["operator"],
        signal_percent=row["signal_percent"],
        registered=bool(row["registered"]),
        registered_at=optional_time(row["registered_at"]),
        seen_wall=optional_time(row["seen_wall"]),
        roaming=bool(row["roaming"]),
        full_percent=row["full_percent"],
    )


def note_modem(tx: Connection, state: str, detail: str, device: str, now: Moment) -> None:
    """Write down whether there is a modem to work with; one that is not ready is not registered."""
    tx.execute(
        """
        UPDATE modem SET state = :state, detail = :detail, device = :device, seen_wall = :wall,
               registered = IIF(:state = 'ready', registered, 0),
               registered_at = IIF(:state = 'ready', registered_at, NULL)
        """,
        {"state": state, "detail": detail, "device": device, "wall": milliseconds(now.wall)},
    )


def note_identity(tx: Connection, identity: Identity) -> None:
    """Write down who the modem says that it is."""
    tx.execute("UPDATE modem SET imei = ?, imsi = ?", (identity.imei, identity.imsi))


def note_network(tx: Connection, network: Network, now: Moment) -> None:
    """Write down the state of the radio."""
    tx.execute(
        """
        UPDATE modem SET operator = ?, signal_percent = ?, registered = ?, roaming = ?, registered_at = ?,
               seen_wall = ?
        """,
        (
            network.operator,
            network.signal_percent,
            network.registered,
            network.roaming,
            milliseconds(now.quota) if network.registered else None,
            milliseconds(now.wall),
        ),
    )
