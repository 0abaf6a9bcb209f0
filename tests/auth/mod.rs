//! `/auth/*`, sessions, tokens and the internal group.

mod clock;
mod internal;
mod leaving;
mod login;
mod own;
mod sessions;
mod setup;
mod throttle;
mod tokens;

use quarterdeck::store::Db;
use reqwest::header::{HeaderMap, SET_COOKIE};
use sea_orm::{ConnectionTrait as _, Statement};

/// The value of the session cookie that an answer sets, or takes away by an empty one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(SET_COOKIE)?.to_str().ok()?;
    let (pair, _) = text.split_once(';')?;
    Some(pair.split_once('=')?.1.to_owned())
}

/// Runs SQL that is the same on every database, behind the application's back.
pub(super) async fn sql(db: &Db, text: &str) -> u64 {
    let statement = Statement::from_string(db.backend(), text);
    let done = db.migrations().execute_raw(statement).await;
    done.unwrap_or_else(|e| panic!("{text}: {e}"))
        .rows_affected()
}

/// The first column of the first row, as a number.
pub(super) async fn number(db: &Db, text: &str) -> i64 {
    let statement = Statement::from_string(db.backend(), text);
    let row = db.migrations().query_one_raw(statement).await;
    let row = row.unwrap_or_else(|e| panic!("{text}: {e}"));
    row.expect("a row")
        .try_get_by_index(0)
        .expect("a whole number")
}

/// Logs somebody in; the value of the cookie.
pub(crate) async fn own_cookie(app: &crate::house::app::TestApp, name: &str) -> String {
    let form = [
        ("username", name.to_owned()),
        ("password", crate::house::app::password(name)),
    ];
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/auth/login");
    let answer = request.form(&form).send().await.expect("an answer");
    cookie(answer.headers()).expect("a cookie")
}
