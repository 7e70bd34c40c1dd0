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
    stream::{self, Answers, charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::Refusal,
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
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let taken = async {
        let request = required(item.request)?;
        let now = charge_item(&context, &permit).await?;
        take(&context.app, &now, request).await
    };
    let taken = taken.await;
    drop(turn);
    let reported = match taken {
        // The answer itself says whether the report was there before.
        Ok(taken) => recorded(taken).await.map(|response| (response, false)),
        Err(refusal) => Err(refusal),
    };
    let (result, _) = item_result(reported, Item::Response, Item::Error);
    StreamReportFraudOutcomeResponse { request_id, result: Some(result) }
}
