//! Sections that are numbers with bounds: `[session]`, `[password]`, `[rate_limit]`, `[query]`.

use std::time::Duration;

use super::reader::Reader;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long a session lives.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Without a request.
    pub inactivity: Duration,
    /// After login, whatever happens.
    pub max_age: Duration,
}

impl Session {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            inactivity: reader.span("session.inactivity_hours", HOUR, 87_600.0),
            max_age: reader.span("session.max_days", DAY, 3_650.0),
        }
    }
}

/// Rules for passwords and the price of one hash.
#[derive(Clone, Copy, Debug)]
pub struct Password {
    /// The shortest one, in characters.
    pub min_length: usize,
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes at once; 0: as many as the machine bears.
    pub max_parallel: usize,
    /// How many may wait for their turn.
    pub queue: usize,
}

impl Password {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let password = Self {
            min_length: reader.whole("password.min_length", 8..=256),
            memory_kib: reader.whole("password.memory_kib", 8..=4_194_304),
            iterations: reader.whole("password.iterations", 1..=1_000),
            parallelism: reader.whole("password.parallelism", 1..=64),
            max_parallel: reader.whole("password.max_parallel", 0..=1_024),
            queue: reader.whole("password.queue", 0..=100_000),
        };
        let least = 8 * password.parallelism;
        if password.memory_kib < least {
            let message = format!("expected at least {least}: 8 KiB for each lane");
            reader.fault("password.memory_kib", message);
        }
        password
    }
}

/// Requests a minute.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// From one address without valid credentials.
    pub per_address: u32,
    /// Of one user or token.
    pub per_principal: u32,
    /// Login attempts from one address.
    pub login: u32,
}

impl RateLimit {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const MOST: u32 = 100_000_000;
        Self {
            per_address: reader.whole("rate_limit.per_address", 1..=MOST),
            per_principal: reader.whole("rate_limit.per_principal", 1..=MOST),
            login: reader.whole("rate_limit.login", 1..=MOST),
        }
    }
}

/// Bounds of one query.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Rows of a page when the request does not say.
    pub default_limit: u64,
    /// The most rows of a page.
    pub max_limit: u64,
    /// Conditions in one query.
    pub max_conditions: usize,
    /// Values in one `in`.
    pub max_in: usize,
    /// Relations that one path may walk.
    pub max_relation_steps: usize,
    /// The last row that `page` and `offset` reach.
    pub max_offset: u64,
    /// Up to this number `count=auto` counts exactly.
    pub count_limit: u64,
    /// Rows of an expanded list of related records.
    pub expand_limit: u64,
}

impl Query {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let query = Self {
            default_limit: reader.whole("query.default_limit", 1..=10_000),
            max_limit: reader.whole("query.max_limit", 1..=10_000),
            max_conditions: reader.whole("query.max_conditions", 1..=1_000),
            max_in: reader.whole("query.max_in", 1..=10_000),
            max_relation_steps: reader.whole("query.max_relation_steps", 0..=10),
            max_offset: reader.whole("query.max_offset", 0..=10_000_000),
            count_limit: reader.whole("query.count_limit", 0..=100_000_000),
            expand_limit: reader.whole("query.expand_limit", 1..=1_000),
        };
        if query.default_limit > query.max_limit {
            let message = format!(
                "expected at most query.max_limit, which is {}",
                query.max_limit
            );
            reader.fault("query.default_limit", message);
        }
        query
    }
}
