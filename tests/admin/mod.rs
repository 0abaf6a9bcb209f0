//! The admin's pages as a browser meets them: what they do, and that the second door is no weaker than
//! the first.

mod bounds;
mod forms;
mod hidden;
mod lists;
mod matrix;
mod page;
mod probes;
mod record;
mod rows;
mod stage;
mod text;
