//! `riskport tenant`.

use std::path::PathBuf;

use comfy_table::{Table, presets::NOTHING};

use super::{
    Failure,
    client::{Connection, SignedChannel},
    pages,
    quotas::{self, QuotaFlags},
    refused, say,
    style::Style,
};
use crate::rpc::proto::tenant::{
    self as proto, AddKeyRequest, CreateTenantRequest, GetTenantRequest, ListKeysRequest, ListTenantsRequest,
    ResumeTenantRequest, RevokeKeyRequest, Scope, SuspendTenantRequest, TenantMode, TenantState, UpdateTenantRequest,
    tenant_service_client::TenantServiceClient,
};

/// Manage tenants and their keys on a running server
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport tenant create north-bank --name 'North Bank' --rate 500 --key operator.pem
  riskport tenant add-key north-bank --jwk north.jwk --key operator.pem
  riskport tenant create trial --mode sandbox-event-clock --time-zone Asia/Shanghai --key operator.pem
  riskport tenant update north-bank --four-eyes true --key operator.pem
  riskport tenant quota north-bank --decisions-per-day 100000 --burst 500 --key operator.pem
  riskport tenant list --key operator.pem
  riskport tenant keys north-bank --key north.pem --as north-bank
  riskport tenant suspend north-bank --key operator.pem")]
pub(super) struct Tenant {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a partner tenant
    Create {
        /// Its id, the `iss` of its tokens
        id: String,
        /// Its name for people [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// Calls and stream items a second [default: 100]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        rate: i32,
        /// Whether what it does counts, and what tells its time
        #[arg(long, default_value = "live", value_parser = MODES.map(|mode| mode.0))]
        mode: String,
        /// IANA time zone of events that do not say theirs [default: UTC]
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ZONE")]
        time_zone: String,
        #[command(flatten)]
        quotas: Box<QuotaFlags>,
    },
    /// Show one tenant
    #[command(visible_alias = "show")]
    Get {
        /// Its id
        id: String,
    },
    /// List all tenants
    List,
    /// Change a tenant's name, rate, need of four eyes, or time zone
    Update {
        /// Its id
        id: String,
        /// A new name for people
        #[arg(long)]
        name: Option<String>,
        /// A new number of calls and stream items a second
        #[arg(long)]
        rate: Option<i32>,
        /// Whether a key that uploaded a model version may not promote it
        #[arg(long, value_name = "true|false")]
        four_eyes: Option<bool>,
        /// A new IANA time zone of events that do not say theirs
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
    },
    /// Show a tenant's quotas, and change those that are given; 0 is the default
    Quota {
        /// Its id
        id: String,
        /// A new number of calls and stream items a second
        #[arg(long, value_name = "N")]
        rate: Option<i32>,
        #[command(flatten)]
        quotas: Box<QuotaFlags>,
    },
    /// Refuse all calls of a tenant from now on
    Suspend {
        /// Its id
        id: String,
    },
    /// Let a suspended tenant call again
    Resume {
        /// Its id
        id: String,
    },
    /// Register a public key
    AddKey {
        /// The tenant's id
        id: String,
        /// File with the public key as a JWK, as `riskport key new` prints it
        #[arg(long, value_name = "FILE")]
        jwk: PathBuf,
        /// Scopes separated by commas [default: all that a partner can have]
        #[arg(long, value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
        /// Its name for people
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
    },
    /// List a tenant's keys
    Keys {
        /// The tenant's id
        id: String,
    },
    /// Revoke a key for ever
    RevokeKey {
        /// The tenant's id
        id: String,
        /// The key's id
        kid: String,
    },
}

/// Everything that a partner can be granted.
pub(super) const PARTNER_SCOPES: [Scope; 15] = [
    Scope::CreditScore,
    Scope::CreditReport,
    Scope::DecisionRead,
    Scope::TenantSelf,
    Scope::RiskEvaluate,
    Scope::ModelRead,
    Scope::ModelManage,
    Scope::ModelPromote,
    Scope::FraudCheck,
    Scope::FraudReport,
    Scope::FraudBackfill,
    Scope::FraudPolicy,
    Scope::FraudExport,
    Scope::PricingQuote,
    Scope::PricingPlan,
];

/// A scope by its name in tokens.
fn scope(name: &str) -> Result<Scope, String> {
    let proto_name = format!("SCOPE_{}", name.replace('.', "_").to_uppercase());
    Scope::from_str_name(&proto_name).ok_or_else(|| format!("{name} is no scope"))
}

fn scope_names(scopes: &[i32]) -> String {
    let name = |scope: &i32| {
        let name = Scope::try_from(*scope).map_or("?", |scope| scope.as_str_name());
        name.trim_start_matches("SCOPE_").to_lowercase().replacen('_', ".", 1)
    };
    scopes.iter().map(name).collect::<Vec<_>>().join(" ")
}

impl Tenant {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = TenantServiceClient::new(self.connection.open().await?);
        match self.action {
            Action::Create { .. } | Action::Update { .. } | Action::Suspend { .. } | Action::Resume { .. } => {
                self.action.change(client).await
            }
            Action::Quota { id, rate, quotas } => quota(client, &id, rate, &quotas).await,
            Action::AddKey { .. } | Action::RevokeKey { .. } => self.action.change_key(client).await,
            Action::Get { .. } | Action::List | Action::Keys { .. } => self.action.show(client).await,
        }
    }
}

type Client = TenantServiceClient<SignedChannel>;

impl Action {
    async fn change(self, mut client: Client) -> Result<(), Failure> {
        let name_of = |id: &str| format!("tenants/{id}");
        let tenant = match self {
            Self::Create { id, name, rate, mode, time_zone, quotas } => {
                let tenant = proto::Tenant {
                    display_name: name.unwrap_or_else(|| id.clone()),
                    requests_per_second: rate,
                    quotas: Some(quotas.message()),
                    mode: mode_of(&mode) as i32,
                    time_zone,
                    ..proto::Tenant::default()
                };
                let request = CreateTenantRequest { tenant_id: id, tenant: Some(tenant) };
                client.create_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant
            }
            Self::Update { id, name, rate, four_eyes, time_zone } => {
                let mut paths = Vec::new();
                paths.extend(name.as_ref().map(|_| "display_name".to_owned()));
                paths.extend(rate.map(|_| "requests_per_second".to_owned()));
                paths.extend(four_eyes.map(|_| "four_eyes".to_owned()));
                paths.extend(time_zone.as_ref().map(|_| "time_zone".to_owned()));
                let tenant = proto::Tenant {
                    name: name_of(&id),
                    display_name: name.unwrap_or_default(),
                    requests_per_second: rate.unwrap_or_default(),
                    four_eyes: four_eyes.unwrap_or_default(),
                    time_zone: time_zone.unwrap_or_default(),
                    ..proto::Tenant::default()
                };
                let update_mask = Some(prost_types::FieldMask { paths });
                let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
                client.update_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant
            }
            Self::Suspend { id } => {
                let request = SuspendTenantRequest { name: name_of(&id) };
                client.suspend_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant
            }
            Self::Resume { id } => {
                let request = ResumeTenantRequest { name: name_of(&id) };
                client.resume_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant
            }
            _ => None,
        };
        print_tenants(tenant.as_slice())
    }

    async fn change_key(self, mut client: Client) -> Result<(), Failure> {
        let key = match self {
            Self::AddKey { id, jwk, scopes, name } => {
                let jwk = std::fs::read_to_string(&jwk)
                    .map_err(|error| Failure::new(format!("cannot read {}: {error}", jwk.display())))?;
                let scopes = if scopes.is_empty() { PARTNER_SCOPES.to_vec() } else { scopes };
                let request = AddKeyRequest {
                    parent: format!("tenants/{id}"),
                    jwk,
                    scopes: scopes.into_iter().map(i32::from).collect(),
                    display_name: name,
                    ..AddKeyRequest::default()
                };
                client.add_key(request).await.map_err(|status| refused(&status))?.into_inner().key
            }
            Self::RevokeKey { id, kid } => {
                let request = RevokeKeyRequest { name: format!("tenants/{id}/keys/{kid}") };
                client.revoke_key(request).await.map_err(|status| refused(&status))?.into_inner().key
            }
            _ => None,
        };
        print_keys(key.as_slice())
    }

    async fn show(self, mut client: Client) -> Result<(), Failure> {
        match self {
            Self::Get { id } => {
                let request = GetTenantRequest { name: format!("tenants/{id}") };
                let tenant = client.get_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant;
                print_tenants(tenant.as_slice())
            }
            Self::Keys { id } => {
                let request = ListKeysRequest { parent: format!("tenants/{id}") };
                let keys = client.list_keys(request).await.map_err(|status| refused(&status))?.into_inner().keys;
                print_keys(&keys)
            }
            _ => {
                let tenants = pages::all(async |page_token| {
                    let request = ListTenantsRequest { page_size: 500, page_token };
                    let page = client.list_tenants(request).await?.into_inner();
                    Ok((page.tenants, page.next_page_token))
                });
                print_tenants(&tenants.await?)
            }
        }
    }
}

/// Changes the quotas that are given, if any, and shows all.
async fn quota(mut client: Client, id: &str, rate: Option<i32>, quotas: &QuotaFlags) -> Result<(), Failure> {
    let name = format!("tenants/{id}");
    let paths: Vec<String> = rate.map(|_| "requests_per_second".to_owned()).into_iter().chain(quotas.paths()).collect();
    let tenant = if paths.is_empty() {
        client.get_tenant(GetTenantRequest { name }).await.map_err(|status| refused(&status))?.into_inner().tenant
    } else {
        let tenant = proto::Tenant {
            name,
            requests_per_second: rate.unwrap_or_default(),
            quotas: Some(quotas.message()),
            ..proto::Tenant::default()
        };
        let update_mask = Some(prost_types::FieldMask { paths });
        let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
        client.update_tenant(request).await.map_err(|status| refused(&status))?.into_inner().tenant
    };
    say(&quotas::table(&tenant.unwrap_or_default(), &Style::of_stdout()).to_string())
}

/// What `--mode` takes.
const MODES: [(&str, TenantMode); 3] = [
    ("live", TenantMode::Live),
    ("sandbox", TenantMode::Sandbox),
    ("sandbox-event-clock", TenantMode::SandboxEventClock),
];

fn mode_of(name: &str) -> TenantMode {
    MODES.iter().find(|mode| mode.0 == name).map_or(TenantMode::Unspecified, |mode| mode.1)
}

fn mode_name(mode: TenantMode) -> &'static str {
    MODES.iter().find(|known| known.1 == mode).map_or("?", |known| known.0)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header);
    table
}

fn print_tenants(tenants: &[proto::Tenant]) -> Result<(), Failure> {
    let mut table = table(&["TENANT", "NAME", "STATE", "MODE", "TIME ZONE", "REQUESTS/S", "QUOTAS", "SCOPES"]);
    for tenant in tenants {
        let state = if tenant.state == TenantState::Suspended as i32 { "suspended" } else { "active" };
        table.add_row([
            tenant.name.trim_start_matches("tenants/"),
            &tenant.display_name,
            state,
            mode_name(tenant.mode()),
            &tenant.time_zone,
            &tenant.requests_per_second.to_string(),
            &quotas::in_short(&tenant.quotas.unwrap_or_default()),
            &scope_names(&tenant.scopes),
        ]);
    }
    say(&table.to_string())
}

fn print_keys(keys: &[proto::Key]) -> Result<(), Failure> {
    let mut table = table(&["KEY", "STATE", "NAME", "SCOPES"]);
    for key in keys {
        let kid = key.name.rsplit('/').next().unwrap_or_default();
        let state = if key.revoke_time.is_some() { "revoked" } else { "good" };
        table.add_row([kid, state, &key.display_name, &scope_names(&key.scopes)]);
    }
    say(&table.to_string())
}
