//! The names that models and pages have in other languages: ours, what the project adds, and what is
//! wrong with it.

use std::collections::BTreeSet;

use crate::admin::edition::Translation;
use crate::check::Finding;
use crate::model::{Names, Registry, names};
use crate::page::viewer::{Choice as _, Language};

/// What the models of the system are called in German.
const SYSTEM: [(Language, &str); 1] = [(Language::German, include_str!("system.de.tsv"))];

/// The translations of all languages; lines that are none are left out, see [`check`].
pub(super) fn read(project: &[(Language, String)]) -> Vec<Translation> {
    let translation = |&(language, system): &(Language, &str)| {
        let mut names = Names::default();
        for (_, table) in project.iter().filter(|(of, _)| *of == language) {
            names.extend(Names::read(table).unwrap_or_default());
        }
        Translation {
            language,
            system: Names::read(system).unwrap_or_default(),
            project: names,
        }
    };
    SYSTEM.iter().map(translation).collect()
}

/// Tables that cannot be read, and words that no registration says.
pub(super) fn check(
    registry: &Registry,
    said: &[&str],
    project: &[(Language, String)],
) -> Vec<Finding> {
    let mut words: BTreeSet<String> = said.iter().map(|&text| text.to_owned()).collect();
    for model in registry.models().iter().filter(|model| !model.system) {
        names::each(&mut model.clone(), &mut |text| {
            words.insert(format!("{}/{text}", model.slug));
            words.insert(std::mem::take(text));
        });
    }
    let mut found = Vec::new();
    for (language, table) in project {
        let place = language.name();
        match Names::read(table) {
            Err(line) => {
                let message = format!("`{line}` is no line of a translation");
                let hint = "write the words of the registration, a tab, and their translation";
                found.push(Finding::error("names.E001", place, message, hint));
            }
            Ok(names) => {
                let idle = names.words().filter(|text| !words.contains(*text));
                found.extend(idle.map(|text| {
                    let message = format!("`{text}` is translated, but no registration says it");
                    let hint = "write it as the registration does, or take the line away";
                    Finding::warning("names.W001", place, message, hint)
                }));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{App, AppBuilder, actions};
    use crate::config::Config;
    use crate::model::ModelMeta;

    /// What is said of these models and not translated, and what is translated and not said.
    fn faults(
        app: &AppBuilder,
        names: &Names,
        of: impl Fn(&&ModelMeta) -> bool,
    ) -> (Vec<String>, Vec<String>) {
        let (mut registry, _) = Registry::build(&app.models);
        let _ = actions::of_models(&mut registry, app.actions.clone());
        let mut said = BTreeSet::new();
        for model in registry.models().iter().filter(of) {
            names::each(&mut model.clone(), &mut |text| {
                said.insert(std::mem::take(text));
            });
        }
        let missing = said
            .iter()
            .filter(|text| text.chars().any(char::is_alphabetic) && names.of(text).is_none())
            .cloned();
        let idle = names.words().filter(|text| !said.contains(*text));
        (missing.collect(), idle.map(str::to_owned).collect())
    }

    #[test]
    fn the_models_of_the_system_are_named_in_every_language() {
        let app = App::builder(Config::default());
        for (language, table) in SYSTEM {
            let names = Names::read(table).expect("a table");
            let found = faults(&app, &names, |model| model.system);
            assert_eq!(found, (vec![], vec![]), "{}", language.name());
        }
    }

    #[test]
    #[cfg(feature = "demo")]
    fn the_models_of_the_demo_are_named_in_every_language() {
        let app = crate::demo::register(App::builder(Config::default()));
        for translation in read(&app.names) {
            let found = faults(&app, &translation.project, |model| !model.system);
            assert_eq!(found, (vec![], vec![]), "{}", translation.language.name());
        }
        // The check knows of its actions, too.
        let found = app.check();
        assert!(
            !found.iter().any(|f| f.id.starts_with("names")),
            "{found:?}"
        );
    }

    #[test]
    #[cfg(feature = "webhooks")]
    fn the_models_of_the_plugins_are_named_in_every_language() {
        let app = App::builder(Config::default()).plugin(crate::plugins::webhooks::Webhooks);
        for translation in read(&app.names) {
            let found = faults(&app, &translation.project, |model| !model.system);
            assert_eq!(found, (vec![], vec![]), "{}", translation.language.name());
        }
    }

    #[test]
    fn a_table_that_is_none_is_an_error_and_words_that_nobody_says_are_a_warning() {
        let app = App::builder(Config::default())
            .translation(Language::German, "no tab")
            .translation(Language::German, "Nobody says this\tNiemand");
        let found = app.check();
        let ids: Vec<_> = found.iter().map(|f| (f.id, f.place.as_str())).collect();
        assert_eq!(ids, [("names.E001", "de"), ("names.W001", "de")]);
    }

    #[test]
    fn words_of_one_model_go_before_those_of_all() {
        let names = Names::read("State\tZustand\naddress/State\tBundesland").expect("a table");
        let app = App::builder(Config::default());
        let (registry, _) = Registry::build(&app.models);
        let mut model = registry.by_slug("qd_operation").expect("a model").clone();
        let state = model.field("state").expect("a field");
        names.translate(&mut model);
        assert_eq!(model.fields[state].label, "Zustand");
        "State".clone_into(&mut model.fields[state].label);
        "address".clone_into(&mut model.slug);
        names.translate(&mut model);
        assert_eq!(model.fields[state].label, "Bundesland");
    }
}
