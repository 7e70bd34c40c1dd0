-- What tenants used, what they may use at most, and finding changes by tenant.
-- The same tables and columns as ../postgres/0006_tenancy.sql.

-- Decisions by tenant, day (of UTC, from 1970), kind and environment. Each writer counts in rows of its own, in the transaction
-- of the decisions that it counts: the sum over writers is the number of rows in `decisions`, always.
CREATE TABLE usage (
    tenant_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    kind TEXT NOT NULL,
    environment TEXT NOT NULL,
    writer_id TEXT NOT NULL,
    decisions INTEGER NOT NULL,
    billable_units INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, day, kind, environment, writer_id)
) STRICT, WITHOUT ROWID;
-- A day of a time before 1970 is rounded down too, as that of any other.
INSERT INTO usage (tenant_id, day, kind, environment, writer_id, decisions, billable_units)
    SELECT tenant_id, (decided_us - (decided_us % 86400000000 + 86400000000) % 86400000000) / 86400000000, kind, environment,
      writer_id, COUNT(*), CAST(SUM(billable_units) AS BIGINT)
    FROM decisions GROUP BY 1, 2, 3, 4, 5;

-- Quotas: 0 is the program's default.
ALTER TABLE tenants ADD COLUMN burst_requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN decisions_per_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN concurrent_streams INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN inference_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN list_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_models INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_model_versions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_policies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_policy_rules INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_list_entries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_keys INTEGER NOT NULL DEFAULT 0;

CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);

-- The operator gets the scopes that are new: its tenant, and its keys that can manage everything else.
UPDATE tenants SET scopes = scopes || ' operator.usage operator.audit' WHERE tenant_id = 'operator';
UPDATE caller_keys SET scopes = scopes || ' operator.usage operator.audit'
    WHERE tenant_id = 'operator' AND scopes LIKE '%operator.tenants operator.keys%';
