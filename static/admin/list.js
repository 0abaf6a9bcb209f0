// The list page.
