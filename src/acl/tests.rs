//! Truth tables of the decision. That the union is right row by row and field by field is proven
//! against brute force in `tests/query/grants`.

use std::sync::OnceLock;

use quarterdeck_entity::demo::{author, book, book_category, category};
use quarterdeck_entity::system::user;
use serde_json::json;

use super::rule::Unlimited;
use super::{Access, Decision, Grant, Policy, Principal, Rows, TokenScope, User, decide};
use crate::error::Kind;
use crate::model::describe::describe;
use crate::model::options::Options;
use crate::model::{Input, ModelId, ModelOptions, Registry, Verb};
use crate::query::path::Scope as PathScope;
use crate::query::{Cmp, Filter, Limits, Sight};

const USER: ModelId = ModelId(0);
const BOOK: ModelId = ModelId(1);
const AUTHOR: ModelId = ModelId(2);
const CATEGORY: ModelId = ModelId(3);
const PLACE: ModelId = ModelId(4);

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let users = ModelOptions::<user::Entity>::new()
            .secret([user::Column::PasswordHash])
            .verbs([Verb::List, Verb::Read, Verb::Patch])
            .into_options();
        let books = ModelOptions::<book::Entity>::new()
            .many_to_many::<category::Entity>("categories")
            .into_options();
        let (registry, _) = Registry::build(&[
            (describe::<user::Entity>(), users),
            (describe::<book::Entity>(), books),
            (describe::<author::Entity>(), Options::default()),
            (describe::<category::Entity>(), Options::default()),
            (describe::<book_category::Entity>(), Options::default()),
        ]);
        registry
    })
}

fn mary() -> Principal {
    Principal {
        user: Some(User {
            id: 3,
            username: "mary".into(),
            email: None,
            superuser: false,
            roles: vec![1, 2],
        }),
        ..Principal::default()
    }
}

fn superuser() -> Principal {
    let mut principal = mary();
    principal.user.as_mut().unwrap().superuser = true;
    principal
}

fn grant(role: i64, verbs: &[Verb]) -> Grant {
    Grant {
        role,
        verbs: verbs.to_vec(),
        rows: Rows::All,
        readable: None,
        writable: None,
    }
}

fn rule(json: &serde_json::Value) -> Rows {
    Rows::parse(&Input::from(json))
}

/// `unknown`, `forbidden` or `allowed`.
fn word(policy: &Policy, principal: &Principal, verb: Verb, model: ModelId) -> &'static str {
    match decide(policy, registry(), principal, (verb, model)) {
        Decision::Unknown => "unknown",
        Decision::Forbidden => "forbidden",
        Decision::Allowed(_) => "allowed",
    }
}

#[test]
fn r35_what_no_grant_allows_is_denied_and_a_model_without_a_verb_does_not_exist() {
    let policies = [
        ("no grant", Policy::default()),
        (
            "another role",
            Policy::new(1, [(BOOK, grant(9, &Verb::ALL))]),
        ),
        (
            "another model",
            Policy::new(1, [(AUTHOR, grant(1, &Verb::ALL))]),
        ),
        ("no verb", Policy::new(1, [(BOOK, grant(1, &[]))])),
    ];
    for (why, policy) in &policies {
        for verb in Verb::ALL {
            assert_eq!(word(policy, &mary(), verb, BOOK), "unknown", "{why}");
        }
    }
    for granted in Verb::ALL {
        let policy = Policy::new(1, [(BOOK, grant(1, &[granted]))]);
        for verb in Verb::ALL {
            let expected = if verb == granted {
                "allowed"
            } else {
                "forbidden"
            };
            assert_eq!(word(&policy, &mary(), verb, BOOK), expected);
        }
    }
    let policy = Policy::new(1, [(BOOK, grant(1, &Verb::ALL))]);
    let scope = |who: &Principal, model| {
        let access = Access::new(registry(), &policy, who);
        access.scope(Verb::List, model).map_err(|e| e.kind)
    };
    assert_eq!(
        scope(&Principal::anonymous(), BOOK).unwrap_err(),
        Kind::Unauthenticated
    );
    assert_eq!(scope(&mary(), AUTHOR).unwrap_err(), Kind::NotFound);
    assert!(scope(&mary(), BOOK).is_ok());
}

#[test]
fn r35_a_users_roles_unite() {
    let policy = Policy::new(
        1,
        [
            (BOOK, grant(1, &[Verb::List])),
            (BOOK, grant(2, &[Verb::Patch])),
            (BOOK, grant(3, &[Verb::Delete])),
        ],
    );
    assert_eq!(word(&policy, &mary(), Verb::List, BOOK), "allowed");
    assert_eq!(word(&policy, &mary(), Verb::Patch, BOOK), "allowed");
    assert_eq!(word(&policy, &mary(), Verb::Delete, BOOK), "forbidden");
}

/// Of two overlapping grants neither lends the other its rows.
#[test]
fn a22_a_field_is_open_on_the_rows_of_the_grants_that_name_it_and_on_no_other() {
    let field = |name: &str| registry().model(BOOK).field(name).unwrap();
    let of = |id: i64, fields: &[&str]| Grant {
        rows: rule(&json!({"author_id": id})),
        writable: Some(fields.iter().map(|f| (*f).to_owned()).collect()),
        ..grant(1, &[Verb::Patch])
    };
    let grants = [
        (BOOK, of(1, &["title"])),
        (BOOK, of(2, &["title", "price"])),
    ];
    let policy = Policy::new(1, grants);
    let Decision::Allowed(scope) = decide(&policy, registry(), &mary(), (Verb::Patch, BOOK)) else {
        panic!("denied");
    };
    let by = |id: i64| Filter::Cmp(field("author_id"), Cmp::Eq, id.into());
    assert_eq!(scope.rows, Filter::Or(vec![by(1), by(2)]));
    assert_eq!(scope.writable[field("title")], Sight::Always);
    assert_eq!(scope.writable[field("price")], Sight::When(by(2)));
    assert_eq!(scope.writable[field("pages")], Sight::Never);
}

#[test]
fn a24_a55_a_rule_that_is_missing_empty_null_or_wrong_denies() {
    let denied = [
        json!(null),
        json!(""),
        json!("ALL"),
        json!("all "),
        json!("public"),
        json!(["all"]),
        json!(true),
        json!(1),
        json!([]),
        json!({}),
        json!({"all": true}),
        json!({"and": []}),
        json!({"or": []}),
        json!({"not": {}}),
        json!({"or": [{}]}),
        json!({"and": [{"id": 1}, {}]}),
        json!({"id__in": []}),
        json!({"id__nin": []}),
        json!({"not": {"id__in": []}}),
        json!({"or": [{"id": 1}, {"id__nin": []}]}),
        json!({"title": null}),
        json!({"title__ne": null}),
        json!({"title__in": ["a", null]}),
        json!({"not": {"title": null}}),
        json!({"title__contains": ""}),
        json!({"not": {"title__icontains": ""}}),
        json!({"nope": 1}),
        json!({"or": [{"id": 1}, {"nope": 1}]}),
        json!({"id": "one"}),
        json!({"id__zz": 1}),
        json!({"author.nope": 1}),
        json!({"title": "$user.nope"}),
        json!({"title": "$"}),
        json!({"title": "$USER.USERNAME"}),
        // Mary has no address.
        json!({"title": "$user.email"}),
        json!({"not": {"title": "$user.email"}}),
        json!({"title__in": ["a", "$user.email"]}),
        json!({"or": [{"id": 1}, {"title": "$user.email"}]}),
    ];
    for stored in denied {
        let filter = rule(&stored).filter(registry(), BOOK, &mary());
        assert_eq!(filter, Filter::Never, "{stored}");
    }
    let empty = {
        let mut principal = mary();
        principal.user.as_mut().unwrap().email = Some(String::new());
        principal
    };
    let by_email = rule(&json!({"title__contains": "$user.email"}));
    assert_eq!(by_email.filter(registry(), BOOK, &empty), Filter::Never);
    let all = rule(&json!("all")).filter(registry(), BOOK, &mary());
    assert_eq!(all, Filter::All, "the literal word");
}

#[test]
fn a_rule_is_bound_to_the_one_who_asks() {
    let meta = registry().model(BOOK);
    let (title, author) = (
        meta.field("title").unwrap(),
        meta.field("author_id").unwrap(),
    );
    let bound = |json| rule(&json).filter(registry(), BOOK, &mary());
    let equals = |text: &str| Filter::Cmp(title, Cmp::Eq, text.into());
    assert_eq!(bound(json!({"title": "$user.username"})), equals("mary"));
    assert_eq!(
        bound(json!({"title": "$$user.username"})),
        equals("$user.username")
    );
    assert_eq!(
        bound(json!({"author_id": "$user.id"})),
        Filter::Cmp(author, Cmp::Eq, 3_i64.into())
    );
    // A value is never read as a variable again.
    let mut odd = mary();
    odd.user.as_mut().unwrap().username = "$user.id".into();
    let rows = rule(&json!({"title": "$user.username"}));
    assert_eq!(rows.filter(registry(), BOOK, &odd), equals("$user.id"));
    // The operator has no name of its own to bind.
    let system = rows.filter(registry(), BOOK, &Principal::system());
    assert_eq!(system, Filter::Never);
}

#[test]
fn a_rule_is_checked_in_words_before_it_is_kept() {
    let check = |json| rule(&json).check(registry(), BOOK);
    assert_eq!(check(json!({"author_id": "$user.id"})), Ok(()));
    assert_eq!(check(json!({"title": "$user.email"})), Ok(()));
    assert!(check(json!({"nope": 1})).unwrap_err().contains("nope"));
    assert!(check(json!({"title": "$user.nope"})).is_err());
    assert!(check(json!({"id__in": []})).is_err());
}

#[test]
fn a_tokens_scopes_take_verbs_away_and_never_give_any() {
    let scopes = [
        None,
        Some(vec![]),
        Some(vec![("book".to_owned(), vec![Verb::List, Verb::Delete])]),
        Some(vec![("*".to_owned(), vec![Verb::Read])]),
        Some(vec![("author".to_owned(), Verb::ALL.to_vec())]),
    ];
    let owners = [mary(), superuser(), Principal::anonymous()];
    let policy = Policy::new(1, [(BOOK, grant(1, &[Verb::List, Verb::Read]))]);
    for owner in &owners {
        for scope in &scopes {
            let token = Principal {
                token: Some(TokenScope {
                    id: 1,
                    scopes: scope.clone(),
                }),
                ..owner.clone()
            };
            for model in [BOOK, AUTHOR, USER] {
                let slug = &registry().model(model).slug;
                for verb in Verb::ALL {
                    let named = scope.as_ref().is_none_or(|all| {
                        let mut all = all.iter();
                        all.any(|(m, verbs)| (m == slug || m == "*") && verbs.contains(&verb))
                    });
                    let owns = word(&policy, owner, verb, model) == "allowed";
                    let may = word(&policy, &token, verb, model) == "allowed";
                    assert_eq!(may, owns && named, "{slug} {verb:?} {scope:?}");
                }
            }
        }
    }
}

#[test]
fn a_secret_is_nobodys_to_read_write_or_filter_by() {
    let secret = registry().model(USER).field("password_hash").unwrap();
    let named = Grant {
        readable: Some(vec!["password_hash".into()]),
        writable: Some(vec!["password_hash".into()]),
        ..grant(1, &Verb::ALL)
    };
    let policy = Policy::new(1, [(USER, named), (USER, grant(2, &Verb::ALL))]);
    for who in [mary(), superuser(), Principal::system()] {
        for verb in [Verb::List, Verb::Read, Verb::Patch] {
            let Decision::Allowed(scope) = decide(&policy, registry(), &who, (verb, USER)) else {
                panic!("denied");
            };
            assert_eq!(scope.readable[secret], Sight::Never);
            assert_eq!(scope.writable[secret], Sight::Never);
        }
    }
    let by_secret = rule(&json!({"password_hash__startswith": "$argon2"}));
    assert_eq!(by_secret.filter(registry(), USER, &mary()), Filter::Never);
}

#[test]
fn a_verb_that_a_model_lacks_is_nobodys() {
    let policy = Policy::new(1, [(USER, grant(1, &Verb::ALL))]);
    for who in [mary(), superuser(), Principal::system()] {
        for verb in [Verb::Create, Verb::Replace, Verb::Delete] {
            assert_eq!(word(&policy, &who, verb, USER), "forbidden");
        }
    }
}

/// Whether the caller sees a relation of a book, and on which own rows.
fn sees(grants: Vec<(ModelId, Grant)>, name: &str) -> Option<Filter> {
    let policy = Policy::new(1, grants);
    let who = mary();
    let access = Access::new(registry(), &policy, &who);
    let scope = access.scope(Verb::List, BOOK).unwrap();
    let lens = access.lens(BOOK, &scope);
    let paths = PathScope {
        registry: registry(),
        lens: &lens,
        limits: &Limits::default(),
        conditions: 0,
    };
    let relations = &registry().model(BOOK).relations;
    let index = relations.iter().position(|r| r.name == name).unwrap();
    paths.sees(BOOK, index).map(|guards| guards.own)
}

#[test]
fn r39_a_relation_is_seen_where_the_fields_that_hold_it_and_its_junction_are() {
    let list = || grant(1, &[Verb::List]);
    let only = |fields: &[&str]| Grant {
        readable: Some(fields.iter().map(|f| (*f).to_owned()).collect()),
        ..list()
    };
    let with_author = |grant| vec![(BOOK, grant), (AUTHOR, list())];
    assert_eq!(sees(with_author(list()), "author"), Some(Filter::All));
    assert_eq!(sees(with_author(only(&["title"])), "author"), None);
    assert_eq!(sees(vec![(BOOK, list())], "author"), None);
    // To read an author by its address is not to list authors.
    let read_only = vec![(BOOK, list()), (AUTHOR, grant(1, &[Verb::Read]))];
    assert_eq!(sees(read_only, "author"), None);
    // Where the link may be seen on some books only, so may the relation.
    let mut some = with_author(only(&["title"]));
    let cheap = json!({"pages__lt": 100});
    let rows = rule(&cheap);
    some.push((BOOK, Grant { rows, ..list() }));
    let expected = rule(&cheap).filter(registry(), BOOK, &mary());
    assert_eq!(sees(some, "author"), Some(expected));
    let tagged = |grant| vec![(BOOK, list()), (CATEGORY, list()), (PLACE, grant)];
    assert_eq!(sees(tagged(list()), "categories"), Some(Filter::All));
    assert_eq!(sees(tagged(grant(1, &[Verb::Read])), "categories"), None);
    assert_eq!(
        sees(vec![(BOOK, list()), (CATEGORY, list())], "categories"),
        None
    );
    assert_eq!(
        sees(vec![(BOOK, list()), (PLACE, list())], "categories"),
        None
    );
}

/// A rule's author sees all but secrets; through the same lens nothing else is hidden.
#[test]
fn a_rule_may_walk_where_its_user_may_not() {
    let nobody = rule(&json!({"author.name": "Ann"}));
    let filter = nobody.filter(registry(), BOOK, &mary());
    assert!(matches!(filter, Filter::Related { .. }), "{filter:?}");
    assert!(crate::query::Lens::rows(&Unlimited(registry()), AUTHOR).is_some());
}
