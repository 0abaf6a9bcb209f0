//! The admin's pages as a browser meets them: what they do, and that the second door is no weaker than
//! the first.

mod account;
mod audited;
mod bounds;
mod cells;
mod changes;
mod computed;
mod export;
mod extras;
mod forged;
mod forms;
mod german;
mod guards;
mod hidden;
mod history;
mod home;
mod import;
mod inline;
mod lists;
mod many;
mod matrix;
mod page;
mod probes;
mod reach;
mod record;
mod roles;
mod rows;
mod stage;
mod text;
mod trash;
mod uploads;
mod users;
mod viewing;
mod views;
mod words;
mod zones;
