-- Scans of an account's configuration and what they found. A scan's rows carry its id and are seen by
-- nobody until scan_current names it. Unread resources and failed ones are kept, the rest is counted.

CREATE TABLE account_source (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (account_id),
    source TEXT NOT NULL
) STRICT;

-- state: 0 being written, 1 whole, 2 given up (a later scan began before it was whole).
CREATE TABLE scan (
    account_id TEXT NOT NULL REFERENCES account (account_id),
    scan_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (scan_id < 9007199254740992),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL DEFAULT 0,
    items_failed INTEGER NOT NULL DEFAULT 0,
    affected INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX scan_account ON scan (account_id, scan_id);

CREATE TABLE scan_current (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (account_id),
    scan_id INTEGER NOT NULL,
    previous_id INTEGER NOT NULL -- 0: none.
) STRICT;

-- An item as its file was when it was judged, and its result. Long texts stand last: a row that a
-- filter drops is not read to its end.
CREATE TABLE check_result (
    account_id TEXT NOT NULL,
    scan_id INTEGER NOT NULL,
    position INTEGER NOT NULL, -- From 1, in the order of listings.
    item_id INTEGER NOT NULL,
    item_group INTEGER NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 3),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    replaced INTEGER NOT NULL CHECK (replaced IN (0, 1)),
    custom INTEGER NOT NULL CHECK (custom IN (0, 1)),
    checked_ms INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    not_assessed INTEGER NOT NULL,
    stale INTEGER NOT NULL,
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    reason TEXT NOT NULL,
    grid_key TEXT NOT NULL,
    grid_en TEXT NOT NULL,
    grid_zh TEXT NOT NULL,
    mappings TEXT NOT NULL,
    params_en TEXT NOT NULL,
    params_zh TEXT NOT NULL,
    best_practice_en TEXT NOT NULL,
    best_practice_zh TEXT NOT NULL,
    influence_en TEXT NOT NULL,
    influence_zh TEXT NOT NULL,
    suggestion_en TEXT NOT NULL,
    suggestion_zh TEXT NOT NULL,
    help_resource_en TEXT NOT NULL,
    help_resource_zh TEXT NOT NULL,
    PRIMARY KEY (account_id, scan_id, position),
    UNIQUE (account_id, scan_id, item_id)
) STRICT;

-- A scan adds the findings of an item in the order of finding_resource: both indexes grow at their ends.
CREATE TABLE finding (
    account_id TEXT NOT NULL,
    finding_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (finding_id < 9007199254740992),
    scan_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    failed INTEGER NOT NULL CHECK (failed IN (0, 1)), -- Otherwise not assessed.
    stale INTEGER NOT NULL CHECK (stale IN (0, 1)),
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    not_assessed TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    changed TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX finding_resource ON finding (account_id, scan_id, item_id, resource_id, region);
CREATE INDEX finding_page ON finding (account_id, scan_id, item_id, failed);

-- before and after: pass, fail, unknown, gone, new.
CREATE TABLE finding_flip (
    account_id TEXT NOT NULL,
    flip_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    scan_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    region TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    changed TEXT NOT NULL
) STRICT;

CREATE INDEX finding_flip_account ON finding_flip (account_id);
CREATE INDEX finding_flip_item ON finding_flip (account_id, item_id);
CREATE INDEX finding_flip_scan ON finding_flip (account_id, scan_id);

-- A person's decision on an item (resource_id empty) or on one of its resources.
CREATE TABLE mark (
    account_id TEXT NOT NULL REFERENCES account (account_id),
    item_id INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    marked_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, -- 0: no end.
    PRIMARY KEY (account_id, item_id, resource_id, region)
) STRICT;

CREATE INDEX mark_item ON mark (account_id, item_id) WHERE resource_id = '';

-- state: 0 waiting, 1 running until lease_ms, 2 done, 3 failed. An attempt is the worker's token.
CREATE TABLE scan_task (
    account_id TEXT NOT NULL REFERENCES account (account_id),
    task_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (task_id < 9007199254740992),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
    attempt INTEGER NOT NULL DEFAULT 0,
    requested_ms INTEGER NOT NULL,
    started_ms INTEGER NOT NULL DEFAULT 0,
    finished_ms INTEGER NOT NULL DEFAULT 0,
    lease_ms INTEGER NOT NULL DEFAULT 0,
    remaining_s INTEGER NOT NULL DEFAULT 0,
    scan_id INTEGER NOT NULL DEFAULT 0,
    items TEXT NOT NULL, -- Ids joined by commas; empty: every item.
    message TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX scan_task_open ON scan_task (account_id) WHERE state < 2;
CREATE INDEX scan_task_account ON scan_task (account_id);
CREATE INDEX scan_task_waiting ON scan_task (state) WHERE state < 2;
