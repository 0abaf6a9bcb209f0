//! UUIDs. There is nothing to it but its template.
