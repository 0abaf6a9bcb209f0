//! The components that many operations share: problems, headers, pages, paging parameters, ways to
//! log in.

use serde_json::{Map, Value, json};

use crate::model::Verb;

use super::schema::{self, DECIMAL, TIME};
use super::{View, operations, problems, reference};

/// `*`, or a list of entity tags (RFC 9110, section 8.8.3), in which elements may be empty (5.6.1.2).
const ENTITY_TAGS: &str = r#"^(\*|(,[ \t]*)*(W/)?"[!#-~]*"([ \t]*,([ \t]*(W/)?"[!#-~]*")?)*)$"#;

/// On every answer of the API.
const ALWAYS: [&str; 6] = [
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
];

/// All of them; what no operation uses is pruned later.
pub(super) fn components(view: &View<'_>) -> Value {
    json!({
        "schemas": schemas(),
        "parameters": parameters(view),
        "responses": responses(),
        "headers": header_components(),
        "securitySchemes": {
            "session": {
                "type": "apiKey", "in": "cookie", "name": view.cookie,
                "description": "The session that a login begins.",
            },
            "bearer": {
                "type": "http", "scheme": "bearer",
                "description": "An API token in `Authorization: Bearer`.",
            },
            "key": {
                "type": "apiKey", "in": "header", "name": "X-API-Key",
                "description": "An API token in a header of its own.",
            },
        },
    })
}

fn schemas() -> Value {
    let mut all = values();
    for (name, schema) in schema::integers() {
        all[name] = schema;
    }
    all["Page"] = page();
    all["EmbeddedPage"] = embedded_page();
    all["Problem"] = problems::problem();
    all["Stale"] = problems::stale();
    all["Fault"] = fault();
    all["Model"] = model();
    all["ModelDetail"] = model_detail();
    all["ModelField"] = model_field();
    for (name, schema) in operations::schemas() {
        all[name] = schema;
    }
    all
}

fn values() -> Value {
    json!({
        "Null": {
            "type": "object", "nullable": true, "enum": [null],
            "description": "Null, and nothing else.",
        },
        "Decimal": {
            "type": "string", "pattern": DECIMAL, "description": "A decimal with its exact digits.",
        },
        "DecimalOrNumber": {
            "oneOf": [{ "type": "string", "pattern": DECIMAL }, { "type": "number" }],
        },
        "Time": { "type": "string", "pattern": TIME, "description": "A time of day." },
    })
}

fn fault() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pointer": { "type": "string", "description": "JSON pointer into the body." },
            "parameter": { "type": "string", "description": "Name of a parameter." },
            "code": { "type": "string" },
            "detail": { "type": "string" },
        },
        "required": ["code", "detail"],
    })
}

fn page() -> Value {
    json!({
        "type": "object",
        "properties": {
            "limit": { "type": "integer" },
            "next": {
                "type": "string", "nullable": true,
                "description": "Cursor of the next page; null on the last.",
            },
            "prev": {
                "type": "string", "nullable": true,
                "description": "Cursor of the page before; null on the first.",
            },
            "count": {
                "type": "integer", "format": "int64", "minimum": 0, "nullable": true,
                "description": "How many records match; null if not counted.",
            },
            "count_kind": {
                "type": "string", "nullable": true,
                "enum": ["exact", "estimated", "at_least", null],
            },
        },
        "required": ["limit", "next", "prev", "count", "count_kind"],
        "additionalProperties": false,
    })
}

fn embedded_page() -> Value {
    json!({
        "type": "object",
        "properties": {
            "limit": { "type": "integer" },
            "more": { "type": "boolean", "description": "Whether there are records past them." },
        },
        "required": ["limit", "more"],
        "additionalProperties": false,
    })
}

fn model() -> Value {
    json!({
        "type": "object",
        "properties": {
            "slug": { "type": "string" },
            "label": { "type": "string" },
            "plural": { "type": "string" },
            "group": { "type": "string" },
            "verbs": verbs(),
        },
        "required": ["slug", "label", "plural", "group", "verbs"],
    })
}

fn verbs() -> Value {
    json!({ "type": "array", "items": { "type": "string", "enum": Verb::ALL.map(Verb::name) } })
}

fn model_detail() -> Value {
    let names = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "allOf": [reference("schemas", "Model"), {
            "type": "object",
            "properties": {
                "key": names,
                "display": { "type": "string", "description": "Pattern of a record's title." },
                "fields": { "type": "array", "items": reference("schemas", "ModelField") },
                "relations": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "label": { "type": "string" },
                        "many": { "type": "boolean" },
                        "model": { "type": "string" },
                        "owns_key": { "type": "boolean" },
                        "fields": names,
                    },
                    "required": ["name", "label", "many", "model", "owns_key", "fields"],
                } },
                "search": names,
                "ordering": names,
                "list": names,
                "filters": names,
            },
            "required": [
                "key", "display", "fields", "relations", "search", "ordering", "list", "filters",
            ],
        }],
    })
}

fn model_field() -> Value {
    let names = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "label": { "type": "string" },
            "help": { "type": "string" },
            "type": { "type": "string" },
            "limits": { "type": "object" },
            "choices": { "type": "array", "items": {
                "type": "object",
                "properties": { "value": { "type": "string" }, "label": { "type": "string" } },
                "required": ["value", "label"],
            } },
            "nullable": { "type": "boolean" },
            "required": { "type": "boolean" },
            "readable": { "type": "boolean" },
            "read_only": { "type": "boolean" },
            "writable": verbs(),
            "unique": { "type": "boolean" },
            "operators": names,
            "sortable": { "type": "boolean" },
        },
        "required": [
            "name", "label", "help", "type", "limits", "choices", "nullable", "required",
            "readable", "read_only", "writable", "unique", "operators", "sortable",
        ],
    })
}

fn parameters(view: &View<'_>) -> Value {
    let limits = view.limits;
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let header = |name: &str, description: &str| {
        let schema = json!({ "type": "string" });
        json!({ "name": name, "in": "header", "description": description, "schema": schema })
    };
    json!({
        "q": query(
            "q",
            "Words that each must occur in some search field, whatever their case.",
            json!({ "type": "string", "minLength": 2 }),
        ),
        "zone": query(
            "zone",
            "The time zone whose years, months, weeks and days are meant, instead of UTC's.",
            json!({ "type": "string", "enum": &chrono_tz::TZ_VARIANTS.map(|zone| zone.name())[..] }),
        ),
        "limit": query("limit", "Records on a page.", json!({
            "type": "integer", "minimum": 1, "maximum": limits.max_limit,
            "default": limits.default_limit,
        })),
        "cursor": query(
            "cursor",
            "`page.next` or `page.prev` of an answer to the same query.",
            json!({ "type": "string" }),
        ),
        "page": query(
            "page",
            "The number of a page; instead of `cursor`, and only so far.",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        "offset": query(
            "offset",
            "Records to skip; instead of `cursor`, and only so far.",
            json!({ "type": "integer", "minimum": 0, "maximum": limits.max_offset }),
        ),
        "count": query("count", "How to count; `exact` may be slow.", json!({
            "type": "string", "enum": ["auto", "exact", "estimated", "none"], "default": "auto",
        })),
        "and": query("and", "Conditions, as a query string, that must all hold.", json!({ "type": "string" })),
        "or": query("or", "Conditions, as a query string, of which one must hold.", json!({ "type": "string" })),
        "not": query("not", "Conditions, as a query string, that must not all hold.", json!({ "type": "string" })),
        "If-None-Match": header("If-None-Match", "The `ETag` of the answer you have."),
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header",
            "description": "The same request with the same key happens once, and is answered as the first time. Kept for 24 hours.",
            "schema": { "type": "string", "pattern": "^[!-~]{1,255}$" },
        },
        "If-Match": if_match(false),
        "If-Match-Required": if_match(true),
        "Prefer": {
            "name": "Prefer", "in": "header",
            "description": "`return=minimal` for an answer without a body; `dry-run` for what would be done, without doing it.",
            "schema": { "type": "string" },
        },
        "Prefer-Later": {
            "name": "Prefer", "in": "header",
            "description": "`dry-run` for what would be done, without doing it; `respond-async` for an answer at once, and the work afterwards.",
            "schema": { "type": "string" },
        },
        "Prefer-Async": {
            "name": "Prefer", "in": "header",
            "description": "`respond-async` for an answer at once, and the file afterwards.",
            "schema": { "type": "string" },
        },
        "Change-Reason": {
            "name": "Change-Reason", "in": "header",
            "description": "Why, for the audit: a line of text.",
            "schema": { "type": "string", "pattern": "^[ -~]{0,500}$" },
        },
    })
}

fn if_match(required: bool) -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": required,
        "description": "The `ETag` of the record as you read it, without parameters; 412 when it has been changed since.",
        "schema": { "type": "string", "pattern": ENTITY_TAGS },
    })
}

fn header_components() -> Value {
    let header = |kind: &str, description: &str| json!({ "description": description, "schema": { "type": kind } });
    json!({
        "X-Request-Id": header("string", "The request's id, as in logs and problems."),
        "X-RateLimit-Limit": header("integer", "Requests in a window."),
        "X-RateLimit-Remaining": header("integer", "Requests left."),
        "X-RateLimit-Reset": header("integer", "Seconds until there are more."),
        "RateLimit": header("string", "The same, as the IETF draft writes it."),
        "RateLimit-Policy": header("string", "The limits in force."),
        "Idempotency-Replayed": header("string", "`true` when the request had come before."),
        "Retry-After": header("integer", "Seconds after which to try again."),
        "ETag": header("string", "Tag of this very representation."),
        "Content-Disposition": header("string", "The name of the file."),
        "Link": header("string", "The pages `next` and `prev` (RFC 8288)."),
        "Location": {
            "description": "Where the new record, or the operation, is.",
            "schema": { "type": "string", "format": "uri-reference" },
        },
    })
}

/// References to the headers that every answer has, and to these.
pub(super) fn headers(more: &[&str]) -> Value {
    let names = more.iter().chain(&ALWAYS);
    let all: Map<String, Value> = names
        .map(|&name| (name.to_owned(), reference("headers", name)))
        .collect();
    Value::Object(all)
}

fn dry_run() -> Value {
    let schema = reference("schemas", "DryRun");
    json!({
        "description": "What would be done (`Prefer: dry-run`)",
        "headers": headers(&[]),
        "content": { "application/json": { "schema": schema } },
    })
}

fn responses() -> Value {
    let mut all = Map::new();
    problems::add(&mut all);
    let empty = |description: &str, more: &[&str]| json!({ "description": description, "headers": headers(more) });
    all.insert(
        "NotModified".into(),
        empty("What you have is still right", &["ETag"]),
    );
    all.insert("NoContent".into(), empty("Done; no body", &["ETag"]));
    all.insert(
        "ListHead".into(),
        empty("The headers of a list", &["ETag", "Link"]),
    );
    all.insert(
        "RecordHead".into(),
        empty("The headers of a record", &["ETag"]),
    );
    all.insert(
        "HeadProblem".into(),
        empty("As for GET, without the body", &["Retry-After"]),
    );
    all.insert("DryRun".into(), dry_run());
    // The listener's own answer, before anything of ours has seen the request.
    all.insert(
        "HeadersTooLarge".into(),
        json!({"description": "More than 16 kB of address and headers"}),
    );
    Value::Object(all)
}
