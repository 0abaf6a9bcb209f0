//! The machine's clock is set while the server runs: libfaketime stands between the real process and the
//! clock of the day. The clock that only counts on (`CLOCK_MONOTONIC`) stays as it is, as on a real machine.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{Place, Served};
use crate::house::fresh;

const HOUR: TimeDelta = TimeDelta::hours(1);

/// A server whose clock can be set.
struct Desk {
    place: Place,
    url: String,
    served: Option<Served>,
    client: Client,
    /// The ids of all answers.
    requests: BTreeSet<String>,
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut files = folders.map(|f| f.path().join("faketime/libfaketimeMT.so.1"));
    files.find(|file| file.exists())
}

impl Desk {
    /// One that is not started yet, of that database; none where the library is absent.
    fn new(test: &str, url: &str) -> Option<Self> {
        if library().is_none() {
            println!("SKIPPED {test}: libfaketime is not installed (Debian's faketime)");
            return None;
        }
        let place = Place::new();
        std::fs::write(place.path().join("clock"), "+0").expect("the clock");
        Some(Self {
            place,
            url: url.to_owned(),
            served: None,
            client: Client::new(),
            requests: BTreeSet::new(),
        })
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut all = vec!["--database-url", &self.url];
        all.extend(arguments);
        let ran = self.place.feed(&all, input);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.trim().to_owned()
    }

    fn token(&self, more: &[&str]) -> String {
        let mut all = vec!["token", "create", "--user", "root"];
        all.extend(more);
        self.run(&all, "")
    }

    fn serve(&mut self, settings: &[(&str, &str)], arguments: &[&str]) {
        let mut all = vec!["serve", "--bind", "127.0.0.1:0"];
        all.extend(arguments);
        let mut command = self.place.command(&all);
        command
            .env("QUARTERDECK_DATABASE_URL", &self.url)
            .envs(settings.iter().copied())
            .env("LD_PRELOAD", library().expect("the library"))
            .env("FAKETIME_TIMESTAMP_FILE", self.place.path().join("clock"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.served = Some(Served::start(command));
    }

    fn at(&self, path: &str) -> String {
        self.served.as_ref().expect("it was started").url(path)
    }

    /// Sets the server's clock to so much from the true time.
    async fn set(&mut self, by: TimeDelta) {
        let [file, new] = ["clock", "new clock"].map(|name| self.place.path().join(name));
        std::fs::write(&new, format!("{:+}", by.num_seconds())).expect("the clock");
        std::fs::rename(new, file).expect("the clock");
        let (_, health) = self.send(self.client.get(self.at("/health"))).await;
        let told: DateTime<Utc> = health["timestamp"].as_str().unwrap().parse().unwrap();
        let off = told - Utc::now() - by;
        assert!(off.abs() < HOUR / 2, "{by}: the server says {told}");
    }

    async fn answer(&mut self, request: RequestBuilder) -> Response {
        let answer = request.send().await.expect("an answer");
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert!(self.requests.insert(id.to_owned()), "{id} twice");
        answer
    }

    async fn send(&mut self, request: RequestBuilder) -> (u16, Value) {
        crate::house::app::answer(self.answer(request).await).await
    }

    /// The status and the seconds to wait.
    async fn refused(&mut self, request: RequestBuilder) -> (u16, Option<u64>) {
        let answer = self.answer(request).await;
        let wait = answer.headers().get("retry-after");
        let wait = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
        (answer.status().as_u16(), wait)
    }

    fn login(&self, password: &str) -> RequestBuilder {
        let body = json!({"username": "root", "password": password});
        self.client.post(self.at("/auth/login")).json(&body)
    }

    async fn cookie(&mut self) -> String {
        let answer = self.answer(self.login("a good password")).await;
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split_once(';').unwrap().0.to_owned()
    }

    async fn with_cookie(&mut self, cookie: &str) -> u16 {
        let request = self.client.get(self.at("/auth/session"));
        self.send(request.header("cookie", cookie)).await.0
    }

    async fn with_token(&mut self, token: &str) -> u16 {
        let request = self.client.get(self.at("/auth/session"));
        self.send(request.header("x-api-key", token)).await.0
    }

    fn create(&self, token: &str, slug: &str, once: &str) -> RequestBuilder {
        let body = json!({"name": "Ada", "slug": slug, "country": "GB"});
        let request = self.client.post(self.at("/api/v1/author"));
        let request = request.header("idempotency-key", once);
        request.header("x-api-key", token).json(&body)
    }

    async fn end(self) {
        let served = self.served.expect("it was started");
        served.signal("-TERM");
        let (code, log) = served.end();
        assert_eq!(code, Some(0));
        // But that the passwords of the tests are cheap.
        let mut odd = log
            .lines()
            .filter(|l| l.contains(" WARN ") || l.contains(" ERROR "));
        assert!(odd.all(|line| line.contains("config.W001")), "{log}");
        let ran = self
            .place
            .run(&["--database-url", &self.url, "audit", "verify"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

/// A desk for each database, with a superuser.
async fn each(test: &str, run: impl AsyncFn(Desk)) {
    for database in fresh(test).await {
        if let Some(desk) = Desk::new(test, &database.url) {
            let user = ["user", "create", "root", "--superuser", "--password-stdin"];
            desk.run(&user, "a good password");
            run(desk).await;
        }
        database.remove().await;
    }
}

#[tokio::test]
async fn r15_d18_a_server_whose_clock_is_set_goes_on_and_ends_what_has_ended_by_its_clock() {
    let name = "r15_d18_a_server_whose_clock_is_set";
    each(name, async |mut desk| {
        let forever = desk.token(&[]);
        let season = desk.token(&["--expires", "90d"]);
        let short = desk.token(&["--expires", "30m"]);
        desk.serve(&[], &["--demo"]);
        let cookie = desk.cookie().await;
        let (status, first) = desk.send(desk.create(&forever, "ada", "first")).await;
        assert_eq!(status, 201, "{first}");
        let mut made = vec![first["id"].as_i64().unwrap()];
        let steps = [HOUR, -HOUR, TimeDelta::zero(), -HOUR, HOUR];
        for (n, by) in steps.into_iter().enumerate() {
            desk.set(by).await;
            assert_eq!(desk.with_cookie(&cookie).await, 200, "{by}");
            for token in [&forever, &season] {
                assert_eq!(desk.with_token(token).await, 200, "{by}");
            }
            let wanted = if by == HOUR { 401 } else { 200 };
            assert_eq!(desk.with_token(&short).await, wanted, "{by}");
            // What was done once is not done again.
            let again = desk.send(desk.create(&forever, "ada", "first")).await;
            assert_eq!(again, (201, first.clone()), "{by}");
            let slug = format!("ada-{n}");
            let (status, author) = desk.send(desk.create(&forever, &slug, &slug)).await;
            assert_eq!(status, 201, "{by}: {author}");
            made.push(author["id"].as_i64().unwrap());
        }
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        desk.set(TimeDelta::days(366)).await;
        for _ in 0..2 {
            assert_eq!(desk.with_cookie(&cookie).await, 401);
            assert_eq!(desk.with_token(&season).await, 401);
            assert_eq!(desk.with_token(&forever).await, 200);
        }
        // Nothing that was noted in the wrong year stands in the way of the right one.
        desk.set(TimeDelta::zero()).await;
        for token in [&forever, &season, &short] {
            assert_eq!(desk.with_token(token).await, 200);
        }
        let request = desk.client.get(desk.at("/auth/tokens"));
        let cookie = desk.cookie().await;
        let (_, tokens) = desk.send(request.header("cookie", &cookie)).await;
        for token in tokens["data"].as_array().unwrap() {
            let used: DateTime<Utc> = token["last_used_at"].as_str().unwrap().parse().unwrap();
            assert!((used - Utc::now()).abs() < HOUR / 2, "{token}");
        }
        desk.end().await;
    })
    .await;
}

#[tokio::test]
async fn d18_r53_no_clock_that_is_set_opens_a_limit_or_keeps_one_closed() {
    let name = "d18_r53_no_clock_that_is_set_opens_a_limit";
    each(name, async |mut desk| {
        let token = desk.token(&[]);
        let settings = [
            ("QUARTERDECK_RATE_LIMIT_PER_ADDRESS", "20"),
            ("QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL", "20"),
        ];
        desk.serve(&settings, &["--demo"]);
        // Six that are wrong: the account is blocked for this address, by what the database holds.
        for _ in 0..5 {
            let (status, _) = desk.refused(desk.login("wrong password")).await;
            assert_eq!(status, 401);
        }
        for by in [TimeDelta::zero(), -HOUR, TimeDelta::days(-366)] {
            desk.set(by).await;
            let (status, wait) = desk.refused(desk.login("a good password")).await;
            // Not for as long as the clock was set back.
            assert!(status == 429 && wait.unwrap() <= 15 * 60, "{by}: {wait:?}");
        }
        desk.set(HOUR).await;
        let (status, _) = desk.refused(desk.login("a good password")).await;
        assert_eq!(status, 200);
        desk.set(TimeDelta::zero()).await;
        let open = |desk: &Desk| desk.client.get(desk.at("/api/v1/author"));
        for known in [false, true] {
            let request = |desk: &Desk| {
                let request = open(desk);
                if known {
                    request.header("x-api-key", &token)
                } else {
                    request
                }
            };
            while desk.refused(request(&desk)).await.0 != 429 {}
            for by in [HOUR, -HOUR, TimeDelta::days(366), TimeDelta::zero()] {
                desk.set(by).await;
                let (status, wait) = desk.refused(request(&desk)).await;
                assert!(status == 429 && wait.unwrap() <= 60, "{by}: {wait:?}");
            }
        }
        desk.end().await;
    })
    .await;
}

#[tokio::test]
async fn d18_r05_a_setup_link_ends_by_the_clock_and_is_good_again_when_the_clock_is_right() {
    let name = "d18_r05_a_setup_link_ends_by_the_clock";
    for database in fresh(name).await {
        if let Some(mut desk) = Desk::new(name, &database.url) {
            desk.serve(&[], &[]);
            let printed = &desk.served.as_ref().expect("it was started").printed;
            let line = printed.iter().find_map(|l| l.split_once("/auth/setup?"));
            let query = line.expect("a link").1.to_owned();
            for (by, wanted) in [(HOUR, 404), (-HOUR, 200), (TimeDelta::zero(), 200)] {
                desk.set(by).await;
                let page = desk.client.get(desk.at(&format!("/auth/setup?{query}")));
                assert_eq!(desk.answer(page).await.status(), wanted, "{by}");
            }
            desk.set(HOUR).await;
            let token = query.strip_prefix("token=").expect("a token");
            let body = json!({"token": token, "username": "ada", "password": "correct horse"});
            for (by, wanted) in [(HOUR, 404), (TimeDelta::zero(), 200)] {
                desk.set(by).await;
                let claim = desk.client.post(desk.at("/auth/setup")).json(&body);
                assert_eq!(desk.send(claim).await.0, wanted, "{by}");
            }
            desk.end().await;
        }
        database.remove().await;
    }
}
