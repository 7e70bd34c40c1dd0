//! `riskport report --watch`: alarms, as they are raised.

use std::time::Duration;

use tonic::Code;

use super::{Client, content::alarm_line};
use crate::{
    cli::{Failure, refused, say},
    rpc::proto::risk::WatchModelRequest,
};

/// How long to wait before following again.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints the alarms of a model, or of one of its versions, as they come. A stream that ends because its token or its server did
/// is followed by the next, from the last alarm that was seen.
pub(super) async fn follow(client: &mut Client, name: &str) -> Result<(), Failure> {
    let model = name.split("/versions/").next().unwrap_or_default().to_owned();
    let mut after_sequence = 0;
    loop {
        let request = WatchModelRequest { model: model.clone(), after_sequence };
        let mut alarms = client.watch_model(request).await.map_err(|status| refused(&status))?.into_inner();
        loop {
            match alarms.message().await {
                Ok(Some(answer)) => {
                    let Some(alarm) = answer.alarm else { continue };
                    after_sequence = alarm.sequence;
                    if name == model || name == alarm.model_version {
                        say(&alarm_line(&alarm))?;
                    }
                }
                Ok(None) => break,
                Err(status) if matches!(status.code(), Code::Unauthenticated | Code::Unavailable) => break,
                Err(status) => return Err(refused(&status)),
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
