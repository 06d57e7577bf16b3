//! What the log lines of a scope have in common.

use std::sync::Arc;

use crate::members::Members;
use crate::propagation::CorrelationIds;
use crate::value::Attributes;

/// The key of the id of the chain of calls, under the name of the Powertools for AWS Lambda.
const CORRELATION_ID: &str = "correlation_id";

/// The memory in bytes that a place keeps for the next scope.
const KEEP_BYTES: usize = 4 * 1024;

/// The keys of the log lines of a scope, beside the ids.
#[derive(Debug, Default)]
pub(crate) struct ScopeLog {
    /// The fields of the owner, such as a request id. Nested scopes share them.
    pub(crate) fields: Option<Arc<Attributes>>,
    /// What all lines of the scope have, encoded with the first line.
    encoded: Members,
    /// The format of the encoded members; `None` before the first line, and after a change.
    encoded_as: Option<&'static str>,
}

impl ScopeLog {
    /// Adds the fields of the owner to those of the scope around.
    pub(crate) fn set_fields(&mut self, around: Option<Arc<Attributes>>, own: Attributes) {
        self.fields = match around {
            Some(around) if own.is_empty() => Some(around),
            Some(around) => {
                let is_replaced = |key: &str| own.iter().any(|(own, _)| own == key);
                let kept: Attributes = around.iter().filter(|(key, _)| !is_replaced(key)).cloned().collect();
                Some(Arc::new([kept, own].concat()))
            }
            None => (!own.is_empty()).then(|| Arc::new(own)),
        };
    }

    /// Returns the fields and the correlation ids.
    pub(crate) fn with_ids(&self, correlation: &CorrelationIds) -> Attributes {
        let mut all = self.fields.as_deref().cloned().unwrap_or_default();
        let chain = correlation.get("id").map(|id| (CORRELATION_ID, id));
        all.extend(
            chain.into_iter().chain(correlation.iter()).map(|(key, id)| (key.to_owned().into(), id.to_owned().into())),
        );
        all
    }

    /// Appends the fields and the correlation ids as members of a JSON object, but for keys of `before`.
    pub(crate) fn members(&self, correlation: &CorrelationIds, before: &Members, out: &mut Members) {
        for (key, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
            if !before.contains(key) && !out.contains(key) {
                out.value(key, value);
            }
        }
        if let Some(id) = correlation.get("id") {
            out.text(CORRELATION_ID, id);
        }
        for (key, id) in correlation.iter() {
            out.text(key, id);
        }
    }

    /// Returns the encoded members of a format, if nothing changed since.
    #[inline]
    pub(crate) fn encoded_as(&self, format: &'static str) -> Option<&Members> {
        (self.encoded_as == Some(format)).then_some(&self.encoded)
    }

    /// Takes the buffer for members.
    pub(crate) fn take_buffer(&mut self) -> Members {
        let mut buffer = std::mem::take(&mut self.encoded);
        buffer.clear();
        buffer
    }

    /// Keeps the encoded members of a format.
    pub(crate) fn keep(&mut self, format: &'static str, members: Members) {
        (self.encoded_as, self.encoded) = (Some(format), members);
    }

    /// Notes a change of anything that is encoded.
    #[inline]
    pub(crate) fn changed(&mut self) {
        self.encoded_as = None;
    }

    /// Makes the place ready for another scope.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.fields = None;
        if self.encoded_as.take().is_some() && self.encoded.capacity() > KEEP_BYTES {
            self.encoded = Members::default();
        }
    }
}
