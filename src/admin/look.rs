//! How the pages of a project look: its name and colours, HTML of its own at named places, and parts of our
//! pages in its own words. Our templates are compiled into the binary, so that no file beside it could
//! override one; a project renders its parts with templates of its own, and answers for what they escape.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

type Fill = dyn Fn(&Place<'_>) -> String + Send + Sync;
type Remake = dyn Fn(&Made<'_>) -> Option<String> + Send + Sync;

/// A place of the pages that takes a piece of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// In the bar at the top, before the user's menu.
    Header,
    /// Under the navigation.
    Navigation,
    /// Above the models of the first page.
    Home,
    /// Above the rows of a list.
    List,
    /// Beside a record, under what is related to it.
    Record,
    /// At the end of every page.
    Footer,
}

/// Where a piece of HTML goes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The login name of who looks.
    pub user: &'a str,
    /// The path and the query of the page: `/admin/book/7`.
    pub path: &'a str,
    /// The language of the page: `en`, `de`.
    pub language: &'a str,
}

/// A part of our pages that a project can put into something of its own, or make in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The line at the top of a list or a record: its title, and what can be done there.
    Head,
    /// The rows of a list, with the bar of the selection and the ways to other pages.
    Table,
    /// The form of a record; its values, for who may only read it.
    Form,
    /// One field of that form: its label, its control, its help and its faults.
    Field,
    /// What stands beside a record: what is made of it, and what is related to it.
    Related,
    /// The models and pages that one can go to.
    Navigation,
}

/// A part of a page as we have made it.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// The page that it is on.
    pub place: Place<'a>,
    /// The name of the page's model; empty on a page of none.
    pub model: &'a str,
    /// The field's name, for [`Part::Field`]; else empty.
    pub field: &'a str,
    /// The text in the field's control, which is not escaped yet; else empty.
    pub value: &'a str,
    /// Our HTML.
    pub html: &'a str,
}

/// How the pages look, and what stands on them.
#[derive(Clone, Default)]
pub struct Look {
    brand: String,
    css: String,
    slots: Vec<(Slot, Arc<Fill>)>,
    parts: Vec<(Part, Arc<Remake>)>,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Look")
            .field("brand", &self.brand)
            .field("slots", &self.slots.len())
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

impl Look {
    /// The name at the top and in the titles, instead of ours.
    #[must_use]
    pub fn brand(mut self, name: &str) -> Self {
        name.clone_into(&mut self.brand);
        self
    }

    /// Rules after those of our style sheet. The variables of `:root` are the scales and the colours:
    /// `:root { --accent: light-dark(#7a1fa2, #d6a4ff); }`.
    #[must_use]
    pub fn css(mut self, rules: &str) -> Self {
        self.css.push_str(rules);
        self
    }

    /// HTML for a place of the pages; what it inserts it must escape. Styles and scripts within the
    /// page do not work, for its Content-Security-Policy forbids them.
    #[must_use]
    pub fn slot(
        mut self,
        slot: Slot,
        html: impl Fn(&Place<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.slots.push((slot, Arc::new(html)));
        self
    }

    /// Makes a part of our pages in another way, where `remake` gives HTML for it: our own within something
    /// else, or something else altogether. What it inserts it must escape, and a form that it makes anew
    /// must send what ours sends. Of several for one part each gets what the one before has made.
    ///
    /// ```no_run
    /// # use quarterdeck::admin::look::{Look, Part};
    /// # fn look(look: Look) -> Look {
    /// look.replace(Part::Field, |made| {
    ///     let price = made.model == "book" && made.field == "price";
    ///     price.then(|| format!("{}<p>Ask the publisher first.</p>", made.html))
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn replace(
        mut self,
        part: Part,
        remake: impl Fn(&Made<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.parts.push((part, Arc::new(remake)));
        self
    }

    pub(crate) fn name(&self) -> &str {
        if self.brand.is_empty() {
            "Quarterdeck"
        } else {
            &self.brand
        }
    }

    /// The address of the project's rules; empty where there are none.
    pub(crate) fn style(&self) -> String {
        if self.css.is_empty() {
            return String::new();
        }
        let digest = Sha256::digest(self.css.as_bytes());
        let digest: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!("/admin/_style?v={digest}")
    }

    /// The project's style rules.
    pub(crate) fn rules(&self) -> &str {
        &self.css
    }

    /// Whether the project makes the part in another way.
    pub(crate) fn replaces(&self, part: Part) -> bool {
        self.parts.iter().any(|(of, _)| *of == part)
    }

    /// The part as the project wants it.
    pub(crate) fn part<'h>(&self, part: Part, made: Made<'h>) -> Cow<'h, str> {
        let mut html = Cow::Borrowed(made.html);
        for (_, remake) in self.parts.iter().filter(|(of, _)| *of == part) {
            if let Some(other) = remake(&Made {
                html: &html,
                ..made
            }) {
                html = Cow::Owned(other);
            }
        }
        html
    }

    pub(crate) fn html(&self, slot: Slot, place: &Place<'_>) -> String {
        let here = self.slots.iter().filter(|(of, _)| *of == slot);
        here.map(|(_, html)| html(place)).collect()
    }
}
