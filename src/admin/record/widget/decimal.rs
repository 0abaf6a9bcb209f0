//! Decimals and floating point numbers: as text, so that every digit arrives. There is nothing to it but its template.
