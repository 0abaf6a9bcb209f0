//! Sessions on a machine whose clock is set. What a session knows of time are the times that are
//! stored, so moving those by an hour is what setting the clock by an hour is.

use chrono::{TimeDelta, Utc};
use quarterdeck_entity::system::session;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait as _, IntoActiveModel as _};

use crate::house::app::{TestApp, password};
use crate::house::tuned::{On, tuned};

use super::cookie;

async fn login(app: &TestApp) -> String {
    let client = app.anonymous();
    let form = [
        ("username", "admin".to_owned()),
        ("password", password("admin")),
    ];
    let request = client.request(Method::POST, "/auth/login").form(&form);
    cookie(request.send().await.expect("an answer").headers()).expect("a cookie")
}

async fn whoami(app: &TestApp, value: &str) -> u16 {
    let request = app.anonymous().request(Method::GET, "/auth/session");
    let request = request.header("cookie", format!("quarterdeck_session={value}"));
    request.send().await.expect("an answer").status().as_u16()
}

async fn stored(app: &TestApp) -> session::Model {
    let row = session::Entity::find()
        .one(app.app.engine.db().reader())
        .await;
    row.expect("an answer").expect("a session")
}

/// Sets the clock by so much, as seen by the only session.
async fn set(app: &TestApp, by: TimeDelta) {
    let row = stored(app).await;
    let moved = session::Entity::update_many()
        .col_expr(session::Column::CreatedAt, Expr::value(row.created_at - by))
        .col_expr(session::Column::SeenAt, Expr::value(row.seen_at - by))
        .col_expr(session::Column::ExpiresAt, Expr::value(row.expires_at - by))
        .exec(app.app.engine.db().migrations())
        .await;
    assert_eq!(moved.expect("moved").rows_affected, 1);
    app.app.identity.changed();
    drop(row.into_active_model());
}

#[tokio::test]
async fn r15_a_clock_that_is_set_by_an_hour_ends_no_session_and_prolongs_none_past_its_last_day() {
    let name = "r15_a_clock_that_is_set_by_an_hour";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let hour = TimeDelta::hours(1);
            for by in [hour, -hour, -hour, hour] {
                let value = login(app).await;
                set(app, by).await;
                for _ in 0..3 {
                    assert_eq!(whoami(app, &value).await, 200, "{by}");
                }
                let row = stored(app).await;
                let last = row.created_at + TimeDelta::days(30);
                assert!(row.expires_at <= last, "{by}: {row:?}");
                // Never longer than the idle limit from the later of now and when it was made.
                let from = Utc::now().max(row.created_at);
                let idle = from + TimeDelta::hours(72) + TimeDelta::minutes(1);
                assert!(row.expires_at <= idle, "{by}: {row:?}");
                super::sql(app.app.engine.db(), "DELETE FROM qd_session").await;
                app.app.identity.changed();
                assert_eq!(whoami(app, &value).await, 401, "{by}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r15_a_session_that_has_ended_by_the_servers_clock_has_ended_whatever_the_browser_keeps() {
    let name = "r15_a_session_that_has_ended_by_the_servers_clock";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            // A browser whose clock stands still goes on sending the cookie.
            for by in [
                TimeDelta::hours(73),
                TimeDelta::days(31),
                TimeDelta::days(366),
            ] {
                let value = login(app).await;
                assert_eq!(whoami(app, &value).await, 200);
                set(app, by).await;
                for _ in 0..2 {
                    assert_eq!(whoami(app, &value).await, 401, "{by}");
                }
                super::sql(app.app.engine.db(), "DELETE FROM qd_session").await;
            }
        },
    )
    .await;
}
