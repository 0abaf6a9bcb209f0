//! Colours: a text, and with a script the browser's own choice beside it. There is nothing to it but its template.
