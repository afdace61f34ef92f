"""AT commands of the equipment, the SIM, the network and calls (27.007, V.250)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from .at import CmeError, Form, NoCarrier, PlainError, Query, Vocabulary
from .call import address_type
from .charset import CHARSETS, write
from .stick import MANUFACTURER, MODEL, REVISION, Session, Stick

EQUIPMENT: Vocabulary[Stick] = Vocabulary()
RADIO: Vocabulary[Stick] = Vocabulary()

# --- who it is ------------------------------------------------------------------------------


@EQUIPMENT.command("+CGMI", "+GMI")
def manufacturer(_: Stick, __: Query) -> Sequence[str]:
    """AT+CGMI: who made it."""
    return [MANUFACTURER]


@EQUIPMENT.command("+CGMM", "+GMM")
def model(_: Stick, __: Query) -> Sequence[str]:
    """AT+CGMM: what it is called."""
    return [MODEL]


@EQUIPMENT.command("+CGMR", "+GMR")
def revision(_: Stick, __: Query) -> Sequence[str]:
    """AT+CGMR: the firmware's version."""
    return [REVISION]


@EQUIPMENT.command("+CGSN", "+GSN")
def serial_number(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CGSN: the IMEI."""
    return [stick.imei]


@EQUIPMENT.command("I")
def identification(stick: Stick, query: Query) -> Sequence[str]:
    """ATI: all of it at once, or the line that libGammu asks for by number."""
    lines = {"3": [MANUFACTURER], "4": [MODEL], "5": [REVISION]}
    everything = [
        f"Manufacturer: {MANUFACTURER}",
        f"Model: {MODEL}",
        f"Revision: {REVISION}",
        f"IMEI: {stick.imei}",
    ]
    return lines.get(query.arguments[0], everything)


@EQUIPMENT.command("+GCAP")
def capabilities(_: Stick, __: Query) -> Sequence[str]:
    """AT+GCAP: what kind of modem it is."""
    return ["+GCAP: +CGSM"]


@EQUIPMENT.command("+CBC")
def battery(_: Stick, __: Query) -> Sequence[str]:
    """AT+CBC: no battery, powered by its host."""
    return ["+CBC: 1,100"]


# --- how it speaks --------------------------------------------------------------------------


@EQUIPMENT.command("Z", "&F")
def defaults(stick: Stick, _: Query) -> Sequence[str]:
    """ATZ, AT&F: forget what clients have set; the chosen memories stay."""
    session = stick.session
    stick.session = Session(reading=session.reading, writing=session.writing, receiving=session.receiving)
    return []


@EQUIPMENT.command("E")
def echo(stick: Stick, query: Query) -> Sequence[str]:
    """ATE0, ATE1."""
    stick.session.echo = query.number(0, 0) != 0
    return []


@EQUIPMENT.command("V", "Q", "X", "S", "&C", "&D", "&W", "&K", "&S", "+IPR", "+IFC", "+ICF")
def ignore(_: Stick, __: Query) -> Sequence[str]:
    """Accept what means nothing on a pty."""
    return []


@EQUIPMENT.command("+CMEE", test="(0-2)")
def error_verbosity(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CMEE: 0 says ERROR, 1 the number, 2 the words."""
    if query.form is Form.READ:
        return [f"+CMEE: {stick.session.verbosity}"]
    stick.session.verbosity = _choice(query, 2)
    return []


@EQUIPMENT.command("+CSCS", test=",".join(f'"{name}"' for name in CHARSETS).join("()"))
def charset(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CSCS: how texts between client and modem are written."""
    if query.form is Form.READ:
        return [f'+CSCS: "{stick.session.charset}"']
    if not query.arguments or query.arguments[0] not in CHARSETS:
        raise CmeError(CmeError.NOT_ALLOWED)
    stick.session.charset = query.arguments[0]
    return []


@EQUIPMENT.command("+CFUN", test="(0,1,4),(0,1)")
def power(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CFUN: 1 is on, 0 and 4 switch the radio off, a second 1 restarts the modem."""
    if query.form is Form.READ:
        return [f"+CFUN: {stick.power}"]
    level = query.number(0, 1)
    if level not in {0, 1, 4}:
        raise CmeError(CmeError.NOT_ALLOWED)
    if query.number(1, 0):
        stick.power_up()
    stick.switch(level)
    stick.flow_in()
    return []


@EQUIPMENT.command("+CCLK", test=None)
def clock(_: Stick, query: Query) -> Sequence[str]:
    """AT+CCLK: the network's time."""
    return [f'+CCLK: "{datetime.now(UTC):%y/%m/%d,%H:%M:%S}+00"'] if query.form is Form.READ else []


def _choice(query: Query, highest: int) -> int:
    value = query.number(0, 0)
    if value > highest:
        raise CmeError(CmeError.NOT_ALLOWED)
    return value


# --- the SIM --------------------------------------------------------------------------------


@RADIO.command("+CIMI")
def subscriber(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CIMI: the IMSI."""
    if stick.sim.state != "READY":
        raise CmeError(CmeError.PIN_REQUIRED)
    return [stick.sim.imsi]


@RADIO.command("+CPIN")
def pin(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CPIN: what the SIM waits for, the PIN itself, and the PUK with a new PIN."""
    state = stick.sim.state
    if query.form is Form.READ:
        return [f"+CPIN: {state}"]
    if state == "READY" or query.form is not Form.SET:
        raise CmeError(CmeError.NOT_ALLOWED)
    if state == "SIM PUK" and len(query.arguments) == 2:
        stick.sim.unblock(*query.arguments)
    else:
        stick.sim.unlock(query.arguments[0])
    stick.flow_in()
    return []


@RADIO.command("+CPINR")
def pin_tries(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CPINR: how many tries are left (27.007 ch. 8.65)."""
    if not stick.sim.tells_tries:
        raise PlainError
    return [f"+CPINR: SIM PIN,{stick.sim.tries_left},3", f"+CPINR: SIM PUK,{stick.sim.puk_tries_left},10"]


@RADIO.command("^CPIN")
def huawei_pin_tries(stick: Stick, query: Query) -> Sequence[str]:
    """AT^CPIN?: state, tries left of what is asked for, then of PUK, PIN, PUK2, PIN2."""
    if query.form is not Form.READ or not stick.sim.tells_tries:
        raise PlainError
    sim = stick.sim
    now = {"READY": "", "SIM PIN": str(sim.tries_left), "SIM PUK": str(sim.puk_tries_left)}[sim.state]
    return [f"^CPIN: {sim.state},{now},{sim.puk_tries_left},{sim.tries_left},10,3"]


# --- the network ----------------------------------------------------------------------------


@RADIO.command("+CSQ", test="(0-31,99),(99)")
def signal(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CSQ: 0 to 31; 99 is unknown, and what an unregistered modem says."""
    return [f"+CSQ: {stick.network.coverage.signal if stick.registered else 99},99"]


@RADIO.command("+CREG", "+CGREG", "+CEREG", test="(0-2)")
def registration(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CREG: whether 2G or 3G serves the modem, AT+CGREG: with data, AT+CEREG: LTE; at level 2 the cell."""
    levels = stick.session.registration_levels
    if query.form is Form.READ:
        level = levels.get(query.name, 0)
        return [f"{query.name}: {level},{_cell(stick, level, lte=query.name == '+CEREG')}"]
    levels[query.name] = _choice(query, 2)
    return []


def _cell(stick: Stick, level: int, *, lte: bool) -> str:
    """Return registration status, area and cell.

    1 is at home, 5 roaming, 6 and 7 the same for SMS alone; 2 is searching, 3 denied, 0 neither.
    """
    coverage = stick.network.coverage
    if stick.registered and lte != coverage.lte_only:
        return "0"
    if not stick.registered:
        return "3" if coverage.denied else "2"
    status = ("7" if coverage.roaming else "6") if coverage.sms_only else "5" if coverage.roaming else "1"
    return f'{status},"2017","00C0FFEE"' if level == 2 else status


@RADIO.command("+CGATT", test="(0,1)")
def attached(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CGATT: whether data is attached."""
    return [f"+CGATT: {int(stick.registered)}"] if query.form is Form.READ else []


@RADIO.command("+COPS", test=None)
def operator(stick: Stick, query: Query) -> Sequence[str]:
    """AT+COPS: the operator, as name (format 0, 1) or code (2)."""
    coverage, session = stick.network.coverage, stick.session
    if query.form is Form.TEST:
        return [f'+COPS: (2,"{coverage.operator}","{coverage.operator}","{coverage.operator_code}")']
    if query.form is Form.READ:
        if not stick.registered:
            return ["+COPS: 0"]
        by_code = session.operator_format == 2
        name = coverage.operator_code if by_code else write(coverage.operator, session.charset)
        return [f'+COPS: 0,{session.operator_format},"{name}"']
    if query.number(0, 0) == 3:
        session.operator_format = query.number(1, 0)
    return []


@RADIO.command("+CNUM")
def own_number(_: Stick, __: Query) -> Sequence[str]:
    """AT+CNUM: nobody wrote the number on this SIM."""
    return []


@RADIO.command("+CUSD", test="(0-2)")
def service_code(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CUSD: whatever code is dialled is answered with the credit, after OK; 2 ends a session."""
    if query.form is Form.READ:
        return [f"+CUSD: {stick.session.ussd}"]
    code = query.arguments[1] if len(query.arguments) > 1 else ""
    mode = _choice(query, 2)
    if mode == 2:
        stick.session.ussd_open = False
    else:
        stick.session.ussd = mode
    if code and not stick.registered:
        raise CmeError(CmeError.NO_NETWORK)
    if code:
        stick.answer_ussd()
    return []


# --- calls ----------------------------------------------------------------------------------


@RADIO.command("+CLIP", test="(0,1)")
def caller_number(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CLIP: whether each ring tells the caller's number."""
    if query.form is Form.READ:
        return [f"+CLIP: {int(stick.session.caller_number)},1"]
    stick.session.caller_number = bool(_choice(query, 1))
    return []


@RADIO.command("+CRC", test="(0,1)")
def extended_ring(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CRC: whether a ring is +CRING: VOICE or RING."""
    if query.form is Form.READ:
        return [f"+CRC: {int(stick.session.extended_ring)}"]
    stick.session.extended_ring = bool(_choice(query, 1))
    return []


@RADIO.command("+CCWA", test="(0,1)")
def call_waiting(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CCWA: accepted; a second caller hears the busy tone."""
    if query.form is Form.READ:
        return [f"+CCWA: {stick.session.call_waiting}"]
    stick.session.call_waiting = _choice(query, 1)
    return []


@RADIO.command("+CCFC", test="(0-5)")
def forwarding(stick: Stick, query: Query) -> Sequence[str]:
    """AT+CCFC=reason,2: to which number voice calls go; as with a voice mail, never all of them."""
    reason, mode = query.number(0), query.number(1)
    if mode != 2:
        raise CmeError(CmeError.NOT_ALLOWED)
    if not stick.registered:
        raise CmeError(CmeError.NO_NETWORK)
    number = stick.network.forwarding
    if number is None or reason == 0:
        return ["+CCFC: 0,7"]
    return [f'+CCFC: 1,1,"{number}",{address_type(number)}', "+CCFC: 0,2", "+CCFC: 0,4"]


@RADIO.command("+CHUP", "H")
def hang_up(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CHUP, ATH: reject the call that rings, or end it."""
    stick.ringing.stop()
    return []


@RADIO.command("A")
def take_call(stick: Stick, _: Query) -> Sequence[str]:
    """ATA: take the call that rings."""
    if not stick.ringing.answer():
        raise CmeError(CmeError.NOT_ALLOWED)
    return []


@RADIO.command("D")
def dial(_: Stick, __: Query) -> Sequence[str]:
    """ATD: nobody can be called."""
    raise NoCarrier


@RADIO.command("+CLCC")
def current_calls(stick: Stick, _: Query) -> Sequence[str]:
    """AT+CLCC: the call that rings (4) or is held (0)."""
    caller = stick.ringing.caller
    if caller is None:
        return []
    return [
        f'+CLCC: 1,1,{0 if stick.ringing.answered else 4},0,0,"{caller.number}",{address_type(caller.number)}'
    ]
