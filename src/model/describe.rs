//! What an entity tells about itself: [`describe`] is the only code generic over `EntityTrait` on
//! the reading side. Everything it finds goes into plain data, once, at start-up.

use sea_orm::sea_query::{ArrayType, ForeignKeyAction, StringLen, TableRef};
use sea_orm::{
    ColumnDef, ColumnTrait, ColumnType, EntityTrait, IdenStatic, Identity, Iterable, ModelTrait,
    PrimaryKeyToColumn, PrimaryKeyTrait, RelationDef, RelationTrait,
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

/// Reads the metadata of an entity. This much is compiled anew for each; what it comes to is not.
#[must_use]
pub fn describe<E: EntityTrait>() -> Description {
    let entity = E::default();
    let mut key = Vec::new();
    for part in E::PrimaryKey::iter() {
        key.push(part.into_column().as_str());
    }
    let mut columns = Vec::new();
    for column in E::Column::iter() {
        columns.push(Column {
            name: column.as_str(),
            json: column.json_key(),
            def: column.def(),
            rust: <E::Model as ModelTrait>::get_value_type(column),
        });
    }
    let mut relations = Vec::new();
    for relation in E::Relation::iter() {
        relations.push((relation.name(), relation.def()));
    }
    let auto_increment = <E::PrimaryKey as PrimaryKeyTrait>::auto_increment();
    let names = (entity.table_name(), entity.schema_name());
    description(names, (&key, auto_increment), columns, relations)
}

/// What an entity says of a column.
struct Column {
    name: &'static str,
    json: &'static str,
    def: ColumnDef,
    rust: ArrayType,
}

fn description(
    (table, schema): (&str, Option<&str>),
    (key, auto_increment): (&[&str], bool),
    columns: Vec<Column>,
    relations: Vec<(String, RelationDef)>,
) -> Description {
    let generated = key.len() == 1 && auto_increment;
    let mut unsupported = Vec::new();
    let mut fields = Vec::new();
    for column in columns {
        match field(&column) {
            Some(field) => fields.push(Field {
                generated: generated && key.contains(&column.name),
                ..field
            }),
            None => unsupported.push(column.name.to_owned()),
        }
    }
    let relations = relations.into_iter().map(|(name, def)| RawRelation {
        name: snake_case(&name),
        many: matches!(def.rel_type, sea_orm::RelationType::HasMany),
        // SeaORM's `is_owner` means "owns the other rows", so belongs-to has `false`.
        owns_key: !def.is_owner,
        to_table: table_name(&def.to_tbl),
        from: identity(&def.from_col),
        to: identity(&def.to_col),
        via: None,
        on_delete: on_delete(def.on_delete.as_ref()),
    });
    Description {
        table: table.to_owned(),
        schema: schema.map(ToOwned::to_owned),
        fields,
        key: key.iter().map(ToString::to_string).collect(),
        relations: relations.collect(),
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

fn field(column: &Column) -> Option<Field> {
    let def = &column.def;
    let name = column.json.to_owned();
    Some(Field {
        label: sentence_case(&name),
        labelled: false,
        name,
        column: column.name.to_owned(),
        kind: kind(def.get_column_type(), &column.rust)?,
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
