//! Decisions: recorded whole, in a gapless order, and found again by their tenant only.

use riskport::domain::{
    decision::{Decision, DecisionKind, Environment, NewDecision, Provenance, Recorded, TrafficRole},
    ids::{DecisionId, ModelId, WriterId},
};

use crate::support::{
    begin,
    samples::{at, decision, request_id, tenant_id, writer_id},
};

/// The recorded form of a decision.
pub fn recorded(new: &NewDecision, writer: &WriterId, sequence: i64) -> Decision {
    let new = new.clone();
    Decision {
        id: new.id,
        writer: writer.clone(),
        sequence,
        kind: new.kind,
        request_id: new.request_id,
        kid: new.kid,
        actor: new.actor,
        subject_hmac: new.subject_hmac.to_vec(),
        purpose: new.purpose,
        billable_units: new.billable_units,
        decided: new.decided,
        model: new.provenance.model,
        model_version: new.provenance.model_version,
        model_digest: new.provenance.model_digest,
        policy_digest: new.provenance.policy_digest,
        lists_digest: new.provenance.lists_digest,
        catalogue_digest: new.provenance.catalogue_digest,
        role: new.provenance.role,
        reply: new.reply,
        input_commitment: new.input_commitment.to_vec(),
    }
}

on_both!(a_decision_is_found_as_it_was_recorded, async |world| {
    let (store, id) = (world.open().await, writer_id());
    let (writer, task) = world.open_writer_as(&id).await;
    let first = decision("north", "r1");
    // Every column that may be empty is, or is at the edge of what it may hold.
    let second = NewDecision {
        actor: String::new(),
        purpose: "信用卡 \u{1f4b3}".to_owned(),
        consent_id: Some("consent-9".to_owned()),
        environment: Environment::Sandbox,
        billable_units: i32::MAX,
        decided: at(-3_000_000_000_000_000),
        provenance: Provenance {
            model: ModelId::parse("m").unwrap(),
            model_version: i64::MAX,
            calibration_digest: Some("ca".to_owned()),
            policy_digest: None,
            lists_digest: Some("1i".to_owned()),
            catalogue_digest: Some("cat".to_owned()),
            role: TrafficRole::Shadow,
            ..first.provenance.clone()
        },
        reply: Vec::new(),
        ..decision("north", "r2")
    };
    for (sequence, new) in [(1, &first), (2, &second)] {
        let answer = writer.record(new.clone()).await.unwrap();
        assert_eq!(answer, Recorded { reply: new.reply.clone(), replayed: false });
        let found = store.find_decision(&new.tenant, &new.id).await.unwrap();
        assert_eq!(found, Some(recorded(new, &id, sequence)));
        assert_eq!(store.find_inputs(&new.tenant, &new.id).await.unwrap(), Some(new.inputs.clone()));
        let reply = store.find_reply(&new.tenant, new.kind, &new.request_id).await.unwrap();
        assert_eq!(reply, Some((new.payload_hmac.to_vec(), new.reply.clone())));
    }
    // What is not read back yet is there all the same, for replay.
    let columns =
        "consent_id || environment || calibration_digest || lists_digest || catalogue_digest || engine_version";
    let raw = world.raw().await.texts(&format!("SELECT {columns} FROM decisions WHERE seq = 2")).await;
    assert_eq!(raw, ["consent-9sandboxca1icat0.1.0"]);
    drop(writer);
    task.finish().await;
});

on_both!(another_tenants_decision_is_like_none, async |world| {
    let (store, writer, _task) = world.open_writer().await;
    let norths = decision("north", "r1");
    writer.record(norths.clone()).await.unwrap();
    let nobody = DecisionId::parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
    let south = tenant_id("south");
    for (tenant, id) in [(&south, &norths.id), (&norths.tenant, &nobody)] {
        assert_eq!(store.find_decision(tenant, id).await.unwrap(), None);
        assert_eq!(store.find_inputs(tenant, id).await.unwrap(), None);
    }
    let kind = DecisionKind::CreditScore;
    assert_eq!(store.find_reply(&south, kind, &norths.request_id).await.unwrap(), None);
    assert_eq!(store.find_reply(&norths.tenant, kind, &request_id("r2")).await.unwrap(), None);
});

on_both!(erased_inputs_leave_the_decision, async |world| {
    let (store, writer, _task) = world.open_writer().await;
    let new = decision("north", "r1");
    writer.record(new.clone()).await.unwrap();
    world.raw().await.execute("DELETE FROM decision_inputs").await;
    assert_eq!(store.find_inputs(&new.tenant, &new.id).await.unwrap(), None);
    assert!(store.find_decision(&new.tenant, &new.id).await.unwrap().is_some());
    // The reply of a retry does not rest on the inputs.
    let retry = NewDecision { reply: b"other".to_vec(), ..decision("north", "r1") };
    assert_eq!(writer.record(retry).await.unwrap(), Recorded { reply: new.reply, replayed: true });
});

on_both!(the_order_of_commits_has_no_gap, async |world| {
    let id = writer_id();
    let (writer, task) = world.open_writer_as(&id).await;
    let mut recording = tokio::task::JoinSet::new();
    for n in 0..500 {
        let writer = writer.clone();
        // Every tenth is a repeat of the one before, which takes no place.
        let request = format!("r{}", if n % 10 == 9 { n - 1 } else { n });
        recording.spawn(async move { writer.record(decision("north", &request)).await.unwrap() });
    }
    let replays = recording.join_all().await.into_iter().filter(|answer| answer.replayed).count();
    assert_eq!(replays, 50);
    drop(writer);
    task.finish().await;
    let mut raw = world.raw().await;
    let seqs = raw.integers(&format!("SELECT seq FROM decisions WHERE writer_id = '{id}' ORDER BY seq")).await;
    assert_eq!(seqs, (1..=450).collect::<Vec<_>>());
    for table in ["decision_inputs", "idempotency"] {
        assert_eq!(raw.integer(&format!("SELECT COUNT(*) FROM {table}")).await, 450, "{table}");
    }
});

on_both!(places_follow_the_order_in_which_decisions_came, one_thread, async |world| {
    let (_, writer, task) = world.open_writer().await;
    // One batch, whose request ids are in the opposite order.
    for n in (0..60).rev() {
        drop(begin(writer.record(decision("north", &format!("r{n:02}")))));
    }
    drop(writer);
    task.finish().await;
    let there = world.raw().await.texts("SELECT request_id FROM decisions ORDER BY seq").await;
    assert!(there.iter().cloned().eq((0..60).rev().map(|n| format!("r{n:02}"))), "{there:?}");
});
