//! Models whose deletes go to the trash.

use async_trait::async_trait;
use quarterdeck::app::AppBuilder;
use quarterdeck_migration::table;
use sea_orm::{ConnectionTrait as _, DbBackend, Schema};
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use serde_json::{Value, json};

use super::sample::call;
use crate::auth::sql;
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

/// A folder; what is in it goes where it goes.
mod folder {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "folder")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub name: String,
        pub deleted_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod paper {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "paper")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub title: String,
        pub folder_id: i64,
        pub deleted_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::folder::Entity",
            from = "Column::FolderId",
            to = "super::folder::Column::Id",
            on_delete = "Cascade"
        )]
        Folder,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What forbids that its folder goes.
mod lock {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "lock")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub folder_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::folder::Entity",
            from = "Column::FolderId",
            to = "super::folder::Column::Id",
            on_delete = "Restrict"
        )]
        Folder,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &str {
        "m1_cabinet"
    }
}

#[async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::new(manager.get_database_backend());
        manager
            .create_table(schema.create_table_from_entity(folder::Entity))
            .await?;
        manager
            .create_table(schema.create_table_from_entity(paper::Entity))
            .await?;
        manager
            .create_table(schema.create_table_from_entity(lock::Entity))
            .await?;
        table::create_unique_live(manager, "folder", &["name"], "deleted_at").await?;
        if manager.get_database_backend() == DbBackend::MySql {
            // SeaORM's own DATETIME has no parts of a second.
            for table in ["folder", "paper"] {
                let exact = format!("ALTER TABLE {table} MODIFY deleted_at DATETIME(6) NULL");
                manager.get_connection().execute_unprepared(&exact).await?;
            }
        }
        Ok(())
    }
}

fn build(b: AppBuilder) -> AppBuilder {
    b.migrations(vec![Box::new(Tables)])
        .model::<folder::Entity>(|m| m.trash(folder::Column::DeletedAt, Some(30)))
        .model::<paper::Entity>(|m| m.trash(paper::Column::DeletedAt, None))
        .model::<lock::Entity>(|m| m)
}

async fn cabinet(app: &TestApp) -> (Value, Value) {
    let folder = app.make("folder", json!({"name": "Taxes"})).await;
    let paper = json!({"title": "2025", "folder_id": folder["id"]});
    let paper = app.make("paper", paper).await;
    (folder, paper)
}

async fn count(session: &Session<'_>, path: &str) -> usize {
    let (status, list) = session.get(path).await;
    assert_eq!(status, 200, "{list}");
    list["data"].as_array().expect("rows").len()
}

#[tokio::test]
async fn a_deleted_record_is_nowhere_until_it_is_asked_for_or_restored() {
    let name = "a_deleted_record_is_nowhere_until_it_is_asked_for_or_restored";
    on_each_app(name, build, async |app| {
        let (folder, paper) = cabinet(app).await;
        let admin = app.login("admin").await;
        let path = format!("/api/v1/folder/{}", folder["id"]);
        let page = format!("/api/v1/paper/{}", paper["id"]);
        let tried = call(&admin, ("DELETE", &path), &[("prefer", "dry-run")], None)
            .await
            .json();
        assert_eq!(
            tried["cascade"],
            json!([{"model": "paper", "under": "folder", "effect": "delete", "count": 1}])
        );
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        // Not by itself, in a list, a count, a search, a relation, a write, or as the end of a link.
        assert_eq!(admin.get(&path).await.0, 404);
        assert_eq!(admin.get(&page).await.0, 404);
        assert_eq!(count(&admin, "/api/v1/folder").await, 0);
        assert_eq!(
            admin.get("/api/v1/folder?count=exact").await.1["page"]["count"],
            0
        );
        let search = json!({"where": {"name": "Taxes"}});
        let found = admin.send("POST", "/api/v1/folder/_search", search).await.1;
        assert_eq!(found["data"], json!([]));
        for (method, body) in [("PATCH", json!({"name": "X"})), ("DELETE", Value::Null)] {
            assert_eq!(admin.send(method, &path, body).await.0, 404);
        }
        let orphan = json!({"title": "2026", "folder_id": folder["id"]});
        assert_eq!(admin.send("POST", "/api/v1/paper", orphan).await.0, 409);
        // It is there for who asks.
        for (query, n) in [("only", 1), ("include", 1), ("exclude", 0)] {
            assert_eq!(
                count(&admin, &format!("/api/v1/folder?trash={query}")).await,
                n,
                "{query}"
            );
        }
        for (query, n) in [("", 0), ("&trash=only", 1), ("&trash=include", 1)] {
            let groups = format!("/api/v1/folder/_aggregate?count=*{query}");
            assert_eq!(admin.get(&groups).await.1["data"][0]["count"], n, "{query}");
            let file = format!("/api/v1/folder/_export?fields=name&format=csv{query}");
            let file = call(&admin, ("GET", &file), &[], None).await;
            assert_eq!(file.text.lines().count(), 1 + n, "{query}: {}", file.text);
        }
        let search = json!({"trash": "only", "where": {"name": "Taxes"}});
        let found = admin.send("POST", "/api/v1/folder/_search", search).await.1;
        assert_eq!(found["data"][0]["id"], folder["id"]);
        assert_eq!(
            admin.get(&format!("{path}?trash=only")).await.1["name"],
            "Taxes"
        );
        for bad in ["/api/v1/folder?trash=x", "/api/v1/lock?trash=only"] {
            assert_eq!(admin.get(bad).await.0, 400, "{bad}");
        }
        // Back, with what went along; what was in the trash before stays there.
        let (status, back) = admin
            .send("POST", &format!("{path}/_restore"), Value::Null)
            .await;
        assert_eq!((status, &back["deleted_at"]), (200, &Value::Null), "{back}");
        assert_eq!(admin.get(&page).await.0, 200);
        assert_eq!(
            admin
                .send("POST", &format!("{path}/_restore"), Value::Null)
                .await
                .0,
            404
        );
        admin.send("DELETE", &page, Value::Null).await;
        admin.send("DELETE", &path, Value::Null).await;
        admin
            .send("POST", &format!("{path}/_restore"), Value::Null)
            .await;
        assert_eq!(
            (admin.get(&path).await.0, admin.get(&page).await.0),
            (200, 404)
        );
    })
    .await;
}

#[tokio::test]
async fn many_come_back_from_the_trash_at_once() {
    on_each_app("many_come_back_from_the_trash", build, async |app| {
        for name in ["A", "B", "C"] {
            let folder = app.make("folder", json!({ "name": name })).await;
            let paper = json!({"title": name, "folder_id": folder["id"]});
            app.make("paper", paper).await;
        }
        let grants = json!([
            grant_all("folder", json!({"name__ne": "C"})),
            grant_all("paper", json!("all"))
        ]);
        app.user("some", false, grants).await;
        let (admin, some) = (app.login("admin").await, app.login("some").await);
        let path = "/api/v1/folder/_bulk";
        let all = |verb: &str| json!({"verb": verb, "where": "", "max_affected": 9});
        assert_eq!(
            admin.send("POST", path, all("delete")).await.1["matched"],
            3
        );
        assert_eq!(count(&admin, "/api/v1/paper").await, 0);
        // By a list; one that is not in the trash, or not the caller's, is none.
        let back = |id: u64| json!({"operations": [{"verb": "restore", "id": id}]});
        let (status, done) = some.send("POST", path, back(1)).await;
        assert_eq!((status, &done["succeeded"]), (200, &json!(1)), "{done}");
        assert_eq!(some.send("POST", path, back(1)).await.0, 404);
        assert_eq!(some.send("POST", path, back(3)).await.0, 404);
        assert_eq!(count(&admin, "/api/v1/paper").await, 1);
        // By a filter: those of the trash that are the caller's.
        let dry = [("prefer", "dry-run")];
        let tried = call(&some, ("POST", path), &dry, Some(&all("restore"))).await;
        assert_eq!(tried.json()["violations"], json!([]), "{}", tried.text);
        assert_eq!(
            some.send("POST", path, all("restore")).await.1["matched"],
            1
        );
        let names = admin.get("/api/v1/folder?sort=name&fields=name").await.1;
        assert_eq!(names["data"], json!([{"name": "A"}, {"name": "B"}]));
        let none = "/api/v1/lock/_bulk";
        assert_eq!(admin.send("POST", none, back(1)).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn a_name_in_the_trash_is_free_and_what_forbids_a_delete_forbids_the_trash() {
    let name = "a_name_in_the_trash_is_free_and_what_forbids_a_delete_forbids_the_trash";
    on_each_app(name, build, async |app| {
        let (folder, _) = cabinet(app).await;
        let admin = app.login("admin").await;
        let path = format!("/api/v1/folder/{}", folder["id"]);
        let lock = app.make("lock", json!({"folder_id": folder["id"]})).await;
        let (status, refused) = admin.send("DELETE", &path, Value::Null).await;
        assert_eq!((status, &refused["code"]), (409, &json!("referenced")));
        let lock = format!("/api/v1/lock/{}", lock["id"]);
        assert_eq!(admin.send("DELETE", &lock, Value::Null).await.0, 204);
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        let again = json!({"name": "Taxes"});
        let (status, second) = admin.send("POST", "/api/v1/folder", again.clone()).await;
        assert_eq!(status, 201, "{second}");
        assert_eq!(admin.send("POST", "/api/v1/folder", again).await.0, 409);
        let restore = format!("{path}/_restore");
        let (status, taken) = admin.send("POST", &restore, Value::Null).await;
        assert_eq!((status, &taken["code"]), (409, &json!("unique")), "{taken}");
        // The second one too; two of a name may be in the trash.
        let other = format!("/api/v1/folder/{}", second["id"]);
        assert_eq!(admin.send("DELETE", &other, Value::Null).await.0, 204);
        assert_eq!(admin.send("POST", &restore, Value::Null).await.0, 200);
        assert_eq!(admin.send("DELETE", &path, json!({})).await.0, 204);
        // For good: only from the trash, and then there is no way back but by the history.
        for path in [&path, &other] {
            let gone = call(&admin, ("DELETE", &format!("{path}?trash=only")), &[], None).await;
            assert_eq!(gone.status, 204, "{}", gone.text);
            assert_eq!(admin.get(&format!("{path}?trash=include")).await.0, 404);
        }
        assert_eq!(count(&admin, "/api/v1/paper?trash=include").await, 0);
    })
    .await;
}

#[tokio::test]
async fn r36_the_trash_is_for_who_may_delete_and_its_rows_are_ruled() {
    let name = "r36_the_trash_is_for_who_may_delete_and_its_rows_are_ruled";
    on_each_app(name, build, async |app| {
        let (folder, _) = cabinet(app).await;
        let secret = app.make("folder", json!({"name": "Secret"})).await;
        let admin = app.login("admin").await;
        for folder in [&folder, &secret] {
            let path = format!("/api/v1/folder/{}", folder["id"]);
            assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        }
        let look = json!({"model": "folder", "verbs": ["list", "read"], "rows": "all",
                          "readable": "all", "writable": []});
        app.user("reader", false, json!([look])).await;
        let ruled = grant_all("folder", json!({"name": "Taxes"}));
        let papers = grant_all("paper", json!("all"));
        app.user("clerk", false, json!([ruled, papers])).await;
        let (reader, clerk) = (app.login("reader").await, app.login("clerk").await);
        assert_eq!(count(&reader, "/api/v1/folder").await, 0);
        assert_eq!(reader.get("/api/v1/folder?trash=only").await.0, 403);
        for path in ["_aggregate?count=*&trash=only", "_export?trash=only"] {
            assert_eq!(reader.get(&format!("/api/v1/folder/{path}")).await.0, 403);
        }
        assert_eq!(count(&clerk, "/api/v1/folder?trash=only").await, 1);
        let hidden = format!("/api/v1/folder/{}", secret["id"]);
        assert_eq!(clerk.get(&format!("{hidden}?trash=only")).await.0, 404);
        assert_eq!(
            clerk
                .send("POST", &format!("{hidden}/_restore"), Value::Null)
                .await
                .0,
            404
        );
        let purge = format!("{hidden}?trash=only");
        assert_eq!(
            call(&clerk, ("DELETE", &purge), &[], None).await.status,
            404
        );
        let own = format!("/api/v1/folder/{}/_restore", folder["id"]);
        assert_eq!(clerk.send("POST", &own, Value::Null).await.0, 200);
        // What went along comes back only for who could have deleted it.
        let again = format!("/api/v1/folder/{}", folder["id"]);
        assert_eq!(admin.send("DELETE", &again, Value::Null).await.0, 204);
        app.user("blind", false, json!([grant_all("folder", json!("all"))]))
            .await;
        let blind = app.login("blind").await;
        let (status, refused) = blind.send("POST", &own, Value::Null).await;
        assert_eq!(
            (status, &refused["code"]),
            (409, &json!("referenced")),
            "{refused}"
        );
        assert_eq!(admin.get(&again).await.0, 404);
        // What says since when is nobody's to write.
        let forged = json!({"name": "N", "deleted_at": "2026-01-01T00:00:00Z"});
        assert_eq!(admin.send("POST", "/api/v1/folder", forged).await.0, 422);
    })
    .await;
}

#[tokio::test]
async fn what_has_been_in_the_trash_for_long_enough_is_deleted_for_good() {
    let name = "what_has_been_in_the_trash_for_long_enough_is_deleted_for_good";
    on_each_app(name, build, async |app| {
        let (folder, _) = cabinet(app).await;
        let young = app.make("folder", json!({"name": "Young"})).await;
        let admin = app.login("admin").await;
        for folder in [&folder, &young] {
            let path = format!("/api/v1/folder/{}", folder["id"]);
            assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        }
        let db = app.app.engine.db();
        let old = "UPDATE folder SET deleted_at = '2026-01-01 00:00:00' WHERE name = 'Taxes'";
        sql(db, old).await;
        assert_eq!(app.app.engine.purge_old().await.expect("purged"), 1);
        assert_eq!(app.app.engine.purge_old().await.expect("purged"), 0);
        assert_eq!(count(&admin, "/api/v1/folder?trash=only").await, 1);
        assert_eq!(count(&admin, "/api/v1/paper?trash=include").await, 0);
        let log = admin
            .get("/api/v1/qd_audit?door=job&verb=delete&sort=id")
            .await
            .1;
        let models: Vec<_> = log["data"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| &r["model"])
            .collect();
        assert_eq!(models, ["paper", "folder"]);
    })
    .await;
}
