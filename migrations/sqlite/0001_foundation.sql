-- Tenants, their keys, every decision, and the record of every change.
-- The same tables and columns as ../postgres/0001_foundation.sql. Times are whole microseconds since 1970 (*_us); clock
-- and ids come from the program.

CREATE TABLE tenants (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    state TEXT NOT NULL,
    scopes TEXT NOT NULL,
    requests_per_second INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;

-- Public keys that callers sign their tokens with.
CREATE TABLE caller_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    jwk TEXT NOT NULL,
    scopes TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    revoked_us INTEGER,
    PRIMARY KEY (tenant_id, kid)
) STRICT;

-- Each tenant's secret, wrapped by the master key. The newest seals; older ones still open.
CREATE TABLE data_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id),
    key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
) STRICT;

-- One row a decision, never changed. (writer_id, seq) is gapless in commit order: replay and rebuild order by it.
CREATE TABLE decisions (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    writer_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject_hmac BLOB NOT NULL,
    purpose TEXT NOT NULL,
    consent_id TEXT,
    environment TEXT NOT NULL,
    billable_units INTEGER NOT NULL,
    decided_us INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    model_version INTEGER NOT NULL,
    model_digest TEXT NOT NULL,
    calibration_digest TEXT,
    policy_digest TEXT,
    lists_digest TEXT,
    catalogue_digest TEXT,
    engine_version TEXT NOT NULL,
    traffic_role TEXT NOT NULL,
    reply BLOB NOT NULL,
    input_commitment BLOB NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    UNIQUE (writer_id, seq)
) STRICT;
-- The order matters: to SQLite without statistics both indexes cost the same for one subject in a span of time, and of
-- equals it takes the one that was made first.
CREATE INDEX decisions_by_subject ON decisions (tenant_id, subject_hmac, decided_us, decision_id);
CREATE INDEX decisions_by_time ON decisions (tenant_id, decided_us, decision_id);

-- What was decided on, sealed under the tenant's key; a row can be erased without touching its decision.
CREATE TABLE decision_inputs (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (tenant_id, decision_id)
) STRICT, WITHOUT ROWID;

-- Which decision a request id led to, and a keyed hash of what was asked.
CREATE TABLE idempotency (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    request_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    payload_hmac BLOB NOT NULL,
    PRIMARY KEY (tenant_id, kind, request_id)
) STRICT, WITHOUT ROWID;

-- What became of decisions: only added to. The latest observation is in force, and of equal ones the latest report.
CREATE TABLE credit_outcomes (
    tenant_id TEXT NOT NULL,
    outcome_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    payload_hmac BLOB NOT NULL,
    action TEXT,
    override_reason TEXT NOT NULL,
    defaulted INTEGER,
    days_past_due INTEGER,
    currency_code TEXT,
    amount_minor INTEGER,
    observed_us INTEGER NOT NULL,
    reported_us INTEGER NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, outcome_id),
    UNIQUE (tenant_id, request_id)
) STRICT;
CREATE INDEX credit_outcomes_by_decision ON credit_outcomes (tenant_id, decision_id, observed_us, outcome_id);

-- Every change by an operator or a partner, in commit order, only added to.
CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    changed_us INTEGER NOT NULL,
    by_tenant_id TEXT NOT NULL,
    by_kid TEXT NOT NULL,
    by_actor TEXT NOT NULL,
    action TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    target TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT NOT NULL
) STRICT;

-- One row: the last seq of audit. Every change locks it first, so changes happen one after the other, and other
-- processes see by it that something changed.
CREATE TABLE audit_head (
    head_id INTEGER NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head (head_id, seq) VALUES (1, 0);
