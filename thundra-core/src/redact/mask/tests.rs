use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::escape::on_one_line;
use crate::{Config, Env, Scope, SpanExt, testing};

#[test]
fn secret_keys_are_masked_and_ordinary_ones_are_not() {
    for (key, masked, why) in [
        ("password", true, "the word alone"),
        ("db.password", true, "behind a dot"),
        ("DB_PASSWORD", true, "in capitals"),
        ("newPassword", true, "as a hump"),
        ("password2", true, "with a number"),
        ("passwords", true, "several"),
        ("Api-Key", true, "of two words"),
        ("x-api-key", true, "a header"),
        ("aws_secret_access_key", true, "of four words"),
        ("session_token", true, "a token"),
        ("accessToken", true, "a token as JSON has it"),
        ("http.request.header.authorization", true, "a captured header"),
        ("Set-Cookie", true, "a cookie"),
        ("credentials", true, "several in one"),
        ("db_pass", true, "a short word at the end"),
        ("auth", true, "a whole name"),
        ("cardNumber", true, "a card"),
        ("cvv", true, "the number of a card"),
        ("identitySource", true, "the tokens for an authorizer"),
        ("token[]", true, "with signs behind it"),
        ("gen_ai.usage.total_tokens", false, "a count of words"),
        ("rpc.token_count", false, "a count"),
        ("token_type", false, "a kind"),
        ("http.request.header.content-type", false, "an ordinary header"),
        ("author", false, "a person"),
        ("authority", false, "a host"),
        ("oauth", false, "a protocol"),
        ("key", false, "a key of a table"),
        ("aws.s3.key", false, "the name of an object"),
        ("sort_key", false, "a key of DynamoDB"),
        ("idempotency_key", false, "an id"),
        ("public_key", false, "no secret"),
        ("compass", false, "a word with the same end"),
        ("bypass", false, "another one"),
        ("session.id", false, "an attribute of the conventions"),
        ("user.name", false, "another one"),
        ("url.query", false, "a third, redacted by its own rule"),
        ("secretary", false, "a word with the same begin"),
        ("", false, "no key"),
        ("_", false, "no letter"),
        ("7", false, "a number"),
        ("é", false, "no ASCII"),
    ] {
        assert_eq!(keys::is_built_in(key), masked, "{key}: {why}");
    }
}

#[test]
fn no_attribute_of_the_conventions_is_masked() {
    let names = include_str!("../../semconv.rs").lines().filter_map(|line| line.split('"').nth(1));
    let names: Vec<_> = names.filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))).collect();
    assert!(names.len() > 100, "{names:?}");
    let masked: Vec<_> = names.into_iter().filter(|name| keys::is_built_in(name)).collect();
    assert_eq!(masked, [""; 0]);
}

#[test]
fn the_quick_look_lets_every_listed_key_pass() {
    for key in ["password", "PASSWORD", "a.jwt", "pw", "x-sig", "creds", "ssn", "pass_", "cvv2", "accessKeyId"] {
        assert!(keys::is_built_in(key), "{key}");
    }
    for name in super::super::names::ENDS.iter().chain(&super::super::names::LAST_WORDS) {
        let spellings = [(*name).to_owned(), format!("1-{name}"), format!("a.{}2_", name.to_uppercase())];
        spellings.iter().for_each(|key| assert!(keys::is_built_in(key), "{key}"));
    }
}

#[test]
fn a_named_key_is_masked_as_a_word_of_its_own() {
    let keys: MaskKeys = "card, date_of_birth,Straße,!page_token".parse().unwrap();
    for (key, masked, why) in [
        ("card", true, "the name"),
        ("CARD", true, "in capitals"),
        ("user.card", true, "behind a dot"),
        ("user_card2", true, "with a number"),
        ("userCard", true, "as a hump"),
        ("discard", false, "the end of another word"),
        ("card_type", false, "the begin of a longer name"),
        ("dateOfBirth", true, "written differently"),
        ("date-of-birth", true, "with other signs"),
        ("straße", true, "no ASCII"),
    ] {
        assert_eq!(keys.names(key), masked, "{key}: {why}");
    }
    assert!(keys.leaves("page_token") && keys.leaves("nextPageToken") && !keys.leaves("token"));
    assert_eq!(keys.to_string().parse(), Ok(keys));
    for invalid in ["card*", "a b", "!", "_", "card,a/b"] {
        assert!(invalid.parse::<MaskKeys>().is_err(), "{invalid}");
    }
    assert_eq!("".parse(), Ok(MaskKeys::default()));
}

#[test]
fn structures_keep_no_value_of_a_secret_key() {
    for (given, shown, why) in [
        (r#"{"user":"ann","password":"abc"}"#, r#"{"user":"ann","password":"REDACTED"}"#, "a member"),
        (
            " {\n \"token\" : \"abc\" ,\n \"a\" : 1 } \n",
            " {\n \"token\" : \"REDACTED\" ,\n \"a\" : 1 } \n",
            "with spaces",
        ),
        (r#"{"a":[{"b":{"apiKey":"x"}}]}"#, r#"{"a":[{"b":{"apiKey":"REDACTED"}}]}"#, "at any depth"),
        (r#"[{"token":"x"},{"token":"y"}]"#, r#"[{"token":"REDACTED"},{"token":"REDACTED"}]"#, "in a list"),
        (r#"{"otp":123456,"secrets":["a","b"]}"#, r#"{"otp":"REDACTED","secrets":"REDACTED"}"#, "of any type"),
        (r#"{"credentials":{"user":"u","pw":[1]},"n":1}"#, r#"{"credentials":"REDACTED","n":1}"#, "an object, whole"),
        (
            r#"{"token":null,"secret":true,"pw":false}"#,
            r#"{"token":null,"secret":true,"pw":false}"#,
            "but nothing that says nothing",
        ),
        (r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"REDACTED"}"#, "an escaped key"),
        (r#"{"token":"a\"b}"}"#, r#"{"token":"REDACTED"}"#, "a quote in the value"),
        (r#"{"a":"{\"token\":\"x\",\"b\":1}"}"#, r#"{"a":"{\"token\":\"REDACTED\",\"b\":1}"}"#, "in a text"),
        (
            r#"{"Message":"{\"detail\":\"{\\\"token\\\":\\\"x\\\"}\"}"}"#,
            r#"{"Message":"{\"detail\":\"{\\\"token\\\":\\\"REDACTED\\\"}\"}"}"#,
            "in a text in a text",
        ),
        (r#""{\"token\":\"x\"}""#, r#""{\"token\":\"REDACTED\"}""#, "as a text itself"),
        (r#"{"rawQueryString":"a=1&token=x"}"#, r#"{"rawQueryString":"a=1&token=REDACTED"}"#, "a query"),
        (r#"{"body":"user=ann&password=a%20b&x="}"#, r#"{"body":"user=ann&password=REDACTED&x="}"#, "a form"),
        (r#"{"q":"a=1\u0026token\u003dx"}"#, r#"{"q":"a=1&token=REDACTED"}"#, "a query with escaped signs"),
        (r#"{"q":"token\u003dx"}"#, r#"{"q":"token=REDACTED"}"#, "with escaped signs alone"),
        (r#"{"a":"\u007b\"token\":\"x\"}"}"#, r#"{"a":"{\"token\":\"REDACTED\"}"}"#, "an escaped brace"),
        (r#"{"path":"a\\b"}"#, r#"{"path":"a\\b"}"#, "but nothing else escaped"),
        (r#"{"u":"https://a/?sig=x#b"}"#, r#"{"u":"https://a/?sig=REDACTED#b"}"#, "an address"),
        (r#"{"q":"filter={a}&token=x"}"#, r#"{"q":"filter={a}&token=REDACTED"}"#, "a query with braces in it"),
        (r#"{"q":"token=x&f={1}"}"#, r#"{"q":"token=REDACTED&f={1}"}"#, "with braces at its end"),
        (r#"{"q":"F={1}&token=x"}"#, r#"{"q":"F={1}&token=REDACTED"}"#, "with a capital"),
        (
            r#"{"q":"token=x&f={\"pw\":1}"}"#,
            r#"{"q":"token=REDACTED&f={\"pw\":\"REDACTED\"}"}"#,
            "with a structure in it",
        ),
        (r#"{"q":"(see a=1, token=x)"}"#, r#"{"q":"(see a=1, token=REDACTED)"}"#, "in brackets"),
        (r#"{"q":"token=x(y)z'&a=(b)"}"#, r#"{"q":"token=REDACTED'&a=(b)"}"#, "with brackets in the value"),
        (r#"{"q":"token=(x)"}"#, r#"{"q":"token=REDACTED)"}"#, "with brackets around the value"),
        (r#"{"q":"token=x,y,a=1,pw=z"}"#, r#"{"q":"token=REDACTED,a=1,pw=REDACTED"}"#, "with commas"),
        (r#"{"q":"sh -c 'run --pw=\"x y\"' a"}"#, r#"{"q":"sh -c 'run --pw=\"REDACTED\"' a"}"#, "in quotes"),
        (r#"{"q":"token='x"}"#, r#"{"q":"token='REDACTED"}"#, "in a quote without an end"),
        (r#"{"q":"token=\"\"&a=1"}"#, r#"{"q":"token=\"\"&a=1"}"#, "but nothing in quotes"),
        (
            r#"{"h":[{"name":"Authorization","value":"x"},{"name":"a","value":"b"}]}"#,
            r#"{"h":[{"name":"Authorization","value":"REDACTED"},{"name":"a","value":"b"}]}"#,
            "a pair of a name and a value",
        ),
        (r#"[{"Value":"x","Key":"api-key"}]"#, r#"[{"Value":"REDACTED","Key":"api-key"}]"#, "in the other order"),
        ("{\"token\":\"x\"}\n{\"token\":\"y\"}", "{\"token\":\"REDACTED\"}\n{\"token\":\"REDACTED\"}", "two documents"),
        (r#"{"a":1,"token":"hunt"#, r#"{"a":1,"token":"REDACTED""#, "cut in the value"),
        (r#"{"a":"{\"token\":\"hu"#, r#"{"a":"{\"token\":\"REDACTED\""#, "cut in a text"),
        (
            r#"Login { user: "ann", password: "x" }"#,
            r#"Login { user: "ann", password: "REDACTED" }"#,
            "the `Debug` of a struct",
        ),
        (
            r#"Some(Login { secret: Secret([1, 2]), token: None, otp: Some(7) })"#,
            r#"Some(Login { secret: "REDACTED", token: None, otp: "REDACTED" })"#,
            "with values of any type",
        ),
        (
            r#"Login { token: "x", body: "a, a, a"#,
            r#"Login { token: "REDACTED", body: "a, a, a"#,
            "cut in another value",
        ),
        (r#"(1, Login { token: "x", bo"#, r#"(1, Login { token: "REDACTED", bo"#, "cut in a tuple"),
        ("Not { closed: 1, token=", "Not { closed: 1, token=", "but nothing else"),
        ("Login {\n    token: \"x\",\n}", "Login {\n    token: \"REDACTED\",\n}", "in lines"),
        (r#"Object {"token": String("x")}"#, r#"Object {"token": "REDACTED"}"#, "the `Debug` of JSON"),
        (r#"{'"': 1, "token": "x"}"#, r#"{'"': 1, "token": "REDACTED"}"#, "a quote as a `char`"),
        (r#""{\"token\":\"\u{e9}\"}""#, r#""{\"token\":\"REDACTED\"}""#, "an escape of Rust"),
        ("[a::token::Kind { x: 1 }]", "[a::token::Kind { x: 1 }]", "but no path"),
        ("[the token: abc]", "[the token: abc]", "no prose in brackets"),
        ("(see {a} for the token)", "(see {a} for the token)", "nor with braces"),
        ("got {\"token\":\"x\"}\n", "got {\"token\":\"REDACTED\"}\n", "a line"),
        (r#"{"token"}"#, r#"{"token"}"#, "no set of words"),
        (r#"{"key":"my-token","size":3}"#, r#"{"key":"my-token","size":3}"#, "no name of an object"),
        (r#"{"text":"a = token; b"}"#, r#"{"text":"a = token; b"}"#, "no value that is a word"),
    ] {
        assert_eq!(value(given), shown, "{why}");
    }
}

#[test]
fn many_brackets_and_many_texts_are_no_danger() {
    let brackets = "[".repeat(100_000) + r#"{"token":"x"}"#;
    assert_eq!(value(&brackets).matches(REDACTED).count(), 1);
    let nodes = "Node { next: ".repeat(1000) + r#"Login { token: "x" }"#;
    assert_eq!(value(&nodes).matches(REDACTED).count(), 1, "a list of nodes");
    let mut text = r#"{"token":"x"}"#.to_owned();
    for _ in 0..12 {
        text = json!({ "a": text }).to_string();
    }
    assert!(value(&text).contains(REDACTED), "what is too deep is masked as a whole");
}

#[test]
fn many_pairs_are_read_once() {
    for (pair, expected) in
        [("=", "{\"body\":\"====".to_owned()), ("token=", format!("{{\"body\":\"token={REDACTED}\""))]
    {
        let text = format!("{{\"body\":\"{}\"}}", pair.repeat((1 << 20) / pair.len()));
        assert!(value(&text).starts_with(&expected), "a search for each pair would not end: {pair}");
    }
}

#[test]
fn spans_and_events_are_masked_as_they_are_recorded() {
    let (_, spans) = testing::record("checkout", || {
        let span = tracing::info_span!(
            "charge",
            card.password = "a",
            n = 1,
            otp = 7,
            has_token = true,
            body = tracing::field::Empty
        );
        span.record("body", r#"{"token":"b"}"#);
        span.set_attribute("session_token", "c");
        span.set_attribute("cookies", vec!["e".to_owned(), "f".to_owned()]);
        span.set_attribute("parts", vec![r#"{"pw":"d"}"#.to_owned()]);
        span.in_scope(|| tracing::info!(counter.issued_token = 1, "measured"));
        let login = Login { password: "e" };
        span.in_scope(
            || tracing::info!(api_key = ?Some("f"), ?login, request = %r#"{"secret":"g"}"#, "{}", r#"{"token":"h"}"#),
        );
    });
    let charge = &spans[0];
    for (key, expected) in [
        ("card.password", REDACTED.into()),
        ("n", Value::I64(1)),
        ("otp", REDACTED.into()),
        ("has_token", Value::Bool(true)),
        ("body", r#"{"token":"REDACTED"}"#.into()),
        ("session_token", REDACTED.into()),
        ("cookies", Value::Array(vec![REDACTED.to_owned()])),
        ("parts", Value::Array(vec![r#"{"pw":"REDACTED"}"#.to_owned()])),
    ] {
        assert_eq!(charge.attribute(key), Some(&expected), "{key}");
    }
    assert_eq!(charge.events[0].attributes, [("counter.issued_token".to_owned(), Value::I64(1))], "a measurement");
    let event = &charge.events[1];
    assert_eq!(event.name, r#"{"token":"REDACTED"}"#);
    let attributes: Vec<_> = event.attributes.iter().map(|(key, value)| (key.as_str(), value.to_string())).collect();
    assert_eq!(
        attributes,
        [
            ("api_key", REDACTED.to_owned()),
            ("login", r#"Login { password: "REDACTED" }"#.to_owned()),
            ("request", r#"{"secret":"REDACTED"}"#.to_owned()),
        ]
    );
    let scope = Scope::builder("root").attribute("refresh_token", "x").begin();
    scope.set_attribute("api.key", 5);
    let root = scope.finish().spans().next().unwrap();
    assert_eq!(
        (root.attribute("refresh_token"), root.attribute("api.key")),
        (Some(&REDACTED.into()), Some(&REDACTED.into()))
    );
}

#[derive(Debug)]
struct Login {
    #[allow(dead_code, reason = "it is shown")]
    password: &'static str,
}

#[test]
fn a_structure_over_the_limit_of_length_is_masked() {
    let config = Config::from_env(&Env::from_pairs([("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "64")]));
    let login = (Login { password: "abc" }, "x".repeat(100));
    let (_, spans) = testing::record_with(&config, "checkout", || {
        let span = tracing::info_span!("charge", ?login, login_of = ?Some(&login));
        span.in_scope(|| tracing::info!(?login, "charged"));
        let (of_login, rest) = (r#"login {"password":"abc""#, "x".repeat(100));
        tracing::info_span!("call", request = %format_args!(r#"{of_login},"a":"{rest}"}}"#)).in_scope(|| {});
    });
    let called = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let call = called("call").attribute("request").unwrap().to_string();
    assert!(call.starts_with(r#"login {"password":"REDACTED","a":"xxx"#) && call.len() == 64, "{call}");
    let charge = called("charge");
    let event = charge.events[0].attributes.iter().map(|(_, value)| value);
    for shown in event.chain(["login", "login_of"].map(|key| charge.attribute(key).unwrap())) {
        let shown = shown.to_string();
        assert!(shown.contains(r#"Login { password: "REDACTED" }, "xxx"#) && shown.len() <= 64, "{shown}");
    }
}

#[test]
fn keys_are_named_in_code_for_the_whole_process() {
    add(&"frobnicate,!frob_token".parse().unwrap());
    add(&"grok".parse().unwrap());
    add(&"grok".parse().unwrap());
    for (key, masked) in
        [("user.frobnicate", true), ("frob_token", false), ("a_token", true), ("grok", true), ("a", false)]
    {
        assert_eq!(masks(key), masked, "{key}");
    }
    assert_eq!(
        crate::redact::text("refused: frobnicate=a, b"),
        "refused: frobnicate=REDACTED, b",
        "in other texts too"
    );
    assert!(has_masked_fields());
}

const BOUNDS: Bounds = Bounds { bytes: 60, depth: 4, nodes: 100 };

fn places(payload: &Payload) -> (Vec<&str>, Vec<&str>) {
    (payload.masked.iter().map(String::as_str).collect(), payload.cut.iter().map(String::as_str).collect())
}

#[test]
fn a_copy_names_what_is_masked_and_cut() {
    for (given, json, masked, cut, why) in [
        (r#"{"a":1}"#, r#"{"a":1}"#, &[][..], &[][..], "nothing"),
        (r#"{"a":[1,{"token":"x"}]}"#, r#"{"a":[1,{"token":"REDACTED"}]}"#, &["$.a[1].token"], &[], "a member"),
        (r#"{"b":"{\"pw\":\"x\"}"}"#, r#"{"b":"{\"pw\":\"REDACTED\"}"}"#, &["$.b.pw"], &[], "in a text"),
        (r#"{"q":"a=1&sig=x"}"#, r#"{"q":"a=1&sig=REDACTED"}"#, &["$.q"], &[], "in a query"),
        (r#"{"name":"pw","value":"x"}"#, r#"{"name":"pw","value":"REDACTED"}"#, &["$.value"], &[], "a named value"),
        (r#"{"value":"x","name":"pw"}"#, r#"{"value":"REDACTED","name":"pw"}"#, &["$.value"], &[], "named behind it"),
        ("[[[[[1],2]]]]", "[[[[null,2]]]]", &[], &["$[0][0][0][0]"], "too deep"),
        (
            r#"{"a":"0123456789012345678901234567890123456789012345678901234567890","b":1}"#,
            r#"{"a":"012345678901234567890123456789012345678901234567890123"}"#,
            &[],
            &["$.a"],
            "a long text",
        ),
        (
            r#"{"a":[1,2,"0123456789012345678901234567890123456789012345"],"b":1234567890}"#,
            r#"{"a":[1,2,"0123456789012345678901234567890123456789012345"]}"#,
            &[],
            &["$"],
            "between members",
        ),
        (
            r#"{"a":"01234567890123456789012345678901234567890123456","token":"secret"}"#,
            r#"{"a":"01234567890123456789012345678901234567890123456"}"#,
            &[],
            &["$"],
            "at a key",
        ),
        (
            r#"{"a":"012345678901234567890123456789012345","token":"a secret"}"#,
            r#"{"a":"012345678901234567890123456789012345","token":"REDACTED"}"#,
            &["$.token"],
            &["$"],
            "in a secret",
        ),
        (
            r#"{"a":"0123456789012345678901234567890123456789012345","n":123456}"#,
            r#"{"a":"0123456789012345678901234567890123456789012345"}"#,
            &[],
            &["$.n"],
            "in a number",
        ),
        (
            r#"{"a":"{\"b\":\"01234567890123456789012\",\"token\":\"secret\"}"}"#,
            r#"{"a":"{\"b\":\"01234567890123456789012\",\"token\":\"REDACTED\""}"#,
            &["$.a.token"],
            &["$.a"],
            "in a text with a structure",
        ),
        (
            r#"{"a":"0123456789012345678901234567890123456789012345678901\u00e9"}"#,
            r#"{"a":"0123456789012345678901234567890123456789012345678901"}"#,
            &[],
            &["$.a"],
            "in an escape",
        ),
        (
            r#"{"a":"01234567890123456789012345678901234567890123456789012é4567890"}"#,
            r#"{"a":"01234567890123456789012345678901234567890123456789012"}"#,
            &[],
            &["$.a"],
            "in a character",
        ),
    ] {
        let copy = payload(given.as_bytes(), &BOUNDS);
        assert_eq!((copy.json.as_str(), places(&copy)), (json, (masked.to_vec(), cut.to_vec())), "{why}");
    }
    let many = payload(format!("[{}]", "1,".repeat(300)).as_bytes(), &Bounds { bytes: 10_000, ..BOUNDS });
    assert_eq!((many.json.matches('1').count(), many.cut), (100, vec!["$".to_owned()]), "too many");
}

#[test]
fn the_list_of_places_ends() {
    let many = format!("[{}]", [r#"{"token":"x"}"#; 100].join(","));
    let copy = payload(many.as_bytes(), &Bounds { bytes: 10_000, depth: 10, nodes: 10_000 });
    assert_eq!((copy.masked.len(), copy.masked[64].as_str()), (65, "…"));
}

/// Generates JSON with secret keys, and with JSON in texts.
fn json_with_secrets() -> impl Strategy<Value = Json> {
    let key = prop_oneof![Just("token".to_owned()), Just("a\"b".to_owned()), "[a-c\\\\]{0,3}", "\\PC{0,4}"];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
        Just(Json::from("{\"token\":\"s\"}")),
        Just(Json::from("a=1&token=s")),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(key.clone(), inner.clone(), 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
            inner.prop_map(|value| Json::from(value.to_string())),
        ]
    })
}

/// Masks as the walk does, on parsed JSON. `None` for a text masked by the walk alone.
fn expected(given: &Json) -> Json {
    match given {
        Json::Object(members) => {
            let member = |(key, value): (&String, &Json)| {
                let says_nothing = matches!(value, Json::Null | Json::Bool(_));
                let masked = keys::is_built_in(key) && !says_nothing;
                (key.clone(), if masked { REDACTED.into() } else { expected(value) })
            };
            Json::Object(members.iter().map(member).collect())
        }
        Json::Array(items) => items.iter().map(expected).collect(),
        Json::String(text) => match serde_json::from_str::<Json>(text) {
            Ok(inner @ (Json::Object(_) | Json::Array(_) | Json::String(_))) => match expected(&inner) {
                same if same == inner => given.clone(),
                masked => masked.to_string().into(),
            },
            _ if text == "a=1&token=s" => "a=1&token=REDACTED".into(),
            _ => given.clone(),
        },
        other => other.clone(),
    }
}

#[test]
fn a_brace_is_found_at_any_place_of_a_text() {
    for len in 0..70 {
        let text = vec![b'a'; len];
        assert!(!has_brace(&text), "{len}");
        for at in 0..len {
            let mut text = text.clone();
            text[at] = b'{';
            assert!(has_brace(&text), "{at} of {len}");
        }
    }
}

proptest! {
    #[test]
    fn any_json_is_masked_and_stays_json_with_all_other_values(given in json_with_secrets(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&given) } else { serde_json::to_string(&given) }.unwrap();
        if let Ok(Json::Object(_) | Json::Array(_)) = serde_json::from_str(&text) {
            let copy = payload(text.as_bytes(), &Bounds { bytes: usize::MAX, depth: 64, nodes: usize::MAX });
            prop_assert_eq!(serde_json::from_str::<Json>(&copy.json).unwrap(), expected(&given));
            prop_assert_eq!(copy.masked.is_empty(), copy.json == on_one_line(text.clone()));
            if text.contains('{') {
                prop_assert_eq!(on_one_line(value(&text).into_owned()), copy.json);
            }
        }
    }

    #[test]
    fn a_copy_of_any_json_is_json_within_its_bounds(given in json_with_secrets(), bytes in 0_usize..200, nodes in 0_usize..40, depth in 1_usize..6) {
        let text = json!([given]).to_string();
        let copy = payload(text.as_bytes(), &Bounds { bytes, depth, nodes });
        if bytes > 0 {
            prop_assert!(serde_json::from_str::<Json>(&copy.json).is_ok(), "{} of {}", copy.json, text);
        }
        prop_assert!(copy.json == on_one_line(text.clone()) || !copy.cut.is_empty() || !copy.masked.is_empty());
    }

    #[test]
    fn any_text_is_masked_without_panic(text in prop_oneof!["\\PC{0,40}", "[{}\\[\\]\"':,=\\\\a token(){}]{0,40}"]) {
        let _ = value(&text);
        let _ = payload(text.as_bytes(), &BOUNDS);
    }
}
