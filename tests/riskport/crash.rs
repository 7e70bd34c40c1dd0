//! What was acknowledged survives `kill -9`, once.
//!
//! The kernel keeps what the process had written, so that this shows that nothing is acknowledged before it is written,
//! and that recovery doubles nothing; that it is synced before it is acknowledged is the databases' own promise, whose
//! settings the server insists on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use riskport::{
    cli::client::{SignedChannel, Signer},
    rpc::proto::{
        credit::credit_score_service_client::CreditScoreServiceClient,
        risk::{GetModelReportRequest, risk_model_service_client::RiskModelServiceClient},
        tenant::{GetUsageRequest, tenant_service_client::TenantServiceClient},
    },
};
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use crate::{
    support::{
        applicant,
        platform::{Partner, Platform},
        process::Process,
        times,
    },
    tenancy::both_counts,
};

/// Kills, unless `RISKPORT_TEST_KILLS` asks for more.
const KILLS: usize = 20;
const CALLERS: usize = 16;

/// Replies by request id, as they were acknowledged.
type Acknowledged = Arc<Mutex<HashMap<String, Vec<u8>>>>;

async fn client(process: &Process, partner: &Partner) -> CreditScoreServiceClient<SignedChannel> {
    CreditScoreServiceClient::new(signed(process, partner).await)
}

async fn signed(process: &Process, partner: &Partner) -> SignedChannel {
    let channel = Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();
    let signer = Signer::new(Arc::clone(&partner.key), &partner.id, "riskport");
    InterceptedService::new(channel, signer)
}

async fn models(process: &Process, partner: &Partner) -> RiskModelServiceClient<SignedChannel> {
    RiskModelServiceClient::new(signed(process, partner).await)
}

/// Scores one applicant after another until the server is gone. Each caller begins with the request that the kill before
/// left it without an answer to, as a client that retries would.
async fn score_until_killed(
    mut client: CreditScoreServiceClient<SignedChannel>,
    caller: usize,
    mut next: usize,
    acknowledged: Acknowledged,
) -> usize {
    loop {
        let id = format!("c{caller}-{next}");
        let Ok(reply) = client.score_credit(applicant::request(&id, next)).await else { return next };
        let before = acknowledged.lock().unwrap().insert(id, reply.into_inner().encode_to_vec());
        assert_eq!(before, None, "an id was acknowledged twice: the test asks each once");
        next += 1;
    }
}

on_both!(what_was_acknowledged_is_there_once_after_every_kill, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let folder = platform.stop().await;
    let master_key = folder.path().join("master.key");

    let kills = times("RISKPORT_TEST_KILLS", KILLS);
    let acknowledged = Acknowledged::default();
    let mut next = [0; CALLERS];
    for cycle in 0..kills {
        let process = Process::start(&world.database, &master_key);
        let mut callers = Vec::new();
        for (caller, next) in next.iter().enumerate() {
            let client = client(&process, &bank).await;
            callers.push(tokio::spawn(score_until_killed(client, caller, *next, Arc::clone(&acknowledged))));
        }
        // Only once there is load: how long a start takes depends on what else the machine does.
        let before = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let delay = Duration::from_millis(u64::try_from(uuid::Uuid::new_v4().as_u128() % 500).unwrap());
        tokio::time::sleep(delay).await;
        process.kill();
        for (next, caller) in next.iter_mut().zip(callers) {
            *next = caller.await.unwrap();
        }
        println!("kill {} after {delay:?}: {} acknowledged so far", cycle + 1, acknowledged.lock().unwrap().len());
    }

    let process = Process::start(&world.database, &master_key);
    let mut client = client(&process, &bank).await;
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert!(acknowledged.len() >= kills, "only {} calls were acknowledged", acknowledged.len());
    for (caller, next) in next.into_iter().enumerate() {
        for at in 0..next {
            let id = format!("c{caller}-{at}");
            let reply = client.score_credit(applicant::request(&id, at)).await.unwrap();
            assert_eq!(reply.metadata().get("riskport-replayed").unwrap(), "true", "{id} was lost");
            assert_eq!(reply.into_inner().encode_to_vec(), acknowledged[&id], "{id} got another answer");
        }
    }

    let mut raw = world.raw().await;
    let decisions = raw.integer("SELECT COUNT(*) FROM decisions").await;
    let ids = raw.integer("SELECT COUNT(*) FROM (SELECT DISTINCT tenant_id, request_id FROM decisions) AS d").await;
    assert_eq!(decisions, ids, "a request id has two decisions");
    for table in ["idempotency", "decision_inputs"] {
        assert_eq!(raw.integer(&format!("SELECT COUNT(*) FROM {table}")).await, decisions, "{table} has other rows");
    }
    let gaps = "SELECT COUNT(*) FROM (SELECT MAX(seq) AS last, COUNT(*) AS n FROM decisions GROUP BY writer_id) AS w
                WHERE last <> n";
    assert_eq!(raw.integer(gaps).await, 0, "a writer's places have gaps");
    // Counting went on while the server was killed: each decision is counted once all the same.
    let mut models = models(&process, &bank).await;
    let report = loop {
        let request = GetModelReportRequest { name: "models/card-behaviour".to_owned(), ..Default::default() };
        let report = models.get_model_report(request).await.unwrap().into_inner().report.unwrap();
        if report.complete {
            break report;
        }
    };
    assert_eq!(report.decisions, decisions);
    // So is usage, in the rows of each of the writers that were killed.
    let (counted, there) = both_counts(&mut raw).await;
    assert_eq!(counted, there);
    let mut tenants = TenantServiceClient::new(signed(&process, &bank).await);
    let request = GetUsageRequest { name: "tenants/north-bank/usage".to_owned(), ..Default::default() };
    let totals = tenants.get_usage(request).await.unwrap().into_inner().totals;
    assert_eq!(
        totals.iter().map(|row| (row.decisions, row.billable_units)).collect::<Vec<_>>(),
        [(decisions, decisions)]
    );
    println!("{kills} kills, {} acknowledged, 0 lost, {decisions} decisions, 0 doubled", acknowledged.len());
});
