//! The cases of `tracestate`.

use super::{UNSAMPLED, each, inherited};

#[tokio::test]
async fn test_tracestate_included_traceparent_missing() {
    for state in ["foo=1", "foo=1,bar=2"] {
        each(&[("tracestate", state)], |context, carrier| assert!(context.state.is_empty(), "{carrier}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_included_traceparent_included() {
    inherited(&["foo=1,bar=2"], &[("foo", "1"), ("bar", "2")]).await;
}

#[tokio::test]
async fn test_tracestate_header_name() {
    for name in ["trace-state", "trace.state"] {
        let headers = [("traceparent", UNSAMPLED), (name, "foo=1")];
        each(&headers, |context, carrier| assert_eq!(context.member("foo"), None, "{carrier}: {name}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let headers = [("traceparent", UNSAMPLED), (name, "foo=1")];
        each(&headers, |context, carrier| assert_eq!(context.member("foo"), Some("1"), "{carrier}: {name}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_empty_header() {
    inherited(&[""], &[]).await;
    inherited(&["foo=1", ""], &[("foo", "1")]).await;
    inherited(&["", "foo=1"], &[("foo", "1")]).await;
}

#[tokio::test]
async fn test_tracestate_multiple_headers_different_keys() {
    let expected = [("foo", "1"), ("bar", "2"), ("rojo", "1"), ("congo", "2"), ("baz", "3")];
    inherited(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], &expected).await;
}

#[tokio::test]
async fn test_tracestate_duplicated_keys() {
    inherited(&["foo=1,foo=1"], &[("foo", "1")]).await;
    inherited(&["foo=1,foo=2"], &[("foo", "1")]).await;
    inherited(&["foo=1", "foo=1"], &[("foo", "1")]).await;
    inherited(&["foo=1", "foo=2"], &[("foo", "1")]).await;
    inherited(&["foo=1,bar=2", "foo=3,baz=4"], &[("foo", "1"), ("bar", "2"), ("baz", "4")]).await;
}

#[tokio::test]
async fn test_tracestate_all_allowed_characters() {
    let letters: String = ('a'..='z').collect();
    let without_vendor = format!("{letters}0123456789_-*/");
    let with_vendor = format!("{without_vendor}@a-z0-9_-*/");
    let value: String = (' '..='~').filter(|sign| !matches!(sign, ',' | '=')).collect();
    for key in [&without_vendor, &with_vendor] {
        inherited(&[&format!("{key}={value}")], &[(key, &value)]).await;
    }
}

#[tokio::test]
async fn test_tracestate_ows_handling() {
    let three = [("foo", "1"), ("bar", "2"), ("baz", "3")];
    inherited(&["foo=1 \t , \t bar=2, \t baz=3"], &three).await;
    inherited(&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], &three).await;
    for state in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        inherited(&[state], &[("foo", "1")]).await;
    }
}

#[tokio::test]
async fn test_tracestate_key_illegal_characters() {
    for state in ["foo =1", "FOO=1", "foo.bar=1"] {
        inherited(&[state], &[]).await;
    }
}

#[tokio::test]
async fn test_tracestate_key_illegal_vendor_format() {
    inherited(&["foo@=1,bar=2"], &[("foo@", "1"), ("bar", "2")]).await;
    inherited(&["@foo=1,bar=2"], &[]).await;
    inherited(&["foo@@bar=1,bar=2"], &[("foo@@bar", "1"), ("bar", "2")]).await;
    inherited(&["foo@bar@baz=1,bar=2"], &[("foo@bar@baz", "1"), ("bar", "2")]).await;
}

#[tokio::test]
async fn test_tracestate_member_count_limit() {
    let members: Vec<_> = (1..=33).map(|n| (format!("bar{n:02}"), format!("{n:02}"))).collect();
    let list = |members: &[(String, String)]| {
        members.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    };
    let [one, two, three] = [&members[..10], &members[10..20], &members[20..30]].map(list);
    let all: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    inherited(&[&one, &two, &three, &list(&members[30..32])], &all[..32]).await;
    inherited(&[&one, &two, &three, &list(&members[30..])], &[]).await;
}

#[tokio::test]
async fn test_tracestate_key_length_limit() {
    let vendors = [
        "z".repeat(256),
        format!("{}@{}", "t".repeat(241), "v".repeat(14)),
        format!("{}@v", "t".repeat(242)),
        format!("t@{}", "v".repeat(15)),
    ];
    for key in &vendors {
        inherited(&["foo=1", &format!("{key}=1")], &[("foo", "1"), (key, "1")]).await;
    }
    inherited(&["foo=1", &format!("{}=1", "z".repeat(257))], &[]).await;
}

#[tokio::test]
async fn test_tracestate_value_illegal_characters() {
    inherited(&["foo=bar=baz"], &[]).await;
    inherited(&["foo=,bar=3"], &[]).await;
}
