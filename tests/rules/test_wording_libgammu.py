"""Our cutting held against libGammu's own encoder, which no one here wrote.

The gateway cuts by itself and gives libGammu one part at a time, so two things must hold:
both cut alike (else one of the two is wrong and says why here), and what libGammu makes of a
single part of ours is exactly that part. Each difference that was found is pinned below, with
the place in libGammu's source; a newer libGammu that mends one fails that test, and tells us.
"""

from __future__ import annotations

from typing import Any

import gammu
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from relou_gateway.rules import wording
from relou_gateway.rules.wording import DEFAULT_TEXT, Cut

# The table of 23.038 ch. 6.2.1 as printed: the row is a septet's low half, the column its high one.
ROWS = [
    "@Δ 0¡P¿p",
    "£_!1AQaq",
    '$Φ"2BRbr',
    "¥Γ#3CScs",
    "èΛ¤4DTdt",
    "éΩ%5EUeu",
    "ùΠ&6FVfv",
    "ìΨ'7GWgw",
    "òΣ(8HXhx",
    "ÇΘ)9IYiy",
    "\nΞ*:JZjz",
    "Ø\x1b+;KÄkä",
    "øÆ,<LÖlö",
    "\ræ-=MÑmñ",
    "Åß.>NÜnü",
    "åÉ/?O§oà",
]
ESCAPE = 0x1B
EXTENSION = "\f^{}\\[~]|€"
BASIC = "".join(ROWS).replace(chr(ESCAPE), "")
CODES = {basic: [16 * high + low] for low, row in enumerate(ROWS) for high, basic in enumerate(row)}
CODES |= {extended: [ESCAPE, code] for extended, code in zip(EXTENSION, b"\n\x14()/<=>@e", strict=True)}

# AlignIfCombinedCharacter in libgammu/service/sms/gsmmulti.c
COMBINING = [(0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)]
FLAG_LETTERS = (0x1F1E6, 0x1F1FF)


def agreed(character: str) -> bool:
    """Tell whether no difference that is pinned below hangs on this character."""
    ranges = [*COMBINING, FLAG_LETTERS]
    return character != "¹" and not any(first <= ord(character) <= last for first, last in ranges)


anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0").filter(agreed)
alphabet = st.sampled_from(BASIC + EXTENSION * 5)


@st.composite
def long_texts(draw: st.DrawFn) -> str:
    """Texts that reach over several parts, with their rare characters near the edges of parts."""
    filler = draw(st.sampled_from("aêé€\n"))
    edges = draw(
        st.lists(st.sampled_from([66, 69, 70, 133, 152, 153, 159, 160, 306]), min_size=1, max_size=3)
    )
    rare = st.text(alphabet=st.sampled_from("€[^🙂ê’e"), min_size=1, max_size=6)
    return "".join(filler * max(1, edge - draw(st.integers(0, 4))) + draw(rare) for edge in edges)


def by_libgammu(text: str) -> Cut:
    """Cut `text` as libGammu does: alphabet and parts are its own choice."""
    entry = {"ID": "ConcatenatedAutoTextLong", "Buffer": text}
    messages = gammu.EncodeSMS({"Class": -1, "Unicode": False, "Entries": [entry]})
    codings = {message["Coding"] for message in messages}
    assert codings <= {"Unicode_No_Compression", "Default_No_Compression"}
    return Cut(tuple(message["Text"] for message in messages), "Unicode_No_Compression" in codings)


def leaving(text: str, *, unicode: bool, parts: int) -> tuple[int, bytes]:
    """Return TP-UDL and TP-UD of the SMS-SUBMIT that libGammu builds of one part."""
    message: dict[str, Any] = {
        "SMSC": {"Number": "+33600000000"},
        "Folder": 0,
        "Location": 0,
        "Number": "+33612345678",
        "Text": text,
        "Coding": "Unicode_No_Compression" if unicode else "Default_No_Compression",
    }
    if parts > 1:
        message["UDH"] = {"Type": "UserUDH", "Text": bytes([5, 0, 3, 7, parts, 1])}
    return user_data(gammu.EncodePDU(message, "Submit"))


def user_data(pdu: bytes) -> tuple[int, bytes]:
    """Take TP-UDL and TP-UD from an SMS-SUBMIT with an SMSC before it (23.040 ch. 9.2.2.2)."""
    start = 1 + pdu[0]
    address = start + 2
    validity = 1 if pdu[start] & 0x18 else 0
    length = address + 2 + (pdu[address] + 1) // 2 + 2 + validity
    return pdu[length], pdu[length + 1 :]


def septets_of(data: bytes, skipped: int, count: int) -> list[int]:
    """Unpack `count` septets that lie behind `skipped` ones (23.038 ch. 6.1.2.1)."""
    bits = int.from_bytes(data, "little") >> (7 * skipped)
    return [bits >> (7 * place) & 0x7F for place in range(count)]


# --- where both agree ---------------------------------------------------------------------


@given(text=st.text(alphabet=anything | alphabet, min_size=1, max_size=300))
@example(text=DEFAULT_TEXT)
@example(text=wording.to_gsm7(DEFAULT_TEXT))
@example(text="a" * 152 + "€" + "b" * 7)
@example(text="ê" * 66 + "🙂" + "ê" * 3)
def test_libgammu_cuts_any_text_as_we_do(text: str) -> None:
    assert wording.cut(text) == by_libgammu(text)


@given(text=st.text(alphabet=alphabet, min_size=100, max_size=700))
def test_libgammu_cuts_texts_of_the_alphabet_as_we_do(text: str) -> None:
    assert wording.cut(text) == by_libgammu(text)


@given(text=long_texts())
def test_libgammu_cuts_at_the_edges_as_we_do(text: str) -> None:
    assert wording.cut(text) == by_libgammu(text)


@given(text=long_texts() | st.text(alphabet=alphabet | anything, min_size=1, max_size=200))
def test_libgammu_rates_a_rewritten_text_as_we_do(text: str) -> None:
    rewritten = wording.to_gsm7(text)
    assume(rewritten)
    assert wording.cut(rewritten) == by_libgammu(rewritten)


def test_libgammu_knows_the_same_alphabet_but_for_one_character() -> None:
    plane = {chr(code) for code in range(1, 0x2200)}  # all that it has tables for lies in here
    libgammu = {character for character in plane if not by_libgammu(character).unicode}
    assert libgammu == {*BASIC, *EXTENSION, "¹"}


@given(text=long_texts() | st.text(alphabet=anything | alphabet, min_size=1, max_size=300))
@example(text="ê~" * 60)
@example(text="ê" * 65 + "🙂\u20e3" + "x" * 10)
def test_a_part_in_ucs2_leaves_libgammu_as_it_was_given(text: str) -> None:
    made = wording.cut(f"{text}🙂")
    header = 6 if len(made.parts) > 1 else 0
    for part in made.parts:
        length, data = leaving(part.replace("~", "~~"), unicode=True, parts=len(made.parts))
        assert (length, data[header:]) == (len(data), part.encode("utf-16-be"))
        assert length <= 140


@given(text=long_texts().map(wording.to_gsm7) | st.text(alphabet=alphabet, min_size=1, max_size=400))
@example(text="@" * 160)
@example(text="€" * 81)
def test_a_part_in_the_alphabet_leaves_libgammu_as_it_was_given(text: str) -> None:
    assume(wording.septets(text) is not None)
    made = wording.cut(text)
    header = 7 if len(made.parts) > 1 else 0
    for part in made.parts:
        length, data = leaving(part, unicode=False, parts=len(made.parts))
        codes = [code for character in part for code in CODES[character]]
        assert length == header + len(codes) <= 160
        assert septets_of(data, header, len(codes)) == codes


# --- where they differ --------------------------------------------------------------------


@pytest.mark.parametrize("text", ["¹", "note ¹"])
def test_libgammu_takes_a_superscript_one_for_the_escape(text: str) -> None:
    """Its table has ¹ at 0x1B (coding.c, GSM_DefaultAlphabetUnicode), which phones read as escape."""
    assert (by_libgammu(text).unicode, wording.cut(text).unicode) == (False, True)


def test_libgammu_notices_its_superscript_one_only_where_it_makes_another_character() -> None:
    """¹e would come back as €, so there it chooses UCS-2, as we do."""
    assert by_libgammu("¹e") == wording.cut("¹e") == Cut(("¹e",), unicode=True)


@pytest.mark.parametrize(("given_to_it", "leaves"), [("ê~b", "ê\x01b"), ("ê~~b", "ê~b")])
def test_libgammu_takes_a_tilde_in_ucs2_for_mark_up_unless_doubled(given_to_it: str, leaves: str) -> None:
    """EncodeUnicodeSpecialNOKIAChars in coding.c, for texts that blink on old Nokia phones."""
    assert leaving(given_to_it, unicode=True, parts=1) == (6, leaves.encode("utf-16-be"))


def test_doubling_its_tildes_costs_a_part_no_room() -> None:
    """libGammu 1.45 counts what leaves; older ones look at 70 units of what they are given."""
    assert leaving("~~" * 70, unicode=True, parts=1) == (140, ("~" * 70).encode("utf-16-be"))


def test_libgammu_keeps_a_letter_with_its_combining_accent_and_may_need_a_part_more() -> None:
    """AlignIfCombinedCharacter; phones that join the parts see no difference, but we would pay."""
    text = "ê" * 66 + "x\u0301" + "ê" * 66
    lengths = [[len(part) for part in made.parts] for made in (by_libgammu(text), wording.cut(text))]
    assert lengths == [[66, 67, 1], [67, 67]]


def test_libgammu_splits_a_surrogate_pair_before_a_combining_mark() -> None:
    """AlignIfCombinedCharacter steps back by one unit, into the pair: both halves are lost."""
    text = "ê" * 65 + "🙂\u20e3" + "ê" * 10
    theirs, ours = by_libgammu(text), wording.cut(text)
    assert theirs.parts == ("ê" * 65 + "\ufffd", "\ufffd\u20e3" + "ê" * 10)
    assert ours.parts == ("ê" * 65 + "🙂", "\u20e3" + "ê" * 10)


def test_libgammu_keeps_flags_whole_and_leaves_room_unused() -> None:
    """AlignIfCombinedSurrogate, for regional indicators (and between two flags as well)."""
    text = "ê" * 65 + "🇫🇷" + "ê" * 10
    lengths = [[len(part) for part in made.parts] for made in (by_libgammu(text), wording.cut(text))]
    assert lengths == [[65, 12], [66, 11]]


def test_libgammu_ends_a_text_at_a_nul_where_we_refuse_it() -> None:
    """UnicodeLength in coding.c."""
    assert by_libgammu("ab\0cd") == Cut(("ab",), unicode=False)
    with pytest.raises(ValueError, match="character 3 of the text is a NUL"):
        wording.cut("ab\0cd")


def test_libgammu_lets_half_a_surrogate_pair_leave_where_we_refuse_it() -> None:
    assert by_libgammu("ab\ud83d") == Cut(("ab", "\ufffd"), unicode=True)
    with pytest.raises(ValueError, match="character 3 of the text is half a surrogate pair"):
        wording.cut("ab\ud83d")


def test_libgammu_sends_nothing_as_an_empty_message_where_we_refuse_it() -> None:
    assert by_libgammu("") == Cut(("",), unicode=False)
    with pytest.raises(ValueError, match="the text is empty"):
        wording.cut("")


def test_libgammu_has_no_more_than_fifty_parts_where_we_have_255() -> None:
    """GSM_MAX_MULTI_SMS; it does not matter to us, who give it one part at a time."""
    assert by_libgammu("a" * 153 * 50) == wording.cut("a" * 153 * 50)
    assert len(wording.cut("a" * 153 * 51).parts) == 51
    with pytest.raises(gammu.ERR_INVALIDDATA):
        by_libgammu("a" * 153 * 51)
