//! `true` or `false`, as a box that is ticked or not. Where there is a third state it is a choice. There is nothing to it but its template.
