//! Batches recognised by the first record, before the other records are read.

use thundra_core::propagation::Trust;

use super::event::{Batch, RECORDS};
use super::parse::members::Members;
use super::table::SOURCES;
use super::{READS, Trigger};
use crate::payload;

/// Recognises a batch of several records by the first record. Returns the trigger without messages, and the end of the
/// first record. `None` for any other event, and for an event with a possible `__context__` beside the records, which
/// must be cut out.
pub(crate) fn detect_first(text: &[u8], caller: Trust) -> Option<(Trigger, usize)> {
    if !READS {
        return None;
    }
    // Lambda writes nothing beside the records, except for windows. What a program or a rule of AWS IoT adds is the
    // last member.
    text.trim_ascii_end().strip_suffix(b"}")?.trim_ascii_end().strip_suffix(b"]")?;
    let mut members = Members::of(text);
    members.next_key()?.filter(|key| key == RECORDS)?;
    let first = members.first_of_several()?;
    let end = text.len() - members.rest().len();
    let source = SOURCES.iter().find(|source| source.delivers(&first, Batch::Records))?;
    if !source.batch_api || payload::names_context(members.rest()) {
        return None;
    }
    Some((Trigger { is_read_later: true, ..Trigger::new(source, caller) }, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_several_records_is_recognised_by_the_first() {
        let record = r#"{"eventSource":"aws:sqs","body":"{\"__context__\":{}}"}"#;
        let context = r#""__context__":{}"#;
        for (event, source, why) in [
            (format!(r#"{{"Records":[{record},{record}]}}"#), Some("sqs"), "a batch"),
            (format!(r#" {{ "Records" : [ {record} , {record} ] }} "#), Some("sqs"), "with white space"),
            (format!(r#"{{"Records":[{record},{{broken]}}"#), Some("sqs"), "the others are not read"),
            (format!(r#"{{"Records":[{record},7]}}"#), None, "no record behind"),
            (format!(r#"{{"Records":[{record}]}}"#), None, "a single record"),
            ("{\"Records\":[]}".to_owned(), None, "no record"),
            (format!(r#"{{"Records":[{record},{record}],{context}}}"#), None, "a context behind"),
            (format!(r#"{{{context},"Records":[{record},{record}]}}"#), None, "a context before"),
            (format!(r#"{{"Records":[{record},{record}],{context},"a":[]}}"#), None, "a context in between"),
            (format!(r#"{{"Records":[{record},{record}],"topic":"a"}}"#), None, "more of a rule of AWS IoT"),
            (r#"{"Records":[{"s3":{}},{"s3":{}}]}"#.to_owned(), None, "no source with records of its own"),
            (format!("[{record},{record}]"), None, "a pipe"),
            (format!(r#"{{"Records":[{record},{record}"#), None, "cut off"),
        ] {
            let found = detect_first(event.as_bytes(), Trust::Full);
            assert_eq!(found.as_ref().map(|(trigger, _)| trigger.source.name), source, "{why}");
            if let Some((trigger, end)) = found {
                assert!(trigger.is_batch() && trigger.messages.is_empty(), "{why}");
                assert!(event.get(..end).unwrap().ends_with(record), "{why}");
            }
        }
    }
}
