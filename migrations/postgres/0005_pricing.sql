-- Rate plans, and which quotes were accepted. Quotes themselves are decisions.
-- The same tables and columns as ../sqlite/0005_pricing.sql.

-- Versions of rate plans by owner; the operator's own tenant owns the platform's. Only their stage changes.
CREATE TABLE rate_plans (
    owner_id TEXT COLLATE "C" NOT NULL,
    plan_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    spec_json TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (owner_id, plan_id, version)
);

-- Accepted quotes: each once, never changed.
CREATE TABLE quote_acceptances (
    tenant_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    accepted_us BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    UNIQUE (tenant_id, request_id)
);
