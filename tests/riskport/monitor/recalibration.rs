//! A calibration is fitted to what became of a version's own decisions, and becomes a version like any other.

#![allow(clippy::cast_precision_loss, reason = "small counts")]
#![allow(clippy::float_cmp, reason = "the same arithmetic gives the same bits")]

mod scorecard;

use riskport::{
    cli::key_file::PrivateKey,
    domain::key::KeyAlgorithm,
    engine::statistics::{Cell, Cells, intercept_only, platt},
    rpc::proto::{
        credit::{ReportCreditOutcomeRequest, ScoreCreditRequest},
        risk::{
            CalibrationMethod, GetModelReportRequest, GetModelRequest, GrantModelRequest, ModelKind, ModelStage,
            ModelVersion, RecalibrateModelRequest, RecalibrateModelResponse, RevokeModelRequest, RollbackModelRequest,
            SetModelTrafficRequest, calibration::Method,
        },
        tenant::{self, UpdateTenantRequest},
    },
};
use tonic::{Code, Status};

use super::{
    CHAMPION, Credit, MODEL, ModelManifest, ModelReport, Models, Part, PromoteModelVersionRequest, ReferenceRow,
    ReferenceRows, Row, Struct, UploadHeader, UploadModelRequest, champion, features, manifest, outcome, report, score,
    tell, upload,
};
use crate::{
    auth::refused,
    support::{
        command::{Caller, folder},
        now,
        platform::{AMPLE_RATE, PARTNER_SCOPES, Partner, Platform, new_key},
    },
};

/// An income in each leaf of the champion, and the leaf's log odds.
const LEAVES: [(f64, f64); 11] = [
    (5.0, 1.6),
    (15.0, 1.1),
    (20.0, 0.7),
    (28.0, 0.25),
    (35.0, -0.2),
    (40.0, -0.55),
    (50.0, -1.05),
    (55.0, -1.5),
    (65.0, -2.0),
    (80.0, -2.6),
    (90.0, -3.3),
];

fn risk(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// How many of so many turn out bad.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
fn share(of: u32, risk: f64) -> u32 {
    (f64::from(of) * risk).round() as u32
}

/// So many clients in each leaf, of whom as many default as the risk at its log odds says.
fn clients(each: u32, risk_at: impl Fn(f64) -> f64) -> Vec<Row> {
    let leaf = |&(income, raw): &(f64, f64)| {
        let bad = share(each, risk_at(raw));
        let row =
            move |at| Row { income: Some(income), age: 40.0, defaulted: Some(u8::from(at < bad)), ..Row::default() };
        (0..each).map(row).collect::<Vec<_>>()
    };
    LEAVES.iter().flat_map(leaf).collect()
}

/// The same clients by the log odds of their leaves.
fn cells(rows: &[Row]) -> Cells {
    let cell = |row: &Row| {
        let raw = LEAVES.iter().find(|(income, _)| Some(*income) == row.income).unwrap().1;
        let bad = u64::from(row.defaulted == Some(1));
        Cell { value: raw, good: 1 - bad, bad }
    };
    Cells::new(rows.iter().map(cell).collect()).unwrap()
}

fn bad(rows: &[Row]) -> i64 {
    rows.iter().map(|row| i64::from(row.defaulted == Some(1))).sum()
}

/// Scores clients, and reports what became of them.
async fn live(credit: &mut Credit, run: &str, rows: &[Row]) -> Vec<String> {
    let decisions = score(credit, run, rows).await;
    label(credit, run, &decisions, rows, 60).await;
    decisions
}

async fn label(credit: &mut Credit, run: &str, decisions: &[String], rows: &[Row], seconds_ago: i64) {
    let each = decisions.iter().zip(rows).enumerate();
    let reports: Vec<ReportCreditOutcomeRequest> =
        each.map(|(at, (decision, row))| outcome(decision, &format!("o-{run}-{at}"), row, seconds_ago)).collect();
    tell(credit, reports).await;
}

async fn recalibrate(
    models: &mut Models,
    version: &str,
    method: CalibrationMethod,
) -> Result<RecalibrateModelResponse, Status> {
    let request = RecalibrateModelRequest {
        name: format!("models/{version}"),
        method: method as i32,
        ..RecalibrateModelRequest::default()
    };
    models.recalibrate_model(request).await.map(tonic::Response::into_inner)
}

async fn get(models: &mut Models, version: &str) -> ModelVersion {
    let request = GetModelRequest { name: format!("models/{version}") };
    models.get_model(request).await.unwrap().into_inner().version.unwrap()
}

async fn set_shadow(models: &mut Models, model: &str, version: i64) -> Result<(), Status> {
    let request = SetModelTrafficRequest {
        model: format!("models/{model}"),
        shadow_versions: vec![version],
        ..SetModelTrafficRequest::default()
    };
    models.set_model_traffic(request).await.map(drop)
}

async fn promote(models: &mut Models, version: &str) -> Result<(), Status> {
    models.promote_model_version(PromoteModelVersionRequest { name: format!("models/{version}") }).await.map(drop)
}

fn line(version: &ModelVersion) -> (f64, f64) {
    let calibration = version.manifest.as_ref().unwrap().calibration.as_ref().unwrap();
    match calibration.method.as_ref().unwrap() {
        Method::Platt(platt) => (platt.intercept, platt.slope),
        Method::Isotonic(_) => panic!("{calibration:?}"),
    }
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
}

/// The version that decides, the points and the probability of a client.
async fn answer(credit: &mut Credit, id: &str, model: &str, features: Struct) -> (String, i32, f64) {
    let request = ScoreCreditRequest {
        request_id: id.to_owned(),
        subject: "anna".to_owned(),
        model: format!("models/{model}"),
        features: Some(features),
        ..ScoreCreditRequest::default()
    };
    let response = credit.score_credit(request).await.unwrap().into_inner();
    (response.model_version, response.score, response.probability_of_default)
}

/// Uploads a version of any model, and gives it as it is stored.
async fn put(
    models: &mut Models,
    model: &str,
    file: &[u8],
    manifest: ModelManifest,
    rows: Vec<ReferenceRow>,
) -> ModelVersion {
    let header = UploadHeader {
        model: format!("models/{model}"),
        manifest: Some(manifest),
        file_bytes: i64::try_from(file.len()).unwrap(),
        tolerance: 0.0,
    };
    let mut parts = vec![Part::Header(header), Part::Chunk(file.to_vec())];
    if !rows.is_empty() {
        parts.push(Part::ReferenceRows(ReferenceRows { rows }));
    }
    let parts: Vec<_> = parts.into_iter().map(|part| UploadModelRequest { part: Some(part) }).collect();
    models.upload_model(tokio_stream::iter(parts)).await.unwrap().into_inner().version.unwrap()
}

fn expected_over_observed(report: &ModelReport) -> f64 {
    report.calibration.as_ref().unwrap().expected_over_observed.as_ref().unwrap().value
}

on_both!(a_known_distortion_is_taken_back_and_nothing_changes_by_itself, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let before = get(&mut models, "ladder/versions/1").await;
    // In truth every log odds is 0.6 times what the model says, less 0.8.
    let rows = clients(100, |raw| risk(0.6 * raw - 0.8));
    live(&mut credit, "a", &rows).await;
    let unchanged = answer(&mut credit, "first", MODEL, features(Some(5.0), 40.0)).await;

    let made = recalibrate(&mut models, "ladder/versions/1", CalibrationMethod::Platt).await.unwrap();
    let version = made.version.clone().unwrap();
    let (intercept, slope) = line(&version);
    assert!((intercept + 0.8).abs() < 0.05 && (slope - 0.6).abs() < 0.05, "{intercept} {slope}");
    let by_itself = platt(&cells(&rows)).unwrap();
    near(intercept, by_itself.intercept.value);
    near(slope, by_itself.slope.value);
    assert_eq!((made.fitted_on, made.bad), (1_100, bad(&rows)));
    let brier = |probability: &dyn Fn(f64) -> f64| {
        let squares = cells(&rows)
            .as_slice()
            .iter()
            .map(|cell| {
                let (one, counts) = (probability(cell.value), (cell.good as f64, cell.bad as f64));
                counts.0 * one * one + counts.1 * (1.0 - one) * (1.0 - one)
            })
            .sum::<f64>();
        squares / 1_100.0
    };
    near(made.brier_before, brier(&risk));
    near(made.brier_after, brier(&|raw| risk(intercept + slope * raw)));
    assert!(made.brier_after < made.brier_before);

    // The file is the same, the manifest but for the calibration as well; it reproduced what the old one did.
    assert_eq!((version.name.as_str(), version.stage()), ("models/ladder/versions/2", ModelStage::Validated));
    assert_eq!((&version.digest, version.reference_rows), (&before.digest, 1));
    assert_ne!(version.manifest_digest, before.manifest_digest);
    let mut manifest = version.manifest.clone().unwrap();
    manifest.calibration.clone_from(&before.manifest.as_ref().unwrap().calibration);
    assert_eq!(Some(manifest), before.manifest);
    // The old version and the champion are what they were, and decide as they did.
    assert_eq!(get(&mut models, "ladder/versions/1").await, before);
    assert_eq!(answer(&mut credit, "second", MODEL, features(Some(5.0), 40.0)).await, unchanged);
    assert_eq!(unchanged, ("models/ladder/versions/1".to_owned(), unchanged.1, risk(1.6)));
    let again = recalibrate(&mut models, "ladder/versions/1", CalibrationMethod::Platt).await;
    assert_eq!(refused(again), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    let mut raw = world.raw().await;
    let audit = raw.texts("SELECT after_json FROM audit WHERE action = 'recalibrate_model'").await;
    assert_eq!(audit.len(), 1);
    let audit: serde_json::Value = serde_json::from_str(&audit[0]).unwrap();
    let fitted = serde_json::json!({"version": 1, "method": "platt", "decisions": 1_100, "bad": made.bad});
    assert_eq!((&audit["fitted_to"], &audit["stage"]), (&fitted, &"validated".into()));

    // As a shadow of the same clients it expects exactly as many bad ones as there are, and the old one does not.
    set_shadow(&mut models, MODEL, 2).await.unwrap();
    live(&mut credit, "b", &rows).await;
    let old = report(&mut models, GetModelReportRequest::default()).await;
    assert!((expected_over_observed(&old) - 1.0).abs() > 0.1, "{old:?}");
    let request = GetModelReportRequest { name: "models/ladder/versions/2".to_owned(), ..Default::default() };
    let shadow = models.get_model_report(request).await.unwrap().into_inner().report.unwrap();
    assert_eq!((shadow.shadow, shadow.labelled), (true, 1_100));
    assert!((expected_over_observed(&shadow) - 1.0).abs() < 1e-8, "{shadow:?}");
    // Who is riskier than whom is what it was.
    let auc = |report: &ModelReport| report.discrimination.as_ref().unwrap().auc.as_ref().unwrap().value;
    assert_eq!(auc(&shadow), auc(&old));

    promote(&mut models, "ladder/versions/2").await.unwrap();
    let (decided, points, probability) = answer(&mut credit, "third", MODEL, features(Some(5.0), 40.0)).await;
    assert_eq!((decided.as_str(), points), ("models/ladder/versions/2", unchanged.1));
    assert_eq!(probability, risk(intercept + slope * 1.6));
    models.rollback_model(RollbackModelRequest { model: format!("models/{MODEL}") }).await.unwrap();
    assert_eq!(answer(&mut credit, "fourth", MODEL, features(Some(5.0), 40.0)).await, unchanged);
    platform.stop().await;
});

on_both!(each_method_asks_for_its_outcomes, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let methods = [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Intercept];
    let too_few = (Code::FailedPrecondition, "TOO_FEW_OUTCOMES".to_owned());
    let unfit = (Code::FailedPrecondition, "OUTCOMES_UNFIT".to_owned());
    for method in methods {
        assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", method).await), too_few);
    }
    // Ten of each: an intercept alone.
    let of = |income: f64, defaulted: u8| Row {
        income: Some(income),
        age: 40.0,
        defaulted: Some(defaulted),
        ..Row::default()
    };
    let rows: Vec<Row> = (0..20).map(|at: u8| of(if at < 10 { 5.0 } else { 65.0 }, u8::from(at < 10))).collect();
    let mut decisions = live(&mut credit, "ten", &rows).await;
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", methods[0]).await), too_few);
    let made = recalibrate(&mut models, "ladder/versions/1", methods[2]).await.unwrap();
    let version = made.version.unwrap();
    let by_itself = intercept_only(&cells(&rows), 1.0).unwrap();
    assert_eq!((line(&version).1, made.fitted_on, made.bad), (1.0, 20, 10));
    near(line(&version).0, by_itself.intercept.value);

    // Twenty of each, which one score parts; and then, corrected, the other way round.
    decisions.extend(live(&mut credit, "twenty", &rows).await);
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", methods[0]).await), unfit);
    let falling: Vec<Row> = rows
        .iter()
        .chain(&rows)
        .enumerate()
        .map(|(at, row)| of(row.income.unwrap(), u8::from((at % 20 >= 10 && at / 2 != 5) || at < 2)))
        .collect();
    label(&mut credit, "corrected", &decisions, &falling, 10).await;
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", methods[0]).await), unfit);
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", methods[1]).await), too_few);

    // 999 altogether are one too few for levels; risk that rises on the whole is enough.
    let more = clients(90, |raw| risk(raw - 0.5));
    let (last, most) = more[..960].split_last().unwrap();
    live(&mut credit, "more", most).await;
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", methods[1]).await), too_few);
    live(&mut credit, "last", std::slice::from_ref(last)).await;
    let made = recalibrate(&mut models, "ladder/versions/1", methods[1]).await.unwrap();
    assert_eq!(made.fitted_on, 1_000);
    let version = made.version.unwrap();
    let levels = version.manifest.unwrap().calibration.unwrap().method.unwrap();
    assert!(matches!(levels, Method::Isotonic(levels) if levels.points.len() > 2));
    assert_eq!(version.name, "models/ladder/versions/3");
    let unsuitable = (Code::FailedPrecondition, "MODEL_UNSUITABLE".to_owned());
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/3", methods[2]).await), unsuitable);

    // A model of amounts has no probability to calibrate.
    let amounts =
        String::from_utf8(CHAMPION.to_vec()).unwrap().replace("objective=binary sigmoid:1", "objective=regression");
    let generic =
        ModelManifest { kind: ModelKind::Generic as i32, scaling: None, profile: None, target: None, ..manifest() };
    put(&mut models, "amounts", amounts.as_bytes(), generic, Vec::new()).await;
    for method in methods {
        assert_eq!(refused(recalibrate(&mut models, "amounts/versions/1", method).await), unsuitable);
    }
    platform.stop().await;
});

on_both!(only_decisions_of_the_period_whose_inputs_are_there_are_fitted_on, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let (first, second) = (clients(30, |raw| risk(raw - 1.0)), clients(20, |raw| risk(raw + 1.0)));
    let erased = live(&mut credit, "a", &first).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let between = now();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    live(&mut credit, "b", &second).await;
    let request = |start_time, end_time| RecalibrateModelRequest {
        name: "models/ladder/versions/1".to_owned(),
        method: CalibrationMethod::Platt as i32,
        start_time,
        end_time,
    };
    for (start, end, rows) in [(None, Some(between), &first), (Some(between), None, &second)] {
        let made = models.recalibrate_model(request(start, end)).await.unwrap().into_inner();
        assert_eq!((made.fitted_on, made.bad), (i64::try_from(rows.len()).unwrap(), bad(rows)));
        near(line(&made.version.unwrap()).1, platt(&cells(rows)).unwrap().slope.value);
    }
    // What is erased is as if it had not been decided.
    let mut raw = world.raw().await;
    let kept: Vec<Row> = first.iter().skip(1).step_by(2).cloned().collect();
    let gone = erased.iter().step_by(2);
    let ids: Vec<String> = gone.map(|name| format!("'{}'", name.trim_start_matches("decisions/"))).collect();
    raw.execute(&format!("DELETE FROM decision_inputs WHERE decision_id IN ({})", ids.join(","))).await;
    let made = models.recalibrate_model(request(None, Some(between))).await.unwrap().into_inner();
    assert_eq!((made.fitted_on, made.bad), (i64::try_from(kept.len()).unwrap(), bad(&kept)));
    near(line(&made.version.unwrap()).1, platt(&cells(&kept)).unwrap().slope.value);
    platform.stop().await;
});

on_both!(nobody_elses_model_and_nobody_elses_decisions, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let (mut credit, mut models) = (platform.credit(&north).await, platform.models(&north).await);
    let mut others = platform.models(&south).await;
    champion(&mut models).await;
    let rows = clients(20, |raw| risk(raw - 1.0));
    live(&mut credit, "a", &rows).await;
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    for version in ["ladder/versions/1", "never-was/versions/1", "card-behaviour/versions/1"] {
        assert_eq!(refused(recalibrate(&mut others, version, CalibrationMethod::Platt).await), not_found, "{version}");
    }
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/9", CalibrationMethod::Platt).await), not_found);
    // The same name and number, and other decisions.
    champion(&mut others).await;
    let theirs = clients(30, |raw| risk(0.5 * raw + 1.0));
    live(&mut platform.credit(&south).await, "a", &theirs).await;
    for (models, rows) in [(&mut models, &rows), (&mut others, &theirs)] {
        let made = recalibrate(models, "ladder/versions/1", CalibrationMethod::Platt).await.unwrap();
        assert_eq!((made.fitted_on, made.bad), (i64::try_from(rows.len()).unwrap(), bad(rows)));
        near(line(&made.version.unwrap()).1, platt(&cells(rows)).unwrap().slope.value);
    }
    platform.stop().await;
});

on_both!(a_model_of_the_platform_is_the_operators_and_its_decisions_the_tenants, async |world| {
    let platform = Platform::start(world).await;
    let north = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&north).await, platform.models(&north).await);
    let mut operator = platform.models(&platform.operator()).await;
    champion(&mut operator).await;
    let (model, tenant) = (format!("models/{MODEL}"), "tenants/north-bank".to_owned());
    operator.grant_model(GrantModelRequest { model: model.clone(), tenant: tenant.clone() }).await.unwrap();
    live(&mut credit, "platforms", &clients(20, |raw| risk(raw - 1.0))).await;
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", CalibrationMethod::Platt).await), not_found);
    // The operator has decided nothing with it itself.
    let too_few = (Code::FailedPrecondition, "TOO_FEW_OUTCOMES".to_owned());
    assert_eq!(refused(recalibrate(&mut operator, "ladder/versions/1", CalibrationMethod::Platt).await), too_few);
    // What the tenant decided with it counts for none of its own that comes under the same name later.
    operator.revoke_model(RevokeModelRequest { model, tenant }).await.unwrap();
    let own = ModelManifest { title: "Our own".to_owned(), ..manifest() };
    upload(&mut models, CHAMPION, own, 1.6).await;
    promote(&mut models, "ladder/versions/1").await.unwrap();
    assert_eq!(refused(recalibrate(&mut models, "ladder/versions/1", CalibrationMethod::Platt).await), too_few);
    let rows = clients(20, |raw| risk(raw + 0.5));
    live(&mut credit, "own", &rows).await;
    let made = recalibrate(&mut models, "ladder/versions/1", CalibrationMethod::Platt).await.unwrap();
    assert_eq!((made.fitted_on, made.bad), (i64::try_from(rows.len()).unwrap(), bad(&rows)));
    platform.stop().await;
});

on_both!(four_eyes_hold_for_a_version_that_was_fitted, async |world| {
    let platform = Platform::start(world).await;
    let maker = platform.onboard("north-bank").await;
    let checker = Partner { key: new_key(), ..maker.clone() };
    platform.add_key(&checker, &PARTNER_SCOPES).await;
    let (mut first, mut second) = (platform.models(&maker).await, platform.models(&checker).await);
    champion(&mut second).await;
    let tenant = tenant::Tenant { name: "tenants/north-bank".to_owned(), four_eyes: true, ..tenant::Tenant::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["four_eyes".to_owned()] });
    let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
    platform.tenants().await.update_tenant(request).await.unwrap();
    live(&mut platform.credit(&maker).await, "a", &clients(20, |raw| risk(raw - 1.0))).await;
    recalibrate(&mut first, "ladder/versions/1", CalibrationMethod::Platt).await.unwrap();
    let denied = (Code::PermissionDenied, "FOUR_EYES_REQUIRED".to_owned());
    assert_eq!(refused(promote(&mut first, "ladder/versions/2").await), denied);
    assert_eq!(refused(set_shadow(&mut first, MODEL, 2).await), denied);
    // Whoever uploaded the old version did not make this one.
    promote(&mut second, "ladder/versions/2").await.unwrap();
    platform.stop().await;
});

on_both!(the_command_says_what_was_fitted_and_what_comes_next, async |world| {
    let platform = Platform::start(world).await;
    let folder = folder();
    let path = folder.path().join("north.pem");
    let key = PrivateKey::create(&path, KeyAlgorithm::EdDsa).unwrap().into();
    let bank = platform.onboard_with("north-bank", AMPLE_RATE, key).await;
    let mut models = platform.models(&bank).await;
    champion(&mut models).await;
    let bank_command = Caller { server: platform.url(), tenant: bank.id.clone(), key: path };
    let told = bank_command.is_refused(&["model", "recalibrate", "ladder/1", "--method", "platt"]);
    assert!(told.contains("too few outcomes") && told.contains("20 bad and 20 good"), "{told}");
    let rows = clients(40, |raw| risk(0.6 * raw - 0.8));
    live(&mut platform.credit(&bank).await, "a", &rows).await;

    let fit = ["model", "recalibrate", "ladder/1", "--method", "platt", "--from", "2026-01-01"];
    let told = bank_command.prints(&fit);
    let by_itself = platt(&cells(&rows)).unwrap();
    for part in [
        "ladder/2 is validated: the model of ladder/1 with another calibration".to_owned(),
        format!("1 / (1 + exp(-({:.6} + {:.6} x raw output)))", by_itself.intercept.value, by_itself.slope.value),
        format!("440 labelled decisions, {} of them bad", bad(&rows)),
        "it flatters".to_owned(),
        "riskport model traffic ladder --shadow 2 ".to_owned(),
        "riskport model promote ladder/2".to_owned(),
    ] {
        assert!(told.contains(&part), "no {part:?} in:\n{told}");
    }
    assert!(bank_command.is_refused(&fit).contains("AlreadyExists"));
    assert!(bank_command.is_refused(&["model", "recalibrate", "ladder/1", "--method", "magic"]).contains("isotonic"));
    let none = ["model", "recalibrate", "ladder/1", "--method", "intercept", "--to", "2026-01-01"];
    assert!(bank_command.is_refused(&none).contains("too few outcomes"));
    platform.stop().await;
});
