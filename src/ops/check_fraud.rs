//! Decides an event by what is known before it.
//!
//! Policy and model are at hand before the event takes its place; from there until the decision is handed to the writer
//! nothing waits, so that a place that was taken is always filled.

use std::sync::Arc;

use super::{
    App,
    behaviour::behaviour,
    day_quota::take_day_place,
    decide::{billable, choose, seal, shadow_result},
    fraud_answer::{FraudAnswer, Known, Scored, score},
    fraud_event::hashed,
    served_model::served_model,
    served_policy::served_policy,
    take_entry::{Settling, TRIES, find_entry, sealed_entry, settle, take_entry},
};
use crate::{
    auth::{Caller, Permit, mark},
    domain::{
        decision::{DecisionKind, NewDecision, Provenance, Recorded, TrafficRole},
        fraud::{
            Catalogue, EntityKind, EntryKind, Event, EventClock, LogEntry, MAX_LATE_US, NewEvent, NewLogEntry, Ruled,
            check_live_time,
        },
        ids::{DecisionId, ModelId, TenantId},
        refusal::{Obstacle, Refusal, Violations},
        text::payload,
        time::Timestamp,
    },
    state::{
        ServedModel, ServedPolicy,
        fraud::{FeatureVector, FraudState},
    },
    store::{FoundEntry, Record},
    vault::{self, TenantKey},
};

/// What stands for the model in a decision that rules made alone, because the model's output was not finite: its version is
/// 0, which no model has.
const RULES_ALONE: &str = "none";
/// The version of the arithmetic of rules.
const RULES_VERSION: &str = "rules/1";

/// An event whose decision is made, and perhaps not yet on disk.
pub enum CheckedFraud {
    /// It was decided before.
    Before(Recorded),
    /// It is on its way to the disk.
    Now(Settling<Recorded>),
}

impl CheckedFraud {
    /// Waits until the decision is on disk.
    ///
    /// # Errors
    /// As the decision writer.
    pub async fn recorded(self) -> Result<Recorded, Refusal> {
        match self {
            Self::Before(recorded) => Ok(recorded),
            Self::Now(settling) => settling.settled().await,
        }
    }
}

/// Decides an event. `encode` makes the bytes of the answer.
///
/// # Errors
/// See `FraudCheckService.CheckFraud` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn check_fraud(
    app: &Arc<App>,
    permit: &Permit<mark::FraudCheck>,
    new: &NewEvent,
    encode: impl Fn(&FraudAnswer<'_>) -> Vec<u8>,
) -> Result<CheckedFraud, Refusal> {
    let caller = permit.caller();
    let tenant = caller.tenant();
    let key = app.tenant_key(tenant).await?;
    let check = Check {
        app,
        caller,
        payload_hmac: key.payload_hmac(&new.payload()),
        event: hashed(new, &key, caller.time_zone()),
        key,
        new,
    };
    let id = (EntryKind::Event, new.request_id.clone());
    for _ in 0..TRIES {
        let behaviour = behaviour(app, tenant).await?;
        if let Some(found) = find_entry(app, tenant, &behaviour, &id).await? {
            return check.replay(&found).await.map(CheckedFraud::Before);
        }
        let policy = served_policy(app, tenant, &check.event.scene).await?;
        let model = scoring(app, tenant, &policy.model).await?;
        let now = app.now();
        let day_place = take_day_place(app, caller, now).await?;
        let taken = take_entry(
            app,
            &behaviour,
            &id,
            |state| check.admit(state, now),
            |state, place, ()| {
                let features = state.features(&check.event);
                state.apply(place, &check.event);
                features
            },
        )?;
        match taken {
            Err(not_yet) => not_yet.wait().await,
            Ok(taken) => {
                let made = check.decide(&policy, &model, taken.place, &taken.found, now, &encode)?;
                let (reply, payload_hmac) = (made.0.reply.clone(), check.payload_hmac);
                let handed = taken.reserved.fill(Record::Check(Box::new(made.0), Box::new(made.1), day_place));
                let recorded = async move { handed.decided(reply, &payload_hmac).await };
                return Ok(CheckedFraud::Now(settle(&behaviour, taken.begun, recorded)));
            }
        }
    }
    Err(Refusal::StillRunning)
}

/// An event that is being checked.
struct Check<'a> {
    app: &'a App,
    caller: &'a Caller,
    key: Arc<TenantKey>,
    new: &'a NewEvent,
    event: Event,
    payload_hmac: [u8; 32],
}

impl Check<'_> {
    /// The stored answer to an event that is in the log.
    async fn replay(&self, found: &FoundEntry) -> Result<Recorded, Refusal> {
        let reused = Refusal::Precondition(Obstacle::RequestIdReused);
        if found.payload_hmac != self.payload_hmac {
            return Err(reused);
        }
        // One that was only recorded has no answer.
        let kind = DecisionKind::FraudCheck;
        let stored = self.app.store.find_reply(self.caller.tenant(), kind, &self.new.request_id).await?;
        stored.map(|(_, reply)| Recorded { reply, replayed: true }).ok_or(reused)
    }

    /// Whether the event is of now.
    fn admit(&self, state: &FraudState, now: Timestamp) -> Result<(), Refusal> {
        let late = |newest: Timestamp| newest.micros().saturating_sub(self.event.occurred.micros());
        let wrong = match self.caller.mode().clock() {
            EventClock::Server => check_live_time(self.event.occurred, now),
            // By its own clock nothing is ahead, and the first event sets it.
            EventClock::Event if state.newest().is_some_and(|newest| late(newest) > MAX_LATE_US) => {
                Err("must be at most 48 hours older than the tenant's newest event".to_owned())
            }
            EventClock::Event => Ok(()),
        };
        wrong.map_err(|rule| Violations::one("event.event_time", rule))
    }

    /// Makes the decision and the log's entry.
    fn decide(
        &self,
        policy: &ServedPolicy,
        model: &ServedModel,
        place: i64,
        features: &FeatureVector,
        now: Timestamp,
        encode: &impl Fn(&FraudAnswer<'_>) -> Vec<u8>,
    ) -> Result<(NewDecision, NewLogEntry), Refusal> {
        let id = DecisionId::from(self.app.new_id());
        if features.truncated().any() {
            self.app.metrics.truncated(&self.event.scene);
        }
        let listed: Vec<bool> = policy.lists.iter().map(|list| list.holds(&self.event, now)).collect();
        let known = Known {
            event: &self.event,
            features,
            policy,
            listed: &listed,
            language: self.new.language,
            tell_features: self.new.tell_features,
        };
        let subject = self.new.entities.get(EntityKind::Account);
        let subject_hmac = self.key.subject_hmac(subject.unwrap_or_default());
        let chosen = choose(model, subject.map(|_| &subject_hmac));
        let scored = chosen.and_then(|(version, role)| score(version, role, features));
        let answer = FraudAnswer::judge(&id, now, &known, scored.as_ref());
        let shadows = model.shadows.iter().map(|version| {
            let scored = score(Arc::clone(version), TrafficRole::Shadow, features);
            let reply = scored.map(|scored| encode(&FraudAnswer::judge(&id, now, &known, Some(&scored))));
            shadow_result(&version.provenance(TrafficRole::Shadow), reply)
        });
        let shadows = shadows.collect();
        let inputs = payload(&[&self.event.to_bytes(), &features.to_bytes()]);
        let (inputs, input_commitment) = seal(&self.key, &id, &inputs)?;
        let ruled = Ruled { decision: answer.outcome(), score: scored.as_ref().map(|scored| scored.score) };
        let entry = LogEntry::Event(self.event.clone(), Some(ruled));
        let entry_id = (EntryKind::Event, self.new.request_id.clone());
        let entry = sealed_entry(self.caller, &self.key, place, entry_id, self.payload_hmac, now, &entry)?;
        let decision = NewDecision {
            tenant: self.caller.tenant().clone(),
            kind: DecisionKind::FraudCheck,
            request_id: self.new.request_id.clone(),
            kid: self.caller.kid().clone(),
            actor: self.caller.actor().to_owned(),
            subject_hmac,
            purpose: self.new.purpose.clone(),
            consent_id: None,
            environment: self.caller.mode().environment(),
            billable_units: billable(self.caller, 1),
            decided: now,
            provenance: provenance(policy, scored.as_ref())?,
            reply: encode(&answer),
            input_commitment,
            inputs,
            payload_hmac: self.payload_hmac,
            shadows,
            id: id.clone(),
        };
        Ok((decision, entry))
    }
}

/// The model that scores events for a tenant.
///
/// # Errors
/// Not found; a precondition, when it has no version in charge, or one of its versions cannot score events.
pub(super) async fn scoring(app: &App, tenant: &TenantId, model: &ModelId) -> Result<Arc<ServedModel>, Refusal> {
    let served = served_model(app, tenant, model).await?;
    let champion = served.champion.as_ref().ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
    let challenger = served.challenger.iter().map(|(_, version)| version);
    if challenger.chain([champion]).any(|version| version.event_row().is_none()) {
        return Err(Refusal::Precondition(Obstacle::ModelUnsuitable));
    }
    Ok(served)
}

/// What decided.
fn provenance(policy: &ServedPolicy, scored: Option<&Scored>) -> Result<Provenance, Refusal> {
    let without = || {
        Ok::<_, Refusal>(Provenance {
            model: ModelId::parse(RULES_ALONE).map_err(|_| Refusal::Internal)?,
            model_version: 0,
            model_digest: String::new(),
            calibration_digest: None,
            policy_digest: None,
            lists_digest: None,
            catalogue_digest: None,
            engine_version: RULES_VERSION.to_owned(),
            role: TrafficRole::Champion,
        })
    };
    let scored = scored.map_or_else(without, |scored| Ok(scored.version.provenance(scored.role)))?;
    let revisions = policy.lists.iter().map(|list| format!("{} {}\n", list.name(), list.revision()));
    let revisions: String = revisions.collect();
    Ok(Provenance {
        policy_digest: Some(policy.digest.clone()),
        lists_digest: Some(vault::hex(&vault::sha256(&[revisions.as_bytes()]))),
        catalogue_digest: Some(catalogue_digest().to_owned()),
        ..scored
    })
}

/// SHA-256 of the catalogue of features, in hexadecimal.
#[must_use]
pub fn catalogue_digest() -> &'static str {
    Catalogue::get().digest(|bytes| vault::hex(&vault::sha256(&[bytes])))
}
