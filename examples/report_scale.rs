//! How long a report takes, and counting for it, as stored decisions become many.
//!
//!     cargo run --release --example report_scale -- 10000 100000 1000000
//!
//! For each number, decisions of one model are added until there are so many, through the decision writer that the server
//! uses, sealed as it seals them, over 80 days; one in 500 is labelled. Then a server starts on the database, counts what is
//! not counted, and makes reports. Each line is a number of decisions; how many a second were written and counted; what a report
//! takes, the median of eleven and the least and most; the size of the database, and the memory of the process at its height.
//! Ten million take some 15 GB of disk; `TMPDIR` says where.

use std::{error::Error, sync::Arc, time::Instant};

use prost::Message;
use prost_types::{Struct, Value, value::Kind};
use riskport::{
    cli::{
        client::{SignedChannel, Signer},
        key_file::PrivateKey,
    },
    clock::Clock,
    config::{Settings, SettingsSource},
    domain::{
        credit::Language,
        decision::{DecisionKind, Environment, NewDecision, Provenance, SealedInputs, TrafficRole},
        features::{FeatureValue, Features},
        ids::{DecisionId, Kid, ModelId, OutcomeId, RequestId, TenantId, WriterId},
        key::KeyAlgorithm,
        outcome::{CreditAction, CreditOutcome, CreditPerformance, OutcomeReport},
        tags::{Tags, decision_inputs},
        time::Timestamp,
    },
    engine::Model,
    ops::{App, found_operator},
    rpc::proto::{
        credit::{Contribution, ScoreCreditResponse},
        risk::{
            GetModelReportRequest, ModelReport, PromoteModelVersionRequest, ReferenceRow, ReferenceRows, UploadHeader,
            UploadModelRequest, risk_model_service_client::RiskModelServiceClient, upload_model_request::Part,
        },
        tenant::{AddKeyRequest, CreateTenantRequest, Scope, Tenant, tenant_service_client::TenantServiceClient},
    },
    server::Server,
    store::{DecisionWriter, Store},
    vault::{self, MasterKey, TenantKey},
};
use tokio::{sync::oneshot, task::JoinSet};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use uuid::{NoContext, Uuid};

type Failure = Box<dyn Error + Send + Sync>;

const TENANT: &str = "scale";
const MODEL: &str = "ladder";
const FILE: &[u8] = include_bytes!("../tests/cases/report/champion.txt");
const MANIFEST: &str = include_str!("../tests/cases/report/manifest.toml");
/// Decisions that wait for the disk at once, so that commits are full.
const IN_FLIGHT: usize = 512;
const DAYS: i64 = 80;
const LABELLED: usize = 500;
const REPORTS: usize = 11;

/// An id as the server makes them.
fn new_id() -> Uuid {
    let now = Clock.now();
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, u32::try_from(now.subsec_nanos()).unwrap_or(0)))
}

/// A server that runs, and how to end it.
struct Running {
    channel: Channel,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

async fn start(settings: &Settings) -> Result<Running, Failure> {
    let server = Server::bind(settings).await?;
    let address = server.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(async { drop(stopped.await) }));
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    Ok(Running { channel, stop, serving })
}

impl Running {
    fn signed(&self, key: &Arc<PrivateKey>, tenant: &str) -> SignedChannel {
        InterceptedService::new(self.channel.clone(), Signer::new(Arc::clone(key), tenant, "riskport"))
    }

    async fn end(self) -> Result<(), Failure> {
        let _ = self.stop.send(());
        Ok(self.serving.await?)
    }
}

/// Onboards the tenant, and puts its model in charge.
async fn prepare(running: &Running, operator: &Arc<PrivateKey>, key: &Arc<PrivateKey>) -> Result<(), Failure> {
    let mut tenants = TenantServiceClient::new(running.signed(operator, "operator"));
    let tenant = Tenant { display_name: TENANT.to_owned(), requests_per_second: 1_000, ..Tenant::default() };
    let request = CreateTenantRequest { tenant_id: TENANT.to_owned(), tenant: Some(tenant) };
    tenants.create_tenant(request).await?;
    let scopes = [Scope::ModelRead, Scope::ModelManage, Scope::ModelPromote].map(|scope| scope as i32).to_vec();
    let parent = format!("tenants/{TENANT}");
    tenants.add_key(AddKeyRequest { parent, jwk: key.jwk(), scopes, ..AddKeyRequest::default() }).await?;
    let mut models = RiskModelServiceClient::new(running.signed(key, TENANT));
    let manifest = riskport::rpc::manifest_message(&toml::from_str(MANIFEST)?);
    let header = UploadHeader {
        model: format!("models/{MODEL}"),
        manifest: Some(manifest),
        file_bytes: i64::try_from(FILE.len())?,
        tolerance: 0.0,
    };
    let age = Value { kind: Some(Kind::NumberValue(40.0)) };
    let features = Some(Struct { fields: [("age".to_owned(), age)].into() });
    let row = ReferenceRow { features, expected: 1.0 / (1.0 + f64::exp(-1.6)) };
    let rows = Part::ReferenceRows(ReferenceRows { rows: vec![row] });
    let parts =
        [Part::Header(header), Part::Chunk(FILE.to_vec()), rows].map(|part| UploadModelRequest { part: Some(part) });
    models.upload_model(tokio_stream::iter(parts)).await?;
    let name = format!("models/{MODEL}/versions/1");
    models.promote_model_version(PromoteModelVersionRequest { name }).await?;
    Ok(())
}

/// Makes decisions as the server makes them.
struct Maker {
    tenant: TenantId,
    kid: Kid,
    model: Model,
    key: TenantKey,
    now: Timestamp,
}

impl Maker {
    fn decision(&self, at: usize) -> Result<NewDecision, Failure> {
        let id = DecisionId::from(new_id());
        let spread = f64::from(u32::try_from(at % 9_973)?) / 9_973.0;
        let mut features = Features::default();
        features.insert("age", FeatureValue::Number((20.0 + 60.0 * spread).floor()))?;
        if !at.is_multiple_of(37) {
            features.insert("income", FeatureValue::Number(100.0 * (spread * 7.3).fract()))?;
        }
        let score = self.model.credit_score(&features, Language::English).map_err(|_| "the row does not fit")?;
        let contributions = score.contributions.into_iter().map(|one| Contribution {
            characteristic: one.characteristic,
            points: one.points,
            missing: one.missing,
        });
        let reply = ScoreCreditResponse {
            decision: format!("decisions/{id}"),
            score: score.score,
            probability_of_default: score.probability_of_default,
            band: score.band,
            base_points: score.base_points,
            contributions: contributions.collect(),
            clamp_points: score.clamp_points,
            model_version: format!("models/{MODEL}/versions/1"),
            model_digest: self.model.digest().to_owned(),
            ..ScoreCreditResponse::default()
        };
        let inputs = decision_inputs(&features, &Tags::default());
        let salt: [u8; 32] = vault::random().map_err(|_| "no random numbers")?;
        let sealed = self.key.seal(&id, [salt.as_slice(), &inputs].concat()).map_err(|_| "cannot seal")?;
        let request_id = RequestId::parse(&format!("r-{at}"))?;
        Ok(NewDecision {
            tenant: self.tenant.clone(),
            kind: DecisionKind::CreditScore,
            kid: self.kid.clone(),
            actor: String::new(),
            subject_hmac: self.key.subject_hmac(request_id.as_str()),
            purpose: String::new(),
            consent_id: None,
            environment: Environment::Live,
            billable_units: 1,
            decided: self.now.plus_seconds(-86_400 * (i64::try_from(at)? % DAYS)),
            provenance: Provenance {
                model: ModelId::parse(MODEL)?,
                model_version: 1,
                model_digest: self.model.digest().to_owned(),
                calibration_digest: Some(self.model.manifest_digest().to_owned()),
                policy_digest: None,
                lists_digest: None,
                catalogue_digest: None,
                engine_version: self.model.engine_version().to_owned(),
                role: TrafficRole::Champion,
            },
            reply: reply.encode_to_vec(),
            input_commitment: vault::sha256(&[&salt, &inputs]),
            inputs: SealedInputs { key_id: self.key.key_id().to_owned(), bytes: sealed },
            payload_hmac: self.key.payload_hmac(&inputs),
            shadows: Vec::new(),
            request_id,
            id,
        })
    }

    /// What became of a decision.
    fn outcome(&self, at: usize, decision: &DecisionId) -> Result<CreditOutcome, Failure> {
        let defaulted = at.is_multiple_of(LABELLED * 4);
        Ok(CreditOutcome {
            id: OutcomeId::from(new_id()),
            report: OutcomeReport {
                request_id: RequestId::parse(&format!("o-{at}"))?,
                decision: decision.clone(),
                action: Some(CreditAction::Approved),
                performance: Some(CreditPerformance { defaulted, days_past_due: None, amount: None }),
                observed: self.now,
            },
            reported: self.now,
        })
    }
}

/// Writes decisions from one number up to another.
async fn write(store: &Store, maker: &Maker, from: usize, to: usize) -> Result<(), Failure> {
    let writer_id = WriterId::from(new_id());
    store.enter_writer(&writer_id).await?;
    let (writer, task) = DecisionWriter::start(store.clone(), writer_id, std::sync::Arc::default());
    let mut writing = JoinSet::new();
    let mut labelled = Vec::new();
    for at in from..to {
        if writing.len() >= IN_FLIGHT {
            writing.join_next().await.transpose()?.transpose().map_err(|_| "a decision was refused")?;
        }
        let decision = maker.decision(at)?;
        if at.is_multiple_of(LABELLED) {
            labelled.push((at, decision.id.clone()));
        }
        let writer = writer.clone();
        writing.spawn(async move { writer.record(decision).await.map(drop) });
    }
    while let Some(written) = writing.join_next().await {
        written?.map_err(|_| "a decision was refused")?;
    }
    for (at, decision) in labelled {
        store.record_outcome(&maker.tenant, &maker.outcome(at, &decision)?, [0; 32], &maker.kid, "").await?;
    }
    drop(writer);
    task.finish().await;
    Ok(())
}

async fn report(running: &Running, key: &Arc<PrivateKey>) -> Result<ModelReport, Failure> {
    let mut models = RiskModelServiceClient::new(running.signed(key, TENANT));
    let request = GetModelReportRequest { name: format!("models/{MODEL}"), ..Default::default() };
    Ok(models.get_model_report(request).await?.into_inner().report.unwrap_or_default())
}

/// The most memory that the process has had so far, in MiB.
fn memory_mib() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
async fn main() -> Result<(), Failure> {
    let sizes = std::env::args().skip(1).map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    let folder = tempfile::Builder::new().prefix("riskport-scale-").tempdir()?;
    let master_key_file = folder.path().join("master.key");
    let master = MasterKey::create(&master_key_file)?;
    let settings = SettingsSource {
        listen: Some("127.0.0.1:0".parse()?),
        data_dir: Some(folder.path().to_owned()),
        master_key_file: Some(master_key_file),
        ..SettingsSource::default()
    };
    let settings = settings.validate()?;
    let [operator, key] = [(); 2].map(|()| PrivateKey::generate(KeyAlgorithm::EdDsa));
    let made =
        |key: Result<(PrivateKey, String), _>| key.map(|(key, _)| Arc::new(key)).map_err(|_| "no key can be made");
    let (operator, key) = (made(operator)?, made(key)?);
    let (app, task) = App::start(&settings).await?;
    found_operator(&app, operator.public.clone()).await?;
    task.finish().await;
    app.close().await;
    let running = start(&settings).await?;
    prepare(&running, &operator, &key).await?;
    running.end().await?;

    let tenant = TenantId::parse(TENANT)?;
    let store = Store::open(&settings.database).await?;
    let wrapped = store.find_data_key(&tenant, None).await?.ok_or("no key of the tenant")?;
    let maker = Maker {
        kid: Kid::parse("scale")?,
        model: Model::load(FILE, toml::from_str(MANIFEST)?).map_err(|_| "the model does not load")?,
        key: master.open_tenant_key(&tenant, &wrapped).map_err(|_| "the key does not open")?,
        now: Clock.now(),
        tenant,
    };
    println!("decisions    written/s  counted/s  report ms (least-most)    database MiB  memory MiB");
    let mut there = 0;
    for size in sizes {
        let begun = Instant::now();
        write(&store, &maker, there, size).await?;
        let written = (size - there) as f64 / begun.elapsed().as_secs_f64();
        let running = start(&settings).await?;
        let begun = Instant::now();
        while !report(&running, &key).await?.complete {}
        let counted = (size - there) as f64 / begun.elapsed().as_secs_f64();
        let mut times = Vec::new();
        for _ in 0..REPORTS {
            let begun = Instant::now();
            let report = report(&running, &key).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            if report.decisions != i64::try_from(size)? || report.labelled != i64::try_from(size.div_ceil(LABELLED))? {
                return Err(
                    format!("{} decisions and {} labels are reported", report.decisions, report.labelled).into()
                );
            }
        }
        times.sort_by(f64::total_cmp);
        let database =
            std::fs::read_dir(folder.path())?.filter_map(|file| file.ok()?.metadata().ok()).map(|file| file.len());
        println!(
            "{size:>10}  {written:>9.0}  {counted:>9.0}  {:>9.1} ({:.1}-{:.1})  {:>18}  {:>10}",
            times[times.len() / 2],
            times[0],
            times[times.len() - 1],
            database.sum::<u64>() / 1_048_576,
            memory_mib()?
        );
        running.end().await?;
        there = size;
    }
    Ok(())
}
