-- What the gateway remembers. A new database is made from this file; an older one is brought
-- here by migrations/NNNN.sql, one after another, and a test holds that both roads give the same.
--
-- Times are integers of milliseconds UTC. A column `…_at` is quota time, which decides;
-- a column `…_wall` is the wall clock beside it, which people are shown. Money is integer
-- micro-units. Numbers are E.164 where they are numbers, else as received.
--
-- The functions CONTENT_HASH and CHAIN_HASH are registered by the gateway on each connection.
-- A program without them cannot change what the ledger must know of: that is intended.

-- One row: the gateway's own state, as far as it must survive a restart.
CREATE TABLE gateway (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    paused_wall     INTEGER,
    pause_reason    TEXT    NOT NULL DEFAULT '',
    -- Since when a raid runs, as far as the ranking knows; NULL on ordinary days.
    raid_at         INTEGER,
    raid_wall       INTEGER,
    -- Up to which suspicion replies go now; NULL where tokens last for everyone.
    answers_up_to   REAL,
    -- The SIM's credit as it was last told, in micro-units, and when; NULL where nobody knows it.
    credit          INTEGER,
    credit_wall     INTEGER,
    -- What it should have been by the ledger, NULL the first time, and the difference in words of ours.
    credit_expected INTEGER,
    credit_words    TEXT    NOT NULL DEFAULT '',
    -- The last reservation that it can know of, and the IMSI of the SIM that it is on.
    credit_knows    INTEGER NOT NULL DEFAULT 0,
    credit_card     TEXT    NOT NULL DEFAULT '',
    -- Why the last question after it brought none, and when that was; empty where it did.
    credit_trouble  TEXT    NOT NULL DEFAULT '',
    trouble_wall    INTEGER,
    -- Since when the SIM is known to lie idle where nothing was ever sent with it.
    idle_at         INTEGER,
    -- Where quota time stood when it was last written down, and on which boot.
    boot_id         TEXT    NOT NULL DEFAULT '',
    boottime        INTEGER NOT NULL DEFAULT 0,
    quota_at        INTEGER NOT NULL DEFAULT 0,
    quota_wall      INTEGER NOT NULL DEFAULT 0,
    -- Was the wall clock synchronised then? Only between two such times is its difference believed.
    wall_trusted    INTEGER NOT NULL DEFAULT 0 CHECK (wall_trusted IN (0, 1)),
    -- Since when flooders' further texts are only counted, as storage.max is reached; NULL while there is room.
    counting_wall   INTEGER,
    -- Since when an operator waits for the SIM's credit to be asked for; NULL where nobody does.
    credit_asked_wall INTEGER
) STRICT;
INSERT INTO gateway (id) VALUES (1);

-- One row: what the daemon last saw of its modem, for those who ask while it runs.
CREATE TABLE modem (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    state           TEXT    NOT NULL DEFAULT 'stopped',
    detail          TEXT    NOT NULL DEFAULT '',
    device          TEXT    NOT NULL DEFAULT '',
    imei            TEXT    NOT NULL DEFAULT '',
    imsi            TEXT    NOT NULL DEFAULT '',
    operator        TEXT    NOT NULL DEFAULT '',
    signal_percent  INTEGER,
    registered      INTEGER NOT NULL DEFAULT 0 CHECK (registered IN (0, 1)),
    registered_at   INTEGER,
    -- Is it in another operator's network?
    roaming         INTEGER NOT NULL DEFAULT 0 CHECK (roaming IN (0, 1)),
    -- How much of its memory for messages is taken, in percent; NULL where that is not known.
    full_percent    INTEGER,
    seen_wall       INTEGER
) STRICT;
INSERT INTO modem (id) VALUES (1);

-- The modems that were at work here, so that another one is noticed and the same one is found again.
CREATE TABLE modems (
    imei            TEXT    PRIMARY KEY,
    imsi            TEXT    NOT NULL,
    maker           TEXT    NOT NULL,
    model           TEXT    NOT NULL,
    device          TEXT    NOT NULL,
    -- Of the several ttys of one stick, that of which USB interface; NULL where it is not USB.
    interface       INTEGER,
    first_wall      INTEGER NOT NULL,
    last_wall       INTEGER NOT NULL,
    -- Counts up: the highest is the modem that was used last, whatever the clock said.
    last_used       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When a modem that was at work was lost, and why. The oldest go when there are too many.
CREATE TABLE losses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    wall            INTEGER NOT NULL,
    cause           TEXT    NOT NULL
) STRICT;

-- PINs that were tried, so that a wrong one is never tried twice. The hash is salted and slow.
CREATE TABLE pins (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    imei            TEXT    NOT NULL,
    salt            BLOB    NOT NULL,
    hash            BLOB    NOT NULL,
    refused         INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
    accepted        INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1)),
    -- Tries since then whose outcome nobody knows. Counted before the PIN goes to the modem.
    unanswered      INTEGER NOT NULL DEFAULT 0 CHECK (unanswered >= 0),
    tried_wall      INTEGER NOT NULL
) STRICT;
CREATE INDEX pins_by_modem ON pins (imei);

-- Every message and call that came in, and what became of it. Parts that wait for the rest of
-- their message are not here yet.
CREATE TABLE inbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('sms', 'call', 'report', 'binary', 'undecodable')),
    number          TEXT    NOT NULL,
    received_number TEXT    NOT NULL,
    text            TEXT    NOT NULL DEFAULT '',
    -- What TEXT cannot hold: binary data, a PDU, the UTF-16 units of a text with lone surrogates.
    raw             BLOB,
    smsc_wall       INTEGER,
    received_at     INTEGER NOT NULL,
    received_wall   INTEGER NOT NULL,
    parts           INTEGER NOT NULL DEFAULT 1 CHECK (parts BETWEEN 1 AND 255),
    parts_missing   INTEGER NOT NULL DEFAULT 0 CHECK (parts_missing BETWEEN 0 AND 254),
    -- Of a delivery report: the modem's reference of the part that it reports on, and how that fared.
    report_reference INTEGER,
    report_delivered INTEGER CHECK (report_delivered IN (0, 1)),
    rings           INTEGER NOT NULL DEFAULT 0,
    last_ring_at    INTEGER,
    verdict         TEXT    CHECK (verdict IN ('reply', 'joined', 'declined')),
    reason          TEXT    NOT NULL DEFAULT '',
    reply_id        INTEGER REFERENCES outbox (id),
    judged_at       INTEGER,
    judged_wall     INTEGER,
    -- How often judging this row failed for a fault of the program's: such a row waits behind the others.
    faults          INTEGER NOT NULL DEFAULT 0,
    salt            BLOB    NOT NULL,
    CHECK (verdict IS NULL OR judged_at IS NOT NULL)
) STRICT;
CREATE INDEX inbox_unjudged ON inbox (faults, id) WHERE verdict IS NULL AND kind != 'report';
-- In the order in which they were judged: so the ranking reads what it has not heard yet.
CREATE INDEX inbox_by_verdict ON inbox (judged_at, id) WHERE judged_at IS NOT NULL;
CREATE INDEX inbox_by_number ON inbox (number, id);
CREATE INDEX inbox_by_reply ON inbox (reply_id) WHERE reply_id IS NOT NULL;
-- What retention has not emptied yet, so that it need not look at all the rest.
CREATE INDEX inbox_unforgotten ON inbox (received_at) WHERE salt != x'';

-- Texts of flooders that came while storage.max was reached: how many of whom, on which day (UTC,
-- days since 1970). What retention forgets of them lies under the number ''.
CREATE TABLE counted (
    number          TEXT    NOT NULL,
    day             INTEGER NOT NULL,
    messages        INTEGER NOT NULL CHECK (messages > 0),
    last_at         INTEGER NOT NULL,
    last_wall       INTEGER NOT NULL,
    PRIMARY KEY (number, day)
) STRICT, WITHOUT ROWID;

-- A long text of which not all parts have come. `number` is as received: it only has to be equal.
CREATE TABLE part_groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    number          TEXT    NOT NULL,
    reference       INTEGER NOT NULL,
    total           INTEGER NOT NULL CHECK (total BETWEEN 2 AND 255),
    smsc_wall       INTEGER,
    first_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX part_groups_by_sender ON part_groups (number, reference, total);

CREATE TABLE parts (
    group_id        INTEGER NOT NULL REFERENCES part_groups (id) ON DELETE CASCADE,
    part            INTEGER NOT NULL CHECK (part BETWEEN 1 AND 255),
    -- UTF-16 units: an emoji may be split over two parts, and neither half is storable text.
    units           BLOB    NOT NULL,
    PRIMARY KEY (group_id, part)
) STRICT, WITHOUT ROWID;

-- What is believed to lie in the modem although it is stored here already.
CREATE TABLE slots (
    card            TEXT    NOT NULL,
    memory          TEXT    NOT NULL CHECK (memory IN ('SM', 'ME')),
    location        INTEGER NOT NULL,
    fingerprint     BLOB    NOT NULL,
    -- NULL for a part whose message is not complete yet.
    message_id      INTEGER REFERENCES inbox (id),
    -- How often the modem refused to delete it.
    refusals        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (card, memory, location)
) STRICT, WITHOUT ROWID;

-- Everyone who wrote or called. Of those who may not be answered again, number and counts
-- outlive retention.
CREATE TABLE senders (
    number          TEXT    PRIMARY KEY,
    first_at        INTEGER NOT NULL,
    last_at         INTEGER NOT NULL,
    messages        INTEGER NOT NULL DEFAULT 0,
    calls           INTEGER NOT NULL DEFAULT 0,
    -- Answers that were sent, may have been sent, or are being sent.
    answers         INTEGER NOT NULL DEFAULT 0 CHECK (answers >= 0),
    answered_at     INTEGER,
    stopped_wall    INTEGER,
    -- Until when a flooder is not answered, and how often that came upon him.
    muted_until     INTEGER,
    mutes           INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Numbers, or prefixes that end in '*', which an operator blocked.
CREATE TABLE blocks (
    pattern         TEXT    PRIMARY KEY,
    since_wall      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Everything that the gateway means to send, and what became of it.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('reply', 'alert', 'keep_alive', 'test')),
    message_id      INTEGER REFERENCES inbox (id),
    number          TEXT    NOT NULL,
    country         TEXT    NOT NULL DEFAULT '',
    text            TEXT    NOT NULL,
    parts           INTEGER NOT NULL CHECK (parts BETWEEN 1 AND 255),
    cost            INTEGER NOT NULL CHECK (cost >= 0),
    state           TEXT    NOT NULL CHECK (state IN
                        ('scheduled', 'held', 'sending', 'sent', 'failed', 'in_doubt', 'expired', 'cancelled')),
    reason          TEXT    NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    created_wall    INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- Parts that the modem accepted, and its references of them, in order, as a JSON list.
    accepted        INTEGER NOT NULL DEFAULT 0,
    sent_references TEXT    NOT NULL DEFAULT '[]',
    sent_wall       INTEGER,
    -- Was the network asked to say whether it arrived, and since when is it known that all parts did?
    report_asked    INTEGER NOT NULL DEFAULT 0 CHECK (report_asked IN (0, 1)),
    delivered_wall  INTEGER,
    suspicion       REAL,
    -- Where the suspicion comes from, as a JSON list of {signal, log_odds, seen: {…}}.
    signals         TEXT    NOT NULL DEFAULT '[]',
    -- Of the last change of state; the trigger below writes it into the ledger.
    changed_at      INTEGER NOT NULL,
    changed_wall    INTEGER NOT NULL,
    salt            BLOB    NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'scheduled';
CREATE INDEX outbox_own_due ON outbox (due_at) WHERE state = 'scheduled' AND kind != 'reply';
CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE state IN ('scheduled', 'held');
CREATE INDEX outbox_by_number ON outbox (number, id);
CREATE INDEX outbox_by_state ON outbox (state, id);
-- Where retention empties a message, SQLite looks for the replies that refer to it.
CREATE INDEX outbox_by_message ON outbox (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_report_asked ON outbox (changed_at) WHERE report_asked = 1;
-- One modem sends one thing at a time.
CREATE UNIQUE INDEX outbox_one_sending ON outbox (state) WHERE state = 'sending';
-- Invariant 6: a number has at most one waiting reply.
CREATE UNIQUE INDEX outbox_one_waiting ON outbox (number)
    WHERE kind = 'reply' AND state IN ('scheduled', 'held', 'sending');

-- One row: whether sending stopped by itself, because the network refuses or nothing arrives.
CREATE TABLE breaker (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    -- NULL while all is well; else why it opened, and since when.
    cause           TEXT    CHECK (cause IN ('rejected', 'unreported')),
    since_at        INTEGER,
    since_wall      INTEGER,
    -- How often it opened without a success in between.
    times           INTEGER NOT NULL DEFAULT 0,
    -- Until when nothing is tried; of a trial, until when it may take to prove something.
    until_at        INTEGER,
    -- What is being tried.
    trial_id        INTEGER REFERENCES outbox (id),
    -- Only what was sent after this counts as sent without a report: then one came, or a person said so.
    proven_at       INTEGER NOT NULL DEFAULT 0,
    CHECK ((cause IS NULL) = (since_at IS NULL) AND (cause IS NULL) = (until_at IS NULL)),
    CHECK (cause IS NOT NULL OR trial_id IS NULL)
) STRICT;
INSERT INTO breaker (id) VALUES (1);

-- What the network rejected since it last took something.
CREATE TABLE rejections (
    reply_id        INTEGER PRIMARY KEY REFERENCES outbox (id)
) STRICT;

-- What was spent, or is being spent: one row for each claim. `parts` and `cost` are what still
-- counts; a release lowers them. Caps are reckoned from these rows alone.
CREATE TABLE reservations (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    reply_id        INTEGER NOT NULL REFERENCES outbox (id),
    recipient       TEXT    NOT NULL,
    parts           INTEGER NOT NULL CHECK (parts >= 0),
    cost            INTEGER NOT NULL CHECK (cost >= 0),
    claimed_at      INTEGER NOT NULL,
    settled_at      INTEGER,
    -- The sender's last answer before this one: a full release gives it back.
    answered_before INTEGER,
    changed_at      INTEGER NOT NULL,
    changed_wall    INTEGER NOT NULL,
    CHECK (settled_at IS NULL OR settled_at >= claimed_at)
) STRICT;
CREATE INDEX reservations_counting ON reservations (settled_at);
CREATE INDEX reservations_by_reply ON reservations (reply_id, id);
CREATE UNIQUE INDEX reservations_one_open ON reservations (settled_at IS NULL) WHERE settled_at IS NULL;

-- A release gives back no more than its reservation holds, and nothing is reserved by the back door.
CREATE TRIGGER reservations_only_shrink BEFORE UPDATE OF parts, cost ON reservations
WHEN NEW.parts > OLD.parts OR NEW.cost > OLD.cost
BEGIN
    SELECT RAISE(ABORT, 'a reservation only shrinks');
END;
CREATE TRIGGER reservations_no_delete BEFORE DELETE ON reservations
BEGIN
    SELECT RAISE(ABORT, 'a reservation only shrinks');
END;
-- A reply ends in a state that the ledger knows of, not by being gone.
CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox
BEGIN
    SELECT RAISE(ABORT, 'a reply is never deleted');
END;

-- Append-only and chained: each row's hash covers its content and the hash of the row before.
-- It holds ids, amounts and states, never a number or a text: those can be forgotten, the chain
-- stays whole. `content` is SHA-256(salt || content) and can be checked while both are kept.
CREATE TABLE ledger (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    wall            INTEGER NOT NULL,
    event           TEXT    NOT NULL,
    message_id      INTEGER,
    reply_id        INTEGER,
    reservation_id  INTEGER,
    state           TEXT    NOT NULL DEFAULT '',
    reason          TEXT    NOT NULL DEFAULT '',
    parts           INTEGER NOT NULL DEFAULT 0,
    cost            INTEGER NOT NULL DEFAULT 0,
    content         BLOB    NOT NULL DEFAULT x'',
    previous        BLOB    NOT NULL,
    hash            BLOB    NOT NULL
) STRICT;
CREATE INDEX ledger_by_reply ON ledger (reply_id, id) WHERE reply_id IS NOT NULL;
CREATE INDEX ledger_by_message ON ledger (message_id, id) WHERE message_id IS NOT NULL;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
-- INSERT OR REPLACE takes the old row out without asking the trigger above.
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- The one way to write into the ledger: it links the chain.
CREATE VIEW ledger_entry AS
    SELECT at, wall, event, message_id, reply_id, reservation_id, state, reason, parts, cost, content
    FROM ledger;
CREATE TRIGGER ledger_entry_link INSTEAD OF INSERT ON ledger_entry
BEGIN
    INSERT INTO ledger (at, wall, event, message_id, reply_id, reservation_id,
                        state, reason, parts, cost, content, previous, hash)
    -- VALUES, though the tip is looked up twice: an INSERT that selects from its own table first
    -- fills another, which costs more than everything else in here.
    VALUES (NEW.at, NEW.wall, NEW.event, NEW.message_id, NEW.reply_id, NEW.reservation_id,
            COALESCE(NEW.state, ''), COALESCE(NEW.reason, ''), COALESCE(NEW.parts, 0),
            COALESCE(NEW.cost, 0), COALESCE(NEW.content, x''),
            COALESCE((SELECT hash FROM ledger ORDER BY id DESC LIMIT 1), ZEROBLOB(32)),
            CHAIN_HASH(COALESCE((SELECT hash FROM ledger ORDER BY id DESC LIMIT 1), ZEROBLOB(32)),
                       NEW.at, NEW.wall, NEW.event, NEW.message_id, NEW.reply_id,
                       NEW.reservation_id, COALESCE(NEW.state, ''), COALESCE(NEW.reason, ''),
                       COALESCE(NEW.parts, 0), COALESCE(NEW.cost, 0), COALESCE(NEW.content, x'')));
END;

CREATE TRIGGER inbox_received AFTER INSERT ON inbox
BEGIN
    INSERT INTO ledger_entry (at, wall, event, message_id, state, parts, content)
    VALUES (NEW.received_at, NEW.received_wall, 'received', NEW.id, NEW.kind, NEW.parts - NEW.parts_missing,
            CONTENT_HASH(NEW.salt, NEW.received_number, NEW.text, NEW.raw));
END;
CREATE TRIGGER inbox_judged AFTER UPDATE OF verdict ON inbox
WHEN NEW.verdict IS NOT OLD.verdict
BEGIN
    INSERT INTO ledger_entry (at, wall, event, message_id, reply_id, state, reason)
    VALUES (NEW.judged_at, NEW.judged_wall, 'judged', NEW.id, NEW.reply_id, NEW.verdict, NEW.reason);
END;
CREATE TRIGGER outbox_born AFTER INSERT ON outbox
BEGIN
    INSERT INTO ledger_entry (at, wall, event, message_id, reply_id, state, reason, parts, cost, content)
    VALUES (NEW.changed_at, NEW.changed_wall, 'reply', NEW.message_id, NEW.id, NEW.state, NEW.reason,
            NEW.parts, NEW.cost, CONTENT_HASH(NEW.salt, NEW.number, NEW.text, NULL));
END;
CREATE TRIGGER outbox_moved AFTER UPDATE OF state ON outbox
WHEN NEW.state IS NOT OLD.state
BEGIN
    INSERT INTO ledger_entry (at, wall, event, message_id, reply_id, state, reason, parts, cost)
    VALUES (NEW.changed_at, NEW.changed_wall, 'reply', NEW.message_id, NEW.id, NEW.state, NEW.reason,
            NEW.accepted, 0);
END;
CREATE TRIGGER reservations_made AFTER INSERT ON reservations
BEGIN
    INSERT INTO ledger_entry (at, wall, event, reply_id, reservation_id, parts, cost)
    VALUES (NEW.changed_at, NEW.changed_wall, 'reserved', NEW.reply_id, NEW.id, NEW.parts, NEW.cost);
END;
CREATE TRIGGER reservations_settled AFTER UPDATE OF settled_at ON reservations
WHEN NEW.settled_at IS NOT OLD.settled_at
BEGIN
    INSERT INTO ledger_entry (at, wall, event, reply_id, reservation_id, parts, cost)
    VALUES (NEW.changed_at, NEW.changed_wall, 'settled', NEW.reply_id, NEW.id, NEW.parts, NEW.cost);
END;
CREATE TRIGGER reservations_released AFTER UPDATE OF parts, cost ON reservations
WHEN NEW.parts < OLD.parts OR NEW.cost < OLD.cost
BEGIN
    INSERT INTO ledger_entry (at, wall, event, reply_id, reservation_id, parts, cost)
    VALUES (NEW.changed_at, NEW.changed_wall, 'released', NEW.reply_id, NEW.id,
            OLD.parts - NEW.parts, OLD.cost - NEW.cost);
END;
