//! The binary: `QUARTERDECK_DATABASE_URL=sqlite://chinook.sqlite chinook serve`.

use std::process::ExitCode;

use quarterdeck::cli::{Project, run};

/// Requests are many small allocations: this one answers them with less work than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Project::new("chinook", chinook::register))
}
