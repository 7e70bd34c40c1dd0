-- Rate plans, and which quotes were accepted. Quotes themselves are decisions.
-- The same tables and columns as ../postgres/0005_pricing.sql.

-- Versions of rate plans by owner; the operator's own tenant owns the platform's. Only their stage changes.
CREATE TABLE rate_plans (
    owner_id TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    spec_json TEXT NOT NULL,
    digest TEXT NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (owner_id, plan_id, version)
) STRICT;

-- Accepted quotes: each once, never changed.
CREATE TABLE quote_acceptances (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    accepted_us INTEGER NOT NULL,
    kid TEXT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    UNIQUE (tenant_id, request_id)
) STRICT, WITHOUT ROWID;
