//! Receives signed webhooks: [Standard Webhooks](https://www.standardwebhooks.com) and GitHub's
//! `X-Hub-Signature-256`. Every event whose signature holds is stored once in the model
//! `webhook_event`, whatever it says; what to do about it is for hooks on that model, or for
//! whoever reads it.
//!
//! A source is a name in the address and a secret in the settings. `{source}_secret` holds one
//! secret, or two with a comma between them while one replaces the other. A secret that begins with
//! `whsec_` makes the source one of Standard Webhooks, any other one of GitHub's.

pub mod event;
mod receive;
mod secret;
#[doc(hidden)] // Public for the fuzz targets alone.
pub mod signature;
mod table;

use std::sync::Arc;

use poem::http::Method;
use serde_json::{Map, Value, json};

use crate::app::AppBuilder;
use crate::check::Finding;
use crate::http::Call;
use crate::model::{FieldOptions, Verb};
use crate::page::viewer::Language;
use crate::plugin::{Guard, Manifest, Plugin, PluginRoute, Settings};

use secret::Sources;

/// The way a source signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Standard,
    Github,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Github => "github",
        }
    }
}

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Webhooks;

impl Plugin for Webhooks {
    fn manifest(&self) -> Manifest {
        Manifest {
            name: "webhooks",
            version: env!("CARGO_PKG_VERSION"),
            public_api: true,
            prefix: None,
            requires: &[],
            settings: &[(
                "{source}_secret",
                "what the source signs with; two, with a comma between them, while one replaces \
                 the other",
            )],
        }
    }

    fn install(&self, app: AppBuilder) -> AppBuilder {
        app.migrations(vec![Box::new(table::Migration)])
            .translation(Language::German, include_str!("de.tsv"))
            .model::<event::Entity>(|m| {
                use event::Column::{EventId, EventType, Payload, ReceivedAt, Scheme, Source};
                m.group("Integrations")
                    .label("Webhook event")
                    .display("{source} {event_type}")
                    .list([ReceivedAt, Source, Scheme, EventType, EventId])
                    .search([EventId, EventType])
                    .filters([Source, Scheme, EventType])
                    .ordering("-id")
                    .field(Scheme, |f| f.choices(["standard", "github"]))
                    .field(Payload, |f| f.help(receive::PAYLOAD))
                    .field(ReceivedAt, FieldOptions::has_default)
                    .verbs([Verb::List, Verb::Read, Verb::Delete])
                    .system_verbs([Verb::Create])
            })
    }

    fn check(&self, settings: &Settings) -> Vec<Finding> {
        Sources::read(settings).1
    }

    fn routes(&self, settings: Arc<Settings>) -> Vec<PluginRoute> {
        let sources = Arc::new(Sources::read(&settings).0);
        let route = |path, scheme: Scheme, (summary, description)| {
            let sources = Arc::clone(&sources);
            let handler = move |call: Call| receive::receive(Arc::clone(&sources), scheme, call);
            PluginRoute::new(Method::POST, path, Guard::Open, handler)
                .summary(summary)
                .description(description)
                .describe(Some(body()), responses())
        };
        vec![
            route(
                "/standard/:source",
                Scheme::Standard,
                (
                    "Receive an event signed as Standard Webhooks says",
                    "It comes with the headers `webhook-id`, `webhook-timestamp` and \
                     `webhook-signature`; an id that was here before changes nothing.",
                ),
            ),
            route(
                "/github/:source",
                Scheme::Github,
                (
                    "Receive an event signed as GitHub does",
                    "It comes with the headers `X-Hub-Signature-256`, `X-GitHub-Delivery` and \
                     `X-GitHub-Event`; a delivery that was here before changes nothing.",
                ),
            ),
        ]
    }
}

fn body() -> Value {
    json!({
        "description": receive::PAYLOAD,
        "required": true,
        "content": {
            "application/json": { "schema": {} },
            "*/*": { "schema": { "type": "string", "format": "binary" } },
        },
    })
}

fn responses() -> Map<String, Value> {
    let status = json!({ "type": "string", "enum": ["stored", "duplicate"] });
    let schema = json!({
        "type": "object",
        "properties": { "status": status },
        "required": ["status"],
    });
    let done = json!({
        "description": "The signature holds; the event is stored, now or by an earlier delivery.",
        "content": { "application/json": { "schema": schema } },
    });
    let problem = |kind: &str| json!({ "$ref": format!("#/components/responses/{kind}") });
    let mut all = Map::new();
    all.insert("200".to_owned(), done);
    for (status, kind) in [
        ("400", "Malformed"),
        ("401", "Unauthenticated"),
        ("404", "NotFound"),
        ("413", "TooLarge"),
        ("415", "UnsupportedMedia"),
    ] {
        all.insert(status.to_owned(), problem(kind));
    }
    all
}
