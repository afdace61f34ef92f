"""What libGammu's debug stream tells and its answers do not.

The level `errors` prints every line of the conversation, numbered and in quotes, and between
them what libGammu does next (atgen.c, ATGEN_PrintReplyLines).
"""

from __future__ import annotations

import re

from .cms import Family, send_failure
from .pdu_line import PduLine, behind_header
from .port import InDoubt, NotSent, Refused, SendFailure

_RESULT = re.compile(r"^(CMS|CME) Error (\d+)", re.MULTILINE)
_ANSWER = re.compile(r'^\d+ "(\+CMGR:.*)"\n((?:\d+ ".*\n?)*)', re.MULTILINE)
"""The header of a message, and the lines behind it, a call that rings meanwhile among them."""

_SAID = re.compile(r'^\d+ "(.*)"$', re.MULTILINE)


def raw_message(log: str) -> PduLine | None:
    """Return the line of the message that an AT+CMGR brought; None where it brought none."""
    found = _ANSWER.search(log)
    return None if found is None else behind_header(found[1], _SAID.findall(found[2]))


def was_deleted(error: str, log: str) -> bool:
    """Tell whether DeleteSMS, which raised `error` if any, has deleted (at-sms.c, ATGEN_DeleteSMS).

    Its silence alone proves nothing. The text of the message stands before the last line that
    counts, so that no stranger can write this one.
    """
    confirmed = "SMS deleted OK\n" in log.rpartition("Deleting SMS\n")[2]
    return not error and (confirmed or not log)


def failure_of_send(error: str, log: str, taken: int) -> SendFailure:
    """Return what follows from a SendSMS that raised `error`, when `taken` parts went before it.

    The lines that count stand behind the one that tells of the prompt; before it stands the
    text. The message is written only after the line `Sending SMS` (at-sms.c, ATGEN_SendSMS):
    without it nothing can have left. `log` is empty where the stream is gone, or where
    python-gammu could not even put the message into libGammu's terms.
    """
    if not error.startswith("ERR_") and not log:
        return Refused(f"libGammu cannot write this message ({error})", accepted=taken)
    conversation = log.rpartition("\nWaiting for modem prompt\n")[2]
    written = not log or "Sending SMS\n" in conversation
    result = _RESULT.search(conversation)
    if result is not None:
        code, family = int(result[2]), Family(result[1])
        return send_failure(code, family=family, accepted=taken, written=written)
    if error in {"ERR_EMPTYSMSC", "ERR_EMPTY"} and not written:
        return NotSent("the SMSC's number is not known; set modem.smsc", accepted=taken)
    if error == "ERR_TIMEOUT":
        return InDoubt("the modem did not answer", accepted=taken)
    if not written:
        return NotSent(f"the modem did not take the command ({error})", accepted=taken)
    return InDoubt(f"the modem gave no reason ({error})", accepted=taken)
