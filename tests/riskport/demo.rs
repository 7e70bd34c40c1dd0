//! The demo, as a newcomer runs it: the built program, its output, and what it leaves behind.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use riskport::rpc::proto::credit::credit_score_service_client::CreditScoreServiceClient;
use tempfile::TempDir;
use tonic::{Code, Request};

use crate::support::{applicant, process::send_signal};

/// The demo on a free port, with temporary files in a folder of the test's own.
fn demo(temporary: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
    command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()).stdin(Stdio::null());
    command
}

fn temporary_folder() -> TempDir {
    tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap()
}

fn entries(folder: &TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

/// The number that follows `label` in the output.
fn figure(output: &str, label: &str) -> f64 {
    let after = output.split_once(label).unwrap_or_else(|| panic!("no {label:?} in:\n{output}")).1;
    after.split_whitespace().next().unwrap().parse().unwrap()
}

/// The columns of the table's rows: client, score, band, PD, per cent sign, reasons, outcome.
fn rows(output: &str) -> Vec<Vec<&str>> {
    let lines = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|columns| columns.first().is_some_and(|first| first.starts_with("taiwan-"))).collect()
}

#[test]
fn it_scores_real_clients_prints_their_auc_and_leaves_nothing_behind() {
    let temporary = temporary_folder();
    let ended = demo(&temporary).arg("--exit").output().unwrap();
    let (output, errors) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert!(ended.status.success(), "{errors}\n{output}");
    assert_eq!(errors, "", "nothing to complain about, and no progress bar where there is no terminal");

    let auc = figure(&output, "AUC on this sample: ");
    assert!((0.70..0.85).contains(&auc), "{auc}");
    assert!(output.contains("(400 clients, 100 defaulted)"), "{output}");
    assert!((0.30..0.60).contains(&figure(&output, "KS  on this sample: ")));

    let rows = rows(&output);
    assert!((12..=15).contains(&rows.len()), "{output}");
    let scores: Vec<i32> = rows.iter().map(|columns| columns[1].parse().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| (350..=950).contains(score)), "{scores:?}");
    for outcome in ["paid", "default"] {
        assert!(rows.iter().any(|columns| columns.last() == Some(&outcome)), "{output}");
    }
    assert!(output.contains("got the same decision"), "{output}");
    assert!(output.lines().all(|line| line.chars().count() <= 80 || line.contains("/riskport-")), "{output}");
    assert!(!output.contains('\x1b'), "colours where there is no terminal");

    assert!(output.contains(temporary.path().to_str().unwrap()), "it must name its folder:\n{output}");
    assert_eq!(entries(&temporary), 0, "it must remove its folder");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stays_up_with_a_token_that_works_until_it_is_interrupted() {
    let temporary = temporary_folder();
    let mut running = demo(&temporary).stdout(Stdio::piped()).spawn().map(Running).unwrap();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    let (mut token, mut url) = (None, None);
    loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ended by itself");
        token = line.strip_prefix("export TOKEN=").map(|token| token.trim().to_owned()).or(token);
        url = line.split_once("http://").map(|(_, rest)| rest.split('/').next().unwrap().to_owned()).or(url);
        if line.starts_with("Ctrl-C") {
            break;
        }
    }
    assert_eq!(entries(&temporary), 1, "the data stays while the server does");

    let mut client = CreditScoreServiceClient::connect(format!("http://{}", url.unwrap())).await.unwrap();
    let refused = client.score_credit(applicant::request("own-1", 0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let mut request = Request::new(applicant::request("own-1", 0));
    request.metadata_mut().insert("authorization", format!("Bearer {}", token.unwrap()).parse().unwrap());
    assert!(client.score_credit(request).await.unwrap().into_inner().score >= 350);

    send_signal(running.0.id(), "INT");
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(running.0.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("drained"), "{rest}");
    assert_eq!(entries(&temporary), 0, "it must remove its folder");
}

/// A process that does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_refuses_an_address_that_others_can_reach() {
    let temporary = temporary_folder();
    let refused = demo(&temporary).args(["--exit", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--listen"));
    assert_eq!(entries(&temporary), 0);
}
