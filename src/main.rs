//! The standard binary: Quarterdeck's own models, the demo with `serve --demo`, the bundled plugins.

use std::process::ExitCode;

use quarterdeck::cli::{Project, run};

/// Requests are many small allocations: this one answers them with less work than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let project = Project::new("quarterdeck", |app| {
        #[cfg(feature = "webhooks")]
        let app = app.plugin(quarterdeck::plugins::webhooks::Webhooks);
        app
    });
    #[cfg(feature = "demo")]
    let project = project.demo(
        quarterdeck::demo::register,
        Box::new(|app| Box::pin(quarterdeck::demo::fill_if_empty(app))),
    );
    run(project)
}
