//! Nothing of an applicant stands in the database in the clear.

use std::{fs, path::Path};

use prost_types::{Value, value::Kind};
use riskport::{rpc::proto::credit::ScoreCreditRequest, store::Database};

use crate::support::{World, applicant, platform::Platform};

/// A subject like no other text.
const SUBJECT: &str = "kanarie-A123456789-subject";
/// A feature's value whose digits and whose bits are like no others.
const FEATURE: f64 = 13_577_531.017;

/// Every byte that the database keeps: the files of SQLite, or every column of every row of PostgreSQL as text. Bytes
/// are hexadecimal in that text.
pub async fn everything(world: &World) -> Vec<u8> {
    match &world.database {
        Database::Sqlite(path) => {
            let files = ["", "-wal", "-shm"].map(|end| format!("{}{end}", path.display()));
            files.iter().filter(|file| Path::new(file).exists()).flat_map(|file| fs::read(file).unwrap()).collect()
        }
        Database::Postgres(_) => {
            let mut raw = world.raw().await;
            let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public'";
            let mut dump = Vec::new();
            for table in raw.texts(tables).await {
                for row in raw.texts(&format!("SELECT t::TEXT FROM \"{table}\" t")).await {
                    dump.extend_from_slice(row.as_bytes());
                }
            }
            dump
        }
    }
}

pub fn holds(dump: &[u8], wanted: &[u8]) -> bool {
    let hexadecimal = riskport::vault::hex(wanted);
    let found = |wanted: &[u8]| dump.windows(wanted.len()).any(|window| window == wanted);
    found(wanted) || found(hexadecimal.as_bytes())
}

on_both!(no_subject_and_no_feature_value_is_in_the_database, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut request = ScoreCreditRequest { subject: SUBJECT.to_owned(), ..applicant::request("visible-id", 0) };
    let fields = &mut request.features.as_mut().unwrap().fields;
    fields.insert("credit_limit".to_owned(), Value { kind: Some(Kind::NumberValue(FEATURE)) });
    let mut credit = platform.credit(&bank).await;
    credit.score_credit(request.clone()).await.unwrap();
    credit.score_credit(request.clone()).await.unwrap();
    // What is refused leaves nothing behind either.
    let refused = ScoreCreditRequest { purpose: "another".to_owned(), ..request };
    credit.score_credit(refused).await.unwrap_err();

    assert_sealed(&everything(world).await, "while it runs");
    platform.stop().await;
    assert_sealed(&everything(world).await, "after it has stopped");
});

fn assert_sealed(dump: &[u8], when: &str) {
    assert!(holds(dump, b"visible-id"), "{when}: the dump does not show what is there");
    let (digits, big, little) = (FEATURE.to_string(), FEATURE.to_be_bytes(), FEATURE.to_le_bytes());
    for canary in [SUBJECT.as_bytes(), digits.as_bytes(), &big, &little] {
        assert!(!holds(dump, canary), "{when}: {:?} is in the database", String::from_utf8_lossy(canary));
    }
}
