//! The program: reads the arguments and runs the command.

use std::process::ExitCode;

use clap::Parser;
use riskport::cli::{Cli, run};
use tikv_jemallocator::Jemalloc;

/// Gives memory back that is not used any more: the system's allocator keeps it in each thread's arena, in pieces. SQLite and the
/// cryptography stay with the system's, for jemalloc in place of `malloc` hangs at start under `faketime`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("riskport: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("riskport: {failure}");
            ExitCode::FAILURE
        }
    }
}
