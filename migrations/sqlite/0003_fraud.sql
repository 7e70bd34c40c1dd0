-- Events and what became of them, who holds the behaviour that follows from them, and tenants' policies and lists.
-- The same tables and columns as ../postgres/0003_fraud.sql.

-- Whether what the tenant does counts, and what tells its time: 'live', 'sandbox' or 'sandbox_event_clock'.
ALTER TABLE tenants ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';
-- The IANA time zone of events that do not say their own.
ALTER TABLE tenants ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';

-- Each tenant's log of events and outcomes, gapless by place in the order in which they were taken: what is known of a
-- tenant's entities is made of it, and made again of it. What happened is sealed under the tenant's key.
CREATE TABLE fraud_log (
    tenant_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    -- 'event' or 'outcome': request ids are unique within each.
    entry TEXT NOT NULL,
    request_id TEXT NOT NULL,
    payload_hmac BLOB NOT NULL,
    -- When an event happened; from when on an outcome counts.
    occurred_us INTEGER NOT NULL,
    logged_us INTEGER NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (tenant_id, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX fraud_log_by_request ON fraud_log (tenant_id, entry, request_id);

-- One row: the process that holds the behaviour of all tenants in its memory. Each of its commits names it, so that no other
-- can add to a log that it did not read.
CREATE TABLE fraud_lease (
    lease_id INTEGER NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT;
INSERT INTO fraud_lease (lease_id, holder, expires_us) VALUES (1, '', 0);

-- Versions of policies. Only their stage changes.
CREATE TABLE fraud_policies (
    tenant_id TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    spec_json TEXT NOT NULL,
    digest TEXT NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, policy_id, version)
) STRICT;

-- Lists, and their entries: keyed hashes of what is listed. A removed entry stays as such, so that whoever holds the list as
-- it was at a revision learns what changed since.
CREATE TABLE fraud_lists (
    tenant_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    display_name TEXT NOT NULL,
    entries INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, list_id)
) STRICT;
CREATE TABLE fraud_list_entries (
    tenant_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    entry BLOB NOT NULL,
    expires_us INTEGER,
    removed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, list_id, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX fraud_list_entries_by_revision ON fraud_list_entries (tenant_id, list_id, revision);
