//! Creates the library's tables: `QUARTERDECK_DATABASE_URL=... library`.

use library::tables;
use sea_orm::Database;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

struct Library;

impl MigratorTrait for Library {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(tables::Migration)]
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("QUARTERDECK_DATABASE_URL")?;
    Library::up(&Database::connect(url).await?, None).await?;
    Ok(())
}
