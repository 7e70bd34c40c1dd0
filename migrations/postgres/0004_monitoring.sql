-- How models do: what became of decisions, counts of both by day, and alarms.
-- The same tables and columns as ../sqlite/0004_monitoring.sql.

-- Up to which place of each writer's order decisions are counted. A writer enters itself before its first decision.
CREATE TABLE count_cursors (
    writer_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO count_cursors (writer_id, seq) SELECT DISTINCT writer_id, 0 FROM decisions;

-- What is known of each decision that something was reported of: whether the partner approved it, and whether it turned out
-- bad; and what of that is counted. Reports that are not counted yet are `reports - counted_reports`.
CREATE TABLE labels (
    tenant_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    reports BIGINT NOT NULL,
    approved BIGINT,
    bad BIGINT,
    counted_reports BIGINT NOT NULL,
    counted_approved BIGINT,
    counted_bad BIGINT,
    PRIMARY KEY (tenant_id, decision_id)
);
CREATE INDEX labels_by_model ON labels (tenant_id, model_id, model_version, decision_id);
CREATE INDEX labels_uncounted ON labels (tenant_id, decision_id) WHERE reports > counted_reports;
INSERT INTO labels (tenant_id, decision_id, model_id, model_version, reports, approved, bad, counted_reports)
    SELECT d.tenant_id, d.decision_id, d.model_id, d.model_version, 1,
      (SELECT CASE WHEN o.action IN ('approved', 'overridden_approved') THEN 1 ELSE 0 END FROM credit_outcomes o
         WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.decision_id AND o.action IS NOT NULL
         ORDER BY o.observed_us DESC, o.reported_us DESC, o.outcome_id DESC LIMIT 1),
      (SELECT o.defaulted FROM credit_outcomes o
         WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.decision_id AND o.defaulted IS NOT NULL
         ORDER BY o.observed_us DESC, o.reported_us DESC, o.outcome_id DESC LIMIT 1), 0
    FROM decisions d WHERE EXISTS
      (SELECT 1 FROM credit_outcomes o WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.decision_id);

-- Counts of a model version's decisions of one day (of UTC, from 1970), in all and by segment and group. `part` is 'answered' or
-- 'shadow'; `dimension` 'all', 'segment' or 'group'. `revision` rises with each change, so that nobody writes over what it
-- has not read.
CREATE TABLE model_tallies (
    tenant_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    manifest_digest TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    dimension TEXT COLLATE "C" NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    tally BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, model_id, model_version, manifest_digest, part, dimension, tag, day)
);

-- The window of each version that is being watched.
CREATE TABLE model_watches (
    tenant_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    manifest_digest TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    watch BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, model_id, model_version, manifest_digest)
);

-- Alarms, only added to. The one row of alarm_head orders them: who raises one locks it first.
CREATE TABLE model_alarms (
    tenant_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    manifest_digest TEXT COLLATE "C" NOT NULL,
    signal TEXT COLLATE "C" NOT NULL,
    feature TEXT COLLATE "C" NOT NULL,
    decisions BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    expected DOUBLE PRECISION NOT NULL,
    p_value DOUBLE PRECISION NOT NULL,
    alpha DOUBLE PRECISION NOT NULL,
    window_number BIGINT NOT NULL,
    raised_us BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, model_id, seq)
);
CREATE TABLE alarm_head (
    head_id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO alarm_head (head_id, seq) VALUES (1, 0);
