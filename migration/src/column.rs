//! What each kind of column is on each database. Tables, keys and indexes are in `table`.
//!
//! The aim is that a value is equal to itself, sorts in the same place and holds as much on all
//! three. Where the plain type of a database would not do that, this file says why and differs.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_query::{ColumnDef, IntoIden};

/// Makes the columns of one database. Every column is NOT NULL until `.null()` is added.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    backend: DbBackend,
}

impl Columns {
    /// For the database that a migration runs on.
    #[must_use]
    pub fn of(manager: &SchemaManager<'_>) -> Self {
        Self {
            backend: manager.get_database_backend(),
        }
    }

    /// A 64-bit primary key that the database counts up. SQLite never uses a number again.
    pub fn key(&self, name: impl IntoIden) -> ColumnDef {
        self.big(name).auto_increment().primary_key().take()
    }

    /// A 32-bit primary key that the database counts up.
    pub fn small_key(&self, name: impl IntoIden) -> ColumnDef {
        self.integer(name).auto_increment().primary_key().take()
    }

    /// A 16-bit integer.
    pub fn small(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).small_integer().not_null().take()
    }

    /// A 32-bit integer.
    pub fn integer(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).integer().not_null().take()
    }

    /// A 64-bit integer.
    pub fn big(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }

    /// True or false.
    pub fn boolean(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).boolean().not_null().take()
    }

    /// A 32-bit float.
    pub fn float(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).float().not_null().take()
    }

    /// A 64-bit float.
    pub fn double(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).double().not_null().take()
    }

    /// An exact number of `precision` digits, `scale` of them after the point. SQLite keeps it
    /// as a float, so the framework refuses there what 15 digits cannot hold.
    pub fn decimal(&self, name: impl IntoIden, precision: u32, scale: u32) -> ColumnDef {
        ColumnDef::new(name)
            .decimal_len(precision, scale)
            .not_null()
            .take()
    }

    /// Text of at most `length` characters.
    pub fn string(&self, name: impl IntoIden, length: u32) -> ColumnDef {
        self.collated(ColumnDef::new(name).string_len(length).not_null().take())
    }

    /// Text without a limit of its own. MariaDB's TEXT ends at 64 kB, the others' does not.
    pub fn text(&self, name: impl IntoIden) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.backend {
            DbBackend::MySql => column.custom("longtext"),
            _ => column.text(),
        };
        self.collated(column.not_null().take())
    }

    /// Bytes without a limit of their own. MariaDB's BLOB ends at 64 kB.
    pub fn bytes(&self, name: impl IntoIden) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.backend {
            DbBackend::MySql => column.custom("longblob"),
            _ => column.blob(),
        };
        column.not_null().take()
    }

    /// A UUID: native on PostgreSQL, 16 bytes on the others.
    pub fn uuid(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).uuid().not_null().take()
    }

    /// A day.
    pub fn date(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).date().not_null().take()
    }

    /// A time of day to the microsecond. MariaDB's plain TIME drops the fraction.
    pub fn time(&self, name: impl IntoIden) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.backend {
            DbBackend::MySql => column.custom("time(6)"),
            _ => column.time(),
        };
        column.not_null().take()
    }

    /// A day and a time of day without a zone, to the microsecond.
    pub fn local_time(&self, name: impl IntoIden) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.backend {
            DbBackend::MySql => column.custom("datetime(6)"),
            _ => column.date_time(),
        };
        column.not_null().take()
    }

    /// An instant in UTC to the microsecond. MariaDB's TIMESTAMP would end in 2038.
    pub fn instant(&self, name: impl IntoIden) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.backend {
            DbBackend::MySql => column.custom("datetime(6)"),
            _ => column.timestamp_with_time_zone(),
        };
        column.not_null().take()
    }

    /// A JSON value; `jsonb` on PostgreSQL.
    pub fn json(&self, name: impl IntoIden) -> ColumnDef {
        ColumnDef::new(name).json_binary().not_null().take()
    }

    /// One of a fixed set of words, of the database's own enum type where it has one. PostgreSQL
    /// needs the type `type_name` made first, see [`crate::table::create_choice`].
    pub fn choice(
        &self,
        name: impl IntoIden,
        type_name: &'static str,
        words: &[&'static str],
    ) -> ColumnDef {
        ColumnDef::new(name)
            .enumeration(type_name, words.iter().copied())
            .not_null()
            .take()
    }

    /// PostgreSQL compares by the rules of the cluster's language unless a column says
    /// otherwise; "C" is the order by code point that SQLite and utf8mb4_bin have.
    fn collated(&self, mut column: ColumnDef) -> ColumnDef {
        if self.backend == DbBackend::Postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }
}
