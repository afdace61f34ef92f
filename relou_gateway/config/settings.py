"""The settings in force, frozen: what the rest of the program receives."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ..rules.policy import Budget, KeepAlive, Policy, Replies, Senders, Throttle
from ..rules.vigilance import Vigilance
from .faults import ConfigError, Fault

PIN = r"[0-9]{4,8}"
"""A SIM's PIN has four to eight digits (ETSI TS 102 221 ch. 9.5.1)."""

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The environment variable by which systemd names the folder of a service's credentials (systemd.exec(5))."""


class Calls(StrEnum):
    """What a caller hears."""

    RING = "ring"
    HANG_UP = "hang_up"


class LogLevel(StrEnum):
    """From which level on events are shown."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How events are shown; auto: text on a terminal, JSON elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogNumbers(StrEnum):
    """Whether the log shows whole phone numbers."""

    MASKED = "masked"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """The modem. `device` is "auto", "virtual" or an absolute path; `smsc` is E.164 or None.

    The PIN is in no repr; `read_pin` tells it to the one who must type it in.
    """

    device: str
    connection: str
    pin: str | None = field(repr=False)
    pin_file: Path | None
    poll: timedelta
    calls: Calls
    smsc: str | None
    roaming: bool = False
    radio_restart: timedelta | None = timedelta(minutes=5)
    reports: bool = False
    keep_alive: KeepAlive | None = None

    def read_pin(self) -> str | None:
        """Return the PIN, read from `pin_file` at this moment if there is one; None: no PIN.

        Raises ConfigError, which never quotes what it read.
        """
        if self.pin_file is None:
            return self.pin
        try:
            with self._pin_place(self.pin_file).open("rb") as file:
                pin = file.read(64).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds more than digits"
            raise self._pin_file_fault(f"cannot be read: {reason}") from None
        if not re.fullmatch(PIN, pin, re.ASCII):
            raise self._pin_file_fault("expected one line of 4 to 8 digits; what stands there is not shown")
        return pin

    def _pin_place(self, pin_file: Path) -> Path:
        """Return where the file lies: that of a credential where systemd put it for this process."""
        if not is_credential(pin_file):
            return pin_file
        folder = os.environ.get(CREDENTIALS)
        if not folder:
            raise self._pin_file_fault("a credential, which systemd gives to the service alone")
        return Path(folder) / pin_file.name

    def _pin_file_fault(self, message: str) -> ConfigError:
        return ConfigError(Fault(self.pin_file, None, "modem.pin_file", message))


def is_credential(path: Path) -> bool:
    """Say whether `path` is `$CREDENTIALS_DIRECTORY/NAME`, which no file of the file system is."""
    return str(path.parent) == f"${CREDENTIALS}"


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """The database: where, how long texts and numbers are kept, and how many bytes it may take."""

    path: Path
    keep: timedelta
    max: int


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How events are shown."""

    level: LogLevel
    format: LogFormat
    numbers: LogNumbers


class Sections(NamedTuple):
    """The sections as they stand in the file."""

    modem: ModemSettings
    replies: Replies
    senders: Senders
    throttle: Throttle
    budget: Budget
    raid: Vigilance
    storage: StorageSettings
    log: LogSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the operators set, or left at its default.

    `path` is the file that it comes from, None where there is none; `given` are the dotted
    names of the keys that stand in it; `warnings` are what is allowed, but deserves a word.
    """

    modem: ModemSettings
    policy: Policy
    storage: StorageSettings
    log: LogSettings
    path: Path | None = None
    given: frozenset[str] = frozenset()
    warnings: tuple[Fault, ...] = ()

    def sections(self) -> Sections:
        """Return the settings in the order and form of the file."""
        policy = self.policy
        return Sections(
            self.modem,
            policy.replies,
            policy.senders,
            policy.throttle,
            policy.budget,
            policy.raid,
            self.storage,
            self.log,
        )
