//! `riskport.credit.v1.CreditScoreService`.

use tonic::{Request, Response, Status, Streaming};

use super::{
    Context, caller, credit_one, credit_outcome, maybe_replayed,
    proto::credit::{
        ReportCreditOutcomeRequest, ReportCreditOutcomeResponse, ScoreCreditRequest, ScoreCreditResponse,
        StreamReportCreditOutcomeRequest, StreamReportCreditOutcomeResponse, StreamScoreCreditRequest,
        StreamScoreCreditResponse, credit_score_service_server::CreditScoreService,
    },
    stream::{self, Answers},
};
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
        Ok(maybe_replayed(reply, replayed))
    }

    type StreamScoreCreditStream = Answers<StreamScoreCreditResponse>;

    async fn stream_score_credit(
        &self,
        request: Request<Streaming<StreamScoreCreditRequest>>,
    ) -> Result<Response<Self::StreamScoreCreditStream>, Status> {
        Ok(Response::new(stream::answer(&self.0, request, credit_one::item)?))
    }

    async fn report_credit_outcome(
        &self,
        request: Request<ReportCreditOutcomeRequest>,
    ) -> Result<Response<ReportCreditOutcomeResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (response, _) = credit_outcome::report(&self.0.app, &permit, request.into_inner()).await?;
        Ok(Response::new(response))
    }

    type StreamReportCreditOutcomeStream = Answers<StreamReportCreditOutcomeResponse>;

    async fn stream_report_credit_outcome(
        &self,
        request: Request<Streaming<StreamReportCreditOutcomeRequest>>,
    ) -> Result<Response<Self::StreamReportCreditOutcomeStream>, Status> {
        Ok(Response::new(stream::answer(&self.0, request, credit_outcome::item)?))
    }
}
