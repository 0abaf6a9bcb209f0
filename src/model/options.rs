//! What a registration may say about a model beyond what its entity tells, as `ModelAdmin` does in
//! Django. Columns are named by the entity's own `Column` enum, so a misspelt one does not compile.

mod field;
mod inline;

pub use field::FieldOptions;
pub use inline::{InlineOptions, RawInline};

use std::marker::PhantomData;
use std::sync::Arc;

use sea_orm::{EntityTrait, IdenStatic, Related};
use serde_json::{Map, Value};

use super::Verb;
use super::computed::RawComputed;
use super::describe::{RawRelation, many_to_many};
use super::field::Widget;

/// The collected options of one model, without its type.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Public name instead of the table's.
    pub slug: Option<String>,
    /// Label instead of one made from the slug.
    pub label: Option<String>,
    /// Plural label.
    pub label_plural: Option<String>,
    /// Group on the home page.
    pub group: Option<String>,
    /// Title pattern.
    pub display: Option<String>,
    /// List columns.
    pub list: Option<Vec<String>>,
    /// Searched columns.
    pub search: Vec<String>,
    /// Columns offered as filters.
    pub filters: Vec<String>,
    /// Columns shown but never accepted.
    pub readonly: Vec<String>,
    /// Columns no door may read.
    pub secret: Vec<String>,
    /// Columns that filters and sorting may not use.
    pub unfilterable: Vec<String>,
    /// Default order, in the grammar of `sort=`.
    pub ordering: Option<String>,
    /// Headings of the form: title, help, columns.
    pub fieldsets: Vec<(String, String, Vec<String>)>,
    /// Columns of lists that are made of others.
    pub computed: Vec<RawComputed>,
    /// The drawing in the navigation.
    pub icon: Option<String>,
    /// Relations whose rows are written with the record.
    pub inlines: Vec<RawInline>,
    /// Options of single fields, by column.
    pub fields: Vec<(String, FieldOptions)>,
    /// Many-to-many relations.
    pub many_to_many: Vec<RawRelation>,
    /// Other names for relations: from, to.
    pub relation_names: Vec<(String, String)>,
    /// The verbs the model has at all.
    pub verbs: Option<Vec<Verb>>,
    /// The verbs that only the system itself has on it besides.
    pub system_verbs: Vec<Verb>,
    /// Whether a write must say which state of the record it knows.
    pub if_match: bool,
    /// The column that says since when a row is in the trash, and for how many days it stays.
    pub trash: Option<(String, Option<u32>)>,
    /// The column whose months the home page counts the records of.
    pub timeline: Option<String>,
    /// One of Quarterdeck's own models.
    pub system: bool,
}

/// The options of a model while it is being registered; see [`Options`] for what they mean.
///
/// ```
/// use quarterdeck::entity::system::role;
/// use quarterdeck::model::ModelOptions;
///
/// let options = ModelOptions::<role::Entity>::new()
///     .label("Role")
///     .display("name")
///     .list([role::Column::Name, role::Column::Description])
///     .search([role::Column::Name]);
/// ```
#[derive(Debug)]
pub struct ModelOptions<E: EntityTrait> {
    options: Options,
    entity: PhantomData<E>,
}

impl<E: EntityTrait> Default for ModelOptions<E> {
    fn default() -> Self {
        Self::new()
    }
}

fn names<C: IdenStatic>(columns: impl IntoIterator<Item = C>) -> Vec<String> {
    columns.into_iter().map(|c| c.as_str().to_owned()).collect()
}

impl<E: EntityTrait> ModelOptions<E> {
    /// No options: the entity speaks for itself.
    #[must_use]
    pub fn new() -> Self {
        Self {
            options: Options::default(),
            entity: PhantomData,
        }
    }

    /// The collected options.
    #[must_use]
    pub fn into_options(self) -> Options {
        self.options
    }

    /// The public name, instead of the table's.
    #[must_use]
    pub fn slug(mut self, slug: &str) -> Self {
        self.options.slug = Some(slug.into());
        self
    }

    /// The name for people, singular.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.options.label = Some(label.into());
        self
    }

    /// The name for people, plural.
    #[must_use]
    pub fn label_plural(mut self, label: &str) -> Self {
        self.options.label_plural = Some(label.into());
        self
    }

    /// The group the model is listed under.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.options.group = Some(group.into());
        self
    }

    /// The title of a record: a field's name, or a pattern such as `{first_name} {last_name}`.
    #[must_use]
    pub fn display(mut self, pattern: &str) -> Self {
        self.options.display = Some(pattern.into());
        self
    }

    /// The columns of the list page.
    #[must_use]
    pub fn list(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.list = Some(names(columns));
        self
    }

    /// The text columns that `q=` searches.
    #[must_use]
    pub fn search(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.search = names(columns);
        self
    }

    /// The columns offered as filters beside the list. (Every readable column can be filtered;
    /// see [`Self::unfilterable`] to forbid one.)
    #[must_use]
    pub fn filters(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.filters = names(columns);
        self
    }

    /// Columns that are shown but never accepted in a body.
    #[must_use]
    pub fn readonly(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.readonly.extend(names(columns));
        self
    }

    /// Columns that no door may read, filter, sort, search, export or log.
    #[must_use]
    pub fn secret(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.secret.extend(names(columns));
        self
    }

    /// Columns that filters and sorting may not use.
    #[must_use]
    pub fn unfilterable(mut self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        self.options.unfilterable.extend(names(columns));
        self
    }

    /// The order of a list whose request names none, as in `sort=`: `"-published,title"`.
    #[must_use]
    pub fn ordering(mut self, sort: &str) -> Self {
        self.options.ordering = Some(sort.into());
        self
    }

    /// A column of the lists that is made of others: `value` gets the members of `needs` as the reader
    /// may see them, and may be nothing. It cannot be sorted or filtered by.
    ///
    /// ```
    /// use quarterdeck::entity::system::role;
    /// use quarterdeck::model::ModelOptions;
    ///
    /// let options = ModelOptions::<role::Entity>::new().computed(
    ///     ("initial", "Initial"),
    ///     [role::Column::Name],
    ///     |row| row["name"].as_str()?.chars().next().map(String::from),
    /// );
    /// ```
    #[must_use]
    pub fn computed(
        mut self,
        (name, label): (&str, &str),
        needs: impl IntoIterator<Item = E::Column>,
        value: impl Fn(&Map<String, Value>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.options.computed.push(RawComputed {
            name: name.to_owned(),
            label: label.to_owned(),
            columns: names(needs),
            value: Arc::new(value),
        });
        self
    }

    /// The drawing that stands for the model in the navigation: the `d` of an SVG path of 24 by 24.
    #[must_use]
    pub fn icon(mut self, path: &str) -> Self {
        self.options.icon = Some(path.into());
        self
    }

    /// Child rows that are added, changed and removed with their record: on its page, and in the bodies
    /// of its writes under the name of the relation. `T` is the entity of the children, which has the
    /// foreign key.
    #[must_use]
    pub fn inline<T: EntityTrait>(
        mut self,
        relation: &str,
        options: impl FnOnce(InlineOptions<T>) -> InlineOptions<T>,
    ) -> Self {
        let inline = options(InlineOptions::of(relation));
        self.options.inlines.push(inline.into_raw());
        self
    }

    /// A heading in the form with the columns under it, after those named before; `help` is a sentence
    /// below the heading, and may be empty. What no fieldset names comes last.
    #[must_use]
    pub fn fieldset(
        mut self,
        title: &str,
        help: &str,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Self {
        let set = (title.to_owned(), help.to_owned(), names(columns));
        self.options.fieldsets.push(set);
        self
    }

    /// The form control of a column.
    #[must_use]
    pub fn widget(self, column: E::Column, widget: Widget) -> Self {
        self.field(column, |f| f.widget(widget))
    }

    /// Options of one column.
    #[must_use]
    pub fn field(
        mut self,
        column: E::Column,
        options: impl FnOnce(FieldOptions) -> FieldOptions,
    ) -> Self {
        let name = column.as_str();
        let known = self.options.fields.iter().position(|(c, _)| c == name);
        match known {
            Some(i) => {
                let (_, old) = std::mem::take(&mut self.options.fields[i]);
                self.options.fields[i] = (name.to_owned(), options(old));
            }
            None => {
                self.options
                    .fields
                    .push((name.to_owned(), options(FieldOptions::default())));
            }
        }
        self
    }

    /// A many-to-many relation through a junction, as declared by `Related::via()`.
    #[must_use]
    pub fn many_to_many<T: EntityTrait>(mut self, name: &str) -> Self
    where
        E: Related<T>,
    {
        self.options.many_to_many.extend(many_to_many::<E, T>(name));
        self
    }

    /// Another name for a relation, where the variant's own would be taken by a field.
    #[must_use]
    pub fn relation_name(mut self, variant: E::Relation, name: &str) -> Self {
        use sea_orm::RelationTrait as _;
        let from = super::describe::snake_case(&variant.name());
        self.options.relation_names.push((from, name.to_owned()));
        self
    }

    /// The verbs the model has at all, whoever asks: a log, say, is only listed and read.
    #[must_use]
    pub fn verbs(mut self, verbs: impl IntoIterator<Item = Verb>) -> Self {
        self.options.verbs = Some(verbs.into_iter().collect());
        self
    }

    /// A replace, patch or delete must send `If-Match` with the record's entity tag; one without is
    /// refused with 428 (RFC 6585). Without this option a writer may send it, and need not.
    #[must_use]
    pub fn require_if_match(mut self) -> Self {
        self.options.if_match = true;
        self
    }

    /// Deleted records go to the trash first: the nullable timestamp `column` then says since when. No
    /// list, read, relation or count shows them unless it is asked to (`trash=only`), they can be
    /// restored, and after `days` they are deleted for good; without days they stay.
    ///
    /// What goes to the trash with a record has the same time there, and comes back with it: let the
    /// column keep parts of a second (`quarterdeck_migration::column` does).
    ///
    /// A unique key should hold among the records outside the trash only: make it with
    /// `quarterdeck_migration::table::create_unique_live`.
    #[must_use]
    pub fn trash(mut self, column: E::Column, days: Option<u32>) -> Self {
        self.options.trash = Some((column.as_str().to_owned(), days));
        self
    }

    /// The home page draws how many records each of the last twelve months has by this date or
    /// timestamp. Whoever opens the page asks for it: the column should have an index.
    #[must_use]
    pub fn timeline(mut self, column: E::Column) -> Self {
        self.options.timeline = Some(column.as_str().to_owned());
        self
    }

    /// Verbs that only a system context has besides ([`crate::crud::Context::as_system`]): what a
    /// plugin records by itself, and nobody else writes. No door offers them.
    #[must_use]
    pub fn system_verbs(mut self, verbs: impl IntoIterator<Item = Verb>) -> Self {
        self.options.system_verbs = verbs.into_iter().collect();
        self
    }

    pub(crate) fn system(mut self) -> Self {
        self.options.system = true;
        self
    }
}
