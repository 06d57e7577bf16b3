//! The failed records of a batch, as a separate event.

use std::collections::HashSet;

use crate::captured::FailedRecord;
use crate::payload::cursor::Cursor;

/// The bytes of an event to search for records.
const MAX_BYTES: usize = 1 << 20;

/// An event with some of its records, and with all other members.
#[derive(Debug, PartialEq)]
pub(super) struct OnlyRecords {
    pub(super) event: Vec<u8>,
    /// The paths of missing parts, apart from records that nobody asked for.
    pub(super) cut: Vec<&'static str>,
}

/// Returns an event with only the failed records. `None` for an event without records, and for an empty list.
pub(super) fn only_records(event: &[u8], failed: &[FailedRecord]) -> Option<OnlyRecords> {
    failed.first()?;
    let failed: HashSet<&FailedRecord> = failed.iter().collect();
    let mut cursor = Cursor::new(event.get(..MAX_BYTES).unwrap_or(event));
    find_records(&mut cursor, event)?;
    let mut only = event.get(..cursor.at())?.to_vec();
    let mut found = 0;
    for number in 0.. {
        // The cursor stops at the end of the list, and at a record that extends beyond the limit.
        let Some(record) = cursor.value().and_then(|range| event.get(range)) else { break };
        let is_failed = name(record).is_some_and(|name| failed.contains(&FailedRecord::Named(name)));
        if is_failed || failed.contains(&FailedRecord::Numbered(number)) {
            if found > 0 {
                only.push(b',');
            }
            only.extend_from_slice(record);
            found += 1;
        }
        if cursor.eat_spaced(b',').is_none() {
            break;
        }
    }
    let mut cut = Vec::new();
    if found < failed.len() {
        cut.push("$.Records");
    }
    only.push(b']');
    match cursor.eat_spaced(b']').and_then(|()| event.get(cursor.at()..)) {
        Some(others) => only.extend_from_slice(others),
        None => {
            // Further members may follow beyond the limit.
            only.push(b'}');
            cut.push("$");
        }
    }
    (found > 0).then_some(OnlyRecords { event: only, cut })
}

/// Returns the `messageId` or the `eventID` of a record.
fn name(record: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(record);
    cursor.eat_spaced(b'{')?;
    loop {
        let key = record.get(cursor.string()?)?;
        cursor.eat_spaced(b':')?;
        let value = cursor.value()?;
        if key == b"messageId" || key == b"eventID" {
            return serde_json::from_slice(record.get(value)?).ok();
        }
        cursor.eat_spaced(b',')?;
    }
}

/// Steps to the first record.
fn find_records(cursor: &mut Cursor<'_>, event: &[u8]) -> Option<()> {
    cursor.eat_spaced(b'{')?;
    loop {
        let is_records = event.get(cursor.string()?)? == b"Records";
        cursor.eat_spaced(b':')?;
        if is_records {
            return cursor.eat_spaced(b'[');
        }
        cursor.value()?;
        cursor.eat_spaced(b',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_has_the_failed_records_as_they_came() {
        for (event, numbers, only, why) in [
            (
                r#"{"Records":[{"a":1},{"b":2},{"c":3}]}"#,
                vec![2, 0],
                Some((r#"{"Records":[{"a":1},{"c":3}]}"#, &[][..])),
                "some",
            ),
            (
                r#" { "x": [1] , "Records" : [ {"a": 1} , 2 ] , "state": {} } "#,
                vec![0],
                Some((r#" { "x": [1] , "Records" : [ {"a": 1}], "state": {} } "#, &[])),
                "spaces, and other members",
            ),
            (
                r#"{"Records":[1,2]}"#,
                vec![1, 5],
                Some((r#"{"Records":[2]}"#, &["$.Records"])),
                "a number that is too high",
            ),
            (r#"{"Records":[1,2"#, vec![0], Some((r#"{"Records":[1]}"#, &["$"])), "cut"),
            (r#"{"Records":[]}"#, vec![0], None, "no records"),
            (r#"{"Records":[1]}"#, vec![], None, "no number"),
            (r#"{"Records":1}"#, vec![0], None, "no list"),
            (r#"{"records":[1]}"#, vec![0], None, "another name"),
            ("[1]", vec![0], None, "no object"),
        ] {
            let failed: Vec<_> = numbers.into_iter().map(FailedRecord::Numbered).collect();
            let found = only_records(event.as_bytes(), &failed);
            let expected = only.map(|(only, cut)| OnlyRecords { event: only.as_bytes().to_vec(), cut: cut.to_vec() });
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn a_named_record_is_found_wherever_it_stands() {
        let event =
            r#"{"Records":[{"messageId":"a","body":"{\"messageId\":\"b\"}"},{"body":"x", "messageId" : "b"},{"x":1}]}"#;
        let failed = [FailedRecord::Named("b".to_owned()), FailedRecord::Numbered(2)];
        let only = only_records(event.as_bytes(), &failed).unwrap();
        assert_eq!(only.event, br#"{"Records":[{"body":"x", "messageId" : "b"},{"x":1}]}"#);
        let kinesis = br#"{"Records":[{"eventID":"s:1"},{"kinesis":{"eventID":"s:2"},"eventID":"s:2"}]}"#;
        let only = only_records(kinesis, &[FailedRecord::Named("s:2".to_owned())]).unwrap();
        assert_eq!(only.event, br#"{"Records":[{"kinesis":{"eventID":"s:2"},"eventID":"s:2"}]}"#);
        assert_eq!(only.cut, [""; 0]);
    }
}
