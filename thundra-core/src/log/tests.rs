//! The lines of events, in each format.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::fields::MAX_LINE_BYTES;
use super::lines::Place;
use super::{Lines, append};
use crate::escape::first_unsafe;
use crate::recorder::entered;
use crate::redact::mask;
use crate::value::Attributes;
use crate::{Config, Env, LogFormat, Scope};

/// A collector of lines.
#[derive(Clone)]
struct Collected {
    lines: Arc<Lines>,
    texts: Arc<Mutex<Vec<String>>>,
    /// The fields of a span around each event.
    spans: Attributes,
}

impl<S: tracing::Subscriber> Layer<S> for Collected {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        mask::register(metadata.fields());
        Interest::always()
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        let place = Place { slot: entered::innermost(), spans: &[&self.spans] };
        let line = self.lines.build(event, event.metadata(), place, text);
        self.texts.lock().unwrap().push(line);
    }
}

/// Returns the lines of a format, without line breaks.
fn texts(format: LogFormat, f: impl FnOnce()) -> Vec<String> {
    texts_in(format, &Vec::new(), f)
}

/// Returns the lines of a format, without line breaks, in a span with the given fields.
fn texts_in(format: LogFormat, spans: &Attributes, f: impl FnOnce()) -> Vec<String> {
    let attributes = "faas.name=orders-dev,faas.version=$LATEST,cloud.region=eu-west-1";
    let variables = [("OTEL_SERVICE_NAME", "orders"), ("OTEL_RESOURCE_ATTRIBUTES", attributes), ("STAGE", "dev")];
    let mut config = Config::from_env(&Env::from_pairs(variables));
    config.resource.add_detected([("faas.max_memory".to_owned(), (128 << 20).into())]);
    config.log_format = Some(format);
    let lines = Arc::new(Lines::new(&config).unwrap());
    let collected = Collected { lines, texts: Arc::default(), spans: spans.clone() };
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
fn a_field_hides_the_fields_of_its_name_around_it() {
    let span = [("order", "outer"), ("level", "outer"), ("message", "of the span"), ("shop", "here")];
    let span: Attributes = span.map(|(key, value)| (key.into(), value.into())).to_vec();
    for (format, shop) in [(LogFormat::TEXT, "shop=here"), (LogFormat::JSON, r#""shop":"here""#)] {
        let [line] = &texts_in(format, &span, || tracing::info!(order = 7, level = "deep", "sold"))[..] else {
            panic!()
        };
        let shows = |text: &str| line.contains(text);
        assert!(shows(shop) && shows("deep") && shows("of the span") && !shows("outer"), "{line}");
    }
}

#[test]
fn a_structure_longer_than_a_line_is_masked() {
    #[derive(Debug)]
    #[allow(dead_code, reason = "it is shown")]
    struct Login {
        password: &'static str,
        body: String,
    }
    let login = Login { password: "s3cr3t", body: "x".repeat(MAX_LINE_BYTES) };
    for line in texts(LogFormat::TEXT, || {
        tracing::info!(?login, "charged");
        tracing::info!("{login:?}");
        // Without the end, only the brace tells the structure.
        tracing::info!("charged {login:?}");
    }) {
        assert!(line.contains("REDACTED") && !line.contains("s3cr3t"), "{}", crate::cut(&line, 1024));
    }
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

/// Returns a line with the time and the ids of the scope replaced.
fn shown(line: &str, scope: &Scope) -> String {
    let context = scope.context().unwrap();
    let time = line.find("20").filter(|at| line.get(at + 26..at + 27) == Some("Z"));
    let line = match time {
        Some(at) => line.replace(&line[at..at + 27], "TIME"),
        None => line.to_owned(),
    };
    line.replace(&context.trace_id.to_string(), "TRACE").replace(&context.span_id.to_string(), "SPAN")
}

/// Returns the line of an event of an invocation, in each format.
fn shown_in(format: LogFormat) -> String {
    let invocation = Scope::builder("orders")
        .default_correlation_id("c-1")
        .log_field("cold_start", true)
        .log_field("function_arn", "arn:aws:lambda:eu-west-1:1:function:orders")
        .log_field("function_request_id", "r-1")
        .log_field("xray_trace_id", "1-5759e988-bd862e3fe1be46a994272793")
        .log_field("tenant_id", "t 1")
        .begin();
    let lines = texts(format, || {
        invocation.enter(|| {
            crate::correlation::set("order", "o-9");
            append("customer", "c=7");
            tracing::warn!(name: "order.sold", count = 2, ratio = 0.5, ok = true, who = "ann", "sold {}\n", "out");
        });
    });
    let shown = shown(&lines[0], &invocation);
    invocation.finish();
    shown
}

#[test]
fn json_has_the_keys_of_the_powertools() {
    assert_eq!(
        shown_in(LogFormat::JSON),
        concat!(
            r#"{"level":"WARN","message":"sold out\n","timestamp":"TIME","target":"thundra_core::log::tests","#,
            r#""event":"order.sold","service":"orders","function_name":"orders-dev","function_memory_size":128,"#,
            r#""cold_start":true,"function_arn":"arn:aws:lambda:eu-west-1:1:function:orders","#,
            r#""function_request_id":"r-1","xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793","tenant_id":"t 1","#,
            r#""correlation_id":"c-1","x-correlation-id":"c-1","x-correlation-order":"o-9","customer":"c=7","#,
            r#""trace_id":"TRACE","span_id":"SPAN","count":2,"ratio":0.5,"ok":true,"who":"ann"}"#,
        )
    );
}

#[test]
fn text_is_a_line_for_people() {
    assert_eq!(
        shown_in(LogFormat::TEXT),
        "TIME  WARN thundra_core::log::tests: sold out\\n event=order.sold count=2 ratio=0.5 ok=true who=ann \
         customer=\"c=7\" function_request_id=r-1 tenant_id=\"t 1\" x-correlation-id=c-1 x-correlation-order=o-9 \
         trace_id=TRACE span_id=SPAN"
    );
}

#[test]
fn a_quoted_value_of_text_ends_where_it_ends() {
    let given = r#"a\" admin=true x=""#;
    let line = texts(LogFormat::TEXT, || tracing::info!(given, last = r"c:\", "read")).remove(0);
    assert!(line.ends_with(r#" given="a\\\" admin=true x=\"" last="c:\\""#), "{line}");
}

#[test]
fn a_field_of_a_span_is_no_message_of_the_event() {
    let around = vec![("message".into(), "of the span".into())];
    let line = texts_in(LogFormat::JSON, &around, || tracing::info!(order = 3)).remove(0);
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["message"], &line["fields.message"]), (&json!(""), &json!("of the span")));
}

#[test]
fn dazn_is_the_line_of_the_node_powertools() {
    assert_eq!(
        shown_in(LogFormat::DAZN),
        concat!(
            r#"{"message":"sold out\n","event":"order.sold","count":2,"ratio":0.5,"ok":true,"who":"ann","#,
            r#""awsRegion":"eu-west-1","functionName":"orders-dev","functionVersion":"$LATEST","#,
            r#""functionMemorySize":"128","environment":"dev","awsRequestId":"r-1","x-correlation-id":"c-1","#,
            r#""x-correlation-order":"o-9","debug-log-enabled":"false","call-chain-length":1,"customer":"c=7","#,
            r#""trace_id":"TRACE","span_id":"SPAN","level":40,"sLevel":"WARN"}"#,
        )
    );
}

#[test]
fn dazn_names_errors_as_node_does() {
    let error: Box<dyn std::error::Error> = "declined".into();
    let text = texts(LogFormat::DAZN, || tracing::error!(error = &*error, level = 1, "no")).remove(0);
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&line["errorMessage"], &line["level"], &line["fields.level"]),
        (&json!("declined"), &json!(50), &json!(1))
    );
    assert!(line["errorName"].is_string() && line.get("error").is_none(), "{line}");
}

#[test]
fn the_place_in_the_source_is_an_option() {
    for format in [LogFormat::JSON, LogFormat::TEXT, LogFormat::DAZN] {
        let [with, without] =
            [format.with_location(), format].map(|format| texts(format, || tracing::info!("here")).remove(0));
        assert!(with.contains(concat!(file!(), ":")) && !without.contains(file!()), "{with}");
    }
}

#[test]
fn appended_keys_are_inherited_and_end_with_their_scope() {
    let lines = lines(|| {
        append("order", "nowhere");
        let invocation = Scope::builder("orders").begin();
        invocation.enter(|| {
            append("order", 1);
            append("level", "mine");
            append("trace_id", "mine");
            append("password", "hush");
            tracing::info!("first");
            let record = Scope::builder("record").nested().begin();
            record.enter(|| {
                append("order", 2);
                append("item", "a");
                tracing::info!(item = "b", "inside");
            });
            record.finish();
            tracing::info!("after");
        });
        invocation.finish();
        tracing::info!("outside");
    });
    let of = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("order"), [json!(1), json!(2), json!(1), json!(null)]);
    assert_eq!(of("item"), [json!(null), json!("a"), json!(null), json!(null)]);
    assert_eq!((of("fields.item")[1].clone(), of("fields.level")[0].clone()), (json!("b"), json!("mine")));
    assert_eq!((&lines[0]["fields.trace_id"], &lines[0]["password"]), (&json!("mine"), &json!("REDACTED")));
}

#[test]
fn a_key_is_appended_though_its_value_logs() {
    struct Chatty;
    impl From<Chatty> for crate::Value {
        fn from(_: Chatty) -> Self {
            tracing::info!("while it is converted");
            "chatty".into()
        }
    }
    let scope = Scope::builder("orders").begin();
    let lines = lines(|| {
        scope.enter(|| {
            append("order", Chatty);
            tracing::info!("appended");
        });
    });
    scope.finish();
    assert_eq!(lines.iter().map(|line| &line["order"]).collect::<Vec<_>>(), [&json!(null), &json!("chatty")]);
}

#[test]
fn a_scope_has_room_for_64_kib_and_100_appended_keys() {
    let scope = Scope::builder("orders").begin();
    let lines = lines(|| {
        scope.enter(|| {
            append("first", "x".repeat(40 << 10));
            append("second", "x".repeat(40 << 10));
            append("first", 1);
            append("second", "x".repeat(40 << 10));
            tracing::info!("line");
        });
    });
    scope.finish();
    let many = Scope::builder("many").begin();
    let line = lines_of_many(&many);
    many.finish();
    assert_eq!((&line["key-99"], &line["key-100"], &line["key-7"]), (&json!(99), &json!(null), &json!("again")));
    assert_eq!((&lines[0]["first"], lines[0]["second"].as_str().unwrap().len()), (&json!(1), 40 << 10));
}

fn lines_of_many(scope: &Scope) -> Value {
    lines(|| {
        scope.enter(|| {
            (0..110).for_each(|at| append(format!("key-{at}"), at));
            append("key-7", "again");
            tracing::info!("line");
        });
    })
    .remove(0)
}

#[test]
fn no_line_is_longer_than_a_log_event_of_cloudwatch() {
    let scope = Scope::builder("orders").log_field("function_request_id", "r-1").begin();
    for (long, other, why) in [
        ("x".repeat(2 << 20), "short".to_owned(), "a message"),
        ("\u{1}".repeat(600 << 10), "\u{1}".repeat(600 << 10), "escapes, six bytes each"),
        ("é".repeat(900 << 10), "x".repeat(900 << 10), "several texts"),
    ] {
        for format in [LogFormat::JSON, LogFormat::TEXT, LogFormat::DAZN] {
            let line = texts(format, || scope.enter(|| tracing::info!(other, count = 1, "{long}"))).remove(0);
            assert!(line.len() < MAX_LINE_BYTES, "{why}: {} bytes", line.len());
            assert!(line.len() > 40_000 && line.contains("… (cut)") && line.contains("r-1"), "{why}");
            if format != LogFormat::TEXT {
                let read: Value = serde_json::from_str(&line).unwrap();
                assert_eq!((&read["count"], read["span_id"].is_string()), (&json!(1), true), "{why}");
            }
        }
    }
    let fits = "x".repeat(MAX_LINE_BYTES - 1024);
    let line = texts(LogFormat::JSON, || tracing::info!("{fits}")).remove(0);
    assert!(!line.contains("(cut)") && line.contains(&fits), "a line that fits is whole");
    scope.finish();
}

#[test]
fn a_value_that_panics_or_logs_breaks_no_line() {
    struct Broken;
    impl std::fmt::Debug for Broken {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("broken")
        }
    }
    struct Chatty;
    impl std::fmt::Display for Chatty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            tracing::info!(inner = 1, "from inside");
            f.write_str("chatty")
        }
    }
    let lines = lines(|| tracing::info!(broken = ?Broken, chatty = %Chatty, "{Chatty} {:?}", Broken));
    let outer = lines.last().unwrap();
    assert!(lines.len() <= 3 && outer["broken"].as_str().unwrap().contains("panicked"), "{lines:?}");
    assert_eq!(outer["chatty"], "chatty");
    assert!(outer["message"].as_str().unwrap().contains("panicked"), "{outer}");
}

#[test]
fn a_field_that_stands_twice_keeps_both_values() {
    let line = lines(|| tracing::info!(a = 1, a = 2, fields.a = 3, "twice")).remove(0);
    assert_eq!((&line["a"], &line["fields.a"], &line["fields.fields.a"]), (&json!(1), &json!(2), &json!(3)));
}

mod property {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

    use super::*;

    /// An object without repeated keys.
    struct Distinct(BTreeSet<String>);

    impl<'de> Deserialize<'de> for Distinct {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Keys;
            impl<'de> Visitor<'de> for Keys {
                type Value = Distinct;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
                    let mut keys = BTreeSet::new();
                    while let Some((key, _)) = map.next_entry::<String, Value>()? {
                        let repeated = serde::de::Error::custom(format!("{key} stands twice"));
                        if !keys.insert(key) {
                            return Err(repeated);
                        }
                    }
                    Ok(Distinct(keys))
                }
            }
            deserializer.deserialize_map(Keys)
        }
    }

    /// A key of every line, a key of the event below, or any other key.
    fn key() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(vec![
                "level",
                "message",
                "timestamp",
                "target",
                "service",
                "trace_id",
                "span_id",
                "correlation_id",
                "x-correlation-id",
                "x-correlation-order",
                "function_request_id",
                "fields.level",
                "fields.fields.level",
                "event",
                "location",
                "sLevel",
                "awsRequestId",
                "call-chain-length",
                "id",
                "",
                "fields.",
                "fields.id",
            ])
            .prop_map(str::to_owned),
            any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_fields_make_one_line_without_a_key_that_stands_twice(
            message in any::<String>(),
            text in any::<String>(),
            appended in proptest::collection::vec((key(), any::<String>()), 0..8),
            spans in proptest::collection::vec((key(), any::<String>()), 0..8),
        ) {
            for format in [LogFormat::JSON, LogFormat::DAZN, LogFormat::TEXT] {
                for format in [format, format.with_location()] {
                    let scope = Scope::builder("orders").log_field("function_request_id", "r-1").begin();
                    let around: Vec<_> = spans.iter().map(|(key, value)| (key.clone().into(), value.clone().into())).collect();
                    let lines = texts_in(format, &around, || {
                        tracing::info!(level = text, id = 1, trace_id = text, fields.level = 2, "{message}");
                        scope.enter(|| {
                            crate::correlation::set("order", "o-9");
                            appended.iter().for_each(|(key, value)| append(key, value.clone()));
                            tracing::info!(name: "named", event = 1, id = text, span_id = ?text, sLevel = 1, "{message}");
                        });
                    });
                    scope.finish();
                    prop_assert_eq!(lines.len(), 2);
                    for line in lines {
                        prop_assert_eq!(first_unsafe(&line), None);
                        if format.name() != "text" {
                            let read: Result<Distinct, _> = serde_json::from_str(&line);
                            prop_assert!(read.is_ok(), "{}: {:?}", line, read.err());
                            let value: Value = serde_json::from_str(&line).unwrap();
                            prop_assert_eq!(value["message"].as_str().unwrap(), &*crate::redact::mask::value(&message));
                            prop_assert!(read.unwrap().0.len() > 5);
                        }
                    }
                }
            }
        }
    }
}
