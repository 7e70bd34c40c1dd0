//! The wall clock is set back by an hour while the server runs, and stays there over a kill: what orders decisions is their
//! place in the commit order, and nothing that was decided, known or counted is lost or doubled.

use std::{fs, path::Path, time::Duration};

use prost::Message;
use riskport::{
    cli::key_file::TokenClaims,
    clock::Clock,
    rpc::proto::{
        fraud::CheckFraudResponse,
        risk::{GetModelReportRequest, GetModelReportResponse},
    },
};
use tonic::{Code, transport::Channel};

use crate::{
    fraud::{asked, check::feature},
    support::{
        World, applicant,
        command::folder,
        platform::{Partner, Platform},
        process::Process,
        samples, wire,
    },
};

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
const CHECK: &str = "/riskport.fraud.v1.FraudCheckService/CheckFraud";
const REPORT: &str = "/riskport.risk.v1.RiskModelService/GetModelReport";
const HOUR: i64 = 3_600;
/// Calls between two changes of the clock.
const CALLS: usize = 8;

/// A server whose clock a file moves, and what it acknowledged in order.
struct Moved<'a> {
    world: &'a World,
    bank: Partner,
    /// How far the server's clock is from ours, in seconds.
    offset: i64,
    replies: Vec<Vec<u8>>,
    checks: Vec<CheckFraudResponse>,
}

impl Moved<'_> {
    /// A token as somebody signs it whose clock agrees with the server's.
    fn token(&self, beside: i64) -> String {
        let claims = TokenClaims {
            tenant: &self.bank.id,
            audience: "riskport",
            actor: None,
            scope: None,
            now: Clock.now().plus_seconds(self.offset + beside),
            lifetime: Duration::from_mins(10),
            certificate: None,
        };
        self.bank.key.sign(&claims).unwrap()
    }

    async fn decide(&mut self, channel: &Channel) {
        for _ in 0..CALLS {
            let at = self.replies.len();
            let request = applicant::request(&format!("r-{at}"), at);
            let reply = wire::call(channel, SCORE, &self.token(0), &request).await;
            assert!(!reply.replayed(), "{:?}", reply.status);
            self.replies.push(reply.message().to_vec());
            let event = asked::check(&format!("e-{at}"), at);
            let mut tries = 0;
            // After a kill the lease is first found to be nobody's.
            let answer = loop {
                let reply = wire::call(channel, CHECK, &self.token(0), &event).await;
                if reply.code() == Code::Ok {
                    break CheckFraudResponse::decode(reply.message()).unwrap();
                }
                assert_eq!(reply.code(), Code::Unavailable, "{:?}", reply.status);
                tries += 1;
                assert!(tries < 200, "no process answers fraud checks: {:?}", reply.status);
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            self.checks.push(answer);
        }
    }

    async fn assert_in_order(&self, channel: &Channel) {
        for (at, reply) in self.replies.iter().enumerate() {
            let again = wire::call(channel, SCORE, &self.token(0), &applicant::request(&format!("r-{at}"), at)).await;
            assert!(again.replayed() && again.message() == reply, "r-{at}");
        }
        let mut raw = self.world.raw().await;
        // In the order in which they were acknowledged.
        let (mut last, mut writers) = (String::new(), Vec::new());
        for at in 0..self.replies.len() {
            let row =
                raw.texts(&format!("SELECT writer_id || ' ' || seq FROM decisions WHERE request_id = 'r-{at}'")).await;
            let (writer, seq) = row[0].split_once(' ').unwrap();
            if writer != last {
                writers.push((writer.to_owned(), 0));
                writer.clone_into(&mut last);
            }
            let seq: i64 = seq.parse().unwrap();
            let before = &mut writers.last_mut().unwrap().1;
            assert!(seq > *before, "r-{at} has place {seq} after {before}");
            *before = seq;
        }
        assert_eq!(writers.len(), 2, "each process writes under one id of its own");
        let back = raw
            .integer(
                "SELECT (SELECT MAX(decided_us) FROM decisions WHERE request_id = 'r-0')
                  - (SELECT MAX(decided_us) FROM decisions WHERE request_id = 'r-8')",
            )
            .await;
        assert!(back > (HOUR - 60) * 1_000_000, "the server's clock was never set back: {back}");
        let places = raw.integers("SELECT place FROM fraud_log WHERE tenant_id = 'moved' ORDER BY place").await;
        assert!(places.iter().copied().eq(1..=i64::try_from(self.checks.len()).unwrap()), "{places:?}");
    }
}

on_both!(an_hour_back_and_on_again, async |world| {
    let Some(library) = samples::faketime_library() else { return };
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("moved").await;
    let spared = platform.onboard_replaying("spared").await;
    // What a server with a good clock knows of the same events.
    let mut fraud = platform.fraud(&spared).await;
    let mut expected = Vec::new();
    for at in 0..4 * CALLS {
        expected.push(fraud.check_fraud(asked::check(&format!("e-{at}"), at)).await.unwrap().into_inner());
    }
    let folder_of_key = platform.stop().await;
    let files = folder();
    let clock = files.path().join("clock");
    let environment = [
        ("LD_PRELOAD", library.as_path()),
        ("FAKETIME_TIMESTAMP_FILE", &clock),
        ("FAKETIME_NO_CACHE", Path::new("1")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
    ];
    let start = || Process::start_with(&world.database, &folder_of_key.path().join("master.key"), &environment);
    let set = |seconds: i64| fs::write(&clock, format!("{seconds:+}\n")).unwrap();
    let connect = async |process: &Process| Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();

    let mut moved = Moved { world, bank, offset: 0, replies: Vec::new(), checks: Vec::new() };
    set(0);
    let process = start();
    let channel = connect(&process).await;
    moved.decide(&channel).await;
    set(-HOUR);
    moved.offset = -HOUR;
    let early = wire::call(&channel, SCORE, &moved.token(HOUR), &applicant::request("early", 1)).await;
    assert_eq!(early.code(), Code::Unauthenticated, "a token of an hour later was taken");
    moved.decide(&channel).await;
    process.kill();
    let process = start();
    let channel = connect(&process).await;
    moved.decide(&channel).await;
    set(0);
    moved.offset = 0;
    moved.decide(&channel).await;

    moved.assert_in_order(&channel).await;
    for (at, (answer, expected)) in moved.checks.iter().zip(&expected).enumerate() {
        assert_eq!(answer.features, expected.features, "event {at} knows other things");
    }
    assert!(moved.checks.iter().any(|one| feature(one, "account_count_24h").is_some_and(|count| count > 0.0)));
    let report = loop {
        let request = GetModelReportRequest { name: "models/card-behaviour".to_owned(), ..Default::default() };
        let reply = wire::call(&channel, REPORT, &moved.token(0), &request).await;
        let report = GetModelReportResponse::decode(reply.message()).unwrap().report.unwrap();
        if report.complete {
            break report;
        }
    };
    assert_eq!(report.decisions, i64::try_from(moved.replies.len()).unwrap());
    drop(process);
});
