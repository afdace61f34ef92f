"""The wording of an answer: alphabet, rewriting, parts, cost, choice; and the words that stop it."""

from __future__ import annotations

import random
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from relou_gateway.rules import wording
from relou_gateway.rules.policy import Text
from relou_gateway.rules.wording import DEFAULT_TEXT, MAX_PARTS, Cut, Preview

PRICE = 160_000

GSM7 = "".join(chr(code) for code in range(0x10000) if wording.septets(chr(code)) is not None)
gsm7_texts = st.text(alphabet=GSM7, min_size=1, max_size=700)
texts = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("aeé€[]’“”«»…–œçêÀ\u00a0\u202f\u200b\u0301🙂"),
    min_size=1,
    max_size=400,
)
typographic = st.text(
    alphabet="aeiouzAEIOU éèàù’‘“”«»…–—•·œŒçêëîïôûâÇÀÈÂÊÎÔÛŸﬁ"
    "\u00a0\u202f\u2009\u200b\u00ad\u0301\u0302\u0327",
    max_size=200,
)


def words(text: str) -> str:
    """What a reader takes in: letters and digits, whatever their dress; ʼ is a letter to Unicode alone."""
    folded = unicodedata.normalize("NFKD", text).casefold().replace("œ", "oe").replace("ʼ", "'")
    return "".join(character for character in folded if character.isalnum())


# --- the answer of 2017 -------------------------------------------------------------------


def test_the_answer_of_2017_has_280_characters() -> None:
    assert len(DEFAULT_TEXT) == 280


def test_the_answer_of_2017_is_five_parts_as_typed() -> None:
    typed = wording.compose(Text(DEFAULT_TEXT), gsm7=False)
    assert (typed.unicode, [len(part) for part in typed.parts]) == (True, [67, 67, 67, 67, 12])


def test_the_answer_of_2017_is_two_parts_when_rewritten() -> None:
    rewritten = wording.compose(Text(DEFAULT_TEXT), gsm7=True)
    assert (rewritten.unicode, [len(part) for part in rewritten.parts]) == (False, [153, 127])


def test_rewriting_saves_three_fifths_of_what_the_answer_of_2017_costs() -> None:
    costs = [wording.cost(wording.compose(Text(DEFAULT_TEXT), gsm7=gsm7), PRICE) for gsm7 in (False, True)]
    assert costs == [800_000, 320_000]


# --- the alphabet -------------------------------------------------------------------------


def test_the_alphabet_has_127_characters_and_an_extension_of_10() -> None:
    sizes = [wording.septets(character) for character in GSM7]
    assert (sizes.count(1), sizes.count(2)) == (127, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("hello", 5), ("Ça coûte", None), ("Ça a coute", 10), ("5 €", 4), ("[{€}]", 10), ("`", None)],
)
def test_septets_are_counted_or_denied(text: str, expected: int | None) -> None:
    assert wording.septets(text) == expected


@pytest.mark.parametrize(
    "character", ["ç", "ê", "Π\u0301", "\x1b", "\0", "\t", "¹", "Á", "’", "\u00a0", "🙂"]
)
def test_what_only_looks_like_the_alphabet_is_outside(character: str) -> None:
    assert wording.septets(character) is None


# --- rewriting ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("C’est ‘non’", "C'est 'non'"),
        ("“non” „non‟ ‹non›", '"non" "non" \'non\''),
        ("«\u00a0non\u00a0», «\u202fnon\u202f»", '"non", "non"'),
        ("« non »", '" non "'),
        ("Non\u202f! Vraiment\u00a0?", "Non ! Vraiment ?"),
        ("oui… – non — peut‑être", "oui... - non - peut-etre"),
        ("cœur, ŒUVRE, ﬁn", "coeur, OEUVRE, fin"),
        ("garçon, GARÇON", "garcon, GARÇON"),
        ("âêîôû ëïÿ ÀÂÈÊËÎÏÔÙÛŸ", "aeiou eiy AAEEEIIOUUY"),
        ("éèàùìò äöüñåøæß ÉÄÖÜÑÅØÆ", "éèàùìò äöüñåøæß ÉÄÖÜÑÅØÆ"),
        ("qu'elle \u00e9tait, qu'elle e\u0301tait", "qu'elle était, qu'elle était"),
        ("c\u0327a, e\u200b\u0302tre", "ca, etre"),
        ("étudiant·e·s", "étudiant-e-s"),
        ("• un\n• deux", "- un\n- deux"),
        ("10 €, 50 °", "10 €, 50 °"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("il a dit `non´", "il a dit 'non'"),
        ("\u2126 \u212b", "Ω Å"),
        ("un\ttab\u2028deux", "un tab\ndeux"),
    ],
)
def test_typography_becomes_the_alphabet(typed: str, expected: str) -> None:
    assert wording.to_gsm7(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "C’est non 🙂",
        "C’est «\u00a0нет\u00a0»",
        "C’est 2 m² de trop…",
        "sıkıldım – bıktım",  # Turkish: i for ı makes another word
        "Không phải là không…",  # Vietnamese: the marks are the words
        "é\u0323’",
    ],
)
def test_a_text_that_cannot_be_rewritten_stays_as_typed_as_a_whole(typed: str) -> None:
    assert wording.to_gsm7(typed) == typed


@given(text=gsm7_texts)
def test_a_text_in_the_alphabet_is_not_touched(text: str) -> None:
    assert wording.to_gsm7(text) == text


@given(text=texts | typographic)
def test_rewriting_twice_is_rewriting_once(text: str) -> None:
    once = wording.to_gsm7(text)
    assert wording.to_gsm7(once) == once


@given(text=texts | typographic)
def test_rewriting_ends_in_the_alphabet_or_changes_nothing(text: str) -> None:
    rewritten = wording.to_gsm7(text)
    assert rewritten == text or wording.septets(rewritten) is not None


@given(text=typographic | texts)
@example(text="ẞ ﬃ ﬄ")
def test_rewriting_keeps_the_words(text: str) -> None:
    assert words(wording.to_gsm7(text)) == words(text)


# --- parts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 307, [153, 153, 1]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),
        ("a" * 159 + "€", [153, 7]),
        ("a" * 152 + "€" + "b" * 7, [152, 8]),
        ("a" * 151 + "€" + "b" * 8, [152, 8]),
        ("ê" * 70, [70]),
        ("ê" * 71, [67, 4]),
        ("ê" * 134, [67, 67]),
        ("ê" * 135, [67, 67, 1]),
        ("🙂" * 35, [35]),
        ("🙂" * 36, [33, 3]),
        ("ê" * 66 + "🙂" + "ê" * 3, [66, 4]),
        ("ê" * 65 + "🙂" + "ê" * 4, [66, 4]),
    ],
)
def test_parts_are_as_long_as_an_sms_allows(text: str, expected: list[int]) -> None:
    assert [len(part) for part in wording.cut(text).parts] == expected


@given(text=texts | gsm7_texts)
def test_the_parts_joined_are_the_text(text: str) -> None:
    assert "".join(wording.cut(text).parts) == text


@given(text=gsm7_texts)
def test_no_part_in_the_alphabet_passes_its_septets(text: str) -> None:
    parts = wording.cut(text).parts
    limit = 160 if len(parts) == 1 else 153
    assert all(0 < (wording.septets(part) or 0) <= limit for part in parts)


@given(text=texts)
def test_no_part_in_ucs2_passes_its_units_or_holds_half_a_pair(text: str) -> None:
    assume(wording.septets(text) is None)
    parts = wording.cut(text).parts
    limit = 140 if len(parts) == 1 else 134
    assert all(0 < len(part.encode("utf-16-be")) <= limit for part in parts)


@given(text=texts | gsm7_texts)
def test_no_part_has_room_for_what_begins_the_next(text: str) -> None:
    made = wording.cut(text)
    for part, following in pairwise(made.parts):
        longer = part + following[0]
        if made.unicode:
            assert len(longer.encode("utf-16-be")) > 134
        else:
            assert (wording.septets(longer) or 0) > 153


def test_a_text_can_have_as_many_parts_as_the_header_counts() -> None:
    assert len(wording.cut("a" * 153 * MAX_PARTS).parts) == 255


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the text is empty; an SMS needs at least one character"),
        ("a" * (153 * 255 + 1), "the text needs 256 parts, an SMS can have 255; shorten it"),
        ("ê" * (67 * 255 + 1), "the text needs 256 parts, an SMS can have 255; shorten it"),
        ("ab\0c", "character 3 of the text is a NUL, which ends it there; remove it"),
        ("a\ud83d", "character 2 of the text is half a surrogate pair; write the whole one"),
    ],
    ids=["empty", "too long", "too long in UCS-2", "NUL", "half a pair"],
)
def test_what_cannot_be_sent_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - compared whole below
        wording.cut(text)
    assert str(refused.value) == complaint


# --- composing ----------------------------------------------------------------------------


def test_a_text_is_not_rewritten_unless_asked() -> None:
    assert wording.compose(Text("C’est non"), gsm7=False) == Cut(("C’est non",), unicode=True)


def test_a_text_is_rewritten_where_asked() -> None:
    assert wording.compose(Text("C’est non"), gsm7=True) == Cut(("C'est non",), unicode=False)


def test_a_text_is_not_rewritten_into_more_parts_than_it_had() -> None:
    dots = "…" * 70
    assert wording.compose(Text(dots), gsm7=True) == Cut((dots,), unicode=True)


@given(text=texts | typographic)
def test_rewriting_never_costs_more(text: str) -> None:
    assume(text)
    typed, rewritten = (wording.compose(Text(text), gsm7=gsm7) for gsm7 in (False, True))
    assert wording.cost(rewritten, PRICE) <= wording.cost(typed, PRICE)


def test_a_text_that_rewriting_would_make_vanish_stays() -> None:
    assert wording.compose(Text("\u200b"), gsm7=True) == Cut(("\u200b",), unicode=True)


def test_a_preview_says_what_leaves_and_what_it_costs() -> None:
    assert wording.preview(Text("C’est 5 €…"), gsm7=True, price=PRICE) == Preview(
        typed="C’est 5 €…",
        text="C'est 5 €...",
        alphabet="GSM 7-bit",
        parts=1,
        characters=12,
        septets=13,
        cost=160_000,
        forcing=(),
    )


def test_a_preview_names_each_character_that_forces_ucs2() -> None:
    shown = wording.preview(Text("C’est non… 🙂²🙂"), gsm7=True, price=PRICE)
    assert (shown.alphabet, shown.septets) == ("UCS-2", None)
    assert shown.forcing == ("U+1F642 SLIGHTLY SMILING FACE", "U+00B2 SUPERSCRIPT TWO")


def test_a_preview_without_rewriting_names_the_typography_too() -> None:
    shown = wording.preview(Text("C’est\x07"), gsm7=False, price=PRICE)
    assert shown.forcing == ("U+2019 RIGHT SINGLE QUOTATION MARK", "U+0007 without a name")


# --- choosing -----------------------------------------------------------------------------

EVERYWHERE = Text("non")
BELGIAN = Text("nee", frozenset({"BE"}))


@pytest.mark.parametrize(
    ("country", "expected"), [("BE", {EVERYWHERE, BELGIAN}), ("FR", {EVERYWHERE}), (None, {EVERYWHERE})]
)
def test_a_text_is_drawn_among_those_meant_for_the_country(country: str | None, expected: set[Text]) -> None:
    rng = random.Random(2017)
    assert {wording.choose([BELGIAN, EVERYWHERE], country, rng) for _ in range(50)} == expected


def test_there_may_be_no_text_for_a_country() -> None:
    assert wording.choose([BELGIAN], "FR", random.Random(2017)) is None


# --- stop words ---------------------------------------------------------------------------

STOP_WORDS = ["STOP", "Arrêt", "désabonnez moi", "🛑", ""]


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop.\n",
        "« stop » !",
        "STOP 🙂",
        "arret",
        "ARRÊT",
        "arre\u0302t",
        "ＳＴＯＰ",
        "𝐒𝐓𝐎𝐏",
        "st\u200bop",
        "Désabonnez\n  moi!",
        "🛑",
        "🛑\ufe0f",
    ],
    ids=ascii,
)
def test_who_texts_just_a_stop_word_asks_to_stop(text: str) -> None:
    assert wording.is_stop(text, STOP_WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "!!!",
        "🙂",
        "stop it",
        "non stop",
        "stopper",
        "СТОП",
        "\ud83d",
        "STOP" + "!" * 200,
        "stop " * 10_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_whatever_else_he_texts_is_no_stop_word(text: str) -> None:
    assert not wording.is_stop(text, STOP_WORDS)


@given(
    before=st.text(" \n\t.,!?«»-_()", max_size=20),
    after=st.text(" \n\t.,!?«»-_()🙂\u0302\u200b", max_size=20),
)
def test_what_stands_round_a_stop_word_does_not_matter(before: str, after: str) -> None:
    assert wording.is_stop(f"{before}stop{after}", STOP_WORDS)


@given(text=st.text())
def test_a_text_with_a_further_word_is_no_stop_word(text: str) -> None:
    assert not wording.is_stop(f"{text} please", STOP_WORDS)
