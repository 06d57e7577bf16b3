//! The contents of an opened message.

use std::ops::Range;

use thundra_core::propagation::Inbound;

use super::extract::{Extractor, holds_context, holds_parent};
use crate::attributes::Attributes;
use crate::payload::{self, Member};

/// The content of the outermost envelope with a context.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Opened {
    /// The context, extracted.
    pub(crate) inbound: Inbound,
    /// The context of another vendor, of the outermost envelope with a foreign context.
    pub(crate) foreign: Option<Box<Inbound>>,
    /// The text of the `__context__` object.
    pub(crate) context: Option<String>,
    /// The range to cut from the payload to remove the `__context__`. `None` for a context inside an envelope.
    pub(crate) range: Option<Range<usize>>,
    /// The attributes of the S3 object in the message.
    pub(crate) attributes: Attributes,
}

impl Opened {
    /// Finds the `__context__` of a payload, and extracts the context.
    pub(crate) fn of_payload(payload: &[u8], extractor: &Extractor<'_>) -> Option<Self> {
        let member = payload::locate(payload).filter(Member::is_context)?;
        let inbound = extractor.extract_json(member.json)?;
        let context = extractor.is_for_scope.then(|| member.json.to_owned());
        Some(Opened { inbound, context, range: Some(member.range), ..Opened::default() })
    }

    /// Converts the range from offsets in `part` to offsets in `text`. `part` is a slice of `text`.
    pub(crate) fn within(self, part: &str, text: &[u8]) -> Self {
        // The distance of the addresses is the offset of the part.
        let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
        let range = self.range.zip(offset).map(|(range, offset)| range.start + offset..range.end + offset);
        Opened { range, ..self }
    }

    /// Adds the context of another vendor, unless a program sent a parent of ours. The context of an envelope has
    /// precedence over the contexts of the messages inside.
    pub(crate) fn beside_foreign(self, foreign: impl FnOnce() -> Option<Inbound>) -> Self {
        if holds_parent(&self.inbound) {
            return self;
        }
        Opened { foreign: foreign().map(Box::new).or(self.foreign), ..self }
    }

    /// Returns `true` for a context of a program.
    pub(crate) fn holds_context(&self) -> bool {
        self.range.is_some() || self.foreign.is_some() || holds_context(&self.inbound)
    }

    /// Decides about the parent: a context of another vendor gives the parent if no program sent a parent of ours.
    pub(crate) fn into_inbound(self) -> Inbound {
        match self.foreign {
            Some(foreign) if !holds_parent(&self.inbound) => foreign.or(self.inbound),
            _ => self.inbound,
        }
    }

    /// Returns the place and the text of a member, with no context extracted.
    pub(super) fn unread(member: Member<'_>) -> Self {
        Opened { context: Some(member.json.to_owned()), range: Some(member.range), ..Opened::default() }
    }
}
