use thundra_core::Scope;
use thundra_core::propagation::{Inbound, Propagators, Trust};

use super::*;

impl Attribute for String {
    fn string(value: String) -> Option<Self> {
        (!value.contains('"')).then_some(value)
    }

    fn size(&self) -> usize {
        STRING.len() + self.len()
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

/// Returns the outbound context of a scope with these received pairs.
fn outbound(pairs: &[(&str, &str)]) -> Outbound {
    let inbound = Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Full);
    let scope = Scope::builder("test").parent(inbound).begin();
    scope.enter(|| thundra_core::outbound(&tracing::Span::none())).unwrap()
}

fn pairs<'a>(pairs: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn user(count: usize) -> Option<HashMap<String, String>> {
    (count > 0).then(|| (0..count).map(|n| (format!("u{n}"), "v".to_owned())).collect())
}

/// Returns the added names, given the attributes and the bytes of the body.
fn added(
    attributes: Option<HashMap<String, String>>,
    body: usize,
    ours: &[(&'static str, &str)],
    limit: usize,
) -> (String, Injected) {
    let before = attributes.clone().unwrap_or_default();
    let mut after = attributes;
    let nothing = outbound(&[]);
    let mut messages = [Message::new(&mut after, body, &nothing, None)];
    let injected = inject(&mut messages, pairs(ours), Limits { message: limit, request: limit });
    if injected.skipped.is_some() && before.len() == after.as_ref().map_or(0, HashMap::len) {
        assert_eq!(after.is_none(), before.is_empty(), "a message that gets nothing does not change");
    }
    let mut names: Vec<_> = after.unwrap_or_default().into_keys().filter(|name| !before.contains_key(name)).collect();
    names.sort();
    (names.join(" "), injected)
}

const OURS: &[(&str, &str)] = &[("a", "1"), ("traceparent", "2"), ("z", "3")];

#[test]
fn ten_attributes_and_no_more() {
    for (present, expected, own, skipped) in [
        (0, "a traceparent z", true, None),
        (7, "a traceparent z", true, None),
        (8, "a traceparent", true, Some(Skipped::Attributes)),
        (9, "a", false, Some(Skipped::Attributes)),
        (10, "", false, Some(Skipped::Attributes)),
        (11, "", false, Some(Skipped::Attributes)),
    ] {
        let (names, injected) = added(user(present), 5, OURS, 1000);
        assert_eq!((names.as_str(), injected.own_context, injected.skipped), (expected, own, skipped), "{present}");
    }
}

#[test]
fn the_size_is_exact_to_the_byte() {
    // `a` takes 8 bytes, `traceparent` 18, `z` 8.
    for (body, expected, skipped, why) in [
        (65, "a traceparent z", None, "one byte under"),
        (66, "a traceparent z", None, "at the limit"),
        (67, "a traceparent", Some(Skipped::Size), "one byte over"),
        (75, "a z", Some(Skipped::Size), "a value that is too large is skipped"),
        (92, "a", Some(Skipped::Size), "room for one"),
        (93, "", Some(Skipped::Size), "room for none"),
        (200, "", Some(Skipped::Size), "over it already"),
    ] {
        let (names, injected) = added(None, body, OURS, 100);
        assert_eq!((names.as_str(), injected.skipped), (expected, skipped), "{why}");
    }
}

#[test]
fn a_present_name_wins_in_any_case() {
    let present = |name: &str| Some(HashMap::from([(name.to_owned(), "mine".to_owned())]));
    let ours = [("traceparent", "t"), ("tracestate", "s"), ("x-correlation-traceparent", "t")];
    let (names, injected) = added(present("TraceParent"), 5, &ours, 1000);
    assert_eq!((names.as_str(), injected.own_context), ("x-correlation-traceparent", false));
    let (names, _) = added(present("A"), 5, OURS, 1000);
    assert_eq!(names, "traceparent z");
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OWN: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

/// Injects into a message, after receiving [`PARENT`], `a=1` and a chain of 9. Returns the attributes.
fn forwarding(
    attributes: &[(&str, &str)],
    ours: &[(&'static str, &str)],
    limit: usize,
    skip: Option<Skipped>,
) -> (Vec<String>, Injected) {
    let outbound = outbound(&[("traceparent", PARENT), ("tracestate", "a=1"), ("call-chain-length", "9")]);
    let mut all = Some(pairs(attributes).into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let injected = inject(
        &mut [Message::new(&mut all, 0, &outbound, skip)],
        pairs(ours),
        Limits { message: limit, request: limit },
    );
    let mut all: Vec<_> = all.unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.sort();
    (all, injected)
}

#[test]
fn received_values_are_replaced() {
    let ours = [("call-chain-length", "10"), ("traceparent", OWN), ("tracestate", "b=2")];
    let stateless = &ours[..2];
    let [parent, own] = [PARENT, OWN].map(|value| format!("traceparent={value}"));
    let (parent, own) = (parent.as_str(), own.as_str());
    for (attributes, ours, expected, why) in [
        (
            vec![("call-chain-length", "9"), ("traceparent", PARENT), ("tracestate", "a=1")],
            &ours[..],
            vec!["call-chain-length=10", own, "tracestate=b=2"],
            "all of it",
        ),
        (vec![("TraceParent", PARENT)], &ours[1..2], vec![&*own.replacen("traceparent", "TraceParent", 1)], "any case"),
        (vec![("call-chain-length", "8")], &ours[..1], vec!["call-chain-length=8"], "the caller's own stays"),
        (vec![("traceparent", "9")], stateless, vec!["call-chain-length=10", "traceparent=9"], "another key's value"),
        (
            vec![("traceparent", PARENT), ("tracestate", "a=1")],
            stateless,
            vec!["call-chain-length=10", own],
            "a state of another parent goes",
        ),
        (
            vec![("traceparent", "mine"), ("tracestate", "a=1")],
            stateless,
            vec!["call-chain-length=10", "traceparent=mine", "tracestate=a=1"],
            "beside the caller's own parent it stays",
        ),
        (
            vec![("traceparent", PARENT), ("TraceParent", "mine")],
            &ours[1..2],
            vec!["TraceParent=mine", parent],
            "two of a name are not told apart",
        ),
    ] {
        let (after, injected) = forwarding(&attributes, ours, 1000, None);
        assert_eq!(after, expected, "{why}");
        assert_eq!(injected.own_context, after.iter().any(|attribute| attribute.ends_with(OWN)), "{why}");
    }
}

#[test]
fn received_values_stay_if_ours_may_not_go_in() {
    let ours = [("call-chain-length", "10"), ("traceparent", OWN)];
    let attributes = [("call-chain-length", "9"), ("traceparent", PARENT)];
    let before = vec!["call-chain-length=9".to_owned(), format!("traceparent={PARENT}")];
    assert_eq!(forwarding(&attributes, &ours, 1000, Some(Skipped::Structure)).0, before);
    // 24 bytes and 72: a longer chain needs one more.
    for (limit, length, skipped) in [(96, "9", Some(Skipped::Size)), (97, "10", None)] {
        let (after, injected) = forwarding(&attributes, &ours, limit, None);
        assert_eq!(after, [format!("call-chain-length={length}"), format!("traceparent={OWN}")], "{limit}");
        assert_eq!((injected.own_context, injected.skipped), (true, skipped), "{limit}");
    }
    // Of ten attributes two are replaced, which takes no room.
    let full: Vec<_> = (0..8).map(|n| format!("u{n}")).collect();
    let full: Vec<_> = full.iter().map(|name| (name.as_str(), "v")).chain(attributes).collect();
    let (after, injected) = forwarding(&full, &ours, 1000, None);
    assert_eq!((after.len(), injected.skipped), (10, None));
    assert!(after.contains(&"call-chain-length=10".to_owned()) && after.contains(&format!("traceparent={OWN}")));
}

#[test]
fn a_value_that_the_service_refuses_is_not_sent() {
    let (names, injected) = added(None, 5, &[("a", ""), ("b", "say \"x\""), ("c", "1")], 1000);
    assert_eq!((names.as_str(), injected.skipped), ("c", Some(Skipped::Quotes)));
}

#[test]
fn a_request_keeps_to_the_limit_it_is_under() {
    let message = |message| Limits { message, ..Limits::UNKNOWN };
    let request = |request| Limits { request, ..Limits::UNKNOWN };
    for (before, known, expected) in [
        (0, Limits::UNKNOWN, DEFAULT_BYTES),
        (DEFAULT_BYTES, Limits::UNKNOWN, DEFAULT_BYTES),
        (DEFAULT_BYTES + 1, Limits::UNKNOWN, MAX_BYTES),
        (MAX_BYTES + 1, Limits::UNKNOWN, MAX_BYTES),
        (0, message(2048), 2048),
        (2048, message(2048), 2048),
        (2049, message(2048), DEFAULT_BYTES),
        (0, request(2048), 2048),
        (2049, request(2048), 2048),
        (0, message(MAX_BYTES), DEFAULT_BYTES),
        (3000, Limits { message: 2048, request: 4096 }, 4096),
    ] {
        assert_eq!(limit(before, known), expected, "{before} {known:?}");
    }
}

#[test]
fn a_message_keeps_to_a_limit_of_its_own() {
    let (mut small, mut large) = (None, None);
    let nothing = outbound(&[]);
    let mut messages = [(&mut small, 10, "s"), (&mut large, 90, "l")]
        .map(|(all, body, id)| Message::<String>::new(all, body, &nothing, None).entry(id));
    let injected = inject(&mut messages, pairs(OURS), Limits { message: 98, ..Limits::UNKNOWN });
    assert_eq!((injected.incomplete, injected.skipped), (1, Some(Skipped::Size)));
    let sizes = [("s".to_owned(), Size { own: 10, sent: 44 }), ("l".to_owned(), Size { own: 90, sent: 98 })];
    assert_eq!(injected.sizes.entries, sizes);
    assert_eq!(injected.sizes.largest, Size { own: 90, sent: 98 });
    assert_eq!((small.unwrap().len(), large.unwrap().len()), (3, 1));
}

#[test]
fn a_batch_shares_its_room_by_importance() {
    let (mut one, mut two, mut three) = (None, user(1), None);
    let nothing = outbound(&[]);
    let mut messages = [
        Message::<String>::new(&mut one, 10, &nothing, None),
        Message::new(&mut two, 10, &nothing, None),
        Message::new(&mut three, 10, &nothing, Some(Skipped::Structure)),
    ];
    // 39 bytes are there; `a` for two messages makes 55, one `traceparent` 73.
    let injected = inject(&mut messages, pairs(&OURS[..2]), Limits { request: 73, ..Limits::UNKNOWN });
    assert_eq!(injected.sizes.request, Size { own: 39, sent: 73 });
    assert_eq!((injected.own_context, injected.skipped, injected.incomplete), (true, Some(Skipped::Size), 2));
    assert_eq!((one.unwrap().len(), two.unwrap().len(), three), (2, 2, None));
}
