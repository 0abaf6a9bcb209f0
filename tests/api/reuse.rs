//! Quarterdeck as a library: entities that are defined here, with tables that are made here, served
//! by one `.model(…)` line each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use quarterdeck::app::AppBuilder;
use quarterdeck::error::Error;
use quarterdeck::hook::{Hook, Write};
use quarterdeck::model::ModelMeta;
use quarterdeck::store::Tx;
use sea_orm::{EntityTrait, Schema};
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use serde_json::{Value, json};

use super::sample::{World, call, names, text, value};
use crate::house::app::on_each_app;

/// A tool in the shed; its key is a word.
pub(super) mod tool {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "shed_tool")]
    pub struct Model {
        #[sea_orm(
            primary_key,
            auto_increment = false,
            column_type = "String(StringLen::N(20))"
        )]
        pub code: String,
        #[sea_orm(column_type = "String(StringLen::N(80))")]
        pub name: String,
        #[sea_orm(default_value = 1)]
        pub pieces: i64,
        pub sharp: Option<bool>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One column of every type, and PostgreSQL's arrays.
mod kitchen {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kitchen")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub yes: Option<bool>,
        pub small: Option<i16>,
        pub medium: Option<i32>,
        pub large: Option<i64>,
        pub float: Option<f32>,
        pub double: Option<f64>,
        #[sea_orm(column_type = "Decimal(Some((20, 4)))", nullable)]
        pub exact: Option<Decimal>,
        #[sea_orm(column_type = "Text", nullable)]
        pub words: Option<String>,
        pub one: Option<Uuid>,
        pub day: Option<Date>,
        pub hour: Option<Time>,
        pub local: Option<DateTime>,
        pub instant: Option<DateTimeUtc>,
        pub zoned: Option<DateTimeWithTimeZone>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub tree: Option<Json>,
        #[sea_orm(column_type = "VarBinary(StringLen::None)", nullable)]
        pub raw: Option<Vec<u8>>,
        pub texts: Option<Vec<String>>,
        pub numbers: Option<Vec<i32>>,
        pub large_numbers: Option<Vec<i64>>,
        pub doubles: Option<Vec<f64>>,
        pub flags: Option<Vec<bool>>,
        pub ids: Option<Vec<Uuid>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Makes the table of an entity.
pub(super) struct Make<E>(pub(super) &'static str, pub(super) E);

impl<E: Send + Sync> MigrationName for Make<E> {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait]
impl<E: EntityTrait> MigrationTrait for Make<E> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::new(manager.get_database_backend());
        manager
            .create_table(schema.create_table_from_entity(self.1))
            .await
    }
}

/// Counts the writes of the model it concerns.
struct Counting(Arc<AtomicUsize>);

#[async_trait]
impl Hook for Counting {
    fn id(&self) -> &'static str {
        "counting"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "shed_tool"
    }

    async fn after(&self, _tx: &Tx, _write: &Write<'_>) -> Result<(), Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn an_entity_of_a_project_is_served_by_one_line() {
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let build = move |b: AppBuilder| {
        b.migrations(vec![Box::new(Make("m1_shed", tool::Entity))])
            .model::<tool::Entity>(|m| m.group("Shed").search([tool::Column::Name]))
            .hook(Counting(Arc::clone(&counted)))
    };
    on_each_app("an_entity_of_a_project", build, async |app| {
        let admin = app.login("admin").await;
        let body = json!({"code": "saw-1", "name": "Saw, small"});
        let made = call(&admin, ("POST", "/api/v1/shed_tool"), &[], Some(&body)).await;
        let wanted = json!({"code": "saw-1", "name": "Saw, small", "pieces": 1, "sharp": null});
        assert_eq!((made.status, made.json()), (201, wanted.clone()));
        let found = admin.get("/api/v1/shed_tool?q=small&pieces__gte=1").await;
        assert_eq!((found.0, &found.1["data"]), (200, &json!([wanted])));
        assert_eq!(admin.get("/api/v1/shed_tool/saw-1").await, (200, wanted));
        // One row, one address, whatever the collation of the project's table ignores.
        for other in ["SAW-1", "saw-1%20", "s%C3%A4w-1"] {
            let path = format!("/api/v1/shed_tool/{other}");
            assert_eq!(admin.get(&path).await.0, 404, "{other}");
            assert_eq!(
                admin.send("DELETE", &path, Value::Null).await.0,
                404,
                "{other}"
            );
        }
        let many = json!({"code": "saw-1", "name": "Saw", "pieces": 9_007_199_254_740_993_i64});
        let change = json!({"name": many["name"], "pieces": many["pieces"]});
        let put = call(
            &admin,
            ("PUT", "/api/v1/shed_tool/saw-1"),
            &[],
            Some(&change),
        )
        .await;
        assert_eq!(put.json()["pieces"], many["pieces"], "{}", put.text);
        let put = json!({"name": "Saw"});
        let put = call(&admin, ("PUT", "/api/v1/shed_tool/saw-1"), &[], Some(&put)).await;
        assert_eq!(put.json()["pieces"], 1, "{}", put.text);
        let document = call(&admin, ("GET", "/api/openapi.json"), &[], None)
            .await
            .json();
        assert!(document["paths"]["/api/v1/shed_tool"]["post"].is_object());
        assert_eq!(
            admin
                .send("DELETE", "/api/v1/shed_tool/saw-1", Value::Null)
                .await
                .0,
            204
        );
        let audit = admin
            .get("/api/v1/qd_audit?model=shed_tool&sort=id")
            .await
            .1;
        let verbs: Vec<Value> = audit["data"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| r["verb"].clone())
            .collect();
        assert_eq!(verbs, ["create", "replace", "replace", "delete"]);
        assert_eq!(writes.swap(0, Ordering::SeqCst), 4);
    })
    .await;
}

#[tokio::test]
async fn every_type_of_postgresql_and_its_arrays_come_back_as_they_went() {
    let build = |b: AppBuilder| {
        // Only PostgreSQL has arrays.
        if !b.config().database.url.expose().starts_with("postgres") {
            return b;
        }
        b.migrations(vec![Box::new(Make("m1_kitchen", kitchen::Entity))])
            .model::<kitchen::Entity>(|m| m)
    };
    on_each_app("every_type_of_postgresql", build, async |app| {
        if app.app.engine.db().backend() != sea_orm::DbBackend::Postgres {
            return;
        }
        let admin = app.login("admin").await;
        let world = World::look(&admin).await;
        let record = world.make("kitchen").await;
        let path = world.path("kitchen", &record);
        let arrays: Vec<String> = world
            .fields("kitchen")
            .iter()
            .filter(|f| f["type"] == "array")
            .map(|f| text(&f["name"]))
            .collect();
        assert_eq!(arrays.len(), 6);
        for name in &arrays {
            let sent = record[name].clone();
            assert!(
                sent.as_array().is_some_and(|a| a.len() == 2),
                "{name}: {sent}"
            );
            let field = world.fields("kitchen");
            let field = field
                .iter()
                .find(|f| text(&f["name"]) == *name)
                .expect("a field");
            assert_eq!(names(&field["operators"]), ["isnull"], "{name}");
            let item = json!({"type": field["limits"]["items"], "limits": {}});
            for new in [
                json!([]),
                json!([value(&item, 7)]),
                json!([value(&item, 8), value(&item, 9)]),
                Value::Null,
            ] {
                let body = json!({name: new});
                let done = call(&admin, ("PATCH", &path), &[], Some(&body)).await;
                assert_eq!(
                    (done.status, &done.json()[name]),
                    (200, &new),
                    "{name}: {}",
                    done.text
                );
                let read = call(&admin, ("GET", &path), &[], None).await;
                assert_eq!(read.text, done.text, "{name}");
            }
            let empty = format!("/api/v1/kitchen?{name}__isnull=true");
            assert_eq!(
                admin.get(&empty).await.1["data"][0]["id"],
                record["id"],
                "{name}"
            );
            let wrong = json!({name: [{"a": 1}]});
            let wrong = call(&admin, ("PATCH", &path), &[], Some(&wrong)).await;
            assert_eq!(
                (wrong.status, wrong.faults()),
                (422, vec![format!("/{name} type")])
            );
        }
        let listed = admin.get("/api/v1/kitchen").await.1;
        let read = admin.get(&path).await.1;
        assert_eq!(listed["data"], json!([read]));
    })
    .await;
}
