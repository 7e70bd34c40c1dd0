//! Takes a place for a call of `ModelInfer` before its message is read: the messages of this method are large, and only so many
//! of them may be in memory at once.

use std::{error::Error, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tonic::Status;

use super::{layers::refuse, message::FRAME_HEAD};
use crate::{
    domain::refusal::{Limit, Refusal},
    ops::App,
    rpc::{MAX_INFERENCE_BYTES, check_parts, place_for_inference},
};

const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";

/// Lets a call of `ModelInfer` pass that may be made, has a place, and whose message is not out of proportion; and every
/// other call.
pub(super) async fn admit_inference(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.uri().path() != MODEL_INFER {
        return next.run(request).await;
    }
    match admitted(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => *refused,
    }
}

async fn admitted(app: &App, mut request: Request) -> Result<Request, Box<Response>> {
    let refused = |refusal| Box::new(refuse(refusal));
    let place = place_for_inference(app, request.extensions()).map_err(refused)?;
    request.extensions_mut().insert(place);
    let (parts, body) = request.into_parts();
    // A body that breaks off has nobody left to be answered: what fails here is its size, or what the layer above says of it.
    let body = to_bytes(body, FRAME_HEAD + MAX_INFERENCE_BYTES).await.map_err(|error| match status_in(&error) {
        Some(status) => Box::new(status.into_http()),
        None => refused(Refusal::Exhausted { limit: Limit::MessageSize, retry_after: None }),
    })?;
    // What is compressed, or no whole frame, is for tonic to refuse.
    if let Some((&[0, ..], message)) = body.split_first_chunk::<FRAME_HEAD>() {
        check_parts(message).map_err(refused)?;
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The status that lies in an error, under whatever it was wrapped into.
fn status_in(error: &(dyn Error + 'static)) -> Option<Status> {
    error.downcast_ref().cloned().or_else(|| status_in(error.source()?))
}
