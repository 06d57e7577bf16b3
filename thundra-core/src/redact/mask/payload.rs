//! Masked copies of payloads, within bounds.

use super::findings::Findings;
use super::level::Bounds;
use super::structure::Walk;
use crate::escape::on_one_line;

/// A masked copy of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The payload on one line; valid JSON for a valid payload.
    pub json: String,
    /// The paths of the masked values, such as `$.Records[0].body.password`; up to 64.
    pub masked: Vec<String>,
    /// The paths of parts cut short or left out; up to 64.
    pub cut: Vec<String>,
}

/// Makes a masked copy of a JSON payload.
///
/// Of a payload over the bounds, the copy has the beginning: the text at the end is cut short, and the rest is left
/// out.
pub fn payload(json: &[u8], bounds: &Bounds) -> Payload {
    let is_cut = json.len() > bounds.bytes;
    let read = json.get(..bounds.bytes).unwrap_or(json);
    let text = match std::str::from_utf8(read) {
        Ok(text) => text,
        // The end of a character is beyond the bounds.
        Err(error) if is_cut && error.error_len().is_none() => {
            read.get(..error.valid_up_to()).and_then(|read| std::str::from_utf8(read).ok()).unwrap_or("")
        }
        Err(_) => "",
    };
    let mut walk = Walk::new(text, Findings::of_payload()).within(bounds, is_cut);
    walk.run();
    let (json, Findings { masked, cut, .. }) = walk.closed();
    Payload { json: on_one_line(json), masked, cut }
}
