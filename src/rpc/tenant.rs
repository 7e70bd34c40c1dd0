//! `riskport.tenant.v1.TenantService`.

use tonic::{Request, Response, Status};

use super::{
    Context, audit_convert, caller,
    parse::proto_time,
    proto::tenant::{
        AddKeyRequest, AddKeyResponse, CreateTenantRequest, CreateTenantResponse, GetTenantRequest, GetTenantResponse,
        GetUsageRequest, GetUsageResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListKeysRequest,
        ListKeysResponse, ListTenantsRequest, ListTenantsResponse, ListUsageRequest, ListUsageResponse,
        ResumeTenantRequest, ResumeTenantResponse, RevokeKeyRequest, RevokeKeyResponse, SuspendTenantRequest,
        SuspendTenantResponse, UpdateTenantRequest, UpdateTenantResponse, tenant_service_server::TenantService,
    },
    tenant_convert as convert, usage_convert,
};
use crate::{
    domain::{
        refusal::{Refusal, Violations},
        tenant::{TenantChange, TenantState},
    },
    ops,
};

/// The service over its use cases.
#[derive(Clone)]
pub struct Tenants(pub Context);

#[tonic::async_trait]
impl TenantService for Tenants {
    async fn create_tenant(
        &self,
        request: Request<CreateTenantRequest>,
    ) -> Result<Response<CreateTenantResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let new = convert::new_tenant(request.into_inner())?;
        let tenant = ops::create_tenant(&self.0.app, &permit, new).await?;
        Ok(Response::new(CreateTenantResponse { tenant: Some(convert::tenant(&tenant)) }))
    }

    async fn get_tenant(&self, request: Request<GetTenantRequest>) -> Result<Response<GetTenantResponse>, Status> {
        let caller = caller(&request)?;
        let permit = caller.permit_for(convert::tenant_id("name", &request.get_ref().name))?;
        let tenant = ops::get_tenant(&self.0.app, &permit).await?;
        Ok(Response::new(GetTenantResponse { tenant: Some(convert::tenant(&tenant)) }))
    }

    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (after, size) = convert::tenant_page(request.get_ref())?;
        let page = ops::list_tenants(&self.0.app, &permit, after.as_ref(), size).await?;
        Ok(Response::new(ListTenantsResponse {
            tenants: page.items.iter().map(convert::tenant).collect(),
            next_page_token: page.next.map_or(String::new(), |last| convert::tenant_token(&last)),
        }))
    }

    async fn update_tenant(
        &self,
        request: Request<UpdateTenantRequest>,
    ) -> Result<Response<UpdateTenantResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (id, change) = convert::tenant_change(request.into_inner())?;
        let tenant = ops::update_tenant(&self.0.app, &permit, &id, &change, None, "update_tenant").await?;
        Ok(Response::new(UpdateTenantResponse { tenant: Some(convert::tenant(&tenant)) }))
    }

    async fn suspend_tenant(
        &self,
        request: Request<SuspendTenantRequest>,
    ) -> Result<Response<SuspendTenantResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let id = convert::tenant_id("name", &request.get_ref().name)?;
        let (change, state) = (TenantChange::default(), Some(TenantState::Suspended));
        let tenant = ops::update_tenant(&self.0.app, &permit, &id, &change, state, "suspend_tenant").await?;
        Ok(Response::new(SuspendTenantResponse { tenant: Some(convert::tenant(&tenant)) }))
    }

    async fn resume_tenant(
        &self,
        request: Request<ResumeTenantRequest>,
    ) -> Result<Response<ResumeTenantResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let id = convert::tenant_id("name", &request.get_ref().name)?;
        let (change, state) = (TenantChange::default(), Some(TenantState::Active));
        let tenant = ops::update_tenant(&self.0.app, &permit, &id, &change, state, "resume_tenant").await?;
        Ok(Response::new(ResumeTenantResponse { tenant: Some(convert::tenant(&tenant)) }))
    }

    async fn add_key(&self, request: Request<AddKeyRequest>) -> Result<Response<AddKeyResponse>, Status> {
        let caller = caller(&request)?;
        let permit = caller.permit_for(convert::tenant_id("parent", &request.get_ref().parent));
        let (permit, new) = Refusal::both(permit, convert::new_key(request.get_ref()))?;
        let key = ops::add_key(&self.0.app, &permit, new).await?;
        Ok(Response::new(AddKeyResponse { key: Some(convert::key(&key)) }))
    }

    async fn list_keys(&self, request: Request<ListKeysRequest>) -> Result<Response<ListKeysResponse>, Status> {
        let caller = caller(&request)?;
        let permit = caller.permit_for(convert::tenant_id("parent", &request.get_ref().parent))?;
        let keys = ops::list_keys(&self.0.app, &permit).await?;
        Ok(Response::new(ListKeysResponse { keys: keys.iter().map(convert::key).collect() }))
    }

    async fn revoke_key(&self, request: Request<RevokeKeyRequest>) -> Result<Response<RevokeKeyResponse>, Status> {
        let caller = caller(&request)?;
        let (tenant, kid) = convert::key_id("name", &request.get_ref().name);
        let permit = caller.permit_for(tenant)?;
        let key = ops::revoke_key(&self.0.app, &permit, &kid?).await?;
        Ok(Response::new(RevokeKeyResponse { key: Some(convert::key(&key)) }))
    }

    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Result<Response<GetUsageResponse>, Status> {
        let (caller, asked) = (caller(&request)?, request.get_ref());
        let permit = caller.permit_for(usage_convert::usage_of(&asked.name));
        let mut violations = Violations::default();
        let days = usage_convert::days(asked.start_time, asked.end_time, self.0.app.now(), &mut violations);
        let days = if violations.is_empty() { Ok(days) } else { Err(Refusal::Invalid(violations)) };
        let (permit, days) = Refusal::both(permit, days)?;
        let usage = ops::get_usage(&self.0.app, &permit, days).await?;
        Ok(Response::new(GetUsageResponse {
            start_time: Some(proto_time(days.0.start())),
            end_time: Some(proto_time(days.1.start())),
            totals: usage.totals.iter().map(usage_convert::usage).collect(),
            days: usage.days.iter().map(usage_convert::usage).collect(),
        }))
    }

    async fn list_usage(&self, request: Request<ListUsageRequest>) -> Result<Response<ListUsageResponse>, Status> {
        let caller = caller(&request)?;
        let (whose, listed) = usage_convert::listed(request.get_ref(), self.0.app.now());
        let (permit, listed) = Refusal::both(caller.permit_over(whose), listed)?;
        let what = (listed.days, listed.by_day);
        let (rows, next) = ops::list_usage(&self.0.app, &permit, what, listed.size, listed.token.as_ref()).await?;
        let usage = rows.iter().map(usage_convert::usage).collect();
        Ok(Response::new(ListUsageResponse { usage, next_page_token: next }))
    }

    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let caller = caller(&request)?;
        let (whose, query) = audit_convert::query(request.get_ref());
        let (permit, query) = Refusal::both(caller.permit_over(whose), query)?;
        let (entries, next_page_token) = ops::list_audit_entries(&self.0.app, &permit, query).await?;
        let entries = entries.into_iter().map(audit_convert::entry).collect();
        Ok(Response::new(ListAuditEntriesResponse { entries, next_page_token }))
    }
}
