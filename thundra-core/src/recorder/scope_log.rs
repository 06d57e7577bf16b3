//! The common data of the log lines of a scope.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Value;
use crate::carrier::CorrelationIds;
use crate::members::Members;
use crate::value::Attributes;

/// The key of the id of the chain of calls, under the name of the Powertools for AWS Lambda.
const CORRELATION_ID: &str = "correlation_id";

/// The most appended keys of a scope.
const MAX_APPENDED: usize = 100;
/// The most bytes of a scope's appended keys in a line.
const MAX_APPENDED_BYTES: usize = 64 * 1024;

/// The memory in bytes kept in a place for the next scope.
const KEEP_BYTES: usize = 4 * 1024;

/// The keys shared by nested scopes with the scope around.
#[derive(Debug, Default)]
pub(crate) struct SharedKeys {
    fields: Option<Arc<Attributes>>,
    appended: Option<Arc<Attributes>>,
}

/// The keys of the log lines of a scope, beside the ids.
#[derive(Debug, Default)]
pub(crate) struct ScopeLog {
    /// The fields of the owner, such as a request id. Nested scopes share the fields.
    pub(crate) fields: Option<Arc<Attributes>>,
    /// The keys appended by the program. Nested scopes begin with the same keys.
    pub(crate) appended: Option<Arc<Attributes>>,
    /// The common members of all lines of the scope, encoded with the first line.
    encoded: Members,
    /// The format of the encoded members; `None` before the first line, and after a change.
    encoded_as: Option<&'static str>,
}

impl ScopeLog {
    /// Returns the keys for a nested scope.
    pub(crate) fn for_nested(&self) -> SharedKeys {
        SharedKeys { fields: self.fields.clone(), appended: self.appended.clone() }
    }

    /// Takes over the keys of the scope around, and adds the fields of the owner.
    pub(crate) fn begin(&mut self, around: SharedKeys, own: Attributes) {
        self.appended = around.appended;
        self.set_fields(around.fields, own);
    }

    /// Appends a key, in place of an earlier value of the key. Returns `false` if the scope has no room for the key.
    pub(crate) fn append(&mut self, key: &str, value: Value) -> bool {
        let mut appended = self.appended.take().unwrap_or_default();
        let others = appended.iter().filter(|(known, _)| known != key);
        let bytes = others.chain([&(key.to_owned().into(), value.clone())]).map(size).sum::<usize>();
        let is_known = appended.iter().any(|(known, _)| known == key);
        let fits = bytes <= MAX_APPENDED_BYTES && (is_known || appended.len() < MAX_APPENDED);
        if fits {
            let keys = Arc::make_mut(&mut appended);
            match keys.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => *known = value,
                None => keys.push((key.to_owned().into(), value)),
            }
            self.changed();
        }
        self.appended = Some(appended);
        fits
    }

    /// Adds the fields of the owner to the fields of the scope around.
    fn set_fields(&mut self, around: Option<Arc<Attributes>>, own: Attributes) {
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
        let chain = correlation.get("id").map(|id| (CORRELATION_ID, id.into()));
        all.extend(
            chain
                .into_iter()
                .chain(correlation.shown())
                .map(|(key, id)| (key.to_owned().into(), id.into_owned().into())),
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
        for (key, id) in correlation.shown() {
            out.text(key, &id);
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

    /// Records a change of encoded data.
    #[inline]
    pub(crate) fn changed(&mut self) {
        self.encoded_as = None;
    }

    /// Makes the place ready for another scope.
    #[inline]
    pub(super) fn reset(&mut self) {
        (self.fields, self.appended) = (None, None);
        if self.encoded_as.take().is_some() && self.encoded.capacity() > KEEP_BYTES {
            self.encoded = Members::default();
        }
    }
}

/// Returns about how many bytes a key takes in a line.
fn size((key, value): &(Cow<'static, str>, Value)) -> usize {
    let value = match value {
        Value::Str(text) => text.len(),
        Value::Array(texts) => texts.iter().map(|text| text.len() + 3).sum(),
        _ => 24,
    };
    key.len() + value + 6
}
