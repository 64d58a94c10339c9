-- The first schema. Tables of an account carry account_id first. Text that comes from audited systems
-- (members, samples, windows) is BLOB: it need not be UTF-8.

CREATE TABLE account (
    account_id TEXT NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE iam_user (
    account_id TEXT NOT NULL REFERENCES account (account_id),
    user_name TEXT NOT NULL,
    user_id TEXT NOT NULL UNIQUE,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_name)
) STRICT;

CREATE TABLE iam_policy (
    account_id TEXT NOT NULL REFERENCES account (account_id),
    policy_name TEXT NOT NULL,
    document TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, policy_name)
) STRICT;

CREATE TABLE iam_attachment (
    account_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    PRIMARY KEY (account_id, user_name, policy_name),
    FOREIGN KEY (account_id, user_name) REFERENCES iam_user (account_id, user_name),
    FOREIGN KEY (account_id, policy_name) REFERENCES iam_policy (account_id, policy_name)
) STRICT;

CREATE INDEX iam_attachment_policy ON iam_attachment (account_id, policy_name);

CREATE TABLE access_key (
    account_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    access_key_id TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    seal_key_id TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_ms INTEGER NOT NULL,
    FOREIGN KEY (account_id, user_name) REFERENCES iam_user (account_id, user_name)
) STRICT;

CREATE INDEX access_key_user ON access_key (account_id, user_name);

CREATE TABLE nonce (
    access_key_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (access_key_id, nonce)
) STRICT;

CREATE INDEX nonce_expiry ON nonce (expires_ms);

CREATE TABLE risk_rule (
    rule_id INTEGER NOT NULL PRIMARY KEY,
    category_id INTEGER NOT NULL,
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    category_en TEXT NOT NULL,
    category_zh TEXT NOT NULL,
    alert_frequency TEXT NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 3),
    replaced INTEGER NOT NULL CHECK (replaced IN (0, 1))
) STRICT;

-- risk_id is never reused and stays below 2^53, because scripts hold it in a double. level is the
-- rule's level when the event was opened: a later edit of the rule does not rewrite what was triaged.
CREATE TABLE risk_event (
    account_id TEXT NOT NULL,
    risk_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (risk_id < 9007199254740992),
    rule_id INTEGER NOT NULL REFERENCES risk_rule (rule_id),
    product TEXT NOT NULL,
    level INTEGER NOT NULL,
    status INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1)),
    alarm_count INTEGER NOT NULL,
    first_alarm_ms INTEGER NOT NULL,
    last_alarm_ms INTEGER NOT NULL,
    handled_ms INTEGER NOT NULL DEFAULT 0,
    instance_count INTEGER NOT NULL DEFAULT 0,
    client_ip_count INTEGER NOT NULL DEFAULT 0,
    user_count INTEGER NOT NULL DEFAULT 0,
    capped_kinds INTEGER NOT NULL DEFAULT 0, -- One bit per kind of member.
    sample_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX risk_event_open ON risk_event (account_id, rule_id, product) WHERE status = 0;
CREATE INDEX risk_event_status ON risk_event (account_id, status);
CREATE INDEX risk_event_level ON risk_event (account_id, status, level);
CREATE INDEX risk_event_product ON risk_event (account_id, status, product);
CREATE INDEX risk_event_level_product ON risk_event (account_id, status, level, product);
CREATE INDEX risk_event_rule ON risk_event (account_id, status, rule_id);
CREATE INDEX risk_event_time ON risk_event (account_id, status, last_alarm_ms, level, product);

-- Totals of lists without counting: always equal to a recount of risk_event.
CREATE TABLE risk_counter (
    account_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    level INTEGER NOT NULL,
    product TEXT NOT NULL,
    events INTEGER NOT NULL CHECK (events >= 0),
    PRIMARY KEY (account_id, status, level, product)
) STRICT;

CREATE TABLE risk_member (
    account_id TEXT NOT NULL,
    risk_id INTEGER NOT NULL REFERENCES risk_event (risk_id),
    kind INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (risk_id, kind, value)
) STRICT;

CREATE TABLE risk_sample (
    account_id TEXT NOT NULL,
    risk_id INTEGER NOT NULL REFERENCES risk_event (risk_id),
    position INTEGER NOT NULL,
    alarm_ms INTEGER NOT NULL,
    instance BLOB NOT NULL,
    client_ip BLOB NOT NULL,
    user_name BLOB NOT NULL,
    database_name BLOB NOT NULL,
    statement BLOB NOT NULL,
    PRIMARY KEY (risk_id, position)
) STRICT;

CREATE TABLE handling (
    account_id TEXT NOT NULL,
    risk_id INTEGER NOT NULL REFERENCES risk_event (risk_id),
    handled_ms INTEGER NOT NULL,
    method INTEGER NOT NULL,
    type TEXT NOT NULL,
    detail TEXT NOT NULL,
    user_name TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;

CREATE INDEX handling_event ON handling (account_id, risk_id);

CREATE TABLE detector_window (
    account_id TEXT NOT NULL,
    rule_id INTEGER NOT NULL,
    window_key BLOB NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (account_id, rule_id, window_key)
) STRICT;

CREATE TABLE detector_epoch (
    account_id TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE detector_offset (
    account_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    head BLOB NOT NULL,
    tail BLOB NOT NULL,
    reader BLOB NOT NULL,
    head_len INTEGER NOT NULL,
    tail_len INTEGER NOT NULL,
    read_offset INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, source_id)
) STRICT;

CREATE INDEX detector_offset_head ON detector_offset (account_id, head);

CREATE TABLE audit_trail (
    account_id TEXT NOT NULL,
    audit_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request_id TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX audit_trail_account ON audit_trail (account_id);
