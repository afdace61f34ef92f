"""The message's way, one module for each step. Read them in this order:

    receiving ─► judging ─► learning ─► claiming ─► sending ─► (settled)      sweeping
       C1           C2                     C3         C4

Each step commits what it did before the next one begins (C1 to C4 in the names of the
transactions), so that a crash between any two of them loses nothing and repeats nothing.
`gateway` is what they all work with; `starting` takes up what an earlier process left.
Nothing in here knows a scheduler, a signal or libGammu: the daemon and the simulation give
the clock, the randomness and the modem.
"""  # noqa: D400 - the picture belongs to the first sentence

from .asking import ask_credit
from .covering import begin_afresh, observe
from .gateway import Gateway
from .idling import keep_alive
from .judging import judge
from .learning import learn
from .receiving import receive
from .sending import send
from .starting import push_away, recover, settle_orphan
from .sweeping import sweep

__all__ = [
    "Gateway",
    "ask_credit",
    "begin_afresh",
    "judge",
    "keep_alive",
    "learn",
    "observe",
    "push_away",
    "receive",
    "recover",
    "send",
    "settle_orphan",
    "sweep",
]
