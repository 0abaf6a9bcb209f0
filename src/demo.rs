//! The demo shop: registers `entity::demo` with good options and fills an empty database. The only
//! user of those entities.

pub mod fill;

use quarterdeck_entity::demo::{
    address, author, book, book_category, book_detail, category, customer, order, order_line,
    price_list, publisher, review, staff_note, stock_event,
};
use sea_orm::prelude::Decimal;
use sea_orm::{EntityTrait as _, Iterable as _, PaginatorTrait as _};
use serde_json::json;

use crate::app::{App, AppBuilder};
use crate::auth::secret;
use crate::cli::{Failure, NewUser, create_user};
use crate::crud::{Action, Context, Selection};
use crate::error::Error;
use crate::model::{Input, Kind, Rule, Widget};
use crate::page::viewer::Language;
use crate::store::failure;

/// Registers the models and migrations of the shop.
#[must_use]
pub fn register(app: AppBuilder) -> AppBuilder {
    let app = app
        .migrations(quarterdeck_migration::demo())
        .action::<book::Entity>(discount())
        .action::<review::Entity>(approve());
    people(trade(catalogue(app))).translation(Language::German, include_str!("demo/de.tsv"))
}

/// Lowers prices by so many percent.
fn discount() -> Action {
    let percent = Kind::Decimal(Some((4, 1)));
    Action::new(
        "discount",
        "Lower the price",
        |selection: Selection| async move {
            let percent = selection.text("percent").unwrap_or_default();
            let percent: Decimal = percent.parse().map_err(Error::internal)?;
            selection
                .patch(|book| {
                    let price: Decimal = book["price"].as_str()?.parse().ok()?;
                    let rest = Decimal::ONE_HUNDRED - percent;
                    let price = (price * rest / Decimal::ONE_HUNDRED).round_dp(2);
                    Some(json!({ "price": price.to_string() }))
                })
                .await
        },
    )
    .field("percent", percent, false, |f| {
        f.help("By how many percent.").min(0.1).max(90.0)
    })
    .confirm("The new prices are in force at once.")
}

/// Lets the public see reviews.
fn approve() -> Action {
    Action::new("approve", "Approve", |selection: Selection| async move {
        selection
            .patch(|_| Some(json!({ "approved": true, "moderation": "accepted" })))
            .await
    })
}

fn catalogue(app: AppBuilder) -> AppBuilder {
    use book::Column as B;
    app.model::<publisher::Entity>(|m| m.group("Catalogue").search([publisher::Column::Name]))
        .model::<author::Entity>(|m| {
            use author::Column::{Biography, Born, Country, Name, Slug};
            m.group("Catalogue")
                .list([Name, Slug, Country, Born])
                .search([Name, Slug])
                .filters([Country])
                .widget(Biography, Widget::TextArea)
        })
        .model::<book::Entity>(|m| {
            m.group("Catalogue")
                .display("title")
                .list([
                    B::Title,
                    B::AuthorId,
                    B::Price,
                    B::Pages,
                    B::PublishedOn,
                    B::InPrint,
                ])
                .search([B::Title, B::Subtitle, B::Isbn])
                .filters([B::InPrint, B::Language, B::PublisherId])
                .readonly([B::CreatedAt, B::UpdatedAt])
                .field(B::CreatedAt, crate::model::FieldOptions::has_default)
                .field(B::UpdatedAt, crate::model::FieldOptions::has_default)
                .field(B::Price, |f| f.help("In euros, with tax.").min(0.0))
                .field(B::Pages, |f| f.min(1.0).max(20_000.0))
                .field(B::Isbn, |f| f.label("ISBN").rule(Rule::MinLength(10)))
                .icon("M5 3h13v16H6.5a1.5 1.5 0 0 0 0 3H18v-1H7v-1h12V2H6a3 3 0 0 0-3 3v14a4 4 0 0 1 2-1z")
                .computed(("page_price", "Per page"), [B::Price, B::Pages], |book| {
                    let price: Decimal = book["price"].as_str()?.parse().ok()?;
                    let pages = Decimal::from(book["pages"].as_i64()?);
                    Some((price / pages).round_dp(3).to_string())
                })
                .fieldset(
                    "Book",
                    "",
                    [
                        B::Title,
                        B::Subtitle,
                        B::AuthorId,
                        B::PublisherId,
                        B::Isbn,
                        B::Description,
                    ],
                )
                .fieldset(
                    "Sale",
                    "What a shop needs to know.",
                    [B::Price, B::InPrint, B::Pages, B::PublishedOn],
                )
                .many_to_many::<category::Entity>("categories")
        })
        .model::<book_detail::Entity>(|m| {
            let binding = book_detail::Binding::iter();
            m.group("Catalogue")
                .label("Book detail")
                .field(book_detail::Column::Binding, |f| {
                    f.choices(binding.map(|b| sea_orm::ActiveEnum::to_value(&b)))
                })
        })
        .model::<category::Entity>(|m| {
            m.group("Catalogue")
                .search([category::Column::Name])
                .many_to_many::<book::Entity>("books")
        })
        .model::<book_category::Entity>(|m| {
            m.group("Catalogue")
                .label("Category of a book")
                .label_plural("Categories of books")
        })
        .model::<price_list::Entity>(|m| m.group("Catalogue").label("Price list"))
}

fn trade(app: AppBuilder) -> AppBuilder {
    app.model::<order::Entity>(|m| {
        use order::Column::{CustomerId, Id, PlacedAt, ShippedAt, Status, Total};
        let states = order::Status::iter();
        m.group("Trade")
            .display("Order {id}")
            .list([Id, CustomerId, Status, Total, PlacedAt, ShippedAt])
            .filters([Status, PlacedAt])
            .ordering("-placed_at")
            .timeline(PlacedAt)
            .field(Status, |f| {
                f.choices(states.map(|s| sea_orm::ActiveEnum::to_value(&s)))
            })
            .inline::<order_line::Entity>("order_line", |i| {
                use order_line::Column::{BookId, Quantity, UnitPrice};
                i.columns([BookId, Quantity, UnitPrice])
            })
    })
    .model::<order_line::Entity>(|m| {
        m.group("Trade")
            .label("Order line")
            .field(order_line::Column::Quantity, |f| f.min(1.0))
    })
    .model::<stock_event::Entity>(|m| {
        let kinds = stock_event::Kind::iter();
        m.group("Trade")
            .label("Stock event")
            .ordering("-at")
            .field(stock_event::Column::Kind, |f| {
                f.choices(kinds.map(|k| sea_orm::ActiveEnum::to_value(&k)))
            })
    })
}

fn people(app: AppBuilder) -> AppBuilder {
    app.model::<customer::Entity>(|m| {
        m.group("People")
            .search([customer::Column::Name, customer::Column::Email])
            .inline::<address::Entity>("address", |i| i)
            .field(customer::Column::Email, |f| {
                f.rule(Rule::Email).widget(Widget::Email)
            })
    })
    .model::<address::Entity>(|m| {
        let kinds = address::Kind::iter();
        m.group("People")
            .label_plural("Addresses")
            .field(address::Column::Kind, |f| {
                f.choices(kinds.map(|k| sea_orm::ActiveEnum::to_value(&k)))
            })
    })
    .model::<review::Entity>(|m| {
        use review::Column::{Approved, Body, BookId, CustomerId, Moderation, Rating, Title};
        let states = review::Moderation::iter();
        m.group("People")
            .display("title")
            .list([Title, BookId, CustomerId, Rating, Moderation, Approved])
            .search([Title])
            .filters([Approved, Moderation, Rating])
            .field(Rating, |f| f.help("1 to 5.").min(1.0).max(5.0))
            .field(Moderation, |f| {
                f.choices(states.map(|s| sea_orm::ActiveEnum::to_value(&s)))
            })
            .widget(Body, Widget::TextArea)
    })
    .model::<staff_note::Entity>(|m| {
        m.group("People")
            .label("Staff note")
            .display("code")
            .search([staff_note::Column::Body])
            .trash(staff_note::Column::DeletedAt, Some(30))
    })
}

/// Fills an empty database and makes three users; the lines to print.
///
/// # Errors
/// What the database said.
pub async fn fill_if_empty(app: App) -> Result<Vec<String>, Failure> {
    let db = app.engine.db();
    let count = author::Entity::find()
        .count(db.reader())
        .await
        .map_err(failure::plain)?;
    if count > 0 || crate::auth::accounts::any(db).await? {
        return Ok(vec![
            "The database is not empty; the demo data is left as it is.".to_owned(),
        ]);
    }
    fill::fill(db.migrations()).await.map_err(failure::plain)?;
    make_roles(&app).await?;
    let mut lines = Vec::new();
    for (name, role) in [
        ("administrator", None),
        ("editor", Some("editor")),
        ("viewer", Some("viewer")),
    ] {
        let password = secret::random().map_err(Error::internal)?;
        let password = &password.expose()[..16];
        let new = NewUser {
            name,
            email: None,
            superuser: role.is_none(),
            roles: role.map(ToOwned::to_owned).into_iter().collect(),
            password,
        };
        create_user(&app, new).await?;
        lines.push(format!("{name:<14} {password}"));
    }
    Ok(lines)
}

/// `editor` writes the catalogue and the trade; `viewer` reads what is public, and of reviews only
/// the approved ones.
async fn make_roles(app: &App) -> Result<(), Error> {
    let all = json!(["list", "read", "create", "replace", "patch", "delete"]);
    let look = json!(["list", "read"]);
    let catalogue = [
        "publisher",
        "author",
        "book",
        "book_detail",
        "category",
        "book_category",
        "price_list",
    ];
    let editor = make_role(app, "editor", "Writes the catalogue and the trade.").await?;
    for model in catalogue
        .into_iter()
        .chain(["order", "order_line", "stock_event", "review"])
    {
        grant(app, editor, json!({"model": model, "verbs": all, "rows": "all", "readable": "all", "writable": "all"})).await?;
    }
    for model in ["customer", "address"] {
        grant(app, editor, json!({"model": model, "verbs": look, "rows": "all", "readable": "all", "writable": []})).await?;
    }
    let viewer = make_role(app, "viewer", "Reads what is public.").await?;
    for model in catalogue {
        grant(app, viewer, json!({"model": model, "verbs": look, "rows": "all", "readable": "all", "writable": []})).await?;
    }
    let approved = json!({"approved": true});
    let readable = json!(["id", "book_id", "rating", "title", "body", "approved"]);
    grant(app, viewer, json!({"model": "review", "verbs": look, "rows": approved, "readable": readable, "writable": []})).await
}

async fn make_role(app: &App, name: &str, description: &str) -> Result<i64, Error> {
    let body = Input::from(&json!({"name": name, "description": description}));
    let model = app.engine.model("qd_role")?.id;
    let made = app.engine.create(&Context::operator(), model, body).await?;
    made.key.parse().map_err(Error::internal)
}

async fn grant(app: &App, role: i64, mut grant: serde_json::Value) -> Result<(), Error> {
    grant["role_id"] = json!(role);
    let model = app.engine.model("qd_grant")?.id;
    app.engine
        .create(&Context::operator(), model, Input::from(&grant))
        .await?;
    Ok(())
}
