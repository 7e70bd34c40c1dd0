//! One applicant: what the unary call and an item of a stream share.

use prost::Message;

use super::{
    Context, credit_convert,
    proto::credit::{
        ScoreCreditRequest, ScoreCreditResponse, StreamScoreCreditRequest, StreamScoreCreditResponse,
        stream_score_credit_response::Result as Item,
    },
    stream::{charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::{credit::CreditScore, decision::TrafficRole, refusal::Refusal},
    ops::{self, App, Turn},
};

/// Scores one applicant, and tells whether the answer was stored before.
pub(super) async fn score(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    request: ScoreCreditRequest,
) -> Result<(ScoreCreditResponse, bool), Refusal> {
    let application = match credit_convert::application(request) {
        Ok(application) => application,
        Err(misread) => return Err(misread.refusal(app, permit.tenant()).await),
    };
    let mut made = None;
    let encode = |turn: &Turn<'_>, score: CreditScore| {
        let message = credit_convert::response(turn, score);
        let bytes = message.encode_to_vec();
        if turn.role != TrafficRole::Shadow {
            made = Some(message);
        }
        bytes
    };
    let recorded = ops::score_credit(app, permit, &application, encode).await?;
    let reply = match made {
        // The very message whose bytes were stored: reading it back from them would only cost.
        Some(made) if !recorded.replayed => made,
        _ => ScoreCreditResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?,
    };
    Ok((reply, recorded.replayed))
}

/// Scores one item of a stream.
pub(super) async fn item(
    context: Context,
    permit: Permit<mark::CreditScore>,
    item: StreamScoreCreditRequest,
) -> StreamScoreCreditResponse {
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let scored = async {
        let request = required(item.request)?;
        let now = charge_item(&context, &permit).await?;
        score(&context.app, &now, request).await
    };
    let (result, replayed) = item_result(scored.await, Item::Response, Item::Error);
    StreamScoreCreditResponse { request_id, result: Some(result), replayed }
}
