//! What the walk through Chinook in the documentation shows, asked over HTTP on all three
//! databases: the same answers everywhere, and nothing changed but what was asked for.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod place;
mod shop;

use chinook::entity::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist,
    playlist_track, track,
};
use reqwest::Method;
use sea_orm::{DatabaseConnection, EntityTrait as _};
use serde_json::{Value, json};

use self::place::Place;
use self::shop::{Shop, start};

#[tokio::test]
async fn the_shop_answers_on_the_sqlite_file() {
    place::visit(
        place::sqlite("the_shop_answers_on_the_sqlite_file").await,
        answers,
    )
    .await;
}

#[tokio::test]
async fn the_shop_answers_on_the_postgres_dump() {
    place::visit(
        place::postgres("the_shop_answers_on_the_postgres_dump").await,
        answers,
    )
    .await;
}

#[tokio::test]
async fn the_shop_answers_on_the_mysql_dump_on_mariadb() {
    place::visit(
        place::mariadb("the_shop_answers_on_the_mysql_dump_on_mariadb").await,
        answers,
    )
    .await;
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

async fn every_table_is_a_model_in_snake_case(shop: &Shop) {
    let models = shop.get("_models").await;
    let all = models["data"].as_array().expect("models");
    let slugs: Vec<&str> = all.iter().filter_map(|m| m["slug"].as_str()).collect();
    for (slug, rows) in place::ROWS {
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
