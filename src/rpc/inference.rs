//! `inference.GRPCInferenceService`: the Open Inference Protocol over the models of the platform.

use std::sync::Arc;

use prost::Message;
use tonic::{Request, Response, Status};

use super::{
    Context, caller, inference_convert as convert, inference_read, maybe_replayed,
    proto::inference::{self as proto, grpc_inference_service_server::GrpcInferenceService},
};
use crate::{
    auth::{Caller, Permit, mark},
    domain::{
        inference::Predictions,
        refusal::{Obstacle, Refusal},
    },
    ops::{self, App, InferencePlace, Turn},
};

/// The largest message of this service that is taken, in bytes: 10,000 rows of 50 features as FP64.
pub const MAX_INFERENCE_BYTES: usize = 4 * 1024 * 1024;

/// A place for a call of `ModelInfer`, from what the layers put to the request. Who may not make the call gets none.
///
/// # Errors
/// Not authenticated; denied; exhausted, when all places are taken.
pub fn place_for_inference(app: &App, extensions: &http::Extensions) -> Result<InferencePlace, Refusal> {
    let caller = extensions.get::<Arc<Caller>>().ok_or(Refusal::Unauthenticated)?;
    let _: Permit<mark::RiskEvaluate> = caller.permit()?;
    app.place_for_inference()
}

/// The service over its use cases.
#[derive(Clone)]
pub struct Inference(pub Context);

#[tonic::async_trait]
impl GrpcInferenceService for Inference {
    async fn server_live(
        &self,
        request: Request<proto::ServerLiveRequest>,
    ) -> Result<Response<proto::ServerLiveResponse>, Status> {
        let _: Permit<mark::RiskEvaluate> = caller(&request)?.permit()?;
        Ok(Response::new(proto::ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        request: Request<proto::ServerReadyRequest>,
    ) -> Result<Response<proto::ServerReadyResponse>, Status> {
        let _: Permit<mark::RiskEvaluate> = caller(&request)?.permit()?;
        let ready = self.0.app.see_changes().await && !*self.0.draining.borrow();
        Ok(Response::new(proto::ServerReadyResponse { ready }))
    }

    async fn model_ready(
        &self,
        request: Request<proto::ModelReadyRequest>,
    ) -> Result<Response<proto::ModelReadyResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, version) = inference_read::model(&request.get_ref().name, &request.get_ref().version)?;
        let ready = match ops::served_champion(&self.0.app, &permit, &model, version).await {
            Ok(_) => true,
            Err(Refusal::Precondition(Obstacle::NoChampion)) => false,
            Err(refusal) => return Err(refusal.into()),
        };
        Ok(Response::new(proto::ModelReadyResponse { ready }))
    }

    async fn server_metadata(
        &self,
        request: Request<proto::ServerMetadataRequest>,
    ) -> Result<Response<proto::ServerMetadataResponse>, Status> {
        let _: Permit<mark::RiskEvaluate> = caller(&request)?.permit()?;
        Ok(Response::new(proto::ServerMetadataResponse {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: Vec::new(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<proto::ModelMetadataRequest>,
    ) -> Result<Response<proto::ModelMetadataResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (model, version) = inference_read::model(&request.get_ref().name, &request.get_ref().version)?;
        let served = ops::served_champion(&self.0.app, &permit, &model, version).await?;
        Ok(Response::new(proto::ModelMetadataResponse {
            name: model.as_str().to_owned(),
            versions: vec![served.version.to_string()],
            platform: format!("riskport_{}", served.model.format()),
            inputs: convert::inputs(served.model.manifest()),
            outputs: convert::outputs(served.model.gives_probabilities()),
        }))
    }

    async fn model_infer(
        &self,
        request: Request<proto::ModelInferRequest>,
    ) -> Result<Response<proto::ModelInferResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        // The layer that takes the place comes before the message is read, and puts it here.
        let place = request.extensions().get::<InferencePlace>().cloned().ok_or(Refusal::Internal)?;
        let (reply, replayed) = infer(&self.0, &permit, request.into_inner(), place).await?;
        Ok(maybe_replayed(reply, replayed))
    }
}

/// Predicts for the rows of a message, and tells whether the answer was stored before.
async fn infer(
    context: &Context,
    permit: &Permit<mark::RiskEvaluate>,
    request: proto::ModelInferRequest,
    place: InferencePlace,
) -> Result<(proto::ModelInferResponse, bool), Refusal> {
    let app = &context.app;
    let query = match inference_read::query(request) {
        Ok(query) => query,
        Err(misread) => {
            let (mut violations, rest) = *misread;
            // What is wrong with the other tensors for the model is told with the rest, so that the caller learns all at once.
            if let Some(rest) = rest {
                violations.join(ops::tensor_misfits(app, permit, rest, place).await);
            }
            return Err(Refusal::Invalid(violations));
        }
    };
    let mut made = None;
    let outputs = query.outputs.clone();
    let encode = |turn: &Turn<'_>, id: &_, predictions: &Predictions| {
        let message = convert::response(turn, id, &outputs, predictions);
        let bytes = message.encode_to_vec();
        made = Some(message);
        bytes
    };
    let recorded = ops::infer(app, permit, query, place, encode).await?;
    let reply = match made {
        // The very message whose bytes were stored: reading it back from them would only cost.
        Some(made) if !recorded.replayed => made,
        _ => proto::ModelInferResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?,
    };
    Ok((reply, recorded.replayed))
}
