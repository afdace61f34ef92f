"""A SIM that lies idle: a message to an own number, through the same claim and the same caps."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from relou_gateway import pipeline
from relou_gateway.modem.port import InDoubt, Refused
from relou_gateway.modem.scripted import SendOutcome
from relou_gateway.rules.policy import KeepAlive, Policy
from relou_gateway.rules.records import Purpose, Status
from relou_gateway.store import balance
from relou_gateway.store import gateway as state
from tests.support.world import FREE, MINUTE, UNLIMITED, World, mobile, policy

OWN = "+33700000001"
EVERY_60_DAYS = KeepAlive(OWN, timedelta(days=60), "tout va bien")
AT_ONCE: dict[str, object] = {"delay": (MINUTE, MINUTE)}
PRICE = 160_000


class _Kept(World):
    """A world whose gateway keeps its SIM alive, if so it is told."""

    rules: KeepAlive | None = EVERY_60_DAYS

    def _open(self) -> pipeline.Gateway:
        gateway = super()._open()
        gateway.keep_alive = self.rules
        return gateway

    def live(self, days: int) -> None:
        """Let days pass with two looks in each."""
        for _ in range(2 * days):
            self.wait(12 * 60)
            pipeline.observe(self.gateway, self.modem)
            pipeline.sweep(self.gateway)
            pipeline.keep_alive(self.gateway)
            self.send_all()

    def kept_alive(self) -> list[Status]:
        return [each.state for each in self.replies() if each.purpose is Purpose.KEEP_ALIVE]

    def talk(self, person: int) -> None:
        """Let somebody write, and answer him."""
        self.text(mobile(person))
        self.receive()
        self.wait(1)
        self.send_all()


@contextmanager
def _opened(directory: Path, rules: Policy) -> Iterator[_Kept]:
    world = _Kept(directory, rules)
    pipeline.observe(world.gateway, world.modem)
    pipeline.keep_alive(world.gateway)
    yield world
    world.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[_Kept]:
    with _opened(tmp_path, policy(replies=AT_ONCE)) as world:
        yield world


@pytest.fixture
def said() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as lines:
        yield lines


def test_a_sim_that_sent_nothing_for_so_long_sends_a_message_to_an_own_number(kept: _Kept) -> None:
    kept.live(59)
    assert [] == kept.answered()
    kept.live(2)
    assert [OWN] == kept.answered()
    sent = kept.reply()
    assert (Purpose.KEEP_ALIVE, Status.SENT, "tout va bien", 1, PRICE, None) == (
        sent.purpose,
        sent.state,
        sent.text,
        sent.parts,
        sent.cost,
        sent.message_id,
    )
    assert (1, PRICE) == kept.spent()
    assert [] == kept.broken_links()
    kept.live(60)
    assert [OWN, OWN] == kept.answered()


def test_whatever_else_was_sent_keeps_it_alive(kept: _Kept) -> None:
    for person in range(4):
        kept.live(40)
        kept.talk(person)
    assert [mobile(person) for person in range(4)] == kept.answered()


def test_a_restart_changes_nothing(kept: _Kept) -> None:
    for _ in range(6):
        kept.live(10)
        kept.restart()
    kept.live(1)
    assert [OWN] == kept.answered()
    kept.restart()
    kept.live(30)
    assert [OWN] == kept.answered()


def test_what_was_forgotten_of_an_answer_still_counts_as_use(kept: _Kept) -> None:
    kept.gateway.keep = timedelta(days=5)
    kept.live(10)
    kept.talk(1)
    kept.live(55)
    assert [mobile(1)] == kept.answered()


@pytest.mark.parametrize("failure", [Refused("barred"), InDoubt("no answer")])
def test_what_did_not_leave_for_certain_is_no_use(kept: _Kept, failure: Refused | InDoubt) -> None:
    kept.modem.send_script.append(SendOutcome(failure))
    kept.live(61)
    assert ([], 1) == (kept.answered(), len(kept.kept_alive()))
    kept.live(4)
    assert ([OWN], 2) == (kept.answered(), len(kept.kept_alive()))


def test_it_passes_the_caps_as_anything_else_does(tmp_path: Path) -> None:
    rules = policy(replies=AT_ONCE, throttle=UNLIMITED, budget=replace(FREE, per_month=PRICE - 1))
    with _opened(tmp_path, rules) as world:
        world.live(65)
        assert ([], [Status.EXPIRED, Status.EXPIRED]) == (world.answered(), world.kept_alive())


def test_it_is_not_sent_below_what_is_to_be_kept_of_the_credit(tmp_path: Path) -> None:
    with _opened(tmp_path, policy(replies=AT_ONCE, budget=replace(FREE, keep=2_000_000))) as world:
        with world.gateway.database.transaction("balance") as tx:
            balance.note_credit(tx, 2_100_000, world.now())
        world.live(62)
        assert ([], Status.EXPIRED) == (world.answered(), world.kept_alive()[0])


def test_a_pause_holds_it_back_too(kept: _Kept) -> None:
    with kept.gateway.database.transaction("pause") as tx:
        state.pause(tx, "", kept.now())
    kept.live(62)
    assert [] == kept.answered()


def test_there_is_never_more_than_one_of_them_at_a_time(kept: _Kept) -> None:
    kept.live(59)
    kept.wait(2 * 1440)
    for _ in range(5):
        pipeline.keep_alive(kept.gateway)
    assert [Status.SCHEDULED] == kept.kept_alive()


def test_without_it_there_is_a_warning_once(kept: _Kept, said: list[MutableMapping[str, Any]]) -> None:
    kept.gateway.keep_alive = None
    kept.live(70)
    assert [60] == [line["days"] for line in said if line["event"] == "sim.idle"]
    assert [] == kept.replies()
    kept.talk(1)
    kept.live(61)
    assert [60, 60] == [line["days"] for line in said if line["event"] == "sim.idle"]
