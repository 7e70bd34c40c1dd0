//! Tenant isolation as a property: six tenants do whatever they like with each other's ids, and nobody ever sees a byte
//! that is another's.

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use tokio::{runtime::Handle, sync::Mutex, task::block_in_place};

use super::ledger::{Ledger, Step, TENANTS};
use crate::support::{by_path::ByPath, platform::Platform};

/// Sequences of what tenants do, and how many steps each has at most.
const SEQUENCES: u32 = 12;
const STEPS: usize = 40;

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        3 => (0..3_usize).prop_map(|client| Step::Score { client }),
        4 => (any::<Index>(), any::<bool>()).prop_map(|(decision, full)| Step::Get { decision, full }),
        3 => (prop::option::of(0..3_usize), 1..4_i32, prop::option::of(any::<Index>()))
            .prop_map(|(subject, size, token)| Step::List { subject, size, token }),
        3 => (any::<Index>(), any::<u8>()).prop_map(|(decision, request)| Step::Report { decision, request }),
    ];
    prop::collection::vec((0..TENANTS, step), 1..STEPS)
}

on_both!(no_tenant_ever_sees_a_byte_of_another, async |world| {
    let platform = Platform::start(world).await;
    let mut tenants = Vec::new();
    for at in 0..TENANTS {
        tenants.push(platform.onboard(&format!("tenant-{at}")).await);
    }
    let ledger = Mutex::new(Ledger::new(&tenants, ByPath::connect(platform.address).await).await);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(SEQUENCES) });
    // Each sequence goes on where the last one ended: the longer they run, the more there is to see.
    let run = runner.run(&steps(), |steps| {
        let all = async {
            let mut ledger = ledger.lock().await;
            for (who, step) in steps {
                ledger.take(who, &step).await?;
            }
            Ok(())
        };
        block_in_place(|| Handle::current().block_on(all))
    });
    if let Err(failed) = run {
        panic!("{failed}");
    }
    let foreign = ledger.into_inner().foreign;
    assert!(foreign > 20, "too little was tried: {foreign} foreign ids");
    platform.stop().await;
});
