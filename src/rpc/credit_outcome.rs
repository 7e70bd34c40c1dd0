//! One report of an outcome: what the unary call and an item of a stream share.

use super::{
    Context, credit_convert,
    proto::credit::{
        ReportCreditOutcomeRequest, ReportCreditOutcomeResponse, StreamReportCreditOutcomeRequest,
        StreamReportCreditOutcomeResponse, stream_report_credit_outcome_response::Result as Item,
    },
    stream::{charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::Refusal,
    ops::{self, App},
};

/// Records one report, and tells whether it had been stored before.
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
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let reported = async {
        let request = required(item.request)?;
        let now = charge_item(&context, &permit).await?;
        report(&context.app, &now, request).await
    };
    let (result, replayed) = item_result(reported.await, Item::Response, Item::Error);
    StreamReportCreditOutcomeResponse { request_id, result: Some(result), replayed }
}
