"""Without a network, in a foreign one, refused by one: nothing is sent, and it is told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relou_gateway import pipeline
from relou_gateway.modem.port import ModemLost, NotSent
from relou_gateway.modem.scripted import RADIO, ScriptedModem, SendOutcome
from tests.support.world import MINUTE, World, mobile, policy

KARIM = mobile(12345678)
NOWHERE = replace(RADIO, registered=False, operator="", signal_percent=None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    here = World(tmp_path, policy(replies={"delay": (MINUTE, MINUTE)}))
    yield here
    here.close()


def watch(world: World, minutes: int) -> list[str]:
    """Look at the network each minute, as the sweep does; return the events of the modem."""
    with capture_logs() as lines:
        for _ in range(minutes):
            pipeline.observe(world.gateway, world.modem)
            world.wait(1)
    return [line["event"] for line in lines if line["event"].startswith("modem.")]


def test_nothing_is_sent_while_roaming_and_it_is_told_once(world: World) -> None:
    world.modem.radio = replace(RADIO, roaming=True)
    world.text(KARIM)
    world.receive()
    with capture_logs() as lines:
        for _ in range(10):
            world.wait(1)
            world.send_all()
    assert [] == world.answered()
    told = [line["reason"] for line in lines if line["event"] == "modem.registered"]
    assert [True] == ["modem.roaming" in reason for reason in told]
    world.modem.radio = RADIO
    world.wait(1)
    world.send_all()
    assert [KARIM] == world.answered()


def test_roaming_is_no_obstacle_where_it_is_allowed(world: World) -> None:
    world.gateway.roaming = True
    world.modem.radio = replace(RADIO, roaming=True)
    world.text(KARIM)
    world.receive()
    world.wait(1)
    world.send_all()
    assert [KARIM] == world.answered()


def test_a_loss_of_the_network_is_told_once_and_so_is_its_return(world: World) -> None:
    watch(world, 2)
    world.modem.radio = NOWHERE
    assert ["modem.unregistered"] == watch(world, 4)
    world.modem.radio = replace(NOWHERE, denied=True)
    with capture_logs() as lines:
        pipeline.observe(world.gateway, world.modem)
    assert ["the network refuses this SIM" in line["reason"] for line in lines] == [True]
    world.modem.radio = RADIO
    assert ["modem.registered"] == watch(world, 3)


def test_the_radio_is_restarted_after_five_minutes_without_network_then_ever_less_often(world: World) -> None:
    world.modem.radio = NOWHERE
    restarts = []
    for minute in range(300):
        before = world.modem.restarts
        watch(world, 1)
        if world.modem.restarts > before:
            restarts.append(minute)
    assert [5, 15, 45, 105, 285] == restarts


def test_a_network_that_comes_back_begins_the_wait_anew(world: World) -> None:
    world.modem.radio = NOWHERE
    watch(world, 5)
    world.modem.radio = RADIO
    watch(world, 1)
    world.modem.radio = NOWHERE
    watch(world, 5)
    assert 0 == world.modem.restarts
    watch(world, 1)
    assert 1 == world.modem.restarts


def test_the_radio_is_left_alone_where_nobody_wants_it_restarted(world: World) -> None:
    world.gateway.bears = None
    world.modem.radio = NOWHERE
    watch(world, 60)
    assert 0 == world.modem.restarts


class Vanishing(ScriptedModem):
    """Falls off the bus when its radio is restarted."""

    def restart_radio(self) -> None:
        super().restart_radio()
        self.lose("hung", "it does not answer")
        raise ModemLost("hung", "it does not answer")


def test_a_modem_that_vanishes_over_a_restart_gets_its_time_when_it_is_back(world: World) -> None:
    world.modem = Vanishing(radio=NOWHERE)
    watch(world, 5)
    with pytest.raises(ModemLost):
        watch(world, 1)
    for _ in range(3):
        world.wait(1)
        world.modem.recover()
        pipeline.begin_afresh(world.gateway)
        watch(world, 4)
    assert 1 == world.modem.restarts


def test_a_network_that_is_gone_costs_one_reply_an_attempt_and_not_all_that_wait(world: World) -> None:
    pipeline.observe(world.gateway, world.modem)
    for index in range(5):
        world.text(mobile(12345670 + index))
    world.receive()
    world.wait(1)
    pipeline.observe(world.gateway, world.modem)
    world.modem.radio = NOWHERE
    no_network = NotSent("there is no network (+CMS ERROR: 331)", code=331)
    world.modem.send_script.extend(SendOutcome(failure=no_network) for _ in range(5))
    world.send_all()
    assert 1 == sum(reply.attempts for reply in world.replies())
