//! A36: a permission does not outlive the field that it names.

use async_trait::async_trait;
use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;
use sea_orm::{ConnectionTrait as _, EntityTrait, Schema};
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use serde_json::{Value, json};

use crate::house::app::{TestApp, config};
use crate::house::fresh;

/// The model of one release, and of the release after the next.
mod with_note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "file_card")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(80))")]
        pub name: String,
        #[sea_orm(column_type = "String(StringLen::N(80))", nullable)]
        pub note: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The model of the release between them.
mod without_note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "file_card")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(80))")]
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A step of the project's schema.
struct Step(&'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        match self.0 {
            "p1_make" => {
                let schema = Schema::new(manager.get_database_backend());
                let table = schema.create_table_from_entity(with_note::Entity);
                manager.create_table(table).await
            }
            "p2_drop" => {
                let sql = "ALTER TABLE file_card DROP COLUMN note";
                db.execute_unprepared(sql).await.map(|_| ())
            }
            _ => {
                let sql = "ALTER TABLE file_card ADD COLUMN note VARCHAR(80)";
                db.execute_unprepared(sql).await.map(|_| ())
            }
        }
    }
}

fn steps(n: usize) -> Vec<Box<dyn MigrationTrait>> {
    let all = ["p1_make", "p2_drop", "p3_add"].into_iter().take(n);
    all.map(|name| Box::new(Step(name)) as Box<dyn MigrationTrait>)
        .collect()
}

fn release<E>(n: usize) -> impl FnOnce(AppBuilder) -> AppBuilder
where
    E: EntityTrait + Default,
    E::Model: sea_orm::IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
    E::ActiveModel:
        sea_orm::ActiveModelTrait<Entity = E> + sea_orm::ActiveModelBehavior + Send + Sync,
    E::Relation: sea_orm::RelationTrait,
{
    move |b| b.migrations(steps(n)).model::<E>(|m| m)
}

/// The grants as they are stored: what each lets read and write.
async fn grants(app: &TestApp) -> Vec<(Value, Value)> {
    let admin = app.login("admin").await;
    let (status, page) = admin.get("/api/v1/qd_grant?sort=id").await;
    assert_eq!(status, 200, "{page}");
    let all = page["data"].as_array().expect("records").iter();
    all.map(|g| (g["readable"].clone(), g["writable"].clone()))
        .collect()
}

#[tokio::test]
async fn a36_a_field_that_comes_back_does_not_bring_its_permissions_along() {
    for database in fresh("a36_a_field_that_comes_back").await {
        let settings = || -> Config { config(&database.url) };
        let app = TestApp::start(settings(), release::<with_note::Entity>(1)).await;
        app.user("admin", true, json!([])).await;
        let verbs = ["list", "read", "patch"];
        let some = json!(["name", "note"]);
        let grant = json!({"model": "file_card", "verbs": verbs, "rows": "all",
            "readable": some, "writable": ["note"]});
        let whole = json!({"model": "file_card", "verbs": ["list"], "rows": {"name": "none"},
            "readable": "all", "writable": "all"});
        app.user("tester", false, json!([grant])).await;
        app.user("other", false, json!([whole])).await;
        app.make("file_card", json!({"name": "one", "note": "old secret"}))
            .await;
        let list = async |app: &TestApp| {
            let tester = app.login("tester").await;
            let (status, page) = tester.get("/api/v1/file_card").await;
            assert_eq!(status, 200, "{page}");
            page["data"][0].clone()
        };
        assert_eq!(list(&app).await["note"], "old secret");
        let kept = vec![(some, json!(["note"])), (json!("all"), json!("all"))];
        assert_eq!(grants(&app).await, kept);
        app.stop().await;

        // The field is gone; what else was granted stays.
        let app = TestApp::start(settings(), release::<without_note::Entity>(2)).await;
        assert_eq!(list(&app).await, json!({"id": 1, "name": "one"}));
        let pruned = vec![(json!(["name"]), json!([])), (json!("all"), json!("all"))];
        assert_eq!(grants(&app).await, pruned);
        let admin = app.login("admin").await;
        let audit = "/api/v1/qd_audit?model=qd_grant&verb=patch";
        let (_, audit) = admin.get(audit).await;
        let entry = &audit["data"][0];
        assert_eq!(
            (&entry["username"], &entry["door"]),
            (&json!("system"), &json!("cli")),
            "{audit}"
        );
        drop(admin);
        app.stop().await;

        // Another field of the same name: nobody has been granted it.
        let app = TestApp::start(settings(), release::<with_note::Entity>(3)).await;
        let admin = app.login("admin").await;
        let new = json!({"note": "new secret"});
        let (status, made) = admin
            .send("PATCH", "/api/v1/file_card/1", new.clone())
            .await;
        assert_eq!((status, &made["note"]), (200, &json!("new secret")));
        assert_eq!(list(&app).await, json!({"id": 1, "name": "one"}));
        let tester = app.login("tester").await;
        for path in ["?note=new secret", "?sort=note", "?fields=note"] {
            let (status, problem) = tester.get(&format!("/api/v1/file_card{path}")).await;
            assert_eq!(status, 400, "{path}: {problem}");
        }
        let (status, problem) = tester.send("PATCH", "/api/v1/file_card/1", new).await;
        assert_eq!(status, 422, "{problem}");
        drop((admin, tester));
        app.stop().await;

        // An older program beside a newer one leaves what it does not know alone.
        let app = TestApp::start(settings(), release::<with_note::Entity>(3)).await;
        let admin = app.login("admin").await;
        let wide = json!({"readable": ["name", "note"]});
        let (status, _) = admin
            .send("PATCH", "/api/v1/qd_grant/1", wide.clone())
            .await;
        assert_eq!(status, 200);
        drop(admin);
        let old = TestApp::start(settings(), release::<without_note::Entity>(2)).await;
        assert_eq!(grants(&old).await[0].0, wide["readable"]);
        old.stop().await;
        app.stop().await;
        database.remove().await;
    }
}

/// What a grant lets through that names a field in its rule for rows.
#[tokio::test]
async fn a36_a_rule_for_rows_that_names_a_lost_field_lets_nobody_in_when_the_field_comes_back() {
    for database in fresh("a36_a_rule_for_rows_that_names_a_lost_field").await {
        let settings = || -> Config { config(&database.url) };
        let app = TestApp::start(settings(), release::<with_note::Entity>(1)).await;
        app.user("admin", true, json!([])).await;
        let verbs = ["list", "read", "patch"];
        let rules = [
            json!({"note__isnull": true}),
            json!({"or": [{"name": "one"}, {"not": {"note": "secret"}}]}),
            // What names no lost field stays as it is.
            json!({"name": "other"}),
        ];
        for (n, rule) in rules.iter().enumerate() {
            let grant = json!({"model": "file_card", "verbs": verbs, "rows": rule,
                "readable": "all", "writable": ["name", "note"]});
            app.user(&format!("user{n}"), false, json!([grant])).await;
        }
        for name in ["one", "other"] {
            app.make("file_card", json!({"name": name})).await;
        }
        let list = async |app: &TestApp, n: usize| {
            let user = app.login(&format!("user{n}")).await;
            let (status, page) = user.get("/api/v1/file_card").await;
            (status, page["data"].as_array().map_or(0, Vec::len))
        };
        let stored = async |app: &TestApp| {
            let admin = app.login("admin").await;
            let (_, page) = admin.get("/api/v1/qd_grant?sort=id").await;
            let all = page["data"].as_array().expect("records").iter();
            all.map(|g| (g["rows"].clone(), g["writable"].clone()))
                .collect::<Vec<_>>()
        };
        let both = json!(["name", "note"]);
        let asked = |rule: &Value| (rule.clone(), both.clone());
        assert_eq!(
            stored(&app).await,
            rules.iter().map(asked).collect::<Vec<_>>()
        );
        assert_eq!(
            (list(&app, 0).await, list(&app, 2).await),
            ((200, 2), (200, 1))
        );
        app.stop().await;

        // Without the field: nothing of a rule that names it is left, and it is told.
        let app = TestApp::start(settings(), release::<without_note::Entity>(2)).await;
        let left = vec![
            (json!({}), json!(["name"])),
            (json!({}), json!(["name"])),
            (rules[2].clone(), json!(["name"])),
        ];
        assert_eq!(stored(&app).await, left);
        for n in 0..2 {
            assert_eq!(list(&app, n).await.0, 404);
        }
        assert_eq!(list(&app, 2).await, (200, 1));
        let admin = app.login("admin").await;
        let (_, audit) = admin
            .get("/api/v1/qd_audit?model=qd_grant&verb=patch&sort=id")
            .await;
        assert_eq!(audit["data"].as_array().expect("rows").len(), 3, "{audit}");
        let text = audit["data"][0]["changes"].to_string();
        assert!(text.contains("note__isnull"), "what it was is kept: {text}");
        // Nobody else may leave a grant like that.
        let (status, _) = admin
            .send("PATCH", "/api/v1/qd_grant/3", json!({"rows": {}}))
            .await;
        assert_eq!(status, 422);
        drop(admin);
        app.stop().await;

        // With another field of the same name; and at the start after that.
        for _ in 0..2 {
            let app = TestApp::start(settings(), release::<with_note::Entity>(3)).await;
            assert_eq!(stored(&app).await, left);
            for n in 0..2 {
                assert_eq!(list(&app, n).await.0, 404);
            }
            app.stop().await;
        }
        database.remove().await;
    }
}
