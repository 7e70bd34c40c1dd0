//! The commands that say which versions decide, and who may use a model.

use super::{
    Client, model,
    show::{print_models, short, stage},
};
use crate::{
    cli::{Failure, refused, say},
    rpc::proto::risk::{
        GrantModelRequest, PromoteModelVersionRequest, RetireModelVersionRequest, RevokeModelRequest,
        RollbackModelRequest, SetModelTrafficRequest,
    },
};

/// Say which versions stand beside the champion; whoever is not named goes
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport model traffic my-risk --shadow 2                    Evaluated and recorded only
  riskport model traffic my-risk --challenger 2 --percent 10   Decides for a tenth
  riskport model traffic my-risk                               The champion alone")]
pub(super) struct Traffic {
    /// The model
    #[arg(value_parser = model)]
    name: String,
    /// The version that decides for a share of the subjects
    #[arg(long, value_name = "VERSION", requires = "percent")]
    challenger: Option<u32>,
    /// Its share in a hundred, 1 to 99
    #[arg(long, requires = "challenger", value_parser = clap::value_parser!(i32).range(1..=99))]
    percent: Option<i32>,
    /// A version that is evaluated and recorded, and whose answers are not sent; may be given twice
    #[arg(long = "shadow", value_name = "VERSION")]
    shadows: Vec<u32>,
}

impl Traffic {
    pub(super) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let request = SetModelTrafficRequest {
            model: self.name,
            challenger_version: self.challenger.map_or(0, i64::from),
            challenger_percent: self.percent.unwrap_or_default(),
            shadow_versions: self.shadows.into_iter().map(i64::from).collect(),
        };
        let set = client.set_model_traffic(request).await.map_err(|status| refused(&status))?.into_inner();
        print_models(set.model.as_slice())
    }
}

pub(super) async fn promote(client: &mut Client, name: String) -> Result<(), Failure> {
    let request = PromoteModelVersionRequest { name };
    let promoted = client.promote_model_version(request).await.map_err(|status| refused(&status))?.into_inner();
    print_models(promoted.model.as_slice())
}

pub(super) async fn rollback(client: &mut Client, model: String) -> Result<(), Failure> {
    let request = RollbackModelRequest { model };
    let back = client.rollback_model(request).await.map_err(|status| refused(&status))?.into_inner();
    print_models(back.model.as_slice())
}

pub(super) async fn retire(client: &mut Client, name: String) -> Result<(), Failure> {
    let request = RetireModelVersionRequest { name };
    let retired = client.retire_model_version(request).await.map_err(|status| refused(&status))?.into_inner();
    let version = retired.version.unwrap_or_default();
    say(&format!("{} is {}", short(&version.name), stage(version.stage)))
}

/// A model of the platform, and a tenant
#[derive(Debug, clap::Args)]
pub(super) struct Grant {
    /// The model
    #[arg(value_parser = model)]
    name: String,
    /// The tenant's id
    #[arg(long = "tenant", value_name = "TENANT")]
    grantee: String,
}

impl Grant {
    pub(super) async fn give(self, client: &mut Client) -> Result<(), Failure> {
        let request = GrantModelRequest { model: self.name.clone(), tenant: format!("tenants/{}", self.grantee) };
        client.grant_model(request).await.map_err(|status| refused(&status))?;
        say(&format!("{} may use {}", self.grantee, short(&self.name)))
    }

    pub(super) async fn take(self, client: &mut Client) -> Result<(), Failure> {
        let request = RevokeModelRequest { model: self.name.clone(), tenant: format!("tenants/{}", self.grantee) };
        client.revoke_model(request).await.map_err(|status| refused(&status))?;
        say(&format!("{} may no longer use {}", self.grantee, short(&self.name)))
    }
}
