"""How little a waiting reply deserves a token: the log-odds that its sender belongs to a raid.

    score = surge + steps (volume, tempo, calls, copies, blocks, operators' words) + met before
                  + learned habits + learned words

Each term is kept with its name, so that `why` can tell it. Nothing learns from itself: habits learn
from surge and steps, words from these and habits; what is ordinary is known by its time. Until
ordinary days are known, a raid's unsuspicious ones stand in for them. The state is all in memory,
bounded whatever strangers send, and depends on nothing but the events and the times given to it:
replaying the stored inbox rebuilds it.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime

from .contrast import NOTHING, Share
from .demand import HORIZONS, Demand
from .phrasing import phrasing
from .raid import Spell
from .ranking import Suspicion
from .records import Kind
from .signals import DAY, Signals, log_odds_of
from .stranger import HABITS, STAGES, TEXTS_READ, Stranger, block_marks
from .vigilance import Vigilance

CALM_STAGE = 3
"""An hour after his first contact a sender of an ordinary day counts as ordinary."""

UNREMARKABLE = 2.0
"""Whom fixed steps alone find this suspicious is no example of ordinary people, and no part of the surge."""

COLD = 40.0
"""Ordinary senders from which on a raid's unsuspicious ones need not stand in for them."""

RELEARN = 0.1
"""A share that moved less than this is not counted anew: votes cost time."""

BUSY = 6
"""Events of one sender after which he is looked at again only when their number has doubled."""

REFRESH = 240.0
"""Seconds after which a score is reckoned anew; for old senders a quarter of their age."""

CLEAR = 3.0
"""Above this score it is reckoned anew the less often, the higher it is."""

FRESH = 3600.0
"""Seconds within which an answer is worth most."""

FORECAST_HOLDS = 300.0
"""Seconds for which a forecast of the next hours is good enough."""

UNKNOWN = Suspicion(0.0, ())


class Memory:
    """What the gateway has learned: feed it every event that may be answered, in order.

    Times given to it are quota time and may not go backwards by more than they are clamped for.
    """

    def __init__(self, vigilance: Vigilance) -> None:
        self._vigilance = vigilance
        self._now = -math.inf
        self._strangers: OrderedDict[str, Stranger] = OrderedDict()
        self._stages: tuple[deque[Stranger], ...] = tuple(deque(maxlen=vigilance.senders) for _ in STAGES)
        self._settled = 0
        self._faded = math.inf
        self._forecast: list[list[float]] = []
        self._forecast_until = -math.inf
        self._demand = Demand()
        self._signals = Signals(vigilance)

    # --- what comes in

    def observe(self, number: str, kind: Kind, text: str, at: datetime, *, asks: bool = False) -> None:
        """Take in a message or call of `number` that came at `at`; `text` is empty for a call.

        `asks` says that a reply was scheduled for it.
        """
        now = self._advance(at.timestamp())
        self._faded = min(self._faded, now)
        self._signals.arrivals.event(now)
        stranger = self._strangers.get(number) or self._meet(number, now)
        self._strangers.move_to_end(number)
        stranger.add(kind is Kind.CALL, now)
        if asks:
            stranger.asked_at = now
        if kind is Kind.SMS and stranger.messages <= TEXTS_READ:
            self._read(stranger, text)
        events = stranger.messages + stranger.calls
        if events <= BUSY or events & (events - 1) == 0:
            self._look_again(stranger)

    def advance(self, now: datetime) -> None:
        """Let time pass until `now`: hours end, senders reach an age, what is old fades."""
        self._advance(now.timestamp())

    def was_down(self, since: datetime, until: datetime) -> None:
        """Note that nothing could be received from `since` to `until`: what comes now had piled up."""
        self._signals.arrivals.was_down(since.timestamp(), until.timestamp())

    # --- what is asked

    def scores(self, numbers: Iterable[str], now: datetime, renewals: int = 60) -> list[float]:
        """Return the scores of `numbers`, reckoning at most `renewals` of them anew."""
        moment = self._advance(now.timestamp())
        found = []
        known = self._strangers.get
        for number in numbers:
            stranger = known(number)
            if stranger is None:
                found.append(0.0)
                continue
            if stranger.renew_at < moment and renewals > 0:
                self._rescore(stranger)
                renewals -= 1
            found.append(stranger.score)
        return found

    def suspicion(self, number: str, now: datetime) -> Suspicion:
        """Return the suspicion against `number`, signal by signal; UNKNOWN for who is not remembered."""
        self._advance(now.timestamp())
        stranger = self._strangers.get(number)
        if stranger is None:
            return UNKNOWN
        parts = self._signals.all(stranger, self._now)
        return Suspicion(
            math.fsum(part.log_odds for part in parts),
            tuple(part for part in parts if part.log_odds),
        )

    def forecast(self, now: datetime) -> list[list[float]]:
        """Return for each horizon of 1 to 24 h how many senders it will bring, up to each bin of scores."""
        moment = self._advance(now.timestamp())
        if moment >= self._forecast_until:
            expected = self._signals.arrivals.expected_by_hour(moment, HORIZONS)
            self._forecast = self._demand.forecast(moment, expected)
            self._forecast_until = moment + FORECAST_HOLDS
        return self._forecast

    def raid(self, now: datetime) -> Spell | None:
        """Return the raid that runs at `now`, or None."""
        self._advance(now.timestamp())
        return self._signals.watch.current

    @property
    def raids(self) -> tuple[Spell, ...]:
        """The last raids, oldest first."""
        return tuple(self._signals.watch.raids)

    def hours(self, now: datetime) -> tuple[float, ...]:
        """Return how busy each hour from midnight UTC is on ordinary days; nothing before that is known."""
        self._advance(now.timestamp())
        return self._signals.arrivals.hours()

    def only_called(self, number: str) -> bool:
        """Say whether `number` called and never wrote."""
        stranger = self._strangers.get(number)
        return stranger is not None and not stranger.messages

    def fresh(self, number: str) -> bool:
        """Say whether what `number` asked can still be answered within the hour."""
        stranger = self._strangers.get(number)
        return stranger is not None and self._now - stranger.asked_at < FRESH

    def plain_flooding(self, number: str) -> bool:
        """Say whether the fixed steps alone call `number` a flooder."""
        stranger = self._strangers.get(number)
        return stranger is not None and stranger.plain_flooding

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return what is held and what at most may be, by name: all that strangers can make grow."""
        limits, signals = self._vigilance, self._signals
        return {
            "senders": (len(self._strangers), limits.senders),
            "ages": (max(map(len, self._stages)), limits.senders),
            "words": (len(signals.words), 2 * limits.words_known),
            "phrases": (len(signals.copies), limits.phrases_known),
            "blocks": (len(signals.blocks), 2 * limits.senders),
        }

    # --- how a sender is met, grows older and is forgotten

    def _meet(self, number: str, now: float) -> Stranger:
        stranger = Stranger(number, now, now, blocks=block_marks(number))
        self._strangers[number] = stranger
        stranger.arrived = self._signals.arrivals.stranger(now)
        self._signals.watch.look(now)
        self._signals.blocks.join(stranger.blocks)
        self._demand.add(now, stranger.score)
        self._stages[0].append(stranger)
        if len(self._strangers) > self._vigilance.senders:
            self._strangers.popitem(last=False)
        return stranger

    def _read(self, stranger: Stranger, text: str) -> None:
        words, runs = stranger.take_in(phrasing(text))
        self._signals.copies.join(runs)
        self._signals.copies.settle(runs, stranger.settled)
        if stranger.loud:
            self._signals.copies.raise_voice(runs)
        self._signals.words.vote(words, NOTHING, stranger.word_share, senders=0)

    def _advance(self, now: float) -> float:
        """Let time pass; a step backwards is no time at all.

        All that happens by itself happens at its own time, in order: what is learned must not depend
        on how often somebody asked meanwhile.
        """
        now = max(self._now, now)
        while (due := min(map(_first_due, self._stages, STAGES))) <= now:
            self._pass(due)
            self._grow()
        self._pass(now)
        return now

    def _pass(self, now: float) -> None:
        self._now = max(self._now, now)
        self._signals.watch.advance(self._now)
        while self._now - self._faded >= DAY:
            self._signals.fade()
            self._faded += DAY

    def _grow(self) -> None:
        """Look again at the one who has just reached an age."""
        stage = next(
            each
            for each, waiting in enumerate(self._stages)
            if _first_due(waiting, STAGES[each]) <= self._now
        )
        stranger = self._stages[stage].popleft()
        stranger.stage = stage + 1
        if stage + 1 < len(STAGES):
            self._stages[stage + 1].append(stranger)
        self._look_again(stranger)

    # --- learning

    def _look_again(self, stranger: Stranger) -> None:
        """Reckon his score anew, and let him vote: for ordinary days, or as far as he seems a raider."""
        steps = self._signals.steps(stranger)
        plain = math.fsum(part.log_odds for part in steps)
        self._raise_voice(stranger, plain - log_odds_of(steps, "copies"))
        self._explain(stranger, plain)
        behaviour = plain + self._signals.surge(stranger, self._now).log_odds
        behaviour += self._signals.met_before(stranger).log_odds
        if not stranger.plain_flooding:  # else what was learned changes nothing, and costs most
            stranger.habitual = self._signals.habitual(stranger).log_odds
            stranger.worded = self._signals.wording(stranger, log_odds_of(steps, "copies")).log_odds
        raided = self._signals.watch.raided(stranger.first_at)
        calm = not raided and stranger.stage >= CALM_STAGE and plain < UNREMARKABLE
        self._learn(stranger, behaviour, raided, calm)
        self._note_score(stranger, behaviour + stranger.habitual + stranger.worded)

    def _raise_voice(self, stranger: Stranger, plain: float) -> None:
        if plain >= UNREMARKABLE and not stranger.loud:
            stranger.loud = True
            self._signals.copies.raise_voice(stranger.runs)

    def _explain(self, stranger: Stranger, plain: float) -> None:
        """Keep whom fixed steps tell apart out of the surge: it is about those whom nothing else does."""
        if (plain >= UNREMARKABLE) is not stranger.explained:
            stranger.explained = plain >= UNREMARKABLE
            self._signals.arrivals.explain(stranger.arrived, 1 if stranger.explained else -1)
        if plain > self._vigilance.flooding and not stranger.plain_flooding:
            self._signals.watch.flooder(self._now)
        stranger.plain_flooding = plain > self._vigilance.flooding

    def _learn(self, stranger: Stranger, behaviour: float, raided: bool, calm: bool) -> None:
        cold = max(0.0, 1.0 - self._settled / COLD)
        by_behaviour = _share(behaviour, raided, calm, cold)
        self._learn_habits(stranger, by_behaviour)
        self._learn_words(stranger, _share(behaviour + stranger.habitual, raided, calm, cold))
        self._settle(stranger, by_behaviour.ordinary, calm)

    def _learn_habits(self, stranger: Stranger, share: Share) -> None:
        before, now = stranger.habits, stranger.habits_now(so_far=False)
        if now == before and _near(share, stranger.habit_share):
            return
        for name in HABITS:
            old, new = before.get(name), now.get(name)
            learned = self._signals.habits[name]
            if old == new and old is not None:
                learned.vote((old,), stranger.habit_share, share)
                continue
            if old is not None:
                learned.vote((old,), stranger.habit_share, NOTHING)
            if new is not None:
                learned.vote((new,), NOTHING, share)
        stranger.habits, stranger.habit_share = now, share

    def _learn_words(self, stranger: Stranger, share: Share) -> None:
        if not stranger.words or _near(share, stranger.word_share):
            return
        self._signals.words.vote(stranger.words, stranger.word_share, share)
        stranger.word_share = share

    def _settle(self, stranger: Stranger, ordinary: float, calm: bool) -> None:
        """Count what he shares with others as ordinary, as far as he is."""
        if calm and not stranger.calm:
            stranger.calm = True
            self._settled += 1
        change = ordinary - stranger.settled
        if abs(change) >= RELEARN:
            self._signals.copies.settle(stranger.runs, change)
            self._signals.blocks.settle(stranger.blocks, change)
            stranger.settled = ordinary

    # --- scoring

    def _rescore(self, stranger: Stranger) -> None:
        parts = self._signals.all(stranger, self._now)
        self._note_score(stranger, math.fsum(part.log_odds for part in parts))

    def _note_score(self, stranger: Stranger, score: float) -> None:
        self._demand.move(stranger.first_at, stranger.score, score)
        stranger.score = score
        holds = max(REFRESH, (self._now - stranger.first_at) / 4, (score - CLEAR) * REFRESH)
        stranger.renew_at = self._now + (DAY if stranger.plain_flooding else holds)


def _first_due(waiting: deque[Stranger], age: float) -> float:
    return waiting[0].first_at + age if waiting else math.inf


def _share(log_odds: float, raided: bool, calm: bool, cold: float) -> Share:
    """Return how a sender counts who seems a raider by `log_odds`."""
    if not raided:
        return Share(ordinary=1.0 if calm else 0.0)
    flood = 1 / (1 + math.exp(-log_odds))
    return Share(ordinary=cold * (1 - flood), flood=flood, doubt=flood * (1 - flood))


def _near(one: Share, other: Share) -> bool:
    return abs(one.ordinary - other.ordinary) < RELEARN and abs(one.flood - other.flood) < RELEARN
