//! `/api/v1/{model}`.

mod first;
