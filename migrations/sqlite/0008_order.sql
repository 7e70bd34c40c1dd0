-- What belongs to one decision lies in the order in which decisions are made, and no longer by tenant: with a thousand tenants
-- each decision would change pages of its own in every table, and a page is written twice, to the log and to the file.
-- Tenants' own order is left where their decisions are listed: by time and by subject.
-- The same tables and columns as ../postgres/0008_order.sql.

CREATE TABLE decisions_in_order (
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
    PRIMARY KEY (decision_id, tenant_id),
    UNIQUE (writer_id, seq)
) STRICT;
INSERT INTO decisions_in_order SELECT * FROM decisions ORDER BY rowid;
DROP TABLE decisions;
ALTER TABLE decisions_in_order RENAME TO decisions;
CREATE INDEX decisions_by_subject ON decisions (tenant_id, subject_hmac, decided_us, decision_id);
CREATE INDEX decisions_by_time ON decisions (tenant_id, decided_us, decision_id);

CREATE TABLE decision_inputs_in_order (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (decision_id, tenant_id)
) STRICT, WITHOUT ROWID;
INSERT INTO decision_inputs_in_order SELECT * FROM decision_inputs ORDER BY decision_id;
DROP TABLE decision_inputs;
ALTER TABLE decision_inputs_in_order RENAME TO decision_inputs;

CREATE TABLE shadow_results_in_order (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    model_version INTEGER NOT NULL,
    model_digest TEXT NOT NULL,
    calibration_digest TEXT,
    engine_version TEXT NOT NULL,
    reply BLOB,
    PRIMARY KEY (decision_id, tenant_id, model_version)
) STRICT;
INSERT INTO shadow_results_in_order SELECT * FROM shadow_results ORDER BY rowid;
DROP TABLE shadow_results;
ALTER TABLE shadow_results_in_order RENAME TO shadow_results;
