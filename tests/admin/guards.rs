//! What holds for every page of the admin, taken from the table of routes: the policy of content is in
//! force, every form carries its session's token, nothing is echoed that its sender may not read, no
//! order of a list reaches a statement.

use reqwest::Method;
use serde_json::json;

use super::forms::{as_it_is, author};
use super::page::{Page, escape, post, visit, whole};
use crate::house::app::{TestApp, grant_all, on_each_app};
use crate::house::tuned::{On, tuned};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
                      frame-ancestors 'none'";

/// Swagger UI writes styles into its elements.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";

/// What R27 asks of every answer: one policy, in force, and nothing in a page that it would stop.
fn check_policy(page: &Page, path: &str, policy: &str) {
    let headers = &page.reply.headers;
    let all: Vec<_> = headers.get_all("content-security-policy").iter().collect();
    assert_eq!(all, [policy], "{path}");
    assert!(!headers.contains_key("content-security-policy-report-only"));
    for tag in &page.tags {
        let inline = tag.attributes.iter().any(|(name, value)| {
            name == "style" || name.starts_with("on") || value.starts_with("javascript:")
        });
        assert!(!inline && tag.name != "style", "{path}: {tag:?}");
        if tag.name == "script" {
            let from = tag.get("src").unwrap_or_default();
            assert!(
                from.starts_with("/static/") && tag.text.trim().is_empty(),
                "{tag:?}"
            );
        }
    }
}

/// The paths of all pages of a method, with a record of authors for each.
fn paths(app: &TestApp, wanted: &Method, id: i64) -> Vec<String> {
    let routes = app.app.routes().into_iter();
    routes
        .filter(|(method, path)| method == wanted && path.starts_with("/admin"))
        .map(|(_, path)| {
            path.replace(":model", "author")
                .replace(":id", &id.to_string())
        })
        .collect()
}

#[tokio::test]
async fn r27_a57_every_page_enforces_its_policy_and_has_no_code_in_its_text() {
    let name = "r27_a57_every_page_enforces_its_policy_and_has_no_code_in_its_text";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let (id, _) = author(app, "ada").await;
            app.make("qd_role", json!({"name": "Editors"})).await;
            let admin = app.login("admin").await;
            let mut all = paths(app, &Method::GET, id);
            let cards = [
                "/auth/login",
                "/auth/forgotten",
                "/auth/reset",
                "/auth/setup",
                "/admin/nothing",
            ];
            all.extend(cards.map(ToOwned::to_owned));
            all.push("/admin/author?nope=1".to_owned());
            assert!(all.len() > 20, "{all:?}");
            for path in all {
                check_policy(&visit(&admin, &path).await, &path, POLICY);
            }
            check_policy(&visit(&admin, "/api/docs").await, "/api/docs", DOCS_POLICY);
        },
    )
    .await;
}

#[tokio::test]
async fn r27_the_answer_to_every_form_enforces_its_policy_too() {
    let name = "r27_the_answer_to_every_form_enforces_its_policy_too";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let (id, _) = author(app, "ada").await;
            let admin = app.login("admin").await;
            let mut all = paths(app, &Method::POST, id);
            let cards = [
                "/auth/login",
                "/auth/reset",
                "/auth/setup",
                "/auth/password",
            ];
            all.extend(cards.map(ToOwned::to_owned));
            let mut pages = 0;
            for path in all {
                // Whatever comes of it: most have too little in them, or what no page asked.
                for field in ["name", "<script>alert(1)</script>"] {
                    let fields = [(field.to_owned(), "<img src=x onerror=alert(1)>".to_owned())];
                    let page = post(&admin, &path, &fields).await;
                    assert!(page.status() < 500, "{path}: {}", page.text());
                    check_policy(&page, &path, POLICY);
                    pages += usize::from(!page.tags.is_empty());
                }
            }
            assert!(pages > 50, "{pages}");
        },
    )
    .await;
}

#[tokio::test]
async fn r29_r30_a75_where_nothing_tells_its_origin_every_form_needs_the_token_of_its_session() {
    let name =
        "r29_r30_a75_where_nothing_tells_its_origin_every_form_needs_the_token_of_its_session";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let (id, _) = author(app, "ada").await;
            let (admin, other) = (app.login("admin").await, app.login("admin").await);
            let foreign = visit(&other, "/admin/_account").await;
            let foreign = foreign.form("/admin/_account/tokens");
            let foreign = foreign.token().to_owned();
            let before = admin.get("/api/v1/qd_audit?count=exact").await.1["page"]["count"].clone();
            let mut checked = 0;
            for path in paths(app, &Method::POST, id) {
                for token in [None, Some(foreign.as_str()), Some(""), Some("AAAA")] {
                    let mut fields = vec![("name", "Mallory")];
                    fields.extend(token.map(|token| ("_token", token)));
                    let request = admin
                        .request(Method::POST, &path)
                        .header("accept", "text/html");
                    let page = whole(request.form(&fields)).await;
                    // Some want another kind of body, or something that is not there, before they look.
                    assert!(
                        (400..500).contains(&page.status()),
                        "{path} {token:?}: {}",
                        page.text()
                    );
                    let refused = page.text().contains("not one of your session");
                    checked += usize::from(page.status() == 403 && refused);
                }
            }
            assert!(checked > 60, "{checked}");
            let after = admin.get("/api/v1/qd_audit?count=exact").await.1["page"]["count"].clone();
            assert_eq!(before, after);
        },
    )
    .await;
}

#[tokio::test]
async fn a65_a_refused_write_echoes_what_was_sent_and_nothing_that_is_stored() {
    let name = "a65_a_refused_write_echoes_what_was_sent_and_nothing_that_is_stored";
    on_each_app(name, as_it_is, async |app| {
        let body = json!({"name": "StoredCanary", "slug": "ada", "country": "GB", "biography": "HiddenCanary"});
        let id = app.make("author", body).await["id"].to_string();
        let mut grant = grant_all("author", json!("all"));
        grant["verbs"] = json!(["create", "replace", "patch"]);
        app.user("writer", false, json!([grant])).await;
        let writer = app.login("writer").await;
        let one = format!("/api/v1/author/{id}");
        let no_name = json!({"name": null});
        for (method, path, body) in [
            ("POST", "/api/v1/author", json!({"name": "x", "slug": "ada", "country": "GB"})),
            ("POST", "/api/v1/author", json!({"slug": "y", "nope": 1})),
            ("PATCH", one.as_str(), no_name.clone()),
            ("PUT", one.as_str(), json!({"slug": "z"})),
            ("GET", one.as_str(), no_name),
        ] {
            let (status, answer) = writer.send(method, path, body).await;
            assert!((400..500).contains(&status), "{method} {path}: {status}");
            assert!(!answer.to_string().contains("Canary"), "{answer}");
        }
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let taken = [field("name", "Echo"), field("slug", "ada"), field("country", "GB")];
        let page = post(&writer, "/admin/author/new", &taken).await;
        assert!(matches!(page.status(), 409 | 422), "{}", page.text());
        assert!(page.reply.text.contains("Echo") && !page.reply.text.contains("Canary"));
        for path in [format!("/admin/author/{id}"), format!("/admin/author/{id}/delete")] {
            for fields in [&taken[..], &[field("name", "")]] {
                let page = post(&writer, &path, fields).await;
                assert!((400..500).contains(&page.status()), "{path}: {}", page.status());
                assert!(!page.reply.text.contains("Canary"), "{path}: {}", page.text());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn r37_a71_a_direction_of_an_order_is_a_name_of_ours_or_a_400_and_never_a_statement() {
    let name = "r37_a71_a_direction_of_an_order_is_a_name_of_ours_or_a_400_and_never_a_statement";
    on_each_app(name, as_it_is, async |app| {
        let admin = app.login("admin").await;
        app.statements();
        for odd in [
            "name desc",
            "name;canary",
            "-name)canary",
            "name,(select canary)",
            "name asc nulls canary",
            "name/**/desc",
            "+name",
            "--name",
            "name--canary",
            "1",
            "\"name\"",
            "`name`",
            "name\u{0}canary",
            "DESC",
            "name COLLATE canary",
        ] {
            for path in ["/admin/author", "/api/v1/author"] {
                let page = visit(&admin, &format!("{path}?sort={}", escape(odd))).await;
                assert_eq!(page.status(), 400, "{path} {odd:?}");
            }
            for (name, value) in [("direction", odd), ("order", odd), ("dir", "desc")] {
                let query = format!("/admin/author?sort=name&{name}={}", escape(value));
                assert_eq!(visit(&admin, &query).await.status(), 400, "{query}");
            }
        }
        let all = app.statements();
        assert!(!all.iter().any(|sql| sql.contains("canary")), "{all:?}");
        assert_eq!(
            visit(&admin, "/admin/author?sort=-name,id").await.status(),
            200
        );
    })
    .await;
}

#[tokio::test]
async fn a14_r34_every_next_of_a_form_stays_here() {
    let name = "a14_r34_every_next_of_a_form_stays_here";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let admin = app.login("admin").await;
            let form = visit(&admin, "/admin/_account")
                .await
                .form("/admin/_preferences");
            for evil in [
                "//evil.test",
                "/\\evil.test",
                "https:evil.test",
                "https://evil.test",
                "/%0d%0aX: y\r\nX: y",
                "\t//evil.test",
                "javascript:alert(1)",
                "evil",
                "",
            ] {
                let sent = form.clone().with("next", evil).send(&admin).await;
                assert_eq!(
                    (sent.status(), sent.location()),
                    (303, "/admin"),
                    "{evil:?}"
                );
            }
            let sent = form
                .with("next", "/admin/author?sort=-name")
                .send(&admin)
                .await;
            assert_eq!(sent.location(), "/admin/author?sort=-name");
        },
    )
    .await;
}
