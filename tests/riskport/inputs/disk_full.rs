//! Row 40: the disk is full. A small file system in memory stands for it, which only root may mount.

use riskport::store::Database;
use tonic::Code;

use crate::support::{
    World, applicant, descriptors,
    platform::{Platform, token},
    small_disk::SmallDisk,
    wire,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_14_and_nothing_is_lost_or_broken() {
    let Some(disk) = SmallDisk::mount() else { return };
    let world = World::of(Database::Sqlite(disk.path().join("riskport.db")));
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    disk.fill();
    for at in 0..200 {
        let request = applicant::request(&format!("full-{at}"), at);
        let reply = wire::call(&channel, &path, &token, &request).await;
        match reply.code() {
            Code::Ok => acknowledged.push((request, reply.message().to_vec())),
            Code::Unavailable => {
                assert_eq!(reply.reason(), "UNAVAILABLE");
                refused.push(request);
            }
            code => panic!("{code:?}: {:?}", reply.status),
        }
        if refused.len() == 3 {
            break;
        }
    }
    assert_eq!(refused.len(), 3, "the disk never was full; {} were acknowledged", acknowledged.len());

    disk.make_room();
    for (request, message) in &acknowledged {
        let stored = wire::call(&channel, &path, &token, request).await;
        assert!(stored.replayed() && stored.message() == message, "{}", request.request_id);
    }
    for request in &refused {
        let repeated = wire::call(&channel, &path, &token, request).await;
        assert_eq!(repeated.code(), Code::Ok, "{:?}", repeated.status);
    }
    platform.stop().await;
    let mut raw = world.raw().await;
    let all = i64::try_from(acknowledged.len() + refused.len()).unwrap();
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, all);
    assert_eq!(raw.texts("PRAGMA integrity_check").await, ["ok"]);
    raw.close().await;
}
