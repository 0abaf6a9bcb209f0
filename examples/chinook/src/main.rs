//! Prepares a Chinook database for the entities: `QUARTERDECK_DATABASE_URL=... chinook`.

use chinook::views;
use sea_orm::Database;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

struct Chinook;

impl MigratorTrait for Chinook {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(views::Migration)]
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("QUARTERDECK_DATABASE_URL")?;
    Chinook::up(&Database::connect(url).await?, None).await?;
    Ok(())
}
