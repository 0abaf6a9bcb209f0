//! The behaviour that an entity has in SeaORM (`ActiveModelBehavior`), whatever way its rows are written.

use quarterdeck::app::AppBuilder;
use serde_json::{Value, json};

use super::reuse::Make;
use crate::house::app::on_each_app;

/// A ticket that need not say anything, with a behaviour of its own.
mod ticket {
    use sea_orm::Set;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(column_type = "String(StringLen::N(80))", nullable)]
        pub note: Option<String>,
        pub turns: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C>(mut self, _: &C, insert: bool) -> Result<Self, DbErr>
        where
            C: ConnectionTrait,
        {
            if let sea_orm::ActiveValue::Set(Some(note)) = &self.note {
                self.turns = Set(Some(if insert { 1 } else { 2 }));
                self.note = Set(Some(note.to_uppercase()));
            }
            Ok(self)
        }

        async fn after_save<C>(mut model: Model, _: &C, _: bool) -> Result<Model, DbErr>
        where
            C: ConnectionTrait,
        {
            model.turns = model.turns.map(|turns| turns * 10);
            Ok(model)
        }

        async fn before_delete<C>(self, db: &C) -> Result<Self, DbErr>
        where
            C: ConnectionTrait,
        {
            let mut beside = Self {
                note: Set(Some("gone".to_owned())),
                ..Default::default()
            };
            beside.turns = Set(Some(self.id.clone().unwrap()));
            Entity::insert(beside).exec(db).await?;
            Ok(self)
        }

        async fn after_delete<C>(self, db: &C) -> Result<Self, DbErr>
        where
            C: ConnectionTrait,
        {
            if Entity::find_by_id(self.id.clone().unwrap())
                .one(db)
                .await?
                .is_some()
            {
                return Err(DbErr::Custom("it is still there".to_owned()));
            }
            Ok(self)
        }
    }
}

/// Whatever way a row is written, the behaviour of its entity runs, once for each row; and a row need
/// not have a value of its own.
#[tokio::test]
async fn the_behaviour_of_an_entity_runs_and_a_row_may_say_nothing() {
    let build = |b: AppBuilder| {
        b.migrations(vec![Box::new(Make("m1_ticket", ticket::Entity))])
            .model::<ticket::Entity>(|m| m)
    };
    on_each_app("the_behaviour_of_an_entity", build, async |app| {
        let admin = app.login("admin").await;
        let path = "/api/v1/ticket";
        let stored = async || {
            let (_, list) = admin.get(&format!("{path}?sort=id")).await;
            let rows = list["data"].as_array().expect("rows").clone();
            rows.iter()
                .map(|row| json!([row["id"], row["note"], row["turns"]]))
                .collect::<Vec<_>>()
        };
        let (status, made) = admin.send("POST", path, json!({})).await;
        let wanted = json!({"id": 1, "note": null, "turns": null});
        assert_eq!((status, made), (201, wanted));
        let (status, made) = admin.send("POST", path, json!({"note": "a"})).await;
        assert_eq!((status, &made["turns"]), (201, &json!(10)), "{made}");
        // Rows that say the same columns, others, and nothing, each in its place.
        let create = |data: Value| json!({"verb": "create", "data": data});
        let rows = [
            json!({"note": "b"}),
            json!({"note": "c"}),
            json!({}),
            json!({}),
            json!({"note": "d"}),
        ];
        let body = json!({"operations": rows.map(create)});
        let (status, report) = admin.send("POST", &format!("{path}/_bulk"), body).await;
        assert_eq!(status, 200, "{report}");
        let (status, changed) = admin
            .send("PATCH", &format!("{path}/2"), json!({"note": "e"}))
            .await;
        assert_eq!((status, &changed["turns"]), (200, &json!(20)), "{changed}");
        // What it is already is no write of a column.
        let (status, same) = admin
            .send("PATCH", &format!("{path}/1"), json!({"note": null}))
            .await;
        assert_eq!((status, &same["note"]), (200, &Value::Null), "{same}");
        let before = [
            json!([1, null, null]),
            json!([2, "E", 2]),
            json!([3, "B", 1]),
            json!([4, "C", 1]),
            json!([5, null, null]),
            json!([6, null, null]),
            json!([7, "D", 1]),
        ];
        assert_eq!(stored().await, before);
        let (status, _) = admin
            .send("DELETE", &format!("{path}/7"), Value::Null)
            .await;
        assert_eq!(status, 204);
        let mut after = before[..6].to_vec();
        after.push(json!([8, "gone", 7]));
        assert_eq!(stored().await, after);
    })
    .await;
}
