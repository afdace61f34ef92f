"""What libGammu's errors mean for the gateway."""

from __future__ import annotations

_BUSY = ("busy", "{0} cannot be opened; another program may hold it: `relou-gateway doctor` names it")
_GONE = ("absent", "{0} is gone: the modem was unplugged, or has reset itself")
_HUNG = ("hung", "the modem on {0} does not answer; if this stays so, unplug it and plug it in again")

LOSSES = {
    "ERR_DEVICENOTEXIST": ("absent", "{0} does not exist; plug the modem in, or correct modem.device"),
    "ERR_DEVICEOPENERROR": _BUSY,
    "ERR_DEVICELOCKED": _BUSY,
    "ERR_DEVICEBUSY": _BUSY,
    "ERR_DEVICENOPERMISSION": ("denied", "no permission to open {0}; join its group, which is often dialout"),
    "ERR_DEVICENODRIVER": ("broken", "{0} has no driver"),
    "ERR_DEVICENOTWORK": _HUNG,
    "ERR_DEVICEDTRRTSERROR": _GONE,
    "ERR_DEVICECHANGESPEEDERROR": _GONE,
    "ERR_DEVICEWRITEERROR": _GONE,
    "ERR_DEVICEREADERROR": _GONE,
    "ERR_DEVICEPARITYERROR": _GONE,
    "ERR_TIMEOUT": _HUNG,
    "ERR_ABORTED": _HUNG,
}
"""Errors of libGammu's that mean that the modem cannot be worked with: cause and cure."""

NO_MESSAGE = {"ERR_EMPTY", "ERR_INVALIDLOCATION"}

NO_MEMORIES = ("sim", "the SIM's messages cannot be read; is a SIM in the modem, and not locked?")

NO_SIM = {"ERR_SECURITYERROR", "ERR_NOSIM"}
"""What it says of memories that a SIM keeps closed, and of much else that a modem does not allow."""

CONVERSION_ERRORS = (ValueError, TypeError, OverflowError, SystemError, IndexError)
"""What follows where python-gammu cannot put libGammu's answer into Python's terms, or ours into its,
and where libGammu says that all is well and answers nothing."""


class GammuError(Exception):
    """An error of libGammu's that is not a loss; `name` as `ERR_EMPTY`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
