//! The ids of the current scope, for tests of both ends of a transport.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thundra_aws::correlation;
use thundra_core::ScopeRef;

/// The ids of a scope and the scope's place in the chain of calls.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Seen {
    /// The correlation ids by full key.
    pub ids: BTreeMap<String, String>,
    /// The number of programs in the chain, including the current program.
    pub chain_length: u32,
}

impl Seen {
    /// Reads the current scope. Outside of any scope, the ids are empty.
    #[must_use]
    pub fn here() -> Self {
        let ids = ScopeRef::current().and_then(|scope| scope.correlation()).unwrap_or_default();
        Seen { ids: correlation::all(), chain_length: ids.chain_length() }
    }
}
