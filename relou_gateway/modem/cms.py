"""What a +CMS or +CME error on a send means: never left, never will, or nobody knows.

The one question is whether a code *proves* that no network element kept the message. Only
then may the machine try again (`NotSent`) or give up for good (`Refused`); every other code,
and every code that is not in these tables, is `InDoubt`.

Sources:
- 1 to 127 are the causes of the relay layer, 3GPP 24.011 Annex E-2; which failure in the
  network each of them stands for is told by 23.040 ch. 11.2 and 23.540 ch. 5.1.8.
- 128 to 255 are TP-FCS, the service centre's own answer, 23.040 ch. 9.2.3.22.
- from 300 on the modem itself speaks, 27.005 ch. 3.2.5 (+CMS) and 27.007 ch. 9.2 (+CME).
- from 512 on they are each maker's own, so nothing is known of them.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from .port import InDoubt, NotSent, Refused, SendFailure


class Family(Enum):
    """Which of the two lists a code is of: that of the message service or of the equipment."""

    MESSAGE = "CMS"
    EQUIPMENT = "CME"


class Meaning(NamedTuple):
    """What follows from a code, and the code in words."""

    failure: type[SendFailure]
    words: str


_LATER = {
    1: "the SMSC's number, or the recipient's, is not assigned; compare modem.smsc with the operator's",
    8: "the operator bars this SIM from sending; ask the operator",
    10: "outgoing messages are barred on this SIM; ask the operator",
    21: "the network would not take the message: no credit, a filter, or an invalid number",
    22: "the network is congested",  # of the layer below, 24.011 Annex E-1
    27: "the way to the destination is out of service",
    28: "this SIM is not known to the network or to the SMSC; ask the operator",
    29: "the network does not offer sending to this SIM; ask the operator",
    30: "the subscriber is not known to the network; ask the operator",
    41: "the network failed for a moment",
    42: "the network or the SMSC is congested",
    47: "the network has no resources for the message",
    50: "this SIM has no contract for sending messages; ask the operator",
    69: "the network does not offer sending messages",
    192: "the SMSC is busy",
    193: "this SIM has no contract with the SMSC; compare modem.smsc with the operator's",
    194: "the SMSC has failed",
    301: "the modem's message service is taken by something else",
    302: "the modem does not allow the operation now",
    303: "the modem does not support the operation",
    310: "no SIM is inserted",
    311: "the SIM asks for its PIN; set modem.pin",
    312: "the modem is locked to another SIM and asks for its code",
    313: "the SIM has failed; clean it or replace it",
    314: "the SIM is busy",
    315: "this SIM is not accepted by the modem",
    316: "the SIM is blocked and asks for its PUK; unblock it in a phone",
    317: "the SIM asks for its PIN2",
    318: "the SIM asks for its PUK2; unblock it in a phone",
    330: "the SMSC's number is not known; set modem.smsc",
    331: "there is no network",
}
"""Certain not to have been taken, and the same message may pass another time."""

_NEVER = {
    95: "the network finds the message faulty",
    96: "the network finds the message's mandatory fields faulty",
    97: "the network does not know this type of message",
    99: "the network does not know a field of the message",
    128: "the SMSC does not forward to this kind of service",
    129: "the SMSC does not take this type of message",
    130: "the SMSC cannot replace the message",
    143: "the SMSC does not take the message's protocol",
    144: "the SMSC does not take the message's alphabet",
    145: "the SMSC does not take the message's class",
    159: "the SMSC does not take the message's coding",
    176: "the SMSC does not support the message",
    195: "the SMSC finds the recipient's number invalid",
    196: "the SMSC bars this recipient",
    198: "the SMSC does not take this form of validity period",
    199: "the SMSC does not take this validity period",
    304: "the modem finds the message faulty",
    305: "the modem finds a parameter of the message faulty",
}
"""Certain not to have been taken, for a reason that lies in this message or its recipient."""

_PERHAPS = {
    17: "the network failed inside",
    # 23.540 table 5.1.8-1: what the network says when the SMSC's answer did not come in time
    38: "the network is out of order, or the SMSC's answer came too late",
    # both speak of a transaction that the network lost track of, not of the message
    81: "the network lost track of the transfer",
    98: "the network and the modem disagree on where the transfer stands",
    111: "the network found an unspecified fault in the transfer",
    127: "another network failed without saying why",
    160: "the SMSC cannot carry out the command",
    161: "the SMSC does not support the command",
    175: "the SMSC found an unspecified fault in the command",
    # the SMSC knows this very message: an earlier try of the network's has passed
    197: "the SMSC has this message already",
    # what a phone answers to the SMSC; where a modem says it of a send, nobody knows whose phone it was
    208: "a SIM's memory is full",
    209: "a SIM has no memory for messages",
    210: "a phone has failed",
    211: "a phone's memory is full",
    212: "a SIM's application is busy",
    213: "a SIM could not take in data",
    255: "the SMSC failed without saying why",
    300: "the modem has failed",
    320: "the modem's memory has failed",
    321: "the modem names a slot that does not exist",
    322: "the modem's memory is full",
    332: "the network did not answer in time",
    340: "the modem expected no acknowledgement",
    500: "the modem does not know what went wrong",
}
"""Codes with a name that prove nothing."""

_EQUIPMENT_LATER = {
    3: 302,
    4: 303,
    5: 312,
    10: 310,
    11: 311,
    12: 316,
    13: 313,
    14: 314,
    15: 315,
    17: 317,
    18: 318,
    30: 331,
    32: 331,
    # the locks of 27.007 ch. 7.4, each with its code to unlock it: network, its subset, provider, company
    **dict.fromkeys(range(40, 48), 312),
}
"""+CME codes and the +CMS codes that say the same."""


def _table() -> dict[int, Meaning]:
    kinds = ((NotSent, _LATER), (Refused, _NEVER), (InDoubt, _PERHAPS))
    return {code: Meaning(kind, words) for kind, table in kinds for code, words in table.items()}


MESSAGE_ERRORS = _table()
"""+CMS codes that have a name. Those that are missing prove nothing."""

OF_THE_APPLICATION = range(224, 255)
"""+CMS codes that each SMSC's operator gives a meaning of his own (23.040 ch. 9.2.3.22)."""

FIRST_OF_THE_MAKER = 512
"""+CMS codes from this one on are each maker's own (27.005 ch. 3.2.5)."""

LAST_OF_THE_NETWORK = 255
"""+CMS codes up to this one are what the network or the SMSC said; those above are the modem's own."""

_EQUIPMENT_PERHAPS = {0: 300, 20: 322, 21: 321, 23: 320, 31: 332, 100: 500}

EQUIPMENT_ERRORS = {
    code: MESSAGE_ERRORS[same] for code, same in (_EQUIPMENT_LATER | _EQUIPMENT_PERHAPS).items()
}
"""+CME codes that can follow a send. Those that are missing prove nothing."""


def meaning(code: int | None, family: Family = Family.MESSAGE) -> Meaning:
    """Return what a code means; without one, or for one that nobody lists, nobody knows."""
    if code is None:
        return Meaning(InDoubt, "the modem gave no reason")
    known = MESSAGE_ERRORS if family is Family.MESSAGE else EQUIPMENT_ERRORS
    return known.get(code) or Meaning(InDoubt, _unnamed(code, family))


def _unnamed(code: int, family: Family) -> str:
    """Say of a code that nobody lists at least who gave it."""
    if family is Family.MESSAGE and code in OF_THE_APPLICATION:
        return "the SMSC gave a reason of its operator's own"
    if family is Family.MESSAGE and code >= FIRST_OF_THE_MAKER:
        return "a reason of the modem's maker's own; its AT manual tells"
    return "a code without a public meaning"


def send_failure(
    code: int | None, *, family: Family = Family.MESSAGE, accepted: int = 0, written: bool = True
) -> SendFailure:
    """Return the failure that follows from an error result of the modem's.

    `accepted` counts the parts that it took before. `written` False says that it refused
    already the command, before it was given the message: then nothing can have left,
    whatever the code.
    """
    failure, words = meaning(code, family)
    if not written and failure is InDoubt:
        failure = NotSent
    named = words if code is None else f"{words} (+{family.value} ERROR: {code})"
    by_network = family is Family.MESSAGE and code is not None and code <= LAST_OF_THE_NETWORK
    return failure(named, code=code, accepted=accepted, by_network=by_network)
