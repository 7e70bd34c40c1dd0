//! The demo, as a newcomer runs it: the built program, its output, and what it leaves behind.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use riskport::{
    domain::{
        credit::Language,
        features::{FeatureValue, Features},
    },
    engine::Model,
    rpc::proto::credit::credit_score_service_client::CreditScoreServiceClient,
};
use serde::Deserialize;
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

/// The columns of the lines that begin with this. For clients: client, score, the shadow's score, band, PD, per cent
/// sign, reasons, outcome; for versions: version, what it is, stage, AUC and KS here, AUC and KS of all held-out clients.
fn rows<'a>(output: &'a str, with: &str) -> Vec<Vec<&'a str>> {
    let lines = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|columns| columns.len() > 4 && columns[0].starts_with(with)).collect()
}

#[derive(Deserialize)]
struct Sample {
    rows: Vec<Client>,
}

/// A bundled client.
#[derive(Deserialize)]
struct Client {
    #[serde(rename = "client")]
    id: String,
    features: BTreeMap<String, Option<f64>>,
    defaulted: bool,
}

fn read(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(path)).unwrap()
}

fn clients() -> Vec<Client> {
    serde_json::from_slice::<Sample>(&read("credit/sample.json")).unwrap().rows
}

fn built_in() -> Model {
    let manifest = toml::from_str("title = 'built-in'\nkind = 'credit'").unwrap();
    Model::load(&read("credit/scorecard.json"), manifest).unwrap()
}

fn challenger() -> Model {
    let manifest = toml::from_str(str::from_utf8(&read("challenger/manifest.toml")).unwrap()).unwrap();
    Model::load(&read("challenger/model.txt"), manifest).unwrap()
}

fn score(model: &Model, client: &Client) -> i32 {
    let mut features = Features::default();
    for (name, value) in &client.features {
        if let Some(value) = value {
            features.insert(name, FeatureValue::Number(*value)).unwrap();
        }
    }
    model.credit_score(&features, Language::English).unwrap().score
}

/// AUC by counting every pair, and KS by looking at every score.
fn separation(model: &Model) -> (f64, f64) {
    let scored: Vec<(i32, bool)> = clients().iter().map(|one| (score(model, one), one.defaulted)).collect();
    let of = |defaulted| scored.iter().filter(move |one| one.1 == defaulted).map(|one| one.0);
    let count = |scores: &mut dyn Iterator<Item = i32>| f64::from(u32::try_from(scores.count()).unwrap());
    let half = |paid: i32, bad: i32| match paid.cmp(&bad) {
        Ordering::Greater => 1.0,
        Ordering::Equal => 0.5,
        Ordering::Less => 0.0,
    };
    let won: f64 = of(false).map(|paid| of(true).map(|bad| half(paid, bad)).sum::<f64>()).sum();
    let pairs = count(&mut of(false)) * count(&mut of(true));
    let share = |defaulted, limit| count(&mut of(defaulted).filter(|one| *one <= limit)) / count(&mut of(defaulted));
    let ks = (350..=950).map(|limit| (share(true, limit) - share(false, limit)).abs()).fold(0.0, f64::max);
    (won / pairs, ks)
}

#[test]
fn it_scores_real_clients_by_both_models_and_leaves_nothing_behind() {
    let temporary = temporary_folder();
    let folder = temporary_folder();
    let page = folder.path().join("report.html");
    let ended = demo(&temporary).arg("--exit").arg("--report-html").arg(&page).output().unwrap();
    let (output, errors) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert!(ended.status.success(), "{errors}\n{output}");
    assert_eq!(errors, "", "nothing to complain about, and no progress bar where there is no terminal");

    let mut versions = rows(&output, "card-behaviour/");
    versions.retain(|columns| ["scorecard", "LightGBM"].contains(&columns[1]));
    let figures = |at: usize| -> Vec<f64> { versions[at][3..].iter().map(|one| one.parse().unwrap()).collect() };
    assert_eq!(
        versions.iter().map(|one| one[..3].to_vec()).collect::<Vec<_>>(),
        [["card-behaviour/1", "scorecard", "champion"], ["card-behaviour/2", "LightGBM", "shadow"]]
    );
    assert!(output.contains("400 clients, 100 defaulted"), "{output}");

    // Computed anew, outside the demo, from the bundled clients by both models.
    for (at, model) in [built_in(), challenger()].iter().enumerate() {
        let (auc, ks) = separation(model);
        assert!((0.70..0.85).contains(&auc) && (0.30..0.60).contains(&ks), "{auc} {ks}");
        assert!((figures(at)[0] - auc).abs() < 0.0006 && (figures(at)[1] - ks).abs() < 0.0006, "{auc} {ks} {output}");
    }
    assert_eq!(figures(0)[2..], [0.767, 0.403]);
    assert!((0.77..0.79).contains(&figures(1)[2]) && (0.40..0.44).contains(&figures(1)[3]), "{output}");

    let rows = rows(&output, "taiwan-");
    assert!((12..=15).contains(&rows.len()), "{output}");
    let scores: Vec<i32> = rows.iter().map(|columns| columns[1].parse().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| (350..=950).contains(score)), "{scores:?}");
    let shadows: Vec<i32> = rows.iter().map(|columns| columns[2].parse().unwrap()).collect();
    let client = |row: &Vec<&str>| clients().into_iter().find(|one| one.id == row[0]).unwrap();
    for (row, shadow) in rows.iter().zip(&shadows) {
        assert_eq!(score(&challenger(), &client(row)), *shadow, "the shadow of {}", row[0]);
    }
    for outcome in ["paid", "default"] {
        assert!(rows.iter().any(|columns| columns.last() == Some(&outcome)), "{output}");
    }
    assert!(output.contains("got the same decision"), "{output}");

    // The bank's report: what it says of the sample is what was computed here.
    let reported = output.split("How card-behaviour/1 has done").nth(1).unwrap();
    assert!(reported.contains("400 decisions") && reported.contains("of which 100 bad"), "{reported}");
    assert!(reported.contains("Drift against 21,000 training rows"), "{reported}");
    for (name, model) in [("card-behaviour/1  this", built_in()), ("card-behaviour/2  shadow", challenger())] {
        let line =
            reported.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in {reported}"));
        let told: f64 = line.split('[').next().unwrap().split_whitespace().last().unwrap().parse().unwrap();
        assert!((told - separation(&model).0).abs() < 0.002, "{line}");
    }
    assert!(fs::read_to_string(&page).unwrap().contains("How card-behaviour/1 has done"));
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
        url = line.split_once("http://").map(|(_, rest)| rest.split(['/', ' ']).next().unwrap().to_owned()).or(url);
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
