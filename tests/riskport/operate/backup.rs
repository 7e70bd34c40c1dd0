//! A backup that is taken under load comes back whole: every decision that was acknowledged before it began is there, and
//! everything that is made of what is stored can be made again.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use prost_types::{Struct, value::Kind};
use riskport::{
    cli::client::{SignedChannel, Signer},
    rpc::proto::{
        credit::credit_score_service_client::CreditScoreServiceClient,
        decision::{DecisionView, GetDecisionRequest, decision_service_client::DecisionServiceClient},
        fraud::{CheckFraudRequest, CheckFraudResponse, fraud_check_service_client::FraudCheckServiceClient},
        risk::{GetModelReportRequest, risk_model_service_client::RiskModelServiceClient},
    },
    store::Database,
};
use tonic::{Code, service::interceptor::InterceptedService, transport::Channel};

use super::Ended;
use crate::{
    fraud::{asked, check::feature},
    support::{
        World, applicant,
        command::{folder, printed, refused},
        platform::Partner,
        postgres,
        process::Process,
    },
};

const CALLERS: usize = 6;
/// So many are acknowledged before the backup begins.
const BEFORE: usize = 300;

/// Replies by request id, as they were acknowledged.
type Acknowledged = Arc<Mutex<HashMap<String, Vec<u8>>>>;

async fn signed(process: &Process, partner: &Partner) -> SignedChannel {
    let channel = Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();
    InterceptedService::new(channel, Signer::new(Arc::clone(&partner.key), &partner.id, "riskport"))
}

/// Scores until the server is gone.
async fn score(channel: SignedChannel, caller: usize, acknowledged: Acknowledged) {
    let mut client = CreditScoreServiceClient::new(channel);
    for at in 0.. {
        let id = format!("c{caller}-{at}");
        let Ok(reply) = client.score_credit(applicant::request(&id, at)).await else { return };
        acknowledged.lock().unwrap().insert(id, reply.into_inner().encode_to_vec());
    }
}

/// The event of one account, whose count every check knows.
fn event(at: usize) -> CheckFraudRequest {
    let mut request = asked::check_now(&format!("e-{at}"), at);
    let event = request.event.as_mut().unwrap();
    "client-1".clone_into(&mut event.entities.as_mut().unwrap().account);
    // A retry must ask the same, whenever it comes.
    event.event_time = Some(crate::support::now());
    request
}

/// Checks events until the server is gone, one after the other, and keeps what was asked for a retry.
async fn check(channel: SignedChannel, answered: Arc<Mutex<Vec<(CheckFraudRequest, CheckFraudResponse)>>>) {
    let mut client = FraudCheckServiceClient::new(channel);
    for at in 0.. {
        let request = event(at);
        match client.check_fraud(request.clone()).await {
            Ok(answer) => answered.lock().unwrap().push((request, answer.into_inner())),
            Err(_) => return,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a server is in charge of tenants' behaviour: the lease of the process that was killed stands in the backup.
async fn in_charge(
    client: &mut FraudCheckServiceClient<SignedChannel>,
    request: &CheckFraudRequest,
) -> CheckFraudResponse {
    for _ in 0..200 {
        match client.check_fraud(request.clone()).await {
            Ok(answer) => return answer.into_inner(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody takes charge");
}

/// Backs a database up as README says, to a file.
fn back_up(database: &Database, out: &Path) {
    let out = out.to_str().unwrap();
    match database {
        Database::Sqlite(path) => {
            let data = path.parent().unwrap().to_str().unwrap();
            let told = printed(&["backup", "--out", out, "--data-dir", data]);
            assert!(told.contains("is a whole backup") && told.contains("master.key"), "{told}");
            assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(refused(&["backup", "--out", out, "--data-dir", data]).contains("there already"));
            assert!(!Path::new(&format!("{out}.partial")).exists());
        }
        Database::Postgres(url) => {
            postgres::tool("pg_dump", &["--format=custom", "--file", out, "--dbname", postgres::plain(url)]);
            let told = refused(&["backup", "--out", "x.db", "--database-url", url, "--master-key-file", "x"]);
            assert!(told.contains("pg_dump"), "{told}");
        }
    }
}

/// Brings a backup back where nothing was, as README says.
async fn restore(world: &World, backup: &Path) -> World {
    match &world.database {
        Database::Sqlite(_) => {
            let fresh = World::sqlite();
            let Database::Sqlite(path) = &fresh.database else { panic!("not SQLite") };
            fs::copy(backup, path).unwrap();
            fresh
        }
        Database::Postgres(_) => {
            let fresh = World::postgres().await.unwrap();
            let Database::Postgres(url) = &fresh.database else { panic!("not PostgreSQL") };
            let backup = backup.to_str().unwrap();
            postgres::tool("pg_restore", &["--exit-on-error", "--dbname", postgres::plain(url), backup]);
            fresh
        }
    }
}

on_both!(a_backup_under_load_comes_back_whole, async |world| {
    let ended = Ended::on(world).await;
    let process = ended.serve(world);
    let (acknowledged, answered) = (Acknowledged::default(), Arc::default());
    let mut fraud = FraudCheckServiceClient::new(signed(&process, &ended.bank).await);
    in_charge(&mut fraud, &event(1_000_000)).await;
    let mut load = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        load.spawn(score(signed(&process, &ended.bank).await, caller, Arc::clone(&acknowledged)));
    }
    load.spawn(check(signed(&process, &ended.bank).await, Arc::clone(&answered)));
    while acknowledged.lock().unwrap().len() < BEFORE || answered.lock().unwrap().len() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = acknowledged.lock().unwrap().clone();
    let checked = answered.lock().unwrap().clone();
    let files = folder();
    let file = files.path().join("riskport.backup");
    let (database, out) = (world.database.clone(), file.clone());
    tokio::task::spawn_blocking(move || back_up(&database, &out)).await.unwrap();
    let during = acknowledged.lock().unwrap().len() - before.len();
    assert!(during > 0, "nothing was acknowledged while the backup was taken");
    process.kill();
    load.join_all().await;

    // The master key comes from where a copy of it is kept, and the backup without it opens nothing.
    let restored = restore(world, &file).await;
    let fresh = Ended { bank: ended.bank.clone(), folder: folder() };
    fs::copy(ended.folder.path().join("master.key"), fresh.folder.path().join("master.key")).unwrap();
    let examined = fresh.examined(&restored, &["--deep"]);
    assert_eq!(examined.names("fail"), [""; 0], "{:#?}", examined.checks);
    let mut raw = restored.raw().await;
    let decisions = raw.integer("SELECT COUNT(*) FROM decisions WHERE kind = 'credit_score'").await;
    let events = raw.integer("SELECT COUNT(*) FROM fraud_log WHERE entry = 'event'").await;
    assert!(decisions >= i64::try_from(before.len()).unwrap());
    let process = fresh.serve(&restored);
    assert_all_there(&process, &fresh.bank, &before).await;
    assert_eq!(
        raw.integer("SELECT COUNT(*) FROM decisions WHERE kind = 'credit_score'").await,
        decisions,
        "a retry decided"
    );

    let mut fraud = FraudCheckServiceClient::new(signed(&process, &fresh.bank).await);
    for (request, answer) in &checked {
        assert_eq!(in_charge(&mut fraud, request).await, *answer, "{}", request.request_id);
    }
    let next = in_charge(&mut fraud, &event(2_000_000)).await;
    assert_eq!(feature(&next, "account_count_24h").map(|count| format!("{count}")), Some(events.to_string()));
    assert_counted(&process, &fresh.bank, decisions).await;
    println!("{} before, {during} during the backup, {decisions} and {events} events restored", before.len());
    drop(process);
    restored.end().await;
});

/// Every decision is there byte for byte, under its id alone, and its sealed inputs open.
async fn assert_all_there(process: &Process, bank: &Partner, before: &HashMap<String, Vec<u8>>) {
    let mut credit = CreditScoreServiceClient::new(signed(process, bank).await);
    let mut decisions = DecisionServiceClient::new(signed(process, bank).await);
    for (at, (id, reply)) in before.iter().enumerate() {
        let client: usize = id.rsplit('-').next().unwrap().parse().unwrap();
        let again = credit.score_credit(applicant::request(id, client)).await.unwrap();
        assert_eq!(again.metadata().get("riskport-replayed").unwrap(), "true", "{id} was lost");
        let again = again.into_inner();
        assert_eq!(again.encode_to_vec(), *reply, "{id} got another answer");
        if at % 20 == 0 {
            let other = credit.score_credit(applicant::request(id, client + 1)).await.unwrap_err();
            assert_eq!(other.code(), Code::FailedPrecondition, "{id} took another content");
            let request = GetDecisionRequest { name: again.decision, view: DecisionView::Full as i32 };
            let full = decisions.get_decision(request).await.unwrap().into_inner().decision.unwrap();
            let mut given: Struct = applicant::request(id, client).features.unwrap();
            given.fields.retain(|_, value| value.kind != Some(Kind::NullValue(0)));
            assert_eq!(full.features, Some(given), "{id}: its inputs do not open");
        }
    }
}

/// Each decision is counted once, as far as it was counted when the backup was taken and from there on.
async fn assert_counted(process: &Process, bank: &Partner, decisions: i64) {
    let mut models = RiskModelServiceClient::new(signed(process, bank).await);
    loop {
        let request = GetModelReportRequest { name: "models/card-behaviour".to_owned(), ..Default::default() };
        let report = models.get_model_report(request).await.unwrap().into_inner().report.unwrap();
        if report.complete {
            assert_eq!(report.decisions, decisions);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What ends in the middle leaves no file of the backup's name, and what is not there is not backed up.
#[tokio::test]
async fn a_backup_that_fails_leaves_nothing() {
    let world = World::sqlite();
    Ended::on(&world).await;
    let Database::Sqlite(path) = &world.database else { panic!("not SQLite") };
    let (data, files) = (path.parent().unwrap().to_str().unwrap(), folder());
    let nowhere = files.path().join("no/such/folder/backup");
    assert!(refused(&["backup", "--out", nowhere.to_str().unwrap(), "--data-dir", data]).contains("cannot write"));
    let out = files.path().join("backup");
    let empty = folder();
    let told = refused(&["backup", "--out", out.to_str().unwrap(), "--data-dir", empty.path().to_str().unwrap()]);
    assert!(told.contains("there is no database"), "{told}");
    // A page in the middle that is not what it was: the copy fails, or is found to be broken.
    let mut bytes = fs::read(path).unwrap();
    let page = bytes.len() / 2 / 4_096 * 4_096;
    bytes[page..page + 4_096].fill(0x5a);
    fs::write(path, bytes).unwrap();
    refused(&["backup", "--out", out.to_str().unwrap(), "--data-dir", data]);
    assert_eq!(fs::read_dir(files.path()).unwrap().count(), 0, "something was left");
}
