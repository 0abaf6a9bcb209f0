//! Passwords: which are accepted, and Argon2id hashes of them, a bounded number at a time.
//!
//! A hash costs memory and a core for tens of milliseconds. So hashes run on the blocking pool, as
//! many at once as the machine bears; some callers wait, and beyond that the answer is
//! [`PasswordError::Busy`]. A password is never trimmed, folded or cut.

mod argon;
mod guessable;
mod machine;
mod queue;

use std::time::Duration;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use crate::config;

use self::queue::Queue;

/// The longest password in bytes. Argon2 reads more, but nobody types it, and it would cost time.
pub const LONGEST: usize = 1_024;

/// What is wrong with a password that somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer characters than asked for.
    #[error("A password must have at least {min} characters.")]
    TooShort {
        /// The fewest.
        min: usize,
    },
    /// More bytes than [`LONGEST`].
    #[error("A password must have at most {LONGEST} bytes.")]
    TooLong,
    /// One of those that are tried first.
    #[error("This is one of the passwords that are guessed first.")]
    Common,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// More bytes than [`LONGEST`]: refused before any work.
    #[error("the password has more than {LONGEST} bytes")]
    TooLong,
    /// Too many are waiting already.
    #[error("too many passwords are being checked; try again in {retry_after_seconds} s")]
    Busy {
        /// When it is worth another try.
        retry_after_seconds: u64,
    },
    /// The cost settings are not ones that Argon2 accepts.
    #[error("the cost of a password hash is not valid: {0}")]
    Cost(String),
    /// The hash function or the random source failed.
    #[error("a password hash could not be computed: {0}")]
    Failed(String),
}

/// What a check of a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not this password, or there is none.
    Wrong,
    /// The password.
    Right {
        /// The stored hash was made at another cost: store a fresh one.
        rehash: bool,
    },
}

/// The passwords of one server.
#[derive(Debug)]
pub struct Passwords {
    cost: Params,
    min_length: usize,
    /// Stands for the hash of an account that does not exist or has no password.
    nobody: PasswordHash,
    queue: Queue,
}

impl Passwords {
    /// Ready to work at the cost that the settings ask for.
    ///
    /// # Errors
    /// When Argon2 does not accept the cost, or there is no randomness.
    pub fn new(settings: &config::Password) -> Result<Self, PasswordError> {
        let cost = argon::cost(
            settings.memory_kib,
            settings.iterations,
            settings.parallelism,
        )
        .map_err(PasswordError::Cost)?;
        let permits = match settings.max_parallel {
            0 => machine::permits(),
            fixed => fixed,
        };
        Ok(Self {
            nobody: argon::nobody(&cost).map_err(PasswordError::Failed)?,
            cost,
            min_length: settings.min_length,
            queue: Queue::new(permits, settings.queue),
        })
    }

    /// How many hashes may run at once.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.queue.permits()
    }

    /// Whether a newly chosen password is good enough. Length and list are all: rules about kinds
    /// of characters make passwords worse.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, password: &str) -> Result<(), Weakness> {
        if password.len() > LONGEST {
            return Err(Weakness::TooLong);
        }
        if password.chars().count() < self.min_length {
            return Err(Weakness::TooShort {
                min: self.min_length,
            });
        }
        if guessable::contains(password) {
            Err(Weakness::Common)
        } else {
            Ok(())
        }
    }

    /// A PHC string with a fresh salt.
    ///
    /// # Errors
    /// Too long, busy, or the machine failed.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = bounded(password)?;
        let cost = self.cost.clone();
        let work = move || argon::hash(&cost, password.as_bytes());
        let hash = self.queue.turn().await?.run(work).await?;
        hash.map_err(PasswordError::Failed)
    }

    /// Waits for a turn to compare a password. What a login does before that, it does within its turn:
    /// then a crowd of logins keeps no more of the database's time from others than a few logins do.
    ///
    /// # Errors
    /// Busy.
    pub async fn turn(&self) -> Result<Turn<'_>, PasswordError> {
        let turn = self.queue.turn().await?;
        let passwords = self;
        Ok(Turn { passwords, turn })
    }

    /// Whether a stored hash was made with another algorithm or at another cost than a new one.
    #[must_use]
    pub fn needs_rehash(&self, stored: &str) -> bool {
        !argon::usable(stored).is_some_and(|hash| argon::is_current(&hash, &self.cost))
    }
}

/// One of the few at a time whose password is compared.
#[derive(Debug)]
pub struct Turn<'a> {
    passwords: &'a Passwords,
    turn: queue::Turn,
}

impl Turn<'_> {
    /// Compares a password with the stored hash. Without one, or with one that is blank or broken,
    /// the work is the same and the verdict is [`Verdict::Wrong`], so that the time does not tell
    /// which accounts exist.
    ///
    /// # Errors
    /// Too long, or the machine failed.
    pub async fn verify(
        self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Verdict, PasswordError> {
        let password = bounded(password)?;
        let stored = stored.and_then(argon::usable);
        let rehash = stored
            .as_ref()
            .is_some_and(|hash| !argon::is_current(hash, &self.passwords.cost));
        let is_real = stored.is_some();
        let hash = stored.unwrap_or_else(|| self.passwords.nobody.clone());
        let work = move || argon::matches(&hash, password.as_bytes());
        let matches = self.turn.run(work).await?;
        Ok(if matches & is_real {
            Verdict::Right { rehash }
        } else {
            Verdict::Wrong
        })
    }
}

fn bounded(password: &str) -> Result<String, PasswordError> {
    if password.len() > LONGEST {
        Err(PasswordError::TooLong)
    } else {
        Ok(password.to_owned())
    }
}

/// How long the client should wait, as a whole number of seconds of at least one.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1_000)
        .clamp(1, 60)
        .try_into()
        .unwrap_or(60)
}

#[cfg(test)]
mod tests;
