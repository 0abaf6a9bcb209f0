//! There is no room left on the disk. A limit of how long a file of the process may get stands for it,
//! which every user may set: what goes over it is refused by the system in the middle of a write.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Place, Served};

/// Bytes that a SQLite file and its log may still grow by when the disk is "full".
const LEFT: u64 = 60_000;

/// The binary, for which a write over the limit is an error and not its death.
fn serve(place: &Place, settings: &[(&str, &str)]) -> Served {
    let plain = place.command(&["serve", "--bind", "127.0.0.1:0", "--demo"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    command.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .envs(settings.iter().copied())
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Served::start(command)
}

/// Sets how long the server's files may get; whether the system lets us.
fn limit(served: &Served, bytes: &str) -> bool {
    let pid = served.id().to_string();
    let limit = format!("--fsize={bytes}:");
    let set = Command::new("prlimit")
        .args(["--pid", &pid, &limit])
        .status();
    set.is_ok_and(|set| set.success())
}

fn largest(place: &Place) -> u64 {
    let files = std::fs::read_dir(place.path()).expect("a folder").flatten();
    let lengths = files.map(|file| file.metadata().expect("its length").len());
    lengths.max().unwrap_or_default()
}

struct Client {
    client: reqwest::Client,
    token: String,
}

impl Client {
    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String, Value) {
        let request = request.header("x-api-key", &self.token);
        let answer = request.send().await.expect("an answer");
        let kind = answer.headers().get("content-type");
        let kind = kind.map(|kind| kind.to_str().expect("text").to_owned());
        let (status, json) = crate::house::app::answer(answer).await;
        (status, kind.unwrap_or_default(), json)
    }

    async fn make(&self, served: &Served, slug: &str) -> (u16, String, Value) {
        let body =
            json!({"name": "Ada", "slug": slug, "country": "GB", "biography": "b".repeat(900)});
        let request = self.client.post(served.url("/api/v1/author"));
        self.send(request.json(&body)).await
    }

    async fn get(&self, served: &Served, path: &str) -> (u16, String, Value) {
        self.send(self.client.get(served.url(path))).await
    }
}

/// Makes authors until one is refused, or so many are made; those that were acknowledged.
async fn fill(
    client: &Client,
    served: &Served,
    (name, most): (&str, usize),
) -> (Vec<String>, bool) {
    let mut acked = Vec::new();
    for n in 0..most {
        let slug = format!("{name}-{n}");
        let (status, kind, body) = client.make(served, &slug).await;
        if status == 201 {
            acked.push(slug);
            continue;
        }
        let code = body["code"].as_str().unwrap_or_default();
        assert_eq!(
            (status, kind.as_str()),
            (503, "application/problem+json"),
            "{body}"
        );
        assert!(matches!(code, "no_room" | "storage"), "{body}");
        return (acked, true);
    }
    (acked, false)
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_on_a_full_disk_writes_are_refused_reads_go_on_and_all_is_well_when_there_is_room() {
    let name =
        "d08_on_a_full_disk_writes_are_refused_reads_go_on_and_all_is_well_when_there_is_room";
    let place = Place::new();
    let (token, unused) = (
        place.token(),
        place.run(&["token", "create", "--user", "root"]),
    );
    let served = serve(&place, &[]);
    let client = Client {
        client: reqwest::Client::new(),
        token,
    };
    let unused = Client {
        client: reqwest::Client::new(),
        token: unused.out.trim().to_owned(),
    };
    let mut acked = BTreeSet::new();
    for round in 0..3 {
        if !limit(&served, &(largest(&place) + LEFT).to_string()) {
            println!("SKIPPED {name}: the system sets no limits for another process");
            return;
        }
        let fills = (0..8).map(|w| {
            let (client, served) = (&client, &served);
            async move { fill(client, served, (&format!("r{round}w{w}"), 10_000)).await }
        });
        for (made, refused) in futures_util::future::join_all(fills).await {
            assert!(refused, "there was always room");
            acked.extend(made);
        }
        // The first use of a token is noted, where there is room.
        for client in [&client, &unused] {
            let (status, _, page) = client
                .get(&served, "/api/v1/author?count=exact&limit=1")
                .await;
            assert_eq!(status, 200, "{page}");
            let count = page["page"]["count"].as_u64().expect("a count");
            assert_eq!(count, acked.len() as u64, "what was refused is not there");
            assert_eq!(client.get(&served, "/readyz").await.0, 200);
        }
        assert!(limit(&served, "unlimited"));
        let (made, refused) = fill(&client, &served, (&format!("r{round}after"), 20)).await;
        assert!(!refused, "there is room again");
        acked.extend(made);
    }
    // And nothing of that was only in memory.
    served.signal("-KILL");
    tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    let served = place.serve(&[], &["--demo"]);
    let (status, _, page) = client
        .get(&served, "/api/v1/author?count=exact&limit=1")
        .await;
    assert_eq!(status, 200, "{page}");
    served.signal("-TERM");
    let (code, _) = tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(super::crash::slugs(&place).await, acked);
    for arguments in [&["audit", "verify"][..], &["doctor", "--demo"]] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[tokio::test]
async fn d08_a_workbook_that_there_is_no_room_for_is_refused_and_leaves_nothing_behind() {
    let name = "d08_a_workbook_that_there_is_no_room_for_is_refused_and_leaves_nothing_behind";
    let place = Place::new();
    let token = place.token();
    let temporary = place.path().join("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let served = serve(&place, &[("TMPDIR", temporary.to_str().expect("text"))]);
    let client = Client {
        client: reqwest::Client::new(),
        token,
    };
    assert!(!fill(&client, &served, ("ada", 300)).await.1);
    let path = "/api/v1/author/_export?format=xlsx";
    // In the middle of a sheet, and at the end of the file.
    for bytes in ["20000", "500"] {
        if !limit(&served, bytes) {
            println!("SKIPPED {name}: the system sets no limits for another process");
            return;
        }
        let (status, kind, body) = client.get(&served, path).await;
        assert_eq!((status, &body["code"]), (503, &json!("no_room")), "{body}");
        assert_eq!(kind, "application/problem+json");
    }
    assert!(limit(&served, "unlimited"));
    assert_eq!(client.get(&served, path).await.0, 200);
    let left = std::fs::read_dir(&temporary).expect("a folder").count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn d08_a_log_that_takes_nothing_more_stops_nobody() {
    let place = Place::new();
    let token = place.token();
    let full = || {
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
    };
    let mut command = place.command(&["serve", "--bind", "127.0.0.1:0", "--demo"]);
    command.env("QUARTERDECK_LOG_LEVEL", "trace").stderr(full());
    let served = Served::start(command);
    let client = Client {
        client: reqwest::Client::new(),
        token,
    };
    for n in 0..20 {
        assert_eq!(client.make(&served, &format!("ada-{n}")).await.0, 201);
        assert_eq!(client.get(&served, "/api/v1/author").await.0, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    served.signal("-TERM");
    let (code, _) = tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    assert_eq!(code, Some(0));
}
