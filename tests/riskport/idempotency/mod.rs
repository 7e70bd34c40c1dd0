//! One id, one decision: repeats get the stored answer byte for byte, whoever races and whatever restarts.

mod content;
mod races;
mod repeats;

use prost::Message;
use riskport::rpc::proto::credit::ScoreCreditRequest;
use tonic::transport::Channel;

use crate::support::wire::{self, Reply};

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";

async fn score(channel: &Channel, token: &str, request: &ScoreCreditRequest) -> Reply {
    wire::call(channel, SCORE, token, request).await
}

/// The request's bytes with the features in the order of their names, or in the opposite one. Protobuf lets a message
/// be sent in pieces, which is what makes the order ours.
fn in_order(request: &ScoreCreditRequest, backwards: bool) -> Vec<u8> {
    let mut fields: Vec<_> = request.features.clone().unwrap_or_default().fields.into_iter().collect();
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    if backwards {
        fields.reverse();
    }
    let rest = ScoreCreditRequest { features: None, ..request.clone() }.encode_to_vec();
    let pieces = fields.into_iter().map(|field| {
        let features = Some(prost_types::Struct { fields: [field].into() });
        ScoreCreditRequest { features, ..ScoreCreditRequest::default() }.encode_to_vec()
    });
    pieces.fold(rest, |bytes, piece| [bytes, piece].concat())
}
