//! The failed records of a batch, as an event of their own.

use crate::payload::cursor::Cursor;

/// The bytes of an event to search for records.
const MAX_BYTES: usize = 1 << 20;

/// Returns an event with only the numbered records, and the number of missing records. `None` for an event without
/// records, and for an empty list of numbers.
pub(super) fn only_records(event: &[u8], mut numbers: Vec<usize>) -> Option<(Vec<u8>, usize)> {
    numbers.sort_unstable();
    numbers.dedup();
    let last = *numbers.last()?;
    let mut cursor = Cursor::new(event.get(..MAX_BYTES).unwrap_or(event));
    find_records(&mut cursor, event)?;
    let mut only = br#"{"Records":["#.to_vec();
    let mut found = 0;
    for number in 0..=last {
        // The cursor stops at the end of the list, and at a record that goes on beyond the limit.
        let Some(record) = cursor.value().and_then(|range| event.get(range)) else { break };
        if numbers.binary_search(&number).is_ok() {
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
    only.extend_from_slice(b"]}");
    (found > 0).then_some((only, numbers.len() - found))
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
                Some((r#"{"Records":[{"a":1},{"c":3}]}"#, 0)),
                "some",
            ),
            (
                r#" { "x": [1] , "Records" : [ {"a": 1} , 2 ] } "#,
                vec![0],
                Some((r#"{"Records":[{"a": 1}]}"#, 0)),
                "spaces",
            ),
            (r#"{"Records":[1,2]}"#, vec![1, 5], Some((r#"{"Records":[2]}"#, 1)), "a number that is too high"),
            (r#"{"Records":[1,2"#, vec![0], Some((r#"{"Records":[1]}"#, 0)), "cut"),
            (r#"{"Records":[]}"#, vec![0], None, "no records"),
            (r#"{"Records":[1]}"#, vec![], None, "no number"),
            (r#"{"Records":1}"#, vec![0], None, "no list"),
            (r#"{"records":[1]}"#, vec![0], None, "another name"),
            ("[1]", vec![0], None, "no object"),
        ] {
            let found = only_records(event.as_bytes(), numbers);
            let found = found.map(|(only, missing)| (String::from_utf8(only).unwrap(), missing));
            assert_eq!(found, only.map(|(only, missing)| (only.to_owned(), missing)), "{why}");
        }
    }
}
