-- Version 2: a bound for what flooders can make grow (storage.max), and retention that looks only at
-- what it has not emptied yet.
ALTER TABLE gateway ADD COLUMN counting_wall INTEGER;

CREATE TABLE counted (
    number          TEXT    NOT NULL,
    day             INTEGER NOT NULL,
    messages        INTEGER NOT NULL CHECK (messages > 0),
    last_at         INTEGER NOT NULL,
    last_wall       INTEGER NOT NULL,
    PRIMARY KEY (number, day)
) STRICT, WITHOUT ROWID;

DROP INDEX inbox_by_time;
CREATE INDEX inbox_unforgotten ON inbox (received_at) WHERE salt != x'';
CREATE INDEX outbox_by_message ON outbox (message_id) WHERE message_id IS NOT NULL;

-- An operator may ask for the SIM's credit, and losses of the modem are counted.
ALTER TABLE gateway ADD COLUMN credit_asked_wall INTEGER;

CREATE TABLE losses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    wall            INTEGER NOT NULL,
    cause           TEXT    NOT NULL
) STRICT;
