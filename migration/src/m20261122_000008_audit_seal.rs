//! The hash chain over the audit; the audit and its chain only take new rows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::Columns;
use crate::table;

/// `qd_audit_seal`, and triggers.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Columns::of(manager);
        let seals = table::new(manager, "qd_audit_seal")
            .col(column.big("id").primary_key())
            .col(column.instant("at"))
            .col(column.big("rows"))
            .col(column.big("highest"))
            .col(column.text("ranges"))
            .col(column.text("gaps").null())
            .col(column.bytes("digests"))
            .col(column.string("head", 64))
            .col(column.string("signature", 64))
            .take();
        manager.create_table(seals).await?;
        // By this one the sealer finds those of the last hour, and a head from a log is found.
        table::create_indexes(manager, "qd_audit_seal", &[&["at"], &["head"]]).await?;
        refuse_changes(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        allow_changes(manager).await?;
        table::drop(manager, &["qd_audit_seal"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: [&str; 2] = ["qd_audit", "qd_audit_seal"];
const CHANGES: [&str; 2] = ["update", "delete"];

/// A guard against mistakes: who owns the tables can drop it, and the chain finds that out.
async fn refuse_changes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    // MySQL takes no such statement as a prepared one.
    let db = manager.get_connection();
    if backend == DbBackend::Postgres {
        db.execute_unprepared(
            "CREATE OR REPLACE FUNCTION qd_only_new_rows() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '% only takes new rows', TG_TABLE_NAME; END $$",
        )
        .await?;
        for table in TABLES {
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {table}_only_new BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION qd_only_new_rows()"
            ))
            .await?;
        }
        return Ok(());
    }
    for table in TABLES {
        for change in CHANGES {
            let refusal = match backend {
                DbBackend::MySql => format!(
                    "FOR EACH ROW SIGNAL SQLSTATE '45000' \
                     SET MESSAGE_TEXT = '{table} only takes new rows'"
                ),
                _ => format!("BEGIN SELECT RAISE(ABORT, '{table} only takes new rows'); END"),
            };
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} {refusal}"
            ))
            .await?;
        }
    }
    Ok(())
}

async fn allow_changes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for table in TABLES {
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(&format!("DROP TRIGGER {table}_only_new ON {table}"))
                .await?;
            continue;
        }
        for change in CHANGES {
            db.execute_unprepared(&format!("DROP TRIGGER {table}_no_{change}"))
                .await?;
        }
    }
    if manager.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("DROP FUNCTION qd_only_new_rows()")
            .await?;
    }
    Ok(())
}
