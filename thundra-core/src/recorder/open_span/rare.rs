//! The values that few spans have. The end of any other span asks one question instead of six.

use crate::otlp::write::tag;

/// The values that few spans have. All are empty unless [set](Self::is_set).
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    is_set: bool,
    /// The name set after the start of the span, or an empty text.
    pub(super) renamed: String,
    pub(super) status: Code,
    pub(super) description: String,
    /// The number of attributes over the limit.
    pub(super) dropped_attributes: u32,
    /// The number of events over the limit.
    pub(super) dropped_events: u32,
    /// The number of links over the limit.
    pub(super) dropped_links: u32,
}

/// A status without the description, in the numbers of OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Code {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl Rare {
    /// Returns `true` if a value may have been set.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.is_set
    }

    /// Returns the values for a change.
    #[inline]
    pub(super) fn change(&mut self) -> &mut Self {
        self.is_set = true;
        self
    }

    /// Empties the values, for the next span.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.is_set {
            self.is_set = false;
            self.renamed.clear();
            self.description.clear();
            self.status = Code::Unset;
            self.forget_dropped();
        }
    }

    /// Resets the numbers over the limits.
    pub(super) fn forget_dropped(&mut self) {
        (self.dropped_attributes, self.dropped_events, self.dropped_links) = (0, 0, 0);
    }

    /// Returns the numbers over the limits, with the tags of their fields.
    pub(super) fn dropped(&self) -> [(u8, u32); 3] {
        [
            (tag::SPAN_DROPPED_ATTRIBUTES, self.dropped_attributes),
            (tag::SPAN_DROPPED_EVENTS, self.dropped_events),
            (tag::SPAN_DROPPED_LINKS, self.dropped_links),
        ]
    }
}
