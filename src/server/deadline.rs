//! Deadlines: what the client's `grpc-timeout` says, and at most what the server allows.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout_at};

use super::layers::refuse;
use crate::{domain::refusal::Refusal, rpc::Deadline};

/// Answers DEADLINE_EXCEEDED when the handler has not answered in time. A decision that it handed to the writer is made
/// all the same, and a repeat of its id finds it.
///
/// The server's own limit is for handlers: a stream that has begun to answer ends by the client's deadline only, which
/// goes with the request.
pub(super) async fn deadline(State(limit): State<Duration>, mut request: Request, next: Next) -> Response {
    let now = Instant::now();
    let asked = grpc_timeout(request.headers()).and_then(|timeout| now.checked_add(timeout));
    if let Some(asked) = asked {
        request.extensions_mut().insert(Deadline(asked));
    }
    let until = asked.map_or(now + limit, |asked| asked.min(now + limit));
    timeout_at(until, next.run(request)).await.unwrap_or_else(|_| refuse(Refusal::DeadlineExceeded))
}

/// Reads `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Requests"). What is malformed is as if it
/// were not there: the server's limit holds then.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        grpc_timeout(&headers)
    }

    #[test]
    fn timeouts_are_read_as_the_protocol_says() {
        assert_eq!(read("50m"), Some(Duration::from_millis(50)));
        assert_eq!(read("99999999H"), Some(Duration::from_hours(99_999_999)));
        for malformed in ["", "m", "5", "5x", "-5m", "123456789m", "5 m", "1.5S"] {
            assert_eq!(read(malformed), None, "{malformed:?}");
        }
    }
}
