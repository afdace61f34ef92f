"""The virtual modem as a process: its line, its socket, its beginning and its end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import termios
import time
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from relou_gateway.modem.virtual import VirtualFailure, VirtualOptions, ask, start_virtual
from relou_gateway.modem.virtual.demo import SECONDS, afterwards, evening
from tests.support.at_client import PROMPT, AtClient
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

PERSON = "+33612345678"
TIOCGEXCL = 0x80045440  # Linux: whether a tty is held exclusively; the termios module lacks it


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def command(*arguments: str) -> list[str]:
    """The verb as the console script runs it, without the entry point."""
    code = "from relou_gateway.cli.virtual_modem import virtual_modem; virtual_modem()"
    return [sys.executable, "-c", code, *arguments]


# --- the line -------------------------------------------------------------------------------


def test_clients_come_and_go_and_each_is_answered(modem: Virtual) -> None:
    for _ in range(20):
        with AtClient(modem.link) as client:
            assert "OK" == client.ask("AT")[-1]
    wait_until(lambda: modem.state()["clients"] == 0)


def test_what_is_said_while_nobody_listens_is_lost(modem: Virtual, client: AtClient) -> None:
    client.ask("AT+CNMI=2,1;+CNMI?")
    client.close()
    wait_until(lambda: modem.state()["clients"] == 0)
    modem.deliver(PERSON, "x")
    with AtClient(modem.link) as again:
        assert ["+CNMI: 2,1,0,0,0", "OK"] == again.ask("AT+CNMI?")


def test_a_port_that_was_held_exclusively_is_free_after_its_holder_is_gone(modem: Virtual) -> None:
    holder = os.open(modem.link, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(holder, termios.TIOCEXCL)
    os.close(holder)
    wait_until(lambda: modem.state()["clients"] == 0)
    tty = os.open(modem.link, os.O_RDWR | os.O_NOCTTY)
    try:
        assert b"\0\0\0\0" == fcntl.ioctl(tty, TIOCGEXCL, b"\0\0\0\0")
    finally:
        os.close(tty)


def test_a_long_answer_waits_for_a_client_that_reads_slowly(tmp_path: Path) -> None:
    with virtual_modem(tmp_path, sim_slots=255) as modem, AtClient(modem.link) as client:
        for _ in range(255):
            modem.deliver(PERSON, "x" * 160)
        client.write(b"AT+CMGL=4\r")
        wait_until(lambda: modem.state()["commands"] == 1)
        lines = client.read_until(re.compile(rb"\r\nOK\r\n\Z")).split(b"\r\n")
        assert 255 == sum(line.startswith(b"+CMGL:") for line in lines)
        assert 255 == sum(line.startswith(b"07") for line in lines)


def test_a_modem_with_nothing_to_do_takes_no_processor_time(modem: Virtual, client: AtClient) -> None:
    def ticks() -> int:
        fields = Path(f"/proc/{modem.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    client.ask("AT")
    before = ticks()
    time.sleep(0.5)  # the time is what is measured here
    assert ticks() - before <= 1


# --- the socket -----------------------------------------------------------------------------


def test_only_the_owner_may_use_the_control_socket(modem: Virtual) -> None:
    assert modem.modem.control is not None
    assert 0o600 == stat.S_IMODE(modem.modem.control.stat().st_mode)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"do": "dance"}, "`do` is one of call,"),
        ({"do": "deliver", "number": PERSON}, "'text' is missing"),
        ({"do": "deliver", "number": "far too long a name", "text": "x"}, "11 characters"),
        ({"do": "deliver", "number": PERSON, "text": "x", "order": [2]}, r"has 1 part"),
        (
            {"do": "deliver", "number": PERSON, "text": "x", "smsc_at": "2026-03-06T17:35:51"},
            "needs its zone",
        ),
        ({"do": "deliver_raw", "pdu": "xyz"}, "hexadecimal"),
        ({"do": "set", "colour": "red"}, "cannot set colour"),
        ({"do": "set", "credit": "-1"}, "not a decimal amount"),
        ({"do": "fault", "kind": "explode"}, "explode"),
        ({"do": "fault", "kind": "hang", "at": "", "skip": "many"}, "many"),
    ],
)
def test_a_request_that_cannot_be_is_refused_in_words(
    shared_modem: Virtual, request_: dict[str, object], error: str
) -> None:
    do, rest = str(request_["do"]), {key: value for key, value in request_.items() if key != "do"}
    with pytest.raises(VirtualFailure, match=error):
        shared_modem.ask(do, **rest)
    assert "ok" in shared_modem.state()


# --- beginning and end ----------------------------------------------------------------------


def test_nothing_is_left_of_a_modem_that_was_stopped(tmp_path: Path) -> None:
    with virtual_modem(tmp_path) as modem:
        assert modem.modem.alive
    assert not is_alive(modem.pid)
    assert [] == list(tmp_path.iterdir())


def test_the_request_quit_ends_it_too(tmp_path: Path) -> None:
    with virtual_modem(tmp_path) as modem:
        modem.ask("quit")
        wait_until(lambda: not modem.modem.alive)


def test_a_modem_that_was_killed_leaves_a_link_that_the_next_one_takes_over(tmp_path: Path) -> None:
    with virtual_modem(tmp_path) as killed:
        os.kill(killed.pid, signal.SIGKILL)
        wait_until(lambda: not killed.modem.alive)
        assert os.path.lexists(killed.link)
        with virtual_modem(tmp_path) as modem, AtClient(modem.link) as client:
            assert "OK" == client.ask("AT")[-1]


def test_a_modem_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path;"
        "from relou_gateway.modem.virtual import VirtualOptions, start_virtual;"
        "modem = start_virtual(VirtualOptions(link=Path(sys.argv[1])));"
        "print(modem.pid, flush=True); time.sleep(60)"
    )
    link = tmp_path / "modem"
    with subprocess.Popen([sys.executable, "-c", code, str(link)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not is_alive(pid))
    assert not os.path.lexists(link)


def test_a_link_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(VirtualFailure, match="did not come up"):
        start_virtual(VirtualOptions(link=tmp_path / "missing" / "modem"))


def test_a_modem_that_cannot_keep_its_record_ends_rather_than_send_without(tmp_path: Path) -> None:
    with virtual_modem(tmp_path, record=tmp_path) as modem, AtClient(modem.link) as client:
        client.write(b"AT+CMGS=22\r")
        client.read_until(PROMPT)
        client.write(b"0001000b913316325476f800000ae8329bfd4697d9ec37\x1a")
        wait_until(lambda: not modem.modem.alive)
    assert [] == list(tmp_path.iterdir())


# --- the verb -------------------------------------------------------------------------------


def test_the_verb_takes_all_options_and_a_lifeline(tmp_path: Path) -> None:
    theirs, ours = os.pipe()
    link, control, record = tmp_path / "modem", tmp_path / "control", tmp_path / "record"
    arguments = (
        f"--link {link} --control {control} --record {record} --send-seconds 0 --credit 5 --price 0.25"
    )
    more = f"--sim-slots 4 --me-slots 6 --imei 359 --imsi 208 --pin 1234 --seed 7 --lifeline {theirs}"
    with subprocess.Popen(
        command(*arguments.split(), *more.split()), pass_fds=[theirs], stdin=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        wait_until(link.is_symlink)
        state = ask(control, "state")
        assert ("5.00", {"SM": 4, "ME": 6}) == (state["credit"], state["slots"])
        with AtClient(str(link)) as client:
            assert ["359", "OK"] == client.ask("AT+CGSN")
            assert ["+CPIN: SIM PIN", "OK"] == client.ask("AT+CPIN?")
        os.close(ours)
        assert 0 == process.wait(5)
    assert [] == list(tmp_path.iterdir())


def test_on_a_terminal_it_says_what_it_is_and_does_what_is_typed(tmp_path: Path) -> None:
    link = tmp_path / "modem"
    person, terminal = pty.openpty()
    arguments = ["--link", str(link), "--send-seconds", "0"]
    process = subprocess.Popen(command(*arguments), stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    with process, AtClient(person) as screen:
        for typed, answer in [
            ("", f"A virtual modem is plugged in at {re.escape(str(link))}(?s:.*)help . quit"),
            ("sms +33612345678 laisse-moi t'expliquer", '"serials": .1'),
            ("call +33612345678", '"rings": true'),
            ("credit 5", "done"),
            ("state", '"credit": "5.00"'),
            ("slots", '"location": 1'),
            ("network off", "done"),
            ("network sideways", "I do not know that"),
            ("credit many", "not a decimal amount"),
            ("help", "somebody's phone"),
        ]:
            screen.write(f"{typed}\n".encode())
            screen.read_until(re.compile(answer.encode()))
        screen.write(b"quit\n")
        assert 0 == process.wait(5)
    assert not link.is_symlink()


def test_an_amount_that_is_none_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--link", str(tmp_path / "modem"), "--credit", "5€"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, True) == (done.returncode, "not a decimal amount: 5€" in done.stderr)


# --- the demonstration ----------------------------------------------------------------------


def test_the_evening_is_the_same_for_the_same_seed_and_lasts_forty_seconds() -> None:
    scenes = evening(Random(1))
    assert scenes == evening(Random(1))
    assert scenes != evening(Random(2))
    assert scenes == sorted(scenes, key=lambda scene: scene.at)
    assert all(0 < scene.at <= SECONDS for scene in scenes)


def test_every_message_of_the_evening_can_be_delivered(shared_modem: Virtual) -> None:
    before = shared_modem.state()["delivered"]
    scenes = [*evening(Random(0)), *islice(afterwards(Random(0)), 20)]
    texts = [scene.request for scene in scenes if scene.request["do"] == "deliver"]
    for request in texts:
        shared_modem.deliver(request["number"], request["text"])
    assert shared_modem.state()["delivered"] - before >= len(texts)


def test_the_demonstration_plays_by_itself(tmp_path: Path) -> None:
    with virtual_modem(tmp_path, demo=True) as modem:
        wait_until(lambda: modem.state()["delivered"] >= 1)
