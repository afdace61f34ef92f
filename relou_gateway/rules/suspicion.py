"""How little a waiting reply deserves a token: the log-odds that its sender belongs to a raid.

    score = surge + steps (volume, tempo, calls, copies, blocks, met before, operators' words)
                  + learned habits + learned words

Each term is kept with its name, so that `why` can tell it. Nothing learns from itself: habits learn
from surge and steps, words from these and habits; what is ordinary is known by its time. Words
weigh less than behaviour. The state is all in memory, bounded whatever strangers send, and depends
on nothing but the events and the times given to it: replaying the stored inbox rebuilds it.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime

from .arrivals import BIN, SMOOTHING, Arrivals
from .contrast import NOTHING, Contrast, Share
from .crowd import Crowd
from .demand import HORIZONS, Demand
from .phrasing import phrasing, word_marks
from .raid import Watch
from .ranking import Contribution, Suspicion
from .records import Kind
from .steps import CALLS, COPIES, HUNDRED, TEMPO, TEN_THOUSAND, VOLUME, step
from .stranger import HABITS, STAGES, TEXTS_READ, Stranger, block_marks
from .vigilance import Vigilance

DAY = 86_400.0

SURGE_LOW, SURGE_HIGH = 0.02, 0.9
"""A quiet hour does not prove innocence, and a busy one not guilt."""

SURGE_NOISE = 1.5
"""Standard deviations by which arrivals must pass what is expected before they say anything."""

HABIT_CLIP, HABITS_CLIP = 2.5, 5.0
WORD_CLIP, WORDS_CLIP = 3.0, 3.5
CONTENT_CLIP = 4.0
"""Copies and words together: raiders can copy what ordinary people write, and must not win by it."""

"""Words weigh less than behaviour: whoever knows the source chooses words more easily than numbers."""

LONG_TEXT = 10.0
"""Words and pieces repeat each other: the sum is damped by √(1 + n / LONG_TEXT)."""

HALF_TRUST_HABITS, HALF_TRUST_WORDS = 15.0, 25.0
"""Senders of either kind from which on what was learned counts for half."""

OPERATOR_WORD = 3.0
MET_BEFORE, MET_IN_RAID = -1.5, 2.0
CALM_STAGE = 3
"""An hour after his first contact a sender of an ordinary day counts as ordinary."""

UNREMARKABLE = 2.0
"""Nobody whom the fixed steps alone find this suspicious teaches what is ordinary."""

RELEARN = 0.1
"""A share that moved less than this is not counted anew: votes cost time."""

BUSY = 6
"""Events of one sender after which he is looked at again only when their number has doubled."""

REFRESH = 240.0
"""Seconds after which a score is reckoned anew; for old senders a quarter of their age."""


FORECAST_HOLDS = 300.0
"""Seconds for which a forecast of the next hours is good enough."""


UNKNOWN = Suspicion(0.0, ())


class Memory:
    """What the gateway has learned: feed it every event that may be answered, in order.

    Times given to it are quota time and may not go backwards by more than they are clamped for.
    """

    def __init__(self, vigilance: Vigilance) -> None:
        self._vigilance = vigilance
        self._operator_words = word_marks(vigilance.words)
        self._now = -math.inf
        self._strangers: OrderedDict[str, Stranger] = OrderedDict()
        self._stages: tuple[deque[Stranger], ...] = tuple(deque() for _ in STAGES)
        self._faded = -math.inf
        self._forecast: list[list[float]] = []
        self._forecast_until = -math.inf
        self.arrivals = Arrivals(vigilance.strangers_per_day)
        self.watch = Watch(self.arrivals, vigilance)
        self.demand = Demand()
        self._copies = Crowd(vigilance.phrases_known)
        self._blocks = Crowd(2 * vigilance.senders)
        self._words = Contrast(vigilance.words_known)
        self._habits = {name: Contrast(64) for name in HABITS}

    # --- what comes in

    def observe(self, number: str, kind: Kind, text: str, at: datetime) -> None:
        """Take in a message or call of `number` that came at `at`; `text` is empty for a call."""
        now = self._advance(at.timestamp())
        self.arrivals.event(now)
        stranger = self._strangers.get(number) or self._meet(number, now)
        self._strangers.move_to_end(number)
        stranger.add(kind is Kind.CALL, now)
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
        self.arrivals.was_down(since.timestamp(), until.timestamp())

    # --- what is asked

    def scores(self, numbers: Iterable[str], now: datetime, renewals: int = 60) -> list[float]:
        """Return the scores of `numbers`, reckoning at most `renewals` of them anew."""
        moment = self._advance(now.timestamp())
        found = []
        for number in numbers:
            stranger = self._strangers.get(number)
            if stranger is None:
                found.append(0.0)
                continue
            if renewals > 0 and moment - stranger.scored_at > max(REFRESH, (moment - stranger.first_at) / 4):
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
        parts = self._parts(stranger)
        return Suspicion(
            math.fsum(part.log_odds for part in parts),
            tuple(part for part in parts if part.log_odds),
        )

    def forecast(self, now: datetime) -> list[list[float]]:
        """Return for each horizon of 1 to 24 h how many senders it will bring, up to each bin of scores."""
        moment = self._advance(now.timestamp())
        if moment >= self._forecast_until:
            self._forecast = self.demand.forecast(moment, self.arrivals.expected_by_hour(moment, HORIZONS))
            self._forecast_until = moment + FORECAST_HOLDS
        return self._forecast

    def only_called(self, number: str) -> bool:
        """Say whether `number` called and never wrote."""
        stranger = self._strangers.get(number)
        return stranger is not None and not stranger.messages

    def plain_flooding(self, number: str) -> bool:
        """Say whether the fixed steps alone call `number` a flooder."""
        stranger = self._strangers.get(number)
        return stranger is not None and stranger.plain_flooding

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return what is held and what at most may be, by name: all that strangers can make grow."""
        limits = self._vigilance
        return {
            "senders": (len(self._strangers), limits.senders),
            "words": (len(self._words), 2 * limits.words_known),
            "phrases": (len(self._copies), limits.phrases_known),
            "blocks": (len(self._blocks), 2 * limits.senders),
        }

    # --- how a sender is met, grows older and is forgotten

    def _meet(self, number: str, now: float) -> Stranger:
        stranger = Stranger(number, now, now, blocks=block_marks(number))
        self._strangers[number] = stranger
        stranger.arrived = self.arrivals.stranger(now)
        self._blocks.join(stranger.blocks)
        self.demand.add(now, stranger.score)
        self._stages[0].append(stranger)
        if len(self._strangers) > self._vigilance.senders:
            self._strangers.popitem(last=False)
        return stranger

    def _read(self, stranger: Stranger, text: str) -> None:
        words, runs = stranger.take_in(phrasing(text))
        self._copies.join(runs)
        self._words.vote(words, NOTHING, stranger.word_share, senders=0)
        if stranger.settled:
            self._copies.settle(runs)

    def _advance(self, now: float) -> float:
        """Let time pass; a step backwards is no time at all."""
        self._now = max(self._now, now)
        self.watch.advance(self._now)
        for stage, waiting in enumerate(self._stages):
            while waiting and waiting[0].first_at + STAGES[stage] <= self._now:
                self._grow(waiting.popleft(), stage)
        if self._now - self._faded >= DAY:
            self._fade()
        return self._now

    def _grow(self, stranger: Stranger, stage: int) -> None:
        stranger.stage = stage + 1
        if stage + 1 < len(STAGES):
            self._stages[stage + 1].append(stranger)
        self._look_again(stranger)

    def _fade(self) -> None:
        if self._faded > 0:
            for learned in (self._words, *self._habits.values()):
                learned.fade()
            for crowd in (self._copies, self._blocks):
                crowd.fade()
        self._faded = self._now

    # --- learning

    def _look_again(self, stranger: Stranger) -> None:
        """Reckon his score anew, and let him vote: for ordinary days, or as far as he seems a raider."""
        steps = self._steps(stranger)
        plain = math.fsum(part.log_odds for part in steps)
        self._explain(stranger, plain > self._vigilance.flooding)
        behaviour = plain + self._surge(stranger).log_odds + self._met_before(stranger).log_odds
        habitual = self._habitual(stranger).log_odds
        raided = self.watch.raided(stranger.first_at)
        calm = not raided and stranger.stage >= CALM_STAGE and plain < UNREMARKABLE
        self._learn_habits(stranger, _share(behaviour, raided, calm))
        self._learn_words(stranger, _share(behaviour + habitual, raided, calm))
        self._settle(stranger, calm)
        self._note_score(
            stranger, behaviour + habitual + self._wording(stranger, _of(steps, "copies")).log_odds
        )

    def _explain(self, stranger: Stranger, plain: bool) -> None:
        """Keep plain flooders out of the surge: it is about those whom nothing else tells apart."""
        if plain is not stranger.plain_flooding:
            self.arrivals.explain(stranger.arrived, 1 if plain else -1)
            stranger.plain_flooding = plain

    def _learn_habits(self, stranger: Stranger, share: Share) -> None:
        before, now = stranger.habits, stranger.habits_now(so_far=False)
        if now == before and _near(share, stranger.habit_share):
            return
        for name in HABITS:
            old, new = before.get(name), now.get(name)
            if old == new and old is not None:
                self._habits[name].vote((old,), stranger.habit_share, share)
                continue
            if old is not None:
                self._habits[name].vote((old,), stranger.habit_share, NOTHING)
            if new is not None:
                self._habits[name].vote((new,), NOTHING, share)
        stranger.habits, stranger.habit_share = now, share

    def _learn_words(self, stranger: Stranger, share: Share) -> None:
        if not stranger.words or _near(share, stranger.word_share):
            return
        self._words.vote(stranger.words, stranger.word_share, share)
        stranger.word_share = share

    def _settle(self, stranger: Stranger, calm: bool) -> None:
        if calm is not stranger.settled:
            change = 1.0 if calm else -1.0
            self._copies.settle(stranger.runs, change)
            self._blocks.settle(stranger.blocks, change)
            stranger.settled = calm

    # --- scoring

    def _rescore(self, stranger: Stranger) -> None:
        parts = self._parts(stranger)
        self._note_score(stranger, math.fsum(part.log_odds for part in parts))

    def _note_score(self, stranger: Stranger, score: float) -> None:
        self.demand.move(stranger.first_at, stranger.score, score)
        stranger.score, stranger.scored_at = score, self._now

    def _parts(self, stranger: Stranger) -> tuple[Contribution, ...]:
        behaviour = self._behaviour(stranger)
        return (*behaviour, self._habitual(stranger), self._wording(stranger, _of(behaviour, "copies")))

    def _behaviour(self, stranger: Stranger) -> tuple[Contribution, ...]:
        return (self._surge(stranger), *self._steps(stranger), self._met_before(stranger))

    def _surge(self, stranger: Stranger) -> Contribution:
        """Weigh the strangers within 1.5 h of his first contact against those of an ordinary day."""
        middle = stranger.first_at // BIN
        since = (middle - SMOOTHING) * BIN
        until = min(self._now + 1.0, (middle + SMOOTHING + 1) * BIN)
        came, expected = self.arrivals.unexplained(since, until), self.arrivals.expected(since, until)
        share = (came - expected - SURGE_NOISE * math.sqrt(expected)) / max(1, came)
        share = min(SURGE_HIGH, max(SURGE_LOW, share))
        return Contribution("surge", math.log(share / (1 - share)), (("came", came), ("expected", expected)))

    def _steps(self, stranger: Stranger) -> tuple[Contribution, ...]:
        events = stranger.messages + stranger.calls
        copies = self._copies.others(stranger.runs, stranger.settled, self._growth())
        hundred = self._blocks.others(stranger.blocks[:1], stranger.settled, 0.0)
        thousands = self._blocks.others(stranger.blocks[1:], stranger.settled, 0.0)
        block = max(step(HUNDRED, hundred), step(TEN_THOUSAND, thousands))
        return (
            Contribution("volume", step(VOLUME, events), (("events", events),)),
            Contribution("tempo", step(TEMPO, stranger.early), (("events", stranger.early),)),
            Contribution("calls", step(CALLS, stranger.calls), (("calls", stranger.calls),)),
            Contribution("copies", step(COPIES, copies), (("others", copies),)),
            Contribution("block", block, (("in_hundred", hundred), ("in_ten_thousand", thousands))),
            self._listed_words(stranger),
        )

    def _growth(self) -> float:
        """Return how many ordinary senders came in raids for each that is known from ordinary days."""
        total = self._words.senders
        return total.doubt / max(1.0, total.ordinary)

    def _listed_words(self, stranger: Stranger) -> Contribution:
        listed = sum(word in self._operator_words for word in stranger.words) if self._operator_words else 0
        return Contribution("operator_words", OPERATOR_WORD if listed else 0.0, (("words", listed),))

    def _met_before(self, stranger: Stranger) -> Contribution:
        """Weigh when he was first seen, if that was on another day than his latest message."""
        days = (stranger.last_at - stranger.first_at) / DAY
        if days < 1:
            return Contribution("met_before", 0.0, ())
        value = (
            MET_IN_RAID if self.watch.raided(stranger.first_at) and stranger.plain_flooding else MET_BEFORE
        )
        return Contribution("met_before", value, (("days", days),))

    def _habitual(self, stranger: Stranger) -> Contribution:
        """Weigh how he behaves against ordinary days and the flood."""
        total, seen = 0.0, []
        for name, value in stranger.habits_now(so_far=True).items():
            learned = self._habits[name]
            own = stranger.habit_share if stranger.habits.get(name) == value else NOTHING
            trust = learned.confidence(own, HALF_TRUST_HABITS)
            odds = trust * learned.log_odds((value,), own, HABIT_CLIP)[0] if trust else 0.0
            total += odds
            seen.append((name, odds))
        return Contribution("habits", max(-HABITS_CLIP, min(HABITS_CLIP, total)), tuple(seen))

    def _wording(self, stranger: Stranger, copies: float) -> Contribution:
        """Weigh his words against ordinary days and the flood, `copies` being told already."""
        own = stranger.word_share
        trust = self._words.confidence(own, HALF_TRUST_WORDS) if stranger.words else 0.0
        if not trust:
            return Contribution("words", 0.0, ())
        odds = self._words.log_odds(stranger.words, own, WORD_CLIP, len(stranger.words))
        total = trust * math.fsum(odds) / math.sqrt(1 + len(odds) / LONG_TEXT)
        total = max(-WORDS_CLIP, min(WORDS_CLIP, CONTENT_CLIP - copies, total))
        telling = sum(abs(each) > 1 for each in odds)
        return Contribution("words", total, (("telling", telling), ("all", len(odds))))


def _share(log_odds: float, raided: bool, calm: bool) -> Share:
    if not raided:
        return Share(ordinary=1.0 if calm else 0.0)
    flood = 1 / (1 + math.exp(-log_odds))
    return Share(flood=flood, doubt=flood * (1 - flood))


def _near(one: Share, other: Share) -> bool:
    return abs(one.ordinary - other.ordinary) < RELEARN and abs(one.flood - other.flood) < RELEARN


def _of(parts: Iterable[Contribution], signal: str) -> float:
    return math.fsum(part.log_odds for part in parts if part.signal == signal)
