-- What tenants used, what they may use at most, and finding changes by tenant.
-- The same tables and columns as ../sqlite/0006_tenancy.sql.

-- Decisions by tenant, day (of UTC, from 1970), kind and environment. Each writer counts in rows of its own, in the transaction
-- of the decisions that it counts: the sum over writers is the number of rows in `decisions`, always. Each commit changes a row
-- anew: there is room on each page for the new form of a row beside the old.
CREATE TABLE usage (
    tenant_id TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    writer_id TEXT COLLATE "C" NOT NULL,
    decisions BIGINT NOT NULL,
    billable_units BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, day, kind, environment, writer_id)
) WITH (fillfactor = 70);
-- No decision may come between: a process that does not count waits until the counts are there.
LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE;
-- A day of a time before 1970 is rounded down too, as that of any other.
INSERT INTO usage (tenant_id, day, kind, environment, writer_id, decisions, billable_units)
    SELECT tenant_id, (decided_us - (decided_us % 86400000000 + 86400000000) % 86400000000) / 86400000000, kind, environment,
      writer_id, COUNT(*), CAST(SUM(billable_units) AS BIGINT)
    FROM decisions GROUP BY 1, 2, 3, 4, 5;

-- Quotas: 0 is the program's default.
ALTER TABLE tenants ADD COLUMN burst_requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN decisions_per_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN concurrent_streams BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN inference_rows BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN list_changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_models BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_model_versions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_policies BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_policy_rules BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_list_entries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN max_keys BIGINT NOT NULL DEFAULT 0;

CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);

-- The operator gets the scopes that are new: its tenant, and its keys that can manage everything else.
UPDATE tenants SET scopes = scopes || ' operator.usage operator.audit' WHERE tenant_id = 'operator';
UPDATE caller_keys SET scopes = scopes || ' operator.usage operator.audit'
    WHERE tenant_id = 'operator' AND scopes LIKE '%operator.tenants operator.keys%';
