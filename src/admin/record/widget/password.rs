//! Passwords: written, never shown. There is nothing to it but its template.
