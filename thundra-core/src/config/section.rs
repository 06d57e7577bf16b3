//! Sections of the configuration: the settings of dependent crates.
//!
//! A dependent crate defines a type for its settings and implements [`Section`] for the type. The settings are read
//! from the environment of the [`Config`], or set in code on the builder of the telemetry. An installed configuration
//! holds all sections, keyed by type.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use super::reader::Reader;
use super::{Config, ConfigProblem, Variable};
use crate::Env;

/// The settings of a dependent crate.
#[doc(hidden)]
pub trait Section: Any + Clone + Debug + Send + Sync {
    /// The variables of the settings.
    const VARIABLES: &'static [Variable];

    /// `true` if no further crate can depend on the crate of the settings and have variables too. The lists of a
    /// configuration with the section are complete then.
    const IS_LAST: bool;

    /// Reads the settings.
    fn read(reader: &mut Reader<'_>) -> Self;

    /// Fills in unset values of the configuration.
    fn complete(&self, _config: &mut Config) {}
}

/// Reads a section from an environment, with a problem for each invalid value.
#[doc(hidden)]
pub fn read_section<S: Section>(env: &Env) -> (S, Vec<ConfigProblem>) {
    let mut reader = Reader::new(env);
    let settings = S::read(&mut reader);
    (settings, reader.finish())
}

/// A [`Section`] without the type.
trait Stored: Any + Debug + Send + Sync {
    fn is_last(&self) -> bool;
    fn variables(&self) -> &'static [Variable];
    fn complete(&self, config: &mut Config);
}

impl<S: Section> Stored for S {
    fn is_last(&self) -> bool {
        S::IS_LAST
    }

    fn variables(&self) -> &'static [Variable] {
        S::VARIABLES
    }

    fn complete(&self, config: &mut Config) {
        Section::complete(self, config);
    }
}

/// The sections of a configuration, at most a single section of each type.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Sections(Vec<Arc<dyn Stored>>);

impl Debug for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Sections {
    /// Sets a section, in place of an earlier section of the same type.
    pub fn set<S: Section>(&mut self, settings: S) {
        self.0.retain(|stored| !is::<S>(stored));
        self.0.push(Arc::new(settings));
    }

    /// Returns the section of a type.
    pub fn get<S: Section>(&self) -> Option<&S> {
        self.0.iter().find_map(|stored| (&**stored as &dyn Any).downcast_ref())
    }

    /// Sets other sections, in place of earlier sections of the same types.
    pub fn extend(&mut self, other: Sections) {
        self.0.retain(|known| other.0.iter().all(|stored| (**stored).type_id() != (**known).type_id()));
        self.0.extend(other.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if this crate and the sections have all variables of the program.
    pub(super) fn are_all(&self) -> bool {
        !cfg!(feature = "__dependents") || self.0.iter().any(|stored| stored.is_last())
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &'static [Variable]> {
        self.0.iter().map(|stored| stored.variables())
    }

    pub(super) fn complete(&self, config: &mut Config) {
        self.0.iter().for_each(|stored| stored.complete(config));
    }
}

fn is<S: Section>(stored: &Arc<dyn Stored>) -> bool {
    (&**stored as &dyn Any).is::<S>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Pets(u32);

    impl Section for Pets {
        const VARIABLES: &'static [Variable] =
            &[Variable::new("THUNDRA_PETS", "a whole number from 0 to 4294967295", "`1`", "Pets.")];
        const IS_LAST: bool = true;

        fn read(reader: &mut Reader<'_>) -> Self {
            Pets(reader.number(&Self::VARIABLES[0]).unwrap_or(1))
        }

        fn complete(&self, config: &mut Config) {
            config.exporters.get_or_insert_with(|| vec!["pets".to_owned()]);
        }
    }

    #[derive(Clone, Debug)]
    struct Plants;

    impl Section for Plants {
        const VARIABLES: &'static [Variable] = &[];
        const IS_LAST: bool = false;

        fn read(_: &mut Reader<'_>) -> Self {
            Plants
        }
    }

    #[test]
    fn there_is_one_of_each_type() {
        let mut sections = Sections::default();
        sections.set(Pets(1));
        sections.set(Plants);
        sections.set(Pets(2));
        assert_eq!(format!("{sections:?}"), "[Plants, Pets(2)]");
        let mut others = Sections::default();
        others.set(Pets(3));
        sections.extend(others);
        assert_eq!((sections.get(), format!("{sections:?}").as_str()), (Some(&Pets(3)), "[Plants, Pets(3)]"));
    }

    #[test]
    fn settings_are_read_from_the_environment_of_their_configuration() {
        let (mut config, _) = Config::read(&Env::from_pairs([("THUNDRA_PETS", "4")]));
        assert_eq!(config.section::<Pets>(), None);
        assert_eq!(config.read_section::<Pets>(), []);
        assert_eq!(config.section(), Some(&Pets(4)));
        let (mut config, _) = Config::read(&Env::from_pairs([("THUNDRA_PETS", "many")]));
        let problems = config.read_section::<Pets>();
        assert_eq!((config.section(), problems.len()), (Some(&Pets(1)), 1));
        config.set_section(Pets(5));
        assert_eq!(config.read_section::<Pets>(), []);
        assert_eq!(config.section(), Some(&Pets(5)), "code has set it");
    }

    #[test]
    fn settings_complete_the_configuration_and_its_lists() {
        let env = Env::from_pairs([("THUNDRA_PETS", "4"), ("THUNDRA_PET", "4")]);
        let (mut config, _) = Config::read(&env);
        config.read_section::<Pets>();
        let problems = config.complete();
        assert_eq!(config.exporters, Some(vec!["pets".to_owned()]));
        let nearest = ["THUNDRA_PET is not a variable of thundra; the nearest is THUNDRA_PETS"];
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), nearest);
    }
}
