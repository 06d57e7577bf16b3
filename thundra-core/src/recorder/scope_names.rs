//! The names to find a scope by.

use std::sync::Arc;

/// The names of a scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScopeNames {
    /// The key to find the scope by, from tasks outside of every scope.
    pub(crate) key: Option<Arc<str>>,
    /// The names of the origins that triggered the work.
    pub(crate) origins: Vec<String>,
}

impl ScopeNames {
    /// Returns `true` if the scope has the key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        !key.is_empty() && self.key.as_deref() == Some(key)
    }

    /// Returns `true` if the origin `name` triggered the work.
    pub(crate) fn has_origin(&self, name: &str) -> bool {
        self.origins.iter().any(|origin| origin == name)
    }
}
