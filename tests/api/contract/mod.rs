//! The contract of `/api/v1/{model}`, held by every registered model on every database. The loop
//! goes over whatever `/api/v1/_models` tells, so that a new model is covered by no new line.

mod faults;
mod keys;
mod reads;
mod writes;

use std::fmt::Debug;

use quarterdeck::auth::tokens::{self, NewToken};
use serde_json::json;

use super::sample::World;
use crate::house::app::{TestApp, on_each_app};

/// What went wrong, all of it: one run shows every model that breaks a rule.
#[derive(Default)]
struct Breaches(Vec<String>);

impl Breaches {
    fn same<T: PartialEq + Debug>(&mut self, what: &str, got: T, wanted: T) -> bool {
        let same = got == wanted;
        if !same {
            self.0
                .push(format!("{what}: {got:?} instead of {wanted:?}"));
        }
        same
    }

    fn check(&mut self, what: &str, holds: bool) {
        if !holds {
            self.0.push(what.to_owned());
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

/// Runs `body` with a superuser's view of every model, and some records of each.
async fn with_every_model(
    test: &str,
    mut body: impl AsyncFnMut(&TestApp, &World<'_>, &mut Breaches),
) {
    on_each_app(
        test,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            assert!(world.models.len() >= 21, "{:?}", world.slugs());
            // Of the models that nobody can create, there are some records too.
            for n in 0..6 {
                app.login("admin").await;
                let token = NewToken {
                    user_id: 1,
                    name: format!("token {n}"),
                    scopes: None,
                    expires_at: None,
                };
                let made = tokens::create(app.app.engine.db(), token).await;
                made.expect("a token");
                app.make("qd_role", json!({"name": format!("role {n}")}))
                    .await;
                app.seal().await;
            }
            let mut breaches = Breaches::default();
            body(app, &world, &mut breaches).await;
            breaches.none();
        },
    )
    .await;
}
