-- Events and what became of them, who holds the behaviour that follows from them, and tenants' policies and lists.
-- The same tables and columns as ../sqlite/0003_fraud.sql.

-- Whether what the tenant does counts, and what tells its time: 'live', 'sandbox' or 'sandbox_event_clock'.
ALTER TABLE tenants ADD COLUMN mode TEXT COLLATE "C" NOT NULL DEFAULT 'live';
-- The IANA time zone of events that do not say their own.
ALTER TABLE tenants ADD COLUMN time_zone TEXT COLLATE "C" NOT NULL DEFAULT 'UTC';

-- Each tenant's log of events and outcomes, gapless by place in the order in which they were taken: what is known of a
-- tenant's entities is made of it, and made again of it. What happened is sealed under the tenant's key.
CREATE TABLE fraud_log (
    tenant_id TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    -- 'event' or 'outcome': request ids are unique within each.
    entry TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    payload_hmac BYTEA NOT NULL,
    -- When an event happened; from when on an outcome counts.
    occurred_us BIGINT NOT NULL,
    logged_us BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, place)
);
CREATE UNIQUE INDEX fraud_log_by_request ON fraud_log (tenant_id, entry, request_id);

-- One row: the process that holds the behaviour of all tenants in its memory. Each of its commits names it, so that no other
-- can add to a log that it did not read.
CREATE TABLE fraud_lease (
    lease_id BIGINT NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_us BIGINT NOT NULL
);
INSERT INTO fraud_lease (lease_id, holder, expires_us) VALUES (1, '', 0);

-- Versions of policies. Only their stage changes.
CREATE TABLE fraud_policies (
    tenant_id TEXT COLLATE "C" NOT NULL,
    policy_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    spec_json TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, policy_id, version)
);

-- Lists, and their entries: keyed hashes of what is listed. A removed entry stays as such, so that whoever holds the list as
-- it was at a revision learns what changed since.
CREATE TABLE fraud_lists (
    tenant_id TEXT COLLATE "C" NOT NULL,
    list_id TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    display_name TEXT NOT NULL,
    entries BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, list_id)
);
CREATE TABLE fraud_list_entries (
    tenant_id TEXT COLLATE "C" NOT NULL,
    list_id TEXT COLLATE "C" NOT NULL,
    entry BYTEA NOT NULL,
    expires_us BIGINT,
    removed BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, list_id, entry)
);
CREATE INDEX fraud_list_entries_by_revision ON fraud_list_entries (tenant_id, list_id, revision);
