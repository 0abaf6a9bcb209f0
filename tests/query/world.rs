//! The world: the registry, its rows in memory, and the same rows in a database.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::acl::Policy;
use quarterdeck::crud::{Engine, EngineParts, Files};
use quarterdeck::hook::Hooks;
use quarterdeck::model::describe::describe;
use quarterdeck::model::options::Options;
use quarterdeck::model::patch::Changes;
use quarterdeck::model::{Field, Kind, ModelId, ModelMeta, ModelOptions, Registry, value};
use quarterdeck::query::Limits;
use quarterdeck::query::cursor::Cursors;
use quarterdeck::store::{Db, Store};
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait, Schema, Value};

use super::entities::{link, owner, part, remark, tag, thing};

pub(crate) const OWNER: ModelId = ModelId(0);
pub(crate) const THING: ModelId = ModelId(1);
pub(crate) const PART: ModelId = ModelId(2);
pub(crate) const TAG: ModelId = ModelId(3);
pub(crate) const LINK: ModelId = ModelId(4);
pub(crate) const REMARK: ModelId = ModelId(5);

/// How many rows each model has, in the order of the models.
const SIZES: [usize; 6] = [7, 110, 160, 9, 90, 60];

/// What the databases hold, in memory.
pub(crate) struct World {
    pub(crate) registry: Arc<Registry>,
    /// Model, row, field.
    pub(crate) rows: Vec<Vec<Vec<Value>>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let parts = [
            (describe::<owner::Entity>(), Options::default()),
            (
                describe::<thing::Entity>(),
                ModelOptions::<thing::Entity>::new()
                    .many_to_many::<tag::Entity>("tags")
                    .search([thing::Column::Name, thing::Column::Note])
                    .into_options(),
            ),
            (describe::<part::Entity>(), Options::default()),
            (describe::<tag::Entity>(), Options::default()),
            (describe::<link::Entity>(), Options::default()),
            (describe::<remark::Entity>(), Options::default()),
        ];
        let (registry, findings) = Registry::build(&parts);
        assert!(findings.is_empty(), "{findings:?}");
        let rows = rows(&registry);
        Self {
            registry: Arc::new(registry),
            rows,
        }
    }

    pub(crate) fn meta(&self, model: ModelId) -> &ModelMeta {
        self.registry.model(model)
    }

    /// Puts the rows into a database, by the same writes that an operation makes.
    pub(crate) async fn fill(&self, db: &Db) {
        create(db, &self.registry).await;
        let tx = db.begin().await.expect("a transaction");
        for (store, rows) in stores().iter().zip(&self.rows) {
            for row in rows {
                let values = row.iter().cloned().enumerate().collect();
                let changes = Changes {
                    values,
                    defaults: Vec::new(),
                };
                store.insert(&tx, changes).await.expect("an insert");
            }
        }
        tx.commit().await.expect("a commit");
    }

    /// An engine over one of the filled databases.
    pub(crate) fn engine(&self, db: Db, policy: Policy) -> Arc<Engine> {
        self.assemble(db, policy, Limits::default())
    }

    /// An engine with other limits, for a superuser.
    pub(crate) fn engine_within(&self, db: Db, limits: Limits) -> Arc<Engine> {
        self.assemble(db, Policy::default(), limits)
    }

    fn assemble(&self, db: Db, policy: Policy, limits: Limits) -> Arc<Engine> {
        Arc::new(Engine::new(EngineParts {
            registry: Arc::clone(&self.registry),
            db,
            stores: stores(),
            hooks: Hooks::default(),
            policy,
            limits,
            cursors: Cursors::new(&[7; 64]),
            files: Files {
                folder: std::path::PathBuf::new(),
                kept: Duration::ZERO,
                limit: 0,
            },
            actions: Vec::new(),
        }))
    }
}

fn stores() -> Vec<Store> {
    vec![
        Store::of::<owner::Entity>(),
        Store::of::<thing::Entity>(),
        Store::of::<part::Entity>(),
        Store::of::<tag::Entity>(),
        Store::of::<link::Entity>(),
        Store::of::<remark::Entity>(),
    ]
}

async fn create(db: &Db, registry: &Registry) {
    let schema = Schema::new(db.backend());
    let connection = db.migrations();
    for enums in schema.create_enum_from_entity(thing::Entity) {
        connection.execute(&enums).await.expect("an enum type");
    }
    let tables = [
        table(&schema, owner::Entity),
        table(&schema, thing::Entity),
        table(&schema, part::Entity),
        table(&schema, tag::Entity),
        table(&schema, link::Entity),
        table(&schema, remark::Entity),
    ];
    for mut table in tables {
        if db.backend() == DbBackend::MySql {
            table.character_set("utf8mb4").collate("utf8mb4_bin");
        }
        connection.execute(&table).await.expect("a table");
    }
    for model in registry.models() {
        for field in &model.fields {
            if let Some(change) = retype(db.backend(), &model.table, field) {
                connection
                    .execute_unprepared(&change)
                    .await
                    .expect("a column");
            }
        }
    }
}

fn table<E: EntityTrait>(schema: &Schema, entity: E) -> TableCreateStatement {
    schema.create_table_from_entity(entity)
}

/// What the migrations do by hand because SeaORM's own types are too narrow: microseconds on
/// MariaDB, and text ordered by its bytes on PostgreSQL.
fn retype(backend: DbBackend, table: &str, field: &Field) -> Option<String> {
    let column = &field.column;
    match (backend, &field.kind) {
        (DbBackend::MySql, Kind::Timestamp | Kind::DateTime) => Some(format!(
            "ALTER TABLE `{table}` MODIFY `{column}` DATETIME(6) NULL"
        )),
        (DbBackend::MySql, Kind::Time) => Some(format!(
            "ALTER TABLE `{table}` MODIFY `{column}` TIME(6) NULL"
        )),
        (DbBackend::Postgres, Kind::Text(_)) => Some(format!(
            "ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" TYPE text COLLATE \"C\""
        )),
        _ => None,
    }
}

/// Deterministic rows: every value comes from the pool of its kind, about one in five is null.
fn rows(registry: &Registry) -> Vec<Vec<Vec<Value>>> {
    let mut dice = Dice(42);
    SIZES
        .iter()
        .enumerate()
        .map(|(model, &size)| {
            let meta = registry.model(ModelId(model));
            (0..size).map(|i| row(meta, i, &mut dice)).collect()
        })
        .collect()
}

fn row(meta: &ModelMeta, i: usize, dice: &mut Dice) -> Vec<Value> {
    let at = i64::try_from(i).expect("small");
    let number = |n: i64| Value::BigInt(Some(n));
    // A junction row for every third pair, so that no two have the same key.
    let (near, far) = (at * 3 / 4 + 1, at * 3 % 4 + at % 2 * 5 + 1);
    meta.fields
        .iter()
        .map(|field| match (meta.id, field.name.as_str()) {
            (LINK, "thing_id") => number(near),
            (LINK, "tag_id") => number(far),
            (REMARK, "thing_id" | "tag_id") if dice.roll(6) == 0 => value::null(&field.kind),
            // The twin of a junction row, or (then the other part is null) of none.
            (REMARK, "thing_id") => number((at * 7 % 90) * 3 / 4 + 1),
            (REMARK, "tag_id") => {
                let of = at * 7 % 90;
                number(of * 3 % 4 + of % 2 * 5 + 1)
            }
            (_, "id") => number(at + 1),
            (_, _) if field.nullable && dice.roll(5) == 0 => value::null(&field.kind),
            (_, "owner_id") => number(dice.roll(7) + 1),
            (_, "parent_id") => match at {
                0 => Value::BigInt(None),
                _ => number(dice.roll(at) + 1),
            },
            (_, "thing_id") => number(dice.roll(40) + 1),
            _ => dice.one_of(&pool(&field.kind)).clone(),
        })
        .collect()
}

/// Values that are near each other, far from each other, and awkward.
pub(crate) fn pool(kind: &Kind) -> Vec<Value> {
    let texts: &[&str] = match kind {
        Kind::Bool => &["true", "false"],
        Kind::Int(size) => {
            let (min, max) = size.range();
            let max = max.min(i64::MAX.into());
            let ends = [min.to_string(), max.to_string()];
            let mut all: Vec<Value> = ["0", "1", "2", "3", "7"]
                .into_iter()
                .chain(ends.iter().map(String::as_str))
                .map(|t| value::from_text(kind, t).expect("an integer"))
                .collect();
            all.extend(value::from_text(kind, "-3").ok());
            return all;
        }
        Kind::Float | Kind::Double => &[
            "-1.5",
            "0",
            "0.1",
            "0.3",
            "2",
            "16777216",
            "1e15",
            "-0.0009765625",
        ],
        Kind::Decimal(_) => &[
            "-10.50",
            "0",
            "0.01",
            "0.1",
            "2.5",
            "99.99",
            "1234567890.12",
        ],
        Kind::Text(_) => TEXTS,
        Kind::Enum { variants, .. } => {
            return variants.iter().map(|v| v.as_str().into()).collect();
        }
        Kind::Uuid => &[
            "00000000-0000-0000-0000-000000000000",
            "0190b5a0-1111-7aaa-8bbb-123456789abc",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ],
        Kind::Date => &[
            "1000-01-01",
            "1969-12-31",
            "2024-02-29",
            "2026-11-22",
            "9999-12-31",
        ],
        Kind::Time => &[
            "00:00:00",
            "07:08:09",
            "07:08:09.5",
            "07:08:09.000001",
            "23:59:59.999999",
        ],
        Kind::DateTime | Kind::Timestamp => &[
            "1000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-11-22T07:08:09Z",
            "2026-11-22T07:08:09.000001Z",
            "2026-11-22T07:08:09.5Z",
            "2040-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
        ],
        Kind::Bytes(_) | Kind::Json | Kind::Array(_) => &[],
    };
    let parsed = texts.iter().map(|t| value::from_text(kind, t));
    parsed.map(|v| v.expect("a value of its kind")).collect()
}

/// Texts with every character that some pattern language gives a meaning.
pub(crate) const TEXTS: &[&str] = &[
    "", "a", "A", "ab", "AB", "aB%", "100%", "_", "a_b", "axb", "\\", "a\\b", "\\%", "*", "a*b",
    "?", "a?b", "[a]", "[", "]", "^", "-", "'", "it's", "\"x\"", "`", "é", "É", "日本", "日", "😀",
    "ß", "$1", ":p", "--", ";", "a b",
];

/// A small linear congruential generator: the same rows on every run and every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        let factor = 6_364_136_223_846_793_005;
        self.0 = self
            .0
            .wrapping_mul(factor)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let len = i64::try_from(all.len()).expect("short");
        &all[usize::try_from(self.roll(len)).expect("below the length")]
    }
}
