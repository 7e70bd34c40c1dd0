//! What is known before the first event is checked: loaded through the real call, and weighed.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{events::Customers, platform::Platform};
use crate::{
    cli::{Failure, refused},
    rpc::proto::fraud::fraud_check_service_client::FraudCheckServiceClient,
};

/// What was loaded, and what it took.
pub(super) struct State {
    events: u64,
    entities: u64,
    loading: Duration,
    grown_bytes: u64,
}

impl State {
    /// Loads the customers' history.
    pub(super) async fn load(platform: &Platform, customers: Customers) -> Result<Self, Failure> {
        let (before, begun) = (resident_bytes(), Instant::now());
        let mut client = FraudCheckServiceClient::new(platform.signed());
        let history = tokio_stream::iter(customers.history());
        let mut answers = client.record_events(history).await.map_err(|status| refused(&status))?.into_inner();
        let mut taken = 0;
        while let Some(answer) = answers.message().await.map_err(|status| refused(&status))? {
            taken = u64::try_from(answer.events).unwrap_or_default();
            eprint!("\rloaded {taken} of {} events", customers.events());
        }
        eprintln!();
        Ok(Self {
            events: taken,
            entities: customers.entities(),
            loading: begun.elapsed(),
            grown_bytes: resident_bytes().saturating_sub(before),
        })
    }

    /// What it came to, for a person.
    pub(super) fn describe(&self, rebuilding: Duration) -> String {
        let Self { events, entities, loading, grown_bytes } = self;
        #[allow(clippy::cast_precision_loss, reason = "for a person")]
        let rate = *events as f64 / loading.as_secs_f64();
        format!(
            "state      {entities} entities in {events} events, loaded by RecordEvents in {:.1} s ({rate:.0}/s)\n\
             memory     the process grew by {} MiB while they were loaded: {} bytes an entity, {} an event\n\
             restart    {:.2} s from listening to the first answer, everything made anew from the log",
            loading.as_secs_f64(),
            grown_bytes >> 20,
            grown_bytes / entities.max(&1),
            grown_bytes / events.max(&1),
            rebuilding.as_secs_f64(),
        )
    }
}

/// What this process has in memory, the generator and the server together.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    kib * 1024
}
