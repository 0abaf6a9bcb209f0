// The record page.
