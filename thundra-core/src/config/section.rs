//! Settings of the crates that depend on this one, beside its own [`Config`].
//!
//! Each such crate has one type for its settings, and reads it from the environment that the configuration was read
//! from. Code sets them on the builder of the telemetry. An installed configuration holds both kinds, keyed by their
//! types.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use super::reader::Reader;
use super::{Config, ConfigProblem, Variable};
use crate::Env;

/// The settings of a crate that depends on this one.
#[doc(hidden)]
pub trait Section: Any + Clone + Debug + Send + Sync {
    /// The variables that the settings are read from.
    const VARIABLES: &'static [Variable];

    /// `true` if a program with these settings has no variables but theirs, those of this crate, and those of other
    /// [sections](Sections) of its configuration.
    const IS_LAST: bool;

    /// Reads the settings.
    fn read(reader: &mut Reader<'_>) -> Self;

    /// Fills in what the configuration leaves open.
    fn complete(&self, _config: &mut Config) {}
}

/// Reads the settings of a crate from an environment, with a problem for each value that is not used.
#[doc(hidden)]
pub fn read_section<S: Section>(env: &Env) -> (S, Vec<ConfigProblem>) {
    let mut reader = Reader::new(env);
    let settings = S::read(&mut reader);
    (settings, reader.finish())
}

/// A [`Section`] whose type is known to its crate alone.
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

/// The settings of several crates, at most one of each type.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Sections(Vec<Arc<dyn Stored>>);

impl Debug for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Sections {
    /// Sets the settings of a crate, in place of others of its type.
    pub fn set<S: Section>(&mut self, settings: S) {
        self.0.retain(|stored| !is::<S>(stored));
        self.0.push(Arc::new(settings));
    }

    /// Returns the settings of this type.
    pub fn get<S: Section>(&self) -> Option<&S> {
        self.0.iter().find_map(|stored| (&**stored as &dyn Any).downcast_ref())
    }

    /// Adds other settings, which win over those of their type.
    pub fn extend(&mut self, other: Sections) {
        self.0.retain(|known| other.0.iter().all(|stored| (**stored).type_id() != (**known).type_id()));
        self.0.extend(other.0);
    }

    /// Returns `true` if the variables of the program are those of this crate and of these settings.
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
