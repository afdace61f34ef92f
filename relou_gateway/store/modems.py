"""The modems that this gateway has worked with, and the PINs that it has tried on their SIMs."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from ..rules.pin import Tried
from ..rules.records import Identity, Moment
from .database import Connection, milliseconds

PIN_ROUNDS = 2**14
"""scrypt's cost: a PIN has few digits, so that each guess has to take a while (16 MB, some 50 ms)."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A modem that was at work here: `device` is the path, `interface` that of its USB interface."""

    imei: str
    imsi: str
    device: str
    interface: int | None


def last(tx: Connection) -> Remembered | None:
    """Return the modem that was at work last, None before there was one."""
    row = tx.execute("SELECT * FROM modems ORDER BY last_used DESC LIMIT 1").fetchone()
    return None if row is None else Remembered(row["imei"], row["imsi"], row["device"], row["interface"])


def note_used(tx: Connection, identity: Identity, device: str, interface: int | None, now: Moment) -> None:
    """Write down that this modem is at work now, and where it is."""
    tx.execute(
        """
        INSERT INTO modems (imei, imsi, maker, model, device, interface, first_wall, last_wall, last_used)
        VALUES (:imei, :imsi, :maker, :model, :device, :interface, :wall, :wall,
                (SELECT COALESCE(MAX(last_used), 0) + 1 FROM modems))
        ON CONFLICT (imei) DO UPDATE SET imsi = :imsi, maker = :maker, model = :model, device = :device,
               interface = :interface, last_wall = :wall, last_used = excluded.last_used
        """,
        {
            "imei": identity.imei,
            "imsi": identity.imsi,
            "maker": identity.manufacturer,
            "model": identity.model,
            "device": device,
            "interface": interface,
            "wall": milliseconds(now.wall),
        },
    )


def note_fill(tx: Connection, percent: int | None, detail: str) -> None:
    """Write down how full the modem's memory is, and what the operator should know of a modem that works."""
    tx.execute(
        "UPDATE modem SET full_percent = ?, detail = IIF(state = 'ready', ?, detail)", (percent, detail)
    )


# --- PINs ---------------------------------------------------------------------------------


def pin_tried(tx: Connection, imei: str, pin: str) -> Tried | None:
    """Return what is known of this PIN in this modem, None where it was never tried. Takes a while."""
    row_id = _pin_row(tx, imei, pin)
    if row_id is None:
        return None
    row = tx.execute("SELECT refused, accepted, unanswered FROM pins WHERE id = ?", (row_id,)).fetchone()
    return Tried(bool(row["refused"]), bool(row["accepted"]), row["unanswered"])


def note_pin_try(tx: Connection, imei: str, pin: str, now: Moment) -> int:
    """Write down, before it happens, that this PIN is tried; return the row for `note_pin_outcome`."""
    row_id = _pin_row(tx, imei, pin)
    if row_id is None:
        salt = secrets.token_bytes(16)
        row_id = tx.execute(
            "INSERT INTO pins (imei, salt, hash, tried_wall) VALUES (?, ?, ?, ?)",
            (imei, salt, _pin_hash(salt, pin), milliseconds(now.wall)),
        ).lastrowid
        assert row_id is not None, "a row that was inserted has an id"
    tx.execute(
        "UPDATE pins SET unanswered = unanswered + 1, tried_wall = ? WHERE id = ?",
        (milliseconds(now.wall), row_id),
    )
    return row_id


def note_pin_outcome(tx: Connection, row_id: int, *, accepted: bool) -> None:
    """Write down what the SIM said to the PIN of this row."""
    tx.execute(
        "UPDATE pins SET unanswered = 0, refused = ?, accepted = ? WHERE id = ?",
        (not accepted, accepted, row_id),
    )


def _pin_row(tx: Connection, imei: str, pin: str) -> int | None:
    for row in tx.execute("SELECT id, salt, hash FROM pins WHERE imei = ?", (imei,)):
        if secrets.compare_digest(row["hash"], _pin_hash(row["salt"], pin)):
            return int(row["id"])
    return None


def _pin_hash(salt: bytes, pin: str) -> bytes:
    return hashlib.scrypt(pin.encode("ascii"), salt=salt, n=PIN_ROUNDS, r=8, p=1)
