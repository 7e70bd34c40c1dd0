//! The online shop: a sandbox whose clock is its events. The same simulated days are decided twice, by a tenant that never
//! hears what became of its events and by one that reports each fraud a day later.

use std::path::Path;

use super::bank;
use crate::{
    cli::{
        Failure,
        policy::file::PolicyFile,
        refused,
        replay::{columns::Row, drive::Driver, figures::Judged},
        simulate::{FraudMix, SimulateSettings, SimulatedEvent, Variant, simulate},
    },
    domain::{fraud::Scene, time::Timestamp},
    rpc::{
        proto::{
            common::Money,
            fraud::{
                ActivatePolicyVersionRequest, CreatePolicyVersionRequest, Entities, FraudEvent,
                fraud_policy_service_client::FraudPolicyServiceClient,
            },
            tenant::{Tenant, TenantMode},
        },
        scene_message,
    },
};

/// The tenant that learns from outcomes, and the one that does not.
pub(super) const ID: &str = "harbour-shop";
const BLIND_ID: &str = "harbour-shop-blind";
/// The shop's policies, by their ids: for registrations, and for everything else.
const POLICIES: [(&str, &str); 2] = [
    ("registration", include_str!("../../../models/fraud/shop-registration.toml")),
    ("shop", include_str!("../../../models/fraud/shop.toml")),
];
/// Days that are loaded as history, and days that are decided.
pub(super) const HISTORY_DAYS: u32 = 14;
pub(super) const LIVE_DAYS: u32 = 6;
/// After how long a fraud becomes known, in microseconds.
const LABEL_DELAY_US: i64 = 86_400_000_000;
/// How many events are checked between two looks at which frauds have become known: an hour or two.
const CHUNK: usize = 64;

/// What came of the simulated days.
pub(super) struct Protected {
    /// Events that were loaded as history, for each of the two.
    pub(super) history: usize,
    /// The events that were decided.
    pub(super) rows: Vec<Row>,
    /// What was made of each without feedback.
    pub(super) blind: Vec<Judged>,
    /// What was made of each when frauds became known a day later.
    pub(super) learning: Vec<Judged>,
}

/// Onboards both, and streams the days through the real calls.
pub(super) async fn protect(url: &str, folder: &Path) -> Result<Protected, Failure> {
    let mut history: Vec<Row> = simulate(&settings()).map(row).collect();
    let begins = history.first().map_or(0, |row| row.time_us) + i64::from(HISTORY_DAYS) * 86_400_000_000;
    let rows = history.split_off(history.partition_point(|row| row.time_us < begins));
    let bar = bank::progress("checking events", 2 * (history.len() + rows.len()))?;
    let mut judged = Vec::with_capacity(2);
    for (id, delay) in [(BLIND_ID, None), (ID, Some(LABEL_DELAY_US))] {
        let mut driver = onboard(url, folder, id, delay).await?;
        driver.record(history.clone(), |_| ()).await?;
        bar.inc(u64::try_from(history.len())?);
        let mut here = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            here.extend(driver.check(chunk).await?);
            bar.inc(u64::try_from(chunk.len())?);
        }
        judged.push(here);
    }
    bar.finish_and_clear();
    let (learning, blind) = (judged.pop().unwrap_or_default(), judged.pop().unwrap_or_default());
    Ok(Protected { history: history.len(), rows, blind, learning })
}

/// Creates a tenant, and puts the shop's policies in charge.
async fn onboard(url: &str, folder: &Path, id: &str, delay_us: Option<i64>) -> Result<Driver, Failure> {
    let tenant = Tenant {
        display_name: "Harbour Shop (demo)".to_owned(),
        mode: TenantMode::SandboxEventClock as i32,
        time_zone: "Asia/Shanghai".to_owned(),
        ..Tenant::default()
    };
    let channel = bank::admit(url, folder, id, tenant).await?;
    let mut policies = FraudPolicyServiceClient::new(channel.clone());
    for (id, text) in POLICIES {
        let request = CreatePolicyVersionRequest {
            policy: format!("fraudPolicies/{id}"),
            spec: Some(PolicyFile::parse(text)?.spec()),
            validate_only: false,
        };
        let stored = policies.create_policy_version(request).await.map_err(|status| refused(&status))?.into_inner();
        let activate = ActivatePolicyVersionRequest { name: stored.version.unwrap_or_default().name };
        policies.activate_policy_version(activate).await.map_err(|status| refused(&status))?;
    }
    Ok(Driver::new(channel, delay_us))
}

/// More fraud than usual, and a seed whose last days have some of every kind: a few days of a small town need not.
fn settings() -> SimulateSettings {
    SimulateSettings {
        seed: 8,
        start: Timestamp::from_micros(1_767_225_600_000_000),
        days: HISTORY_DAYS + LIVE_DAYS,
        customers: 900,
        fraud: FraudMix::of_share(200),
        variant: Variant::Unseen,
    }
}

fn row(event: SimulatedEvent) -> Row {
    let text = |value: Option<String>| value.unwrap_or_default();
    let custom_scene = match &event.scene {
        Scene::Custom(name) => name.clone(),
        _ => String::new(),
    };
    let amount = event.amount_minor.zip(event.currency);
    Row {
        request_id: event.request_id,
        scene: event.scene.to_string(),
        time_us: event.time_us,
        fraud: event.fraud.is_some(),
        event: FraudEvent {
            scene: scene_message(&event.scene) as i32,
            custom_scene,
            event_time: Some(prost_types::Timestamp {
                seconds: event.time_us.div_euclid(1_000_000),
                nanos: i32::try_from(event.time_us.rem_euclid(1_000_000)).unwrap_or_default() * 1_000,
            }),
            utc_offset_minutes: Some(event.utc_offset_minutes),
            amount: amount.map(|(amount_minor, code)| Money { currency_code: code.to_owned(), amount_minor }),
            entities: Some(Entities {
                account: text(event.account),
                card: text(event.card),
                device: text(event.device),
                ip: text(event.ip),
                phone: text(event.phone),
                email: text(event.email),
                address: text(event.address),
                merchant: text(event.merchant),
                terminal: text(event.terminal),
                beneficiary: text(event.beneficiary),
            }),
            attributes: None,
        },
    }
}
