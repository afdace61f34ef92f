from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from relou_gateway.config import ConfigError, Settings, find, load
from relou_gateway.config.kinds import REQUIRED, Key, Optional, Record, Secret, Unless
from relou_gateway.config.loading import PLACES
from relou_gateway.config.schema import BALANCE, KEEP_ALIVE, ROOT, TEXT

from .reader import faults_of, settings_of

EVERY_SECTION = [key.kind for key in ROOT.keys]


def keys() -> Iterator[tuple[Record[object], Key[object]]]:
    for record in [*EVERY_SECTION, BALANCE, KEEP_ALIVE, TEXT]:
        assert isinstance(record, Record)
        yield from ((record, key) for key in record.keys)


# --- the table of keys --------------------------------------------------------------------


def test_every_key_has_a_sentence() -> None:
    assert [] == [key.name for _, key in keys() if not (key.about[0].isalnum() and key.about.endswith("."))]


def test_every_default_is_what_its_own_kind_reads(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for section in ROOT.keys:
        path.write_text(json.dumps({section.name: section.kind.write(section.default)}), encoding="utf-8")
        assert load(None).sections() == load(path).sections()


def test_the_keys_of_a_record_are_its_fields() -> None:
    for record in [*EVERY_SECTION, BALANCE, KEEP_ALIVE, TEXT]:
        assert isinstance(record, Record)
        assert isinstance(record.build, type)
        assert [key.name for key in record.keys] == list(get_type_hints(record.build))


# --- faults -------------------------------------------------------------------------------


def test_every_fault_is_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
        modem:
          poll: 5m0s
          pim: 1234
        replies:
          texts: [Non, ""]
          delay: [5m, 20m]
          expire: 10m
        throttle:
          per_hour: many
          per_hour: 30
        thorttle: {}
        raid: {alarms: 1}
        budget: {per_day: 0.10, price: {BE: 0.25}}
        storage: nowhere
        """
    units = "one whole number and one of s, m, h, d, without a space"
    expired = "a reply would expire before its delay is over; expire must be longer than delay"
    assert [
        f"config.yaml:2: modem.poll: expected a duration such as 90s, 5m, 12h or 7d, found '5m0s': {units}",
        "config.yaml:3: modem: there is no key 'pim' here; did you mean pin?",
        "config.yaml:5: replies.texts[1]: expected a text to answer with, found '': it is empty",
        f"config.yaml:7: replies.expire: {expired}",
        "config.yaml:9: throttle.per_hour: expected a whole number from 1, found 'many'",
        "config.yaml:10: throttle: 'per_hour' stands here twice, first in line 9; remove one",
        "config.yaml:11: there is no key 'thorttle' here; did you mean throttle?",
        "config.yaml:12: raid: there is no key 'alarms' here; did you mean alarm?",
        "config.yaml:13: budget.price: default is missing: the price for all countries that are not named",
        "config.yaml:14: storage: expected a mapping of keys and values",
    ] == faults_of(tmp_path, text)


def test_what_is_read_wrongly_contradicts_nothing_else(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, "replies: {delay: [1h, 20h], expire: 12 h}")
    assert ["replies.expire"] == [fault.split(": ")[1] for fault in faults]


@pytest.mark.parametrize("section", [key.name for key in ROOT.keys])
def test_an_empty_section_has_all_its_defaults(tmp_path: Path, section: str) -> None:
    assert load(None).sections() == settings_of(tmp_path, f"{section}:").sections()


@pytest.mark.parametrize("section", [key.name for key in ROOT.keys])
@pytest.mark.parametrize("value", ["5", "[a]", "''"])
def test_a_section_that_is_no_mapping_is_refused(tmp_path: Path, section: str, value: str) -> None:
    fault = f"config.yaml:1: {section}: expected a mapping of keys and values"
    assert [fault] == faults_of(tmp_path, f"{section}: {value}")


def test_an_inner_mapping_that_is_none_is_one_fault(tmp_path: Path) -> None:
    fault = 'config.yaml:1: budget.balance: expected a mapping such as {ussd: "#123#", every: 12h}'
    assert [fault] == faults_of(tmp_path, "budget: {balance: 5}")


def test_keys_that_are_no_words_are_refused(tmp_path: Path) -> None:
    assert ["config.yaml:1: modem: a key must be a word"] * 2 == faults_of(
        tmp_path, "modem: {[a]: b, {c: d}: e}"
    )


@pytest.mark.parametrize(
    "key",
    [f"{section.name}.{key.name}" for section in ROOT.keys for key in getattr(section.kind, "keys", ())],
)
def test_null_is_refused_exactly_where_it_means_nothing(tmp_path: Path, key: str) -> None:
    section, name = key.split(".")
    kind = next(each.kind for each in dict_of(section) if each.name == name)
    text = f"{section}: {{{name}: null}}"
    if isinstance(kind, Optional | Unless):
        assert {key} == settings_of(tmp_path, text).given
    else:
        assert [f"config.yaml:1: {key}: expected {kind.expected}, found nothing"] == faults_of(tmp_path, text)


def dict_of(section: str) -> tuple[Key[object], ...]:
    record = next(key.kind for key in ROOT.keys if key.name == section)
    assert isinstance(record, Record)
    return record.keys


# --- what is known of the file ------------------------------------------------------------


def test_settings_know_their_file_and_which_keys_it_gave(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "throttle: {per_day: 7}\nreplies: {gsm7: true}\n")
    assert (tmp_path / "config.yaml", frozenset({"throttle.per_day", "replies.gsm7"})) == (
        settings.path,
        settings.given,
    )


def test_without_a_file_all_defaults_hold_and_nothing_is_warned_of() -> None:
    settings = load(None)
    assert (None, frozenset(), ()) == (settings.path, settings.given, settings.warnings)


def test_paths_begin_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text("storage: {path: data/gateway.db}\nmodem: {pin_file: pin}\n")
    monkeypatch.chdir(tmp_path)
    settings = load(Path("config.yaml"))
    assert (tmp_path / "data/gateway.db", tmp_path / "pin") == (
        settings.storage.path,
        settings.modem.pin_file,
    )


# --- where it lies ------------------------------------------------------------------------


def test_an_explicit_file_counts_first_whether_it_is_there_or_not(tmp_path: Path) -> None:
    assert tmp_path / "none.yaml" == find(tmp_path / "none.yaml", {"RELOU_CONFIG": "/other.yaml"})


def test_the_variable_counts_second_whether_its_file_is_there_or_not() -> None:
    assert Path("/none.yaml") == find(None, {"RELOU_CONFIG": "/none.yaml"})


def test_the_working_directory_counts_third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").touch()
    assert Path("config.yaml") == find(None, {"RELOU_CONFIG": ""})


def test_a_dangling_link_is_found_and_then_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").symlink_to("gone.yaml")
    path = find(None, {})
    with pytest.raises(ConfigError, match=r"^config\.yaml: there is no such file$"):
        load(path)


def test_without_any_file_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (Path("/etc/relou-gateway/config.yaml") if PLACES[1].exists() else None) == find(None, {})


# --- the PIN ------------------------------------------------------------------------------

PIN = "7391"


def test_the_pin_is_in_no_repr(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, f"modem: {{pin: {PIN}}}")
    assert (PIN, False) == (settings.modem.read_pin(), PIN in repr(settings) + repr(settings.sections()))


@pytest.mark.parametrize(
    "text",
    [
        f"modem: {{pin: {PIN}9999999}}",
        f"modem: {{pin: {PIN}x}}",
        f"modem: {{pin: [{PIN}]}}",
        f"modem: {{pin: {{{PIN}: {PIN}}}}}",
        f"modem: {{pin: *{PIN}}}",
        f"modem: {{pin: !{PIN} x}}",
        f"modem: {{pin: @{PIN}}}",
        f"modem: {{pin: '{PIN}}}",
        f"modem: {{pin: {PIN}\n x: 1}}",
        f"modem: {{pin{PIN}: x}}",
        f"modem: {{pin {PIN}: x, pin {PIN}: x}}",
        f"modem: {{{PIN}: x, {PIN}: y}}",
        f"modem:\n  pin:{PIN}\n",
        f"modem:\n  - pin: {PIN}\n",
        f"modem: {PIN}\n",
        f"pin:{PIN}\n",
        f"modem:\n  pin: {PIN}: x\n",
        f"modem:\n  pin: {PIN}\n  pin: {PIN}\n",
        f"modem: {{pin: {PIN}, pin_file: {PIN}}}",
        f"modem: {{pin: {PIN}, pin_file: /etc/pin}}",
        f"modem: {{pin: {PIN}, poll: often}}",
        f"modem: {{pin: {PIN}, poll: 5s}}\nthrotle: 1",
    ],
)
def test_no_fault_shows_the_pin(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(tmp_path, text)
    told = str(refused.value).replace(str(tmp_path), "") + repr([fault[2:] for fault in refused.value.faults])
    assert PIN not in told


def test_the_pin_is_never_written() -> None:
    assert "set" == Secret("digits", "[0-9]+").write(PIN)


def with_pin_file(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, "modem: {pin_file: pin}")


def test_the_pin_file_is_read_when_the_pin_is_asked_for(tmp_path: Path) -> None:
    settings = with_pin_file(tmp_path)
    (tmp_path / "pin").write_text(f"{PIN}\n")
    assert PIN == settings.modem.read_pin()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "expected one line of 4 to 8 digits; what stands there is not shown"),
        (f"{PIN}x".encode(), "expected one line of 4 to 8 digits; what stands there is not shown"),
        (f"{PIN} {PIN}".encode(), "expected one line of 4 to 8 digits; what stands there is not shown"),
        (f"{PIN}é".encode(), "cannot be read: it holds more than digits"),
    ],
)
def test_a_pin_file_without_a_pin_is_a_fault_that_does_not_show_it(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    settings = with_pin_file(tmp_path)
    if content is not None:
        (tmp_path / "pin").write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        settings.modem.read_pin()
    assert f"{tmp_path}/pin: modem.pin_file: {told}" == str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{PIN}\n", None),
        ("\n", "expected one line of 4 to 8 digits; what stands there is not shown"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_the_pin_may_be_a_credential_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, told: str | None
) -> None:
    settings = settings_of(tmp_path, "modem: {pin_file: $CREDENTIALS_DIRECTORY/sim}")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    if content is not None:
        (credentials / "sim").write_text(content)
    if told is None:
        assert PIN == settings.modem.read_pin()
        return
    with pytest.raises(ConfigError) as refused:
        settings.modem.read_pin()
    assert f"$CREDENTIALS_DIRECTORY/sim: modem.pin_file: {told}" == str(refused.value)


@pytest.mark.parametrize("folder", [None, ""])
def test_outside_the_service_there_is_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str | None
) -> None:
    settings = settings_of(tmp_path, "modem: {pin_file: $CREDENTIALS_DIRECTORY/pin}")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    if folder is not None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", folder)
    with pytest.raises(ConfigError) as refused:
        settings.modem.read_pin()
    told = "a credential, which systemd gives to the service alone"
    assert f"$CREDENTIALS_DIRECTORY/pin: modem.pin_file: {told}" == str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["$CREDENTIALS_DIRECTORY", "$CREDENTIALS_DIRECTORY/a/pin", "$OTHER/pin", "x/$CREDENTIALS_DIRECTORY/pin"],
)
def test_only_a_credential_begins_with_that_variable(tmp_path: Path, text: str) -> None:
    assert tmp_path / text == settings_of(tmp_path, f"modem: {{pin_file: {text}}}").modem.pin_file


def test_no_pin_is_none() -> None:
    assert None is load(None).modem.read_pin()


def test_only_what_nobody_can_guess_has_no_default() -> None:
    assert ["ussd", "to", "text"] == [key.name for _, key in keys() if key.default is REQUIRED]
