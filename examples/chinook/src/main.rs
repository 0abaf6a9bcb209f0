//! The binary: `QUARTERDECK_DATABASE_URL=sqlite://chinook.sqlite chinook serve`.

use std::process::ExitCode;

use quarterdeck::cli::{Project, run};

fn main() -> ExitCode {
    run(Project::new("chinook", chinook::register))
}
