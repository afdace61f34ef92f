"""AT commands of the message service, PDU mode only (27.005)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...rules.records import Memory
from .at import CmsError, Form, PlainError, Query, Vocabulary
from .pdu import tpdu_length
from .slots import READ, UNREAD, Stored
from .stick import Session, Stick

MESSAGES: Vocabulary[Stick] = Vocabulary()

EVERY_STATUS = 4


@MESSAGES.command("+CMGF", test="(0)")
def message_format(_: Stick, query: Query) -> Sequence[str]:
    """AT+CMGF: PDU mode is what there is."""
    if query.form is Form.READ:
        return ["+CMGF: 0"]
    if query.number(0, 0) != 0:
        raise PlainError
    return []


@MESSAGES.command("+CPMS", test=None)
def preferred_memories(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CPMS: the memories for reading, writing and receiving; no argument leaves one as it is."""
    if query.form is Form.TEST:
        return ["+CPMS: " + ",".join(_offered(names) for names in (stick.memories, Memory, Memory))]
    stick.require_pin()
    session = stick.session
    if query.form is Form.READ:
        return ["+CPMS: " + ",".join(f'"{memory}",{_fill(stick, memory)}' for memory in _chosen(session))]
    if not 1 <= len(query.arguments) <= 3:
        raise PlainError
    reading, *storing = (*query.arguments, "", "")[:3]
    if reading and reading not in stick.memories:
        raise CmsError(CmsError.NOT_ALLOWED)
    try:
        writing, receiving = (Memory(name) if name else None for name in storing)
    except ValueError as unknown:
        raise CmsError(CmsError.NOT_ALLOWED) from unknown
    session.reading = reading or session.reading
    session.writing = writing or session.writing
    session.receiving = receiving or session.receiving
    stick.flow_in()
    return ["+CPMS: " + ",".join(_fill(stick, memory) for memory in _chosen(session))]


def _offered(memories: Iterable[str]) -> str:
    names = ",".join(f'"{memory}"' for memory in memories)
    return f"({names})"


def _chosen(session: Session) -> tuple[str, str, str]:
    return session.reading, session.writing, session.receiving


def _fill(stick: Stick, memory: str) -> str:
    slots = stick.memories[memory]
    return f"{slots.used},{slots.capacity}"


@MESSAGES.command("+CMGL", test="(0-4)")
def list_messages(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CMGL: all messages of a status, which are read thereby."""
    wanted = query.number(0, UNREAD) if query.arguments else UNREAD
    if wanted > EVERY_STATUS:
        raise CmsError(CmsError.NOT_ALLOWED)
    return [
        line
        for location, stored in stick.readable().listing()
        if wanted in {stored.status, EVERY_STATUS}
        for line in _show(f"+CMGL: {location},", stored)
    ]


@MESSAGES.command("+CMGR")
def read_message(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CMGR: one message, which is read thereby."""
    stored = stick.readable().messages.get(query.number(0))
    if stored is None:
        raise CmsError(CmsError.BAD_INDEX)
    return _show("+CMGR: ", stored)


def _show(start: str, stored: Stored) -> list[str]:
    status, stored.status = stored.status, READ
    return [f"{start}{status},,{tpdu_length(stored.pdu)}", stored.shown]


@MESSAGES.command("+CMGD", test=None)
def delete_message(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CMGD: one message, or with a flag all that are read (1 to 3) or all (4)."""
    slots = stick.readable()
    if query.form is Form.TEST:
        return [f"+CMGD: ({','.join(str(place) for place, _ in slots.listing())}),(0-4)"]
    flag = query.number(1, 0)
    if flag > EVERY_STATUS:
        raise CmsError(CmsError.NOT_ALLOWED)
    if not flag:
        stick.delete(query.number(0))
        return []
    for location, stored in slots.listing():
        if flag == EVERY_STATUS or stored.status == READ:
            stick.delete(location)
    return []


@MESSAGES.command("+CMGW", "+CMSS", "+CMGC", "+CMGS")
def refuse_to_store(_: Stick, __: Query) -> Sequence[str]:
    """Refuse to store drafts: all slots are for what comes in. AT+CMGS=n is not answered here."""
    raise CmsError(CmsError.NOT_ALLOWED)


@MESSAGES.command("+CSCA")
def service_centre(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CSCA: the service centre's number."""
    stick.require_pin()
    if query.form is Form.READ:
        return [f'+CSCA: "{stick.smsc}",{145 if stick.smsc.startswith("+") else 129}']
    stick.smsc = query.arguments[0] if query.arguments else ""
    return []


@MESSAGES.command("+CNMI", test="(0-2),(0,1),(0),(0,2),(0,1)")
def indications(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CNMI: whether new messages (second) and reports (fourth) are announced."""
    if query.form is Form.READ:
        return ["+CNMI: " + ",".join(map(str, stick.session.indications))]
    old = stick.session.indications
    fresh = tuple(query.number(place, old[place]) for place in range(5))
    allowed = ((0, 1, 2), (0, 1), (0,), (0, 2), (0, 1))
    if any(value not in values for value, values in zip(fresh, allowed, strict=True)):
        raise CmsError(CmsError.NOT_ALLOWED)
    stick.session.indications = fresh
    return []


@MESSAGES.command("+CSMS", test="(0,1)")
def message_service(_: Stick, query: Query) -> Sequence[str]:
    """AT+CSMS: receiving, sending, no cell broadcast."""
    return ["+CSMS: 0,1,1,0"] if query.form is Form.READ else ["+CSMS: 1,1,0"]


@MESSAGES.command("+CMMS", test="(0-2)")
def more_messages(_: Stick, query: Query) -> Sequence[str]:
    """AT+CMMS: accepted, and without effect."""
    return ["+CMMS: 0"] if query.form is Form.READ else []
