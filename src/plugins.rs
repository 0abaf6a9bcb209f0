//! The bundled plugins, each behind a cargo feature of its own. They use what any plugin may use.

#[cfg(feature = "webhooks")]
pub mod webhooks;
