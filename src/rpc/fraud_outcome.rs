//! One report of what became of an event: what the unary call and an item of a stream share.

use std::sync::Arc;

use tonic::{Request, Streaming};

use super::{
    Context,
    fraud_one::{Queue, Turn},
    fraud_read,
    parse::proto_time,
    proto::fraud::{
        ReportFraudOutcomeRequest, ReportFraudOutcomeResponse, StreamReportFraudOutcomeRequest,
        StreamReportFraudOutcomeResponse, stream_report_fraud_outcome_response::Result as Item,
    },
    status::item_error,
    stream::{self, Answers, charge_item},
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::{Refusal, Violations},
    ops::{self, App, TakenReport},
};

/// Takes one report in, and answers once it is on disk.
pub(super) async fn report(
    app: &Arc<App>,
    permit: &Permit<mark::FraudReport>,
    request: ReportFraudOutcomeRequest,
) -> Result<ReportFraudOutcomeResponse, Refusal> {
    recorded(take(app, permit, request).await?).await
}

async fn take(
    app: &Arc<App>,
    permit: &Permit<mark::FraudReport>,
    request: ReportFraudOutcomeRequest,
) -> Result<TakenReport, Refusal> {
    let report = fraud_read::report(&request.request_id, request.outcome)?;
    ops::report_fraud_outcome(app, permit, &report).await
}

async fn recorded(taken: TakenReport) -> Result<ReportFraudOutcomeResponse, Refusal> {
    let reported = taken.recorded().await?;
    Ok(ReportFraudOutcomeResponse {
        effective_time: Some(proto_time(reported.effective)),
        repeated_report: reported.repeated,
    })
}

/// Takes a stream of reports in, one after the other in their order; their answers wait for the disk side by side.
pub(super) fn stream(
    context: &Context,
    request: Request<Streaming<StreamReportFraudOutcomeRequest>>,
) -> Result<Answers<StreamReportFraudOutcomeResponse>, Refusal> {
    let queue = Queue::default();
    stream::answer(context, request, move |context, permit, asked| item(context, permit, asked, queue.stand_in()))
}

async fn item(
    context: Context,
    permit: Permit<mark::FraudReport>,
    item: StreamReportFraudOutcomeRequest,
    mut turn: Turn,
) -> StreamReportFraudOutcomeResponse {
    turn.come().await;
    let Some(request) = item.request else {
        let refusal = Violations::one("request", "is required");
        let result = Some(Item::Error(item_error(&refusal)));
        return StreamReportFraudOutcomeResponse { result, ..Default::default() };
    };
    let request_id = request.request_id.clone();
    let taken = match charge_item(&context, &permit).await {
        Ok(now) => take(&context.app, &now, request).await,
        Err(refusal) => Err(refusal),
    };
    drop(turn);
    let reported = match taken {
        Ok(taken) => recorded(taken).await,
        Err(refusal) => Err(refusal),
    };
    let result = match reported {
        Ok(response) => Item::Response(response),
        Err(refusal) => Item::Error(item_error(&refusal)),
    };
    StreamReportFraudOutcomeResponse { request_id, result: Some(result) }
}
