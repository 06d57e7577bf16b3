//! The lines of events, in each format.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::Lines;
use super::lines::Place;
use crate::escape::first_unsafe;
use crate::recorder::entered;
use crate::redact::mask;
use crate::{Config, Env, LogFormat, Scope};

/// Collects the lines.
#[derive(Clone)]
struct Collected {
    lines: Arc<Lines>,
    texts: Arc<Mutex<Vec<String>>>,
}

impl<S: tracing::Subscriber> Layer<S> for Collected {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        mask::register(metadata.fields());
        Interest::always()
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        let place = Place { slot: entered::innermost(), spans: &[] };
        let line = self.lines.build(event, event.metadata(), place, text);
        self.texts.lock().unwrap().push(line);
    }
}

/// Returns the lines of a format, without their line breaks.
fn texts(format: LogFormat, f: impl FnOnce()) -> Vec<String> {
    let mut config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "orders")]));
    config.log_format = Some(format);
    let lines = Arc::new(Lines::new(&config).unwrap());
    let collected = Collected { lines, texts: Arc::default() };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(collected.clone()), f);
    let texts = collected.texts.lock().unwrap();
    texts.iter().map(|line| line.strip_suffix('\n').unwrap().to_owned()).collect()
}

fn lines(f: impl FnOnce()) -> Vec<Value> {
    texts(LogFormat::JSON, f).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_no_value_of_a_secret_key() {
    let body = r#"{"user":"ann","token":"s3cr3t"}"#;
    let [fields, message] = &lines(|| {
        tracing::info!(password = "s3cr3t", otp = 7, api_key = ?Some("s3cr3t"), has_token = true, body, "charged");
        tracing::info!("{body}");
    })[..] else {
        panic!("two lines")
    };
    let masked = r#"{"user":"ann","token":"REDACTED"}"#;
    for (key, value) in [
        ("password", json!("REDACTED")),
        ("otp", json!("REDACTED")),
        ("api_key", json!("REDACTED")),
        ("has_token", json!(true)),
        ("body", json!(masked)),
    ] {
        assert_eq!(fields[key], value, "{key}");
    }
    assert_eq!(message["message"], masked);
}

#[test]
fn a_line_has_the_fields_and_the_ids() {
    let scope = Scope::builder("orders").default_correlation_id("c-1").begin();
    let context = scope.context().unwrap();
    let [inside, outside] = &lines(|| {
        scope.enter(|| tracing::warn!(count = 1_u64, ratio = 0.5, ok = true, who = ?"a\"b\n", "sold {}", "out"));
        tracing::info!("alone");
    })[..] else {
        panic!("two lines")
    };
    scope.finish();
    assert!(inside["timestamp"].as_str().unwrap().ends_with('Z'));
    for (key, value) in [
        ("level", json!("WARN")),
        ("message", json!("sold out")),
        ("target", json!("thundra_core::log::tests")),
        ("service", json!("orders")),
        ("trace_id", json!(context.trace_id.to_string())),
        ("span_id", json!(context.span_id.to_string())),
        ("correlation_id", json!("c-1")),
        ("x-correlation-id", json!("c-1")),
        ("count", json!(1)),
        ("ratio", json!(0.5)),
        ("ok", json!(true)),
        ("who", json!("\"a\\\"b\\n\"")),
    ] {
        assert_eq!(inside[key], value, "{key}");
    }
    assert_eq!((outside["message"].as_str(), outside.get("trace_id")), (Some("alone"), None));
}

#[test]
fn a_line_holds_no_control_character() {
    let given = "a\n\u{1b}\u{7f}b\u{85}\u{9b}é\u{2028}\u{202e}\"日";
    let [line] = &texts(LogFormat::JSON, || tracing::info!(value = given, "{given}"))[..] else { panic!("a line") };
    assert_eq!(first_unsafe(line), None, "{line}");
    let read: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&read["message"], &read["value"]), (&json!(given), &json!(given)));
}

#[test]
fn a_line_has_the_fields_of_its_scope_and_of_the_scopes_around_it() {
    let invocation = Scope::builder("orders").log_field("function_request_id", "r-\"1\"").begin();
    let lines = lines(|| {
        invocation.enter(|| {
            let record = Scope::builder("record").nested().begin();
            record.enter(|| tracing::info!(function_request_id = "mine", "in the record"));
            record.finish();
            tracing::info!("in the invocation");
        });
        let request = Scope::builder("request").begin();
        request.enter(|| tracing::info!("elsewhere"));
        request.finish();
    });
    invocation.finish();
    let ids: Vec<_> = lines.iter().map(|line| line["function_request_id"].as_str()).collect();
    assert_eq!(ids, [Some("r-\"1\""), Some("r-\"1\""), None]);
    assert_eq!(lines[0]["fields.function_request_id"], json!("mine"));
}

#[test]
fn fields_never_take_the_place_of_what_the_line_says() {
    let line = lines(|| tracing::info!(level = 3, service = "mine", x_ray = f64::NAN, "hello")).remove(0);
    assert_eq!((&line["level"], &line["fields.level"]), (&json!("INFO"), &json!(3)));
    assert_eq!((&line["fields.service"], &line["x_ray"]), (&json!("mine"), &json!(null)));
    let line = lines(|| tracing::info!(message = 5)).remove(0);
    assert_eq!((&line["message"], &line["fields.message"]), (&json!(""), &json!(5)));
}

#[test]
fn an_event_with_a_name_of_its_own_has_it() {
    let lines = lines(|| {
        tracing::info!(name: "user.login.success", event = 1, "in");
        tracing::info!(event = 2, "no name");
    });
    let of = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("event"), [json!("user.login.success"), json!(2)]);
    assert_eq!(of("fields.event"), [json!(1), json!(null)]);
}
