//! Decides by a model: what every kind of decision shares. The lineup says which version decides for the subject; its answer
//! is sealed with its inputs, recorded beside what the shadows made of them, and given back once it is on disk.

use std::sync::Arc;

use super::{App, day_quota::take_day_place, served_model::served_model};
use crate::{
    auth::{Caller, Permit},
    domain::{
        decision::{
            DecisionKind, Environment, NewDecision, Provenance, Recorded, SealedInputs, ShadowResult, TrafficRole,
        },
        ids::{DecisionId, ModelId, RequestId},
        refusal::{Obstacle, Refusal},
        time::Timestamp,
    },
    state::{ServedModel, ServedVersion},
    vault::{self, TenantKey},
};

/// What is to be decided.
pub(super) struct Question<'a> {
    /// What kind of decision it is; request ids are unique within it.
    pub kind: DecisionKind,
    /// The partner's id of the request.
    pub request_id: &'a RequestId,
    /// Whom it is about, in the clear; nothing when that is not known, and then the champion decides alone.
    pub subject: Option<&'a str>,
    /// The model.
    pub model: &'a ModelId,
    /// Why it is asked for.
    pub purpose: &'a str,
    /// The bytes that make two requests with one id the same request.
    pub payload: &'a [u8],
    /// The canonical bytes of what is decided on.
    pub inputs: &'a [u8],
    /// How many units it is billed as.
    pub billable_units: i32,
}

/// A version's turn to answer a question.
pub struct Turn<'a> {
    /// The decision that the answer becomes, or stands beside.
    pub decision: &'a DecisionId,
    /// When.
    pub decided: Timestamp,
    /// The version whose turn it is.
    pub version: &'a ServedVersion,
    /// The part it has in the traffic.
    pub role: TrafficRole,
}

/// Decides. `answer` makes the bytes of a version's answer: they are what is stored, and what a retry gets. It is called
/// first for the version that decides, then for the shadows.
///
/// Answering comes before looking whether the request id was used: it costs microseconds, looking costs a read, and the
/// commit finds out in any case.
///
/// # Errors
/// Not found (the model); a precondition (no champion, or the id was used for another request); what `answer` refuses; what
/// the writer refuses.
pub(super) async fn decide<S>(
    app: &App,
    permit: &Permit<S>,
    question: &Question<'_>,
    mut answer: impl FnMut(&Turn<'_>) -> Result<Vec<u8>, Refusal>,
) -> Result<Recorded, Refusal> {
    let key = app.tenant_key(permit.tenant()).await?;
    let payload_hmac = key.payload_hmac(question.payload);
    let subject_hmac = key.subject_hmac(question.subject.unwrap_or_default());
    let (decision, decided) = (DecisionId::from(app.new_id()), app.now());
    let answered = async {
        let place = take_day_place(app, permit.caller(), decided).await?;
        let served = served_model(app, permit.tenant(), question.model).await?;
        let subject = question.subject.map(|_| &subject_hmac);
        let (version, role) = choose(&served, subject).ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
        let reply = answer(&Turn { decision: &decision, decided, version: &version, role })?;
        Ok((served, version, role, reply, place))
    };
    let (served, version, role, reply, place) = match answered.await {
        Ok(answered) => answered,
        // A retry gets its answer also when the day's decisions are used up, or the model has changed so that it would not take
        // the request today.
        Err(refusal) => {
            return replay(app, permit, question.kind, question.request_id, payload_hmac, refusal).await;
        }
    };
    let mut shadows = Vec::new();
    for shadow in served.shadows.iter().filter(|_| question.subject.is_some()) {
        let turn = Turn { decision: &decision, decided, version: shadow, role: TrafficRole::Shadow };
        shadows.push(shadow_result(&shadow.provenance(TrafficRole::Shadow), answer(&turn).ok()));
    }
    let (inputs, input_commitment) = seal(&key, &decision, question.inputs)?;
    let caller = permit.caller();
    let decision = NewDecision {
        id: decision,
        tenant: permit.tenant().clone(),
        kind: question.kind,
        request_id: question.request_id.clone(),
        kid: caller.kid().clone(),
        actor: caller.actor().to_owned(),
        subject_hmac,
        purpose: question.purpose.to_owned(),
        consent_id: None,
        environment: caller.mode().environment(),
        billable_units: billable(caller, question.billable_units),
        decided,
        provenance: version.provenance(role),
        reply,
        input_commitment,
        inputs,
        payload_hmac,
        shadows,
    };
    app.writer.record_placed(decision, place).await
}

/// The units that are billed: none for what is tried out.
pub(super) fn billable(caller: &Caller, units: i32) -> i32 {
    match caller.mode().environment() {
        Environment::Live => units,
        Environment::Sandbox => 0,
    }
}

/// The version that decides, and its part: the challenger for its share of the subjects, otherwise the champion.
pub(super) fn choose(served: &ServedModel, subject: Option<&[u8; 32]>) -> Option<(Arc<ServedVersion>, TrafficRole)> {
    let champion = served.champion.as_ref()?;
    if let (Some((challenger, version)), Some(subject)) = (&served.challenger, subject) {
        // Spread anew for each model, so that the subjects of one model's challenger are not those of another's.
        let spread = vault::sha256(&[subject, served.model.name.model.as_str().as_bytes()]);
        let first = spread.first_chunk::<8>().copied().unwrap_or_default();
        if challenger.takes(first) {
            return Some((Arc::clone(version), TrafficRole::Challenger));
        }
    }
    Some((Arc::clone(champion), TrafficRole::Champion))
}

pub(super) fn shadow_result(provenance: &Provenance, reply: Option<Vec<u8>>) -> ShadowResult {
    ShadowResult {
        model_version: provenance.model_version,
        model_digest: provenance.model_digest.clone(),
        calibration_digest: provenance.calibration_digest.clone(),
        engine_version: provenance.engine_version.clone(),
        reply,
    }
}

/// The stored answer to a request that cannot be answered (any more), or the refusal when it never was.
pub(super) async fn replay<S>(
    app: &App,
    permit: &Permit<S>,
    kind: DecisionKind,
    request_id: &RequestId,
    payload_hmac: [u8; 32],
    refusal: Refusal,
) -> Result<Recorded, Refusal> {
    match app.store.find_reply(permit.tenant(), kind, request_id).await? {
        None => Err(refusal),
        Some((asked, reply)) if asked == payload_hmac => Ok(Recorded { reply, replayed: true }),
        Some(_) => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
    }
}

/// Seals what was decided on, and commits to it: SHA-256 over a random salt and the canonical inputs. The salt is sealed
/// with them: when they are erased, nobody can guess them from the commitment.
pub(super) fn seal(key: &TenantKey, id: &DecisionId, inputs: &[u8]) -> Result<(SealedInputs, [u8; 32]), Refusal> {
    let salt: [u8; 32] = vault::random()?;
    let commitment = vault::sha256(&[&salt, inputs]);
    let bytes = key.seal(id, [salt.as_slice(), inputs].concat())?;
    Ok((SealedInputs { key_id: key.key_id().to_owned(), bytes }, commitment))
}
