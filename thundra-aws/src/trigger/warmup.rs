//! Pings that keep a function warm, from the usual senders: [serverless-plugin-warmup], [lambda-warmer], Thundra's
//! warm-up function, and schedules of EventBridge with a constant input such as `{"warmup": true}`.
//!
//! A ping holds `warmup` or a similar word, and no other meaningful member. An event with another member belongs to the
//! program, as does the empty object.
//!
//! [serverless-plugin-warmup]: https://github.com/juanjoDiaz/serverless-plugin-warmup
//! [lambda-warmer]: https://github.com/jeremydaly/lambda-warmer

use std::time::Duration;

use super::event::Event;
use super::parse::json::{self, Member, Object};
use super::source::{FaasTrigger, Recognise, Source};

/// The name of the source.
pub(crate) const NAME: &str = "warmup";
/// The sources of pings that may have further members.
const PLUGINS: [&str; 2] = ["serverless-plugin-warmup", "serverless-plugin-lambda-warmup"];
/// The words for a ping, without regard to case, `-` and `_`: as a member with the value `true`, or as the text of a
/// member in [`KINDS`].
const WORDS: [&str; 7] = ["warmup", "warmer", "warming", "keepwarm", "prewarm", "lambdawarmer", "lambdawarmup"];
/// The members with a text that may be in [`WORDS`].
const KINDS: [&str; 3] = ["source", "type", "action"];
/// Members beside the word.
const BESIDE: [&str; 13] = [
    "concurrency",
    "delay",
    "description",
    "function",
    "id",
    "index",
    "message",
    "name",
    "note",
    "stage",
    "time",
    "timestamp",
    "wait",
];
/// The prefix of the members added by lambda-warmer.
const LAMBDA_WARMER: &str = "__WARMER_";
/// The start of a ping of Thundra's, a text.
const THUNDRA: &str = "#warmup";
/// The longest wait of a ping. The sender waits meanwhile, and Lambda bills the time.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

pub(super) static SOURCE: Source = Source {
    name: NAME,
    faas_trigger: FaasTrigger::Timer,
    batch_api: false,
    recognise: Recognise::Members(|event: &Event<'_>| is_ping(&event.members)),
    read: |_, _, _| Some(()),
};

/// Returns `true` for the source of a ping, in the event or in the client context beside the event.
pub(crate) fn is_plugin(source: &str) -> bool {
    PLUGINS.contains(&source)
}

/// Returns the wait requested by a ping of Thundra's, as in `"#warmup wait=100"`. Pings that wait at the same time
/// reach distinct environments. `None` for any other event.
pub(crate) fn thundra_wait(event: &[u8]) -> Option<Duration> {
    let text = json::text(std::str::from_utf8(event).ok()?.trim())?;
    let options = text.trim().strip_prefix(THUNDRA)?;
    let wait = options.split_whitespace().find_map(|option| option.strip_prefix("wait=")?.parse().ok());
    (options.is_empty() || options.starts_with(char::is_whitespace))
        .then(|| wait.map_or(Duration::ZERO, Duration::from_millis).min(LONGEST_WAIT))
}

fn is_ping(event: &Object<'_>) -> bool {
    if event.text("source").is_some_and(|source| is_plugin(&source)) {
        return !event.has("detail-type");
    }
    let mut is_named = false;
    let is_known = |member: Member<'_, '_>| {
        let (key, text) = (&*member.key(), member.text());
        let is_word = if KINDS.contains(&key) {
            text.is_some_and(|text| is_a_word(&text))
        } else {
            is_a_word(key) && (member.raw() == "true" || text.is_some_and(|text| text == "true"))
        };
        is_named |= is_word;
        is_word || KINDS.contains(&key) || BESIDE.contains(&key) || key.starts_with(LAMBDA_WARMER)
    };
    event.members().all(is_known) && is_named
}

fn is_a_word(text: &str) -> bool {
    let letters = || text.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase());
    WORDS.iter().any(|word| letters().eq(word.bytes()))
}

#[cfg(test)]
mod tests {
    use thundra_core::config;
    use thundra_core::propagation::Trust;

    use super::*;
    use crate::trigger::detect;

    #[test]
    fn pings_of_the_usual_senders_are_recognised() {
        for (event, source, why) in [
            (r#"{"source":"serverless-plugin-warmup"}"#, "warmup", "serverless-plugin-warmup"),
            (r#"{"source":"serverless-plugin-warmup","orders":[1]}"#, "warmup", "with a payload of the user's"),
            (r#"{"source":"serverless-plugin-lambda-warmup"}"#, "warmup", "serverless-plugin-lambda-warmup"),
            (r#"{"warmer":true,"concurrency":3}"#, "warmup", "lambda-warmer"),
            (
                r#"{"warmer":true,"__WARMER_INVOCATION__":2,"__WARMER_CONCURRENCY__":3,"__WARMER_CORRELATIONID__":"a"}"#,
                "warmup",
                "lambda-warmer to itself",
            ),
            (r#"{"warmup":true}"#, "warmup", "a schedule"),
            (r#"{"keep-warm": true}"#, "warmup", "with a hyphen"),
            (r#"{"keep_warm":"true"}"#, "warmup", "with a text"),
            (r#"{"warmUp":true,"note":"a ping","index":0}"#, "warmup", "with a note"),
            (r#"{"type":"warmup"}"#, "warmup", "by type"),
            (r#"{"source":"lambda-warmer","time":"2026-11-26T00:00:00Z"}"#, "warmup", "by source"),
            ("{}", "other", "an event without members"),
            (r#"{"warmup":false}"#, "other", "no ping"),
            (r#"{"warmup":"soon"}"#, "other", "no ping either"),
            (r#"{"concurrency":3,"note":"a"}"#, "other", "without a word"),
            (r#"{"warmup":true,"exercise":"squat"}"#, "other", "an event of the program's own"),
            (r#"{"warmup":{"sets":2}}"#, "other", "an object"),
            (r#"{"warmer":true,"target":"orders"}"#, "other", "a ping to pass on"),
            (r#"{"source":"orders","type":"order"}"#, "other", "another source"),
            (
                r#"{"source":"serverless-plugin-warmup","detail-type":"Order","detail":{}}"#,
                "event_bridge",
                "an event of EventBridge",
            ),
            (
                r#"{"httpMethod":"GET","path":"/","headers":{},"requestContext":{"elb":{}},"source":"serverless-plugin-warmup"}"#,
                "load_balancer",
                "a request",
            ),
        ] {
            assert_eq!(detect(event.as_bytes(), config(), Trust::Full).source.name, source, "{why}");
        }
    }

    #[test]
    fn thundras_pings_say_how_long_to_wait() {
        let millis = |millis| Some(Duration::from_millis(millis));
        for (event, wait, why) in [
            (r##""#warmup""##, millis(0), "without a wait"),
            (r##" "#warmup wait=100" "##, millis(100), "with one"),
            (r##""#warmup wait=60000""##, millis(1000), "at most a second"),
            (r##""#warmup wait=long""##, millis(0), "no number"),
            (r##""#warmups""##, None, "another word"),
            (r##""a #warmup""##, None, "within a text"),
            (r##"{"a":"#warmup"}"##, None, "a member"),
            ("#warmup", None, "no JSON"),
        ] {
            assert_eq!(thundra_wait(event.as_bytes()), wait, "{why}");
        }
    }
}
