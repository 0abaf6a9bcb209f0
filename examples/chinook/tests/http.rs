//! What the walk through Chinook in the documentation shows, asked over HTTP on all three
//! databases: the same answers everywhere, and nothing changed but what was asked for.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod place;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use chinook::entity::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist,
    playlist_track, track,
};
use futures_util::FutureExt as _;
use place::Place;
use quarterdeck::acl::Principal;
use quarterdeck::app::App;
use quarterdeck::auth::accounts;
use quarterdeck::config::{Config, DatabaseUrl};
use quarterdeck::crud::Context;
use quarterdeck::model::Input;
use reqwest::{Client, Method};
use sea_orm::{DatabaseConnection, EntityTrait as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::test]
async fn the_shop_answers_on_the_sqlite_file() {
    if let Some(place) = place::sqlite("the_shop_answers_on_the_sqlite_file").await {
        walk("SQLite", place).await;
    }
}

#[tokio::test]
async fn the_shop_answers_on_the_postgres_dump() {
    if let Some(place) = place::postgres("the_shop_answers_on_the_postgres_dump").await {
        walk("PostgreSQL", place).await;
    }
}

#[tokio::test]
async fn the_shop_answers_on_the_mysql_dump_on_mariadb() {
    if let Some(place) = place::mariadb("the_shop_answers_on_the_mysql_dump_on_mariadb").await {
        walk("MariaDB", place).await;
    }
}

async fn walk(name: &str, place: Place) {
    let outcome = AssertUnwindSafe(answers(&place)).catch_unwind().await;
    place.remove().await;
    if let Err(panic) = outcome {
        eprintln!("failed on {name}");
        resume_unwind(panic);
    }
}

async fn answers(place: &Place) {
    let (app, address, stop) = start(&place.url).await;
    let before = contents(&place.db).await;
    let shop = Shop::login(&address).await;
    every_table_is_a_model_in_snake_case(&shop).await;
    tracks_come_with_album_and_artist(&shop).await;
    a_filter_walks_three_relations(&shop).await;
    customers_are_found_by_the_city_of_their_support(&shop).await;
    a_junction_is_walked_and_has_an_address(&shop).await;
    characters_that_the_column_cannot_hold_match_nothing(&shop).await;
    if place.url.starts_with("mysql") {
        characters_that_the_column_cannot_hold_are_refused(&shop).await;
    }
    conflicts_name_their_fields(&shop).await;
    assert_eq!(
        contents(&place.db).await,
        before,
        "reading and refusing change nothing"
    );
    a_price_is_patched(&shop).await;
    let after = contents(&place.db).await;
    let changed: Vec<&str> = before
        .iter()
        .zip(&after)
        .filter(|(b, a)| b != a)
        .map(|(b, _)| b.0)
        .collect();
    assert_eq!(changed, ["track"]);
    shop.patch_price("0.99").await;
    assert_eq!(
        contents(&place.db).await,
        before,
        "all is as it was delivered"
    );
    let _ = stop.send(());
    app.engine.db().clone().close().await;
}

async fn start(url: &str) -> (App, String, oneshot::Sender<()>) {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::parse(url).unwrap();
    config.database.max_connections = 4;
    config.rate_limit.per_principal = 1_000_000;
    let app = chinook::register(App::builder(config))
        .build()
        .await
        .unwrap();
    assert_eq!(app.findings(), []);
    let user = app.engine.model("qd_user").unwrap().id;
    let ctx = Context {
        principal: Arc::new(Principal::system()),
        ..Context::operator()
    };
    let body = Input::from(&json!({"username": "clerk", "is_superuser": true}));
    let made = app.engine.create(&ctx, user, body).await.unwrap();
    let id = made.key.parse().unwrap();
    let passwords = &app.accounts.passwords;
    accounts::set_password(app.engine.db(), passwords, id, "clerk of the shop")
        .await
        .unwrap();
    app.identity.changed();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = app.clone();
    tokio::spawn(async move {
        server
            .serve(listener, async move { drop(stopped.await) })
            .await;
    });
    (app, address, stop)
}

/// Every row of every table, as the entities read it.
async fn contents(db: &DatabaseConnection) -> Vec<(&'static str, String)> {
    macro_rules! rows {
        ($($table:ident),*) => {
            vec![$({
                let mut rows = $table::Entity::find().all(db).await.unwrap();
                rows.sort_by_key(|row| format!("{row:?}"));
                (stringify!($table), format!("{rows:?}"))
            }),*]
        };
    }
    rows!(
        album,
        artist,
        customer,
        employee,
        genre,
        invoice,
        invoice_line,
        media_type,
        playlist,
        playlist_track,
        track
    )
}

/// A logged-in client.
struct Shop {
    client: Client,
    address: String,
}

impl Shop {
    async fn login(address: &str) -> Self {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let form = [("username", "clerk"), ("password", "clerk of the shop")];
        let answer = client.post(format!("{address}/auth/login")).form(&form);
        assert_eq!(answer.send().await.unwrap().status(), 303);
        Self {
            client,
            address: address.to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}", self.address);
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn patch_price(&self, price: &str) -> Value {
        let body = json!({ "unit_price": price });
        let (status, body) = self.ask(Method::PATCH, "track/1", Some(body)).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

async fn every_table_is_a_model_in_snake_case(shop: &Shop) {
    let models = shop.get("_models").await;
    let all = models["data"].as_array().expect("models");
    let slugs: Vec<&str> = all.iter().filter_map(|m| m["slug"].as_str()).collect();
    for (slug, rows) in [
        ("album", 347),
        ("artist", 275),
        ("customer", 59),
        ("employee", 8),
        ("genre", 25),
        ("invoice", 412),
        ("invoice_line", 2240),
        ("media_type", 5),
        ("playlist", 18),
        ("playlist_track", 8715),
        ("track", 3503),
    ] {
        assert!(slugs.contains(&slug), "{slug} in {slugs:?}");
        let page = shop.get(&format!("{slug}?limit=1")).await["page"].clone();
        assert_eq!(
            (&page["count"], &page["count_kind"]),
            (&json!(rows), &json!("exact")),
            "{slug}"
        );
    }
}

async fn tracks_come_with_album_and_artist(shop: &Shop) {
    let path = "track?expand=album.artist&fields=track_id,name,unit_price,album.title,album.artist.name&limit=3";
    let page = shop.get(path).await;
    assert_eq!(
        page["data"],
        json!([
            {"track_id": 1, "name": "For Those About To Rock (We Salute You)", "unit_price": "0.99",
             "album": {"title": "For Those About To Rock We Salute You",
                       "artist": {"name": "AC/DC"}}},
            {"track_id": 2, "name": "Balls to the Wall", "unit_price": "0.99",
             "album": {"title": "Balls to the Wall",
                       "artist": {"name": "Accept"}}},
            {"track_id": 3, "name": "Fast As a Shark", "unit_price": "0.99",
             "album": {"title": "Restless and Wild",
                       "artist": {"name": "Accept"}}},
        ])
    );
}

async fn a_filter_walks_three_relations(shop: &Shop) {
    let path = "invoice_line?track.album.artist.name=Accept&fields=invoice_line_id,track_id";
    let page = shop.get(path).await;
    assert_eq!(
        page["data"],
        json!([
            {"invoice_line_id": 1, "track_id": 2},
            {"invoice_line_id": 2, "track_id": 4},
            {"invoice_line_id": 580, "track_id": 5},
            {"invoice_line_id": 1154, "track_id": 2},
            {"invoice_line_id": 1728, "track_id": 3},
        ])
    );
    let up = shop
        .get("customer?support_rep.manager.manager.city=Edmonton&limit=1")
        .await;
    assert_eq!(up["page"]["count"], json!(59), "the self-reference, twice");
}

async fn customers_are_found_by_the_city_of_their_support(shop: &Shop) {
    let path = "customer?support_rep.city=Calgary&country=Canada&sort=last_name\
                &fields=first_name,last_name,city,support_rep.first_name&expand=support_rep";
    let page = shop.get(path).await;
    let found: Vec<String> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let rep = text(&c["support_rep"]["first_name"]);
            format!(
                "{} {} {} {rep}",
                text(&c["first_name"]),
                text(&c["last_name"]),
                text(&c["city"])
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "Robert Brown Toronto Jane",
            "Edward Francis Ottawa Jane",
            "Aaron Mitchell Winnipeg Margaret",
            "Jennifer Peterson Vancouver Jane",
            "Mark Philips Edmonton Steve",
            "Martha Silk Halifax Steve",
            "Ellie Sullivan Yellowknife Jane",
            "François Tremblay Montréal Jane",
        ]
    );
    let none = shop.get("customer?support_rep.city=Edmonton").await;
    assert_eq!(none["data"], json!([]));
}

async fn a_junction_is_walked_and_has_an_address(shop: &Shop) {
    let entry = shop.get("playlist_track/1,3402").await;
    assert_eq!(entry, json!({"playlist_id": 1, "track_id": 3402}));
    let page = shop
        .get("playlist?tracks.album.artist.name=Accept&fields=playlist_id,name")
        .await;
    assert_eq!(
        page["data"],
        json!([
            {"playlist_id": 1, "name": "Music"},
            {"playlist_id": 5, "name": "90’s Music"},
            {"playlist_id": 8, "name": "Music"},
            {"playlist_id": 17, "name": "Heavy Metal Classic"},
        ])
    );
    let page = shop
        .get("track?playlists.name=On-The-Go%201&fields=track_id,name")
        .await;
    assert_eq!(
        page["data"],
        json!([{"track_id": 597, "name": "Now's The Time"}])
    );
}

/// NVARCHAR on MariaDB holds characters of three bytes at most, whatever the connection speaks.
async fn characters_that_the_column_cannot_hold_match_nothing(shop: &Shop) {
    for condition in [
        "name=😀",
        "name__contains=😀",
        "name__icontains=😀",
        "name__startswith=😀",
        "name__in=😀,🎸",
        "name__between=😀,🎸",
        "album.artist.name=😀",
        "q=😀😀",
    ] {
        let page = shop.get(&format!("track?{condition}&limit=1")).await;
        assert_eq!(page["data"], json!([]), "{condition}");
    }
    let page = shop.get("track?name__ne=😀&limit=1").await;
    assert_eq!(page["page"]["count"], json!(3503));
}

async fn characters_that_the_column_cannot_hold_are_refused(shop: &Shop) {
    let name = json!({"name": "Ride 😀"});
    let (status, problem) = shop.ask(Method::PATCH, "track/1", Some(name)).await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("invalid")),
        "{problem}"
    );
}

async fn conflicts_name_their_fields(shop: &Shop) {
    let taken = json!({"playlist_id": 1, "name": "Music again"});
    let (status, problem) = shop.ask(Method::POST, "playlist", Some(taken)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("unique")),
        "{problem}"
    );
    assert_eq!(
        problem["errors"][0]["pointer"],
        json!("/playlist_id"),
        "{problem}"
    );
    let lost = json!({ "album_id": 99_999 });
    let (status, problem) = shop.ask(Method::PATCH, "track/1", Some(lost)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("foreign_key")),
        "{problem}"
    );
    assert_eq!(
        problem["errors"][0]["pointer"],
        json!("/album_id"),
        "{problem}"
    );
    let (status, problem) = shop.ask(Method::DELETE, "artist/1", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("referenced")),
        "{problem}"
    );
    let (status, problem) = shop
        .ask(Method::PATCH, "track/1", Some(json!({"unit_price": "-1"})))
        .await;
    assert_eq!(status, 422, "{problem}");
    let (status, problem) = shop
        .ask(
            Method::PATCH,
            "track/1",
            Some(json!({"unit_price": "1.005"})),
        )
        .await;
    assert_eq!(status, 422, "nothing is rounded: {problem}");
}

async fn a_price_is_patched(shop: &Shop) {
    let patched = shop.patch_price("1.29").await;
    assert_eq!(patched["unit_price"], json!("1.29"));
    assert_eq!(shop.get("track/1").await, patched);
    // SQLite keeps a round price as an integer.
    let round = shop.patch_price("2.00").await;
    assert_eq!(round["unit_price"], json!("2.00"));
    assert_eq!(shop.get("track/1").await, round);
    let page = shop.get("track?unit_price=2&fields=name").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 1, "{page}");
    let entries = shop.get("qd_audit?model=track&sort=-id&limit=1").await;
    assert_eq!(
        entries["data"][0]["changes"],
        json!({"unit_price": {"old": "1.29", "new": "2.00"}})
    );
    assert_eq!(entries["data"][0]["username"], json!("clerk"));
}
