BEGIN TRANSACTION;
CREATE TABLE blocks (
    pattern         TEXT    PRIMARY KEY,
    since_wall      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "blocks" VALUES('+3375*',1772823667000);
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
INSERT INTO "breaker" VALUES(1,'rejected',1772820013000,1772823630000,1,1772820913000,NULL,0);
CREATE TABLE counted (
    number          TEXT    NOT NULL,
    day             INTEGER NOT NULL,
    messages        INTEGER NOT NULL CHECK (messages > 0),
    last_at         INTEGER NOT NULL,
    last_wall       INTEGER NOT NULL,
    PRIMARY KEY (number, day)
) STRICT, WITHOUT ROWID;
INSERT INTO "counted" VALUES('+33612345678',20518,1,1772820014000,1772823631000);
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
INSERT INTO "gateway" VALUES(1,1772823668000,'a raid',NULL,NULL,NULL,NULL,NULL,NULL,'',0,'','',NULL,NULL,'3b1f',81000,1772820060000,1772823677000,1,NULL,NULL);
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
INSERT INTO "inbox" VALUES(1,'sms','+33612345678','+33612345678','Salut, c''est Karim',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'reply','first_contact',1,1772820002000,1772823619000,0,X'074B23C8815B9CE15D2B40E87EC756B6');
INSERT INTO "inbox" VALUES(2,'sms','+33687654321','+33687654321','T’es où ? 😂',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'reply','first_contact',2,1772820007000,1772823624000,0,X'2CA19E83E6E06EE5472D3FAF28813119');
INSERT INTO "inbox" VALUES(3,'sms','+33687654321','+33687654321','demi �',X'00640065006D00690020D83D',1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'6DB9E0CB70B9E0E3AC503A803A69E0C2');
INSERT INTO "inbox" VALUES(4,'report','+33612345678','+33612345678','delivered (0x00)',NULL,1772823620000,1772820001000,1772823618000,1,0,17,1,0,NULL,NULL,'',NULL,NULL,NULL,0,X'A509D928B2DB0723222B88B459B2D422');
INSERT INTO "inbox" VALUES(5,'binary','MMSC','MMSC','',X'00FF',NULL,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'6DEAEECB9FD66E0DD829BAA13E95853F');
INSERT INTO "inbox" VALUES(6,'undecodable','','','CORRUPTED',X'0791',NULL,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'89C62F7AB424B3FEC9749B965691DAA3');
INSERT INTO "inbox" VALUES(7,'sms','+33612345678','+33612345678','un deux',NULL,1772820000000,1772820001000,1772823618000,2,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'B499DF9EE77A836AFB663238F5774F85');
INSERT INTO "inbox" VALUES(8,'sms','AMENDES','AMENDES','payez',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'declined','name',NULL,1772820009000,1772823626000,0,X'FA5B3340B305096E66EBCFF4E9F52CEE');
INSERT INTO "inbox" VALUES(9,'call','+33687654321','+33687654321','',NULL,NULL,1772820001000,1772823618000,1,0,NULL,NULL,1,1772820001000,NULL,'',NULL,NULL,NULL,0,X'6BEB28F4D1382046EE906C10F1E4B658');
INSERT INTO "inbox" VALUES(10,'call','','','',NULL,NULL,1772820001000,1772823618000,1,0,NULL,NULL,1,1772820001000,NULL,'',NULL,NULL,NULL,0,X'A1DC90BEA547B70E0AC28DA93A9D41D1');
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
INSERT INTO "ledger" VALUES(1,1772820001000,1772823618000,'received',1,NULL,NULL,'sms','',1,0,X'4BD9D1F553E925D1D3CE4E3B4A6B2B0B59CC1AF38CB3958B521701F9C56CC02E',X'0000000000000000000000000000000000000000000000000000000000000000',X'3F707087269B0DDBAC0BCF531A9C28C895F6AEA439B29187A414689791794223');
INSERT INTO "ledger" VALUES(2,1772820001000,1772823618000,'received',2,NULL,NULL,'sms','',1,0,X'E5281B7AE1569C56D9F5DEBC82B1D50B7499371370EE247BC98C6C328106FEAE',X'3F707087269B0DDBAC0BCF531A9C28C895F6AEA439B29187A414689791794223',X'6308D8EBA80C0FF2A1260744E9F53E71C951CAD9645662780DFC6CC92467DC61');
INSERT INTO "ledger" VALUES(3,1772820001000,1772823618000,'received',3,NULL,NULL,'sms','',1,0,X'99061EC2D8245FFBA02E6DD0DC0CC8779D5E6E475DB2363FB5F5FC72C0C4E11F',X'6308D8EBA80C0FF2A1260744E9F53E71C951CAD9645662780DFC6CC92467DC61',X'1597980FDEA91AB6C612297301153613888FB44C75F2F37AAF5B54B6B676D8FF');
INSERT INTO "ledger" VALUES(4,1772820001000,1772823618000,'received',4,NULL,NULL,'report','',1,0,X'EFE7ECB5E101689A8C587ABD0A1C0A02C2C7C7D1A9840BAB430C00D15018880D',X'1597980FDEA91AB6C612297301153613888FB44C75F2F37AAF5B54B6B676D8FF',X'917E39E9A260780806D33C5136CA845D49773E531FF2382AD4AEA19BF3602BB0');
INSERT INTO "ledger" VALUES(5,1772820001000,1772823618000,'received',5,NULL,NULL,'binary','',1,0,X'8BA7C845BB94D91EF528BA5F3E67130F6308E14CCEAB6462E8C488F079556169',X'917E39E9A260780806D33C5136CA845D49773E531FF2382AD4AEA19BF3602BB0',X'04C8E4CA3174738C207AD9DCB0C82E7B07FEE9A7E27D7F741DB6B0DF874C4C03');
INSERT INTO "ledger" VALUES(6,1772820001000,1772823618000,'received',6,NULL,NULL,'undecodable','',1,0,X'672E10D21FE674BC2177DC9F5ACEB34DC6D78C5E25DC11336E398A2D9AA484A3',X'04C8E4CA3174738C207AD9DCB0C82E7B07FEE9A7E27D7F741DB6B0DF874C4C03',X'A016C8A7148F71E68BD0A318744902859812F13B04B65C2356958B0EB4577431');
INSERT INTO "ledger" VALUES(7,1772820001000,1772823618000,'received',7,NULL,NULL,'sms','',2,0,X'B6621A10F627FF005AE136E5D927CFEE9B3AEFCBEE1D0B18FF3551D89839F7A6',X'A016C8A7148F71E68BD0A318744902859812F13B04B65C2356958B0EB4577431',X'D2BE3E52C092F2DB76757FB66570E72A0D566AC7DA5120B46877A4A87AE7A2D8');
INSERT INTO "ledger" VALUES(8,1772820001000,1772823618000,'received',8,NULL,NULL,'sms','',1,0,X'D331551A6DFD9E06A2A4CAC0D8248756FE0D70BF7D448FB2F963826CADB4FB23',X'D2BE3E52C092F2DB76757FB66570E72A0D566AC7DA5120B46877A4A87AE7A2D8',X'5AD3C8B1A4BED626328DCAC6B17170FC1CA50F4BC969D30615CF797AF188714D');
INSERT INTO "ledger" VALUES(9,1772820001000,1772823618000,'received',9,NULL,NULL,'call','',1,0,X'ED272385B953C126949343BC618194183D764CB77756393981EB0349168BE391',X'5AD3C8B1A4BED626328DCAC6B17170FC1CA50F4BC969D30615CF797AF188714D',X'08D55F9559C41DCFA84E66254B16115DA69C37E2483BB6BB51FF156165B81CF0');
INSERT INTO "ledger" VALUES(10,1772820001000,1772823618000,'received',10,NULL,NULL,'call','',1,0,X'0D22672855D31F751DC04B19C2BEDE30A307E6609021A59D02D927BA4241C1C4',X'08D55F9559C41DCFA84E66254B16115DA69C37E2483BB6BB51FF156165B81CF0',X'5CD8CBD8E88D850C6F3ABB664DDEAFDAEBBF558926C55C495417A77927A79F3F');
INSERT INTO "ledger" VALUES(11,1772820002000,1772823619000,'reply',1,1,NULL,'scheduled','',3,480000,X'70FDC80EC1DB7AE6ED9116C8D368525147730C34F14F9F44D373C41B17661C37',X'5CD8CBD8E88D850C6F3ABB664DDEAFDAEBBF558926C55C495417A77927A79F3F',X'B8AFC13F1C961BD7EDF7B575D9CC74AF1ABA1E7CF1C014F6D0F03F8D39328D63');
INSERT INTO "ledger" VALUES(12,1772820002000,1772823619000,'reply',1,1,NULL,'sending','',0,0,X'',X'B8AFC13F1C961BD7EDF7B575D9CC74AF1ABA1E7CF1C014F6D0F03F8D39328D63',X'FE0B4805153B89A2FA0D89D89B139D2955A2E3C20493DD47757E68689183FB26');
INSERT INTO "ledger" VALUES(13,1772820002000,1772823619000,'reserved',NULL,1,1,'','',3,480000,X'',X'FE0B4805153B89A2FA0D89D89B139D2955A2E3C20493DD47757E68689183FB26',X'6A1455FF14586B0F48107BFE6D3A72251655FF090BCFE681B84B67FA5A70DFB8');
INSERT INTO "ledger" VALUES(14,1772820002000,1772823619000,'judged',1,1,NULL,'reply','first_contact',0,0,X'',X'6A1455FF14586B0F48107BFE6D3A72251655FF090BCFE681B84B67FA5A70DFB8',X'F722DA7E901A59F24A57090497A7BF165F15D55E65CB76F2BA447FEE5E7DB299');
INSERT INTO "ledger" VALUES(15,1772820006000,1772823623000,'reply',1,1,NULL,'sent','',3,0,X'',X'F722DA7E901A59F24A57090497A7BF165F15D55E65CB76F2BA447FEE5E7DB299',X'B7D34A752C918F9DC26A345D495B6BFD051FDD5FBC5A9FB2C4D7567293262E05');
INSERT INTO "ledger" VALUES(16,1772820006000,1772823623000,'settled',NULL,1,1,'','',3,480000,X'',X'B7D34A752C918F9DC26A345D495B6BFD051FDD5FBC5A9FB2C4D7567293262E05',X'10D57E1638DBE173887F32DFFF9A36066BF6900D21EDD88BE09EF8CB996500FD');
INSERT INTO "ledger" VALUES(17,1772820007000,1772823624000,'reply',2,2,NULL,'scheduled','',2,320000,X'2674302AD49F4DA70DE7266EA2E73056785494E96F6F4633215EAFBE27531984',X'10D57E1638DBE173887F32DFFF9A36066BF6900D21EDD88BE09EF8CB996500FD',X'0EB00656D0B6CBCDBB395AD209EC7F04C01B67F10D66D98CA37AA12516A1447E');
INSERT INTO "ledger" VALUES(18,1772820007000,1772823624000,'reply',2,2,NULL,'sending','',0,0,X'',X'0EB00656D0B6CBCDBB395AD209EC7F04C01B67F10D66D98CA37AA12516A1447E',X'D26074B7627D699D8856AE0C2E3B43EF77E1C8D638D95DA20FD89A3DCD12A863');
INSERT INTO "ledger" VALUES(19,1772820007000,1772823624000,'reserved',NULL,2,2,'','',2,320000,X'',X'D26074B7627D699D8856AE0C2E3B43EF77E1C8D638D95DA20FD89A3DCD12A863',X'BF2BA6A5031E7E11CBC5EF3565E28ACAB2CC199BBA2E327894F26AA20F9804DD');
INSERT INTO "ledger" VALUES(20,1772820007000,1772823624000,'judged',2,2,NULL,'reply','first_contact',0,0,X'',X'BF2BA6A5031E7E11CBC5EF3565E28ACAB2CC199BBA2E327894F26AA20F9804DD',X'1467C588DEC43A6016632DCCE4816AA0E2D0C590CE7B86193E0D24E4342DC539');
INSERT INTO "ledger" VALUES(21,1772820008000,1772823625000,'reply',2,2,NULL,'in_doubt','no answer',0,0,X'',X'1467C588DEC43A6016632DCCE4816AA0E2D0C590CE7B86193E0D24E4342DC539',X'305E94C71DB88389102431810E19EF422EDD5627B1CCBD0CF25EDDCDADF50440');
INSERT INTO "ledger" VALUES(22,1772820008000,1772823625000,'settled',NULL,2,2,'','',2,320000,X'',X'305E94C71DB88389102431810E19EF422EDD5627B1CCBD0CF25EDDCDADF50440',X'A294E898D6941098C24B4A9A75778ACDF6E179F4A46F9B210E9A5959ECC0EAE2');
INSERT INTO "ledger" VALUES(23,1772820008000,1772823625000,'released',NULL,2,2,'','',1,160000,X'',X'A294E898D6941098C24B4A9A75778ACDF6E179F4A46F9B210E9A5959ECC0EAE2',X'E97AF01CDD2FC87C4148D5A92C11ADDA024FCD65078E3AAB5BA5AB658110031A');
INSERT INTO "ledger" VALUES(24,1772820009000,1772823626000,'judged',8,NULL,NULL,'declined','name',0,0,X'',X'E97AF01CDD2FC87C4148D5A92C11ADDA024FCD65078E3AAB5BA5AB658110031A',X'0215BC10F3F4FD9810101513544A37ADE2D7E1F3BB1B0F81A60EF45235837579');
INSERT INTO "ledger" VALUES(25,1772820010000,1772823627000,'reply',NULL,3,NULL,'scheduled','',3,480000,X'7A5CA9690C8649A8E1D9556331ED5A456BB4BCBB7A91AB8F9F09DD6A025C6D89',X'0215BC10F3F4FD9810101513544A37ADE2D7E1F3BB1B0F81A60EF45235837579',X'1CE990A78725E255728A0E7389357788B86099B2B1F44643296FA2855392AA53');
INSERT INTO "ledger" VALUES(26,1772820011000,1772823628000,'reply',NULL,4,NULL,'scheduled','',3,480000,X'6C906AA6DF800D31882B33CA130934513E164B3EC50A3332FF4981D1AB64CD68',X'1CE990A78725E255728A0E7389357788B86099B2B1F44643296FA2855392AA53',X'69A7EE9253D136A27B41BA5C1FCAE209ADE648C6136E526AF165ADD34734B252');
INSERT INTO "ledger" VALUES(27,1772820012000,1772823629000,'reply',NULL,4,NULL,'cancelled','by an operator',0,0,X'',X'69A7EE9253D136A27B41BA5C1FCAE209ADE648C6136E526AF165ADD34734B252',X'D3743B2570F627EFB48958A7E632E7ED23E32029CB4C1D4794D1845EA6065892');
INSERT INTO "ledger" VALUES(28,1772820013000,1772823630000,'breaker_opened',NULL,NULL,NULL,'','rejected',0,0,X'',X'D3743B2570F627EFB48958A7E632E7ED23E32029CB4C1D4794D1845EA6065892',X'F50D47C4A2C49BF3DF20C73C84AB320A27E145377CBDF99578734493295A2388');
INSERT INTO "ledger" VALUES(29,1772820051000,1772823668000,'paused',NULL,NULL,NULL,'','',0,0,X'',X'F50D47C4A2C49BF3DF20C73C84AB320A27E145377CBDF99578734493295A2388',X'61F1177E7740313478D4ADF774B497C447A529E1E001F2F3B4ACDCBBE5212A25');
CREATE TABLE losses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    wall            INTEGER NOT NULL,
    cause           TEXT    NOT NULL
) STRICT;
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
INSERT INTO "modem" VALUES(1,'ready','','/dev/relou-modem','356938035643809','208011234567890','20801',61,1,1772820053000,0,NULL,1772823670000);
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
INSERT INTO "outbox" VALUES(1,'reply',1,'+33612345678','FR','Un non est un non.',3,480000,'sent','',1772820002000,1772823619000,1772820000000,1772863200000,1,3,'[1, 2, 3]',1772823623000,0,NULL,NULL,'[]',1772820006000,1772823623000,X'B73A7D4EC41AD67AB385E19785DE0EEF');
INSERT INTO "outbox" VALUES(2,'reply',2,'+33687654321','FR','Un non est un non.',2,320000,'in_doubt','no answer',1772820007000,1772823624000,1772820000000,1772863200000,1,0,'[]',NULL,0,NULL,NULL,'[]',1772820008000,1772823625000,X'DE0D26188F6E4FBA4AD3E804C468C403');
INSERT INTO "outbox" VALUES(3,'reply',NULL,'+33611111111','FR','Un non est un non.',3,480000,'scheduled','',1772820010000,1772823627000,1772820060000,1772906460000,0,0,'[]',NULL,0,NULL,NULL,'[]',1772820010000,1772823627000,X'064A7E0E50773BAE39825A767C794526');
INSERT INTO "outbox" VALUES(4,'reply',NULL,'+33622222222','FR','Un non est un non.',3,480000,'cancelled','by an operator',1772820011000,1772823628000,1772820000000,1772863200000,0,0,'[]',NULL,0,NULL,NULL,'[]',1772820012000,1772823629000,X'B53A6D06013AE20B2B778D46448C5BF5');
CREATE TABLE part_groups (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    number          TEXT    NOT NULL,
    reference       INTEGER NOT NULL,
    total           INTEGER NOT NULL CHECK (total BETWEEN 2 AND 255),
    smsc_wall       INTEGER,
    first_at        INTEGER NOT NULL
) STRICT;
INSERT INTO "part_groups" VALUES(2,'+33612345678',8,2,1772820000000,1772820001000);
CREATE TABLE parts (
    group_id        INTEGER NOT NULL REFERENCES part_groups (id) ON DELETE CASCADE,
    part            INTEGER NOT NULL CHECK (part BETWEEN 1 AND 255),
    -- UTF-16 units: an emoji may be split over two parts, and neither half is storable text.
    units           BLOB    NOT NULL,
    PRIMARY KEY (group_id, part)
) STRICT, WITHOUT ROWID;
INSERT INTO "parts" VALUES(2,1,X'00740072006F006900730020');
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
CREATE TABLE rejections (
    reply_id        INTEGER PRIMARY KEY REFERENCES outbox (id)
) STRICT;
INSERT INTO "rejections" VALUES(4);
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
INSERT INTO "reservations" VALUES(1,1,'+33612345678',3,480000,1772820002000,1772820006000,NULL,1772820006000,1772823623000);
INSERT INTO "reservations" VALUES(2,2,'+33687654321',1,160000,1772820007000,1772820008000,NULL,1772820008000,1772823625000);
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
INSERT INTO "senders" VALUES('+33611111111',1772820010000,1772820010000,1,0,0,NULL,NULL,NULL,0);
INSERT INTO "senders" VALUES('+33612345678',1772820002000,1772820002000,1,0,1,1772820006000,NULL,NULL,0);
INSERT INTO "senders" VALUES('+33622222222',1772820011000,1772820011000,1,0,0,NULL,1772823629000,NULL,0);
INSERT INTO "senders" VALUES('+33687654321',1772820007000,1772820007000,1,0,1,1772820008000,NULL,NULL,0);
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
INSERT INTO "slots" VALUES('208011234567890','SM',9,X'85B90ECEA7B59DAC957D3762F10F40B83C448966F3B0D7F1565F6194E8A8AA0E',NULL,0);
INSERT INTO "slots" VALUES('208011234567890','SM',10,X'DA04BC05359FA4F3B95AC1AFD05D823BD9A97024E3881358549E979058E33B23',8,1);
CREATE INDEX pins_by_modem ON pins (imei);
CREATE INDEX inbox_unjudged ON inbox (faults, id) WHERE verdict IS NULL AND kind != 'report';
CREATE INDEX inbox_by_verdict ON inbox (judged_at, id) WHERE judged_at IS NOT NULL;
CREATE INDEX inbox_by_number ON inbox (number, id);
CREATE INDEX inbox_by_reply ON inbox (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX inbox_unforgotten ON inbox (received_at) WHERE salt != x'';
CREATE INDEX part_groups_by_sender ON part_groups (number, reference, total);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'scheduled';
CREATE INDEX outbox_own_due ON outbox (due_at) WHERE state = 'scheduled' AND kind != 'reply';
CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE state IN ('scheduled', 'held');
CREATE INDEX outbox_by_number ON outbox (number, id);
CREATE INDEX outbox_by_state ON outbox (state, id);
CREATE INDEX outbox_by_message ON outbox (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_report_asked ON outbox (changed_at) WHERE report_asked = 1;
CREATE UNIQUE INDEX outbox_one_sending ON outbox (state) WHERE state = 'sending';
CREATE UNIQUE INDEX outbox_one_waiting ON outbox (number)
    WHERE kind = 'reply' AND state IN ('scheduled', 'held', 'sending');
CREATE INDEX reservations_counting ON reservations (settled_at);
CREATE INDEX reservations_by_reply ON reservations (reply_id, id);
CREATE UNIQUE INDEX reservations_one_open ON reservations (settled_at IS NULL) WHERE settled_at IS NULL;
CREATE TRIGGER reservations_only_shrink BEFORE UPDATE OF parts, cost ON reservations
WHEN NEW.parts > OLD.parts OR NEW.cost > OLD.cost
BEGIN
    SELECT RAISE(ABORT, 'a reservation only shrinks');
END;
CREATE TRIGGER reservations_no_delete BEFORE DELETE ON reservations
BEGIN
    SELECT RAISE(ABORT, 'a reservation only shrinks');
END;
CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox
BEGIN
    SELECT RAISE(ABORT, 'a reply is never deleted');
END;
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
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('ledger',29);
INSERT INTO "sqlite_sequence" VALUES('inbox',10);
INSERT INTO "sqlite_sequence" VALUES('part_groups',2);
INSERT INTO "sqlite_sequence" VALUES('outbox',4);
INSERT INTO "sqlite_sequence" VALUES('reservations',2);
COMMIT;
PRAGMA application_id = 1919249525;
PRAGMA user_version = 2;
