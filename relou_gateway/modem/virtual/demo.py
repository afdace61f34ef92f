"""A small evening at the anti-relou number, for whoever sees the gateway at work for the first time.

People who were given the number, one who cannot stop, an advert of the operator, a call, a
number from abroad: forty seconds, then now and then a message more. All numbers are made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

Request = dict[str, Any]

TROLL = "+33612349876"
SECONDS = 40.0
"""How long the evening lasts."""
PAUSE = (25.0, 70.0)
"""Seconds between two messages after it."""


class Scene(NamedTuple):
    """What happens `at` seconds after the start."""

    at: float
    request: Request


PEOPLE = (
    ("+33612345001", "Salut c'est Karim, on s'est croisés au Point Éphémère hier 😊"),
    ("+33612345002", "Coucou ! C'est Julien du bar. T'es bien rentrée ?"),
    ("+33687654003", "Hello, alors ce café ? Je suis libre jeudi"),
    ("+33612345004", "C'était sympa de discuter dans le métro. Tu fais quoi ce week-end ?"),
    ("+33798765005", "Bonsoir mademoiselle, c'est le monsieur de la terrasse"),
    ("+33687654006", "Slt c Mathieu"),
)

INSULTS = (
    "Réponds",
    "C'est quoi ce numéro bidon",
    "Tu te crois où ??",
    "RÉPONDS !!!",
    "Bande de nazes",
    "Vous avez que ça à faire de votre vie",
    "Je vais t'envoyer des sms toute la nuit",
    "T'es vraiment nulle",
    "laisse-moi t'expliquer",
    "Allô ???",
    "Je lâche pas l'affaire",
    "lol",
)

LONG_EXPLANATION = (
    "Non mais laisse-moi t'expliquer. Je trouve ça super nul de donner un faux numéro à quelqu'un qui "
    "a juste été poli avec toi. Je t'ai payé un verre, je t'ai raccompagnée jusqu'au métro, et voilà "
    "comment tu me remercies ? Franchement c'est pas correct, tu pourrais au moins répondre."
)

LATECOMERS = (
    "Hé, c'est Thomas. Tu te souviens de moi ?",
    "Bonsoir, c'est le gars de la salle de sport",
    "T'avais l'air pressée tout à l'heure, on remet ça ?",
    "C Kevin de tout a l'heure",
    "Je n'arrête pas de penser à toi depuis ce matin 🌹",
)


def evening(random: Random) -> list[Scene]:
    """Return the scenes of the first forty seconds, in their order."""
    scenes = [
        Scene(1.0, _sms(*PEOPLE[0])),
        Scene(4.0, _sms("Relou", "Cet été, profitez de 50 Go pour 9,99 €/mois ! STOP au 36111")),
        Scene(14.0, _sms("36034", "Vous avez 1 nouveau message vocal. Appelez le 888.")),
        Scene(17.0, {"do": "call", "number": "+33687654007", "rings": 2, "seconds": 4.0}),
        Scene(22.0, _sms("+32470123456", "Salut, c'est Lucas de Bruxelles, je repars demain. Un verre ?")),
        Scene(30.0, _sms(TROLL, LONG_EXPLANATION)),
    ]
    scenes += [Scene(random.uniform(2, SECONDS), _sms(*person)) for person in PEOPLE[1:]]
    scenes += [Scene(random.uniform(6, SECONDS), _sms(TROLL, insult)) for insult in INSULTS]
    return sorted(scenes, key=lambda scene: scene.at)


def afterwards(random: Random) -> Iterator[Scene]:
    """Yield what comes later, for ever; `at` is the wait since the one before."""
    while True:
        number = random.choice((TROLL, f"+3361234{random.randrange(10**4):04}"))
        text = random.choice(INSULTS if number == TROLL else LATECOMERS)
        yield Scene(random.uniform(*PAUSE), _sms(number, text))


async def play(ask: Callable[[Request], object], random: Random) -> None:
    """Play the evening on a modem, and go on until cancelled."""
    start = asyncio.get_running_loop().time()
    for scene in evening(random):
        await asyncio.sleep(start + scene.at - asyncio.get_running_loop().time())
        ask(scene.request)
    for scene in afterwards(random):
        await asyncio.sleep(scene.at)
        ask(scene.request)


def _sms(number: str, text: str) -> Request:
    return {"do": "deliver", "number": number, "text": text}
