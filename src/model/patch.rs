//! Validation of a whole body: every fault at once, before any statement runs.

use sea_orm::Value;

use crate::error::{Error, Fault};

use super::input::Input;
use super::value::{self, Misfit};
use super::{FieldId, ModelMeta};

/// What the body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new record: required fields must be there; absent ones take their defaults.
    Create,
    /// A new record as it was elsewhere: it may also have the key that the database would assign, and
    /// the values that the application sets.
    Keep,
    /// Every writable field takes the body's value, an absent one its default or null.
    Replace,
    /// Only the fields named change.
    Patch,
}

impl Purpose {
    /// Whether there is no record yet.
    fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Keep)
    }
}

/// A validated body: fields and their new values, in the model's order.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The new values.
    pub values: Vec<(FieldId, Value)>,
    /// Fields a replace leaves to their column's default.
    pub defaults: Vec<FieldId>,
}

/// The code of the fault that a required field is out of the caller's sight.
const INCOMPLETE: &str = "incomplete";

/// Checks `body` against the model and the caller's writable fields.
///
/// `writable` says for each field whether this caller may name it; a field it may not write but may
/// read is called read-only, one it may not even read is unknown (`readable`).
///
/// # Errors
/// One 422 that lists every fault with a JSON pointer.
pub fn validate(
    model: &ModelMeta,
    body: Input,
    purpose: Purpose,
    allowed: &dyn FieldAccess,
) -> Result<Changes, Error> {
    validate_with(model, body, purpose, allowed, &[])
}

/// As [`validate`], of a body beside which some fields are `supplied` otherwise: they are not missed.
///
/// # Errors
/// As [`validate`].
pub fn validate_with(
    model: &ModelMeta,
    body: Input,
    purpose: Purpose,
    allowed: &dyn FieldAccess,
    supplied: &[FieldId],
) -> Result<Changes, Error> {
    let mut faults = Vec::new();
    let mut given: Vec<Option<Value>> = vec![None; model.fields.len()];
    for (name, input) in body.into_object(Error::invalid)? {
        match admit(model, &name, purpose, allowed) {
            Err(fault) => faults.push(fault),
            Ok(id) => match check(model, id, &input) {
                Ok(value) => given[id] = Some(value),
                Err(misfits) => faults.extend(misfits.iter().map(|m| m.of(&name))),
            },
        }
    }
    let mut changes = Changes::default();
    for (id, value) in given.into_iter().enumerate() {
        let field = &model.fields[id];
        let natural_key = model.key.contains(&id) && purpose.creates();
        match value {
            Some(value) => changes.values.push((id, value)),
            None if purpose == Purpose::Patch || !field.accepted() => {}
            None if supplied.contains(&id) => {}
            None if model.key.contains(&id) && !natural_key => {}
            None if !allowed.writable(id) && purpose == Purpose::Replace => {}
            // A field that the caller may neither write nor read is not named, not even as missing.
            None if field.required() && !allowed.writable(id) && !allowed.readable(id) => {
                let detail = "The record has a required part that you cannot write.";
                if !faults.iter().any(|f| f.code == INCOMPLETE) {
                    faults.push(Fault::pointer(String::new(), INCOMPLETE, detail));
                }
            }
            None if faults
                .iter()
                .any(|f| f.field_name().as_deref() == Some(&field.name)) => {}
            None if field.required() => {
                let detail = format!("{} is required.", field.name);
                faults.push(Fault::field(&field.name, "required", detail));
            }
            None if purpose == Purpose::Replace && field.has_default => changes.defaults.push(id),
            None if purpose == Purpose::Replace => {
                changes.values.push((id, value::null(&field.kind)));
            }
            None => {}
        }
    }
    if faults.is_empty() {
        Ok(changes)
    } else {
        Err(Error::invalid(faults))
    }
}

/// Which fields the caller may name in a body and which it may know of.
pub trait FieldAccess {
    /// Whether the caller may read the field, on some row at least.
    fn readable(&self, field: FieldId) -> bool;
    /// Whether the caller may write the field, on some row at least.
    fn writable(&self, field: FieldId) -> bool;
}

/// The field of that name, if a body for this purpose may hold it.
///
/// # Errors
/// Why it may not; a field that the caller may not even read is unknown.
pub fn admit(
    model: &ModelMeta,
    name: &str,
    purpose: Purpose,
    allowed: &dyn FieldAccess,
) -> Result<FieldId, Fault> {
    let unknown = || Fault::field(name, "unknown_field", format!("There is no field {name}."));
    let readonly = || Fault::field(name, "read_only", format!("{name} cannot be written."));
    let id = model.field(name).ok_or_else(unknown)?;
    let field = &model.fields[id];
    if field.secret {
        return Err(unknown());
    }
    if !allowed.writable(id) {
        return Err(if allowed.readable(id) {
            readonly()
        } else {
            unknown()
        });
    }
    let accepted = field.accepted() || purpose == Purpose::Keep;
    if !accepted || (model.key.contains(&id) && !purpose.creates()) {
        return Err(readonly());
    }
    Ok(id)
}

fn check(model: &ModelMeta, id: FieldId, input: &Input) -> Result<Value, Vec<Misfit>> {
    let field = &model.fields[id];
    let value = value::from_input(&field.kind, input).map_err(|m| vec![m])?;
    let misfits = field.check(&value);
    if misfits.is_empty() {
        Ok(value)
    } else {
        Err(misfits)
    }
}
