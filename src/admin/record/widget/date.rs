//! Calendar dates. There is nothing to it but its template.
