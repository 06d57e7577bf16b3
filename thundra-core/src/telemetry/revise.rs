//! Settings that change while the program runs.

use super::process::PIPELINE;
use crate::Config;
use crate::config::{Document, process};
use crate::pipeline::set_exported;
use crate::points::{collection, switch};
use crate::recorder::{callsites, levels};

/// Takes over the settings of a document, in place of the settings of an earlier document. Returns a text for each
/// problem of the document. The texts show no value. Does nothing before [`install`](super::install). The caller
/// revises from a single thread at a time.
///
/// A scope keeps the sampling, the keep rules, and on and off as in force at the begin of the scope. Levels change at
/// once, and on and off change log records and measurements at once.
#[doc(hidden)]
pub fn revise(document: &Document, version: Option<i64>) -> Vec<String> {
    let (Some(installed), Some(pipeline)) = (process::installed(), PIPELINE.get()) else { return Vec::new() };
    let before = process::config();
    let (config, problems) = installed.revised(document, version);
    process::revise(config);
    let config = process::config();
    if before.disabled != config.disabled {
        if config.disabled {
            // Measurements made so far are still exported.
            collection::collect(true);
        }
        set_exported(pipeline.exported(config));
        switch::turn(!config.disabled);
    }
    let levels_differ = |other: &Config| levels_of(config) != levels_of(other);
    if levels_differ(before) {
        levels::revise(levels_differ(installed).then_some(config));
    } else if before.disabled != config.disabled {
        callsites::rebuild();
    }
    problems
}

fn levels_of(config: &Config) -> impl PartialEq + '_ {
    (&config.spans, &config.log, &config.log_buffer)
}
