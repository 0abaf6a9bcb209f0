//! crowds
