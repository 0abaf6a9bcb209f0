//! How what the operations give is shown: records taken apart member by member without reading any
//! number ([`row`]), values as cells ([`cell`]), what is made
//! of several ([`computed`]), counts in words ([`count`]), JSON laid out ([`json`]); and instants as they
//! are typed ([`zone`]).

pub(crate) mod cell;
pub(crate) mod change;
pub(crate) mod computed;
pub(crate) mod count;
pub(crate) mod event;
pub(crate) mod json;
pub(crate) mod reach;
pub(crate) mod row;
pub(crate) mod titles;
pub(crate) mod zone;
