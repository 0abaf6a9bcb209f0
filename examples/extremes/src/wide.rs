//! A table of 60 columns.

use sea_orm::entity::prelude::*;

/// One row of `wide`: all columns but the key and the name may be null.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "wide")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(column_type = "String(StringLen::N(1000))")]
    pub(crate) name: String,
    pub(crate) word_01: Option<String>,
    pub(crate) word_02: Option<String>,
    pub(crate) word_03: Option<String>,
    pub(crate) word_04: Option<String>,
    pub(crate) word_05: Option<String>,
    pub(crate) word_06: Option<String>,
    pub(crate) word_07: Option<String>,
    pub(crate) word_08: Option<String>,
    pub(crate) word_09: Option<String>,
    pub(crate) word_10: Option<String>,
    pub(crate) word_11: Option<String>,
    pub(crate) word_12: Option<String>,
    pub(crate) word_13: Option<String>,
    pub(crate) word_14: Option<String>,
    pub(crate) word_15: Option<String>,
    pub(crate) word_16: Option<String>,
    pub(crate) count_01: Option<i64>,
    pub(crate) count_02: Option<i64>,
    pub(crate) count_03: Option<i64>,
    pub(crate) count_04: Option<i64>,
    pub(crate) count_05: Option<i64>,
    pub(crate) count_06: Option<i64>,
    pub(crate) count_07: Option<i64>,
    pub(crate) count_08: Option<i64>,
    pub(crate) count_09: Option<i64>,
    pub(crate) count_10: Option<i64>,
    pub(crate) count_11: Option<i64>,
    pub(crate) count_12: Option<i64>,
    pub(crate) count_13: Option<i64>,
    pub(crate) count_14: Option<i64>,
    pub(crate) count_15: Option<i64>,
    pub(crate) count_16: Option<i64>,
    pub(crate) reading_01: Option<f64>,
    pub(crate) reading_02: Option<f64>,
    pub(crate) reading_03: Option<f64>,
    pub(crate) reading_04: Option<f64>,
    pub(crate) reading_05: Option<f64>,
    pub(crate) reading_06: Option<f64>,
    pub(crate) reading_07: Option<f64>,
    pub(crate) reading_08: Option<f64>,
    pub(crate) reading_09: Option<f64>,
    pub(crate) reading_10: Option<f64>,
    pub(crate) flag_01: Option<bool>,
    pub(crate) flag_02: Option<bool>,
    pub(crate) flag_03: Option<bool>,
    pub(crate) flag_04: Option<bool>,
    pub(crate) flag_05: Option<bool>,
    pub(crate) flag_06: Option<bool>,
    pub(crate) flag_07: Option<bool>,
    pub(crate) flag_08: Option<bool>,
    pub(crate) moment_01: Option<DateTimeUtc>,
    pub(crate) moment_02: Option<DateTimeUtc>,
    pub(crate) moment_03: Option<DateTimeUtc>,
    pub(crate) moment_04: Option<DateTimeUtc>,
    pub(crate) moment_05: Option<DateTimeUtc>,
    pub(crate) moment_06: Option<DateTimeUtc>,
    pub(crate) moment_07: Option<DateTimeUtc>,
    pub(crate) moment_08: Option<DateTimeUtc>,
}

/// It has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
