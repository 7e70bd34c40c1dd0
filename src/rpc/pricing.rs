//! `riskport.pricing.v1.PricingService`.

use tonic::{Request, Response, Status, Streaming};

use super::{
    Context, caller, maybe_replayed,
    parse::resource,
    pricing_convert as convert, pricing_one,
    pricing_plan_convert::version,
    pricing_plan_read as plan_read, pricing_read as read,
    proto::pricing::{self as proto, pricing_service_server::PricingService},
    stream::{self, Answers},
};
use crate::{
    domain::{
        ids::DecisionId,
        refusal::{Refusal, Violations},
    },
    ops,
};

/// The service over its use cases.
#[derive(Clone)]
pub struct Pricing(pub Context);

/// A field of its own, or the refusal of it.
fn field<T>(name: &str, value: Result<T, String>) -> Result<T, Refusal> {
    value.map_err(|rule| Violations::one(name, rule))
}

#[tonic::async_trait]
impl PricingService for Pricing {
    async fn create_rate_plan_version(
        &self,
        request: Request<proto::CreateRatePlanVersionRequest>,
    ) -> Result<Response<proto::CreateRatePlanVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (plan, spec, validate_only) = plan_read::created(request.into_inner()).await?;
        let stored = ops::create_rate_plan_version(&self.0.app, &permit, &plan, spec, validate_only).await?;
        Ok(Response::new(proto::CreateRatePlanVersionResponse { version: Some(version(&stored)) }))
    }

    async fn activate_rate_plan_version(
        &self,
        request: Request<proto::ActivateRatePlanVersionRequest>,
    ) -> Result<Response<proto::ActivateRatePlanVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let name = field("name", plan_read::version_name(&request.get_ref().name))?;
        let active = ops::activate_rate_plan_version(&self.0.app, &permit, &name).await?;
        Ok(Response::new(proto::ActivateRatePlanVersionResponse { version: Some(version(&active)) }))
    }

    async fn retire_rate_plan(
        &self,
        request: Request<proto::RetireRatePlanRequest>,
    ) -> Result<Response<proto::RetireRatePlanResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let plan = field("plan", plan_read::plan_id(&request.get_ref().plan))?;
        let retired = ops::retire_rate_plan(&self.0.app, &permit, &plan).await?;
        Ok(Response::new(proto::RetireRatePlanResponse { version: Some(version(&retired)) }))
    }

    async fn get_rate_plan_version(
        &self,
        request: Request<proto::GetRatePlanVersionRequest>,
    ) -> Result<Response<proto::GetRatePlanVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let name = field("name", plan_read::version_name(&request.get_ref().name))?;
        let found = ops::get_rate_plan_version(&self.0.app, &permit, &name).await?;
        Ok(Response::new(proto::GetRatePlanVersionResponse { version: Some(version(&found)) }))
    }

    async fn list_rate_plan_versions(
        &self,
        request: Request<proto::ListRatePlanVersionsRequest>,
    ) -> Result<Response<proto::ListRatePlanVersionsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (plan, after, size) = plan_read::page(request.get_ref())?;
        let page = ops::list_rate_plan_versions(&self.0.app, &permit, plan.as_ref(), after.as_ref(), size).await?;
        Ok(Response::new(proto::ListRatePlanVersionsResponse {
            versions: page.items.iter().map(version).collect(),
            next_page_token: page.next.map(|next| next.to_string()).unwrap_or_default(),
        }))
    }

    async fn quote_price(
        &self,
        request: Request<proto::QuotePriceRequest>,
    ) -> Result<Response<proto::QuotePriceResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (reply, replayed) = pricing_one::quote(&self.0.app, &permit, request.into_inner()).await?;
        Ok(maybe_replayed(reply, replayed))
    }

    type StreamQuotePriceStream = Answers<proto::StreamQuotePriceResponse>;

    async fn stream_quote_price(
        &self,
        request: Request<Streaming<proto::StreamQuotePriceRequest>>,
    ) -> Result<Response<Self::StreamQuotePriceStream>, Status> {
        Ok(Response::new(stream::answer(&self.0, request, pricing_one::item)?))
    }

    async fn preview_price(
        &self,
        request: Request<proto::PreviewPriceRequest>,
    ) -> Result<Response<proto::PreviewPriceResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let read::Preview { version, subject, risk, input } = read::preview(request.into_inner())?;
        let (of, what) = ((&version, subject.as_str()), (&risk, &input));
        let answer = ops::preview_price(&self.0.app, &permit, of, what, convert::risk_of, convert::preview).await?;
        Ok(Response::new(answer))
    }

    async fn get_quote(
        &self,
        request: Request<proto::GetQuoteRequest>,
    ) -> Result<Response<proto::GetQuoteResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let quote = field("name", resource(&request.get_ref().name, "decisions/", DecisionId::parse))?;
        let found = ops::get_quote(&self.0.app, &permit, &quote).await?;
        let acceptance = found.acceptance.as_ref().map(convert::acceptance);
        Ok(Response::new(proto::GetQuoteResponse { quote: convert::stored(&found.decision.reply)?, acceptance }))
    }

    async fn accept_quote(
        &self,
        request: Request<proto::AcceptQuoteRequest>,
    ) -> Result<Response<proto::AcceptQuoteResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (quote, request_id) = read::acceptance(request.get_ref())?;
        let found = ops::accept_quote(&self.0.app, &permit, &quote, &request_id, convert::expires).await?;
        let acceptance = found.acceptance.as_ref().map(convert::acceptance);
        Ok(Response::new(proto::AcceptQuoteResponse { quote: convert::stored(&found.decision.reply)?, acceptance }))
    }
}
