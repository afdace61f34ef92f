"""What a backup cannot know is taken for the worst: nothing goes twice, no cap is passed."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.config.worst_case import worst_case
from relou_gateway.rules import budget, throttle
from relou_gateway.rules.policy import Budget, Policy, Prices, Text
from relou_gateway.rules.records import Moment, Status
from relou_gateway.rules.throttle import HOUR, MINUTE, Cap, Spending, Windows
from relou_gateway.store import backup, ledger, outbox, queue, restoring
from relou_gateway.store.database import Connection, Database, StoreError, create_or_migrate
from tests.store.samples import BRICE, DAY, KARIM, START, at, claimed, scheduled, states
from tests.support.world import UNLIMITED, policy

SHORT, LONG = "Non.", "Un non est un non. " * 20  # one part, and three
PRICE = 160_000


def caps_of(rules: Policy) -> tuple[Cap, ...]:
    return (*throttle.caps(rules.throttle), *budget.caps(rules.budget))


limits = st.none() | st.integers(1, 12)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies with few and with many caps, each of which binds soon."""
    money = st.none() | st.integers(1, 20).map(lambda parts: parts * PRICE)
    answers = replace(
        UNLIMITED,
        per_minute=draw(limits),
        per_hour=draw(limits),
        per_day=draw(limits),
        recipients_per_month=draw(limits),
        parts_per_day=draw(limits.map(lambda parts: parts and parts + 2)),
    )
    costs = Budget("EUR", Prices(PRICE), draw(money), draw(money), None, None)
    texts = draw(st.sampled_from([(SHORT,), (LONG,), (SHORT, LONG)]))
    return policy(throttle=answers, budget=costs, replies={"texts": tuple(map(Text, texts))})


wishes = st.lists(
    st.tuples(st.sampled_from([0, 1, 7, 61, 900, 40_000]), st.integers(0, 5), st.sampled_from([1, 3])),
    min_size=1,
    max_size=40,
)
"""When the next one may go, in seconds after the one before; to whom; in how many parts."""


def spend(
    caps: Sequence[Cap], known: list[Spending], began: datetime, asked: Sequence[tuple[int, int, int]]
) -> tuple[list[Spending], datetime]:
    """Let everything go for which the caps have room, as far as `known` says; return what went, and when."""
    went: list[Spending] = []
    now = began
    for seconds, recipient, parts in asked:
        now += timedelta(seconds=seconds)
        wish = Spending(f"+3361234560{recipient}", parts, parts * PRICE, None)
        if Windows(caps, [*known, *went], now).fits(wish):
            went.append(wish._replace(settled_at=now))
    return went, now


def restored(tx: Connection, rules: Policy, span: timedelta, now: datetime) -> list[Spending]:
    """Return what counts after a restore besides what the backup knew."""
    before = set(ledger.spendings(tx, START - 99 * DAY))
    spent = worst_case(rules, span)
    wish = None if spent is None else Spending("", spent.parts, spent.cost, None)
    restoring.close_gap(tx, wish, 0 if spent is None else spent.answers, Moment(now, now))
    return [each for each in ledger.spendings(tx, START - 99 * DAY) if each not in before]


@given(rules=policies(), early=wishes, lost=wishes, late=wishes)
def test_no_cap_is_ever_passed_though_what_was_sent_since_the_backup_is_unknown(
    rules: Policy,
    early: list[tuple[int, int, int]],
    lost: list[tuple[int, int, int]],
    late: list[tuple[int, int, int]],
) -> None:
    caps = caps_of(rules)
    sizes = {1 if text.text == SHORT else 3 for text in rules.replies.texts}
    early, lost, late = ([each for each in wish if each[2] in sizes] for wish in (early, lost, late))
    known, backed_up = spend(caps, [], START, early)
    unknown, cut = spend(caps, known, backed_up, lost)
    with Database(None) as database, database.transaction("restore") as tx:
        counted = restored(tx, rules, cut - backed_up, cut)
    after, _ = spend(caps, [*known, *counted], cut, late)

    everything = [*known, *unknown, *after]
    for cap in caps:
        for each in everything:
            assert each.settled_at is not None
            upto = [other for other in everything if other.settled_at and other.settled_at <= each.settled_at]
            assert throttle.standing(cap, upto, each.settled_at).used <= cap.limit, cap


def test_what_counts_lets_go_when_the_windows_have_passed() -> None:
    rules = policy(throttle=replace(UNLIMITED, per_hour=3))
    with Database(None) as database, database.transaction("restore") as tx:
        counted = restored(tx, rules, 5 * MINUTE, START)

    wish = Spending(KARIM, 1, PRICE, None)
    assert [False, True] == [
        Windows(caps_of(rules), counted, START + wait).fits(wish) for wait in (HOUR - MINUTE, HOUR)
    ]


def test_all_that_waits_is_held_and_what_was_being_sent_is_in_doubt(tx: Connection) -> None:
    scheduled(tx, KARIM)
    scheduled(tx, "+33611111111", held=True, reason="waits for review")
    claimed(tx, BRICE)
    gap = restoring.close_gap(tx, None, 0, at(50))

    assert ([1, 2], [3], 0) == (gap.held, gap.in_doubt, gap.counted)
    assert {1: Status.HELD, 2: Status.HELD, 3: Status.IN_DOUBT} == states(tx)
    assert {restoring.HELD} == {outbox.get(tx, reply_id).reason for reply_id in (1, 2)}
    assert ([], "2 held, 0 counted as sent") == (ledger.broken_links(tx), ledger.newest(tx, 1)[0].reason)


def test_what_counts_stands_in_the_queue_as_one_doubt_with_its_reason(tx: Connection) -> None:
    gap = restoring.close_gap(tx, Spending("", 10, 1_000_001, None), 4, at(50))

    [row] = queue.listed(tx)
    assert (4, Status.IN_DOUBT, restoring.UNKNOWN) == (gap.counted, row.state, row.reason)
    found = ledger.spendings(tx, START)
    assert (4, 10, 1_000_001) == (
        len({each.recipient for each in found}),
        sum(each.parts for each in found),
        sum(each.cost for each in found),
    )


def test_more_parts_than_a_row_holds_are_spread(tx: Connection) -> None:
    gap = restoring.close_gap(tx, Spending("", 1000, 7, None), 1, at(50))

    found = ledger.spendings(tx, START)
    assert (4, 1000, 7) == (gap.counted, sum(each.parts for each in found), sum(each.cost for each in found))


# --- the files ----------------------------------------------------------------------------


def test_a_cut_at_any_step_of_the_exchange_leaves_a_database_at_its_place(tmp_path: Path) -> None:
    """Each step is one change of a name; between two of them the power may be cut."""
    steps = 0
    for cut in range(9):
        folder = tmp_path / str(cut)
        folder.mkdir()
        path = folder / "gateway.db"
        create_or_migrate(path)
        with Database(path) as database:
            backup.write(database, folder / "backup.db")
        path.with_name("gateway.db-wal").write_bytes(b"")
        ready = restoring.make_ready(folder / "backup.db", path)
        with pytest.MonkeyPatch.context() as patch:
            steps = _cut_after(patch, cut, lambda path=path, ready=ready: restoring.put(ready, path, "aside"))
        assert create_or_migrate(path) > 0
    assert 0 < steps < 8


class _Cut(BaseException):
    """The power is cut."""


def _cut_after(patch: pytest.MonkeyPatch, cut: int, act: object) -> int:
    """Do something that changes names, until that happened `cut` times; return how often it did."""
    done = 0
    for name in ("hardlink_to", "rename", "replace"):
        original = getattr(Path, name)

        def step(self: Path, target: Path, original: object = original) -> object:
            nonlocal done
            if done == cut:
                raise _Cut
            done += 1
            return original(self, target)  # type: ignore[operator]

        patch.setattr(Path, name, step)
    with suppress(_Cut):
        act()  # type: ignore[operator]
    return done


def test_where_a_file_can_have_but_one_name_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    path = tmp_path / "gateway.db"
    path.write_text("old")
    (tmp_path / "ready").write_text("new")
    monkeypatch.setattr(Path, "hardlink_to", refuse)

    assert [tmp_path / "gateway.db.aside"] == restoring.put(tmp_path / "ready", path, "aside")
    assert ("old", "new") == ((tmp_path / "gateway.db.aside").read_text(), path.read_text())


def test_a_place_that_cannot_be_changed_is_told_plainly(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    create_or_migrate(path)
    (tmp_path / "gateway.db.aside").touch()

    with pytest.raises(StoreError, match=r"gateway\.db: cannot be set aside: File exists"):
        restoring.put(path, path, "aside")
