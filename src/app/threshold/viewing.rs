//! The step of the threshold at which a superuser becomes the one whom they look as.

use std::sync::Arc;

use poem::Request;
use poem::http::Method;

use crate::account::{Accounts, cookie};
use crate::acl::Principal;
use crate::app::edge;
use crate::error::Error;
use crate::session::view::refused;
use crate::store::now;

/// What may be sent during a look: the way out of it, and how pages look in this browser.
const OPEN: [&str; 4] = [
    "/auth/view_as",
    "/auth/logout",
    "/admin/_view/end",
    "/admin/_preferences",
];

/// The principal that the request is done as.
///
/// # Errors
/// 403 for an unsafe request during a look; what the database said.
pub(super) async fn principal(
    accounts: &Accounts,
    request: &Request,
    real: Arc<Principal>,
) -> Result<Arc<Principal>, Error> {
    // Who is no superuser any more is nobody but themselves.
    let (true, Some(session)) = (real.is_superuser(), real.session) else {
        return Ok(real);
    };
    let look = cookie::find_view(request.headers(), accounts.https)
        .and_then(|value| accounts.view_key.open(session, value, now()));
    let Some(look) = look else {
        return Ok(real);
    };
    let path = request.uri().path();
    // A search is a read; were it none, the operations would refuse it.
    let open =
        OPEN.contains(&path) || *request.method() == Method::POST && path.ends_with("/_search");
    if edge::is_unsafe(request.method()) && !open {
        return Err(refused());
    }
    accounts.identity.look(&real, look).await.map(Arc::new)
}
