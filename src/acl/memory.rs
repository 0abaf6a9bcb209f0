//! The scopes that were decided lately under one policy. A decision depends on nothing but the
//! policy, the user, the verb and the model, so it need not be made again for each request.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::model::{ModelId, Verb};

use super::{Scope, User};

/// How many scopes are remembered; the next one begins anew.
const MOST: usize = 1000;

/// The memory of one policy; it ends with it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<(i64, Verb, ModelId), Made>>);

/// A scope, and the whole of the user that it was made for: its roles and names may change under its
/// key.
type Made = (User, Arc<Scope>);

impl Memory {
    /// What `make` makes for this user, verb and model, now or before.
    pub(super) fn scope(
        &self,
        user: &User,
        (verb, model): (Verb, ModelId),
        make: impl FnOnce() -> Scope,
    ) -> Arc<Scope> {
        let at = (user.id, verb, model);
        if let Some((of, scope)) = self.0.lock().get(&at)
            && of == user
        {
            return Arc::clone(scope);
        }
        let scope = Arc::new(make());
        let mut made = self.0.lock();
        if made.len() >= MOST {
            made.clear();
        }
        made.insert(at, (user.clone(), Arc::clone(&scope)));
        scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Filter;

    const BOOK: ModelId = ModelId(0);

    fn user(id: i64) -> User {
        User {
            id,
            username: "mary".into(),
            email: None,
            superuser: false,
            roles: vec![1],
        }
    }

    fn scope(rows: Filter) -> Scope {
        Scope {
            rows: rows.clone(),
            ruled: rows,
            readable: Vec::new(),
            writable: Vec::new(),
        }
    }

    #[test]
    fn r35_what_was_decided_for_another_is_decided_anew() {
        let memory = Memory::default();
        let mary = user(3);
        let first = memory.scope(&mary, (Verb::List, BOOK), || scope(Filter::All));
        let again = memory.scope(&mary, (Verb::List, BOOK), || scope(Filter::Never));
        assert!(Arc::ptr_eq(&first, &again));
        let others = [
            user(4),
            User {
                roles: vec![1, 2],
                ..user(3)
            },
            User {
                username: "ann".into(),
                ..user(3)
            },
            User {
                email: Some("mary@example.org".into()),
                ..user(3)
            },
        ];
        for other in others {
            let made = memory.scope(&other, (Verb::List, BOOK), || scope(Filter::Never));
            assert_eq!(made.rows, Filter::Never, "{other:?}");
        }
        for asked in [(Verb::Read, BOOK), (Verb::List, ModelId(1))] {
            let made = memory.scope(&mary, asked, || scope(Filter::Never));
            assert_eq!(made.rows, Filter::Never, "{asked:?}");
        }
    }

    #[test]
    fn it_has_an_end() {
        let memory = Memory::default();
        for id in 0..3000 {
            memory.scope(&user(id), (Verb::List, BOOK), || scope(Filter::All));
            assert!(memory.0.lock().len() <= MOST);
        }
    }
}
