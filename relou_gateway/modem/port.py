"""The port: what the gateway may ask of a modem, and the ways in which that can fail.

Plain records go through it, nothing of libGammu does. Every driver (`gammu_modem`,
`scripted`) and the `cell` that wraps one in a child process keeps this contract, and one
contract suite in the tests is run over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ..rules.records import Identity, Listing, Network, SlotAddress


class ModemFailure(Exception):
    """Anything that a modem did not do."""


class ModemLost(ModemFailure):
    """The modem cannot be worked with: absent, held by another, hung, unplugged, dead.

    `cause` is one of the words of `LOST_CAUSES`; the message says what to do about it.
    `retry_in` is the number of seconds until another try makes sense, where that is known.
    """

    def __init__(self, cause: str, message: str, *, retry_in: float | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.retry_in = retry_in


LOST_CAUSES = ("absent", "busy", "denied", "hung", "died", "broken", "sim", "pin", "pin_wrong", "stopped")
"""`pin`: the SIM asks for a code that we do not have; `pin_wrong`: it refused the one we have,
and trying once more would bring it nearer to the PUK."""


class DeleteFailed(ModemFailure):
    """The modem answered that this slot was not deleted; it is there to read again."""


class UssdFailed(ModemFailure):
    """A service code brought no answer; the message says why, and the modem works on."""


class SendFailure(ModemFailure):
    """Base of the three ways in which a send fails, because three reactions follow.

    `code` is the +CMS/+CME code where the modem gave one. `accepted` counts the parts that
    the modem certainly took before the one that failed. `by_network` says that the network or
    the SMSC refused, and not the modem.
    """

    def __init__(
        self, message: str, *, code: int | None = None, accepted: int = 0, by_network: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.accepted = accepted
        self.by_network = by_network


class NotSent(SendFailure):
    """The part that failed certainly did not leave; the same may be tried later."""


class Refused(SendFailure):
    """The part that failed certainly did not leave, and never will."""


class InDoubt(SendFailure):
    """The part after the `accepted` ones may have left, or not; those behind it did not."""


class Modem(Protocol):
    """One modem with one SIM. Any method may raise `ModemLost`, and then the object is dead."""

    def identify(self) -> Identity:
        """Return who the modem is."""

    def network(self) -> Network:
        """Return the state of the radio at this moment."""

    def listing(self) -> Listing:
        """Return all that both memories show, and the calls since the last listing."""

    def delete(self, address: SlotAddress) -> None:
        """Delete one slot. Returns only if the modem confirmed it.

        Raises `DeleteFailed` where the modem refuses, and `ModemLost` where it may have
        obeyed: then the slot must be read again before another try.
        """

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        """Free slots that `delete` cannot free; return those that certainly hold it no more.

        `slots` maps each to the fingerprint that a listing showed: a slot that shows anything
        else by now is left alone. It takes many at once because it costs seconds, however few
        they are. Raises `ModemLost` where some may have been deleted.
        """

    def restart_radio(self) -> None:
        """Switch the radio off and on, so that it looks for its network afresh; takes some seconds.

        Returns whether or not there is a network then. Raises `ModemLost`.
        """

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send one text, already cut into `parts`; return the modem's reference of each.

        With more than one part each gets a concatenation header. `unicode` sends UCS-2,
        otherwise every character is of the GSM 7-bit alphabet. A reference is -1 where the
        modem gave none. `accepted` is called with each reference as soon as the modem took
        that part. Raises `NotSent`, `Refused` or `InDoubt`, never `ModemLost`.
        """

    def ussd(self, code: str, pattern: str) -> str:
        """Dial a service code (as "#123#"); return what the network answers, 200 characters at most.

        That is the first of what it says in which the regular expression `pattern`, of one group,
        is found, and where there is none, the first of all. Takes up to half a minute. Raises
        `UssdFailed` where there is no answer, and `ModemLost`.
        """

    def close(self) -> None:
        """Let go of the modem; never fails, never waits long."""
