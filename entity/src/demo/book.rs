//! `book`: what the shop sells. Shows how an entity keeps rules of its own at every write.

use std::time::{SystemTime, UNIX_EPOCH};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;

/// A book in one edition.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "book")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// ISBN-13 without hyphens.
    #[sea_orm(column_type = "String(StringLen::N(13))", unique)]
    pub isbn: String,
    /// Stored without blanks around it.
    #[sea_orm(column_type = "String(StringLen::N(200))")]
    pub title: String,
    /// The smaller line below the title.
    #[sea_orm(column_type = "String(StringLen::N(200))", nullable)]
    pub subtitle: Option<String>,
    /// Who wrote it; an author with books cannot be deleted.
    pub author_id: i64,
    /// Null for a book whose publisher is gone or was never known.
    pub publisher_id: Option<i64>,
    /// In the shop's own currency.
    #[sea_orm(column_type = "Decimal(Some((10, 2)))")]
    pub price: Decimal,
    /// Number of pages.
    pub pages: i32,
    /// Null for a book that is announced.
    pub published_on: Option<Date>,
    /// False when the publisher no longer delivers.
    #[sea_orm(default_value = true)]
    pub in_print: bool,
    /// The mean of the reviews; null without any.
    pub rating: Option<f64>,
    /// BCP 47, as far as it fits.
    #[sea_orm(column_type = "String(StringLen::N(8))", default_value = "en")]
    pub language: String,
    /// What the back of the book says.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Whatever else is known.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub metadata: Option<Json>,
    /// Set at the first save where the caller leaves it out.
    pub created_at: DateTimeUtc,
    /// Set at every save.
    pub updated_at: DateTimeUtc,
}

/// What a book is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who wrote it.
    #[sea_orm(
        belongs_to = "super::author::Entity",
        from = "Column::AuthorId",
        to = "super::author::Column::Id",
        on_delete = "Restrict"
    )]
    Author,
    /// Who brought it out.
    #[sea_orm(
        belongs_to = "super::publisher::Entity",
        from = "Column::PublisherId",
        to = "super::publisher::Column::Id",
        on_delete = "SetNull"
    )]
    Publisher,
    /// Its weight, size and cover.
    #[sea_orm(has_one = "super::book_detail::Entity")]
    BookDetail,
    /// The junction rows to the categories.
    #[sea_orm(has_many = "super::book_category::Entity")]
    BookCategory,
    /// Where it was sold.
    #[sea_orm(has_many = "super::order_line::Entity")]
    OrderLine,
    /// What was said about it.
    #[sea_orm(has_many = "super::review::Entity")]
    Review,
    /// How its stock moved.
    #[sea_orm(has_many = "super::stock_event::Entity")]
    StockEvent,
}

impl Related<super::author::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Author.def()
    }
}

impl Related<super::publisher::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Publisher.def()
    }
}

impl Related<super::book_detail::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::BookDetail.def()
    }
}

impl Related<super::book_category::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::BookCategory.def()
    }
}

impl Related<super::category::Entity> for Entity {
    fn to() -> RelationDef {
        super::book_category::Relation::Category.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::book_category::Relation::Book.def().rev())
    }
}

impl Related<super::order_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::OrderLine.def()
    }
}

impl Related<super::review::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Review.def()
    }
}

impl Related<super::stock_event::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::StockEvent.def()
    }
}

#[async_trait::async_trait]
impl ActiveModelBehavior for ActiveModel {
    async fn before_save<C>(mut self, _db: &C, insert: bool) -> Result<Self, DbErr>
    where
        C: ConnectionTrait,
    {
        if let Set(title) = &self.title {
            self.title = Set(title.trim().to_owned());
        }
        let now = now();
        if insert && matches!(self.created_at, NotSet) {
            self.created_at = Set(now);
        }
        self.updated_at = Set(now);
        Ok(self)
    }
}

/// Cut to the microseconds that every database keeps, so that what was saved is what is read.
fn now() -> DateTimeUtc {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    DateTimeUtc::from_timestamp_micros(micros).unwrap_or_default()
}
