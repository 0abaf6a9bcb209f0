//! Counters for Prometheus: requests by verb and status, their duration, those in flight; and the last
//! hour, minute by minute, for the pages ([`Minute`]).

mod recent;

pub use recent::Minute;

use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// Seconds: from a cached read to the statement time-out.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0,
];

/// The counters of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    recent: recent::Recent,
    started: DateTime<Utc>,
}

impl Metrics {
    /// Fresh counters.
    ///
    /// # Errors
    /// Never for the names that stand here.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "quarterdeck_requests_total",
                "Requests answered, by verb and status.",
            ),
            &["verb", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new(
                "quarterdeck_request_seconds",
                "Time to the answer, by verb.",
            )
            .buckets(BUCKETS.to_vec()),
            &["verb"],
        )?;
        let in_flight =
            IntGauge::new("quarterdeck_requests_in_flight", "Requests being answered.")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        Ok(Self {
            registry,
            requests,
            seconds,
            in_flight,
            recent: recent::Recent::default(),
            started: Utc::now(),
        })
    }

    /// A request has come in.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request has been answered.
    pub fn end(&self, verb: &str, status: &str, took: Duration) {
        self.in_flight.dec();
        self.requests.with_label_values(&[verb, status]).inc();
        self.seconds
            .with_label_values(&[verb])
            .observe(took.as_secs_f64());
        self.recent.count(Utc::now(), status.starts_with('5'));
    }

    /// What was answered in each of the last 60 minutes, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Minute> {
        self.recent.until(Utc::now())
    }

    /// Since when this server counts.
    #[must_use]
    pub fn started(&self) -> DateTime<Utc> {
        self.started
    }

    /// The text exposition format.
    ///
    /// # Errors
    /// Never in practice: it is written to memory.
    pub fn text(&self) -> prometheus::Result<Vec<u8>> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_verb_and_status() {
        let metrics = Metrics::new().unwrap();
        metrics.begin();
        metrics.begin();
        metrics.end("list", "200", Duration::from_millis(2));
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        assert!(
            text.contains(r#"quarterdeck_requests_total{status="200",verb="list"} 1"#),
            "{text}"
        );
        assert!(text.contains("quarterdeck_requests_in_flight 1"), "{text}");
    }
}
