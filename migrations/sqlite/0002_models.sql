-- Models, their versions and files, who may use the platform's, and what shadows made of decisions.
-- The same tables and columns as ../postgres/0002_models.sql.

-- Whether the key that uploads a model version of the tenant may not promote it.
ALTER TABLE tenants ADD COLUMN four_eyes INTEGER NOT NULL DEFAULT 0;

-- Models by owner; the operator's own tenant owns the platform's. The versions that take part in the traffic all stand
-- here, so that one row is the whole of it at one time; shadows with spaces between.
CREATE TABLE models (
    owner_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    for_everyone INTEGER NOT NULL,
    newest_version INTEGER NOT NULL,
    champion_version INTEGER,
    previous_version INTEGER,
    challenger_version INTEGER,
    challenger_percent INTEGER,
    shadow_versions TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (owner_id, model_id)
) STRICT;

-- One row a version. Only its stage changes, and what a draft reproduced of its reference rows.
CREATE TABLE model_versions (
    owner_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    format TEXT NOT NULL,
    digest TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    manifest_json TEXT NOT NULL,
    file_bytes INTEGER NOT NULL,
    reference_rows INTEGER,
    largest_difference REAL,
    upload_kid TEXT NOT NULL,
    upload_actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (owner_id, model_id, version),
    UNIQUE (owner_id, digest, manifest_digest, model_id)
) STRICT;

-- Files by what is in them, once an owner, in pieces from 0: each is stored by itself, so that no decision waits for a
-- whole file. A file is complete when a version names it.
CREATE TABLE model_files (
    owner_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    piece INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (owner_id, digest, piece)
) STRICT;

-- Models of the platform that a tenant may use beside those that are for everyone.
CREATE TABLE model_grants (
    tenant_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    granted_us INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, model_id)
) STRICT, WITHOUT ROWID;

-- What shadows made of a decision's inputs; never sent. No reply when the shadow could not take them.
CREATE TABLE shadow_results (
    tenant_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    model_version INTEGER NOT NULL,
    model_digest TEXT NOT NULL,
    calibration_digest TEXT,
    engine_version TEXT NOT NULL,
    reply BLOB,
    PRIMARY KEY (tenant_id, decision_id, model_version)
) STRICT;

-- The operator gets the scopes that are new: its tenant, and its keys that can manage everything else.
UPDATE tenants SET scopes = scopes || ' model.read model.manage model.promote operator.models'
    WHERE tenant_id = 'operator';
UPDATE caller_keys SET scopes = scopes || ' model.read model.manage model.promote operator.models'
    WHERE tenant_id = 'operator' AND scopes LIKE '%operator.tenants operator.keys%';
