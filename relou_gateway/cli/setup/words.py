"""All that `setup` says, in English and in French, side by side."""

from __future__ import annotations

import re
from enum import Enum, StrEnum


class Language(StrEnum):
    """A language that `setup` speaks."""

    EN = "en"
    FR = "fr"


class Say(Enum):
    """One sentence each, English and French. Fields in braces have the same names in both."""

    # --- the beginning ---
    HELLO = (
        "Set-up of the gateway. Enter takes the answer in brackets; Ctrl-C ends, and nothing is changed.",
        (
            "Mise en service de la passerelle. Entrée prend la réponse entre crochets ; Ctrl-C arrête tout, "
            "et rien n'est changé."
        ),
    )
    WRITES_NEW = ("It will write {path}.", "La configuration sera écrite dans {path}.")
    CHANGES_OLD = (
        "It will change {path}, whose values are the answers in brackets.",
        "La configuration {path} sera modifiée ; ses valeurs sont les réponses entre crochets.",
    )
    FAULTY_OLD = (
        (
            "{path} has faults, which stand below. What can be read of it stands in brackets; the file "
            "itself will be kept."
        ),
        (
            "{path} contient des fautes, que voici. Ce qui peut en être lu est entre crochets ; le fichier "
            "lui-même sera gardé."
        ),
    )
    NO_FOLDER = (
        "{path}: there is no such folder; make it, or name another file with --config",
        "{path} : ce dossier n'existe pas ; créez-le, ou nommez un autre fichier avec --config",
    )
    NOT_WRITABLE = (
        "{path}: cannot be written ({reason}); use sudo, or name another file with --config",
        "{path} : écriture impossible ({reason}) ; utilisez sudo, ou un autre fichier avec --config",
    )
    # --- the modem ---
    LOOKING = ("Looking for the modem…", "Recherche du modem…")
    VIRTUAL = (
        "The modem is virtual: nothing that it sends leaves this machine.",
        "Le modem est virtuel : rien de ce qu'il envoie ne quitte cette machine.",
    )
    AT_WORK = (
        "A gateway is at work: its modem is not disturbed ({device}).",
        "Une passerelle travaille : son modem n'est pas dérangé ({device}).",
    )
    NOT_SEEN = ("No modem is to be seen.", "Aucun modem n'est visible.")
    NOT_THERE = ("{device} is not there.", "{device} n'est pas là.")
    SAW = ("Seen: {device} ({maker})", "Vu : {device} ({maker})")
    HELD = (
        "{device} is held by {programs}; `relou-gateway doctor` says what to do.",
        "{device} est occupé par {programs} ; `relou-gateway doctor` dit quoi faire.",
    )
    BUSY = ("{device} is held by another program.", "{device} est occupé par un autre programme.")
    DENIED = (
        "You may not open {device}; use sudo.",
        "Vous ne pouvez pas ouvrir {device} ; utilisez sudo.",
    )
    SILENT = (
        "{device} does not answer as a modem does.",
        "{device} ne répond pas comme un modem.",
    )
    GO_ON_WITHOUT = (
        "Go on without a modem? `n` looks again",
        "Continuer sans modem ? `n` cherche encore",
    )
    WHICH = ("Which one is it", "Lequel est-ce")
    WRONG_CHOICE = ("A number from 1 to {last}, please.", "Un nombre de 1 à {last}, s'il vous plaît.")
    MODEM = ("Modem: {name}, IMEI {imei}, at {device}", "Modem : {name}, IMEI {imei}, sur {device}")
    NO_SMS = (
        "This modem cannot do SMS; docs/hardware.md names some that do.",
        "Ce modem ne sait pas faire de SMS ; docs/hardware.md en nomme qui savent.",
    )
    SIM_READY = ("SIM: ready", "SIM : prête")
    SIM_PIN = ("SIM: it asks for its PIN", "SIM : elle demande son code PIN")
    SIM_PIN_TRIES = (
        "SIM: it asks for its PIN; tries left: {tries}",
        "SIM : elle demande son code PIN ; essais restants : {tries}",
    )
    SIM_PUK = (
        "SIM: closed, it asks for its PUK. Put it into a phone, type the PUK from its letter and a new PIN.",
        (
            "SIM : bloquée, elle demande son code PUK. Mettez-la dans un téléphone, tapez le PUK de sa "
            "lettre et un nouveau PIN."
        ),
    )
    SIM_ABSENT = (
        "SIM: there is none, or it lies the wrong way round.",
        "SIM : il n'y en a pas, ou elle est à l'envers.",
    )
    SIM_LOCKED = (
        "SIM: the modem is locked to another operator.",
        "SIM : le modem est verrouillé sur un autre opérateur.",
    )
    SIM_UNWELL = (
        "SIM: it cannot be worked with yet; `relou-gateway doctor` says more.",
        "SIM : inutilisable pour l'instant ; `relou-gateway doctor` en dit plus.",
    )
    NETWORK = ("Network: {operator}, signal {signal}", "Réseau : {operator}, signal {signal}")
    NO_NETWORK = (
        "Network: none has taken the SIM in yet; move the antenna to a window.",
        "Réseau : aucun n'a encore accueilli la SIM ; approchez l'antenne d'une fenêtre.",
    )
    NETWORK_DENIED = (
        "Network: it refuses this SIM; was it activated? try it in a phone.",
        "Réseau : il refuse cette SIM ; est-elle activée ? essayez-la dans un téléphone.",
    )
    UNKNOWN = ("unknown", "inconnu")
    # --- who is answered ---
    COUNTRY = (
        "In which country is the SIM at home? (two letters)",
        "De quel pays est la SIM ? (deux lettres)",
    )
    WRONG_COUNTRY = (
        "{answer} is no country; write its two letters, such as FR, BE or CH.",
        "{answer} n'est pas un pays ; écrivez ses deux lettres, par exemple FR, BE ou CH.",
    )
    ANSWERED = (
        "Phones of which countries are answered? (the others get nothing)",
        "Les téléphones de quels pays reçoivent une réponse ? (les autres n'ont rien)",
    )
    # --- the PIN ---
    PIN = (
        "PIN of the SIM (not shown; Enter: {otherwise})",
        "Code PIN de la SIM (ne s'affiche pas ; Entrée : {otherwise})",
    )
    PIN_AGAIN = ("The same once more", "Encore une fois")
    NONE = ("none", "aucun")
    PIN_KEPT = ("the one that is set", "celui qui est déjà là")
    PIN_DIFFERS = ("These were not the same.", "Ce n'étaient pas les mêmes.")
    WRONG_PIN = ("A PIN has 4 to 8 digits.", "Un code PIN a de 4 à 8 chiffres.")
    PIN_REFUSED = (
        "The SIM has refused this PIN before: three wrong ones close it. Another, please.",
        "La SIM a déjà refusé ce code : trois codes faux la bloquent. Un autre, s'il vous plaît.",
    )
    PIN_FEW = (
        "Only {tries} of 3 tries are left, so the gateway will not try. Type the right PIN once in a phone.",
        (
            "Il ne reste que {tries} essais sur 3, la passerelle n'essaiera donc pas. Tapez une fois le bon "
            "code dans un téléphone."
        ),
    )
    PIN_LATER = (
        "It is not tried now: the gateway types it in once, when it starts.",
        "Il n'est pas essayé maintenant : la passerelle le tape une fois, à son démarrage.",
    )
    # --- the price and the text ---
    CURRENCY = (
        "In which currency do you pay? (three letters)",
        "Dans quelle monnaie payez-vous ? (trois lettres)",
    )
    WRONG_CURRENCY = (
        "{answer} is no currency; write its three letters, such as EUR or CHF.",
        "{answer} n'est pas une monnaie ; écrivez ses trois lettres, par exemple EUR ou CHF.",
    )
    PRICE = (
        "What does one SMS cost, in {currency}? (0 where the plan has them free)",
        "Combien coûte un SMS, en {currency} ? (0 s'ils sont compris dans le forfait)",
    )
    WRONG_AMOUNT = (
        "{answer} is no amount; write digits and a point, such as 0.16.",
        "{answer} n'est pas un montant ; écrivez des chiffres, par exemple 0,16.",
    )
    TEXT_IS = ("The answer:", "La réponse :")
    TEXT_COSTS = (
        (
            "As typed it goes in {typed} SMS and costs {typed_cost}; in the plain SMS alphabet in {plain} "
            "SMS, for {plain_cost}."
        ),
        (
            "Tel quel, elle part en {typed} SMS et coûte {typed_cost} ; dans l'alphabet simple des SMS, en "
            "{plain} SMS, pour {plain_cost}."
        ),
    )
    TEXT_COSTS_ALIKE = (
        "It goes in {typed} SMS and costs {typed_cost}.",
        "Elle part en {typed} SMS et coûte {typed_cost}.",
    )
    TEXT_KEEP = (
        "Keep this answer? `n` lets you type another",
        "Garder cette réponse ? `n` pour en taper une autre",
    )
    TEXTS_KEEP = (
        "Keep these {count} answers? `n` lets you type one instead",
        "Garder ces {count} réponses ? `n` pour en taper une à la place",
    )
    TEXT_TYPE = (
        "Type the answer; it may have several lines, and an empty line ends it.",
        "Tapez la réponse ; elle peut avoir plusieurs lignes, et une ligne vide la termine.",
    )
    WRONG_TEXT = (
        "This cannot be sent: it is empty, too long, or holds what no phone can show.",
        "Ceci ne peut pas partir : c'est vide, trop long, ou aucun téléphone ne peut l'afficher.",
    )
    PLAIN = (
        "Write it in the plain alphabet, which is cheaper? (’ becomes ', ê becomes e)",
        "L'écrire dans l'alphabet simple, moins cher ? (’ devient ', ê devient e)",
    )
    # --- delays, money, caps ---
    DELAY = (
        "How long does an answer wait? (between two times, such as 3m 10m)",
        "Combien de temps une réponse attend-elle ? (entre deux durées, par exemple 3m 10m)",
    )
    WRONG_DELAY = (
        "{answer}: write two times such as 3m 10m, the shorter first, both below {expire}.",
        "{answer} : écrivez deux durées comme 3m 10m, la plus courte d'abord, toutes deux sous {expire}.",
    )
    SOON = (
        "Below 1m the answer may come while he still stands beside her: a danger to her.",
        "Sous 1m, la réponse peut arriver alors qu'il est encore à côté d'elle : un danger pour elle.",
    )
    SOON_ANYWAY = ("Keep it so all the same?", "Le garder quand même ?")
    PER_MONTH = (
        "How much may be spent in 30 days, in {currency}?",
        "Combien peut être dépensé en 30 jours, en {currency} ?",
    )
    PER_DAY = (
        "How much of it in one day, in {currency}?",
        "Combien en un seul jour, en {currency} ?",
    )
    TOO_LITTLE = (
        "One answer costs {cost}: with less than that, none could ever go.",
        "Une réponse coûte {cost} : avec moins, aucune ne pourrait jamais partir.",
    )
    BUYS = ("That buys {answers} answers.", "Cela paie {answers} réponses.")
    RECIPIENTS = (
        "How many different numbers may your plan text in a month? (200 or 250 with many)",
        "À combien de numéros différents votre forfait peut-il écrire par mois ? (souvent 200 ou 250)",
    )
    WRONG_WHOLE = (
        "{answer}: a whole number from 1, please, or none for no limit.",
        "{answer} : un nombre entier à partir de 1, s'il vous plaît, ou aucun pour ne pas limiter.",
    )
    ALLOWED = (
        "All limits together allow {day} answers a day and {month} in 30 days.",
        "Toutes les limites ensemble permettent {day} réponses par jour et {month} en 30 jours.",
    )
    NO_LIMIT = ("any number of", "autant qu'on veut de")
    # --- numbers ---
    OWN = (
        "Your own numbers, never answered (with commas; not the phone that you test with; - for none)",
        (
            "Vos propres numéros, qui n'ont jamais de réponse (avec des virgules ; pas le téléphone avec "
            "lequel vous testez ; - pour aucun)"
        ),
    )
    NEVER = (
        "Other numbers that are never answered (with commas; +3370* means all that begin so; - for none)",
        (
            "Autres numéros qui n'ont jamais de réponse (avec des virgules ; +3370* : tous ceux qui "
            "commencent ainsi ; - pour aucun)"
        ),
    )
    WRONG_NUMBER = (
        "{answer} is no phone number; write it as +33612345678.",
        "{answer} n'est pas un numéro de téléphone ; écrivez-le comme +33612345678.",
    )
    KEEP_ALIVE_GOES_THERE = (
        "{number} must stay: modem.keep_alive sends to it.",
        "{number} doit rester : modem.keep_alive lui écrit.",
    )
    # --- writing ---
    CANNOT_BE = (
        "These settings contradict each other, so the questions come once more:",
        "Ces réglages se contredisent, les questions reviennent donc :",
    )
    SAME = ("Nothing changes in {path}.", "Rien ne change dans {path}.")
    DIFFERS_NEW = ("What differs from the defaults:", "Ce qui diffère des valeurs par défaut :")
    ALL_DEFAULTS = ("All is as the defaults have it.", "Tout est comme par défaut.")
    DIFFERS = ("What changes in {path}:", "Ce qui change dans {path} :")
    NOT_SHOWN = (
        "(the changes are not shown: they could show a PIN)",
        "(les changements ne sont pas montrés : un PIN pourrait s'y voir)",
    )
    REWRITES = (
        (
            "The file is written in a way that cannot be changed line by line: it is written anew, and the "
            "old one is kept as {kept}."
        ),
        (
            "Le fichier est écrit d'une façon qui ne se change pas ligne par ligne : il est écrit de "
            "nouveau, et l'ancien est gardé sous {kept}."
        ),
    )
    WORTH_A_THOUGHT = ("What deserves a thought:", "Ce qui mérite réflexion :")
    PIN_GOES_TO = ("The PIN goes to {path}.", "Le code PIN va dans {path}.")
    WRITE = ("Write it?", "L'écrire ?")
    NOTHING_WRITTEN = ("Nothing was changed.", "Rien n'a été changé.")
    STAYS_WRITTEN = (
        "{path} stays as it was written; no test was ordered.",
        "{path} reste tel qu'il a été écrit ; aucun test n'a été demandé.",
    )
    CHANGED_MEANWHILE = (
        "{path} was changed by someone else meanwhile; nothing was written, start again",
        "{path} a été changé par quelqu'un d'autre entre-temps ; rien n'a été écrit, recommencez",
    )
    WRITTEN = ("{path} is written.", "{path} est écrit.")
    # --- the test ---
    TEST = (
        "Send a test SMS to your phone, for {cost}? (its number; - for none)",
        "Envoyer un SMS d'essai à votre téléphone, pour {cost} ? (son numéro ; - pour aucun)",
    )
    WRONG_MOBILE = (
        "{answer} is no mobile phone's number; write it as +33612345678.",
        "{answer} n'est pas un numéro de mobile ; écrivez-le comme +33612345678.",
    )
    TEST_TEXT = (
        "relou-gateway: this is a test, all is well",
        "relou-gateway : ceci est un essai, tout va bien",
    )
    TEST_WAITS = (
        (
            "The test is reply {reply} of the queue and goes within a day, as soon as the gateway runs and "
            "its limits allow it; `{follow}` follows it."
        ),
        (
            "L'essai est la réponse {reply} de la file ; il part dans la journée, dès que la passerelle "
            "tourne et que ses limites le permettent ; `{follow}` le suit."
        ),
    )
    TEST_NOT_POSSIBLE = ("No test now: {reason}", "Pas d'essai maintenant : {reason}")
    # --- the end ---
    NEXT = ("What to do next:", "La suite :")
    NEXT_ENABLE = ("start it, now and at each boot", "la démarrer, maintenant et à chaque allumage")
    NEXT_RESTART = ("let it take the new settings", "lui faire prendre les nouveaux réglages")
    NEXT_RUN = ("start it", "la démarrer")
    NEXT_STOP = (
        "then stop the gateway with Ctrl-C and start it again, for the new settings",
        "puis arrêtez la passerelle avec Ctrl-C et relancez-la, pour les nouveaux réglages",
    )
    NEXT_DOCTOR = ("see whether all is well", "voir si tout va bien")
    NEXT_TRY = (
        "Then text its number from a phone: the answer comes {shortest} to {longest} later.",
        "Puis écrivez à son numéro depuis un téléphone : la réponse vient {shortest} à {longest} après.",
    )
    # --- the asking itself ---
    YES = ("y", "o")
    NO = ("n", "n")
    WRONG_YES_NO = ("y or n, please.", "o ou n, s'il vous plaît.")
    ENDED = ("the answers ended before the questions", "il n'y a plus de réponses pour les questions")

    def to(self, language: Language) -> str:
        """Return the sentence, with the no-break spaces of French before its signs."""
        english, french = self.value
        if language is Language.EN:
            return str(english)
        return re.sub(r" ([?!:;»])", "\u00a0\\1", str(french))
