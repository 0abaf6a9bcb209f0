//! The same entities on the three databases: every table reads, relations lead where they should,
//! writes come back, and broken rules are recognised as what they are.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod place;

use chinook::{
    entity::{
        album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist,
        playlist_track, track,
    },
    money::Money,
    views,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, EntityName, EntityTrait,
    IntoActiveModel, Iterable, ModelTrait, PaginatorTrait, QueryFilter, Set, SqlErr,
    prelude::{DateTime, Decimal},
};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use self::place::Place;

#[tokio::test]
async fn the_entities_fit_the_sqlite_file() {
    let place = place::sqlite("the_entities_fit_the_sqlite_file").await;
    place::visit(place, async |place: &Place| {
        up(&place.db).await;
        everything_holds(&place.db).await;
    })
    .await;
}

#[tokio::test]
async fn the_entities_fit_the_mysql_dump_on_mariadb() {
    let place = place::mariadb("the_entities_fit_the_mysql_dump_on_mariadb").await;
    place::visit(place, async |place: &Place| {
        up(&place.db).await;
        everything_holds(&place.db).await;
    })
    .await;
}

#[tokio::test]
async fn the_entities_fit_the_postgres_dump_through_views() {
    let place = place::postgres("the_entities_fit_the_postgres_dump_through_views").await;
    place::visit(place, async |place: &Place| {
        assert!(
            track::Entity::find().count(&place.db).await.is_err(),
            "no view yet, no table \"Track\""
        );
        up(&place.db).await;
        everything_holds(&place.db).await;
        views::Migration
            .down(&SchemaManager::new(&place.db))
            .await
            .unwrap();
        assert!(
            track::Entity::find().count(&place.db).await.is_err(),
            "the views are gone"
        );
        views::Migration
            .up(&SchemaManager::new(&place.db))
            .await
            .unwrap();
        assert_eq!(track::Entity::find().count(&place.db).await.unwrap(), 3503);
    })
    .await;
}

#[test]
fn database_names_are_pascal_case_and_json_names_snake_case() {
    assert_eq!(media_type::Entity.table_name(), "MediaType");
    let names = |column: track::Column| (sea_orm::IdenStatic::as_str(&column), column.json_key());
    let names: Vec<_> = track::Column::iter().map(names).collect();
    assert_eq!(names[0], ("TrackId", "track_id"));
    assert_eq!(names[8], ("UnitPrice", "unit_price"));
}

async fn up(db: &DatabaseConnection) {
    views::Migration.up(&SchemaManager::new(db)).await.unwrap();
}

async fn everything_holds(db: &DatabaseConnection) {
    every_row_of_every_table_reads(db).await;
    values_are_exact(db).await;
    belongs_to_and_has_many_lead_both_ways(db).await;
    the_self_reference_leads_up_and_down(db).await;
    playlists_and_tracks_find_each_other(db).await;
    a_row_is_created_changed_and_deleted(db).await;
    a_composite_key_is_found_created_and_deleted(db).await;
    a_round_price_comes_back(db).await;
    a_taken_key_is_a_unique_violation(db).await;
    a_missing_or_needed_target_is_a_foreign_key_violation(db).await;
}

async fn every_row_of_every_table_reads(db: &DatabaseConnection) {
    macro_rules! rows {
        ($($table:ident),*) => {
            [$((stringify!($table), $table::Entity::find().all(db).await.unwrap().len())),*]
        };
    }
    assert_eq!(
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
        ),
        place::ROWS
    );
}

async fn values_are_exact(db: &DatabaseConnection) {
    let track = track::Entity::find_by_id(1).one(db).await.unwrap().unwrap();
    assert_eq!(track.name, "For Those About To Rock (We Salute You)");
    assert_eq!(track.unit_price, price(99));
    assert_eq!(track.bytes, Some(11_170_334));
    let invoice = invoice::Entity::find_by_id(1)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (invoice.total, invoice.invoice_date),
        (price(198), moment("2021-01-01 00:00:00"))
    );
    let employee = employee::Entity::find_by_id(1)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(employee.birth_date, Some(moment("1962-02-18 00:00:00")));
    let jobim = artist::Entity::find_by_id(6)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(jobim.name.as_deref(), Some("Antônio Carlos Jobim"));
    let late = invoice::Entity::find()
        .filter(invoice::Column::InvoiceDate.gte(moment("2025-12-01 00:00:00")));
    assert_eq!(late.count(db).await.unwrap(), 7);
    let dear = track::Entity::find().filter(track::Column::UnitPrice.gt(price(99)));
    assert_eq!(dear.count(db).await.unwrap(), 213);
}

async fn belongs_to_and_has_many_lead_both_ways(db: &DatabaseConnection) {
    let (track, album) = track::Entity::find_by_id(1)
        .find_also_related(album::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    let album = album.unwrap();
    let artist = album
        .find_related(artist::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(artist.name.as_deref(), Some("AC/DC"));
    let tracks = album.find_related(track::Entity).all(db).await.unwrap();
    assert_eq!(tracks.len(), 10);
    assert!(tracks.contains(&track));
    let genre = track
        .find_related(genre::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(genre.name.as_deref(), Some("Rock"));
    assert_eq!(
        genre.find_related(track::Entity).count(db).await.unwrap(),
        1297
    );
    let format = track
        .find_related(media_type::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        format.find_related(track::Entity).count(db).await.unwrap(),
        3034
    );
    let sold = track
        .find_related(invoice_line::Entity)
        .all(db)
        .await
        .unwrap();
    let invoice = sold[0]
        .find_related(invoice::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    let customer = invoice
        .find_related(customer::Entity)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert!(
        customer
            .find_related(invoice::Entity)
            .all(db)
            .await
            .unwrap()
            .contains(&invoice)
    );
}

async fn the_self_reference_leads_up_and_down(db: &DatabaseConnection) {
    let jane = employee::Entity::find_by_id(3)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    let manager = jane
        .find_linked(employee::ToManager)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(manager.last_name, "Edwards");
    let reports = manager
        .find_linked(employee::ToReports)
        .all(db)
        .await
        .unwrap();
    let mut reports: Vec<i32> = reports.iter().map(|e| e.employee_id).collect();
    reports.sort_unstable();
    assert_eq!(reports, [3, 4, 5]);
    let customers = jane.find_related(customer::Entity).count(db).await.unwrap();
    assert_eq!(customers, 21);
}

async fn playlists_and_tracks_find_each_other(db: &DatabaseConnection) {
    let grunge = playlist::Entity::find_by_id(16)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    let tracks = grunge.find_related(track::Entity).all(db).await.unwrap();
    assert_eq!(tracks.len(), 15);
    let lists = tracks[0]
        .find_related(playlist::Entity)
        .all(db)
        .await
        .unwrap();
    assert!(lists.contains(&grunge));
}

async fn a_row_is_created_changed_and_deleted(db: &DatabaseConnection) {
    let made = artist::ActiveModel {
        artist_id: Set(9001),
        name: Set(None),
    };
    let made = made.insert(db).await.unwrap();
    assert_eq!(
        made,
        artist::Model {
            artist_id: 9001,
            name: None
        }
    );
    let mut change = made.into_active_model();
    change.name = Set(Some("Ólafur Arnalds".into()));
    let changed = change.update(db).await.unwrap();
    assert_eq!(changed.name.as_deref(), Some("Ólafur Arnalds"));
    assert_eq!(
        artist::Entity::find_by_id(9001).one(db).await.unwrap(),
        Some(changed.clone())
    );
    assert_eq!(changed.delete(db).await.unwrap().rows_affected, 1);
    assert_eq!(
        artist::Entity::find_by_id(9001).one(db).await.unwrap(),
        None
    );
}

async fn a_composite_key_is_found_created_and_deleted(db: &DatabaseConnection) {
    let known = playlist_track::Entity::find_by_id((1, 3402))
        .one(db)
        .await
        .unwrap();
    assert!(known.is_some());
    let entry = playlist_track::Model {
        playlist_id: 18,
        track_id: 1,
    };
    let made = entry.clone().into_active_model().insert(db).await.unwrap();
    assert_eq!(made, entry);
    assert_eq!(made.delete(db).await.unwrap().rows_affected, 1);
}

/// SQLite keeps 2.00 in a NUMERIC column as the integer 2.
async fn a_round_price_comes_back(db: &DatabaseConnection) {
    let track = track::Entity::find_by_id(1).one(db).await.unwrap().unwrap();
    for cents in [200, 99] {
        let mut change = track.clone().into_active_model();
        change.unit_price = Set(price(cents));
        assert_eq!(change.update(db).await.unwrap().unit_price, price(cents));
        let read = track::Entity::find_by_id(1).one(db).await.unwrap().unwrap();
        assert_eq!(read.unit_price, price(cents));
    }
}

async fn a_taken_key_is_a_unique_violation(db: &DatabaseConnection) {
    let twin = artist::ActiveModel {
        artist_id: Set(1),
        name: Set(None),
    };
    assert_unique(twin.insert(db).await.unwrap_err());
    let twin = playlist_track::ActiveModel {
        playlist_id: Set(1),
        track_id: Set(3402),
    };
    assert_unique(twin.insert(db).await.unwrap_err());
}

async fn a_missing_or_needed_target_is_a_foreign_key_violation(db: &DatabaseConnection) {
    let orphan = album::ActiveModel {
        album_id: Set(9001),
        title: Set("Nobody's".into()),
        artist_id: Set(9999),
    };
    assert_foreign_key(orphan.insert(db).await.unwrap_err());
    let album = album::Entity::find_by_id(1).one(db).await.unwrap().unwrap();
    let mut change = album.clone().into_active_model();
    change.artist_id = Set(9999);
    assert_foreign_key(change.update(db).await.unwrap_err());
    assert_foreign_key(album.delete(db).await.unwrap_err());
}

fn assert_unique(error: DbErr) {
    println!("unique: {error}");
    assert!(
        matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))),
        "{error}"
    );
}

fn assert_foreign_key(error: DbErr) {
    println!("foreign key: {error}");
    assert!(
        matches!(
            error.sql_err(),
            Some(SqlErr::ForeignKeyConstraintViolation(_))
        ),
        "{error}"
    );
}

fn price(cents: i64) -> Money {
    Money(Decimal::new(cents, 2))
}

fn moment(text: &str) -> DateTime {
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
}
