//! The members of a response, and the places of the members.

use std::cell::{Cell, RefCell};

use serde::Deserialize;

/// The longest text kept of a member, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The members of a response. Absent members, and members of another type, are `None`.
#[derive(Debug, Default, PartialEq)]
pub(in crate::lifecycle) struct ResponseMembers {
    /// `statusCode`, of an HTTP response.
    pub(in crate::lifecycle) status_code: Option<u16>,
    /// `Status`, of a durable execution.
    pub(in crate::lifecycle) status: Option<String>,
    /// `statusCode` in the JSON text of `Result`, the response of a durable execution.
    pub(in crate::lifecycle) result_status_code: Option<u16>,
    /// `Error.ErrorType`
    pub(in crate::lifecycle) error_type: Option<String>,
    /// `Error.ErrorMessage`
    pub(in crate::lifecycle) error_message: Option<String>,
}

/// The part of a response serialised so far.
#[derive(Default)]
pub(super) struct Seen {
    /// The place of the value after the last key of an object.
    pub(super) next: Cell<Option<Part>>,
    /// `true` if the JSON text of `Result` is read. Reading a long text takes time.
    pub(super) reads_result: bool,
    pub(super) members: RefCell<ResponseMembers>,
}

/// The place of a value in a response.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// The response.
    Response,
    /// A key of the response.
    Key,
    /// `statusCode`
    StatusCode,
    /// `Status`
    Status,
    /// `Result`
    Result,
    /// `Error`
    Error,
    /// A key of `Error`.
    ErrorKey,
    /// `Error.ErrorType`
    ErrorType,
    /// `Error.ErrorMessage`
    ErrorMessage,
}

impl Part {
    /// Returns the place of the keys of an object in the given place. `None` for an object without members to read.
    pub(super) fn key(self) -> Option<Part> {
        match self {
            Part::Response => Some(Part::Key),
            Part::Error => Some(Part::ErrorKey),
            _ => None,
        }
    }

    /// Returns the place of the value after a key in the given place. `None` for an unread value.
    pub(super) fn value(self, key: &str) -> Option<Part> {
        match (self, key) {
            (Part::Key, "statusCode") => Some(Part::StatusCode),
            (Part::Key, "Status") => Some(Part::Status),
            (Part::Key, "Result") => Some(Part::Result),
            (Part::Key, "Error") => Some(Part::Error),
            (Part::ErrorKey, "ErrorType") => Some(Part::ErrorType),
            (Part::ErrorKey, "ErrorMessage") => Some(Part::ErrorMessage),
            _ => None,
        }
    }
}

impl Seen {
    /// Reads a text.
    pub(super) fn text(&self, part: Part, text: &str) {
        if matches!(part, Part::Key | Part::ErrorKey) {
            return self.next.set(part.value(text));
        }
        let mut members = self.members.borrow_mut();
        let member = match part {
            Part::Result if self.reads_result => return members.result_status_code = status_code(text),
            Part::Status => &mut members.status,
            Part::ErrorType => &mut members.error_type,
            Part::ErrorMessage => &mut members.error_message,
            _ => return,
        };
        *member = Some(thundra_core::cut(text, MAX_TEXT_BYTES).to_owned());
    }
}

/// Returns the `statusCode` of a response as JSON.
fn status_code(json: &str) -> Option<u16> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "statusCode")]
        status_code: u16,
    }
    serde_json::from_str::<Response>(json).ok().map(|response| response.status_code)
}
