//! The tables of the demo shop, a bookshop. Between them they show every kind of field, of key
//! and of relation that a project may have.

pub mod address;
pub mod author;
pub mod book;
pub mod book_category;
pub mod book_detail;
pub mod category;
pub mod customer;
pub mod order;
pub mod order_line;
pub mod price_list;
pub mod publisher;
pub mod review;
pub mod staff_note;
pub mod stock_event;
