//! Events of AWS in the size that is asked for, each with the context its sender would have put in.
//!
//! They are minified, as Lambda hands them over.

/// What a JSON body looks like inside a JSON string; the escapes are what a scanner has to stop for.
const LINE: &str = r#"{\"sku\":\"A-1001\",\"quantity\":2,\"note\":\"leave it at the door, please\"},"#;

/// Where the lines go.
const PLACE: &str = "PAYLOAD";

/// A notification whose message makes the event so many bytes long.
pub fn sns(bytes: usize) -> String {
    filled(include_str!("../events/sns.json"), bytes)
}

/// A request to an HTTP API whose body, the last member, makes the event so many bytes long.
pub fn api_gateway(bytes: usize) -> String {
    filled(include_str!("../events/api_gateway.json"), bytes)
}

/// A batch of messages of about 1 KB.
pub fn sqs(records: usize) -> String {
    batch(&filled(include_str!("../events/sqs_record.json"), 1_024), records)
}

/// A batch of records of about 1 KB, each with a context in its data.
pub fn kinesis(records: usize) -> String {
    batch(&minified(include_str!("../events/kinesis_record.json")), records)
}

/// A message as a program would send it: an object of so many bytes.
pub fn payload(bytes: usize) -> String {
    filled_with(&LINE.replace('\\', ""), r#"{"order":"1001","lines":[PAYLOAD{}]}"#, bytes)
}

fn batch(record: &str, records: usize) -> String {
    format!(r#"{{"Records":[{}]}}"#, vec![record; records].join(","))
}

fn filled(event: &str, bytes: usize) -> String {
    filled_with(LINE, event, bytes)
}

/// The event with a payload of such lines, as many as fit.
fn filled_with(line: &str, event: &str, bytes: usize) -> String {
    let event = minified(event);
    let lines = (bytes + PLACE.len()).saturating_sub(event.len()) / line.len();
    event.replace(PLACE, &line.repeat(lines))
}

/// One line, without a space after a key.
fn minified(json: &str) -> String {
    json.lines().map(str::trim).collect::<String>().replace("\": ", "\":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_long_as_asked_for() {
        for bytes in [2_048, 100_000, 6_000_000] {
            for event in [sns(bytes), api_gateway(bytes), payload(bytes)] {
                assert!((bytes - LINE.len()..=bytes).contains(&event.len()), "{bytes}: {}", event.len());
            }
        }
        assert_eq!(kinesis(1_000).matches("\"eventID\"").count(), 1_000);
    }
}
