//! Rows that are read one by one: one snapshot, no time-out, and a connection that comes back.

use std::time::Duration;

use quarterdeck::error::Error;
use quarterdeck::store::Db;
use quarterdeck::store::failure::{Failure, classify};
use quarterdeck::store::stream::Sink;
use sea_orm::sea_query::{Alias, Expr, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult};

use super::connections::{answers, endless, on_few_connections};

/// Rows of a table that no buffer between here and the server holds at once.
const ROWS: i64 = 8_192;

/// Takes numbers, and does something after the first.
struct Numbers {
    taken: Vec<i64>,
    db: Db,
    /// Statements for another connection.
    then: Vec<&'static str>,
    /// How many are wanted.
    most: usize,
    /// When nothing is wanted any more.
    until: Option<Duration>,
}

impl Numbers {
    fn all(db: &Db) -> Self {
        Self {
            taken: Vec::new(),
            db: db.clone(),
            then: Vec::new(),
            most: usize::MAX,
            until: None,
        }
    }
}

impl Sink for Numbers {
    fn row(&mut self, row: &QueryResult) -> Result<bool, Error> {
        self.taken
            .push(row.try_get_by_index(0).map_err(Error::internal)?);
        Ok(self.taken.len() == 1 || self.taken.len() == self.most)
    }

    async fn flush(&mut self) -> bool {
        for sql in self.then.drain(..) {
            let done = self.db.migrations().execute_unprepared(sql).await;
            done.expect("a write beside the stream");
        }
        self.taken.len() < self.most
    }

    async fn gone(&self) {
        match self.until {
            Some(until) => tokio::time::sleep(until).await,
            None => std::future::pending().await,
        }
    }
}

async fn fill(db: &Db) {
    let db = db.migrations();
    let run = async |sql: String| {
        db.execute_unprepared(&sql).await.expect("a statement");
    };
    run(
        "CREATE TABLE numbers (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, pad TEXT NOT NULL)".into(),
    )
    .await;
    run(format!(
        "INSERT INTO numbers VALUES (1, 0, '{}')",
        "x".repeat(2_500)
    ))
    .await;
    let mut rows = 1;
    while rows < ROWS {
        run(format!(
            "INSERT INTO numbers SELECT id + {rows}, n, pad FROM numbers"
        ))
        .await;
        rows *= 2;
    }
}

fn numbers() -> SelectStatement {
    Query::select()
        .expr(Expr::cust("n"))
        .expr(Expr::cust("pad"))
        .from(Alias::new("numbers"))
        .order_by(Alias::new("id"), Order::Asc)
        .to_owned()
}

/// A SELECT that would give its first row when nobody lives any more.
fn silent(db: &Db) -> SelectStatement {
    let inner = format!("({})", endless(db).sql);
    Query::select().expr(Expr::cust(inner)).to_owned()
}

#[tokio::test]
async fn what_is_written_while_rows_are_read_is_not_among_them() {
    on_few_connections("what_is_written_while_rows_are_read", async |db| {
        fill(&db).await;
        let mut sink = Numbers {
            then: vec![
                "UPDATE numbers SET n = 1",
                "DELETE FROM numbers WHERE id > 8000",
                "INSERT INTO numbers VALUES (100000, 1, 'new')",
            ],
            ..Numbers::all(&db)
        };
        assert!(db.stream(&numbers(), &mut sink).await.unwrap());
        assert_eq!(sink.taken.len(), 8_192);
        assert!(sink.taken.iter().all(|n| *n == 0), "half of a change");
        let mut after = Numbers::all(&db);
        assert!(db.stream(&numbers(), &mut after).await.unwrap());
        assert_eq!(after.taken.len(), 8_001);
        assert!(after.taken.iter().all(|n| *n == 1));
    })
    .await;
}

#[tokio::test]
async fn d16_r51_a_stream_has_no_time_out_and_ends_with_its_reader() {
    on_few_connections("d16_r51_a_stream_has_no_time_out", async |db| {
        for _ in 0..3 {
            // Longer than a statement may run here.
            let mut sink = Numbers {
                until: Some(Duration::from_millis(1_500)),
                ..Numbers::all(&db)
            };
            assert!(!db.stream(&silent(&db), &mut sink).await.unwrap());
            answers(&db).await.unwrap();
        }
        // The connections have their time-out back.
        for _ in 0..2 {
            let refused = db.reader().query_all_raw(endless(&db)).await.unwrap_err();
            assert_eq!(classify(&refused), Failure::Timeout, "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn d16_a_reader_that_has_had_enough_leaves_a_clean_connection() {
    on_few_connections("d16_a_reader_that_has_had_enough", async |db| {
        fill(&db).await;
        for _ in 0..4 {
            let mut sink = Numbers {
                most: 3,
                ..Numbers::all(&db)
            };
            assert!(!db.stream(&numbers(), &mut sink).await.unwrap());
            assert_eq!(sink.taken.len(), 3);
        }
        for _ in 0..4 {
            // A task that is ended with its stream.
            let mut sink = Numbers {
                until: Some(Duration::from_secs(60)),
                ..Numbers::all(&db)
            };
            let select = silent(&db);
            let stream = db.stream(&select, &mut sink);
            let soon = Duration::from_millis(50);
            assert!(tokio::time::timeout(soon, stream).await.is_err());
        }
        answers(&db).await.unwrap();
        if db.backend() != DbBackend::Sqlite {
            // Both connections are there.
            let (one, other) = tokio::join!(db.begin(), db.begin());
            one.unwrap().commit().await.unwrap();
            other.unwrap().commit().await.unwrap();
        }
        let mut whole = Numbers::all(&db);
        assert!(db.stream(&numbers(), &mut whole).await.unwrap());
        assert_eq!(whole.taken.len(), 8_192);
    })
    .await;
}
