//! A session lasts while it is used, to its last day, at little cost.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use quarterdeck::config::Config;
use quarterdeck_entity::system::session;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::Expr;

use super::{login, second, whoami};
use crate::auth::internal;
use crate::house::app::TestApp;
use crate::house::tuned::{On, as_it_is, tuned};

/// Moves the only session in time, as if it had been made and used so long ago.
async fn age(app: &TestApp, created: TimeDelta, seen: TimeDelta, expires_in: TimeDelta) {
    let now = Utc::now();
    let moved = session::Entity::update_many()
        .col_expr(session::Column::CreatedAt, Expr::value(now - created))
        .col_expr(session::Column::SeenAt, Expr::value(now - seen))
        .col_expr(session::Column::ExpiresAt, Expr::value(now + expires_in))
        .exec(app.app.engine.db().migrations())
        .await;
    assert_eq!(moved.unwrap().rows_affected, 1);
    app.app.identity.changed();
}

async fn stored(app: &TestApp) -> session::Model {
    let row = session::Entity::find()
        .one(app.app.engine.db().reader())
        .await;
    row.unwrap().expect("a session")
}

/// Whether two times are the same but for the time that a test takes.
fn near(a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
    (a - b).abs() < TimeDelta::minutes(5)
}

#[tokio::test]
async fn r14_each_request_moves_the_end_of_a_session_but_never_past_its_last_day() {
    let name = "r14_each_request_moves_the_end_of_a_session_but_never_past_its_last_day";
    tuned(name, On::Each, as_it_is, async |app| {
        let value = login(app, "admin").await;
        let now = Utc::now();
        assert!(near(
            stored(app).await.expires_at,
            now + TimeDelta::hours(72)
        ));
        let (hour, day) = (TimeDelta::hours(1), TimeDelta::days(1));
        age(app, day, hour, hour).await;
        assert_eq!(whoami(app, &value).await, 200);
        let row = stored(app).await;
        assert!(
            near(row.expires_at, now + TimeDelta::hours(72)) && near(row.seen_at, now),
            "{row:?}"
        );
        age(app, day * 29, hour, hour).await;
        assert_eq!(whoami(app, &value).await, 200);
        let row = stored(app).await;
        assert_eq!(row.expires_at, row.created_at + day * 30);
        age(app, day, hour, -TimeDelta::milliseconds(1)).await;
        assert_eq!(whoami(app, &value).await, 401);
    })
    .await;
}

#[tokio::test]
async fn r14_a_session_in_use_outlives_a_short_limit_and_then_ends_for_good() {
    let name = "r14_a_session_in_use_outlives_a_short_limit_and_then_ends_for_good";
    let tune = |c: &mut Config| {
        c.session.inactivity = Duration::from_secs(4);
        c.session.max_age = Duration::from_secs(10);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let value = login(app, "admin").await;
        let begun = stored(app).await.created_at;
        let mut lived = TimeDelta::zero();
        // Used all the time it lives to its absolute end, which is far beyond its idle limit.
        while whoami(app, &value).await == 200 {
            lived = Utc::now() - begun;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(lived > TimeDelta::seconds(5), "{lived}");
        assert_eq!(whoami(app, &value).await, 401);
        let purged = internal::purge(app).await;
        assert_eq!(purged, 1);
    })
    .await;
}

#[tokio::test]
async fn r14_a_session_in_use_on_one_node_is_alive_on_another_that_has_not_seen_it_lately() {
    let name = "r14_a_session_in_use_on_one_node_is_alive_on_another_that_has_not_seen_it_lately";
    let tune = |c: &mut Config| c.session.inactivity = Duration::from_secs(4);
    tuned(name, On::Sqlite, tune, async |app| {
        let other = second(app).await;
        let value = login(app, "admin").await;
        assert_eq!(whoami(&other, &value).await, 200);
        let begun = Utc::now();
        while Utc::now() - begun < TimeDelta::seconds(5) {
            assert_eq!(whoami(app, &value).await, 200);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(whoami(&other, &value).await, 200);
        other.stop().await;
    })
    .await;
}

fn writes(app: &TestApp, table: &str) -> usize {
    let all = app.statements();
    let of = |sql: &&String| sql.starts_with("UPDATE") && sql.contains(table);
    all.iter().filter(of).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_two_hundred_reads_write_a_session_down_once_at_most() {
    let name = "r14_two_hundred_reads_write_a_session_down_once_at_most";
    tuned(name, On::Each, as_it_is, async |app| {
        let value = login(app, "admin").await;
        app.statements();
        for _ in 0..200 {
            assert_eq!(whoami(app, &value).await, 200);
        }
        assert_eq!(writes(app, "qd_session"), 0);
        let minute = TimeDelta::seconds(61);
        age(app, minute, minute, minute).await;
        app.statements();
        let all = join_all((0..200).map(|_| whoami(app, &value))).await;
        assert_eq!(all, [200; 200]);
        assert_eq!(writes(app, "qd_session"), 1);
    })
    .await;
}
