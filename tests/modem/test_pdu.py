"""The virtual modem's PDU codec, held against the standard's examples and libGammu's own codec."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import gammu
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relou_gateway.modem.virtual import septets
from relou_gateway.modem.virtual.pdu import (
    Alphabet,
    BadPdu,
    Submit,
    UserData,
    concat_header,
    cut,
    deliver,
    read_submit,
    status_report,
    tpdu_length,
    write_text,
)
from relou_gateway.rules.records import Part

NOON = datetime(2026, 3, 6, 12, 0, 0, tzinfo=UTC)
SMSC = "+33609001390"

GSM7_CHARACTERS = septets.DEFAULT.replace("\x1b", "") + "".join(septets.EXTENSION.values())
gsm7_texts = st.text(st.sampled_from(GSM7_CHARACTERS))
# In UCS-2 libGammu takes ~ and U+0001 for Nokia's escapes: it doubles a ~ and loses the last character.
ucs2_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x01~"))
# It does not decode the alphabet in names, and ends them at an @, which is septet 0.
ascii_names = st.text(st.sampled_from("ABCXYZabcxyz 0123!?.-'"), min_size=1, max_size=11)
numbers = st.from_regex(r"\+?[1-9][0-9]{2,14}", fullmatch=True)


def decode(pdu: bytes) -> dict[str, Any]:
    """Return what libGammu reads.

    python-gammu shows as many characters of a GSM-7 text as it has septets: behind a text with
    escapes come a NUL and whatever lay in that memory. There is no NUL in that alphabet.
    """
    message: dict[str, Any] = gammu.DecodePDU(pdu, True)
    if message["Coding"] == "Default_No_Compression":
        message["Text"] = message["Text"].partition("\0")[0]
    return message


def encode(text: str, coding: str, number: str = "+33612345678", **more: Any) -> bytes:
    """Return libGammu's SMS-SUBMIT."""
    message = {
        "Text": text,
        "Coding": coding,
        "Number": number,
        "SMSC": {"Number": SMSC},
        "Class": -1,
        "Folder": 0,
    }
    pdu: bytes = gammu.EncodePDU(message | more)
    return pdu


# --- septets --------------------------------------------------------------------------------


def test_septets_are_packed_as_the_standard_has_it() -> None:
    assert "e8329bfd4697d9ec37" == septets.pack(septets.encode("hellohello")).hex()


def test_fill_bits_move_the_first_septet() -> None:
    assert b"\x90" == septets.pack(septets.encode("H"), 1)


@given(gsm7_texts)
def test_a_text_of_the_alphabet_comes_back_from_its_septets(text: str) -> None:
    assert text == septets.decode(septets.encode(text))


@given(st.binary(max_size=160).map(lambda octets: bytes(octet & 0x7F for octet in octets)), st.integers(0, 6))
def test_septets_come_back_from_their_octets(units: bytes, fill_bits: int) -> None:
    assert units == septets.unpack(septets.pack(units, fill_bits), len(units), fill_bits)


def test_septets_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="do not hold"):
        septets.unpack(b"\x00", 2)


@pytest.mark.parametrize("text", ["ê", "🙂", "\x1b", "’"])
def test_a_character_outside_of_the_alphabet_is_refused(text: str) -> None:
    assert not septets.is_gsm7(text)
    with pytest.raises(ValueError, match="not in the GSM 7-bit alphabet"):
        septets.encode(text)


def test_an_unknown_extension_reads_as_its_plain_character_and_a_double_escape_as_a_space() -> None:
    assert "a " == septets.decode([0x1B, 0x61, 0x1B, 0x1B])


# --- SMS-DELIVER ----------------------------------------------------------------------------


def test_a_deliver_is_written_octet_by_octet_as_the_standard_has_it() -> None:
    at = datetime(2026, 3, 6, 18, 35, 51, tzinfo=timezone(timedelta(hours=1)))
    pdu = deliver("+33612345678", write_text("hellohello", Alphabet.GSM7), at, SMSC)
    assert (
        "07913306091093f0"  # service centre
        "04"  # SMS-DELIVER, no more messages
        "0b913316325476f8"  # sender
        "0000"  # protocol, coding
        "62306081531540"  # 26-03-06 18:35:51 +01:00
        "0ae8329bfd4697d9ec37"
    ) == pdu.hex()


@given(numbers, gsm7_texts.filter(lambda text: len(septets.encode(text)) <= 160))
def test_libgammu_reads_a_gsm7_deliver(number: str, text: str) -> None:
    message = decode(deliver(number, write_text(text, Alphabet.GSM7), NOON, SMSC))
    assert (number, text, SMSC) == (message["Number"], message["Text"], message["SMSC"]["Number"])


@given(ucs2_texts.filter(lambda text: len(text.encode("utf-16-be")) <= 140))
def test_libgammu_reads_a_ucs2_deliver(text: str) -> None:
    message = decode(deliver("+33612345678", write_text(text, Alphabet.UCS2), NOON, SMSC))
    assert (text, "Unicode_No_Compression") == (message["Text"], message["Coding"])


@given(st.binary(max_size=140))
def test_libgammu_reads_a_binary_deliver(data: bytes) -> None:
    message = decode(deliver("38225", UserData(Alphabet.BINARY, data), NOON))
    assert (data, "8bit") == (message["Text"], message["Coding"])


@given(st.datetimes(datetime(2000, 1, 1), datetime(2079, 12, 31)), st.integers(-48, 48))  # noqa: DTZ001
def test_libgammu_reads_the_service_centres_time(local: datetime, quarters: int) -> None:
    at = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    assert at == decode(deliver("1", write_text("", Alphabet.GSM7), at))["DateTime"]


@given(ascii_names.filter(lambda name: not name.isdecimal()))
def test_libgammu_reads_an_alphanumeric_sender(name: str) -> None:
    assert name == decode(deliver(name, write_text("x", Alphabet.GSM7), NOON))["Number"]


def test_a_sender_of_seven_characters_has_no_ghost_of_an_eighth() -> None:
    pdu = deliver("Banques", write_text("x", Alphabet.GSM7), NOON)
    assert (13, "Banques") == (pdu[2], decode(pdu)["Number"])


@pytest.mark.parametrize("name", ["twelve chars", "Ｒｅｌｏｕ"])
def test_a_sender_that_cannot_be_written_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"11 characters|7-bit alphabet"):
        deliver(name, write_text("x", Alphabet.GSM7), NOON)


def test_a_time_without_zone_and_a_text_that_is_too_long_are_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        deliver("1", write_text("x", Alphabet.GSM7), NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="one SMS holds 140"):
        deliver("1", write_text("x" * 161, Alphabet.GSM7), NOON)


@pytest.mark.parametrize("name", ["ABC", "Cab", "+Relou", "1a"])
def test_a_sender_of_letters_is_a_name_though_some_letters_are_digits_too(name: str) -> None:
    assert name == decode(deliver(name, write_text("x", Alphabet.GSM7), NOON))["Number"]


# --- parts ----------------------------------------------------------------------------------


@given(gsm7_texts.map(lambda text: text * 20), st.booleans())
def test_a_gsm7_text_is_cut_into_parts_that_libgammu_reads(text: str, wide: bool) -> None:
    pieces = cut(text, 77, wide=wide)
    messages = [decode(deliver("+33612345678", piece, NOON)) for piece in pieces]
    assert text == "".join(message["Text"] for message in messages)
    if len(pieces) > 1:
        key = "ID16bit" if wide else "ID8bit"
        places = [(m["UDH"][key], m["UDH"]["AllParts"], m["UDH"]["PartNumber"]) for m in messages]
        assert [(77, len(pieces), number + 1) for number in range(len(pieces))] == places


@given(ucs2_texts.map(lambda text: f"ж{text * 5}"))
@example("ж" + "🙂" * 40)
def test_the_parts_of_a_ucs2_text_give_it_back_even_where_a_surrogate_pair_is_parted(text: str) -> None:
    units = b"".join(piece.units for piece in cut(text, 0))
    assert text == units.decode("utf-16-be")


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("x" * 160, [160]),
        ("x" * 161, [153, 8]),
        ("ж" * 70, [70]),
        ("ж" * 71, [67, 4]),
        ("€" * 81, [152, 10]),  # an escape stays with its septet
    ],
)
def test_parts_are_as_large_as_they_can_be(text: str, sizes: list[int]) -> None:
    width = 2 if "ж" in text else 1
    assert sizes == [len(piece.units) // width for piece in cut(text, 1)]


def test_an_emoji_on_the_border_of_two_parts_is_parted() -> None:
    first, second = cut("ж" * 66 + "🙂" + "ж" * 9, 1)
    assert ("ж" * 66 + "\ud83d", "\ude42" + "ж" * 9) == (first.text, second.text)


# --- SMS-STATUS-REPORT ----------------------------------------------------------------------


@pytest.mark.parametrize(("status", "words"), [(0x00, "Delivered"), (0x46, "Failed"), (0x20, "Pending")])
def test_libgammu_reads_a_status_report(status: int, words: str) -> None:
    message = decode(status_report("+33612345678", 201, status, sent_at=NOON, done_at=NOON, smsc=SMSC))
    shown = message["Type"], message["MessageReference"], message["Number"], message["DeliveryStatus"]
    assert ("Status_Report", 201, "+33612345678", status) == shown
    assert words in message["Text"] or message["Text"] == words


# --- SMS-SUBMIT -----------------------------------------------------------------------------


@given(numbers, gsm7_texts.filter(lambda text: len(septets.encode(text)) <= 160))
def test_a_gsm7_submit_of_libgammu_is_read(number: str, text: str) -> None:
    submit = read_submit(encode(text, "Default_No_Compression", number))
    assert (number, text, Alphabet.GSM7) == (submit.number, submit.content.text, submit.content.alphabet)


@given(ucs2_texts.filter(lambda text: len(text.encode("utf-16-be")) <= 140))
def test_a_ucs2_submit_of_libgammu_is_read(text: str) -> None:
    submit = read_submit(encode(text, "Unicode_No_Compression"))
    assert (text, Alphabet.UCS2) == (submit.content.text, submit.content.alphabet)


@given(gsm7_texts.map(lambda text: text * 9), st.integers(0, 255))
def test_the_parts_of_a_text_that_libgammu_cuts_are_read(text: str, reference: int) -> None:
    header = {"Type": "UserUDH", "Text": b"\x05\x00\x03" + bytes([reference, 9, 4])}
    piece = cut(text, 0)[0]
    submit = read_submit(encode(piece.text[:76], "Default_No_Compression", UDH=header))
    assert Submit("+33612345678", submit.content, wants_report=False) == submit
    assert (piece.text[:76], Part(reference, 9, 4)) == (submit.content.text, submit.content.part)


def test_a_16_bit_reference_and_elements_before_it_are_read() -> None:
    header = b"\x24\x01\x00" + concat_header(Part(51234, 3, 2), wide=True)
    assert Part(51234, 3, 2) == UserData(Alphabet.GSM7, b"", header).part


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        ("", "missing"),
        ("0004", "no SMS-SUBMIT"),
        ("000100", "missing"),
        ("0001000b91331632547ff80000024142", "filler"),
        ("0001000b913316325476f8000002e834ff", "too many"),
        ("0001000b913316325476f8000003e834", "missing"),
        ("0001000b913316325476f8000803004100", "half a UCS-2"),
        ("0041000b913316325476f8000002ff00", "missing"),
        ("0001000b913316325476f8002002e834", "compressed"),
        ("0001000b913316325476f80004ff" + "00" * 255, "one SMS holds 140"),
    ],
)
def test_what_is_no_submit_is_refused_with_the_reason(pdu: str, reason: str) -> None:
    with pytest.raises(BadPdu, match=reason):
        read_submit(bytes.fromhex(pdu))


@given(st.binary(max_size=200))
def test_octets_are_either_a_submit_or_refused(octets: bytes) -> None:
    try:
        read_submit(octets)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("coding", "alphabet"),
    [
        (0x00, Alphabet.GSM7),
        (0x04, Alphabet.BINARY),
        (0x08, Alphabet.UCS2),
        (0x18, Alphabet.UCS2),
        (0xC0, Alphabet.GSM7),
        (0xE0, Alphabet.UCS2),
        (0xF0, Alphabet.GSM7),
        (0xF5, Alphabet.BINARY),
    ],
)
def test_each_group_of_codings_has_its_alphabet(coding: int, alphabet: Alphabet) -> None:
    pdu = bytes.fromhex("0001000b913316325476f800") + bytes([coding, 0])
    assert alphabet is read_submit(pdu).content.alphabet


@pytest.mark.parametrize(("pdu", "length"), [(b"", 0), (b"\x00abc", 3), (b"\x02..abc", 3), (b"\xff", 0)])
def test_the_length_of_a_pdu_leaves_out_the_service_centre(pdu: bytes, length: int) -> None:
    assert length == tpdu_length(pdu)
