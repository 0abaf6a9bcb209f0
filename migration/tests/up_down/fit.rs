//! Writes a row into every table through its entity, with values at the ends of their kinds, and
//! reads it again: the same row comes back on every database.

use std::fmt::Debug;

use quarterdeck_entity::{demo, system};
use sea_orm::prelude::{Date, DateTime, DateTimeUtc, Decimal, Time, Uuid};
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel};
use serde_json::json;

/// Every table that the two lists make.
pub(crate) const TABLES: [&str; 26] = [
    "qd_user",
    "qd_role",
    "qd_user_role",
    "qd_grant",
    "qd_session",
    "qd_token",
    "qd_audit",
    "qd_audit_seal",
    "qd_state",
    "qd_login_throttle",
    "qd_idempotency",
    "qd_saved_view",
    "publisher",
    "author",
    "book",
    "book_detail",
    "category",
    "book_category",
    "price_list",
    "customer",
    "address",
    "order",
    "order_line",
    "review",
    "stock_event",
    "staff_note",
];

/// Longer than the 64 kB at which MariaDB's plain TEXT and BLOB end.
const LONG: usize = 70_000;

pub(crate) async fn every_entity_fits(db: &DatabaseConnection) {
    users_and_roles(db).await;
    sessions_and_tokens(db).await;
    trail_and_state(db).await;
    catalogue(db).await;
    book_and_its_parts(db).await;
    trade(db).await;
    opinions_and_stock(db).await;
}

async fn keep<E>(db: &DatabaseConnection, row: E::Model)
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Clone + Debug + PartialEq,
{
    E::insert(row.clone().into_active_model())
        .exec_without_returning(db)
        .await
        .unwrap();
    let rows = E::find().all(db).await.unwrap();
    assert!(rows.contains(&row), "{row:?} came back as {rows:?}");
}

/// Before 2038, although the column holds more: the driver sends an instant to MariaDB as a
/// TIMESTAMP, and what is past its end arrives there as NULL.
fn instant() -> DateTimeUtc {
    "2037-12-31T23:59:59.999999Z".parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn id() -> Uuid {
    "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".parse().unwrap()
}

async fn users_and_roles(db: &DatabaseConnection) {
    use system::{grant, role, user, user_role};
    let user = user::Model {
        id: i64::MAX - 1,
        username: "ж".repeat(150),
        email: None,
        full_name: Some("Zoë 🐙".to_owned()),
        password_hash: Some("x".repeat(LONG)),
        is_superuser: true,
        is_active: false,
        created_at: instant(),
        updated_at: instant(),
        last_login_at: None,
    };
    keep::<user::Entity>(db, user).await;
    keep::<role::Entity>(
        db,
        role::Model {
            id: 1,
            name: "editor".to_owned(),
            description: None,
        },
    )
    .await;
    keep::<user_role::Entity>(
        db,
        user_role::Model {
            user_id: i64::MAX - 1,
            role_id: 1,
        },
    )
    .await;
    let grant = grant::Model {
        id: 1,
        role_id: 1,
        model: "book".to_owned(),
        verbs: json!(["list", "read"]),
        rows: json!({"and": [{"price__gt": "1.50"}]}),
        readable: json!("all"),
        writable: json!([]),
    };
    keep::<grant::Entity>(db, grant).await;
}

async fn sessions_and_tokens(db: &DatabaseConnection) {
    use system::{session, token};
    let session = session::Model {
        id: 1,
        token_hash: "a".repeat(64),
        user_id: i64::MAX - 1,
        created_at: instant(),
        expires_at: instant(),
        seen_at: instant(),
        ip: Some("2001:db8:ffff:ffff:ffff:ffff:255.255.255.255".to_owned()),
        user_agent: None,
    };
    keep::<session::Entity>(db, session).await;
    let token = token::Model {
        id: 1,
        user_id: i64::MAX - 1,
        name: "backup".to_owned(),
        prefix: "qd_12345678".to_owned(),
        token_hash: "b".repeat(64),
        scopes: json!([{"model": "book", "verbs": ["list"]}]),
        created_at: instant(),
        expires_at: Some(instant()),
        last_used_at: None,
        revoked_at: None,
    };
    keep::<token::Entity>(db, token).await;
}

async fn trail_and_state(db: &DatabaseConnection) {
    use system::{audit, audit_seal, idempotency, login_throttle, state};
    let audit = audit::Model {
        id: 1,
        at: instant(),
        user_id: Some(77),
        username: Some("gone".to_owned()),
        token_id: None,
        door: "rest".to_owned(),
        ip: None,
        request_id: "r".repeat(64),
        verb: "patch".to_owned(),
        model: "book".to_owned(),
        record_id: "7,9".to_owned(),
        change_set: Some(i64::MAX),
        undoes: Some(i64::MAX),
        reason: Some("w".repeat(500)),
        changes: json!({"title": {"old": null, "new": "Ελλάδα"}}),
    };
    keep::<audit::Entity>(db, audit).await;
    let seal = audit_seal::Model {
        id: 1,
        at: instant(),
        rows: 1,
        highest: i64::MAX,
        ranges: "1,".repeat(LONG),
        gaps: None,
        digests: vec![7; LONG],
        head: "h".repeat(64),
        signature: "s".repeat(64),
    };
    keep::<audit_seal::Entity>(db, seal).await;
    let row = state::Model {
        name: "signing_key".to_owned(),
        value: "y".repeat(LONG),
    };
    keep::<state::Entity>(db, row).await;
    let throttle = login_throttle::Model {
        key: "name:ada".to_owned(),
        failures: i32::MAX,
        window_started_at: instant(),
        blocked_until: Some(instant()),
    };
    keep::<login_throttle::Entity>(db, throttle).await;
    let answer = idempotency::Model {
        key: "k".repeat(64),
        request: "r".repeat(64),
        rights: "s".repeat(64),
        record_id: "a,b".to_owned(),
        etag: "\"tag\"".to_owned(),
        body: "z".repeat(LONG),
        created_at: instant(),
    };
    keep::<idempotency::Entity>(db, answer).await;
}

async fn catalogue(db: &DatabaseConnection) {
    use demo::{author, category, price_list, publisher};
    let publisher = publisher::Model {
        id: 1,
        name: "Éditions du Bout".to_owned(),
        city: None,
        website: Some("https://example.org/".to_owned()),
        founded_year: Some(i16::MIN),
        active: false,
    };
    keep::<publisher::Entity>(db, publisher).await;
    let author = author::Model {
        id: 1,
        name: "夏目 漱石".to_owned(),
        slug: "natsume-soseki".to_owned(),
        country: "JP".to_owned(),
        born: Some(date("1867-02-09")),
        biography: Some("長".repeat(LONG / 2)),
    };
    keep::<author::Entity>(db, author).await;
    for (id, parent_id) in [(1, None), (2, Some(1)), (3, Some(2))] {
        let name = format!("Heading {id}");
        let category = category::Model {
            id,
            parent_id,
            slug: name.clone(),
            name,
            position: -id,
        };
        keep::<category::Entity>(db, category).await;
    }
    let list = price_list::Model {
        id: 1,
        name: "Export".to_owned(),
        currency: "EUR".to_owned(),
        factor: f64::MAX,
        valid_from: "2026-01-01T00:00:00".parse::<DateTime>().unwrap(),
        valid_until: Some("2026-12-31T23:59:59.000001".parse::<DateTime>().unwrap()),
    };
    keep::<price_list::Entity>(db, list).await;
}

async fn book_and_its_parts(db: &DatabaseConnection) {
    use demo::{book, book_category, book_detail};
    let book = book::Model {
        id: 1,
        isbn: "9780000000002".to_owned(),
        title: "書".repeat(200),
        subtitle: None,
        author_id: 1,
        publisher_id: Some(1),
        price: decimal("99999999.99"),
        pages: i32::MIN,
        published_on: Some(date("0001-01-01")),
        in_print: false,
        rating: Some(0.1 + 0.2),
        language: "zh-Hant".to_owned(),
        description: Some(String::new()),
        metadata: Some(json!({"n": 1.5, "list": [null, true, "🐟"]})),
        created_at: instant(),
        updated_at: instant(),
    };
    keep::<book::Entity>(db, book).await;
    let detail = book_detail::Model {
        book_id: 1,
        binding: book_detail::Binding::Audio,
        weight_g: Some(123.456),
        dimensions: Some(json!({"width_mm": 120})),
        cover: Some((0..LONG).map(|n| n.to_le_bytes()[0]).collect()),
    };
    keep::<book_detail::Entity>(db, detail).await;
    keep::<book_category::Entity>(
        db,
        book_category::Model {
            book_id: 1,
            category_id: 3,
        },
    )
    .await;
}

async fn trade(db: &DatabaseConnection) {
    use demo::{address, customer, order, order_line};
    let customer = customer::Model {
        id: id(),
        name: "नेहा शर्मा".to_owned(),
        email: "neha@example.org".to_owned(),
        phone: None,
        birthday: Some(date("9999-12-31")),
        preferences: json!({}),
        newsletter: true,
        marketing_sms: false,
        loyalty_points: i64::MIN,
        created_at: instant(),
    };
    keep::<customer::Entity>(db, customer).await;
    let address = address::Model {
        id: 1,
        customer_id: id(),
        kind: address::Kind::Pickup,
        street: "ул. Ленина 1".to_owned(),
        extra: None,
        postcode: None,
        city: "Омск".to_owned(),
        country: "RU".to_owned(),
        is_default: true,
    };
    keep::<address::Entity>(db, address).await;
    let order = order::Model {
        id: 1,
        customer_id: id(),
        shipping_address_id: Some(1),
        status: order::Status::Cancelled,
        total: decimal("-9999999999.99"),
        placed_at: instant(),
        shipped_at: None,
        note: None,
    };
    keep::<order::Entity>(db, order).await;
    let line = order_line::Model {
        id: 1,
        order_id: 1,
        book_id: 1,
        quantity: i32::MAX,
        unit_price: decimal("0.01"),
    };
    keep::<order_line::Entity>(db, line).await;
}

async fn opinions_and_stock(db: &DatabaseConnection) {
    use demo::{review, staff_note, stock_event};
    let review = review::Model {
        id: 1,
        book_id: 1,
        customer_id: Some(id()),
        rating: i16::MAX,
        title: "Good\ttitle ".to_owned(),
        body: None,
        approved: true,
        moderation: review::Moderation::Flagged,
        created_at: instant(),
    };
    keep::<review::Entity>(db, review).await;
    let event = stock_event::Model {
        id: 1,
        book_id: 1,
        kind: stock_event::Kind::Counted,
        delta: i32::MIN,
        at: instant(),
        reference: Some(id()),
        payload: Some(json!([1, 2, 3])),
    };
    keep::<stock_event::Entity>(db, event).await;
    let note = staff_note::Model {
        code: "SN-0001".to_owned(),
        body: "שלום".to_owned(),
        pinned: true,
        remind_at: Some("23:59:59.999999".parse::<Time>().unwrap()),
        deleted_at: None,
        created_at: instant(),
    };
    keep::<staff_note::Entity>(db, note).await;
}
