//! One applicant: what the unary call and an item of a stream share.

use prost::Message;

use super::{
    credit_convert,
    proto::credit::{ScoreCreditRequest, ScoreCreditResponse},
};
use crate::{
    auth::{Permit, mark},
    domain::{features::Features, ids::ModelId, refusal::Refusal},
    ops::{self, App},
};

/// Scores one applicant, and tells whether the answer was stored before.
pub(super) async fn score(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    request: ScoreCreditRequest,
) -> Result<(ScoreCreditResponse, bool), Refusal> {
    let misfits = |model: Option<&ModelId>, features: &Features| ops::feature_misfits(app, model, features);
    let application = credit_convert::application(request, misfits)?;
    let mut made = None;
    let encode = |scored: ops::ScoredCredit<'_>| made.insert(credit_convert::response(scored)).encode_to_vec();
    let recorded = ops::score_credit(app, permit, &application, encode).await?;
    let reply = match made {
        // The very message whose bytes were stored: reading it back from them would only cost.
        Some(made) if !recorded.replayed => made,
        _ => ScoreCreditResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?,
    };
    Ok((reply, recorded.replayed))
}
