//! A36 the other way round: what is only away for a while is not lost. A plugin that is not registered at
//! one start takes its models along, and with the next start they are back.

use async_trait::async_trait;
use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;
use sea_orm::Schema;
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use serde_json::{Value, json};

use crate::house::app::{TestApp, config};
use crate::house::fresh;

/// The plugin's model.
mod shelf {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "away_shelf")]
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

/// The project's model, which points at it.
mod card {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "away_card")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub shelf_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::shelf::Entity",
            from = "Column::ShelfId",
            to = "super::shelf::Column::Id"
        )]
        Shelf,
    }

    impl Related<super::shelf::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Shelf.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "p1_away"
    }
}

#[async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::new(manager.get_database_backend());
        let shelf = schema.create_table_from_entity(shelf::Entity);
        manager.create_table(shelf).await?;
        let card = schema.create_table_from_entity(card::Entity);
        manager.create_table(card).await
    }
}

fn with(plugin: bool) -> impl FnOnce(AppBuilder) -> AppBuilder {
    move |b| {
        let b = b.migrations(vec![Box::new(Tables) as Box<dyn MigrationTrait>]);
        // The relation has the name that the registration gives it, there or not.
        let b = b.model::<card::Entity>(|m| m.relation_name(card::Relation::Shelf, "place"));
        if plugin {
            b.model::<shelf::Entity>(|m| m)
        } else {
            b
        }
    }
}

async fn rules(app: &TestApp) -> Vec<Value> {
    let admin = app.login("admin").await;
    let (_, page) = admin.get("/api/v1/qd_grant?sort=id&model=away_card").await;
    let all = page["data"].as_array().expect("records").iter();
    all.map(|grant| grant["rows"].clone()).collect()
}

#[tokio::test]
async fn a36_a_rule_that_leads_to_a_model_that_is_only_away_is_kept() {
    for database in fresh("a36_a_rule_that_leads_to_a_model").await {
        let settings = || -> Config { config(&database.url) };
        let app = TestApp::start(settings(), with(true)).await;
        app.user("admin", true, json!([])).await;
        let asked = [
            json!({"place.name": "high"}),
            json!({"or": [{"not": {"place.name__startswith": "h"}}, {"id": 1}]}),
        ];
        for (n, rule) in asked.iter().enumerate() {
            let grant = |model: &str, rows: Value| {
                json!({"model": model, "verbs": ["list", "read"], "rows": rows,
                    "readable": "all", "writable": []})
            };
            let grants = json!([
                grant("away_card", rule.clone()),
                grant("away_shelf", json!("all"))
            ]);
            app.user(&format!("user{n}"), false, grants).await;
        }
        for name in ["high", "low"] {
            let shelf = app.make("away_shelf", json!({"name": name})).await;
            app.make("away_card", json!({"shelf_id": shelf["id"]}))
                .await;
        }
        let list = async |app: &TestApp, n: usize| {
            let user = app.login(&format!("user{n}")).await;
            let (status, page) = user.get("/api/v1/away_card").await;
            (status, page["data"].as_array().map_or(0, Vec::len))
        };
        let before = [list(&app, 0).await, list(&app, 1).await];
        assert_eq!(before, [(200, 1), (200, 2)]);
        app.stop().await;

        // Away: the rules cannot be judged, so nobody is let in, and they stay.
        let app = TestApp::start(settings(), with(false)).await;
        assert_eq!(rules(&app).await, asked);
        for n in 0..2 {
            assert_eq!(list(&app, n).await.1, 0);
        }
        app.stop().await;

        let app = TestApp::start(settings(), with(true)).await;
        assert_eq!(rules(&app).await, asked);
        let after = [list(&app, 0).await, list(&app, 1).await];
        assert_eq!(after, before);
        app.stop().await;
        database.remove().await;
    }
}
