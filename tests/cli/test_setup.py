"""`setup` for scripts, run again, and over what it did not write itself."""

from __future__ import annotations

import os
import re
import stat
import string
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.cli.setup import draft, files, places
from relou_gateway.cli.setup.words import Language, Say
from relou_gateway.config import load
from relou_gateway.config.countries import COUNTRIES
from relou_gateway.config.writing import example
from relou_gateway.rules import wording
from relou_gateway.rules.policy import Text
from relou_gateway.store import outbox
from relou_gateway.store.database import Database
from tests.support.daemon import service

from .conversation import conversation
from .program import COMMAND, Program, process, surroundings

HERE = ("--device", "virtual", "--language", "en")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def set_up(program: Program, *arguments: str) -> str:
    """Run `setup --yes`, which has to succeed; return what it said."""
    code = program("setup", "--yes", *HERE, *arguments)
    assert (0, "") == (code, program.err), program.out
    return program.out


def from_a_pipe(folder: Path, answers: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "setup", "--config", "config.yaml", *HERE, *arguments],
        cwd=folder,
        env=surroundings(folder) | {"LC_ALL": "", "LANG": "en_FR.UTF-8"},
        input="".join(f"{answer}\n" for answer in answers),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- for scripts --------------------------------------------------------------------------


def test_options_and_yes_ask_nothing_and_what_is_written_has_no_faults(
    program: Program, config: Path
) -> None:
    set_up(
        program,
        *("--country", "ch", "--answer", "CH,FR", "--price", "0.10", "--text", "Non."),
        *("--delay", "5m 20m", "--per-month", "30", "--per-day", "none", "--recipients", "99"),
        *("--own", "+41791234567", "--never", "+3370*"),
    )
    policy = load(config).policy
    assert ("CH", "CHF", "Non.", 100_000, 30_000_000, None, 99) == (
        policy.senders.country,
        policy.budget.currency,
        policy.replies.texts[0].text,
        policy.budget.price.default,
        policy.budget.per_month,
        policy.budget.per_day,
        policy.throttle.recipients_per_month,
    )
    assert (("+41791234567",), ("+3370*",)) == (policy.senders.own, policy.senders.never)


def test_the_check_of_the_configuration_is_silent_but_for_its_one_line(
    program: Program, config: Path
) -> None:
    set_up(program, "--country", "FR")
    assert (0, f"{config.name}: no faults\n") == (program("config", "check"), program.out)


def test_what_deserves_a_word_is_told_before_it_is_written(program: Program) -> None:
    shown = set_up(program, "--country", "FR", "--per-month", "none", "--delay", "30s 2m")
    told = ("replies.delay: an answer may come within a minute", "budget.per_month: switched off")
    assert [] == [each for each in told if each not in shown.partition("Write it?")[0]]


@pytest.mark.parametrize(
    ("option", "wrong", "why"),
    [
        ("country", "Atlantis", "Atlantis is no country"),
        ("price", "\x1b[2J", r"\x1b[2J is no amount"),
        ("text", "\x1b", "what no phone can show"),
        ("delay", "20m 5m", "the shorter first"),
        ("per-day", "0.01", "none could ever go"),
        ("own", "36034", "36034 is no phone number"),
        ("test", "36034", "no mobile phone's number"),
    ],
)
def test_a_wrong_option_is_wrong_use(program: Program, option: str, wrong: str, why: str) -> None:
    assert 2 == program("setup", "--yes", *HERE, f"--{option}", wrong)
    assert why in program.err
    assert "\x1b" not in program.out + program.err


def test_answers_may_come_from_a_pipe_one_a_line(tmp_path: Path, config: Path) -> None:
    done = from_a_pipe(tmp_path, ["BE", "", "", "0.2", "", "", "", "", "", "150", "", "", "", ""])
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    policy = load(config).policy
    assert ("BE", frozenset({"BE"}), 200_000, 150) == (
        policy.senders.country,
        policy.senders.answer,
        policy.budget.price.default,
        policy.throttle.recipients_per_month,
    )


def test_a_wrong_answer_from_a_pipe_ends_it_since_the_next_line_answers_something_else(
    tmp_path: Path, config: Path
) -> None:
    done = from_a_pipe(tmp_path, ["Atlantis", "FR", "", "", ""])
    assert (2, True, False) == (done.returncode, "Atlantis is no country" in done.stderr, config.exists())


def test_answers_that_end_too_soon_change_nothing(tmp_path: Path, config: Path) -> None:
    done = from_a_pipe(tmp_path, ["FR", ""])
    assert (1, True, False) == (done.returncode, "Nothing was changed." in done.stderr, config.exists())


def test_a_file_with_the_pin_is_named_in_the_configuration_and_not_read_into_it(
    program: Program, tmp_path: Path, config: Path
) -> None:
    (tmp_path / "code").write_text("4711\n")
    set_up(program, "--pin-file", "code")
    assert ("4711", None) == (load(config).modem.read_pin(), load(config).modem.pin)
    (tmp_path / "code").write_text("forty-seven eleven\n")
    assert 2 == program("setup", "--yes", *HERE, "--pin-file", "code")
    assert "forty" not in program.err


# --- run again ----------------------------------------------------------------------------

BY_HAND = """\
# ours; ask Jeanne before you change it
storage: {path: gateway.db, keep: 30d}
senders:
  country: FR   # as dialled
  cooldown: 3d

raid:
  words: [forum]   # since March
modem: {device: virtual}
"""


def test_run_again_without_a_new_answer_it_writes_nothing(program: Program, config: Path) -> None:
    set_up(program)
    before = (config.read_bytes(), config.stat().st_ino)
    assert "Nothing changes in" in set_up(program)
    assert before == (config.read_bytes(), config.stat().st_ino)


def test_run_again_it_keeps_what_people_wrote_and_shows_what_changes(program: Program, config: Path) -> None:
    config.write_text(BY_HAND)
    shown = set_up(program, "--country", "BE", "--own", "+33612345678")
    text = config.read_text()
    assert text.startswith(BY_HAND.replace("country: FR ", "country: BE ").partition("  cooldown")[0])
    assert [] == [line for line in BY_HAND.splitlines() if "country" not in line and line not in text]
    assert ("  -  country: FR   # as dialled\n", "  +  country: BE   # as dialled\n") == tuple(
        line for line in shown.splitlines(keepends=True) if "as dialled" in line
    )
    assert [config.name] == sorted(path.name for path in config.parent.iterdir())
    senders = load(config).policy.senders
    assert ("BE", frozenset({"BE"}), ("+33612345678",), 3) == (
        senders.country,
        senders.answer,
        senders.own,
        senders.cooldown.days,
    )


def test_what_cannot_be_changed_line_by_line_is_kept_beside_the_new_file(
    program: Program, config: Path
) -> None:
    text = "{senders: {country: BE, answer: [BE]}, storage: {path: gateway.db}} # Jeanne's"
    config.write_text(text)
    (config.parent / "config.yaml.1").write_text("older still")
    assert "config.yaml.2" in set_up(program, "--recipients", "50")
    assert text == (config.parent / "config.yaml.2").read_text()
    policy = load(config).policy
    assert ("BE", 50) == (policy.senders.country, policy.throttle.recipients_per_month)
    assert "# Who is answered." in config.read_text()


@pytest.mark.parametrize("faulty", ["senders: {country: BE}\nbudgett: {}\n", "senders: [\n", "\t\n", "-\n"])
def test_a_file_with_faults_is_kept_and_what_can_be_read_of_it_counts(
    program: Program, config: Path, faulty: str
) -> None:
    config.write_text(faulty)
    shown = set_up(program)
    assert ("has faults" in shown, faulty) == (True, (config.parent / "config.yaml.1").read_text())
    assert load(config).policy.senders.country == ("BE" if "BE" in faulty else "FR")


def test_a_pin_in_the_old_file_is_shown_nowhere_and_moves_where_the_file_is_written_anew(
    program: Program, config: Path
) -> None:
    config.write_text("{modem: {pin: '4711'}, storage: {path: gateway.db}}")
    assert "4711" not in set_up(program, "--recipients", "50")
    assert "4711" not in config.read_text()
    assert ("4711", 0o640) == (load(config).modem.read_pin(), mode_of(config.parent / "pin"))
    assert 0o640 == mode_of(config.parent / "config.yaml.1")


def test_a_pin_in_the_old_file_stays_where_it_is_changed_line_by_line(program: Program, config: Path) -> None:
    config.write_text("modem:\n  pin: '4711'\n  pin_file: null\nstorage: {path: gateway.db}\n")
    (config.parent / "code").write_text("4712")
    shown = set_up(program, "--recipients", "50")
    assert ("4711" in shown, "pin: '4711'" in config.read_text()) == (False, True)
    shown = set_up(program, "--pin-file", "code")
    assert ("-  pin: '****'" in shown, "4711" in config.read_text()) == (True, False)


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o640), (0o600, 0o600), (0o666, 0o640)])
def test_the_mode_is_never_opened_and_never_for_everyone(
    program: Program, config: Path, before: int, after: int
) -> None:
    config.write_text(BY_HAND)
    config.chmod(before)
    set_up(program, "--recipients", "50")
    assert after == mode_of(config)


def test_owner_and_group_stay_and_a_new_file_has_those_of_its_folder(
    program: Program, tmp_path: Path
) -> None:
    theirs = (1234, 2345) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, *theirs)
    for _ in range(2):
        set_up(program, "--config", str(home / "config.yaml"), "--recipients", "50", "--test", "0612345678")
        for path in (home / "config.yaml", home / "gateway.db", home / "gateway.db.lock"):
            assert theirs == (path.stat().st_uid, path.stat().st_gid)
        (home / "config.yaml").write_text(BY_HAND)
    assert 0o660 == mode_of(home / "gateway.db") | 0o060


def test_a_link_stays_a_link(program: Program, config: Path, tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "ours.yaml").write_text(BY_HAND)
    config.symlink_to("shelf/ours.yaml")
    set_up(program, "--recipients", "50")
    assert (True, 50) == (config.is_symlink(), load(config).policy.throttle.recipients_per_month)
    assert {"ours.yaml"} == {path.name for path in (tmp_path / "shelf").iterdir()}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path, config: Path) -> None:
    config.write_text(BY_HAND)
    with conversation(tmp_path, "--recipients", "50") as talk:
        while "Write it?" not in (talk.question() or "Write it?"):
            talk.type("\n")
        config.write_text(f"{BY_HAND}# and I, too\n")
        talk.type("\n")
        assert None is talk.question()
        assert "was changed by someone else meanwhile" in talk.shown
    assert f"{BY_HAND}# and I, too\n" == config.read_text()


def test_settings_that_no_question_can_mend_are_told(program: Program, config: Path) -> None:
    config.write_text("replies: {texts: [{text: Nee, countries: [BE]}]}\nsenders: {answer: [BE]}\n")
    assert 2 == program("setup", "--yes", *HERE, "--answer", "FR")
    assert "no text in replies.texts is for FR" in program.err
    assert "[BE]" in config.read_text()


# --- where it cannot ----------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_told_before_any_question(program: Program, tmp_path: Path) -> None:
    assert 1 == program("setup", *HERE, "--config", str(tmp_path / "none" / "config.yaml"))
    assert f"{tmp_path}/none: there is no such folder" in program.err


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(program: Program) -> None:
    assert 1 == program("setup", "--yes", *HERE, "--config", "/proc/config.yaml")
    assert "cannot be written (" in program.err


def test_a_further_service_gets_a_folder_like_the_one_above_it(tmp_path: Path) -> None:
    state = tmp_path / "relou-gateway"
    state.mkdir()
    state.chmod(0o2770)
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(state, owner, -1)
    files.make_home(state / "second")
    files.make_home(state / "second")
    made = (state / "second").stat()
    assert (owner, 0o2770) == (made.st_uid, stat.S_IMODE(made.st_mode))


def test_nothing_half_written_is_left_where_the_second_of_two_files_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("old")
    with pytest.raises(FileNotFoundError):
        files.put({tmp_path / "one": "new", tmp_path / "none" / "two": "new"})
    assert ({"one"}, "old") == ({path.name for path in tmp_path.iterdir()}, (tmp_path / "one").read_text())


def test_a_test_that_cannot_be_ordered_is_told_and_the_configuration_stays(
    program: Program, config: Path
) -> None:
    config.write_text("modem: {device: virtual}\nstorage: {path: none/gateway.db}\n")
    assert 1 == program("setup", "--yes", *HERE, "--test", "0612345678", "--recipients", "50")
    assert "No test now: " in program.out
    assert 50 == load(config).policy.throttle.recipients_per_month


# --- the test -----------------------------------------------------------------------------


def test_the_test_leaves_by_the_daemon_that_starts_later_and_by_one_that_runs(tmp_path: Path) -> None:
    with service(tmp_path, start=False) as gateway:
        ordered = gateway.verb("setup", "--yes", "--language", "fr", "--test", "06 12 34 56 78")
        assert (0, "") == (ordered.returncode, ordered.stderr), ordered.stdout
        gateway.start()
        gateway.wait_for("reply.sent", reply=1)
        again = gateway.verb("setup", "--yes", "--language", "en", "--test", "+33612345679")
        assert (0, True) == (again.returncode, "its modem is not disturbed" in again.stdout)
        gateway.wait_for("reply.sent", reply=2)
        sent = [(each["number"], each["text"]) for each in gateway.modem.record()]
        assert [
            ("+33612345678", "relou-gateway : ceci est un essai, tout va bien"),
            ("+33612345679", "relou-gateway: this is a test, all is well"),
        ] == sent
        assert ["test", "test"] == [reply.purpose for reply in gateway.replies()]
        assert [] == gateway.broken_links()


def test_a_test_makes_no_sender_of_the_phone_so_that_it_can_try_the_number(
    program: Program, tmp_path: Path
) -> None:
    set_up(program, "--test", "0612345678")
    assert () == load(tmp_path / "config.yaml").policy.senders.own
    with Database(tmp_path / "gateway.db") as database, database.snapshot() as tx:
        assert ("test", "+33612345678") == (outbox.get(tx, 1).purpose, outbox.get(tx, 1).number)
        assert 0 == tx.execute("SELECT COUNT(*) FROM senders").fetchone()[0]


# --- where, what for whom -----------------------------------------------------------------


def test_the_configuration_of_a_service_has_its_database_and_its_pin_where_the_unit_expects_them() -> None:
    folder = draft.SERVICE.parent
    for name, database, pin, unit in (
        ("config.yaml", "/var/lib/relou-gateway/gateway.db", "pin", "relou-gateway"),
        ("second.yaml", "/var/lib/relou-gateway/second/gateway.db", "second.pin", "relou-gateway@second"),
    ):
        before = draft.found(folder / f"{name}")
        if before.text is None:
            assert (Path(database), folder / pin) == (before.sections.storage.path, draft.pin_place(before))
        assert unit == draft.unit_of(folder / name)
    assert None is draft.unit_of(Path("/home/jeanne/config.yaml"))


def test_every_sentence_has_the_same_fields_in_both_languages_and_french_has_its_spaces() -> None:
    def fields(text: str) -> set[Any]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for each in Say:
        english, french = (each.to(language) for language in Language)
        assert (True, fields(english)) == (bool(english and french), fields(french)), each
        assert [] == re.findall(r" [?!:;»]", french), each


def test_every_home_of_a_sim_is_a_country() -> None:
    pairs = re.findall(r"([0-9]{3}) ([A-Z]{2})", places.MOBILE_COUNTRY_CODES)
    assert set() == {country for _, country in pairs} - COUNTRIES
    assert len(pairs) == len({code for code, _ in pairs})
    assert len(places.MOBILE_COUNTRY_CODES.split()) == 2 * len(pairs)


@pytest.mark.parametrize(
    ("imsi", "country"),
    [
        ("208010000000001", "FR"),
        ("206200000000001", "BE"),
        ("228010000000001", "CH"),
        ("270010000000001", "LU"),
        ("262010000000001", "DE"),
        ("234150000000001", "GB"),
        ("901010000000001", None),
        ("", None),
        ("2O8", None),
    ],
)
def test_the_imsi_tells_the_country(imsi: str, country: str | None) -> None:
    assert country == places.of_imsi(imsi)


@pytest.mark.parametrize(
    ("environ", "country"),
    [
        ({"LANG": "fr_BE.UTF-8"}, "BE"),
        ({"LC_ALL": "de_CH", "LANG": "fr_BE"}, "CH"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "eo_XX"}, None),
        ({}, None),
    ],
)
def test_the_locale_tells_the_country(environ: dict[str, str], country: str | None) -> None:
    assert country == places.of_locale(environ)


def test_the_answers_that_are_proposed_have_two_parts_and_the_country_has_its_own_currency() -> None:
    for country in ("FR", "BE", "CH", "LU", "DE", "GB"):
        text = Text(places.text_of(country))
        assert 2 == len(wording.compose(text, gsm7=True).parts)
        assert ("Bonjour" in text.text) == (country in {"FR", "BE", "CH", "LU"})
    assert ["EUR", "CHF", "GBP"] == [places.currency_of(country) for country in ("BE", "CH", "GB")]


def test_the_file_that_enter_alone_writes_has_all_sentences_of_the_example(
    program: Program, config: Path
) -> None:
    set_up(program, "--country", "FR")
    ours = {line for line in config.read_text().splitlines() if line.lstrip().startswith("#")}
    theirs = {line for line in example().splitlines() if line.lstrip().startswith("#")}
    assert 1 == len(theirs - ours)


def test_it_is_among_the_first_verbs_and_helps_in_a_moment(tmp_path: Path) -> None:
    done = process("--help", folder=tmp_path)
    assert done.stdout.index("  setup ") < done.stdout.index("  run ")
