//! The models of the oracle's world: every kind that filters know, null and not null, and every
//! shape of relation: to one, to many, to itself, through a junction, and by a composite key.

/// Someone who owns things.
pub(crate) mod owner {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "owner")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub name: String,
        pub level: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::thing::Entity")]
        Things,
    }

    impl Related<super::thing::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Things.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The model that most filters are about.
pub(crate) mod thing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "thing_state")]
    pub enum State {
        #[sea_orm(string_value = "new")]
        New,
        #[sea_orm(string_value = "active")]
        Active,
        #[sea_orm(string_value = "gone")]
        Gone,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "thing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub number: Option<i32>,
        pub small: i16,
        #[sea_orm(column_type = "Decimal(Some((12, 2)))", nullable)]
        pub price: Option<Decimal>,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub name: String,
        pub flag: Option<bool>,
        pub day: Option<Date>,
        pub at: Option<DateTimeUtc>,
        pub wall: Option<DateTime>,
        pub hour: Option<Time>,
        pub state: Option<State>,
        pub code: Option<Uuid>,
        pub ratio: Option<f64>,
        pub single: Option<f32>,
        pub owner_id: Option<i64>,
        pub parent_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::OwnerId",
            to = "super::owner::Column::Id"
        )]
        Owner,
        #[sea_orm(belongs_to = "Entity", from = "Column::ParentId", to = "Column::Id")]
        Parent,
        #[sea_orm(has_many = "super::part::Entity")]
        Parts,
        #[sea_orm(has_many = "super::link::Entity")]
        Links,
    }

    impl Related<super::owner::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Owner.def()
        }
    }

    impl Related<super::part::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Parts.def()
        }
    }

    impl Related<super::link::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Links.def()
        }
    }

    impl Related<super::tag::Entity> for Entity {
        fn to() -> RelationDef {
            super::link::Relation::Tag.def()
        }
        fn via() -> Option<RelationDef> {
            Some(super::link::Relation::Thing.def().rev())
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A child of a thing.
pub(crate) mod part {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "part")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub thing_id: Option<i64>,
        pub size: Option<i32>,
        #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::thing::Entity",
            from = "Column::ThingId",
            to = "super::thing::Column::Id"
        )]
        Thing,
    }

    impl Related<super::thing::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Thing.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What things are tagged with.
pub(crate) mod tag {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tag")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The junction of things and tags; its key is composite.
pub(crate) mod link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "link")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub thing_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag_id: i64,
        pub number: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::thing::Entity",
            from = "Column::ThingId",
            to = "super::thing::Column::Id"
        )]
        Thing,
        #[sea_orm(
            belongs_to = "super::tag::Entity",
            from = "Column::TagId",
            to = "super::tag::Column::Id"
        )]
        Tag,
        #[sea_orm(has_many = "super::remark::Entity")]
        Remarks,
    }

    impl Related<super::thing::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Thing.def()
        }
    }

    impl Related<super::remark::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Remarks.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Points at a junction row by both parts of its key, or by one of them, or by none.
pub(crate) mod remark {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "remark")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub thing_id: Option<i64>,
        pub tag_id: Option<i64>,
        pub number: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::link::Entity",
            from = "(Column::ThingId, Column::TagId)",
            to = "(super::link::Column::ThingId, super::link::Column::TagId)"
        )]
        Link,
    }

    impl Related<super::link::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Link.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
