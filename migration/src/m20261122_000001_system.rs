//! Quarterdeck's own tables: users, roles, grants, sessions, tokens, audit, shared state.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// Makes the tables with the prefix `qd_`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_users(manager).await?;
        create_roles(manager).await?;
        create_grants(manager).await?;
        create_sessions(manager).await?;
        create_tokens(manager).await?;
        create_audit(manager).await?;
        create_state(manager).await?;
        create_login_throttle(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let last_first = [
            "qd_login_throttle",
            "qd_state",
            "qd_audit",
            "qd_token",
            "qd_session",
            "qd_grant",
            "qd_user_role",
            "qd_role",
            "qd_user",
        ];
        table::drop(manager, &last_first).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn create_users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let users = table::new(manager, "qd_user")
        .col(column.key("id"))
        .col(column.string("username", 150).unique_key())
        .col(column.string("email", 254).null().unique_key())
        .col(column.string("full_name", 150).null())
        .col(column.text("password_hash").null())
        .col(column.boolean("is_superuser").default(false))
        .col(column.boolean("is_active").default(true))
        .col(column.instant("created_at"))
        .col(column.instant("updated_at"))
        .col(column.instant("last_login_at").null())
        .take();
    manager.create_table(users).await?;
    table::create_indexes(manager, "qd_user", &[&["created_at"], &["last_login_at"]]).await
}

async fn create_roles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let roles = table::new(manager, "qd_role")
        .col(column.key("id"))
        .col(column.string("name", 100).unique_key())
        .col(column.text("description").null())
        .take();
    manager.create_table(roles).await?;

    let from = "qd_user_role";
    let members = table::new(manager, from)
        .col(column.big("user_id"))
        .col(column.big("role_id"))
        .primary_key(Index::create().col("user_id").col("role_id"))
        .foreign_key(&mut cascade((from, "user_id"), ("qd_user", "id")))
        .foreign_key(&mut cascade((from, "role_id"), ("qd_role", "id")))
        .take();
    manager.create_table(members).await?;
    // The key itself serves the way from the user.
    table::create_indexes(manager, from, &[&["role_id"]]).await
}

async fn create_grants(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let grants = table::new(manager, "qd_grant")
        .col(column.key("id"))
        .col(column.big("role_id"))
        .col(column.string("model", 64))
        .col(column.json("verbs"))
        .col(column.json("rows"))
        .col(column.json("readable"))
        .col(column.json("writable"))
        .foreign_key(&mut cascade(("qd_grant", "role_id"), ("qd_role", "id")))
        .take();
    manager.create_table(grants).await?;
    table::create_indexes(manager, "qd_grant", &[&["role_id", "model"], &["model"]]).await
}

async fn create_sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let sessions = table::new(manager, "qd_session")
        .col(column.key("id"))
        .col(column.string("token_hash", 64).unique_key())
        .col(column.big("user_id"))
        .col(column.instant("created_at"))
        .col(column.instant("expires_at"))
        .col(column.instant("seen_at"))
        .col(column.string("ip", 45).null())
        .col(column.string("user_agent", 255).null())
        .foreign_key(&mut cascade(("qd_session", "user_id"), ("qd_user", "id")))
        .take();
    manager.create_table(sessions).await?;
    let indexes: &[&[&str]] = &[&["user_id"], &["created_at"], &["expires_at"], &["seen_at"]];
    table::create_indexes(manager, "qd_session", indexes).await
}

async fn create_tokens(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let tokens = table::new(manager, "qd_token")
        .col(column.key("id"))
        .col(column.big("user_id"))
        .col(column.string("name", 100))
        .col(column.string("prefix", 16))
        .col(column.string("token_hash", 64).unique_key())
        .col(column.json("scopes"))
        .col(column.instant("created_at"))
        .col(column.instant("expires_at").null())
        .col(column.instant("last_used_at").null())
        .col(column.instant("revoked_at").null())
        .foreign_key(&mut cascade(("qd_token", "user_id"), ("qd_user", "id")))
        .take();
    manager.create_table(tokens).await?;
    table::create_indexes(manager, "qd_token", &[&["user_id"], &["created_at"]]).await
}

/// No foreign keys: the trail outlives what it speaks of.
async fn create_audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let audit = table::new(manager, "qd_audit")
        .col(column.key("id"))
        .col(column.instant("at"))
        .col(column.big("user_id").null())
        .col(column.string("username", 150).null())
        .col(column.big("token_id").null())
        .col(column.string("door", 16))
        .col(column.string("ip", 45).null())
        .col(column.string("request_id", 64))
        .col(column.string("verb", 16))
        .col(column.string("model", 64))
        .col(column.string("record_id", 255))
        .col(column.json("changes"))
        .take();
    manager.create_table(audit).await?;
    // Every write of the application adds a row here, so there are only the indexes that answer
    // "when", "who" and "what happened to this record".
    let indexes: &[&[&str]] = &[&["at"], &["user_id"], &["model", "record_id"]];
    table::create_indexes(manager, "qd_audit", indexes).await
}

async fn create_state(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let state = table::new(manager, "qd_state")
        .col(column.string("name", 64).primary_key())
        .col(column.text("value"))
        .take();
    manager.create_table(state).await?;
    let first = Query::insert()
        .into_table("qd_state")
        .columns(["name", "value"])
        .values_panic(["policy_version".into(), "1".into()])
        .take();
    manager.execute(first).await
}

async fn create_login_throttle(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let throttle = table::new(manager, "qd_login_throttle")
        .col(column.string("key", 64).primary_key())
        .col(column.integer("failures"))
        .col(column.instant("window_started_at"))
        .col(column.instant("blocked_until").null())
        .take();
    manager.create_table(throttle).await?;
    // By this one the stale rows are swept.
    table::create_indexes(manager, "qd_login_throttle", &[&["window_started_at"]]).await
}

fn cascade(
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
) -> ForeignKeyCreateStatement {
    table::reference(from, to, ForeignKeyAction::Cascade)
}
