//! `/admin/_view`: to look as somebody else, and back.

use poem::Response;
use poem::http::header;

use crate::account::view;
use crate::error::Error;
use crate::http::{Call, answer};
use crate::page::form::posted;
use crate::session::view::Eyes;

/// `POST /admin/_view`: begins.
pub(crate) async fn begin(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let sent = |name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.and_then(|(_, v)| v.parse().ok()).filter(|id| *id > 0)
    };
    let eyes = sent("user")
        .map(Eyes::User)
        .or(sent("role").map(Eyes::Role));
    let (_, cookie) = view::started(&call, eyes.ok_or_else(Error::not_found)?).await?;
    let response = answer::see_other("/admin");
    Ok(answer::with(response, header::SET_COOKIE, &cookie))
}

/// `POST /admin/_view/end`: ends.
pub(crate) async fn end(mut call: Call) -> Result<Response, Error> {
    posted(&mut call).await?;
    let cookie = view::ended(&call).await?;
    let response = answer::see_other("/admin");
    Ok(answer::with(response, header::SET_COOKIE, &cookie))
}
