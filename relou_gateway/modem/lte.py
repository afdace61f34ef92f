"""A modem that only LTE serves: when to ask for that, and for how long the answer stands.

libGammu never asks for LTE, and to ask by hand it has to let go of the modem for some five
seconds, in which calls are not heard. So that is done only where libGammu finds no network, and then:

- as soon as it finds none, and again after `PAUSE` for as long as LTE serves the modem no more than the
  rest; so what the radio is restarted for was asked for within the minute before;
- where LTE serves it, after `PAUSE` only if there is a doubt: if anything that libGammu sees for nothing
  (both registrations, whether data is attached, whether there is a signal) is other than it
  was when LTE was asked for, or a send was refused; and after `STANDS` in any case.

A message that the network took is as good an answer as any. The rule that nothing is sent unless the
modem was seen registered in the last minute (DESIGN.md, Failures) so becomes: that it was told to be
registered in LTE, or that something was sent, in the last `STANDS`, and that libGammu has seen in
the last minute that nothing has changed since. A send that is wrong all the same is refused by
the modem, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from .registration import Registration

PAUSE = 55.0
"""Seconds between two questions at the least: a little less than a minute, for that is how often the network
is looked at, give or take."""

STANDS = 300.0
"""Seconds for which the answer that LTE serves the modem stands, if nothing else has changed."""

Sight = Hashable
"""What libGammu saw for nothing, whatever that is."""


class Answer(NamedTuple):
    """What was found by hand, and the operator's name."""

    found: Registration
    operator: str = ""


NOTHING = Answer(Registration(registered=False, roaming=False, denied=False))


class LteRegistration:
    """What is known of one modem's registration in LTE. All times are monotonic, in seconds.

    `answer` is the latest, `NOTHING` where there is none.
    """

    def __init__(self) -> None:
        self.answer = NOTHING
        self._is_known = True
        self._asked_at = self._confirmed_at = float("-inf")
        self._sight: Sight = None
        self._doubted = False

    def is_due(self, sight: Sight, now: float) -> bool:
        """Tell whether to ask now, when libGammu finds no network and sees this."""
        return self._is_known and now - self._asked_at >= PAUSE and not self._stands(sight, now)

    def _stands(self, sight: Sight, now: float) -> bool:
        unchanged = sight == self._sight and not self._doubted
        return self.answer.found.registered and unchanged and now - self._confirmed_at < STANDS

    def take(self, answer: Answer | None, sight: Sight, now: float) -> None:
        """Take note of what was found by hand when libGammu saw this; None: the modem knows of no LTE.

        Such a modem is not asked again.
        """
        self._is_known = answer is not None
        self.answer = answer or NOTHING
        self._sight, self._doubted = sight, False
        self._asked_at = self._confirmed_at = now

    def is_not_needed(self) -> None:
        """Take note that libGammu finds a network: what LTE said before says nothing of later."""
        self.answer, self._asked_at = NOTHING, float("-inf")

    def sent(self, now: float) -> None:
        """Take note that the network took a message."""
        self._confirmed_at, self._doubted = now, False

    def doubt(self) -> None:
        """Take note that a send failed, perhaps for want of a network."""
        self._doubted = True
