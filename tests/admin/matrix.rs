//! The matrix of the admin's pages: role × verb × model. What the API refuses, the page refuses; what
//! no grant allows has no link either.

use quarterdeck::model::Verb;
use serde_json::{Value, json};

use super::page::Page;
use super::stage::{Client, Probe, filled, get, post, token};
use crate::api::sample::{World, call, list, names, text};
use crate::house::app::{TestApp, on_each_app};

const VERBS: [&str; 6] = ["list", "read", "create", "replace", "patch", "delete"];

/// The models whose rows say who may do what: only a superuser writes them, whatever is granted.
const POWER: [&str; 3] = ["qd_role", "qd_user_role", "qd_grant"];

/// A record of a model, and what its form would be sent with.
struct Subject {
    slug: String,
    path: String,
    body: Value,
    fields: Vec<Value>,
    links: bool,
}

impl Subject {
    /// A fresh record; of what nobody can create, the newest.
    async fn make(world: &World<'_>, slug: &str) -> Self {
        let creates = world.has(slug, "create");
        let record = if creates {
            world.make(slug).await
        } else {
            let path = format!("/api/v1/{slug}?sort=-id&limit=1");
            let newest = call(world.session, ("GET", &path), &[], None).await;
            newest.json()["data"][0].clone()
        };
        let mut body = match creates {
            true => world.body(slug, "create").await,
            false => json!({}),
        };
        if body.get("is_superuser").is_some() {
            body["is_superuser"] = json!(false);
        }
        let holds = |r: &Value| {
            let held = |f: &String| body.get(f).is_some_and(|v| !v.is_null());
            r["owns_key"] == true && names(&r["fields"]).iter().all(held)
        };
        Self {
            slug: slug.to_owned(),
            path: world.path(slug, &record).replacen("/api/v1/", "/admin/", 1),
            links: list(&world.models[slug]["relations"]).iter().any(holds),
            fields: world.writable(slug, "create"),
            body,
        }
    }

    /// A request for each page, with the verbs it needs. Deleting is the last.
    fn pages(&self) -> Vec<(&'static [&'static str], Probe)> {
        let at = format!("/admin/{}", self.slug);
        vec![
            (&["list"], get(&at)),
            (&["list"], get(format!("{at}?limit=1&count=exact"))),
            (&["list"], get(format!("{at}/_filter?q=x"))),
            (&["list"], get(format!("{at}/_deleted"))),
            (&["list"], get(format!("{at}/_build"))),
            (&["list"], get(format!("{at}/_chart"))),
            (&["list"], get(format!("{at}/_plot?measure=count%3D%2A"))),
            (&["list"], get(format!("{at}/_arrange?_sort=zz"))),
            (&["list"], get(format!("{at}/_many?_do=keep&_key=1"))),
            (
                &["list", "patch"],
                get(format!("{at}/_many?_do=edit&_key=1")),
            ),
            (
                &["list", "delete"],
                get(format!("{at}/_many?_do=delete&_key=1")),
            ),
            (
                &["list", "delete"],
                post(
                    format!("{at}/_many"),
                    vec![("_do".into(), "delete".into()), ("_all".into(), "1".into())],
                ),
            ),
            (&["list"], get(format!("{at}/_export"))),
            (&["list"], get(format!("{at}?_cells=1"))),
            (&["list"], get(format!("{at}/_build?_do=add"))),
            (&["list"], get(format!("{at}/_chart?count=*"))),
            (
                &["list", "patch"],
                get(format!("{at}/_many?_do=edit&_all=1")),
            ),
            (
                &["list", "delete"],
                get(format!("{at}/_many?_do=delete&_all=1")),
            ),
            (&["list"], get(format!("{at}/_many?_do=export&_all=1"))),
            (
                &["read", "patch"],
                get(format!("{}/_cell?field=id", self.path)),
            ),
            (
                &["read", "patch"],
                post(format!("{}/_cell", self.path), Vec::new()),
            ),
            (&["create"], get(format!("{at}/_import"))),
            (&["create"], get(format!("{at}/new"))),
            (&["create"], post(format!("{at}/new"), Vec::new())),
            (&["read"], get(&self.path)),
            (&["read", "patch"], post(&self.path, Vec::new())),
            (&["read"], get(format!("{}/history", self.path))),
            (
                &["read", "patch"],
                get(format!("{}/revert?to=0", self.path)),
            ),
            (&["delete"], get(format!("{}/delete", self.path))),
            (
                &["delete"],
                post(format!("{}/delete", self.path), Vec::new()),
            ),
        ]
    }
}

/// What a page must answer to one who has `granted` alone.
async fn check_grant(
    client: Client<'_>,
    (subject, granted): (&Subject, &str),
    (world, power): (&World<'_>, bool),
) {
    let slug = &subject.slug;
    for (needs, mut probe) in subject.pages() {
        let open = needs.iter().all(|v| *v == granted && world.has(slug, v));
        if open && probe.method == "POST" && needs == ["create"] {
            let page = client.ask(&get(&probe.path)).await;
            assert_eq!(
                page.status(),
                200,
                "{granted} {probe:?}: {}",
                page.reply.text
            );
            probe.fields = filled(page.form(&probe.path), &subject.fields, &subject.body).fields;
        }
        let page = client.ask(&probe).await;
        let refused = !power && probe.method == "POST" && POWER.contains(&&**slug);
        let wanted = match (open, probe.method) {
            (false, _) => 403,
            (true, "POST") if refused => 403,
            // Without a word of the target, its rows do not exist (R39).
            (true, "POST") if needs == ["create"] && subject.links => 409,
            (true, "POST") => 303,
            (true, _)
                if ["_filter", "_do=keep", "_do=export", "_plot", "_arrange"]
                    .iter()
                    .any(|w| probe.path.contains(w)) =>
            {
                303
            }
            (true, _) => 200,
        };
        let what = format!("{granted} on {slug}: {probe:?}: {}", page.reply.text);
        assert_eq!(page.status(), wanted, "{what}");
        check_links(&page, slug, granted);
    }
}

/// A page leads to nothing that its reader may not do.
fn check_links(page: &Page, slug: &str, granted: &str) {
    let at = format!("/admin/{slug}");
    // What one did oneself has pages for everybody.
    let own = ["/admin/_changes", "/admin/_operations"];
    let links = page.links().into_iter();
    for link in links.filter(|l| l.starts_with("/admin/") && !own.contains(&l.as_str())) {
        let path = link.split('?').next().expect("a path");
        // The pages of no model: one's own account is everybody's, the others are views of a model.
        let path = match path {
            "/admin/_account" => continue,
            "/admin/_users" => "/admin/qd_user",
            "/admin/_users/new" => "/admin/qd_user/new",
            "/admin/_roles" => "/admin/qd_role",
            "/admin/_audit" => "/admin/qd_audit",
            other => other,
        };
        let rest = path.strip_prefix(&at);
        let rest = rest.unwrap_or_else(|| panic!("{link} on a page of {slug}"));
        let needs = match rest {
            "" | "/_deleted" | "/_build" | "/_chart" | "/_export" => "list",
            "/new" | "/_import" => "create",
            _ if rest.ends_with("/delete") => "delete",
            _ => "read",
        };
        assert!(needs == granted, "{link} is shown to one who may {granted}");
    }
}

/// For this caller the model's pages do not exist, to the last byte (A39).
async fn check_unknown(client: Client<'_>, subject: &Subject) {
    for (_, probe) in subject.pages() {
        // As long as the model's own name, because pages say what address they are of.
        let no_model = "z".repeat(subject.slug.len());
        let unknown = Probe {
            path: probe.path.replacen(&subject.slug, &no_model, 1),
            ..probe.clone()
        };
        let (hidden, unknown) = (client.ask(&probe).await, client.ask(&unknown).await);
        assert_eq!(hidden.status(), 404, "{probe:?}: {}", hidden.reply.text);
        let unknown = unknown.reply.shape().replace(&no_model, &subject.slug);
        assert_eq!(hidden.reply.shape(), unknown, "{probe:?}");
    }
}

/// The models that the first page leads to.
async fn seen(client: Client<'_>) -> Vec<String> {
    let home = client.ask(&get("/admin")).await;
    assert_eq!(home.status(), 200, "{}", home.reply.text);
    let mut all: Vec<String> = home
        .links()
        .iter()
        .filter_map(|l| l.strip_prefix("/admin/"))
        .filter_map(|l| l.split('?').next())
        .map(|l| match l {
            "_users" => "qd_user",
            "_roles" => "qd_role",
            "_audit" => "qd_audit",
            other => other,
        })
        .filter(|l| !l.ends_with("/new") && !l.starts_with('_'))
        // The charts lead to parts of a list.
        .filter_map(|l| l.split('?').next())
        .map(ToOwned::to_owned)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Sessions and tokens to delete.
async fn feed(app: &TestApp) {
    app.login("admin").await;
    token(app, 1, Vec::new()).await;
}

#[tokio::test]
async fn r35_r40_a39_a74_each_grant_opens_the_pages_of_its_verb_and_no_other() {
    on_each_app(
        "r35_r40_a39_each_grant_opens_the_pages",
        |b| b,
        async |app| {
            let grant = json!({"model": "author", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": "all"});
            app.user("tester", false, json!([grant])).await;
            let admin = app.login("admin").await;
            let tester = app.login("tester").await;
            let client = Client {
                session: &tester,
                token: None,
            };
            app.seal().await;
            let world = World::look(&admin).await;
            let slugs = world.slugs();
            for (i, slug) in slugs.iter().enumerate() {
                let other = Subject::make(&world, &slugs[(i + 1) % slugs.len()]).await;
                for verb in VERBS.into_iter().filter(|v| world.has(slug, v)) {
                    feed(app).await;
                    let subject = Subject::make(&world, slug).await;
                    let change = json!({"model": slug, "verbs": [verb]});
                    let at = ("PATCH", "/api/v1/qd_grant/1");
                    let changed = call(&admin, at, &[], Some(&change)).await;
                    assert_eq!(changed.status, 200, "{}", changed.text);
                    check_grant(client, (&subject, verb), (&world, false)).await;
                    check_links(&client.ask(&get("/admin")).await, slug, verb);
                    let shown = seen(client).await;
                    assert_eq!(
                        shown.contains(slug),
                        verb == "list",
                        "{verb} {slug}: {shown:?}"
                    );
                    assert!(shown.len() <= 1, "{shown:?}");
                    if verb == "list" {
                        check_unknown(client, &other).await;
                    }
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r35_a39_the_scopes_of_a_token_narrow_the_pages_of_a_superuser() {
    on_each_app(
        "r35_a39_the_scopes_of_a_token_narrow_the_pages",
        |b| b,
        async |app| {
            let (admin, nobody) = (app.login("admin").await, app.anonymous());
            app.seal().await;
            let world = World::look(&admin).await;
            let slugs = world.slugs();
            for (i, slug) in slugs.iter().enumerate() {
                let other = Subject::make(&world, &slugs[(i + 1) % slugs.len()]).await;
                for verb in VERBS.into_iter().filter(|v| world.has(slug, v)) {
                    let named = Verb::named(verb).expect("a verb");
                    let bearer = token(app, 1, vec![(slug.clone(), vec![named])]).await;
                    feed(app).await;
                    let subject = Subject::make(&world, slug).await;
                    let client = Client {
                        session: &nobody,
                        token: Some(&bearer),
                    };
                    check_grant(client, (&subject, verb), (&world, true)).await;
                    if verb == "list" {
                        assert_eq!(seen(client).await, std::slice::from_ref(slug));
                        check_unknown(client, &other).await;
                    }
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r35_a92_without_a_grant_there_are_no_pages_and_without_a_login_only_the_way_to_it() {
    on_each_app(
        "r35_a92_without_a_grant_there_are_no_pages",
        |b| b,
        async |app| {
            app.user("tester", false, json!([])).await;
            let admin = app.login("admin").await;
            let (tester, nobody) = (app.login("tester").await, app.anonymous());
            let tester = Client {
                session: &tester,
                token: None,
            };
            let nobody = Client {
                session: &nobody,
                token: None,
            };
            app.seal().await;
            let world = World::look(&admin).await;
            feed(app).await;
            for slug in world.slugs() {
                let subject = Subject::make(&world, &slug).await;
                check_unknown(tester, &subject).await;
                for (_, probe) in subject.pages() {
                    let page = nobody.ask(&probe).await;
                    let unknown = Probe {
                        path: probe.path.replacen(&subject.slug, "no_such_model", 1),
                        ..probe.clone()
                    };
                    let unknown = nobody.ask(&unknown).await;
                    let wanted = if probe.method == "GET" { 303 } else { 401 };
                    assert_eq!(
                        (page.status(), unknown.status()),
                        (wanted, wanted),
                        "{probe:?}"
                    );
                    assert_eq!(
                        page.reply.text.replace(&slug, ""),
                        unknown.reply.text.replace("no_such_model", "")
                    );
                    if wanted == 303 {
                        assert!(
                            page.location().starts_with("/auth/login?next="),
                            "{probe:?}"
                        );
                    }
                }
                let path = subject.path.replacen("/admin/", "/api/v1/", 1);
                let still = call(&admin, ("GET", &path), &[], None).await;
                assert_eq!(still.status, 200, "{path} is still there");
            }
            assert_eq!(seen(tester).await, Vec::<String>::new());
            // Garbage for a session is no session.
            let request = app
                .anonymous()
                .request(reqwest::Method::GET, "/admin/author");
            let request =
                request.header("cookie", format!("quarterdeck_session={}", "A".repeat(43)));
            let page = super::page::whole(request).await;
            assert_eq!(text(&json!(page.status())), "303");
        },
    )
    .await;
}
