//! The answer of a dry run: what would be changed, what would go with it, what stands against it and
//! which hooks would hear of it. One document for every write.

use serde_json::{Value as Json, json};

use crate::error::{Error, Fault};
use crate::model::{ModelId, OnDelete, Registry, Verb, value};

use super::ledger::Ledger;
use super::work::is_violation;
use super::{Engine, Written};

/// Most changes that the document spells out.
const SHOWN: usize = 1_000;

/// What a dry run has seen so far.
#[derive(Debug, Default)]
pub(super) struct Trial {
    changes: Vec<u8>,
    shown: usize,
    total: usize,
    /// The models whose deletes reached others.
    roots: Vec<ModelId>,
    cascade: Vec<Reached>,
    violations: Vec<Json>,
    /// What the kind of request adds to the document.
    pub(super) members: Vec<(&'static str, Json)>,
}

/// Rows of a model that a delete reaches because they point at rows of the model `under`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub(super) under: ModelId,
    pub(super) model: ModelId,
    pub(super) effect: OnDelete,
    pub(super) rows: u64,
}

/// See [`Trial::mark`].
pub(super) struct Mark {
    bytes: usize,
    shown: usize,
    total: usize,
    cascade: Vec<Reached>,
    violations: usize,
}

impl Trial {
    /// Notes the change of one record, as the caller may read it.
    pub(super) fn change(
        &mut self,
        (model, verb): (&str, Verb),
        key: &str,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) {
        self.total += 1;
        if self.shown == SHOWN {
            return;
        }
        let out = &mut self.changes;
        if self.shown > 0 {
            out.push(b',');
        }
        self.shown += 1;
        for (name, text) in [
            ("{\"model\":", model),
            (",\"id\":", key),
            (",\"verb\":", verb.name()),
        ] {
            out.extend_from_slice(name.as_bytes());
            value::write_string(out, text);
        }
        for (name, body) in [(",\"before\":", before), (",\"after\":", after)] {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(body.unwrap_or(b"null"));
        }
        out.push(b'}');
    }

    /// Where it stands, to [`Self::forget`] what comes after.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            bytes: self.changes.len(),
            shown: self.shown,
            total: self.total,
            cascade: self.cascade.clone(),
            violations: self.violations.len(),
        }
    }

    /// Forgets what came after the mark.
    pub(super) fn forget(&mut self, mark: Mark) {
        self.changes.truncate(mark.bytes);
        self.shown = mark.shown;
        self.total = mark.total;
        self.cascade = mark.cascade;
        self.violations.truncate(mark.violations);
    }

    /// Notes that a delete of the model's records looks for what they reach.
    pub(super) fn begins_at(&mut self, model: ModelId) {
        if !self.roots.contains(&model) {
            self.roots.push(model);
        }
    }

    /// Notes rows that a delete reaches.
    pub(super) fn reaches(&mut self, more: Reached) {
        if more.rows == 0 {
            return;
        }
        let place = |r: &Reached| (r.under, r.model, r.effect);
        match self.cascade.iter_mut().find(|r| place(r) == place(&more)) {
            Some(known) => known.rows += more.rows,
            None => self.cascade.push(more),
        }
    }

    /// What was reached. What the caller may know nothing of has no name, also as what others are under.
    fn cascade(&self, registry: &Registry) -> Json {
        let told = |model: ModelId| {
            self.roots.contains(&model) || self.cascade.iter().any(|r| r.model == model)
        };
        let entry = |r: &Reached| {
            let under = told(r.under).then(|| &registry.model(r.under).slug);
            let (model, effect) = (&registry.model(r.model).slug, r.effect.name());
            json!({ "model": model, "under": under, "effect": effect, "count": r.rows })
        };
        self.cascade.iter().map(entry).collect()
    }

    /// Notes what stands against the write, or against the part of it at `pointer`.
    pub(super) fn violated(&mut self, pointer: &str, error: &Error) {
        if error.faults.is_empty() {
            let place = json!({ "pointer": pointer, "code": error.code, "detail": error.detail });
            self.violations.push(place);
        }
        self.violations
            .extend(error.faults.iter().map(|f| f.within(pointer).to_json()));
    }

    /// Notes faults that stand against the write, each at its place already.
    pub(super) fn stand_against(&mut self, faults: &[Fault]) {
        self.violations.extend(faults.iter().map(Fault::to_json));
    }

    /// The document, when the work ended so. A fault that has nothing to do with what was to be
    /// written is the answer itself.
    pub(super) fn answer(
        mut self,
        engine: &Engine,
        ledger: &Ledger,
        ended: Result<(), Error>,
    ) -> Result<Written, Error> {
        match ended {
            Err(error) if is_violation(&error) => self.violated("", &error),
            ended => ended?,
        }
        let registry = &engine.registry;
        let mut events = Vec::new();
        for (model, verb) in ledger.touched() {
            let meta = registry.model(model);
            for hook in engine.hooks.of(meta) {
                let (model, verb) = (&meta.slug, verb.name());
                events.push(json!({ "hook": hook.id(), "model": model, "verb": verb }));
            }
        }
        let mut body = b"{\"dry_run\":true,\"changes\":[".to_vec();
        body.append(&mut self.changes);
        let rest = [
            ("],\"total\":", json!(self.total)),
            (",\"cascade\":", self.cascade(registry)),
            (",\"violations\":", self.violations.into()),
            (",\"events\":", events.into()),
        ];
        for (name, member) in rest {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(member.to_string().as_bytes());
        }
        for (name, member) in self.members {
            body.extend_from_slice(format!(",\"{name}\":{member}").as_bytes());
        }
        body.push(b'}');
        Ok(Written {
            body,
            dry_run: true,
            ..Written::default()
        })
    }
}
