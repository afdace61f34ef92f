"""Everybody who writes and calls while a soak runs, and what they sent: drawn by lot, from a seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.virtual import Virtual

SHORT_CODE = "36034"
FLOODERS = 5


class Bustle:
    """Traffic on one virtual modem, in a thread of its own, from `start` to `stop`.

    `texts` counts every text that the network took for the modem, `poison` every PDU that nothing
    can decode; `stoppers` are the numbers of which nothing ever came but a word to stop.
    """

    def __init__(self, modem: Virtual, seed: int, seconds_between: float) -> None:
        self.texts: Counter[str] = Counter()
        self.poison: Counter[bytes] = Counter()
        self.binaries = 0
        self.calls = 0
        self.stoppers: list[str] = []
        self._modem = modem
        self._rng = random.Random(f"bustle {seed}")
        self._between = seconds_between
        self._numbers = self._words = 0
        self._turn = threading.RLock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._fault: BaseException | None = None
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (10, self._person),
            (2, self._long_text),
            (2, self._flood),
            (3, self._call),
            (2, self._stop_word),
            (1, self._short_code),
            (1, self._binary),
            (1, self.poisoner),
        ]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let nobody write any more; fails where the traffic itself did."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._fault is not None:
            raise self._fault

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Let nobody write for a while."""
        with self._turn:
            yield

    def write(self, number: str | None = None, more: str = "") -> str:
        """Let somebody write a text that is the only one of its kind; return his number."""
        with self._turn:
            number = number or self._somebody()
            self._words += 1
            text = f"texte {self._words} {more}"
            self._modem.deliver(number, text)
            self.texts[text] += 1
            return number

    def poisoner(self) -> None:
        """Let a message come whose type does not exist: libGammu neither decodes nor deletes it."""
        with self._turn:
            self._words += 1
            sender = "".join(high + low for low, high in zip(*[iter(f"33{self._words:08}")] * 2, strict=True))
            pdu = bytes.fromhex(f"07913306091093F0030A91{sender}0000620360715315802000")
            self._modem.deliver_raw(pdu.hex())
            self.poison[pdu] += 1

    def _run(self) -> None:
        acts, weights = [act for _, act in self._acts], [weight for weight, _ in self._acts]
        try:
            while not self._end.wait(self._rng.expovariate(1 / self._between)):
                with self._turn:
                    self._rng.choices(acts, weights)[0]()
        except BaseException as fault:  # noqa: BLE001 - the soak is told, in its own thread
            self._fault = fault

    def _somebody(self) -> str:
        self._numbers += 1
        return f"+3361{self._numbers:07}"

    def _person(self) -> None:
        number = self._somebody()
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            self.write(number)

    def _long_text(self) -> None:
        self.write(more=self._rng.choice(("é" * 200, "😀" * 90, "~€" * 100)))

    def _flood(self) -> None:
        number = f"+33699{self._rng.randrange(FLOODERS):06}"
        for _ in range(self._rng.randrange(5, 25)):
            self.write(number)

    def _call(self) -> None:
        self.calls += self._modem.call(self._somebody(), rings=2, seconds=0.3)

    def _stop_word(self) -> None:
        number = self._somebody()
        self._modem.deliver(number, "STOP")
        self.texts["STOP"] += 1
        self.stoppers.append(number)

    def _short_code(self) -> None:
        self.write(SHORT_CODE)

    def _binary(self) -> None:
        self._words += 1
        self._modem.deliver_binary(self._somebody(), f"donnée {self._words}".encode())
        self.binaries += 1
