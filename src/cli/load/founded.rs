//! A platform to put under load: an empty database with a master key and an operator.

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use crate::{
    cli::{Failure, key_file::PrivateKey},
    config::{Settings, SettingsSource},
    domain::key::KeyAlgorithm,
    ops::{App, FoundError, found_operator},
    vault::MasterKey,
};

/// The settings of a server on a free port of loopback, with its keys in a folder, and its database too unless a URL names
/// another.
pub(in crate::cli) fn settings(folder: &Path, database_url: Option<&str>) -> Result<Settings, Failure> {
    let master_key_file = folder.join("master.key");
    MasterKey::create(&master_key_file)?;
    let source = SettingsSource {
        listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        data_dir: Some(folder.to_owned()),
        database_url: database_url.map(str::to_owned),
        master_key_file: Some(master_key_file),
        ..SettingsSource::default()
    };
    Ok(source.validate()?)
}

/// Makes the tables and the first operator key on an empty database.
pub(in crate::cli) async fn found(settings: &Settings) -> Result<Arc<PrivateKey>, Failure> {
    let operator = Arc::new(PrivateKey::generate(KeyAlgorithm::EdDsa)?.0);
    let (app, writer_task) = App::start(settings).await?;
    let founded = found_operator(&app, operator.public.clone()).await;
    writer_task.finish().await;
    app.close().await;
    match founded {
        Ok(_) => Ok(operator),
        Err(FoundError::Exists) => Err(Failure::new("the database is in use: give the name of an empty one")),
        Err(error) => Err(error.into()),
    }
}
