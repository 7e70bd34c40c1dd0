//! `riskport.credit.v1.CreditScoreService`.

use tonic::{Request, Response, Status, Streaming, metadata::MetadataValue};

use super::{
    Context, Deadline, caller, credit_convert, credit_one, credit_stream,
    proto::credit::{
        ReportCreditOutcomeRequest, ReportCreditOutcomeResponse, ScoreCreditRequest, ScoreCreditResponse,
        StreamScoreCreditRequest, credit_score_service_server::CreditScoreService,
    },
};
use crate::ops;

/// The metadata that tells a stored answer from a new one.
const REPLAYED: &str = "riskport-replayed";

/// The service over its use cases.
#[derive(Clone)]
pub struct CreditScore(pub Context);

#[tonic::async_trait]
impl CreditScoreService for CreditScore {
    async fn score_credit(
        &self,
        request: Request<ScoreCreditRequest>,
    ) -> Result<Response<ScoreCreditResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (reply, replayed) = credit_one::score(&self.0.app, &permit, request.into_inner()).await?;
        let mut response = Response::new(reply);
        if replayed {
            response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
        }
        Ok(response)
    }

    type StreamScoreCreditStream = credit_stream::Answers;

    async fn stream_score_credit(
        &self,
        request: Request<Streaming<StreamScoreCreditRequest>>,
    ) -> Result<Response<Self::StreamScoreCreditStream>, Status> {
        let caller = caller(&request)?;
        let permit = caller.permit()?;
        let deadline = request.extensions().get::<Deadline>().copied();
        Ok(Response::new(credit_stream::answer(self.0.clone(), permit, deadline, request.into_inner())))
    }

    async fn report_credit_outcome(
        &self,
        request: Request<ReportCreditOutcomeRequest>,
    ) -> Result<Response<ReportCreditOutcomeResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let report = credit_convert::report(request.into_inner(), self.0.app.now())?;
        let outcome = ops::report_credit_outcome(&self.0.app, &permit, report).await?;
        Ok(Response::new(ReportCreditOutcomeResponse { outcome: Some(credit_convert::outcome(&outcome)) }))
    }
}
