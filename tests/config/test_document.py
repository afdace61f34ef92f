from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relou_gateway.config import ConfigError, Fault, load
from relou_gateway.config.document import MOST_BYTES, ListNode, MappingNode, Place, ScalarNode, parse, read

from .reader import faults_of, settings_of


def texts(place: Place) -> object:
    match place.node:
        case ScalarNode(text=text):
            return text
        case ListNode():
            return [texts(item) for item in place.items()]
        case MappingNode():
            return {name: texts(value) for _, name, value in place.entries()}


@pytest.mark.parametrize(
    "written", ["NO", "0123", "+33612345678", "12:30", "1_000", "0x1F", "1e3", "2026-03-06", "yes"]
)
def test_a_scalar_is_the_text_that_stands_there(written: str) -> None:
    assert {"key": written} == texts(parse(f"key: {written}"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("null", True), ("~", True), ("", True), ("'null'", False), ('""', False), ("none", False)],
)
def test_only_an_unquoted_null_is_nothing(written: str, expected: bool) -> None:
    place = parse(f"key: {written}").below("key")
    assert place is not None
    assert expected == place.is_null


def test_every_value_knows_its_line() -> None:
    root = parse("a: 1\nb:\n  - x\n  - {c: 2}\n")
    lines = {key: place.node.line for key in ("a", "b[0]", "b[1].c") if (place := root.below(key))}
    assert {"a": 1, "b[0]": 3, "b[1].c": 4} == lines


def test_a_key_that_is_not_given_has_no_place() -> None:
    root = parse("a: [x]")
    assert [None] * 4 == [root.below(key) for key in ("b", "a.b", "a[1]", "a[0].b")]


def test_an_alias_is_what_it_stands_for_in_its_own_line() -> None:
    root = parse("a: &x [1, 2]\nb: *x\n")
    place = root.below("b")
    assert place is not None
    assert (["1", "2"], 2) == (texts(place), place.node.line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c", 1),
        ("a: 1\n\tb: 2", 2),
        ("a: [1,\nb: 2", 2),
        ("a: 1\nb: 'x", 2),
        ("a: 1\n- b", 2),
        ("a: 1\nb: @x", 2),
        ("a: 1\nb: \x07", 2),
        ("a: 1\nb: \x00", 2),
        ("a: 1\nb: *nobody", 2),
        ("a: &a [*a]", 1),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\nb: !!int 2", 2),
        ("a: 1\nb: !!python/object:os.system {}", 2),
        ("a: 1\nb: !!set {x}", 2),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    fault = faults_of(tmp_path, text)[-1]
    assert f"config.yaml:{line}: " == fault[: fault.index(" ") + 1]


def test_all_tags_are_named_at_once(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, "a: !x 1\nb: !!str 2\nc: ! 3\n")
    assert ["config.yaml:1", "config.yaml:2"] == [fault.split(": ")[0] for fault in faults]


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    laughs = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    started = time.monotonic()
    assert ["config.yaml:5: more than 10000 values, aliases unfolded"] == faults_of(
        tmp_path, "\n".join(laughs)
    )
    assert time.monotonic() - started < 5


def test_a_long_text_cannot_be_multiplied_either(tmp_path: Path) -> None:
    text = f"replies: {{texts: [&long {'x' * 30_000}, {', '.join(['*long'] * 5_000)}]}}"
    assert ["config.yaml:1: more than 10000 values, aliases unfolded"] == faults_of(tmp_path, text)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_the_deepest_nesting_is_refused_at_once(tmp_path: Path, opening: str) -> None:
    assert ["config.yaml:1: nested deeper than 12 levels"] == faults_of(tmp_path, opening * 60_000)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "null", "\ufeff", "{}", "throttle:\n"])
def test_an_empty_file_means_all_defaults(tmp_path: Path, text: str) -> None:
    assert load(None).sections() == settings_of(tmp_path, text).sections()


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbfthrottle:\r\n  per_day: 7\r\n")
    assert 7 == load(path).policy.throttle.per_day


@pytest.mark.parametrize("text", ["- a\n", "hello", "12"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    expected = "a mapping of the sections modem, replies, senders, throttle, budget, raid, storage, log"
    assert [f"config.yaml:1: expected {expected}"] == faults_of(tmp_path, text)


# --- files that cannot be read ------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        read(path)
    return str(refused.value)


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"replies:\n  texts: ['d\xe9cision']\n")
    assert f"{path}:2: byte 0xe9 is not UTF-8; save the file as UTF-8" == refusal(path)


def test_a_file_of_utf_16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a: 1", encoding="utf-16")
    assert "is not UTF-8" in refusal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}/none.yaml: there is no such file" == refusal(tmp_path / "none.yaml")


def test_a_directory_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}: this is a directory; name the file in it" == refusal(tmp_path)


@pytest.mark.parametrize("name", ["file/config.yaml", "loop", "a\0b", "x" * 300])
def test_a_path_that_leads_nowhere_is_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert "cannot be read: " in refusal(tmp_path / name)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # the folders above belong to root alone
    path = Path("config.yaml")
    path.touch(mode=0)
    with as_nobody():
        assert "config.yaml: may not be read by this user; change its owner or mode, or use sudo" == refusal(
            path
        )


def test_a_device_without_end_is_refused() -> None:
    assert f"/dev/zero: larger than {MOST_BYTES // 1024} KiB; this is hardly a configuration" == refusal(
        Path("/dev/zero")
    )


def test_an_error_of_the_disk_is_told() -> None:
    path = Path("/proc/self/mem")  # reading it at its begin fails with EIO
    assert f"{path}: cannot be read: {os.strerror(errno.EIO)}" == refusal(path)


# --- whatever stands there ----------------------------------------------------------------


def faults_in(path: Path) -> tuple[Fault, ...]:
    """Return the faults of a file, none if it can be used."""
    try:
        load(path)
    except ConfigError as error:
        return error.faults
    return ()


@given(st.binary(max_size=300))
@example(b"modem: {device: [&a {b: *a}]}")
@example(b"? [a]\n: b\n")
@example(b"? {a: b}\n: - c\n")
@example(b"modem: &a\n  pin: *a\n")
@example(b"- ! !\n")
def test_no_bytes_do_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    assert all(fault.path == path for fault in faults_in(path))


_NAMES = st.sampled_from(
    [
        "modem",
        "replies",
        "texts",
        "throttle",
        "per_day",
        "budget",
        "price",
        "default",
        "balance",
        "raid",
        "pin",
        "x",
    ]
)
_VALUES = st.sampled_from(
    ["", "~", "3", "0.16", "FR", "[a, b]", "5m", "'", "{", "*a", "&a", "- ", "!!int", '"\\ud800"']
)


@given(st.lists(st.tuples(st.integers(0, 3), _NAMES, _VALUES), max_size=12))
def test_no_mixture_of_our_own_words_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[int, str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "mixed.yaml"
    path.write_text("\n".join(f"{'  ' * indent}{name}: {value}" for indent, name, value in lines))
    assert all(fault.path == path and fault.line for fault in faults_in(path))
