//! Rows 42 and 43 of the bad-input table: files that are made to break whoever walks them.

use riskport::rpc::proto::risk::ModelKind;

use super::{Upload, manifest, stump, trained, wrong};
use crate::support::{World, platform::Platform};

#[tokio::test]
async fn rows_42_and_43_hostile_files_are_3_and_leave_nothing() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let text = String::from_utf8(stump(1.5, -1.5)).unwrap();
    let mut files = Vec::new();
    for (from, to) in [
        // A node that is its own child, and children that are not there.
        ("left_child=-1", "left_child=0"),
        ("right_child=-2", "right_child=7"),
        ("right_child=-2", "right_child=-9"),
        ("right_child=-2", "right_child=-1"),
        ("split_feature=0", "split_feature=99"),
        ("split_feature=0", "split_feature=-1"),
        ("threshold=50", "threshold=nan"),
        ("threshold=50", "threshold=fifty"),
        ("leaf_value=1.5", "leaf_value=nan"),
        // Far more than there is.
        ("num_leaves=2", "num_leaves=2147483648"),
        ("num_leaves=2", "num_leaves=0"),
        ("max_feature_idx=1", "max_feature_idx=2147483647"),
        ("num_cat=0", "num_cat=2147483647"),
        ("end of trees", ""),
        ("version=v4", "version=v9"),
        ("sigmoid:1", "sigmoid:nan"),
    ] {
        let file = text.replacen(from, to, 1);
        assert_ne!(file, text, "{from}");
        files.push((format!("{from} as {to}"), file.into_bytes()));
    }
    files.push(("not UTF-8".to_owned(), [text.as_bytes(), b"\xff\xfe"].concat()));
    files.push(("nothing known".to_owned(), b"hello".to_vec()));
    files.push(("trailing bytes".to_owned(), [trained::file("xgboost-binary.ubj"), b"xx".to_vec()].concat()));
    files.push(("lists in lists".to_owned(), "[".repeat(100_000).into_bytes()));
    files.push(("objects in objects".to_owned(), "{\"a\":".repeat(100_000).into_bytes()));
    files.push(("a pickle".to_owned(), b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00cposix\nsystem\n.".to_vec()));
    let mut taken = Vec::new();
    for (what, file) in files {
        match Upload::new("stump", manifest(ModelKind::Generic), file).send(&mut client).await {
            Ok(_) => taken.push(what),
            refused => assert_eq!(wrong(refused), ["file"], "{what}"),
        }
    }
    assert!(taken.is_empty(), "{taken:?}");
    let mut raw = world.raw().await;
    for table in ["models", "model_versions", "model_files"] {
        let count = format!("SELECT COUNT(*) FROM {table} WHERE owner_id <> 'operator'");
        assert_eq!(raw.integer(&count).await, 0, "{table}");
    }
    Upload::stump("stump", ModelKind::Generic, 1.5, -1.5).send(&mut client).await.unwrap();
    platform.stop().await;
}
