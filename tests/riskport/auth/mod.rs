//! Who gets in, and who may do what: forged tokens, scopes, tenants, keys, quotas.

mod foreign_bytes;
mod forged;
mod fraud_ids;
mod granting;
mod isolation;
mod jwks;
mod keys;
mod ledger;
mod mutation;
mod quota;
mod revocation;
mod revoked_in_time;
mod scopes;
mod tenants;
mod walk;

use std::sync::Arc;

use riskport::{
    cli::key_file::PrivateKey,
    rpc::proto::{
        decision::ListDecisionsRequest,
        tenant::{
            self, AddKeyRequest, AddKeyResponse, RevokeKeyRequest, Scope, UpdateTenantRequest,
            tenant_service_client::TenantServiceClient,
        },
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::platform::{Partner, Platform};

/// Adds a key to a tenant.
pub async fn add(
    platform: &Platform,
    by: &Partner,
    to: &str,
    jwk: String,
    scopes: &[Scope],
) -> Result<AddKeyResponse, Status> {
    let scopes = scopes.iter().map(|scope| *scope as i32).collect();
    let request = AddKeyRequest { parent: format!("tenants/{to}"), jwk, scopes, ..AddKeyRequest::default() };
    TenantServiceClient::new(platform.signed(by).await).add_key(request).await.map(tonic::Response::into_inner)
}

pub async fn revoke(platform: &Platform, by: &Partner, of: &str, kid: &str) -> Result<(), Status> {
    let request = RevokeKeyRequest { name: format!("tenants/{of}/keys/{kid}") };
    TenantServiceClient::new(platform.signed(by).await).revoke_key(request).await.map(drop)
}

pub fn operator(platform: &Platform) -> Partner {
    Partner { id: "operator".to_owned(), key: Arc::clone(&platform.operator) }
}

pub fn with_key(partner: &Partner, key: &Arc<PrivateKey>) -> Partner {
    Partner { id: partner.id.clone(), key: Arc::clone(key) }
}

/// Whether calls signed with a key are let in.
pub async fn works(platform: &Platform, partner: &Partner) -> bool {
    let listed = platform.decisions(partner).await.list_decisions(ListDecisionsRequest::default()).await;
    match listed {
        Ok(_) => true,
        Err(status) if status.code() == Code::Unauthenticated => false,
        Err(status) => panic!("{status:?}"),
    }
}

pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let status = result.unwrap_err();
    (status.code(), status.get_error_details().error_info().unwrap().reason.clone())
}

/// Says what a tenant's keys may do at most.
pub async fn set_ceiling(platform: &Platform, tenant: &str, scopes: &[Scope]) -> Result<(), Status> {
    let scopes = scopes.iter().map(|scope| *scope as i32).collect();
    let tenant = tenant::Tenant { name: format!("tenants/{tenant}"), scopes, ..tenant::Tenant::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["scopes".to_owned()] });
    let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
    platform.tenants().await.update_tenant(request).await.map(drop)
}
