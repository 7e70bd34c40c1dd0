-- Models, their versions and files, who may use the platform's, and what shadows made of decisions.
-- The same tables and columns as ../sqlite/0002_models.sql.

-- Whether the key that uploads a model version of the tenant may not promote it.
ALTER TABLE tenants ADD COLUMN four_eyes BIGINT NOT NULL DEFAULT 0;

-- Models by owner; the operator's own tenant owns the platform's. The versions that take part in the traffic all stand
-- here, so that one row is the whole of it at one time; shadows with spaces between.
CREATE TABLE models (
    owner_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    for_everyone BIGINT NOT NULL,
    newest_version BIGINT NOT NULL,
    champion_version BIGINT,
    previous_version BIGINT,
    challenger_version BIGINT,
    challenger_percent BIGINT,
    shadow_versions TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (owner_id, model_id)
);

-- One row a version. Only its stage changes, and what a draft reproduced of its reference rows.
CREATE TABLE model_versions (
    owner_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    format TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    manifest_digest TEXT COLLATE "C" NOT NULL,
    manifest_json TEXT NOT NULL,
    file_bytes BIGINT NOT NULL,
    reference_rows BIGINT,
    largest_difference DOUBLE PRECISION,
    upload_kid TEXT COLLATE "C" NOT NULL,
    upload_actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (owner_id, model_id, version),
    UNIQUE (owner_id, digest, manifest_digest, model_id)
);

-- Files by what is in them, once an owner, in pieces from 0: each is stored by itself, so that no decision waits for a
-- whole file. A file is complete when a version names it.
CREATE TABLE model_files (
    owner_id TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    piece BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (owner_id, digest, piece)
);
-- Compressing it would take longer than writing it.
ALTER TABLE model_files ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Models of the platform that a tenant may use beside those that are for everyone.
CREATE TABLE model_grants (
    tenant_id TEXT COLLATE "C" NOT NULL,
    model_id TEXT COLLATE "C" NOT NULL,
    granted_us BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, model_id)
);

-- What shadows made of a decision's inputs; never sent. No reply when the shadow could not take them.
CREATE TABLE shadow_results (
    tenant_id TEXT COLLATE "C" NOT NULL,
    decision_id TEXT COLLATE "C" NOT NULL,
    model_version BIGINT NOT NULL,
    model_digest TEXT NOT NULL,
    calibration_digest TEXT,
    engine_version TEXT NOT NULL,
    reply BYTEA,
    PRIMARY KEY (tenant_id, decision_id, model_version)
);

-- The operator gets the scopes that are new: its tenant, and its keys that can manage everything else.
UPDATE tenants SET scopes = scopes || ' model.read model.manage model.promote operator.models'
    WHERE tenant_id = 'operator';
UPDATE caller_keys SET scopes = scopes || ' model.read model.manage model.promote operator.models'
    WHERE tenant_id = 'operator' AND scopes LIKE '%operator.tenants operator.keys%';
