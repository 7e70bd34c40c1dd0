//! Row 40: the disk is full. A small file system in memory stands for it, which only root may mount.

use std::{fs, path::Path, process::Command};

use riskport::store::Database;
use tempfile::TempDir;
use tonic::Code;

use crate::support::{
    World, applicant, descriptors,
    platform::{Platform, token},
    wire,
};

/// A mounted file system of four MiB; it is unmounted when this is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("riskport-test-disk-").tempdir().map_err(|why| why.to_string())?;
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Ok(Self(folder)),
            Ok(done) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
            Err(why) => Err(why.to_string()),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte with a file that [`Self::make_room`] removes.
    fn fill(&self) {
        let mut size = 1 << 20;
        let mut filler = fs::File::create(self.path().join("filler")).unwrap();
        while size > 0 {
            if std::io::Write::write_all(&mut filler, &vec![1; size]).is_err() {
                size /= 2;
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_14_and_nothing_is_lost_or_broken() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(why) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("SKIPPED (no small disk): {why}\n"));
            return;
        }
    };
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
