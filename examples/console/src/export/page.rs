//! The page with a request inside. It opens without a server and asks nothing of the network.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde_json::Value;

use crate::api::{metrics, of_whole_request, read_request, span};
use crate::server::bundle;
use crate::store::Error;

/// The most bytes of answers. Details of spans beyond are left out; the page says so.
const MAX_BYTES: usize = 32 << 20;

/// The policy of the file: its own scripts and styles, and no network.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data:; \
    worker-src blob:; base-uri 'none'; form-action 'none'";

/// Writes the page of a request.
pub(super) fn write(db: &Connection, request: i64) -> Result<String, Error> {
    let answers = answers(db, request)?;
    let (script, style, worker) = bundle();
    let mut html = String::with_capacity(answers.len() + script.len() + style.len() + (8 << 10));
    // Writing to a text cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Thundra request</title>\n\
         <style>{}</style>\n</head>\n<body>\n<div id=\"page\"></div>\n\
         <script type=\"application/json\" id=\"thundra-request\">{}</script>\n\
         <script type=\"text/plain\" id=\"thundra-worker\">{}</script>\n\
         <script type=\"module\">{}</script>\n</body>\n</html>\n",
        style.replace("</style", "<\\/style"),
        escape(&answers),
        STANDARD.encode(worker),
        script.replace("</script", "<\\/script").replace("<!--", "<\\!--"),
    );
    Ok(html)
}

/// Returns the answers by their paths, as a JSON object.
fn answers(db: &Connection, request: i64) -> Result<String, Error> {
    let id: String = db.query_row("SELECT key FROM request WHERE id = ?", [request], |row| row.get(0))?;
    let path = format!("/api/v1/requests/{}", percent_encode(&id));
    let mut answers = String::from("{");
    add(&mut answers, &path, &read_request(db, request)?);
    add(&mut answers, &format!("{path}/logs"), &of_whole_request(db, request)?.to_string());
    let mut statement = db.prepare(
        "SELECT s.id, s.flags & 1 FROM trace t JOIN span s ON s.trace = t.id WHERE t.request = ? ORDER BY s.flags & 1 DESC, s.start",
    )?;
    let mut rows = statement.query([request])?;
    while let Some(row) = rows.next()? {
        if answers.len() > MAX_BYTES {
            break;
        }
        let (row, is_root): (i64, bool) = (row.get(0)?, row.get(1)?);
        if let Some(stored) = span::stored(db, row)? {
            add(&mut answers, &format!("/api/v1/spans/{row}"), &span::read(db, row, &stored)?.to_string());
        }
        if is_root && let Some(metrics) = metrics::of_span(db, request, row)? {
            add(&mut answers, &format!("{path}/metrics?span={row}"), &metrics.to_string());
        }
    }
    answers.push('}');
    Ok(answers)
}

fn add(answers: &mut String, path: &str, answer: &str) {
    if answers.len() > 1 {
        answers.push(',');
    }
    answers.push_str(&Value::from(path).to_string());
    answers.push(':');
    answers.push_str(answer);
}

/// Escapes JSON for an element of HTML: nothing in it ends the element.
fn escape(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Percent-encodes as `encodeURIComponent` does, by which the page finds the answer.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_json_ends_its_element() {
        assert_eq!(escape(r#"{"a":"</script><!--"}"#), r#"{"a":"\u003c/script>\u003c!--"}"#);
        assert_eq!(percent_encode("a/b ü(1)"), "a%2Fb%20%C3%BC(1)");
    }
}
