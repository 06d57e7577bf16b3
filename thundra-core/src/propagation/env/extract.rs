//! The context in the environment of a program.

use std::collections::BTreeSet;

use super::names::{CORRELATION_PREFIX, KNOWN, form, key, variable};
use crate::Env;
use crate::carrier::{Inbound, Propagators, Trust};
use crate::config::{ConfigProblem, report};

/// Reads the context in an environment, and reports each malformed value on standard error.
///
/// The starter of a program is trusted like the sender of a message in a queue. Blank variables count as unset.
///
/// `thundra_http::scope` reads the environment itself. A program that begins scopes by hand calls `extract` once, at
/// the start.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{Propagators, env};
/// use thundra_core::{Env, Scope};
///
/// let environment = Env::from_pairs([("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]);
/// let scope = Scope::builder("import").parent(env::extract(&environment, Propagators::default())).begin();
/// assert_eq!(scope.context().unwrap().trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
/// ```
pub fn extract(env: &Env, formats: Propagators) -> Inbound {
    let (inbound, problems) = read(env, formats);
    report(&problems);
    inbound
}

/// Reads the context, and returns a problem for each malformed value.
fn read(env: &Env, formats: Propagators) -> (Inbound, Vec<ConfigProblem>) {
    let (mut pairs, mut problems) = (Vec::new(), Vec::new());
    // Sorted, because the environment has no order, and the number of accepted ids is limited.
    let names = KNOWN.iter().map(|known| variable(known.key)).chain(env.names_with_prefix(CORRELATION_PREFIX));
    let names: BTreeSet<_> = names.collect();
    for (name, key) in names.into_iter().filter_map(|name| key(&name, formats).map(|key| (name, key))) {
        let Some(value) = env.get(&name) else {
            if env.is_not_unicode(&name) {
                problems.push(ConfigProblem::context_not_unicode(name));
            }
            continue;
        };
        if Inbound::extract([(&*key, &*value)], formats, Trust::Full).has_malformed() {
            problems.push(ConfigProblem::not_accepted(name, &value, form(&key)));
        }
        pairs.push((key, value));
    }
    let pairs = pairs.iter().map(|(key, value)| (&**key, value.as_str()));
    (Inbound::extract(pairs, formats, Trust::Full), problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::ParentSource;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn from(pairs: &[(&str, &str)]) -> (Inbound, Vec<ConfigProblem>) {
        read(&Env::from_pairs(pairs.iter().copied()), Propagators::default())
    }

    #[test]
    fn the_variables_are_read_like_the_headers_of_a_queue() {
        let (inbound, problems) = from(&[
            ("TRACEPARENT", PARENT),
            ("TRACESTATE", "vendor=1"),
            ("BAGGAGE", "tenant=7"),
            ("X_CORRELATION_ID", "c-1"),
            ("X_CORRELATION_ORDER_ID", "o-9"),
            ("CALL_CHAIN_LENGTH", "3"),
            ("DEBUG_LOG_ENABLED", "true"),
            ("X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        ]);
        assert_eq!(problems, []);
        let parent = inbound.parent.unwrap();
        assert_eq!((parent.sampled, parent.trace_state.as_deref()), (true, Some("vendor=1")));
        assert_eq!(inbound.source, ParentSource::TraceParent);
        assert_eq!(inbound.baggage.as_deref(), Some("tenant=7"));
        let ids = &inbound.correlation;
        assert_eq!((ids.get("id"), ids.get("order-id")), (Some("c-1"), Some("o-9")));
        assert_eq!((ids.chain_length(), ids.debug_log_enabled()), (3, true));
        assert_eq!(inbound.xray.unwrap().root(), "1-5759e988-bd862e3fe1be46a994272793");
    }

    #[test]
    fn other_variables_are_not_read() {
        for name in
            ["traceparent", "Traceparent", "OTEL_TRACEPARENT", "_X_AMZN_TRACE_ID", "x_correlation_id", "USER_AGENT"]
        {
            let value = if name.contains("AMZN") { "Root=1-5759e988-bd862e3fe1be46a994272793" } else { PARENT };
            assert_eq!(from(&[(name, value)]), (Inbound::default(), Vec::new()), "{name}");
        }
    }

    #[test]
    fn a_malformed_value_is_a_problem_and_has_no_effect() {
        let long = "x".repeat(300);
        for (name, value, why) in [
            ("TRACEPARENT", "00-short", "too short"),
            ("TRACEPARENT", "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", "upper case"),
            ("TRACEPARENT", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "zeros"),
            ("TRACESTATE", "no member", "a list of nothing"),
            ("BAGGAGE", "tenant", "no value"),
            ("X_AMZN_TRACE_ID", "Root=1", "no trace"),
            ("X_CORRELATION_ID", "größe", "not ASCII"),
            ("X_CORRELATION_ORDER", long.as_str(), "too long"),
            ("X_CORRELATION_TRACEPARENT", "00-short", "too short"),
            ("CALL_CHAIN_LENGTH", "many", "no number"),
            ("DEBUG_LOG_ENABLED", "1", "neither"),
        ] {
            let (inbound, problems) = from(&[(name, value)]);
            let [problem] = problems.as_slice() else { panic!("{name}={value}: {problems:?}") };
            assert_eq!(problem.variable(), name, "{why}");
            assert!(!problem.accepted().is_empty() && problem.value().unwrap().len() < 80, "{problem}");
            assert_eq!((inbound.parent, inbound.baggage, inbound.xray), (None, None, None), "{name}: {why}");
            assert_eq!(inbound.correlation, Default::default(), "{name}: {why}");
        }
    }

    #[test]
    fn blank_is_unset() {
        for name in ["TRACEPARENT", "TRACESTATE", "BAGGAGE", "X_CORRELATION_ID", "DEBUG_LOG_ENABLED"] {
            assert_eq!(from(&[(name, " ")]), (Inbound::default(), Vec::new()), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_a_problem() {
        use std::os::unix::ffi::OsStringExt;
        let value = std::ffi::OsString::from_vec(vec![0xff]);
        let (inbound, problems) = read(&Env::from_pairs([("TRACEPARENT", value)]), Propagators::default());
        assert_eq!(inbound, Inbound::default());
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["TRACEPARENT is not used: it is not UTF-8"]
        );
    }

    #[test]
    fn only_the_formats_in_use_are_read() {
        let pairs =
            [("TRACEPARENT", PARENT), ("BAGGAGE", "tenant=7"), ("X_CORRELATION_ID", "c-1"), ("DEBUG_LOG_ENABLED", "1")];
        let env = Env::from_pairs(pairs);
        assert_eq!(read(&env, Propagators::NONE), (Inbound::default(), Vec::new()));
        let (inbound, problems) = read(&env, Propagators { baggage: true, ..Propagators::NONE });
        assert_eq!((inbound.parent, inbound.baggage.as_deref(), problems.len()), (None, Some("tenant=7"), 0));
    }

    #[test]
    fn of_a_list_the_well_formed_members_are_read() {
        let (inbound, problems) = from(&[("BAGGAGE", "tenant=7,nothing")]);
        assert_eq!((inbound.baggage.as_deref(), problems.len()), (Some("tenant=7"), 1));
    }
}
