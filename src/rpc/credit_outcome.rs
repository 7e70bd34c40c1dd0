//! One report of an outcome: what the unary call and an item of a stream share.

use super::{
    Context, credit_convert,
    proto::credit::{
        ReportCreditOutcomeRequest, ReportCreditOutcomeResponse, StreamReportCreditOutcomeRequest,
        StreamReportCreditOutcomeResponse, stream_report_credit_outcome_response::Result as Item,
    },
    status::item_error,
    stream::charge_item,
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::{Refusal, Violations},
    ops::{self, App},
};

/// Records one report, or finds it again; tells whether it was there before.
pub(super) async fn report(
    app: &App,
    permit: &Permit<mark::CreditReport>,
    request: ReportCreditOutcomeRequest,
) -> Result<(ReportCreditOutcomeResponse, bool), Refusal> {
    let report = credit_convert::report(request, app.now())?;
    let (outcome, replayed) = ops::report_credit_outcome(app, permit, report).await?;
    Ok((ReportCreditOutcomeResponse { outcome: Some(credit_convert::outcome(&outcome)) }, replayed))
}

/// Records one item of a stream.
pub(super) async fn item(
    context: Context,
    permit: Permit<mark::CreditReport>,
    item: StreamReportCreditOutcomeRequest,
) -> StreamReportCreditOutcomeResponse {
    let Some(request) = item.request else {
        let refusal = Violations::one("request", "is required");
        let result = Some(Item::Error(item_error(&refusal)));
        return StreamReportCreditOutcomeResponse { result, ..Default::default() };
    };
    let request_id = request.request_id.clone();
    let reported = match charge_item(&context, &permit).await {
        Ok(now) => report(&context.app, &now, request).await,
        Err(refusal) => Err(refusal),
    };
    let (result, replayed) = match reported {
        Ok((response, replayed)) => (Item::Response(response), replayed),
        Err(refusal) => (Item::Error(item_error(&refusal)), false),
    };
    StreamReportCreditOutcomeResponse { request_id, result: Some(result), replayed }
}
