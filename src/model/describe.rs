//! What an entity tells about itself: [`describe`] is the only code generic over `EntityTrait` on
//! the reading side. Everything it finds goes into plain data, once, at start-up.

use sea_orm::sea_query::{ArrayType, ForeignKeyAction, StringLen, TableRef};
use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, IdenStatic, Identity, Iterable, ModelTrait,
    PrimaryKeyToColumn, PrimaryKeyTrait, RelationTrait,
};

use super::OnDelete;
use super::field::Field;
use super::kind::{IntSize, Kind};

/// What [`describe`] found.
#[derive(Debug, Clone)]
pub struct Description {
    /// Table name.
    pub table: String,
    /// Schema name, if the entity has one.
    pub schema: Option<String>,
    /// Fields in the entity's order, with the default options.
    pub fields: Vec<Field>,
    /// Column names of the primary key.
    pub key: Vec<String>,
    /// Relations by table and column name.
    pub relations: Vec<RawRelation>,
    /// Columns whose type no [`Kind`] describes.
    pub unsupported: Vec<String>,
}

/// A relation before the registry knows the models.
#[derive(Debug, Clone)]
pub struct RawRelation {
    /// Its name, from the variant.
    pub name: String,
    /// Whether it points at many.
    pub many: bool,
    /// Whether this side holds the foreign key.
    pub owns_key: bool,
    /// The target's table.
    pub to_table: String,
    /// Own columns.
    pub from: Vec<String>,
    /// The target's columns (the junction's, where there is one).
    pub to: Vec<String>,
    /// Junction table, its near and its far columns.
    pub via: Option<(String, Vec<String>, Vec<String>)>,
    /// What becomes of this side's rows when the row they point at is deleted.
    pub on_delete: OnDelete,
}

/// Reads the metadata of an entity.
#[must_use]
pub fn describe<E: EntityTrait>() -> Description {
    let entity = E::default();
    let key: Vec<String> = E::PrimaryKey::iter()
        .map(|k| k.into_column().as_str().to_owned())
        .collect();
    let generated = key.len() == 1 && <E::PrimaryKey as PrimaryKeyTrait>::auto_increment();
    let mut unsupported = Vec::new();
    let mut fields = Vec::new();
    for column in E::Column::iter() {
        let rust = <E::Model as ModelTrait>::get_value_type(column);
        let is_key = key.iter().any(|k| k == column.as_str());
        match field(column, &rust) {
            Some(field) => fields.push(Field {
                generated: is_key && generated,
                ..field
            }),
            None => unsupported.push(column.as_str().to_owned()),
        }
    }
    let relations = E::Relation::iter()
        .map(|relation| {
            let def = relation.def();
            RawRelation {
                name: snake_case(&relation.name()),
                many: matches!(def.rel_type, sea_orm::RelationType::HasMany),
                // SeaORM's `is_owner` means "owns the other rows", so belongs-to has `false`.
                owns_key: !def.is_owner,
                to_table: table_name(&def.to_tbl),
                from: identity(&def.from_col),
                to: identity(&def.to_col),
                via: None,
                on_delete: on_delete(def.on_delete.as_ref()),
            }
        })
        .collect();
    Description {
        table: entity.table_name().to_owned(),
        schema: entity.schema_name().map(ToOwned::to_owned),
        fields,
        key,
        relations,
        unsupported,
    }
}

/// Reads a many-to-many relation, which `Relation::iter()` does not list.
#[must_use]
pub fn many_to_many<E, T>(name: &str) -> Option<RawRelation>
where
    E: EntityTrait + sea_orm::Related<T>,
    T: EntityTrait,
{
    let via = <E as sea_orm::Related<T>>::via()?;
    let to = <E as sea_orm::Related<T>>::to();
    Some(RawRelation {
        name: name.to_owned(),
        many: true,
        owns_key: false,
        to_table: table_name(&to.to_tbl),
        from: identity(&via.from_col),
        to: identity(&to.to_col),
        via: Some((
            table_name(&via.to_tbl),
            identity(&via.to_col),
            identity(&to.from_col),
        )),
        on_delete: OnDelete::Restrict,
    })
}

/// A constraint without a word about it refuses, and so does SQL's `SET DEFAULT` for a default that
/// is no row: only what the entity says is done for it.
fn on_delete(action: Option<&ForeignKeyAction>) -> OnDelete {
    match action {
        Some(ForeignKeyAction::Cascade) => OnDelete::Cascade,
        Some(ForeignKeyAction::SetNull) => OnDelete::SetNull,
        _ => OnDelete::Restrict,
    }
}

fn field<C: ColumnTrait>(column: C, rust: &ArrayType) -> Option<Field> {
    let def = column.def();
    let name = column.json_key().to_owned();
    Some(Field {
        label: sentence_case(&name),
        labelled: false,
        name,
        column: column.as_str().to_owned(),
        kind: kind(def.get_column_type(), rust)?,
        nullable: def.is_null(),
        has_default: def.get_column_default().is_some(),
        unique: def.is_unique(),
        generated: false,
        secret: false,
        readonly: false,
        filterable: true,
        choices: Vec::new(),
        help: String::new(),
        widget: None,
        rules: Vec::new(),
        limit: None,
    })
}

/// The kind of a column, from its database type where that says more than the Rust type.
fn kind(column: &ColumnType, rust: &ArrayType) -> Option<Kind> {
    Some(match (column, rust) {
        (ColumnType::Array(item), _) => Kind::Array(Box::new(kind(item, rust)?)),
        (ColumnType::Enum { name, variants }, _) => Kind::Enum {
            native: Some(name.to_string()),
            variants: variants.iter().map(ToString::to_string).collect(),
        },
        (_, ArrayType::Bool) => Kind::Bool,
        (_, ArrayType::TinyInt) => Kind::Int(IntSize::I8),
        (_, ArrayType::SmallInt) => Kind::Int(IntSize::I16),
        (_, ArrayType::Int) => Kind::Int(IntSize::I32),
        (_, ArrayType::BigInt) => Kind::Int(IntSize::I64),
        (_, ArrayType::TinyUnsigned) => Kind::Int(IntSize::U8),
        (_, ArrayType::SmallUnsigned) => Kind::Int(IntSize::U16),
        (_, ArrayType::Unsigned) => Kind::Int(IntSize::U32),
        (_, ArrayType::BigUnsigned) => Kind::Int(IntSize::U64),
        (_, ArrayType::Float) => Kind::Float,
        (_, ArrayType::Double) => Kind::Double,
        (ColumnType::Decimal(size) | ColumnType::Money(size), ArrayType::Decimal) => {
            Kind::Decimal(*size)
        }
        (_, ArrayType::Decimal) => Kind::Decimal(None),
        (ColumnType::String(StringLen::N(n)), ArrayType::String) => Kind::Text(Some(*n)),
        (ColumnType::Char(n), ArrayType::String) => Kind::Text(Some(n.unwrap_or(1))),
        (_, ArrayType::String | ArrayType::Enum(_)) => Kind::Text(None),
        (_, ArrayType::Char) => Kind::Text(Some(1)),
        (ColumnType::Binary(n) | ColumnType::VarBinary(StringLen::N(n)), ArrayType::Bytes) => {
            Kind::Bytes(Some(*n))
        }
        (_, ArrayType::Bytes) => Kind::Bytes(None),
        (_, ArrayType::Json) => Kind::Json,
        (_, ArrayType::Uuid) => Kind::Uuid,
        (_, ArrayType::ChronoDate) => Kind::Date,
        (_, ArrayType::ChronoTime) => Kind::Time,
        (_, ArrayType::ChronoDateTime) => Kind::DateTime,
        (
            _,
            ArrayType::ChronoDateTimeUtc
            | ArrayType::ChronoDateTimeLocal
            | ArrayType::ChronoDateTimeWithTimeZone,
        ) => Kind::Timestamp,
        // Types that only exist with features Quarterdeck does not ask for, such as `time`'s.
        _ => return None,
    })
}

fn table_name(table: &TableRef) -> String {
    match table {
        TableRef::Table(name, _) => name.1.to_string(),
        _ => String::new(),
    }
}

fn identity(identity: &Identity) -> Vec<String> {
    match identity {
        Identity::Unary(a) => vec![a.to_string()],
        Identity::Binary(a, b) => vec![a.to_string(), b.to_string()],
        Identity::Ternary(a, b, c) => vec![a.to_string(), b.to_string(), c.to_string()],
        Identity::Many(all) => all.iter().map(ToString::to_string).collect(),
    }
}

/// `MediaType` and `mediaType` become `media_type`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_lower {
            out.push('_');
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}

/// `unit_price` becomes `Unit price`.
#[must_use]
pub fn sentence_case(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut chars = spaced.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
