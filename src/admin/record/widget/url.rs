//! Addresses of the web. There is nothing to it but its template.
