//! One's own account, page by page.

use serde_json::json;

use super::forms::{as_it_is, open};
use super::page::{Page, visit};
use crate::house::app::{Session, TestApp, grant_all, on_each_app, password};

const PAGE: &str = "/admin/_account";

async fn alive(session: &Session<'_>) -> bool {
    session.get("/auth/session").await.0 == 200
}

/// The text of the token that a page shows.
fn shown(page: &Page) -> String {
    page.text_of("pre", "id", "token").unwrap_or_default()
}

async fn works(app: &TestApp, token: &str, path: &str) -> u16 {
    let request = app.anonymous().request(reqwest::Method::GET, path);
    let request = request.header("authorization", format!("Bearer {token}"));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn r12_a_new_password_ends_every_session_and_gives_this_browser_a_fresh_one() {
    let name = "r12_a_new_password_ends_every_session_and_gives_this_browser_a_fresh_one";
    on_each_app(name, as_it_is, async |app| {
        app.user("ann", false, json!([])).await;
        let (here, there) = (app.login("ann").await, app.login("ann").await);
        let page = open(&here, PAGE).await;
        let form = page.form("/admin/_account/password");
        let good = "four words and a horse";
        let form = form.with("new", good).with("again", good);
        for (form, word) in [
            (form.clone().with("current", "wrong"), "is wrong"),
            (
                form.clone()
                    .with("current", &password("ann"))
                    .with("again", "other"),
                "differ",
            ),
            (
                form.clone()
                    .with("current", &password("ann"))
                    .with("new", "short")
                    .with("again", "short"),
                "8",
            ),
        ] {
            let refused = form.send(&here).await;
            assert_eq!(refused.status(), 422, "{word}");
            let said = refused.text_of("p", "id", "e-password").unwrap_or_default();
            assert!(said.contains(word), "{said}");
            assert!(alive(&here).await && alive(&there).await);
            // Nothing that was typed comes back (R60).
            assert!(!refused.reply.text.contains("horse"));
        }
        let done = form.with("current", &password("ann")).send(&here).await;
        assert_eq!(
            (done.status(), done.location()),
            (303, "/admin/_account?done=password")
        );
        assert!(alive(&here).await && !alive(&there).await);
        let page = open(&here, done.location()).await;
        assert_eq!(
            page.text().matches("this one").count(),
            1,
            "{}",
            page.text()
        );
    })
    .await;
}

#[tokio::test]
async fn r17_sessions_are_ended_one_by_one_or_all_others_and_never_anothers() {
    let name = "r17_sessions_are_ended_one_by_one_or_all_others_and_never_anothers";
    on_each_app(name, as_it_is, async |app| {
        app.user("ann", false, json!([])).await;
        let admin = app.login("admin").await;
        let (one, two, three) = (
            app.login("ann").await,
            app.login("ann").await,
            app.login("ann").await,
        );
        let page = open(&three, PAGE).await;
        let action = "/admin/_account/sessions";
        let form = page.form(action);
        assert_eq!(form.value("id"), Some("others"));
        let (_, own) = admin.get("/auth/sessions").await;
        let stolen = form.clone().with("id", &own["data"][0]["id"].to_string());
        assert_eq!(stolen.send(&three).await.status(), 404);
        assert!(alive(&admin).await);
        let (_, all) = two.get("/auth/sessions").await;
        let first = all["data"].as_array().unwrap().last().unwrap();
        let done = form
            .clone()
            .with("id", &first["id"].to_string())
            .send(&three)
            .await;
        assert_eq!(done.location(), "/admin/_account?done=session");
        assert!(!alive(&one).await && alive(&two).await);
        assert_eq!(form.send(&three).await.status(), 303);
        assert!(!alive(&two).await && alive(&three).await && alive(&admin).await);
    })
    .await;
}

#[tokio::test]
async fn r21_a_token_is_shown_once_has_the_ticked_scopes_and_is_revoked_by_its_button() {
    let name = "r21_a_token_is_shown_once_has_the_ticked_scopes_and_is_revoked_by_its_button";
    on_each_app(name, as_it_is, async |app| {
        app.user("ann", false, json!([grant_all("author", json!("all"))]))
            .await;
        let ann = app.login("ann").await;
        let page = open(&ann, PAGE).await;
        // What one has no verb on is not there to choose.
        assert!(!page.reply.text.contains("scope.qd_grant"));
        let form = page.form("/admin/_account/tokens");
        assert_eq!(form.value("scopes"), Some("all"));
        let none = form.clone().with("name", "<b>n").with("scopes", "some");
        let refused = none.send(&ann).await;
        assert_eq!(refused.status(), 422);
        assert!(
            refused.text().contains("may do nothing"),
            "{}",
            refused.text()
        );
        // The form is as it was.
        let again = refused.form("/admin/_account/tokens");
        assert_eq!(
            (again.value("name"), again.value("scopes")),
            (Some("<b>n"), Some("some"))
        );
        let made = again.and("scope.author", "list").send(&ann).await;
        assert_eq!(made.status(), 201, "{}", made.text());
        let token = shown(&made);
        assert_eq!(works(app, &token, "/api/v1/author").await, 200);
        assert_eq!(works(app, &token, "/api/v1/author/1").await, 403);
        let page = open(&ann, PAGE).await;
        assert!(page.text().contains("author: List"), "{}", page.text());
        assert!(!page.reply.text.contains(&token[10..]));
        let done = page.form("/admin/_account/revoke").send(&ann).await;
        assert_eq!(done.location(), "/admin/_account?done=token");
        assert_eq!(works(app, &token, "/api/v1/author").await, 401);
        assert!(!visit(&ann, PAGE).await.text().contains("author: List"));
    })
    .await;
}

#[tokio::test]
async fn r30_the_forms_of_the_account_take_no_token_of_another_session() {
    let name = "r30_the_forms_of_the_account_take_no_token_of_another_session";
    on_each_app(name, as_it_is, async |app| {
        app.user("ann", false, json!([])).await;
        let (ann, admin) = (app.login("ann").await, app.login("admin").await);
        let forged = open(&admin, PAGE).await.form("/admin/_account/tokens");
        let refused = forged.with("name", "x").send(&ann).await;
        assert_eq!(refused.status(), 403, "{}", refused.text());
        assert_eq!(ann.get("/auth/tokens").await.1["data"], json!([]));
    })
    .await;
}
