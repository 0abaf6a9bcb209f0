//! PostgreSQL only: views that give the snake-case tables of `chinook-postgres.sql` the names of
//! the SQLite and MySQL files, so that one set of entities runs on all three.
//!
//! Each view is a plain selection from one table, which PostgreSQL updates by itself: INSERT with
//! RETURNING, UPDATE and DELETE reach the table, and its constraints answer under their own names.
//! No data is copied and no table is changed.

use sea_orm::{ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable};
use sea_orm_migration::prelude::*;

use crate::entity::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist,
    playlist_track, track,
};

/// Creates the views on PostgreSQL; on the other databases the entities fit as they are.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_chinook_views"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for view in views() {
            if !manager.has_table(&view.table).await? {
                let table = view.table;
                return Err(DbErr::Migration(format!(
                    "table `{table}` is missing: load chinook-postgres.sql first"
                )));
            }
            manager
                .get_connection()
                .execute_unprepared(&view.create())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for view in views() {
            manager
                .get_connection()
                .execute_unprepared(&view.drop())
                .await?;
        }
        Ok(())
    }
}

/// One view over one table.
struct View {
    /// The name the entity uses.
    name: &'static str,
    /// The name in the PostgreSQL dump.
    table: String,
    /// For each column the name in the dump and the name the entity uses.
    columns: Vec<(&'static str, &'static str)>,
}

impl View {
    /// The entities hold both names already: a column's JSON name is what the dump calls it.
    fn of<E: EntityTrait>(entity: E) -> Self {
        let columns = E::Column::iter()
            .map(|c| (c.json_key(), IdenStatic::as_str(&c)))
            .collect();
        let name = entity.table_name();
        Self {
            name,
            table: snake_case(name),
            columns,
        }
    }

    fn create(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(from, to)| format!(r#""{from}" AS "{to}""#))
            .collect();
        let Self { name, table, .. } = self;
        format!(
            r#"CREATE VIEW "{name}" AS SELECT {} FROM "{table}""#,
            columns.join(", ")
        )
    }

    fn drop(&self) -> String {
        format!(r#"DROP VIEW IF EXISTS "{}""#, self.name)
    }
}

fn views() -> [View; 11] {
    [
        View::of(album::Entity),
        View::of(artist::Entity),
        View::of(customer::Entity),
        View::of(employee::Entity),
        View::of(genre::Entity),
        View::of(invoice::Entity),
        View::of(invoice_line::Entity),
        View::of(media_type::Entity),
        View::of(playlist::Entity),
        View::of(playlist_track::Entity),
        View::of(track::Entity),
    ]
}

/// `MediaType` becomes `media_type`.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for (at, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_maps_the_names_of_the_dump_to_those_of_the_entity() {
        assert_eq!(
            View::of(media_type::Entity).create(),
            r#"CREATE VIEW "MediaType" AS SELECT "media_type_id" AS "MediaTypeId", "name" AS "Name" FROM "media_type""#
        );
    }

    #[test]
    fn every_table_has_a_view_of_its_own() {
        let mut tables: Vec<String> = views().into_iter().map(|view| view.table).collect();
        tables.sort_unstable();
        tables.dedup();
        assert_eq!(tables.len(), 11);
        assert!(
            tables
                .iter()
                .all(|table| !table.contains(|c: char| c.is_ascii_uppercase()))
        );
    }
}
