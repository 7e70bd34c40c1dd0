//! `riskport.risk.v1.RiskModelService`.

use tonic::{Request, Response, Status, Streaming};

use super::{
    Context, Deadline, caller, maybe_replayed, model_convert,
    proto::risk::{self as proto, risk_model_service_server::RiskModelService},
    report_convert, report_query, risk_one, scored,
    stream::{self, Answers},
    upload,
};
use crate::{domain::refusal::Refusal, ops};

/// The service over its use cases.
#[derive(Clone)]
pub struct RiskModels(pub Context);

#[tonic::async_trait]
impl RiskModelService for RiskModels {
    async fn upload_model(
        &self,
        request: Request<Streaming<proto::UploadModelRequest>>,
    ) -> Result<Response<proto::UploadModelResponse>, Status> {
        let caller = caller(&request)?;
        let (permit, _open) = (caller.permit()?, self.0.app.open_stream(&caller)?);
        let place = self.0.app.place_for_upload()?;
        let upload = upload::read(request.into_inner()).await?;
        let stored = ops::upload_model(&self.0.app, &permit, upload, place).await.map_err(upload::of_header)?;
        Ok(Response::new(proto::UploadModelResponse {
            version: Some(model_convert::version(&stored, true, permit.tenant())),
        }))
    }

    async fn validate_model_version(
        &self,
        request: Request<proto::ValidateModelVersionRequest>,
    ) -> Result<Response<proto::ValidateModelVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let from = request.into_inner();
        let name = model_convert::required_version(&from.name);
        let ((model, version), rows) = Refusal::both(name, upload::read_rows(from.rows, from.tolerance))?;
        let stored = ops::validate_model_version(&self.0.app, &permit, &model, version, rows).await;
        let stored = stored.map_err(upload::of_rows)?;
        Ok(Response::new(proto::ValidateModelVersionResponse {
            version: Some(model_convert::version(&stored, true, permit.tenant())),
        }))
    }

    async fn list_models(
        &self,
        request: Request<proto::ListModelsRequest>,
    ) -> Result<Response<proto::ListModelsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (kind, after, size) = model_convert::models_page(request.get_ref())?;
        let page = ops::list_models(&self.0.app, &permit, kind, after.as_ref(), size).await?;
        Ok(Response::new(proto::ListModelsResponse {
            models: page.items.iter().map(model_convert::model).collect(),
            next_page_token: model_convert::token(page.next),
        }))
    }

    async fn get_model(
        &self,
        request: Request<proto::GetModelRequest>,
    ) -> Result<Response<proto::GetModelResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, version) = model_convert::model_or_version(&request.get_ref().name)?;
        let (model, version) = ops::get_model(&self.0.app, &permit, &model, version).await?;
        Ok(Response::new(proto::GetModelResponse {
            model: Some(model_convert::model(&model)),
            version: version.map(|one| model_convert::version(&one, true, permit.tenant())),
        }))
    }

    async fn list_model_versions(
        &self,
        request: Request<proto::ListModelVersionsRequest>,
    ) -> Result<Response<proto::ListModelVersionsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, before, size) = model_convert::versions_page(request.get_ref())?;
        let page = ops::list_model_versions(&self.0.app, &permit, &model, before, size).await?;
        Ok(Response::new(proto::ListModelVersionsResponse {
            versions: page.items.iter().map(|one| model_convert::version(one, false, permit.tenant())).collect(),
            next_page_token: model_convert::token(page.next),
        }))
    }

    async fn promote_model_version(
        &self,
        request: Request<proto::PromoteModelVersionRequest>,
    ) -> Result<Response<proto::PromoteModelVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, version) = model_convert::required_version(&request.get_ref().name)?;
        let model = ops::promote_model_version(&self.0.app, &permit, &model, version).await?;
        Ok(Response::new(proto::PromoteModelVersionResponse { model: Some(model_convert::model(&model)) }))
    }

    async fn rollback_model(
        &self,
        request: Request<proto::RollbackModelRequest>,
    ) -> Result<Response<proto::RollbackModelResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let model = model_convert::model_id("model", &request.get_ref().model)?;
        let model = ops::rollback_model(&self.0.app, &permit, &model).await?;
        Ok(Response::new(proto::RollbackModelResponse { model: Some(model_convert::model(&model)) }))
    }

    async fn set_model_traffic(
        &self,
        request: Request<proto::SetModelTrafficRequest>,
    ) -> Result<Response<proto::SetModelTrafficResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, challenger, shadows) = model_convert::traffic(request.get_ref())?;
        let model = ops::set_model_traffic(&self.0.app, &permit, &model, challenger, &shadows).await?;
        Ok(Response::new(proto::SetModelTrafficResponse { model: Some(model_convert::model(&model)) }))
    }

    async fn retire_model_version(
        &self,
        request: Request<proto::RetireModelVersionRequest>,
    ) -> Result<Response<proto::RetireModelVersionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, version) = model_convert::required_version(&request.get_ref().name)?;
        let version = ops::retire_model_version(&self.0.app, &permit, &model, version).await?;
        Ok(Response::new(proto::RetireModelVersionResponse {
            version: Some(model_convert::version(&version, true, permit.tenant())),
        }))
    }

    async fn grant_model(
        &self,
        request: Request<proto::GrantModelRequest>,
    ) -> Result<Response<proto::GrantModelResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, tenant) = model_convert::grant(&request.get_ref().model, &request.get_ref().tenant)?;
        ops::grant_model(&self.0.app, &permit, &tenant, &model).await?;
        Ok(Response::new(proto::GrantModelResponse {}))
    }

    async fn revoke_model(
        &self,
        request: Request<proto::RevokeModelRequest>,
    ) -> Result<Response<proto::RevokeModelResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, tenant) = model_convert::grant(&request.get_ref().model, &request.get_ref().tenant)?;
        ops::revoke_model(&self.0.app, &permit, &tenant, &model).await?;
        Ok(Response::new(proto::RevokeModelResponse {}))
    }

    async fn evaluate_risk(
        &self,
        request: Request<proto::EvaluateRiskRequest>,
    ) -> Result<Response<proto::EvaluateRiskResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (reply, replayed) = risk_one::evaluate(&self.0.app, &permit, request.into_inner()).await?;
        Ok(maybe_replayed(reply, replayed))
    }

    async fn get_model_report(
        &self,
        request: Request<proto::GetModelReportRequest>,
    ) -> Result<Response<proto::GetModelReportResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let query = report_query::query(request.get_ref(), self.0.app.now())?;
        let report = ops::get_model_report(&self.0.app, &permit, &query, scored::scored).await?;
        Ok(Response::new(proto::GetModelReportResponse {
            report: Some(report_convert::report(&report, query.days, &request.get_ref().segment)),
        }))
    }

    type WatchModelStream = Answers<proto::WatchModelResponse>;

    async fn watch_model(
        &self,
        request: Request<proto::WatchModelRequest>,
    ) -> Result<Response<Self::WatchModelStream>, Status> {
        let permit = caller(&request)?.permit()?;
        let deadline = request.extensions().get::<Deadline>().copied();
        let (model, after) = report_query::watch(request.get_ref())?;
        let mut alarms = ops::watch_model(&self.0.app, &permit, model, after).await?;
        let told = stream::tell(&self.0, permit, deadline, |pieces| async move {
            loop {
                for alarm in alarms.next().await? {
                    let alarm = Some(report_convert::alarm(&alarm));
                    pieces.send(proto::WatchModelResponse { alarm }).await?;
                }
            }
        });
        Ok(Response::new(told?))
    }

    async fn recalibrate_model(
        &self,
        request: Request<proto::RecalibrateModelRequest>,
    ) -> Result<Response<proto::RecalibrateModelResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let query = report_query::recalibration(request.get_ref())?;
        let place = self.0.app.place_for_upload()?;
        let made = ops::recalibrate_model(&self.0.app, &permit, &query, place).await?;
        Ok(Response::new(proto::RecalibrateModelResponse {
            version: Some(model_convert::version(&made.version, true, permit.tenant())),
            fitted_on: made.fitted_on,
            bad: made.bad,
            brier_before: made.brier_before,
            brier_after: made.brier_after,
        }))
    }

    type StreamEvaluateRiskStream = Answers<proto::StreamEvaluateRiskResponse>;

    async fn stream_evaluate_risk(
        &self,
        request: Request<Streaming<proto::StreamEvaluateRiskRequest>>,
    ) -> Result<Response<Self::StreamEvaluateRiskStream>, Status> {
        Ok(Response::new(stream::answer(&self.0, request, risk_one::item)?))
    }
}
