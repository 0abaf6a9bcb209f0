//! Random writes of every kind against a mirror in memory, on every database; and then all of it
//! undone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::undo::undo;
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

/// What a table holds, by key, without the times that every write sets.
async fn table(session: &Session<'_>, model: &str) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    let mut path = format!("/api/v1/{model}?limit=100");
    loop {
        let (status, page) = session.get(&path).await;
        assert_eq!(status, 200, "{page}");
        for row in page["data"].as_array().expect("rows") {
            let mut row = row.clone();
            row.as_object_mut().expect("a record").remove("updated_at");
            rows.insert(row["id"].to_string(), row);
        }
        let Some(next) = page["page"]["next"].as_str() else {
            return rows;
        };
        path = format!("/api/v1/{model}?limit=100&cursor={next}");
    }
}

/// Random writes of every kind, mirrored in memory.
struct Player<'a> {
    session: &'a Session<'a>,
    random: u64,
    mirror: BTreeMap<String, Value>,
    count: u32,
}

impl Player<'_> {
    fn below(&mut self, n: usize) -> usize {
        // SplitMix64: the same game every time.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("less than n")
    }

    fn any(&mut self) -> Option<String> {
        let n = self.below(self.mirror.len().max(1));
        self.mirror.keys().nth(n).cloned()
    }

    fn category(&mut self) -> Value {
        self.count += 1;
        let parent = self.any();
        let parent = parent.filter(|_| self.below(10) < 6);
        let parent: Value = parent.map_or(Value::Null, |p| p.parse().expect("an id"));
        json!({"name": format!("N{}", self.count), "slug": format!("s{}", self.count),
               "parent_id": parent, "position": self.below(9)})
    }

    fn set(&mut self, row: &Value) {
        self.mirror.insert(row["id"].to_string(), row.clone());
    }

    fn remove(&mut self, id: &str) {
        self.mirror.remove(id);
        let gone: Value = id.parse().expect("an id");
        for row in self.mirror.values_mut().filter(|r| r["parent_id"] == gone) {
            row["parent_id"] = Value::Null;
        }
    }

    async fn play(&mut self) {
        let any = self.any();
        let Some(id) = any.filter(|_| self.below(10) < 7) else {
            let body = self.category();
            let (status, made) = self.session.send("POST", "/api/v1/category", body).await;
            assert_eq!(status, 201, "{made}");
            return self.set(&made);
        };
        let path = format!("/api/v1/category/{id}");
        match self.below(4) {
            0 => {
                let body = json!({"position": self.below(9)});
                let (status, row) = self.session.send("PATCH", &path, body).await;
                assert_eq!(status, 200, "{row}");
                self.set(&row);
            }
            1 => {
                let body = self.category();
                let (status, row) = self.session.send("PUT", &path, body).await;
                assert_eq!(status, 200, "{row}");
                self.set(&row);
            }
            2 => {
                assert_eq!(self.session.send("DELETE", &path, Value::Null).await.0, 204);
                self.remove(&id);
            }
            _ => {
                let (a, b) = (self.category(), json!({"name": "bulk"}));
                let body = json!({"operations": [
                    {"verb": "create", "data": a}, {"verb": "patch", "id": id, "data": b}]});
                let (status, done) = self
                    .session
                    .send("POST", "/api/v1/category/_bulk", body)
                    .await;
                assert_eq!(status, 200, "{done}");
                for result in done["results"].as_array().expect("results") {
                    let path =
                        format!("/api/v1/category/{}", result["id"].as_str().expect("an id"));
                    let row = self.session.get(&path).await.1;
                    self.set(&row);
                }
            }
        }
    }
}

async fn seed(app: &TestApp) {
    let root = app
        .make("category", json!({"name": "R", "slug": "r"}))
        .await;
    for slug in ["x", "y"] {
        let child = json!({"name": slug, "slug": slug, "parent_id": root["id"]});
        app.make("category", child).await;
    }
}

#[tokio::test]
async fn everything_that_a_user_did_is_undone() {
    on_each_app(
        "everything_that_a_user_did_is_undone",
        |b| b,
        async |app| {
            seed(app).await;
            let admin = app.login("admin").await;
            let start = table(&admin, "category").await;
            for round in 0..3_u8 {
                let name = format!("player{round}");
                let grants = json!([grant_all("category", json!("all"))]);
                let user = app.user(&name, false, grants).await;
                let session = app.login(&name).await;
                let mut player = Player {
                    session: &session,
                    random: u64::from(round),
                    mirror: start.clone(),
                    count: u32::from(round) * 1_000,
                };
                for _ in 0..30 {
                    player.play().await;
                }
                let mirror: BTreeMap<String, Value> = player.mirror.into_iter().collect();
                assert_eq!(table(&session, "category").await, mirror, "round {round}");
                let body = json!({"user": user, "since": "2020-01-01T00:00:00Z"});
                let done = undo(&admin, &body).await;
                assert_eq!(done.status, 200, "round {round}: {}", done.text);
                assert_eq!(table(&admin, "category").await, start, "round {round}");
            }
        },
    )
    .await;
}
