//! One price: what the unary call and an item of a stream share.

use prost::Message;

use super::{
    Context, pricing_convert, pricing_read,
    proto::pricing::{
        QuotePriceRequest, QuotePriceResponse, StreamQuotePriceRequest, StreamQuotePriceResponse,
        stream_quote_price_response::Result as Item,
    },
    stream::{charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::Refusal,
    ops::{self, App, Quoted},
};

/// Quotes one price, and tells whether the answer was stored before.
pub(super) async fn quote(
    app: &App,
    permit: &Permit<mark::PricingQuote>,
    request: QuotePriceRequest,
) -> Result<(QuotePriceResponse, bool), Refusal> {
    let query = match pricing_read::query(request) {
        Ok(query) => query,
        Err(misread) => return Err(misread.refusal(app, permit.tenant()).await),
    };
    let mut made = None;
    let encode = |quoted: &Quoted<'_>| {
        let message = pricing_convert::response(quoted);
        let bytes = message.encode_to_vec();
        made = Some(message);
        bytes
    };
    let recorded = ops::quote_price(app, permit, &query, pricing_convert::risk_of, encode).await?;
    let reply = match made {
        // The very message whose bytes were stored: reading it back from them would only cost.
        Some(made) if !recorded.replayed => made,
        _ => QuotePriceResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?,
    };
    Ok((reply, recorded.replayed))
}

/// Quotes one item of a stream.
pub(super) async fn item(
    context: Context,
    permit: Permit<mark::PricingQuote>,
    item: StreamQuotePriceRequest,
) -> StreamQuotePriceResponse {
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let quoted = async {
        let request = required(item.request)?;
        let now = charge_item(&context, &permit).await?;
        quote(&context.app, &now, request).await
    };
    let (result, replayed) = item_result(quoted.await, Item::Response, Item::Error);
    StreamQuotePriceResponse { request_id, result: Some(result), replayed }
}
