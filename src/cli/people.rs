//! `user` and `token`: the same operations as through the API, as the operator.

use std::io::Read as _;
use std::process::ExitCode;

use chrono::TimeDelta;

use crate::app::App;
use crate::auth::tokens::{self, NewToken};
use crate::auth::{accounts, password};
use crate::config::Config;
use crate::crud::{Context, IfMatch, ListRequest, Target};
use crate::error::Error;
use crate::model::{Input, ModelId, Verb};
use crate::store::now;

use super::arguments::{Token, User};
use super::{Failure, Project, open};

pub(super) async fn user(
    project: Project,
    config: Config,
    command: User,
) -> Result<ExitCode, Failure> {
    let app = open(&project, config).await?;
    match command {
        User::Create {
            name,
            email,
            superuser,
            roles,
            password_stdin: _,
        } => {
            let password = read_password()?;
            create_user(
                &app,
                NewUser {
                    name: &name,
                    email,
                    superuser,
                    roles,
                    password: &password,
                },
            )
            .await?;
            println!("made the user {name}");
        }
        User::List => {
            for row in rows(&app, "qd_user").await? {
                let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
                let flag = |key: &str, word: &str| {
                    if row[key] == serde_json::Value::Bool(true) {
                        word.to_owned()
                    } else {
                        String::new()
                    }
                };
                println!(
                    "{:<6} {:<30} {:<40} {:<10} {}",
                    row["id"],
                    text("username"),
                    text("email"),
                    flag("is_superuser", "superuser"),
                    if row["is_active"] == true {
                        ""
                    } else {
                        "suspended"
                    },
                );
            }
        }
        User::Disable { name } => {
            let id = find(&app, &name).await?;
            let body = Input::Object(vec![("is_active".into(), Input::Bool(false))]);
            let model = model(&app, "qd_user")?;
            let ctx = Context::operator();
            let target = Target {
                key: &id.to_string(),
                condition: &IfMatch::Unconditional,
            };
            app.engine
                .update(&ctx, (model, Verb::Patch), target, body)
                .await?;
            println!("suspended {name}");
        }
        User::Reset { name } => {
            let id = find(&app, &name).await?;
            let password = read_password()?;
            accounts::set_password(app.engine.db(), &app.accounts.passwords, id, &password).await?;
            println!("gave {name} a new password; every session of {name} has ended");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A user to be made.
#[derive(Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: Option<String>,
    pub(crate) superuser: bool,
    pub(crate) roles: Vec<String>,
    pub(crate) password: &'a str,
}

/// Makes a user with its roles and its password.
///
/// # Errors
/// 422 for a weak password or a bad name, 409 for one that is taken, 404 for an unknown role.
pub(crate) async fn create_user(app: &App, new: NewUser<'_>) -> Result<i64, Error> {
    let invalid = |w: password::Weakness| {
        Error::invalid(vec![crate::error::Fault::field(
            "password",
            "weak",
            w.to_string(),
        )])
    };
    app.accounts
        .passwords
        .check(new.password)
        .map_err(invalid)?;
    let ctx = Context::operator();
    let roles = role_ids(app, &new.roles).await?;
    let text = |s: &str| Input::String(s.to_owned());
    let body = Input::Object(vec![
        ("username".into(), text(new.name)),
        (
            "email".into(),
            new.email.as_deref().map_or(Input::Null, text),
        ),
        ("is_superuser".into(), Input::Bool(new.superuser)),
    ]);
    let users = model(app, "qd_user")?;
    let made = app.engine.create(&ctx, users, body).await?;
    let id: i64 = made.key.parse().map_err(Error::internal)?;
    for role in roles {
        let body = Input::Object(vec![
            ("user_id".into(), Input::Number(id.to_string())),
            ("role_id".into(), Input::Number(role.to_string())),
        ]);
        app.engine
            .create(&ctx, model(app, "qd_user_role")?, body)
            .await?;
    }
    accounts::set_password(app.engine.db(), &app.accounts.passwords, id, new.password).await?;
    app.identity.changed();
    Ok(id)
}

async fn role_ids(app: &App, names: &[String]) -> Result<Vec<i64>, Error> {
    let mut ids = Vec::new();
    let all = if names.is_empty() {
        Vec::new()
    } else {
        rows(app, "qd_role").await?
    };
    for name in names {
        let found = all
            .iter()
            .find(|r| r["name"] == name.as_str())
            .and_then(|r| r["id"].as_i64());
        ids.push(found.ok_or_else(|| {
            let detail = format!("There is no role {name:?}.");
            Error::parameter("role", "unknown_role", detail)
        })?);
    }
    Ok(ids)
}

fn model(app: &App, slug: &str) -> Result<ModelId, Error> {
    Ok(app.engine.model(slug)?.id)
}

/// Every record of a model, page after page.
async fn rows(app: &App, slug: &str) -> Result<Vec<serde_json::Value>, Error> {
    let model = model(app, slug)?;
    let mut all = Vec::new();
    let mut parameters = vec![("count".to_owned(), "none".to_owned())];
    loop {
        let request = ListRequest::Parameters(&parameters);
        let page = app
            .engine
            .list(&Context::operator(), model, request)
            .await?;
        let rows: Vec<serde_json::Value> =
            serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
        all.extend(rows);
        match page.next {
            Some(next) => {
                parameters.truncate(1);
                parameters.push(("cursor".to_owned(), next));
            }
            None => return Ok(all),
        }
    }
}

async fn find(app: &App, name: &str) -> Result<i64, Failure> {
    let found = accounts::by_name(app.engine.db(), name).await?;
    found
        .map(|u| u.id)
        .ok_or_else(|| Failure(format!("there is no user {name}")))
}

/// One line, or everything, of standard input, without the line's end.
fn read_password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| Failure(e.to_string()))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}

pub(super) async fn token(
    project: Project,
    config: Config,
    command: Token,
) -> Result<ExitCode, Failure> {
    let app = open(&project, config).await?;
    match command {
        Token::Create {
            user,
            name,
            scopes,
            expires,
        } => {
            let expires_at = expires
                .as_deref()
                .map(duration)
                .transpose()?
                .map(|d| now() + d);
            let scopes = if scopes.is_empty() {
                None
            } else {
                Some(scopes.iter().map(|s| scope(s)).collect::<Result<_, _>>()?)
            };
            let user_id = find(&app, &user).await?;
            let new = NewToken {
                user_id,
                name,
                scopes,
                expires_at,
            };
            println!("{}", tokens::create(app.engine.db(), new).await?.expose());
        }
        Token::List => {
            for row in rows(&app, "qd_token").await? {
                let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
                println!(
                    "{:<6} {:<14} user {:<6} {:<24} expires {:<28} {}",
                    row["id"],
                    text("prefix"),
                    row["user_id"],
                    text("name"),
                    text("expires_at"),
                    if row["revoked_at"].is_null() {
                        ""
                    } else {
                        "revoked"
                    },
                );
            }
        }
        Token::Revoke { id } => {
            if !tokens::revoke(app.engine.db(), id).await? {
                return Err(Failure(format!("there is no token {id} to revoke")));
            }
            println!("revoked {id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn scope(text: &str) -> Result<(String, Vec<Verb>), Failure> {
    let usage = || Failure(format!("{text:?} is no scope; write MODEL:VERB,VERB"));
    let (model, verbs) = text.split_once(':').ok_or_else(usage)?;
    let verbs: Option<Vec<Verb>> = verbs.split(',').map(Verb::named).collect();
    Ok((model.to_owned(), verbs.ok_or_else(usage)?))
}

/// `90d`, `12h`, `30m`.
fn duration(text: &str) -> Result<TimeDelta, Failure> {
    let usage = || Failure(format!("{text:?} is no time; write 90d, 12h or 30m"));
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(usage)?;
    let number: i64 = number.parse().map_err(|_| usage())?;
    let delta = match unit {
        "d" => TimeDelta::try_days(number),
        "h" => TimeDelta::try_hours(number),
        "m" => TimeDelta::try_minutes(number),
        _ => None,
    };
    delta
        .filter(|d| *d > TimeDelta::zero() && number < 36_500)
        .ok_or_else(usage)
}
