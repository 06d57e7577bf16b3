use super::carried::Taken;
use super::ids::MAX_IDS;
use super::keys::{CALL_CHAIN_LENGTH, CORRELATION_ID};
use super::*;

#[test]
fn keys_get_the_prefix_and_lose_their_case() {
    let mut ids = CorrelationIds::default();
    assert!(ids.set("order", "o-9"));
    assert!(ids.set("X-Correlation-User", "u-1"));
    assert_eq!(ids.iter().collect::<Vec<_>>(), [("x-correlation-order", "o-9"), ("x-correlation-user", "u-1")]);
    assert_eq!((ids.get("Order"), ids.get("x-correlation-user")), (Some("o-9"), Some("u-1")));
}

#[test]
fn what_cannot_be_a_header_or_attribute_is_refused() {
    let mut ids = CorrelationIds::default();
    for (key, value, why) in [
        ("", "v", "no key"),
        ("a b", "v", "a space in the key"),
        ("a..b", "v", "SQS refuses two dots in a row"),
        ("k", "", "an empty value: SNS refuses it"),
        ("k", "a\nb", "a control character"),
        ("k", &"x".repeat(257), "too long"),
        ("traceparent", "v", "ours"),
    ] {
        assert!(!ids.set(key, value), "{why}");
    }
    assert!((0..50).filter(|i| ids.set(&format!("k{i}"), "v")).count() == 40);
}

#[test]
fn however_many_were_sent_a_scope_has_its_id_and_room() {
    for (trusted, taken, own) in [(false, 32, 8), (true, 40, 0)] {
        let mut ids = CorrelationIds::default();
        let dropped = |n| ids.take(&format!("x-correlation-k{n}"), "v", trusted) == Taken::Dropped;
        assert_eq!((0..50).map(dropped).filter(|dropped| *dropped).count(), 50 - taken);
        assert_eq!(ids.iter().count(), taken);
        ids.complete(|| "c-1".to_owned());
        assert_eq!(ids.get("id"), Some("c-1"));
        assert_eq!((0..50).filter(|n| ids.set(&format!("own{n}"), "v")).count(), own);
        assert!(ids.set("id", "c-2") && ids.set("k0", "w"), "a present id can be set again");
    }
}

#[test]
fn an_untrusted_caller_fills_one_kibibyte() {
    // 24 bytes of key and 4 around it make 128 of each.
    let id = |n: usize| (format!("x-correlation-000000000{n}"), "v".repeat(100));
    for (others, chain, kept, dropped) in [(8, 0, 8, 0), (9, 0, 8, 1), (9, 108, 7, 2), (9, 109, 6, 3), (2, 256, 2, 0)] {
        let mut ids = CorrelationIds::default();
        (0..others).map(id).for_each(|(key, value)| assert_eq!(ids.take(&key, &value, false), Taken::Id));
        // It comes last, and is never left out.
        ids.take(CORRELATION_ID, &"c".repeat(chain), false);
        assert_eq!(ids.bound(), dropped, "{others} and {chain}");
        let expected: Vec<_> =
            (0..kept).map(|n| id(n).0).chain((chain > 0).then(|| CORRELATION_ID.to_owned())).collect();
        assert_eq!(ids.iter().map(|(key, _)| key).collect::<Vec<_>>(), expected, "{others} and {chain}");
    }
}

#[test]
fn a_value_that_was_received_is_known_after_another_was_set() {
    let mut ids = CorrelationIds::default();
    ids.take("X-Correlation-Order", "o-9", true);
    ids.set("own", "1");
    for (key, value) in [("order", "o-10"), ("order", "o-11"), ("own", "2")] {
        assert!(ids.set(key, value));
    }
    for (key, value, expected, why) in [
        ("x-correlation-order", "o-9", true, "received"),
        ("X-CORRELATION-ORDER", "o-9", true, "in any case"),
        ("x-correlation-order", "o-11", true, "what it has"),
        ("x-correlation-order", "o-10", false, "what was set in between"),
        ("x-correlation-own", "1", false, "what was never received"),
        ("x-correlation-other", "o-9", false, "another key"),
    ] {
        assert_eq!(ids.was_received(key, value), expected, "{why}");
    }
}

#[test]
fn the_first_of_several_values_wins() {
    let mut ids = CorrelationIds::default();
    for (key, value) in [
        ("debug-log-enabled", "what"),
        ("debug-log-enabled", "false"),
        ("debug-log-enabled", "true"),
        ("call-chain-length", "what"),
        ("call-chain-length", "3"),
        ("call-chain-length", "7"),
        ("x-correlation-a", "1"),
        ("x-correlation-a", "2"),
    ] {
        ids.take(key, value, true);
    }
    assert_eq!((ids.debug_log_enabled(), ids.chain_length(), ids.get("a")), (false, 3, Some("1")));
}

#[test]
fn switches_are_read_only_where_trusted() {
    let pairs = [("Debug-Log-Enabled", "true"), ("Call-Chain-Length", "3"), ("X-Correlation-Id", "c-1")];
    for (trusted, debug, length) in [(true, true, 4), (false, false, 1)] {
        let mut ids = CorrelationIds::default();
        for (key, value) in pairs {
            ids.take(key, value, trusted);
        }
        ids.complete(|| unreachable!());
        assert_eq!((ids.debug_log_enabled(), ids.chain_length(), ids.get("id")), (debug, length, Some("c-1")));
    }
}

#[test]
fn a_chain_starts_with_its_default() {
    let mut ids = CorrelationIds::default();
    for length in ["abc", "-1", "NaN", "1e9", ""] {
        ids.take(CALL_CHAIN_LENGTH, length, true);
    }
    ids.complete(|| "request-1".to_owned());
    assert_eq!((ids.get("id"), ids.chain_length()), (Some("request-1"), 1));
}

#[test]
fn the_memory_of_earlier_ids_holds_none_of_them() {
    let mut ids = CorrelationIds::default();
    let begin = |ids: &mut CorrelationIds, received: &CorrelationIds| {
        ids.begin(&mut received.clone());
        assert_eq!(ids, received);
        (ids.debug, ids.user_agent, ids.chain_length) = (Some(true), Some("agent".to_owned()), 9);
        ids.put(MAX_IDS, "user", "u-1", true);
        ids.set("user", "u-2");
        assert_eq!(ids.clear(), "");
        assert_eq!((&*ids, ids.overwritten().count()), (&CorrelationIds::default(), 0));
    };
    let mut received = CorrelationIds::default();
    received.set("order", "o-9");
    for received in [&CorrelationIds::default(), &received, &CorrelationIds::default()] {
        begin(&mut ids, received);
    }
}
