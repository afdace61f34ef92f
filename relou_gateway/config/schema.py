"""Every key of the configuration: its kind, its default, and its description, once.

config.example.yaml and `config show` are written from this table, and files are read by it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ..rules.policy import MICRO, Balance, Budget, KeepAlive, Prices, Replies, Senders, Text, Throttle
from ..rules.wording import DEFAULT_TEXT
from .kinds import REQUIRED, Key, Listed, Optional, PriceList, Record, Secret, Several, Short, Spread
from .raid_keys import RAID
from .settings import (
    PIN,
    Calls,
    LogFormat,
    LogLevel,
    LogNumbers,
    LogSettings,
    ModemSettings,
    Sections,
    StorageSettings,
)
from .values import (
    AMOUNT,
    CONNECTION,
    COUNTRY,
    CURRENCY,
    DEVICE,
    DURATION,
    MESSAGE,
    NUMBER,
    PATTERN,
    PREFIX,
    SIZE,
    USSD,
    WHOLE,
    WORD,
    YES_NO,
    Choice,
    FilePath,
    PinFile,
)

COUNTRIES = Several(Listed(COUNTRY, "a list of countries such as [FR, BE]", least=1))

KEEP_ALIVE = Record(
    KeepAlive,
    (
        Key("to", NUMBER, REQUIRED, "One of senders.own, which gets it.", 'to: "+33612345678"'),
        Key("every", DURATION, timedelta(days=60), "It goes only when nothing was sent for so long."),
        Key("text", MESSAGE, "relou-gateway: all is well", "What it says."),
    ),
    'a mapping such as {to: "+33612345678", every: 60d}',
)

MODEM = Record(
    ModemSettings,
    (
        Key(
            "device",
            DEVICE,
            "auto",
            "Which modem: auto looks for one, virtual is one made of software, else a path such as "
            "/dev/relou-modem or /dev/serial/by-id/….",
        ),
        Key(
            "connection",
            CONNECTION,
            "at115200",
            "How libGammu speaks to it: at, and the speed of the serial line.",
        ),
        Key(
            "pin",
            Optional(Secret("4 to 8 digits", PIN)),
            None,
            "The SIM's PIN; null if the SIM asks for none.",
        ),
        Key(
            "pin_file",
            Optional(PinFile()),
            None,
            "A file that holds the PIN on one line, instead of pin; it is read when the modem asks. With "
            "$CREDENTIALS_DIRECTORY/pin, systemd hands over a file that only root can read.",
        ),
        Key("poll", DURATION, timedelta(seconds=5), "How often the modem is asked for new messages."),
        Key(
            "calls",
            Choice(Calls),
            Calls.RING,
            "What a caller hears: ring lets it ring, as at anyone's; hang_up ends the call at once.",
        ),
        Key(
            "smsc",
            Optional(NUMBER),
            None,
            "The operator's message centre, where the SIM has forgotten its number; null: as on the SIM.",
        ),
        Key(
            "roaming",
            YES_NO,
            False,
            "Send in another operator's network too, where messages may cost more than budget.price says.",
        ),
        Key(
            "radio_restart",
            Optional(DURATION),
            timedelta(minutes=5),
            "After so long without network the radio is switched off and on, and later again; null: never.",
        ),
        Key(
            "reports",
            YES_NO,
            False,
            "Ask the network to say of each answer whether it arrived; some operators charge for that.",
        ),
        Key(
            "keep_alive",
            Optional(KEEP_ALIVE),
            None,
            "A message to an own number when nothing else was sent for long: prepaid SIMs that lie idle for "
            "2 to 6 months are switched off; null: none, only a warning after 60d.",
        ),
    ),
)

TEXT = Record(
    Text,
    (
        Key("text", MESSAGE, REQUIRED, "The text."),
        Key("countries", Optional(COUNTRIES), None, "Who gets it: senders of these countries; null: all."),
    ),
    "a text, or a mapping such as {text: …, countries: [BE]}",
)

REPLIES = Record(
    Replies,
    (
        Key(
            "delay",
            Spread(DURATION, "two durations such as [3m, 10m]"),
            (timedelta(minutes=3), timedelta(minutes=10)),
            "How long a reply waits, drawn at random between the two; an answer while he still stands "
            "beside her is a danger, so below 1m there is a warning.",
        ),
        Key("expire", DURATION, timedelta(hours=12), "A reply that could not go out by then never does."),
        Key(
            "texts",
            Listed(Short(TEXT), "a list of texts", least=1),
            (Text(DEFAULT_TEXT),),
            "The answers; one is drawn for each reply. A mapping limits one to senders of some countries.",
            '- {text: "Hallo! …", countries: [BE, DE]}',
        ),
        Key(
            "gsm7",
            YES_NO,
            True,
            "Write ’ “ ” … ê and the like in the plain SMS alphabet: the same words in fewer parts.",
        ),
        Key("to_calls", YES_NO, True, "Answer calls too, by SMS."),
        Key("review", YES_NO, False, "With true, every reply waits for `relou-gateway queue release`."),
        Key(
            "stop_words",
            Listed(WORD, "a list of words such as [STOP]"),
            ("STOP",),
            "A sender who texts just one of these is never answered again; case and accents do not matter.",
        ),
    ),
)

SENDERS = Record(
    Senders,
    (
        Key(
            "country", COUNTRY, "FR", "How numbers without + are read: as dialled in this country (ISO 3166)."
        ),
        Key("answer", COUNTRIES, frozenset({"FR"}), "The countries whose mobile phones are answered."),
        Key("cooldown", DURATION, timedelta(days=7), "A number gets at most one answer in this time."),
        Key("lifetime", Optional(WHOLE), 2, "How many answers a number can get, ever; null: any number."),
        Key(
            "never",
            Listed(PREFIX, "a list of numbers such as [+33612345678, +3370*]"),
            (),
            "Numbers that are never answered; with * at the end, all that begin so.",
        ),
        Key(
            "own",
            Listed(NUMBER, "a list of numbers such as [+33612345678]"),
            (),
            "Our own numbers, which are never answered either.",
        ),
    ),
)

THROTTLE = Record(
    Throttle,
    (
        Key(
            "per_minute", Optional(WHOLE), 3, "Answers in any minute; null here and below switches a cap off."
        ),
        Key("per_hour", Optional(WHOLE), 30, "Answers in any hour."),
        Key("per_day", Optional(WHOLE), 100, "Answers in any 24 hours."),
        Key(
            "recipients_per_month",
            Optional(WHOLE),
            200,
            "Different numbers answered in any 30 days; many plans end at 200 or 250.",
        ),
        Key("parts_per_day", Optional(WHOLE), None, "Parts sent in any 24 hours; a long text has several."),
        Key("parts_per_month", Optional(WHOLE), None, "Parts sent in any 30 days."),
    ),
)

BALANCE = Record(
    Balance,
    (
        Key("ussd", USSD, REQUIRED, "The code that asks the operator for the credit.", 'ussd: "#123#"'),
        Key(
            "pattern",
            PATTERN,
            "([0-9]+[.,][0-9]{2}) ?(?:€|EUR)",
            "A regular expression whose one group is the amount in the operator's answer.",
        ),
        Key("every", DURATION, timedelta(hours=12), "How often it is asked."),
    ),
    'a mapping such as {ussd: "#123#", every: 12h}',
)

BUDGET = Record(
    Budget,
    (
        Key("currency", CURRENCY, "EUR", "The currency of all amounts (ISO 4217)."),
        Key(
            "price",
            PriceList(AMOUNT, COUNTRY),
            Prices(160_000),
            "What one part costs; by country where prices differ.",
            "price: {default: 0.16, BE: 0.25}",
        ),
        Key(
            "per_day",
            Optional(AMOUNT),
            16 * MICRO,
            "Money spent in any 24 hours; null switches the cap off, with a warning.",
        ),
        Key(
            "per_month",
            Optional(AMOUNT),
            100 * MICRO,
            "Money spent in any 30 days; null switches the cap off, with a warning.",
        ),
        Key(
            "keep",
            Optional(AMOUNT),
            2 * MICRO,
            "Stop sending when the SIM's credit is known to be this low; null: never for that reason.",
        ),
        Key("balance", Optional(BALANCE), None, "How the SIM's credit is asked for; null: it is not."),
    ),
)

STORAGE = Record(
    StorageSettings,
    (
        Key(
            "path",
            FilePath(),
            Path("/var/lib/relou-gateway/gateway.db"),
            "The database; a relative path begins where this file lies.",
        ),
        Key(
            "keep",
            DURATION,
            timedelta(days=90),
            "Texts and numbers older than this are forgotten; what they cost stays counted.",
        ),
        Key("max", SIZE, 2 * 10**9, "Beyond this size, further texts of flooders are only counted."),
    ),
)

LOG = Record(
    LogSettings,
    (
        Key("level", Choice(LogLevel), LogLevel.INFO, "From which level on: debug, info, warning or error."),
        Key(
            "format",
            Choice(LogFormat),
            LogFormat.AUTO,
            "text for people, json for programs; auto: text on a terminal, json elsewhere.",
        ),
        Key(
            "numbers",
            Choice(LogNumbers),
            LogNumbers.MASKED,
            "masked hides the middle of phone numbers, full does not.",
        ),
    ),
)


ROOT = Record(
    Sections,
    (
        Key("modem", MODEM, MODEM.defaults(), "The modem and its SIM."),
        Key("replies", REPLIES, REPLIES.defaults(), "What is answered, and when."),
        Key("senders", SENDERS, SENDERS.defaults(), "Who is answered."),
        Key(
            "throttle",
            THROTTLE,
            THROTTLE.defaults(),
            "How many answers go out at most; all caps hold at once.",
        ),
        Key("budget", BUDGET, BUDGET.defaults(), "How much money goes out at most."),
        Key(
            "raid",
            RAID,
            RAID.defaults(),
            "How a raid is told from ordinary days, and what it changes; none of it needs to be touched.",
        ),
        Key("storage", STORAGE, STORAGE.defaults(), "What is remembered."),
        Key("log", LOG, LOG.defaults(), "What is logged."),
    ),
    "a mapping of the sections modem, replies, senders, throttle, budget, raid, storage, log",
)
