//! The conftrail program.

use std::process::ExitCode;

use clap::Parser;
use conftrail::{Cli, run};

/// Events are made on one thread and dropped on another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            conftrail::say(&format!("cannot start: {error}"));
            return ExitCode::from(1);
        }
    };
    runtime.block_on(run(cli))
}
