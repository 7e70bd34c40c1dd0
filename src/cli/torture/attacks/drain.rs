//! The end of a server to whom everybody clings.

use super::{NAME, arena::Arena, frames::Attacker, streams::on_each};
use crate::cli::{
    Failure,
    torture::{
        Run,
        promise::{Bound, Promise},
    },
};

/// Tells the server to end while calls that never end, and connections that never begin, are open.
pub(super) async fn drain(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let address = arena.address();
    let held = on_each(address, 5, &[], &arena.headers()?, &[0, 0]).await?;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(Attacker::connect(address).await?);
    }
    let took = arena.world.restart(None).await?;
    drop((held, silent));
    run.board.add(Promise::timing(NAME, "drain: ended after, s", Bound::AtMost(10.0), 1), took.as_secs_f64());
    Ok(())
}
