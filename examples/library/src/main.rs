//! The binary: `library serve`, with an empty library or the one of the load test.

use std::process::ExitCode;

use library::{author, book, tables};
use quarterdeck::cli::{Project, run};

/// Requests are many small allocations: this one answers them with less work than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Project::new("library", |app| {
        app.migrations(vec![Box::new(tables::Migration)])
            .model::<author::Entity>(|m| m.search([author::Column::Name]))
            .model::<book::Entity>(|m| {
                use book::Column::{AuthorId, InPrint, Isbn, Price, Published, Title};
                m.list([Title, AuthorId, Price, Published, InPrint])
                    .search([Title, Isbn])
                    .filters([InPrint])
            })
    }))
}
