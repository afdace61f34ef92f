"""What strangers write, through libGammu's own decoder, without a modem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import gammu
import pytest
from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.modem.gammu_message import (
    aware,
    concatenation_header,
    content_of,
    escaped,
    fingerprint_of,
    fingerprint_of_undecodable,
    header_elements,
    needs_pdu,
    part_of,
)
from relou_gateway.modem.virtual.pdu import (
    Alphabet,
    UserData,
    concat_header,
    deliver,
    status_report,
    write_text,
)
from relou_gateway.modem.virtual.septets import DEFAULT, ESCAPE, EXTENSION
from relou_gateway.rules.records import Binary, Part, Report, Sms, Undecodable

AT = datetime(2026, 3, 6, 17, 35, 51, tzinfo=timezone(timedelta(hours=1)))
NUMBER = "+33612345678"

gsm7_characters = some.sampled_from(sorted({*DEFAULT, *EXTENSION.values()} - {chr(ESCAPE)}))
gsm7_texts = some.lists(gsm7_characters, max_size=80).map("".join)
ucs2_units = some.integers(0, 0xFFFF) | some.sampled_from([0, 1, 0x7E, 0xFFFD, 0xD83D, 0xDE00])
ucs2_data = some.lists(ucs2_units, min_size=1, max_size=67).map(
    lambda units: b"".join(unit.to_bytes(2) for unit in units)
)
parts = some.integers(2, 255).flatmap(
    lambda total: some.builds(Part, some.integers(0, 255), some.just(total), some.integers(1, total))
)


def shown(pdu: bytes) -> dict[str, Any]:
    """What libGammu makes of a PDU."""
    message: dict[str, Any] = gammu.DecodePDU(pdu)
    return message


def received(data: UserData) -> Sms:
    pdu = deliver(NUMBER, data, AT)
    content = content_of(shown(pdu), pdu)
    assert isinstance(content, Sms)
    return content


@given(gsm7_texts, some.none() | parts)
def test_a_gsm7_text_arrives_character_by_character(text: str, part: Part | None) -> None:
    data = write_text(text, Alphabet.GSM7, concat_header(part) if part else b"")
    assert received(data) == Sms(NUMBER, text, AT, part)


@given(ucs2_data, some.none() | parts, some.booleans())
def test_a_ucs2_text_arrives_unit_by_unit(units: bytes, part: Part | None, wide: bool) -> None:
    header = concat_header(part, wide=wide) if part else b""
    data = UserData(Alphabet.UCS2, units, header)
    assert received(data).text.encode("utf-16-be", "surrogatepass") == units


def test_half_an_emoji_stays_what_it_is() -> None:
    pdu = deliver(NUMBER, write_text("oui \ud83d", Alphabet.UCS2), AT)
    assert needs_pdu(shown(pdu))
    assert content_of(shown(pdu), pdu) == Sms(NUMBER, "oui \ud83d", AT)
    assert content_of(shown(pdu)) == Sms(NUMBER, "oui \ufffd", AT), "the best that can be had without"


def test_an_unknown_escape_shows_its_plain_character() -> None:
    data = UserData(Alphabet.GSM7, bytes([0x61, ESCAPE, 0x41, 0x62]))
    assert received(data).text == "aAb"


def test_a_time_comes_in_utc() -> None:
    assert received(write_text("x", Alphabet.GSM7)).smsc_at == datetime(2026, 3, 6, 16, 35, 51, tzinfo=UTC)


@pytest.mark.parametrize("octets", ["00000000000000", "FFFFFFFFFFFFFF", "62200371035300", "62132171035300"])
def test_an_impossible_time_is_none(octets: str) -> None:
    pdu = deliver(NUMBER, write_text("x", Alphabet.GSM7), AT)
    time = pdu.index(bytes.fromhex("62306071531540"))
    wrong = pdu[:time] + bytes.fromhex(octets) + pdu[time + 7 :]
    assert content_of(shown(wrong)) == Sms(NUMBER, "x", None)


def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    assert aware(AT.replace(tzinfo=None)) == AT.replace(tzinfo=UTC)
    assert aware(datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))) is None


def test_a_name_comes_as_a_name() -> None:
    pdu = deliver("Relou", write_text("Bonjour", Alphabet.GSM7), AT)
    assert content_of(shown(pdu)) == Sms("Relou", "Bonjour", AT)


def test_octets_are_binary_with_their_header_in_front() -> None:
    pdu = deliver(NUMBER, UserData(Alphabet.BINARY, b"\x00\x06\xff", bytes.fromhex("05040B8423F0")), AT)
    assert content_of(shown(pdu)) == Binary(NUMBER, bytes.fromhex("0605040B8423F0") + b"\x00\x06\xff", AT)


def test_a_text_to_a_port_is_binary_too() -> None:
    pdu = deliver(NUMBER, write_text("BEGIN:VCARD", Alphabet.GSM7, bytes.fromhex("040223F4")), AT)
    assert content_of(shown(pdu)) == Binary(NUMBER, bytes.fromhex("04040223F4") + b"BEGIN:VCARD", AT)


@pytest.mark.parametrize(
    ("status", "delivered", "text"),
    [
        (0x00, True, "delivered (0x00)"),
        (0x01, True, "passed on, delivery unknown (0x01)"),
        (0x20, False, "the SMSC keeps trying (0x20)"),
        (0x46, False, "failed for good (0x46)"),
        (0x61, False, "failed, the SMSC gave up (0x61)"),
        (0x80, False, "unknown (0x80)"),
    ],
)
def test_a_report_tells_what_became_of_a_message(status: int, delivered: bool, text: str) -> None:
    done = AT + timedelta(minutes=3)
    pdu = status_report(NUMBER, 77, status, sent_at=AT, done_at=done)
    assert content_of(shown(pdu)) == Report(NUMBER, 77, delivered, text, done)


def test_a_message_of_our_own_in_a_slot_is_nobodys() -> None:
    pdu = bytes.fromhex("0001000B913316325476F8000001E1")
    assert shown(pdu)["Type"] == "Submit"
    assert content_of(shown(pdu), pdu) == Undecodable("SUBMIT", pdu)


# --- headers --------------------------------------------------------------------------------


@given(some.binary(max_size=40))
def test_any_header_can_be_read(header: bytes) -> None:
    part = part_of(header_elements(header))
    assert part is None or 1 <= part.number <= part.total


@given(parts)
def test_a_part_is_found_beside_other_elements(part: Part) -> None:
    header = bytes.fromhex("700100") + concat_header(part) + bytes.fromhex("A1021234")
    assert part_of(header_elements(bytes([len(header)]) + header)) == part


@pytest.mark.parametrize("element", ["0003050201", "080401050201"])
def test_references_of_8_and_16_bits_are_read(element: str) -> None:
    assert part_of(header_elements(bytes.fromhex(f"{len(element) // 2:02X}{element}"))) in {
        Part(0x05, 2, 1),
        Part(0x0105, 2, 1),
    }


@pytest.mark.parametrize("element", ["0003050200", "0003050203", "0003050000", "0003050101", "00020502"])
def test_an_impossible_or_single_part_is_none(element: str) -> None:
    assert part_of(header_elements(bytes.fromhex(f"{len(element) // 2:02X}{element}"))) is None


# --- fingerprints ---------------------------------------------------------------------------


@given(gsm7_texts)
def test_the_same_message_has_the_same_fingerprint_each_time_it_is_shown(text: str) -> None:
    pdu = deliver(NUMBER, write_text(text, Alphabet.GSM7), AT)
    first, other = shown(pdu), shown(pdu)
    deliver(NUMBER, write_text("something else", Alphabet.GSM7), AT)
    assert fingerprint_of(first) == fingerprint_of(other | {"State": "Read", "Folder": 3, "Location": 9})


def test_whatever_differs_makes_another_fingerprint() -> None:
    messages = [
        deliver(NUMBER, write_text("x", Alphabet.GSM7), AT),
        deliver(NUMBER, write_text("y", Alphabet.GSM7), AT),
        deliver("+33612345679", write_text("x", Alphabet.GSM7), AT),
        deliver(NUMBER, write_text("x", Alphabet.GSM7), AT + timedelta(seconds=1)),
        deliver(NUMBER, write_text("x", Alphabet.UCS2), AT),
        deliver(NUMBER, write_text("x", Alphabet.GSM7, concat_header(Part(1, 2, 1))), AT),
        deliver(NUMBER, write_text("x", Alphabet.GSM7, concat_header(Part(2, 2, 1))), AT),
        deliver(NUMBER, UserData(Alphabet.BINARY, b"x"), AT),
        status_report(NUMBER, 1, 0, sent_at=AT, done_at=AT),
        status_report(NUMBER, 2, 0, sent_at=AT, done_at=AT),
        status_report(NUMBER, 1, 0x20, sent_at=AT, done_at=AT),
    ]
    fingerprints = {fingerprint_of(shown(pdu)) for pdu in messages}
    fingerprints |= {
        fingerprint_of_undecodable("ERR_UNKNOWN", None),
        fingerprint_of_undecodable("ERR_CORRUPTED", None),
        fingerprint_of_undecodable("ERR_UNKNOWN", b"\x00\x03"),
        fingerprint_of_undecodable("ERR_UNKNOWN", b"\x00\x07"),
    }
    assert len(fingerprints) == len(messages) + 4


# --- the other way --------------------------------------------------------------------------


def test_a_tilde_is_written_twice_where_there_is_room() -> None:
    assert escaped("~" + "x" * 68) == "~~" + "x" * 68
    assert escaped("~" + "x" * 69) == "∼" + "x" * 69


def test_the_header_of_a_part_is_what_the_standard_says() -> None:
    assert concatenation_header(7, 3, 2)["Text"] == bytes.fromhex("050003070302")
