"""The unmodified gammu-smsd of Debian works with the virtual modem: it is a modem for any program."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

CONFIGURATION = """\
[gammu]
device = {modem}
connection = at115200

[smsd]
service = files
logfile = {directory}/log
inboxpath = {directory}/inbox/
outboxpath = {directory}/outbox/
sentsmspath = {directory}/sent/
errorsmspath = {directory}/error/
commtimeout = 1
loopsleep = 1
"""


@contextmanager
def gammu_smsd(modem: Virtual, directory: Path) -> Iterator[None]:
    """Run gammu-smsd on the modem, with mailboxes in `directory`."""
    program = shutil.which("gammu-smsd")
    if program is None:
        pytest.fail("gammu-smsd is missing; install it:\n    sudo apt install gammu-smsd")
    configuration = directory / "smsdrc"
    configuration.write_text(CONFIGURATION.format(modem=modem.link, directory=directory), "utf-8")
    with subprocess.Popen([program, "--config", str(configuration)], stdout=subprocess.DEVNULL) as daemon:
        try:
            yield
        finally:
            daemon.terminate()


def test_gammu_smsd_receives_a_short_and_a_long_message_and_sends_one(tmp_path: Path) -> None:
    inbox, outbox, sent = tmp_path / "inbox", tmp_path / "outbox", tmp_path / "sent"
    for mailbox in (inbox, outbox, sent, tmp_path / "error"):
        mailbox.mkdir()
    long_text = "Laisse-moi t'expliquer, ж. " * 20
    (outbox / "OUT+33612345678.txt").write_text("Laisse-la tranquille", "utf-8")

    with virtual_modem(tmp_path) as modem, gammu_smsd(modem, tmp_path):
        modem.deliver("+33612345678", "Salut € ça va ?")
        modem.deliver("+33687654321", long_text)
        wait_until(lambda: list(sent.iterdir()) and long_text == "".join(read(inbox, "+33687654321")), 30)
        assert ["Salut € ça va ?"] == read(inbox, "+33612345678")
        assert [("+33612345678", "Laisse-la tranquille")] == [
            (part["number"], part["text"]) for part in modem.record()
        ]


def read(inbox: Path, number: str) -> list[str]:
    """Return what smsd stored of a sender, one text for each part, in their order."""
    return [file.read_text("utf-8") for file in sorted(inbox.glob(f"*_{number}_*.txt"))]
