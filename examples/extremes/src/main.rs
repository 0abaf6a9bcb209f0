//! The binary: `extremes serve`, with models at the edges of what a page can bear. The browser suite
//! looks at them; it also writes their records.

mod nothing;
mod single;
mod tables;
mod wide;

use std::process::ExitCode;

use quarterdeck::cli::{Project, run};

fn main() -> ExitCode {
    run(Project::new("extremes", |app| {
        app.migrations(vec![Box::new(tables::Migration)])
            .model::<wide::Entity>(|m| m.search([wide::Column::Name]))
            .model::<single::Entity>(|m| m.search([single::Column::Name]))
            .model::<nothing::Entity>(|m| m)
    }))
}
