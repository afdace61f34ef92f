"""What is known before anything is looked at: configuration, database, whether a gateway is at work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ...config import ConfigError, Settings, load
from ...rules.pin import objection
from ...store import balance, breaker, ledger, lock, losses, modems
from ...store import gateway as state
from ...store.balance import Credit
from ...store.breaker import Stopped
from ...store.database import Database, StoreError
from ...store.gateway import ModemSeen, Pause
from ...store.losses import Losses
from ...store.modems import Remembered
from ..options import config_file, current_settings
from ..screen import count
from .finding import Finding, State, failure, ok, skipped, warning
from .machine import Machine

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Past:
    """What the database knows: how the daemon saw its modem, which one it used last, what the SIM held.

    `latest` is the latest wall time in the ledger; `idle` is how long nothing was sent up to then, None
    where nobody knows. `paused` and `stopped` say why nothing is sent, `losses` how often the modem was
    lost of late.
    """

    modem: ModemSeen
    remembered: Remembered | None
    credit: Credit | None
    latest: datetime | None
    idle: timedelta | None = None
    paused: Pause | None = None
    stopped: Stopped | None = None
    losses: Losses | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One visit. `settings` is None without a configuration that can be used.

    `named` is the device that was asked about, None for the one of the configuration.
    `at_work` says whether a gateway is at work on the database, None where we may not see it;
    `past` is None where there is no database or it cannot be read.
    """

    machine: Machine
    configuration: Finding
    settings: Settings | None
    named: str | None
    at_work: bool | None
    past: Past | None

    @property
    def device(self) -> str | None:
        """The path to look at, `auto` or `virtual`; None where a fault hides which it is."""
        if self.named is not None:
            return self.named
        if self.settings is not None:
            return self.settings.modem.device
        return None if self.configuration.state is State.FAILURE else AUTO

    def gateway(self) -> Finding:
        """Say whether a gateway is at work."""
        if self.at_work is None:
            return skipped("gateway", "you may not see whether one is at work; `sudo` lets you")
        return ok("gateway", "it is at work") if self.at_work else skipped("gateway", "none is at work")


NO_PIN = "none is set; put the SIM into a phone and switch the PIN off there, or set modem.pin"


def take(named: str | None, machine: Machine) -> Case:
    """Return what is known; `named` is the device that was asked about, if any."""
    configuration, settings = _configuration()
    path = (settings or load(None)).storage.path
    at_work = lock.is_held(path) if _may_see(path) else None
    past = _past(path) if at_work is not None else None
    return Case(machine, configuration, settings, named, at_work, past)


def _configuration() -> tuple[Finding, Settings | None]:
    """Read the configuration; the settings are None where there are none to go by."""
    path = config_file()
    if path is None:
        cure = "`relou-gateway setup` makes one by questions; nothing is sent before"
        return warning("configuration", "there is none", cure), None
    try:
        settings = current_settings()
    except ConfigError as error:
        more = f"; {count(len(error.faults) - 1, 'fault')} more" if error.faults[1:] else ""
        cure = "mend it; `relou-gateway config check` names every fault with its line"
        return failure("configuration", f"{error.faults[0]}{more}", cure), None
    if settings.warnings:
        more = f"; {count(len(settings.warnings) - 1, 'warning')} more" if settings.warnings[1:] else ""
        cure = "think it over; `relou-gateway config check` names every warning"
        return warning("configuration", f"{settings.warnings[0]}{more}", cure), settings
    return ok("configuration", f"{path}: no faults"), settings


def _may_see(database: Path) -> bool:
    """Say whether we may see the lock beside a database, or that there is none."""
    folder, locked = database.parent, lock.beside(database)
    if not os.access(folder, os.F_OK):
        return True
    return os.access(folder, os.X_OK) and (os.access(locked, os.R_OK) or not os.access(locked, os.F_OK))


def objection_to_pin(case: Case, imei: str, tries_left: int | None) -> str | None:
    """Return why the gateway would not give the SIM its PIN, with the cure; None if it would."""
    if case.settings is None:
        return NO_PIN
    try:
        pin = case.settings.modem.read_pin()
        if pin is None:
            return NO_PIN
        with Database(case.settings.storage.path) as database, database.snapshot() as tx:
            tried = modems.pin_tried(tx, imei, pin)
    except ConfigError as error:
        return f"{error.faults[0]}; mend it"
    except (StoreError, OSError):  # no database yet, so that it was never tried
        tried = None
    return objection(tried, tries_left)


def _past(path: Path) -> Past | None:
    """Return what the database at `path` knows; None where it cannot be read, which is told elsewhere."""
    try:
        with Database(path) as database, database.snapshot() as tx:
            newest = ledger.newest(tx, 1)
            latest = newest[0].wall if newest else None
            since = balance.idle_since(tx)
            idle = newest[0].at - since if newest and since is not None else None
            return Past(
                state.modem(tx),
                modems.last(tx),
                balance.credit(tx),
                latest,
                idle,
                paused=state.paused(tx),
                stopped=breaker.stopped(tx),
                losses=losses.within_a_day(tx),
            )
    except (StoreError, OSError):
        return None
