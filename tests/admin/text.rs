//! What is stored is shown as text: nothing of it becomes a tag, an attribute, a script or a link of
//! its own, on any page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::page::{Page, Tag, escape, visit};
use crate::acl::probes::demo_models;
use crate::api::sample::{World, call, text};
use crate::house::app::on_each_app;
use crate::house::tuned::{On, tuned};

/// Texts that become more than text where one place forgets to escape. `qdx` is nobody's tag or
/// attribute.
const CORPUS: [&str; 12] = [
    "<qdx>",
    "<script>qdx()</script>",
    "\"><qdx a=\"",
    "' qdx='1",
    "\" qdx=\"1",
    " onfocus=qdx() autofocus x=",
    "</textarea><qdx>",
    "</title><qdx>",
    "</select></option><qdx>",
    "&lt;qdx&gt;&#60;qdx&#62;",
    "javascript:qdx()",
    "{{7*7}}${7*7}<%= 7*7 %>\u{202e}qdx",
];

/// Tags that our templates are made of.
const TAGS: [&str; 74] = [
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "link",
    "body",
    "a",
    "header",
    "svg",
    "path",
    "div",
    "span",
    "form",
    "button",
    "details",
    "summary",
    "nav",
    "main",
    "ol",
    "ul",
    "li",
    "h1",
    "h2",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "input",
    "textarea",
    "select",
    "option",
    "label",
    "fieldset",
    "legend",
    "section",
    "aside",
    "dl",
    "dt",
    "dd",
    "code",
    "th",
    "br",
    "hr",
    "em",
    "strong",
    "small",
    "time",
    "abbr",
    "script",
    "dialog",
    "kbd",
    "pre",
    "caption",
    "tfoot",
    "h3",
    "g",
    "rect",
    "line",
    "circle",
    "polyline",
    "text",
    "figure",
    "figcaption",
    "progress",
    "output",
    "datalist",
    "del",
    "ins",
    "optgroup",
    "desc",
];

/// What holds for every page whatever it shows (R27).
fn check(page: &Page, path: &str) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
         frame-ancestors 'none'";
    let sent: Vec<_> = page
        .reply
        .headers
        .get_all("content-security-policy")
        .iter()
        .collect();
    assert_eq!(sent, [policy], "{path}");
    let reported = "content-security-policy-report-only";
    assert!(!page.reply.headers.contains_key(reported), "{path}");
    assert_eq!(page.reply.header("cache-control"), "no-store", "{path}");
    for tag in &page.tags {
        let name = tag.name.trim_start_matches('/');
        assert!(
            TAGS.contains(&name),
            "<{name}> on {path}: {}",
            page.reply.text
        );
        if tag.name == "script" {
            let own = tag.get("src").is_some_and(|s| s.starts_with("/static/"));
            assert!(own && tag.text.trim().is_empty(), "<script> on {path}");
        }
        for (attribute, value) in &tag.attributes {
            let what = format!("{attribute}={value:?} of <{name}> on {path}");
            assert!(
                !attribute.starts_with("on") && attribute != "style",
                "{what}"
            );
            assert!(
                attribute
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !attribute.contains("qdx"),
                "{what}"
            );
            if ["href", "src", "action", "formaction"].contains(&attribute.as_str()) {
                let own =
                    value.starts_with('/') && !value.starts_with("//") || value.starts_with('#');
                assert!(own && !value.contains('\\'), "{what}");
            }
        }
        if tag.name == "a" && tag.get("target").is_some() {
            assert_eq!(tag.get("rel"), Some("noopener"), "{path}");
        }
    }
}

/// The pages of ours that a page leads to.
fn onward(page: &Page) -> Vec<String> {
    let hrefs = page.tags.iter().filter_map(|t: &Tag| t.get("href"));
    let pages = hrefs.filter(|h| h.starts_with("/admin"));
    pages.map(ToOwned::to_owned).collect()
}

/// Whether a page shows what another one does, but for what is the page's own: what is selected, open or
/// walked; or is a list's chart, file or builder, which is looked at once for each model.
fn own_only(path: &str) -> bool {
    let (page, query) = path.split_once('?').unwrap_or((path, ""));
    if ["/_chart", "/_export", "/_build"]
        .iter()
        .any(|own| page.ends_with(own))
    {
        return !query.is_empty();
    }
    let mut names = query.split('&').filter(|pair| pair.starts_with('_'));
    names.next().is_some() && !path.ends_with("?_cells=1") && !path.contains("_do=edit")
}

#[tokio::test]
async fn r27_a8_a53_whatever_is_stored_or_asked_stays_text_on_every_page() {
    // What a template makes of a text is the same whatever database it comes from.
    tuned(
        "r27_a53_whatever_is_stored",
        On::Sqlite,
        |_| {},
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            let mut kept = BTreeSet::new();
            let mut next = 0;
            for slug in demo_models(&world) {
                for _ in 0..3 {
                    let mut body = world.body(&slug, "create").await;
                    for field in world.writable(&slug, "create") {
                        let name = text(&field["name"]);
                        let refers = world.key(&slug).contains(&name) && slug != "staff_note";
                        let limits = &field["limits"];
                        if refers || !limits["format"].is_null() || body[&name].is_null() {
                            continue;
                        }
                        next += 1;
                        let mark = CORPUS[next % CORPUS.len()];
                        match text(&field["type"]).as_str() {
                            "text" => {
                                let value = format!("{mark}{next}");
                                let most = limits["max_length"].as_u64().unwrap_or(u64::MAX);
                                if value.chars().count() as u64 <= most {
                                    body[&name] = json!(value);
                                    kept.insert(mark);
                                }
                            }
                            "json" => body[&name] = json!({mark: [mark, {mark: null}]}),
                            _ => {}
                        }
                    }
                    let path = format!("/api/v1/{slug}");
                    let made = call(&admin, ("POST", &path), &[], Some(&body)).await;
                    assert_eq!(made.status, 201, "{slug} {body}: {}", made.text);
                }
            }
            assert_eq!(kept.len(), CORPUS.len(), "{kept:?}");
            // Every page that can be reached, each list in each order once.
            let mut todo = vec!["/admin".to_owned()];
            for slug in demo_models(&world) {
                let relations = world.models[&slug]["relations"].as_array().cloned();
                let names: Vec<String> = relations
                    .iter()
                    .flatten()
                    .map(|r| text(&r["name"]))
                    .collect();
                for page in [
                    "_build",
                    "_chart",
                    "_export",
                    "?_cells=1",
                    "_many?_do=edit&_key=1",
                ] {
                    let slash = if page.starts_with('?') { "" } else { "/" };
                    todo.push(format!("/admin/{slug}{slash}{page}"));
                }
                todo.push(format!(
                    "/admin/{slug}?limit=100&expand={}",
                    names.join(",")
                ));
            }
            let mut seen = BTreeSet::new();
            while let Some(path) = todo.pop() {
                // The pages of the API's other models show nothing of the corpus but names.
                let known = path
                    .split(['?', '/'])
                    .nth(2)
                    .is_none_or(|s| !s.starts_with("qd_"));
                if !known
                    || path.contains("cursor=")
                    || own_only(&path)
                    || !seen.insert(path.clone())
                {
                    continue;
                }
                let page = visit(&admin, &path).await;
                assert_eq!(page.status(), 200, "{path}");
                check(&page, &path);
                // From a chart on there are the lists that are reached anyway.
                if !path.contains("/_chart") {
                    todo.extend(onward(&page));
                }
            }
            assert!(seen.len() > 150, "{}", seen.len());
            // And what is asked: conditions, searches, faults, addresses.
            for mark in CORPUS {
                let escaped = escape(mark);
                for path in [
                    format!("/admin/review?q={escaped}"),
                    format!("/admin/review?title__icontains={escaped}"),
                    format!("/admin/review?{escaped}=1"),
                    format!("/admin/review?sort={escaped}"),
                    format!("/admin/review?fields={escaped}"),
                    format!("/admin/review?cursor={escaped}"),
                    format!("/admin/review?rating={escaped}"),
                    format!("/admin/review/{escaped}"),
                    format!("/admin/review/1?saved={escaped}"),
                    format!("/admin/{escaped}"),
                    format!("/admin/review/{escaped}/delete"),
                    format!("/auth/login?next={escaped}"),
                ] {
                    let page = visit(&admin, &path).await;
                    assert!(page.status() < 500, "{path}: {}", page.reply.text);
                    check(&page, &path);
                }
                for to in ["/admin/review/new", "/admin/review/1"] {
                    let mut form = visit(&admin, to).await.form(to);
                    form.fields
                        .retain(|(name, _)| !name.starts_with("was.") && name != "_if_match");
                    for (_, value) in &mut form.fields {
                        mark.clone_into(value);
                    }
                    let page = form.send(&admin).await;
                    assert_eq!(page.status(), 422, "{to} {mark}");
                    check(&page, to);
                    let page = form.and(mark, mark).send(&admin).await;
                    assert_eq!(page.status(), 400, "{to} {mark}");
                    check(&page, to);
                }
                let form = vec![
                    ("username".to_owned(), mark.to_owned()),
                    ("password".to_owned(), mark.to_owned()),
                    ("next".to_owned(), mark.to_owned()),
                ];
                let page = super::page::post(&app.anonymous(), "/auth/login", &form).await;
                assert!(matches!(page.status(), 401 | 429), "{mark}");
                check(&page, "/auth/login");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r59_a_page_of_a_failure_shows_no_cause() {
    on_each_app(
        "r59_a_page_of_a_failure",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            crate::auth::sql(app.app.engine.db(), "DROP TABLE staff_note").await;
            let form = [
                ("code", "SN-1"),
                ("body", "x"),
                ("created_at", "2026-01-01T00:00:00"),
            ];
            let form: Vec<(String, String)> = form.map(|(n, v)| (n.into(), v.into())).to_vec();
            for page in [
                visit(&admin, "/admin").await,
                visit(&admin, "/admin/staff_note").await,
                visit(&admin, "/admin/staff_note/SN-1").await,
                super::page::post(&admin, "/admin/staff_note/new", &form).await,
            ] {
                assert_eq!(page.status(), 500, "{}", page.reply.text);
                check(&page, "a failure");
                let id = page.reply.header("x-request-id").to_owned();
                assert!(page.text().contains(&id), "{}", page.text());
                let words: Value = json!([
                    "SELECT",
                    "INSERT",
                    "staff_note",
                    "no such table",
                    "src/",
                    ".rs"
                ]);
                for word in words.as_array().expect("words") {
                    assert!(
                        !page.reply.text.contains(&text(word)),
                        "{word}: {}",
                        page.reply.text
                    );
                }
            }
        },
    )
    .await;
}
