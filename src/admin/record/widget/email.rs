//! E-mail addresses. There is nothing to it but its template.
