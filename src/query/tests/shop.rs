//! The models that the parser tests are about: part of the demo shop.

use std::sync::OnceLock;

use quarterdeck_entity::demo::{author, book, book_category, category, publisher};

use crate::model::describe::describe;
use crate::model::options::Options;
use crate::model::{FieldId, ModelId, ModelOptions, Registry};
use crate::query::{Filter, Lens, Sight};

/// The book's place in the registry.
pub(crate) const BOOK: ModelId = ModelId(0);

/// Books, their authors, publishers and categories.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let books = ModelOptions::<book::Entity>::new()
            .search([book::Column::Title, book::Column::Subtitle])
            .many_to_many::<category::Entity>("categories")
            .into_options();
        let authors = ModelOptions::<author::Entity>::new()
            .relation_name(author::Relation::Book, "books")
            .into_options();
        let (registry, _) = Registry::build(&[
            (describe::<book::Entity>(), books),
            (describe::<author::Entity>(), authors),
            (describe::<publisher::Entity>(), Options::default()),
            (describe::<category::Entity>(), Options::default()),
            (describe::<book_category::Entity>(), Options::default()),
        ]);
        registry
    })
}

/// A caller who sees everything but some fields of a book.
#[derive(Debug)]
pub(crate) struct Hiding(Vec<FieldId>);

impl Hiding {
    /// Hides the fields of these names.
    pub(crate) fn of(names: &[&str]) -> Self {
        let book = registry().model(BOOK);
        Self(names.iter().map(|n| book.field(n).unwrap()).collect())
    }
}

impl Lens for Hiding {
    fn rows(&self, _: ModelId) -> Option<Filter> {
        Some(Filter::All)
    }

    fn sight(&self, model: ModelId, field: FieldId) -> Sight {
        if model == BOOK && self.0.contains(&field) {
            Sight::Never
        } else {
            Sight::Always
        }
    }
}
