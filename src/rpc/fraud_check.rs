//! `riskport.fraud.v1.FraudCheckService`.

use tonic::{Request, Response, Status, Streaming};

use super::{
    Context, caller, fraud_export, fraud_history, fraud_one, fraud_outcome, maybe_replayed,
    proto::fraud::{
        CheckFraudRequest, CheckFraudResponse, ExportFeaturesRequest, ExportFeaturesResponse, RecordEventsRequest,
        RecordEventsResponse, ReportFraudOutcomeRequest, ReportFraudOutcomeResponse, StreamCheckFraudRequest,
        StreamCheckFraudResponse, StreamReportFraudOutcomeRequest, StreamReportFraudOutcomeResponse,
        fraud_check_service_server::FraudCheckService,
    },
    stream::Answers,
};
/// The service over its use cases.
#[derive(Clone)]
pub struct FraudChecks(pub Context);

#[tonic::async_trait]
impl FraudCheckService for FraudChecks {
    async fn check_fraud(&self, request: Request<CheckFraudRequest>) -> Result<Response<CheckFraudResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let new = fraud_one::read(&self.0.app, &permit, request.into_inner())?;
        let (reply, replayed) = fraud_one::check(&self.0.app, &permit, &new).await?;
        Ok(maybe_replayed(reply, replayed))
    }

    type StreamCheckFraudStream = Answers<StreamCheckFraudResponse>;

    async fn stream_check_fraud(
        &self,
        request: Request<Streaming<StreamCheckFraudRequest>>,
    ) -> Result<Response<Self::StreamCheckFraudStream>, Status> {
        Ok(Response::new(fraud_one::stream(&self.0, request)?))
    }

    async fn report_fraud_outcome(
        &self,
        request: Request<ReportFraudOutcomeRequest>,
    ) -> Result<Response<ReportFraudOutcomeResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        Ok(Response::new(fraud_outcome::report(&self.0.app, &permit, request.into_inner()).await?))
    }

    type StreamReportFraudOutcomeStream = Answers<StreamReportFraudOutcomeResponse>;

    async fn stream_report_fraud_outcome(
        &self,
        request: Request<Streaming<StreamReportFraudOutcomeRequest>>,
    ) -> Result<Response<Self::StreamReportFraudOutcomeStream>, Status> {
        Ok(Response::new(fraud_outcome::stream(&self.0, request)?))
    }

    type RecordEventsStream = Answers<RecordEventsResponse>;

    async fn record_events(
        &self,
        request: Request<Streaming<RecordEventsRequest>>,
    ) -> Result<Response<Self::RecordEventsStream>, Status> {
        Ok(Response::new(fraud_history::record(&self.0, request)?))
    }

    type ExportFeaturesStream = Answers<ExportFeaturesResponse>;

    async fn export_features(
        &self,
        request: Request<ExportFeaturesRequest>,
    ) -> Result<Response<Self::ExportFeaturesStream>, Status> {
        Ok(Response::new(fraud_export::export(&self.0, request).await?))
    }
}
