//! `category`: the headings of the shop, a tree.

use sea_orm::entity::prelude::*;

/// One heading.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "category")]
pub struct Model {
    /// Surrogate key, of 32 bits.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Null at the top. When a heading goes, what was below it moves to the top.
    pub parent_id: Option<i32>,
    /// What the shop shows.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub name: String,
    /// The name for addresses.
    #[sea_orm(column_type = "String(StringLen::N(120))", unique)]
    pub slug: String,
    /// The place among its siblings.
    #[sea_orm(default_value = 0)]
    pub position: i32,
}

/// What a category is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The heading above.
    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::ParentId",
        to = "Column::Id",
        on_delete = "SetNull"
    )]
    Parent,
    /// The junction rows to the books.
    #[sea_orm(has_many = "super::book_category::Entity")]
    BookCategory,
}

/// From a heading to the headings below it.
#[derive(Clone, Copy, Debug)]
pub struct Children;

impl Linked for Children {
    type FromEntity = Entity;
    type ToEntity = Entity;

    fn link(&self) -> Vec<RelationDef> {
        vec![Relation::Parent.def().rev()]
    }
}

impl Related<Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Parent.def()
    }
}

impl Related<super::book_category::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::BookCategory.def()
    }
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        super::book_category::Relation::Book.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::book_category::Relation::Category.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
