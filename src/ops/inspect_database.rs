//! Looks at the database and the keys that the settings name, without changing anything: for `riskport doctor`.

use crate::{
    config::Settings,
    domain::ids::TenantId,
    store::{Inspected, OpenError, Store},
    vault::MasterKey,
};

/// What a database was found to be, and whether its keys fit.
pub struct DatabaseFacts {
    /// The database.
    pub database: Inspected,
    /// How many of the tenants' keys the master key opens; nothing when there is no master key, or no table of keys.
    pub keys: Option<OpenedKeys>,
}

/// Tenants' keys under a master key.
#[derive(Debug, Default)]
pub struct OpenedKeys {
    /// How many it opens.
    pub opened: usize,
    /// Whose keys it does not.
    pub closed: Vec<TenantId>,
}

/// Looks at the database; with `deep`, every row of an embedded one is held against its indexes.
///
/// # Errors
/// When it cannot be reached or read.
pub async fn inspect_database(
    settings: &Settings,
    master: Option<&MasterKey>,
    deep: bool,
) -> Result<DatabaseFacts, OpenError> {
    let database = Store::inspect(&settings.database, deep).await?;
    let keys = database.content.as_ref().zip(master).map(|(content, master)| {
        let mut keys = OpenedKeys::default();
        for (tenant, wrapped) in &content.data_keys {
            match master.open_tenant_key(tenant, wrapped) {
                Ok(_) => keys.opened += 1,
                Err(_) => keys.closed.push(tenant.clone()),
            }
        }
        keys
    });
    Ok(DatabaseFacts { database, keys })
}
