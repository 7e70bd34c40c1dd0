//! `riskport.fraud.v1.FraudPolicyService`.

use tonic::{Request, Response, Status, Streaming};

use super::{
    Context, caller, fraud_backtest, fraud_lists, fraud_policy_convert as convert, fraud_policy_read as read,
    proto::fraud::{self as proto, fraud_policy_service_server::FraudPolicyService},
    stream::Answers,
};
use crate::{domain::refusal::Violations, ops};

/// The service over its use cases.
#[derive(Clone)]
pub struct FraudPolicies(pub Context);

#[tonic::async_trait]
impl FraudPolicyService for FraudPolicies {
    async fn create_policy_version(
        &self,
        request: Request<proto::CreatePolicyVersionRequest>,
    ) -> Result<Response<proto::CreatePolicyVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let from = request.into_inner();
        let mut wrong = Violations::default();
        let policy = wrong.take("policy", read::own_policy(&from.policy));
        let (policy, spec) = match (policy, read::spec(from.spec, &mut wrong)) {
            (Some(policy), Some(spec)) if wrong.is_empty() => (policy, spec),
            (_, spec) => return Err(read::misread(&self.0.app, &permit, spec, wrong).await.into()),
        };
        let stored = ops::create_policy_version(&self.0.app, &permit, &policy, spec, from.validate_only).await?;
        let version = Some(convert::version(&stored));
        Ok(Response::new(proto::CreatePolicyVersionResponse { version }))
    }

    async fn activate_policy_version(
        &self,
        request: Request<proto::ActivatePolicyVersionRequest>,
    ) -> Result<Response<proto::ActivatePolicyVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let name = read::version_name("name", &request.get_ref().name)?;
        let active = ops::activate_policy_version(&self.0.app, &permit, &name).await?;
        let version = Some(convert::version(&active));
        Ok(Response::new(proto::ActivatePolicyVersionResponse { version }))
    }

    async fn retire_policy(
        &self,
        request: Request<proto::RetirePolicyRequest>,
    ) -> Result<Response<proto::RetirePolicyResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let policy = read::policy_id(&request.get_ref().policy)?;
        let retired = ops::retire_policy(&self.0.app, &permit, &policy).await?;
        Ok(Response::new(proto::RetirePolicyResponse { version: Some(convert::version(&retired)) }))
    }

    async fn get_policy_version(
        &self,
        request: Request<proto::GetPolicyVersionRequest>,
    ) -> Result<Response<proto::GetPolicyVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let name = read::version_name("name", &request.get_ref().name)?;
        let found = ops::get_policy_version(&self.0.app, &permit, &name).await?;
        Ok(Response::new(proto::GetPolicyVersionResponse { version: Some(convert::version(&found)) }))
    }

    async fn list_policy_versions(
        &self,
        request: Request<proto::ListPolicyVersionsRequest>,
    ) -> Result<Response<proto::ListPolicyVersionsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (policy, after, size) = read::page(request.get_ref())?;
        let page = ops::list_policy_versions(&self.0.app, &permit, policy.as_ref(), after.as_ref(), size).await?;
        Ok(Response::new(proto::ListPolicyVersionsResponse {
            versions: page.items.iter().map(convert::version).collect(),
            next_page_token: page.next.map(|next| next.to_string()).unwrap_or_default(),
        }))
    }

    async fn create_list(
        &self,
        request: Request<proto::CreateListRequest>,
    ) -> Result<Response<proto::CreateListResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (id, kind, display_name) = fraud_lists::new_list(request.into_inner().list)?;
        let list = ops::create_list(&self.0.app, &permit, id, kind, display_name).await?;
        Ok(Response::new(proto::CreateListResponse { list: Some(fraud_lists::list(&list)) }))
    }

    async fn list_lists(
        &self,
        request: Request<proto::ListListsRequest>,
    ) -> Result<Response<proto::ListListsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let lists = ops::list_lists(&self.0.app, &permit).await?;
        Ok(Response::new(proto::ListListsResponse { lists: lists.iter().map(fraud_lists::list).collect() }))
    }

    async fn change_list_entries(
        &self,
        request: Request<Streaming<proto::ChangeListEntriesRequest>>,
    ) -> Result<Response<proto::ChangeListEntriesResponse>, Status> {
        let caller = caller(&request)?;
        let (permit, _open) = (caller.permit()?, self.0.app.open_stream(&caller)?);
        Ok(Response::new(fraud_lists::change(&self.0.app, &permit, request.into_inner()).await?))
    }

    async fn check_list_entry(
        &self,
        request: Request<proto::CheckListEntryRequest>,
    ) -> Result<Response<proto::CheckListEntryResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        Ok(Response::new(fraud_lists::check(&self.0.app, &permit, request.get_ref()).await?))
    }

    async fn delete_list(
        &self,
        request: Request<proto::DeleteListRequest>,
    ) -> Result<Response<proto::DeleteListResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let list = fraud_lists::list_id("name", &request.get_ref().name)?;
        ops::delete_list(&self.0.app, &permit, &list).await?;
        Ok(Response::new(proto::DeleteListResponse {}))
    }

    type BacktestPolicyStream = Answers<proto::BacktestPolicyResponse>;

    async fn backtest_policy(
        &self,
        request: Request<proto::BacktestPolicyRequest>,
    ) -> Result<Response<Self::BacktestPolicyStream>, Status> {
        Ok(Response::new(fraud_backtest::backtest(&self.0, request).await?))
    }

    async fn list_features(
        &self,
        request: Request<proto::ListFeaturesRequest>,
    ) -> Result<Response<proto::ListFeaturesResponse>, Status> {
        let _: crate::auth::Permit<crate::auth::mark::FraudPolicy> = caller(&request)?.permit()?;
        Ok(Response::new(convert::features()))
    }
}
