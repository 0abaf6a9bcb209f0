//! [`Editions`]: what pages are made of, once for each language: the operations, whose models have the
//! names of that language, and what the project adds. Made when the program starts.

use std::sync::Arc;

use crate::admin::extra::Extras;
use crate::crud::Engine;
use crate::model::Names;
use crate::page::viewer::Language;

/// What pages in one language are made of.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The operations.
    pub(crate) engine: Arc<Engine>,
    /// What the project adds.
    pub(crate) extras: Arc<Extras>,
}

/// An edition for every language: the one as registered, and the translated ones.
#[derive(Debug, Clone)]
pub struct Editions {
    registered: Edition,
    translated: Vec<(Language, Edition)>,
}

/// The names of one language.
#[derive(Debug)]
pub struct Translation {
    /// The language.
    pub language: Language,
    /// Of the models of the system.
    pub system: Names,
    /// Of the models and pages of the project.
    pub project: Names,
}

impl Editions {
    /// The editions of an application.
    #[must_use]
    pub fn new(engine: Arc<Engine>, extras: Extras, translations: &[Translation]) -> Self {
        let translated = translations.iter().map(|of| {
            let names = |system: bool| if system { &of.system } else { &of.project };
            let edition = Edition {
                engine: Arc::new(engine.named(|model| names(model.system))),
                extras: Arc::new(extras.named(&of.project)),
            };
            (of.language, edition)
        });
        Self {
            translated: translated.collect(),
            registered: Edition {
                engine,
                extras: Arc::new(extras),
            },
        }
    }

    /// The edition in that language; as registered where there is none.
    pub(crate) fn of(&self, language: Language) -> &Edition {
        let mut all = self.translated.iter();
        let found = all.find(|(of, _)| *of == language);
        found.map_or(&self.registered, |(_, edition)| edition)
    }
}
