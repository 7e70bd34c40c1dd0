//! The program: reads the arguments and runs the command.

use std::process::ExitCode;

use clap::Parser;
use riskport::cli::{Cli, run};

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
