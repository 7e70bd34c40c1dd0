-- Tenants, their keys, every decision, and the record of every change.
-- The same tables and columns as ../sqlite/0001_foundation.sql. Ids are text compared byte by byte (COLLATE "C"), times
-- are whole microseconds since 1970 (*_us); clock and ids come from the program.

CREATE TABLE tenants (
    tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    scopes TEXT NOT NULL,
    requests_per_second BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

-- Public keys that callers sign their tokens with.
CREATE TABLE caller_keys (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants,
    kid TEXT COLLATE "C" NOT NULL,
    algorithm TEXT COLLATE "C" NOT NULL,
    jwk TEXT NOT NULL,
    scopes TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    revoked_us BIGINT,
    PRIMARY KEY (tenant_id, kid)
);

-- Each tenant's secret, wrapped by the master key. The newest seals; older ones still open.
CREATE TABLE data_keys (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants,
    key_id TEXT COLLATE "C" NOT NULL,
    wrapped BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);

-- One row a decision, never changed. (writer_id, seq) is gapless in commit order: replay and rebuild order by it.
CREATE TABLE decisions (
    tenant_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    writer_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    subject_hmac BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    consent_id TEXT,
    environment TEXT COLLATE "C" NOT NULL,
    billable_units BIGINT NOT NULL,
    decided_us BIGINT NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    model_digest TEXT COLLATE "C" NOT NULL,
    calibration_digest TEXT COLLATE "C",
    policy_digest TEXT COLLATE "C",
    lists_digest TEXT COLLATE "C",
    catalogue_digest TEXT COLLATE "C",
    engine_version TEXT COLLATE "C" NOT NULL,
    traffic_role TEXT COLLATE "C" NOT NULL,
    reply BYTEA NOT NULL,
    input_commitment BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    UNIQUE (writer_id, seq)
);
CREATE INDEX decisions_by_subject ON decisions (tenant_id, subject_hmac, decided_us, decision_id);
CREATE INDEX decisions_by_time ON decisions (tenant_id, decided_us, decision_id);

-- What was decided on, sealed under the tenant's key; a row can be erased without touching its decision.
CREATE TABLE decision_inputs (
    tenant_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, decision_id)
);

-- Which decision a request id led to, and a keyed hash of what was asked.
CREATE TABLE idempotency (
    tenant_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    payload_hmac BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, kind, request_id)
);

-- What became of decisions: only added to. The latest observation is in force, and of equal ones the latest report.
CREATE TABLE credit_outcomes (
    tenant_id TEXT COLLATE "C" NOT NULL,
    outcome_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    payload_hmac BYTEA NOT NULL,
    action TEXT COLLATE "C",
    override_reason TEXT NOT NULL,
    defaulted BIGINT,
    days_past_due BIGINT,
    currency_code TEXT COLLATE "C",
    amount_minor BIGINT,
    observed_us BIGINT NOT NULL,
    reported_us BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, outcome_id),
    UNIQUE (tenant_id, request_id)
);
CREATE INDEX credit_outcomes_by_decision ON credit_outcomes (tenant_id, decision_id, observed_us, outcome_id);

-- Every change by an operator or a partner, in commit order, only added to.
CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    changed_us BIGINT NOT NULL,
    by_tenant_id TEXT COLLATE "C" NOT NULL,
    by_kid TEXT COLLATE "C" NOT NULL,
    by_actor TEXT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    tenant_id TEXT COLLATE "C" NOT NULL,
    target TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT NOT NULL
);

-- One row: the last seq of audit. Every change locks it first, so changes happen one after the other, and other
-- processes see by it that something changed.
CREATE TABLE audit_head (
    head_id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO audit_head (head_id, seq) VALUES (1, 0);
