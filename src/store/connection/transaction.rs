//! The transactions of a connection. A thread of its own runs the statements of a SQLite connection, and each
//! message to it, as each answer, wakes another thread: so what a transaction begins with goes with its first
//! statement, and what it ends with goes with its COMMIT.

use sea_orm::{DbErr, QueryResult, Statement};

use super::{Connection, Driver};
use crate::store::failure::{self, Failure};

/// What is to be done before the next statement.
#[derive(Debug)]
pub(super) enum Ahead {
    /// A transaction is to begin.
    Begin,
    /// A statement whose answer nobody waits for.
    Run(Statement),
}

// A deferred transaction that turns into a writer fails at once with SQLITE_BUSY (A84).
const BEGIN_IMMEDIATE: &str = "BEGIN IMMEDIATE";

impl Connection {
    /// Begins a transaction that may write; SQLite's begins with its first statement, whose failure may be
    /// that it cannot.
    pub(in crate::store) async fn begin(&mut self) -> Result<(), DbErr> {
        // Before it is sent: whoever stops waiting for the answer has begun it all the same.
        self.open = true;
        self.raced = false;
        if let Driver::Sqlite(..) = self.driver {
            self.ahead = Some(Ahead::Begin);
            return Ok(());
        }
        let begun = self.control("BEGIN").await;
        self.open = begun.is_ok();
        begun
    }

    /// Runs a statement of a transaction that gives no rows, and whose failure may be that of the next one
    /// or of the COMMIT.
    pub(in crate::store) async fn hold(&mut self, statement: Statement) -> Result<(), DbErr> {
        self.catch_up().await?;
        if let Driver::Sqlite(..) = self.driver {
            self.ahead = Some(Ahead::Run(statement));
            return Ok(());
        }
        self.send(statement).await.map(drop)
    }

    /// The rows of a transaction's first statement on SQLite.
    pub(super) async fn first_rows(
        &mut self,
        mut statement: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        self.ahead = None;
        statement.sql.insert_str(0, "; ");
        statement.sql.insert_str(0, BEGIN_IMMEDIATE);
        let found = self.fetch(statement).await;
        if let Err(error) = &found {
            self.begin_again(failure::classify(error)).await;
        }
        found
    }

    /// Does what was to be done before the next statement.
    pub(super) async fn catch_up(&mut self) -> Result<(), DbErr> {
        match self.ahead.take() {
            None => Ok(()),
            Some(Ahead::Run(statement)) => self.send(statement).await.map(drop),
            Some(Ahead::Begin) => {
                let begun = self.control(BEGIN_IMMEDIATE).await;
                if begun.is_err() {
                    self.ahead = Some(Ahead::Begin);
                }
                begun
            }
        }
    }

    /// After a failure of BEGIN or of the statement that came with it; which of them it was is not known.
    async fn begin_again(&mut self, failure: Failure) {
        let waited = match failure {
            Failure::Retry => true,
            _ => match self.control(BEGIN_IMMEDIATE).await {
                // Begun now, or refused because it was.
                Ok(()) => false,
                Err(e) => failure::classify(&e) == Failure::Retry,
            },
        };
        if waited {
            self.ahead = Some(Ahead::Begin);
            // It holds what another process waits for, should it have begun all the same.
            self.lost = true;
        }
    }

    /// Begins a transaction that sees what others commit meanwhile. MariaDB's usual one keeps to what
    /// it saw first, and may refuse to write a row that was written since.
    pub(in crate::store) async fn begin_beside(&mut self) -> Result<(), DbErr> {
        if let Driver::MySql(_) = self.driver {
            self.control("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                .await?;
        }
        self.begin().await
    }

    /// Makes permanent what the transaction wrote.
    pub(in crate::store) async fn commit(&mut self) -> Result<(), DbErr> {
        match self.ahead.take() {
            None => self.control("COMMIT").await?,
            // Nothing was asked of it.
            Some(Ahead::Begin) => {}
            Some(Ahead::Run(mut last)) => {
                last.sql.push_str("; COMMIT");
                self.send(last).await?;
            }
        }
        self.open = false;
        Ok(())
    }

    /// Takes back what the transaction wrote.
    pub(in crate::store) async fn rollback(&mut self) -> Result<(), DbErr> {
        if !matches!(self.ahead.take(), Some(Ahead::Begin)) {
            self.control("ROLLBACK").await?;
        }
        self.open = false;
        Ok(())
    }

    /// Brings a connection whose user went away back to its beginning.
    pub(in crate::store) async fn recover(&mut self) -> Result<(), DbErr> {
        if self.busy {
            // Until the abandoned statement has ended.
            self.ping().await?;
        }
        if !self.open {
            return Ok(());
        }
        if matches!(self.ahead, Some(Ahead::Begin)) {
            return self.rollback().await;
        }
        if let Driver::Sqlite(..) = self.driver {
            // Whether the transaction was begun, or ended, before its user went away is not known,
            // and SQLite refuses to roll back none. Now there is one, whether or not this is refused.
            let _ = self.control("BEGIN").await;
        }
        self.rollback().await
    }
}
