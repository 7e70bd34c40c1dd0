//! An operator that was founded before there were models gets the scopes that are new, by the migration.

on_both!(the_operator_gets_the_scopes_that_are_new, async |world| {
    let mut raw = world.as_of("0001_foundation").await;
    raw.execute(
        "INSERT INTO tenants (tenant_id, display_name, state, scopes, requests_per_second, created_us, updated_us) VALUES
           ('operator', 'Platform operator', 'active', 'tenant.self operator.tenants operator.keys', 100, 0, 0),
           ('north-bank', 'North', 'active', 'credit.score decision.read', 100, 0, 0);
         INSERT INTO caller_keys (tenant_id, kid, algorithm, jwk, scopes, display_name, created_us) VALUES
           ('operator', 'first', 'EdDSA', '{}', 'tenant.self operator.tenants operator.keys', '', 0),
           ('operator', 'narrow', 'EdDSA', '{}', 'operator.tenants', '', 0),
           ('north-bank', 'first', 'EdDSA', '{}', 'credit.score decision.read', '', 0)",
    )
    .await;
    world.open().await.close().await;
    let scopes = raw.texts("SELECT tenant_id || ': ' || scopes FROM tenants ORDER BY tenant_id").await;
    let new = "tenant.self operator.tenants operator.keys model.read model.manage model.promote operator.models \
               operator.usage operator.audit";
    assert_eq!(scopes, ["north-bank: credit.score decision.read".to_owned(), format!("operator: {new}")]);
    let scopes =
        raw.texts("SELECT tenant_id || ' ' || kid || ': ' || scopes FROM caller_keys ORDER BY tenant_id, kid").await;
    assert_eq!(
        scopes,
        [
            "north-bank first: credit.score decision.read".to_owned(),
            format!("operator first: {new}"),
            "operator narrow: operator.tenants".to_owned(),
        ]
    );
    assert_eq!(raw.texts("SELECT DISTINCT four_eyes || '' FROM tenants").await, ["0"]);
    // Once is enough: who opens it again changes nothing.
    world.open().await.close().await;
    assert_eq!(raw.texts("SELECT scopes FROM caller_keys WHERE kid = 'first' AND tenant_id = 'operator'").await, [new]);
});
