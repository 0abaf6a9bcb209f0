//! Turns credentials into certainty: passwords, random secrets, the throttle of logins.
//! Who is asking and what they may do is decided above and below, not here.

pub mod password;
pub mod secret;
pub mod throttle_policy;
