-- What belongs to one decision lies in the order in which decisions are made, and no longer by tenant: with a thousand tenants
-- each decision would change pages of its own in every table, and a page is written twice, to the log and to the file.
-- Tenants' own order is left where their decisions are listed: by time and by subject.
-- The same tables and columns as ../sqlite/0008_order.sql.

ALTER TABLE decisions DROP CONSTRAINT decisions_pkey, ADD PRIMARY KEY (decision_id, tenant_id);

ALTER TABLE decision_inputs DROP CONSTRAINT decision_inputs_pkey, ADD PRIMARY KEY (decision_id, tenant_id);

ALTER TABLE shadow_results DROP CONSTRAINT shadow_results_pkey, ADD PRIMARY KEY (decision_id, tenant_id, model_version);
