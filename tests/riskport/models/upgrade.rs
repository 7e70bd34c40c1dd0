//! An operator that was founded before there were models gets the scopes that are new, by the migration.

use sqlx::migrate::Migrator;

use crate::support::{World, platform::is_postgres, raw::Raw};

/// A database as the first version of the program left it.
async fn before(world: &World) -> Raw {
    let folder = if is_postgres(&world.database) { "migrations/postgres" } else { "migrations/sqlite" };
    let only = tempfile::tempdir().unwrap();
    let name = "0001_foundation.sql";
    std::fs::copy(format!("{folder}/{name}"), only.path().join(name)).unwrap();
    let migrator = Migrator::new(only.path()).await.unwrap();
    let mut raw = world.raw().await;
    match &mut raw {
        Raw::Sqlite(connection) => migrator.run(connection).await.unwrap(),
        Raw::Postgres(connection) => migrator.run(connection).await.unwrap(),
    }
    raw
}

on_both!(the_operator_gets_the_scopes_that_are_new, async |world| {
    let mut raw = before(world).await;
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
