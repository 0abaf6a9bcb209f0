//! Quarterdeck's own models, registered like any other, and the hook that guards them.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use quarterdeck_entity::system::{
    audit, audit_seal, grant, operation, role, saved_view, session, token, user, user_role,
};
use sea_orm::Value;

use crate::auth::{policy, state};
use crate::error::{Error, Fault, Kind};
use crate::hook::{Hook, Write};
use crate::model::patch::Changes;
use crate::model::{ModelMeta, Rule, Verb, Widget};
use crate::session::Identity;
use crate::store::{Tx, now};

use super::AppBuilder;

/// Registers the system models. Secrets are named here and nowhere else.
pub(super) fn register(app: AppBuilder) -> AppBuilder {
    app.model::<user::Entity>(|m| {
        use user::Column::{
            CreatedAt, Email, FullName, Id, IsActive, IsSuperuser, LastLoginAt, PasswordHash,
            UpdatedAt, Username,
        };
        m.system()
            .label("User")
            .display("username")
            .list([Id, Username, Email, IsActive, IsSuperuser, LastLoginAt])
            .search([Username, Email, FullName])
            .filters([IsActive, IsSuperuser])
            .readonly([CreatedAt, UpdatedAt, LastLoginAt])
            .secret([PasswordHash])
            .field(Username, |f| f.rule(Rule::MinLength(1)))
            .field(Email, |f| f.rule(Rule::Email).widget(Widget::Email))
            .field(CreatedAt, crate::model::FieldOptions::has_default)
            .field(UpdatedAt, crate::model::FieldOptions::has_default)
            .many_to_many::<role::Entity>("roles")
    })
    .model::<role::Entity>(|m| {
        m.system()
            .label("Role")
            .display("name")
            .search([role::Column::Name])
            .field(role::Column::Name, |f| f.rule(Rule::MinLength(1)))
    })
    .model::<user_role::Entity>(|m| m.system().label("Role of a user").label_plural("Roles of users"))
    .model::<grant::Entity>(|m| {
        m.system()
            .label("Grant")
            .display("{model} for role {role_id}")
            .field(grant::Column::Rows, |f| {
                f.help("\"all\", or a filter; $user.id, $user.username and $user.email stand for the user's.")
            })
            .field(grant::Column::Verbs, |f| f.help("An array of verbs."))
            .field(grant::Column::Readable, |f| f.help("\"all\", or an array of field names."))
            .field(grant::Column::Writable, |f| f.help("\"all\", or an array of field names."))
    })
    .model::<session::Entity>(|m| {
        m.system()
            .label("Session")
            .secret([session::Column::TokenHash])
            .ordering("-id")
            .verbs([Verb::List, Verb::Read, Verb::Delete])
    })
    .model::<token::Entity>(|m| {
        use token::Column::{CreatedAt, ExpiresAt, LastUsedAt, Name, Prefix, TokenHash, UserId};
        m.system()
            .label("API token")
            .display("name")
            .list([Name, Prefix, UserId, CreatedAt, ExpiresAt, LastUsedAt])
            .secret([TokenHash])
            .ordering("-id")
            .verbs([Verb::List, Verb::Read, Verb::Delete])
    })
    .model::<saved_view::Entity>(|m| {
        use saved_view::Column::{CreatedAt, Model, Name, OwnerId, Shared};
        m.system()
            .label("Saved view")
            .display("name")
            .list([Name, Model, OwnerId, Shared])
            .search([Name])
            .filters([Model, Shared])
            .readonly([OwnerId, CreatedAt])
            .field(Name, |f| f.rule(Rule::MinLength(1)))
            .field(CreatedAt, crate::model::FieldOptions::has_default)
    })
    .model::<audit::Entity>(|m| {
        m.system()
            .label("Audit entry")
            .label_plural("Audit log")
            .ordering("-id")
            .verbs([Verb::List, Verb::Read])
    })
    .model::<audit_seal::Entity>(|m| {
        use audit_seal::Column::{At, Digests, Head, Highest, Id, Rows, Signature};
        m.system()
            .label("Audit seal")
            .list([Id, At, Rows, Highest, Head])
            .secret([Digests, Signature])
            .ordering("-id")
            .verbs([Verb::List, Verb::Read])
    })
    .model::<operation::Entity>(|m| {
        use operation::Column::{
            Done, EndedAt, Id, Kind, Model, Rights, StartedAt, State, Total, Username,
        };
        m.system()
            .label("Operation")
            .list([Id, Kind, Model, Username, State, Done, Total, StartedAt, EndedAt])
            .secret([Rights])
            .filters([Kind, State])
            .ordering("-id")
            .verbs([Verb::List, Verb::Read])
    })
}

/// Tells the identity that something it caches has changed. The hook is made before the identity.
#[derive(Debug, Clone, Default)]
pub(super) struct Signal(Arc<OnceLock<Weak<Identity>>>);

impl Signal {
    pub(super) fn connect(&self, identity: &Arc<Identity>) {
        let _ = self.0.set(Arc::downgrade(identity));
    }

    fn send(&self) {
        if let Some(identity) = self.0.get().and_then(Weak::upgrade) {
            identity.changed();
        }
    }
}

/// Guards the system models: only a superuser changes who may do what, grants must make sense, and
/// every change raises the policy version in its own transaction.
#[derive(Debug)]
pub(super) struct Guardian {
    signal: Signal,
}

impl Guardian {
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal }
    }
}

/// The models that say who may do what.
const POWER: [&str; 3] = ["qd_role", "qd_user_role", "qd_grant"];

#[async_trait]
impl Hook for Guardian {
    fn id(&self) -> &'static str {
        "guardian"
    }

    fn priority(&self) -> i32 {
        -100
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.system
    }

    async fn before(
        &self,
        _tx: &Tx,
        write: &Write<'_>,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        let table = write.model.table.as_str();
        if !write.principal.is_superuser() && !write.cascade {
            let rises = table == "qd_user" && touches(write, changes, "is_superuser");
            let of_superuser = table == "qd_user"
                && write.before.is_some_and(|row| {
                    let field = write.model.field("is_superuser");
                    field.is_some_and(|f| row[f] == Value::from(true))
                });
            if POWER.contains(&table) || rises || of_superuser {
                return Err(Error::new(
                    Kind::Forbidden,
                    "superuser_only",
                    "Only a superuser changes who may do what.",
                ));
            }
        }
        if table == "qd_saved_view" && write.verb == Verb::Create {
            let owner = write.principal.user.as_ref().map(|user| user.id);
            put(write.model, changes, "owner_id", owner.into());
            put(write.model, changes, "created_at", now().into());
        }
        if table == "qd_user" {
            let now = Value::from(now());
            if write.verb == Verb::Create {
                put(write.model, changes, "created_at", now.clone());
            }
            if write.verb != Verb::Delete && !changes.values.is_empty() {
                put(write.model, changes, "updated_at", now);
            }
        }
        if table == "qd_grant" && write.verb != Verb::Delete && !is_emptied(write, changes) {
            check_grant(write, changes)?;
        }
        Ok(())
    }

    async fn after(&self, tx: &Tx, _write: &Write<'_>) -> Result<(), Error> {
        state::raise_version(tx).await
    }

    fn committed(&self, _model: &ModelMeta, _verb: Verb) {
        self.signal.send();
    }
}

fn touches(write: &Write<'_>, changes: &Changes, name: &str) -> bool {
    let Some(field) = write.model.field(name) else {
        return false;
    };
    let new = changes
        .values
        .iter()
        .find(|(f, _)| *f == field)
        .map(|(_, v)| v);
    let old = write
        .before
        .map_or_else(|| Value::from(false), |row| row[field].clone());
    new.is_some_and(|new| *new != old)
}

fn put(model: &ModelMeta, changes: &mut Changes, name: &str, value: Value) {
    if let Some(field) = model.field(name) {
        changes.values.retain(|(f, _)| *f != field);
        changes.values.push((field, value));
    }
}

/// Whether the program itself leaves a grant without rows, as [`super::prune`] does: it lets nobody in,
/// and it is there to be mended.
fn is_emptied(write: &Write<'_>, changes: &Changes) -> bool {
    let rows = write.model.field("rows");
    let coming = rows.and_then(|rows| write.coming(changes, rows));
    write.principal.system
        && write.verb == Verb::Patch
        && matches!(coming, Some(Value::Json(Some(rows))) if **rows == serde_json::json!({}))
}

/// Reads the grant as the policy will, so that one that would be ignored is never stored.
fn check_grant(write: &Write<'_>, changes: &Changes) -> Result<(), Error> {
    let value = |name: &str| {
        let field = write.model.field(name)?;
        write.coming(changes, field).cloned()
    };
    let json = |name: &str| match value(name) {
        Some(Value::Json(Some(json))) => *json,
        _ => serde_json::Value::Null,
    };
    let text = match value("model") {
        Some(Value::String(Some(text))) => text,
        _ => String::new(),
    };
    let row = grant::Model {
        id: 0,
        role_id: 0,
        model: text,
        verbs: json("verbs"),
        rows: json("rows"),
        readable: json("readable"),
        writable: json("writable"),
    };
    policy::read(write.registry, &row)
        .map(|_| ())
        .map_err(|fault| {
            let detail = format!("This grant would be ignored: {fault}.");
            Error::invalid(vec![Fault::pointer(String::new(), "grant", detail)])
        })
}
