//! A configuration with the settings of a document. The settings change while the program runs.
//!
//! A document ranks after code, and before the environment. A document changes sampling, levels, keep rules, and on and
//! off. A document never turns telemetry on that the environment has turned off.

use std::collections::BTreeSet;

use super::document::Document;
use super::keep::Keep;
use super::log_buffer::LogBuffer;
use super::reader::Reader;
use super::{Config, Variable, list as v, sampling};
use crate::Env;

/// The variables that a document may set.
const IN_DOCUMENT: [&Variable; 8] = [
    &v::SDK_DISABLED,
    &v::SAMPLER,
    &v::SAMPLER_ARG,
    &v::KEEP,
    &v::SPANS,
    &v::LOG,
    &v::LOG_BUFFER,
    &v::DEBUG_SAMPLE_RATE,
];

/// The prefixes of the names that a problem shows. Any other text may be a secret by mistake.
const SHOWN: [&str; 4] = ["AWS_", "OTEL_", "RUST_", "THUNDRA_"];

/// The greatest number of shown names, and the greatest length of a shown name in bytes.
const MAX_NAMES: usize = 16;
const MAX_NAME_BYTES: usize = 64;

const REFUSED: &str = "a document holds sampling, levels, keep rules, and on and off; where telemetry goes, whom it \
                       trusts and what it captures change with the environment alone. It takes OTEL_SDK_DISABLED, \
                       OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, THUNDRA_KEEP, THUNDRA_SPANS, RUST_LOG, \
                       THUNDRA_LOG_BUFFER and THUNDRA_DEBUG_SAMPLE_RATE";

impl Config {
    /// Returns the configuration with the settings of a document, and a text for each problem of the document. The
    /// texts show no value.
    pub(crate) fn revised(&self, document: &Document, version: Option<i64>) -> (Config, Vec<String>) {
        let mut problems = refused(document);
        let given: Vec<_> = document.entries().filter(|(name, _)| in_document(name).is_some()).collect();
        let alone = Env::from_pairs(given.iter().copied());
        let usable: BTreeSet<_> = IN_DOCUMENT
            .into_iter()
            .filter(|variable| alone.get(variable.name).is_some() && is_usable(&alone, variable, &mut problems))
            .map(|variable| variable.name)
            .collect();
        let env = self.env().under(given.into_iter().filter(|(name, _)| usable.contains(name)));
        let mut settings = Settings {
            config: Config { version, ..self.clone() },
            by_environment: self.by_environment(),
            usable,
            problems,
        };
        settings.take(&env);
        (settings.config, settings.problems)
    }

    /// Returns the configuration without any setting in code.
    fn by_environment(&self) -> Config {
        let (mut config, _) = Config::read(self.env());
        config.set_sections(self.origin.sections.clone());
        config.complete();
        config
    }
}

/// The state of a revision.
struct Settings {
    config: Config,
    by_environment: Config,
    /// The variables of the document with a valid value.
    usable: BTreeSet<&'static str>,
    problems: Vec<String>,
}

impl Settings {
    /// Takes over the settings of the document from an environment with the document above.
    fn take(&mut self, env: &Env) {
        let mut reader = Reader::new(env);
        let is_off = self.config.disabled;
        let is_disabled = reader.one_of(&v::SDK_DISABLED, &[("true", true), ("false", false)]);
        self.one(&[&v::SDK_DISABLED], |config| &mut config.disabled, || is_off || is_disabled == Some(true));
        self.one(&[&v::SAMPLER, &v::SAMPLER_ARG], |config| &mut config.sampler, || sampling::sampler(&mut reader));
        self.one(&[&v::KEEP], |config| &mut config.keep, || Keep::read(&mut reader));
        self.one(&[&v::SPANS], |config| &mut config.spans, || reader.levels(&v::SPANS).unwrap_or_default());
        self.one(&[&v::LOG], |config| &mut config.log, || reader.levels(&v::LOG));
        self.one(&[&v::LOG_BUFFER], |config| &mut config.log_buffer, || LogBuffer::read(&mut reader));
        self.one(
            &[&v::DEBUG_SAMPLE_RATE],
            |config| &mut config.debug_sample_rate,
            || reader.ratio(&v::DEBUG_SAMPLE_RATE).unwrap_or(0.0),
        );
        // `is_usable` has reported every invalid value. Only a ratio without a sampler is still to report.
        let without_effect = reader.finish().into_iter().filter(|problem| !problem.is_about_value());
        let of_document = without_effect.filter(|problem| self.usable.contains(problem.variable()));
        let texts: Vec<_> = of_document.map(|problem| problem.to_string()).collect();
        self.problems.extend(texts);
    }

    /// Takes over a setting, if the document has a variable of the setting, and code has not set the setting.
    fn one<T: PartialEq>(
        &mut self,
        variables: &[&Variable],
        field: fn(&mut Config) -> &mut T,
        read: impl FnOnce() -> T,
    ) {
        let given: Vec<_> = variables.iter().filter(|variable| self.usable.contains(variable.name)).collect();
        if given.is_empty() {
            return;
        }
        if *field(&mut self.config) == *field(&mut self.by_environment) {
            *field(&mut self.config) = read();
            return;
        }
        for variable in given {
            self.problems.push(format!("{} is not used: the program sets it in code", variable.name));
        }
    }
}

/// Returns `true` if a variable has a usable value, perhaps after the removal of invalid items.
fn is_usable(env: &Env, variable: &Variable, problems: &mut Vec<String>) -> bool {
    let mut reader = Reader::new(env);
    let has_value = match variable.name {
        name if name == v::SDK_DISABLED.name => {
            reader.one_of(&v::SDK_DISABLED, &[("true", ()), ("false", ())]).is_some()
        }
        name if name == v::SAMPLER.name => sampling::is_named(&mut reader),
        name if name == v::SAMPLER_ARG.name || name == v::DEBUG_SAMPLE_RATE.name => reader.ratio(variable).is_some(),
        name if name == v::KEEP.name => Keep::read(&mut reader).is_some(),
        name if name == v::LOG_BUFFER.name => LogBuffer::read(&mut reader).is_some(),
        _ => reader.levels(variable).is_some(),
    };
    let found = reader.finish();
    // The word `none` and the size `0` are valid, and no value.
    let is_usable = has_value || found.is_empty();
    problems.extend(found.into_iter().map(|problem| problem.without_value().to_string()));
    is_usable
}

fn in_document(name: &str) -> Option<&'static Variable> {
    IN_DOCUMENT.into_iter().find(|variable| variable.name == name)
}

/// Returns a text for each name that a document cannot set, and a text for all malformed entries.
fn refused(document: &Document) -> Vec<String> {
    let others = || document.entries().map(|(name, _)| name).filter(|name| in_document(name).is_none());
    let mut problems: Vec<_> = others()
        .filter(|name| is_shown(name))
        .take(MAX_NAMES)
        .map(|name| format!("{name} is not used: {REFUSED}"))
        .collect();
    let unnamed = others().count() - problems.len() + document.malformed();
    if unnamed > 0 {
        let entries = if unnamed == 1 { "an entry is" } else { "some entries are" };
        problems.push(format!("{entries} not used: the name is no variable of thundra, or has no value"));
    }
    problems
}

fn is_shown(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    SHOWN.iter().any(|prefix| name.starts_with(prefix)) && name.len() <= MAX_NAME_BYTES && name.bytes().all(legal)
}

#[cfg(test)]
mod tests;
