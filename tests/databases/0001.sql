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
    wall_trusted    INTEGER NOT NULL DEFAULT 0 CHECK (wall_trusted IN (0, 1))
) STRICT;
INSERT INTO "gateway" VALUES(1,1772823668000,'a raid',NULL,NULL,NULL,NULL,NULL,NULL,'',0,'','',NULL,NULL,'3b1f',81000,1772820060000,1772823677000,1);
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
INSERT INTO "inbox" VALUES(1,'sms','+33612345678','+33612345678','Salut, c''est Karim',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'reply','first_contact',1,1772820002000,1772823619000,0,X'460A851EAF85958AEB09250764B358C9');
INSERT INTO "inbox" VALUES(2,'sms','+33687654321','+33687654321','T’es où ? 😂',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'reply','first_contact',2,1772820007000,1772823624000,0,X'518EA3159C3C280053FB98DB5FF6D896');
INSERT INTO "inbox" VALUES(3,'sms','+33687654321','+33687654321','demi �',X'00640065006D00690020D83D',1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'0800CFED3C4DD15C116E761419F2AB32');
INSERT INTO "inbox" VALUES(4,'report','+33612345678','+33612345678','delivered (0x00)',NULL,1772823620000,1772820001000,1772823618000,1,0,17,1,0,NULL,NULL,'',NULL,NULL,NULL,0,X'C0F236046AF9176B996CCB10D71A4D74');
INSERT INTO "inbox" VALUES(5,'binary','MMSC','MMSC','',X'00FF',NULL,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'56D1F78371606F5BDECCD8C996476EA5');
INSERT INTO "inbox" VALUES(6,'undecodable','','','CORRUPTED',X'0791',NULL,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'8E2776F8EDCB1861D7B3BEEF00579991');
INSERT INTO "inbox" VALUES(7,'sms','+33612345678','+33612345678','un deux',NULL,1772820000000,1772820001000,1772823618000,2,0,NULL,NULL,0,NULL,NULL,'',NULL,NULL,NULL,0,X'F40B5E01928B565CD511BC1DA191D60B');
INSERT INTO "inbox" VALUES(8,'sms','AMENDES','AMENDES','payez',NULL,1772820000000,1772820001000,1772823618000,1,0,NULL,NULL,0,NULL,'declined','name',NULL,1772820009000,1772823626000,0,X'20046655EA415CEDF529E8C0A03F5B5B');
INSERT INTO "inbox" VALUES(9,'call','+33687654321','+33687654321','',NULL,NULL,1772820001000,1772823618000,1,0,NULL,NULL,1,1772820001000,NULL,'',NULL,NULL,NULL,0,X'63E70AC3D8880B4C2E7170871E0ED66D');
INSERT INTO "inbox" VALUES(10,'call','','','',NULL,NULL,1772820001000,1772823618000,1,0,NULL,NULL,1,1772820001000,NULL,'',NULL,NULL,NULL,0,X'01F650B8FDFB339818FCE0DCAA562DE8');
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
INSERT INTO "ledger" VALUES(1,1772820001000,1772823618000,'received',1,NULL,NULL,'sms','',1,0,X'01696AFC847BD2A2132CECD89321E1BFFFFD2DE9AB0465C290DADF8A4706095F',X'0000000000000000000000000000000000000000000000000000000000000000',X'2885502E9B3A7742E2351077CACC85822A30EF6EE05C6366D34BA09B75B2FD50');
INSERT INTO "ledger" VALUES(2,1772820001000,1772823618000,'received',2,NULL,NULL,'sms','',1,0,X'E6D8A6CE921AD105491F0F6740663127809817C43D1AE9925B8F64C0A1E27C1E',X'2885502E9B3A7742E2351077CACC85822A30EF6EE05C6366D34BA09B75B2FD50',X'7303689CF06AE3B1FD07E849BA2710736B4E985FF68E69EBAE6FCE9641ABC8F8');
INSERT INTO "ledger" VALUES(3,1772820001000,1772823618000,'received',3,NULL,NULL,'sms','',1,0,X'09B7DFE6A9F8D607C96FDE4F7E37A285C07B2A49B635B00901C8C4E2ACAB24C2',X'7303689CF06AE3B1FD07E849BA2710736B4E985FF68E69EBAE6FCE9641ABC8F8',X'63ACE0F7DD117E67340F02761968D7B13CE9992FC7229CEF780FAC0C07934F20');
INSERT INTO "ledger" VALUES(4,1772820001000,1772823618000,'received',4,NULL,NULL,'report','',1,0,X'0F8D2B0140651841A472BA59783C5B1EE17BA4E7F1D28AFF743FB177363E1CD7',X'63ACE0F7DD117E67340F02761968D7B13CE9992FC7229CEF780FAC0C07934F20',X'A5E8861C01621AFE863E75097775063D22FEAB928DE10CD8CD5FCDC4944144D0');
INSERT INTO "ledger" VALUES(5,1772820001000,1772823618000,'received',5,NULL,NULL,'binary','',1,0,X'98FFDD76A932F82E0E4F63C70DC50785B4018C7E259E2335F612EEFC81D2418C',X'A5E8861C01621AFE863E75097775063D22FEAB928DE10CD8CD5FCDC4944144D0',X'4A4BCE619590845705633FD4E0D551AC028F574FD9B020889FEF5EA4692CA84C');
INSERT INTO "ledger" VALUES(6,1772820001000,1772823618000,'received',6,NULL,NULL,'undecodable','',1,0,X'0429A6DE188D7ACF14175C634FFFEE8FF19330894D6A79DC19A1BD15A38CE823',X'4A4BCE619590845705633FD4E0D551AC028F574FD9B020889FEF5EA4692CA84C',X'639237A7F33CB561080B7DF4CBDB4C2D610E787F389B40682E2321DF27829964');
INSERT INTO "ledger" VALUES(7,1772820001000,1772823618000,'received',7,NULL,NULL,'sms','',2,0,X'E8C3394886C2FF9452554EC8328259FB54021C700B0E356621BB151048E3F54B',X'639237A7F33CB561080B7DF4CBDB4C2D610E787F389B40682E2321DF27829964',X'0F4F34C5621D9A9F7937989BC6DF5F9EBF5C8275F22FA97C93C4AF902EDBF477');
INSERT INTO "ledger" VALUES(8,1772820001000,1772823618000,'received',8,NULL,NULL,'sms','',1,0,X'6DCC2CE64596E2BEA3CC89544A66F0EF9001AEC15E723DA96524A04C32E2CCDD',X'0F4F34C5621D9A9F7937989BC6DF5F9EBF5C8275F22FA97C93C4AF902EDBF477',X'21DF02B8AE3923C1FC7628454415F20E7FAEB914963DE66E23B1E9E6F356D9B6');
INSERT INTO "ledger" VALUES(9,1772820001000,1772823618000,'received',9,NULL,NULL,'call','',1,0,X'EEE6CF15C9D6E009089ABEA7766E21696FB6191E789E6198D9EE201FEE0570BB',X'21DF02B8AE3923C1FC7628454415F20E7FAEB914963DE66E23B1E9E6F356D9B6',X'A030C6C51262F3000AB10DA621D76AB5682CE1EBF0115395302CC38544AD270A');
INSERT INTO "ledger" VALUES(10,1772820001000,1772823618000,'received',10,NULL,NULL,'call','',1,0,X'48D134432DAD9D5ABADD9B1CF81236D3B55211661E402361809000C5FAE49CE6',X'A030C6C51262F3000AB10DA621D76AB5682CE1EBF0115395302CC38544AD270A',X'A72EF1592B0C08489F05F396E646428DFC749F2C5697B68BEF83C6CEABE9384F');
INSERT INTO "ledger" VALUES(11,1772820002000,1772823619000,'reply',1,1,NULL,'scheduled','',3,480000,X'BECE9EA4C12F0B4B82EE5D1A88C4F3D06E3F82F0FAB97FC35812AC9F005536D4',X'A72EF1592B0C08489F05F396E646428DFC749F2C5697B68BEF83C6CEABE9384F',X'908AFFB214FFE0880E5E853A2B1CC343F7F404FF2389AA3F26EBB6E82DA5C38B');
INSERT INTO "ledger" VALUES(12,1772820002000,1772823619000,'reply',1,1,NULL,'sending','',0,0,X'',X'908AFFB214FFE0880E5E853A2B1CC343F7F404FF2389AA3F26EBB6E82DA5C38B',X'525A7A59B941F916EDE5B60EAF24082A29E5F40B76371AC09961C63F75C8F0DC');
INSERT INTO "ledger" VALUES(13,1772820002000,1772823619000,'reserved',NULL,1,1,'','',3,480000,X'',X'525A7A59B941F916EDE5B60EAF24082A29E5F40B76371AC09961C63F75C8F0DC',X'E9943E4D8FEB74D9AD46F93717ECB5AF77D2F25C98C6C49C67A05405D0DC3EE1');
INSERT INTO "ledger" VALUES(14,1772820002000,1772823619000,'judged',1,1,NULL,'reply','first_contact',0,0,X'',X'E9943E4D8FEB74D9AD46F93717ECB5AF77D2F25C98C6C49C67A05405D0DC3EE1',X'02BE6AE4093254C428F58F8E3251AE5A351A7408112CB86A1A9DBDE194ECC1C6');
INSERT INTO "ledger" VALUES(15,1772820006000,1772823623000,'reply',1,1,NULL,'sent','',3,0,X'',X'02BE6AE4093254C428F58F8E3251AE5A351A7408112CB86A1A9DBDE194ECC1C6',X'D4FA249714865449F5C1AA0C94C6F7A902F09A00D2AD971F889E4A45C3841719');
INSERT INTO "ledger" VALUES(16,1772820006000,1772823623000,'settled',NULL,1,1,'','',3,480000,X'',X'D4FA249714865449F5C1AA0C94C6F7A902F09A00D2AD971F889E4A45C3841719',X'EC8D05F6A2A8BCD594227A75792B18E46F2083A1D895DC0E03BF41F7CF33913E');
INSERT INTO "ledger" VALUES(17,1772820007000,1772823624000,'reply',2,2,NULL,'scheduled','',2,320000,X'A0A4E622119B00FFB0EF1F988BE64EEFEEA4348000A118E2CA2F7CF6925CA80F',X'EC8D05F6A2A8BCD594227A75792B18E46F2083A1D895DC0E03BF41F7CF33913E',X'8426F9502219077CDFEBDA2CFE6664B9BD6F767FE16AAA8FE400AE8929BD3181');
INSERT INTO "ledger" VALUES(18,1772820007000,1772823624000,'reply',2,2,NULL,'sending','',0,0,X'',X'8426F9502219077CDFEBDA2CFE6664B9BD6F767FE16AAA8FE400AE8929BD3181',X'B88D6E7CF78D5427BF1E395329C3232D4AD6DA244D586954F6D883B4AD097CA0');
INSERT INTO "ledger" VALUES(19,1772820007000,1772823624000,'reserved',NULL,2,2,'','',2,320000,X'',X'B88D6E7CF78D5427BF1E395329C3232D4AD6DA244D586954F6D883B4AD097CA0',X'A12D83AA429DEE889F76F0271CC9470061CD2AB24EBE537E346231DF1E5F82A0');
INSERT INTO "ledger" VALUES(20,1772820007000,1772823624000,'judged',2,2,NULL,'reply','first_contact',0,0,X'',X'A12D83AA429DEE889F76F0271CC9470061CD2AB24EBE537E346231DF1E5F82A0',X'8A853B1D58C5895A418B06458054A9FD94D6EF7B06F1B404E08398A96C053CCD');
INSERT INTO "ledger" VALUES(21,1772820008000,1772823625000,'reply',2,2,NULL,'in_doubt','no answer',0,0,X'',X'8A853B1D58C5895A418B06458054A9FD94D6EF7B06F1B404E08398A96C053CCD',X'84F5B74EA094CDF96D115868BA5862FB2C4A20A98D04CCCA8AA16748DD801E3D');
INSERT INTO "ledger" VALUES(22,1772820008000,1772823625000,'settled',NULL,2,2,'','',2,320000,X'',X'84F5B74EA094CDF96D115868BA5862FB2C4A20A98D04CCCA8AA16748DD801E3D',X'A16094FC003E4C297AE4DF7830C27B5CA356EC3A3D4F81FB81F1FA1969C8003E');
INSERT INTO "ledger" VALUES(23,1772820008000,1772823625000,'released',NULL,2,2,'','',1,160000,X'',X'A16094FC003E4C297AE4DF7830C27B5CA356EC3A3D4F81FB81F1FA1969C8003E',X'D4ED1208563E269923DFB093ADD43565158D2ECDFA0F07ED9A987C090FDBCBE8');
INSERT INTO "ledger" VALUES(24,1772820009000,1772823626000,'judged',8,NULL,NULL,'declined','name',0,0,X'',X'D4ED1208563E269923DFB093ADD43565158D2ECDFA0F07ED9A987C090FDBCBE8',X'F916D407B9A2838DD912DC96DEF75277F47EF7514102B9C0DD3DC5D724FB84EF');
INSERT INTO "ledger" VALUES(25,1772820010000,1772823627000,'reply',NULL,3,NULL,'scheduled','',3,480000,X'2681B5732591590CDA58AAD6A9A22719B743492DF6589715BA8CEF2ADA84A364',X'F916D407B9A2838DD912DC96DEF75277F47EF7514102B9C0DD3DC5D724FB84EF',X'F1F249E99BFB6EF632D9CF69D125FB76D7DC55F3103BBFF8E0E7A3862D81FE7A');
INSERT INTO "ledger" VALUES(26,1772820011000,1772823628000,'reply',NULL,4,NULL,'scheduled','',3,480000,X'C0DDAD8D4CFA0065A73DC2236AD71AC19472B3FF73A8A2DD218E70A018CC1DB2',X'F1F249E99BFB6EF632D9CF69D125FB76D7DC55F3103BBFF8E0E7A3862D81FE7A',X'570E0CF29CE410687D6B454D33C74623B92DBFEBF08B896B11DF9CF50034AE93');
INSERT INTO "ledger" VALUES(27,1772820012000,1772823629000,'reply',NULL,4,NULL,'cancelled','by an operator',0,0,X'',X'570E0CF29CE410687D6B454D33C74623B92DBFEBF08B896B11DF9CF50034AE93',X'2CB41944DD3E965B23B5A5ED88278B4A4C2B0BFB79C579734DBC0C24887D185D');
INSERT INTO "ledger" VALUES(28,1772820013000,1772823630000,'breaker_opened',NULL,NULL,NULL,'','rejected',0,0,X'',X'2CB41944DD3E965B23B5A5ED88278B4A4C2B0BFB79C579734DBC0C24887D185D',X'204E7472955DDF389B62D7F5EA22702E549FAC26640308F751AFDF31BB2BCD20');
INSERT INTO "ledger" VALUES(29,1772820051000,1772823668000,'paused',NULL,NULL,NULL,'','',0,0,X'',X'204E7472955DDF389B62D7F5EA22702E549FAC26640308F751AFDF31BB2BCD20',X'B7A22826986199C23A66E257B5C3FE94BE01F0498247D7947D08BEED90B8645A');
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
INSERT INTO "outbox" VALUES(1,'reply',1,'+33612345678','FR','Un non est un non.',3,480000,'sent','',1772820002000,1772823619000,1772820000000,1772863200000,1,3,'[1, 2, 3]',1772823623000,0,NULL,NULL,'[]',1772820006000,1772823623000,X'FFEA87A8D7B66BF75CE973B4FDAF59B0');
INSERT INTO "outbox" VALUES(2,'reply',2,'+33687654321','FR','Un non est un non.',2,320000,'in_doubt','no answer',1772820007000,1772823624000,1772820000000,1772863200000,1,0,'[]',NULL,0,NULL,NULL,'[]',1772820008000,1772823625000,X'F3202C971B996D1302E82C2BF69BE832');
INSERT INTO "outbox" VALUES(3,'reply',NULL,'+33611111111','FR','Un non est un non.',3,480000,'scheduled','',1772820010000,1772823627000,1772820060000,1772906460000,0,0,'[]',NULL,0,NULL,NULL,'[]',1772820010000,1772823627000,X'279BA5F1557C07050B34DEB673E5851F');
INSERT INTO "outbox" VALUES(4,'reply',NULL,'+33622222222','FR','Un non est un non.',3,480000,'cancelled','by an operator',1772820011000,1772823628000,1772820000000,1772863200000,0,0,'[]',NULL,0,NULL,NULL,'[]',1772820012000,1772823629000,X'3EAC6711058C65AB42B023AEA5FFC2C4');
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
CREATE INDEX inbox_by_time ON inbox (received_at);
CREATE INDEX part_groups_by_sender ON part_groups (number, reference, total);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'scheduled';
CREATE INDEX outbox_own_due ON outbox (due_at) WHERE state = 'scheduled' AND kind != 'reply';
CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE state IN ('scheduled', 'held');
CREATE INDEX outbox_by_number ON outbox (number, id);
CREATE INDEX outbox_by_state ON outbox (state, id);
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
PRAGMA user_version = 1;
