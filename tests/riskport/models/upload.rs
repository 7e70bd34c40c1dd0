//! Uploads: what is stored, what is refused and where it says so, and that a refusal leaves nothing.

use riskport::{
    rpc::proto::risk::{
        GetModelRequest, ListModelVersionsRequest, ListModelsRequest, ModelKind, ModelStage, ReferenceRow,
        ReferenceRows, ScoreScaling, UploadHeader, UploadModelRequest, ValidateModelVersionRequest,
        score_scaling::Scale, upload_model_request::Part,
    },
    vault,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::{
    CHUNK, Upload, features, manifest, not_found, part, precondition, predicted, refused, send, trained, wrong,
};
use crate::support::{World, platform::Platform};

/// How many rows there are of partners' models in any table.
async fn stored(world: &World) -> i64 {
    let mut raw = world.raw().await;
    raw.integer(
        "SELECT (SELECT COUNT(*) FROM models WHERE owner_id <> 'operator')
         + (SELECT COUNT(*) FROM model_versions WHERE owner_id <> 'operator')
         + (SELECT COUNT(*) FROM model_files WHERE owner_id <> 'operator')",
    )
    .await
}

on_both!(a_model_that_reproduces_its_rows_is_validated, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let upload = trained::upload("late-payments");
    let version = upload.send(&mut client).await.unwrap();
    assert_eq!(version.name, "models/late-payments/versions/1");
    assert_eq!(version.stage(), ModelStage::Validated);
    assert_eq!(version.format, "lightgbm-text");
    assert_eq!(version.digest, vault::hex(&vault::sha256(&[&upload.file])));
    assert_eq!(version.file_bytes, i64::try_from(upload.file.len()).unwrap());
    assert_eq!(version.reference_rows, i64::try_from(upload.rows.len()).unwrap());
    assert!(version.largest_difference <= 1e-12, "{}", version.largest_difference);
    assert_eq!((version.upload_kid.as_str(), version.upload_actor.is_empty()), (bank.key.public.kid.as_str(), false));
    let sent = upload.header.manifest.clone().unwrap();
    let held = version.manifest.clone().unwrap();
    assert_eq!((held.title, held.features.len()), (sent.title, sent.features.len()));

    // Found again by its model, its name, and in lists.
    for name in ["models/late-payments", "models/late-payments/versions/1"] {
        let found = client.get_model(GetModelRequest { name: name.to_owned() }).await.unwrap().into_inner();
        let model = found.model.unwrap();
        assert_eq!((model.name.as_str(), model.platform, model.newest_version), ("models/late-payments", false, 1));
        assert_eq!((model.champion_version, model.kind()), (0, ModelKind::Generic));
        assert_eq!(found.version.unwrap(), version);
    }
    let request = GetModelRequest { name: "models/late-payments/versions/2".to_owned() };
    assert_eq!(refused(client.get_model(request).await), not_found());
    let listed = client.list_models(ListModelsRequest::default()).await.unwrap().into_inner().models;
    let names: Vec<(&str, bool)> = listed.iter().map(|model| (model.name.as_str(), model.platform)).collect();
    assert_eq!(
        names,
        [("models/card-behaviour", true), ("models/fraud-simulated", true), ("models/late-payments", false)]
    );
    let generic = ListModelsRequest { kind: ModelKind::Generic as i32, ..ListModelsRequest::default() };
    assert_eq!(client.list_models(generic).await.unwrap().into_inner().models.len(), 1);

    // Without rows it is a draft, until it is held against some.
    let draft = upload.clone().draft();
    let mut other = Upload { header: UploadHeader { model: "models/drafted".to_owned(), ..draft.header }, ..draft };
    let draft = other.send(&mut client).await.unwrap();
    assert_eq!((draft.stage(), draft.reference_rows), (ModelStage::Draft, 0));
    let validate = |rows: &[ReferenceRow]| ValidateModelVersionRequest {
        name: "models/drafted/versions/1".to_owned(),
        rows: rows.to_vec(),
        tolerance: 0.0,
    };
    let mut spoiled = upload.rows.clone();
    spoiled[3].expected += 0.1;
    assert_eq!(wrong(client.validate_model_version(validate(&spoiled)).await), ["rows[3].expected"]);
    let validated = client.validate_model_version(validate(&upload.rows)).await.unwrap().into_inner().version.unwrap();
    assert_eq!((validated.stage(), validated.reference_rows), (ModelStage::Validated, version.reference_rows));
    let again = client.validate_model_version(validate(&upload.rows)).await;
    assert_eq!(refused(again), precondition("MODEL_VERSION_NOT_DRAFT"));

    // The same file and manifest are the same version; another manifest makes another.
    assert_eq!(refused(other.send(&mut client).await), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    "Another title".clone_into(&mut other.header.manifest.as_mut().unwrap().title);
    let second = other.send(&mut client).await.unwrap();
    assert_eq!((second.name.as_str(), &second.digest), ("models/drafted/versions/2", &version.digest));
    assert_ne!(second.manifest_digest, version.manifest_digest);
    let mut request =
        ListModelVersionsRequest { model: "models/drafted".to_owned(), page_size: 1, ..Default::default() };
    let mut versions = Vec::new();
    loop {
        let page = client.list_model_versions(request.clone()).await.unwrap().into_inner();
        versions.extend(page.versions);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(versions.iter().all(|one| one.manifest.is_none()));
    let names: Vec<&str> = versions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["models/drafted/versions/2", "models/drafted/versions/1"]);
    platform.stop().await;
});

on_both!(the_first_row_that_is_not_reproduced_is_named_and_nothing_is_stored, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let mut upload = trained::upload("late-payments");
    // Among rows that come in several messages.
    for at in [107, 240] {
        upload.rows[at].expected = 1.0 - upload.rows[at].expected;
    }
    assert_eq!(wrong(upload.send(&mut client).await), ["reference_rows[107].expected"]);
    assert_eq!(stored(world).await, 0);
    let found = client.get_model(GetModelRequest { name: "models/late-payments".to_owned() }).await;
    assert_eq!(refused(found), not_found());
    platform.stop().await;
});

#[tokio::test]
async fn parts_that_are_not_an_upload_are_refused_by_their_field() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let good = Upload::stump("stump", ModelKind::Generic, 1.5, -1.5);
    let header = |bytes: i64| part(Part::Header(UploadHeader { file_bytes: bytes, ..good.header.clone() }));
    let size = good.header.file_bytes;
    let chunk = |bytes: &[u8]| part(Part::Chunk(bytes.to_vec()));
    let rows = |rows: Vec<ReferenceRow>| part(Part::ReferenceRows(ReferenceRows { rows }));
    let whole = || chunk(&good.file);
    let row = good.rows[0].clone();
    let odd = |features, expected| ReferenceRow { features: Some(features), expected };
    let mut unknown = features(None);
    unknown.fields.insert("shoe_size".to_owned(), unknown.fields["age"].clone());
    let cases: Vec<(Vec<UploadModelRequest>, &[&str])> = vec![
        (vec![], &["header"]),
        (vec![UploadModelRequest::default()], &["header"]),
        (vec![whole(), header(size)], &["header"]),
        (vec![rows(good.rows.clone()), header(size), whole()], &["header"]),
        (vec![header(size), header(size), whole()], &["header"]),
        (vec![header(size), whole(), header(size)], &["header"]),
        (vec![header(size), rows(good.rows.clone()), whole()], &["chunk"]),
        (vec![header(size), chunk(&good.file[..9]), UploadModelRequest::default()], &["part"]),
        (vec![header(size)], &["header.file_bytes"]),
        (vec![header(size + 1), whole()], &["header.file_bytes"]),
        (vec![header(32 * 1024 * 1024), whole()], &["header.file_bytes"]),
        (vec![header(size - 1), whole()], &["chunk"]),
        (vec![header(size), whole(), chunk(b"x")], &["chunk"]),
        (vec![header(size), chunk(b""), whole()], &["chunk"]),
        (vec![header(size + 1_000_000), chunk(&vec![b'x'; CHUNK + 1])], &["chunk"]),
        (vec![header(size), whole(), rows(vec![odd(features(None), f64::NAN)])], &["reference_rows[0].expected"]),
        (
            vec![header(size), whole(), rows(vec![row.clone(), odd(unknown, 0.5)])],
            &["reference_rows[1].features.shoe_size"],
        ),
        (
            vec![header(size), whole(), rows(vec![odd(prost_types::Struct::default(), 0.5)])],
            &["reference_rows[0].features.age"],
        ),
    ];
    for (at, (parts, fields)) in cases.into_iter().enumerate() {
        assert_eq!(wrong(send(&mut client, parts).await), fields, "case {at}");
        assert_eq!(stored(&world).await, 0, "case {at}");
    }
    // One row too many, over several messages.
    let hundreds = |count: usize| (0..count).map(|_| rows(vec![row.clone(); 100]));
    let many = [header(size), whole()].into_iter().chain(hundreds(100)).chain([rows(vec![row.clone()])]).collect();
    assert_eq!(wrong(send(&mut client, many).await), ["reference_rows"]);
    assert_eq!(stored(&world).await, 0);
    let most = [header(size), whole()].into_iter().chain(hundreds(100)).collect();
    assert_eq!(send(&mut client, most).await.unwrap().reference_rows, 10_000);
    platform.stop().await;
}

#[tokio::test]
async fn a_file_above_32_mib_is_refused_before_it_is_sent() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let good = Upload::stump("stump", ModelKind::Generic, 1.5, -1.5);
    for file_bytes in [32 * 1024 * 1024 + 1, i64::MAX] {
        let header = UploadHeader { file_bytes, ..good.header.clone() };
        // Nothing follows, and the stream stays open: whoever waited for more would wait for ever.
        let (parts, sent) = mpsc::channel(1);
        parts.send(part(Part::Header(header))).await.unwrap();
        let answer = client.upload_model(ReceiverStream::new(sent)).await;
        assert_eq!(refused(answer), (Code::ResourceExhausted, "MODEL_TOO_LARGE".to_owned()));
    }
    platform.stop().await;
}

#[tokio::test]
async fn the_tolerance_is_what_the_header_says() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    for (at, (off, tolerance, fits)) in
        [(5e-7, 0.0, true), (2e-6, 0.0, false), (5e-4, 1e-3, true), (2e-3, 1e-3, false)].into_iter().enumerate()
    {
        let mut upload = Upload::stump(&format!("stump-{at}"), ModelKind::Generic, 1.5, -1.5);
        upload.header.tolerance = tolerance;
        upload.rows[1].expected += off;
        let sent = upload.send(&mut client).await;
        if fits {
            let version = sent.unwrap();
            assert!((version.largest_difference - off).abs() < 1e-12, "{}", version.largest_difference);
        } else {
            assert_eq!(wrong(sent), ["reference_rows[1].expected"]);
        }
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_manifest_that_does_not_fit_its_file_is_refused_by_its_fields() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let mut cases = Vec::new();
    let mut case = |change: fn(&mut riskport::rpc::proto::risk::ModelManifest), fields: &'static [&'static str]| {
        let mut one = manifest(ModelKind::Generic);
        change(&mut one);
        cases.push((one, fields));
    };
    case(|one| drop(one.features.pop()), &["header.manifest.features"]);
    case(|one| one.features.clear(), &["header.manifest.features"]);
    case(
        |one| one.features[1].name = "shoe_size".to_owned(),
        &["header.manifest.features", "header.manifest.features[1].name"],
    );
    case(
        |one| one.features[1].input = "income".to_owned(),
        &["header.manifest.features", "header.manifest.features[1].input"],
    );
    case(|one| one.features[0].r#type = 2, &["header.manifest.features[0].values"]);
    case(
        |one| {
            let linear = riskport::rpc::proto::risk::LinearScale { at_zero: 0.0, at_one: 100.0 };
            let bands = vec![riskport::rpc::proto::risk::ScoreBand { band: "A".to_owned(), min_score: 0 }];
            one.scaling =
                Some(ScoreScaling { scale: Some(Scale::Linear(linear)), min_score: 0, max_score: 100, bands });
        },
        &["header.manifest.scaling.linear"],
    );
    for (one, fields) in cases {
        let upload = Upload::new("stump", one, super::stump(1.5, -1.5));
        assert_eq!(wrong(upload.send(&mut client).await), fields);
    }
    // What a scorecard file says itself, its manifest must not say as well.
    let card = std::fs::read("tests/cases/shop-scorecard.json").unwrap();
    let upload = Upload::new("shop", super::as_credit(manifest(ModelKind::Credit)), card);
    let fields = ["header.manifest.features", "header.manifest.scaling", "header.manifest.target"];
    assert_eq!(wrong(upload.send(&mut client).await), fields);
    assert_eq!(stored(&world).await, 0);
    platform.stop().await;
}

on_both!(a_model_keeps_its_kind_and_the_platforms_names_are_taken, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    Upload::stump("stump", ModelKind::Generic, 1.5, -1.5).send(&mut client).await.unwrap();
    let other = Upload::stump("stump", ModelKind::Fraud, 2.5, -1.5).send(&mut client).await;
    assert_eq!(refused(other), precondition("MODEL_SCHEMA_DIFFERS"));
    let taken = Upload::stump("card-behaviour", ModelKind::Credit, 1.5, -1.5).send(&mut client).await;
    assert_eq!(refused(taken), precondition("MODEL_NAME_TAKEN"));
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM model_files WHERE owner_id <> 'operator'").await, 1);
    assert_eq!(raw.integer("SELECT COUNT(*) FROM audit WHERE action = 'upload_model'").await, 1);
    assert!((predicted(1.5, -1.5, None) - 0.817_574).abs() < 1e-6);
    platform.stop().await;
});

#[tokio::test]
async fn a_fifth_upload_at_once_is_refused_and_those_that_end_make_room() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut waiting = Vec::new();
    let header = || part(Part::Header(Upload::stump("stump", ModelKind::Generic, 1.5, -1.5).header));
    for _ in 0..4 {
        let mut client = platform.models(&bank).await;
        let (parts, sent) = mpsc::channel(1);
        let call = tokio::spawn(async move { client.upload_model(ReceiverStream::new(sent)).await });
        // The second is taken from us only once the first was read.
        parts.send(header()).await.unwrap();
        waiting.push((parts, call));
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut client = platform.models(&bank).await;
    let fifth = Upload::stump("fifth", ModelKind::Generic, 1.5, -1.5);
    assert_eq!(refused(fifth.send(&mut client).await), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
    for (parts, call) in waiting {
        drop(parts);
        assert_eq!(wrong(call.await.unwrap()), ["header.file_bytes"]);
    }
    fifth.send(&mut client).await.unwrap();
    platform.stop().await;
}
