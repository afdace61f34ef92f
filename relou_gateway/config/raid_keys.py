"""The keys of the section `raid`: they are the fields of `Vigilance`."""

from __future__ import annotations

from ..rules.vigilance import Vigilance
from .kinds import Key, Listed, Optional, Record, Spread, Unless
from .values import DAYS, DURATION, FACTOR, POSITIVE, SCORE, SHARE, WHOLE, WORD

_DEFAULT = Vigilance()

FROM_CAPS = 0.0
"""The number of strangers in a day that stands for null, until the caps are known."""

RAID = Record(
    Vigilance,
    (
        Key(
            "strangers_per_day",
            Unless(POSITIVE, FROM_CAPS),
            FROM_CAPS,
            "How many new senders an ordinary day brings, until the gateway has seen days of its own; null: "
            "four fifths of the answers that the caps allow in a day, which `config show` tells.",
            "strangers_per_day: 40",
        ),
        Key(
            "words",
            Listed(WORD, "a list of words such as [forum, raid]"),
            _DEFAULT.words,
            "Words that make a message suspect, besides those that the gateway learns by itself.",
        ),
        Key(
            "suspicious",
            SCORE,
            _DEFAULT.suspicious,
            "Above this suspicion (log-odds: 0 is an even chance, 3 is 95 in 100) a sender counts as "
            "suspicious: kept_share is out of his reach.",
        ),
        Key(
            "flooding",
            SCORE,
            _DEFAULT.flooding,
            "Above this suspicion, from plain behaviour alone, a sender is a plain flooder: answered on "
            "calm days only, and only while half of every cap is free.",
        ),
        Key(
            "kept_share",
            SHARE,
            _DEFAULT.kept_share,
            "The share of every cap that the suspicious can never use up.",
        ),
        Key(
            "callers_share",
            SHARE,
            _DEFAULT.callers_share,
            "The share of a day's answers that, in a raid, may go to those who only called.",
        ),
        Key(
            "carry_days",
            DAYS,
            _DEFAULT.carry_days,
            "A month's cap is spent in days' shares; so many days' shares that were left over may be used "
            "up at once.",
        ),
        Key(
            "surge_factor",
            FACTOR,
            _DEFAULT.surge_factor,
            "How many times as many new senders as on ordinary days speak for a raid.",
        ),
        Key(
            "alarm",
            POSITIVE,
            _DEFAULT.alarm,
            "How much must speak for a raid until it is called one; lower is sooner, and oftener in error.",
        ),
        Key(
            "all_clear",
            POSITIVE,
            _DEFAULT.all_clear,
            "How much must speak for ordinary days again until the raid is over.",
        ),
        Key(
            "delay",
            Optional(Spread(DURATION, "two durations such as [10m, 30m]")),
            _DEFAULT.delay,
            "How long new replies wait while a raid runs, for more can be told later; null: as always.",
            "delay: [10m, 30m]",
        ),
        Key(
            "mute_after",
            Optional(WHOLE),
            _DEFAULT.mute_after,
            "While a raid runs, who sends so many messages and calls within an hour is muted, that is not "
            "answered for a while; null: nobody is.",
        ),
        Key(
            "mute_for",
            DURATION,
            _DEFAULT.mute_for,
            "How long he is muted; twice as long each time that it happens again.",
        ),
        Key("senders", WHOLE, _DEFAULT.senders, "How many senders the ranking keeps in memory."),
        Key("words_known", WHOLE, _DEFAULT.words_known, "How many words it keeps in memory."),
        Key(
            "phrases_known",
            WHOLE,
            _DEFAULT.phrases_known,
            "How many pieces of texts it keeps in memory to find copies.",
        ),
    ),
)
