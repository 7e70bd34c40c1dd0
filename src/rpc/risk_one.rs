//! One subject: what the unary call and an item of a stream share.

use prost::Message;

use super::{
    Context,
    proto::risk::{
        EvaluateRiskRequest, EvaluateRiskResponse, StreamEvaluateRiskRequest, StreamEvaluateRiskResponse,
        stream_evaluate_risk_response::Result as Item,
    },
    risk_convert,
    stream::{charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::{decision::TrafficRole, refusal::Refusal, risk::RiskVerdict},
    ops::{self, App, Turn},
};

/// Gets a verdict on one subject, and tells whether the answer was stored before.
pub(super) async fn evaluate(
    app: &App,
    permit: &Permit<mark::RiskEvaluate>,
    request: EvaluateRiskRequest,
) -> Result<(EvaluateRiskResponse, bool), Refusal> {
    let query = match risk_convert::query(request) {
        Ok(query) => query,
        Err(misread) => return Err(misread.refusal(app, permit.tenant()).await),
    };
    let mut made = None;
    let encode = |turn: &Turn<'_>, verdict: RiskVerdict| {
        let message = risk_convert::response(turn, verdict);
        let bytes = message.encode_to_vec();
        if turn.role != TrafficRole::Shadow {
            made = Some(message);
        }
        bytes
    };
    let recorded = ops::evaluate_risk(app, permit, &query, encode).await?;
    let reply = match made {
        // The very message whose bytes were stored: reading it back from them would only cost.
        Some(made) if !recorded.replayed => made,
        _ => EvaluateRiskResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?,
    };
    Ok((reply, recorded.replayed))
}

/// Gets a verdict on one item of a stream.
pub(super) async fn item(
    context: Context,
    permit: Permit<mark::RiskEvaluate>,
    item: StreamEvaluateRiskRequest,
) -> StreamEvaluateRiskResponse {
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let evaluated = async {
        let request = required(item.request)?;
        let now = charge_item(&context, &permit).await?;
        evaluate(&context.app, &now, request).await
    };
    let (result, replayed) = item_result(evaluated.await, Item::Response, Item::Error);
    StreamEvaluateRiskResponse { request_id, result: Some(result), replayed }
}
