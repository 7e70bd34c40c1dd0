-- Counting decisions of many tenants: in passes that are written down a few tenants at a time.
-- The same tables and columns as ../postgres/0007_counting.sql.

-- Rises with each batch of a writer's decisions that is counted, so that of two processes that count the same one writes.
ALTER TABLE count_cursors ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- The tenants whose decisions by a writer are counted beyond the writer's cursor, up to a place each. There are some only until
-- the pass that makes them ends.
CREATE TABLE count_marks (
    writer_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (writer_id, tenant_id)
) STRICT, WITHOUT ROWID;
