//! The names of the variables, and the formats that the variables belong to.

use std::borrow::Cow;

use crate::carrier::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, Propagators, XRAY_HEADER,
};

/// The prefix of the variables with correlation ids.
pub(super) const CORRELATION_PREFIX: &str = "X_CORRELATION_";

/// A variable with a fixed name.
pub(super) struct Known {
    /// The key in other carriers.
    pub(super) key: &'static str,
    /// Returns `true` if the format of the variable is among the formats in use.
    pub(super) is_read: fn(Propagators) -> bool,
    form: &'static str,
}

pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";
const TRACEPARENT_FORM: &str = "a W3C traceparent such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ID_FORM: &str = "1 to 256 bytes of printable ASCII";

/// The variables with a fixed name.
pub(super) static KNOWN: [Known; 8] = [
    Known { key: TRACEPARENT, is_read: |formats| formats.tracecontext, form: TRACEPARENT_FORM },
    Known {
        key: TRACESTATE,
        is_read: |formats| formats.tracecontext,
        form: "a W3C tracestate such as vendor=value,other=value",
    },
    Known { key: "baggage", is_read: |formats| formats.baggage, form: "W3C baggage such as tenant=7,region=eu" },
    Known {
        key: XRAY_HEADER,
        is_read: |formats| formats.xray,
        form: "an X-Ray header such as Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
    },
    Known { key: CORRELATION_ID, is_read: |formats| formats.correlation, form: ID_FORM },
    Known { key: CORRELATION_TRACEPARENT, is_read: |formats| formats.correlation, form: TRACEPARENT_FORM },
    Known { key: CALL_CHAIN_LENGTH, is_read: |formats| formats.correlation, form: "a whole number such as 2" },
    Known { key: DEBUG_LOG_ENABLED, is_read: |formats| formats.correlation, form: "true or false" },
];

/// Returns the name of the variable for a key, by the [rules] of OpenTelemetry.
///
/// [rules]: https://opentelemetry.io/docs/specs/otel/context/env-carriers/#key-name-normalization
pub(super) fn variable(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 1);
    if key.is_empty() || key.starts_with(|sign: char| sign.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(key.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign.to_ascii_uppercase() } else { '_' }));
    name
}

/// Returns the key of a variable with context, if the format is in use.
pub(super) fn key(variable: &str, formats: Propagators) -> Option<Cow<'static, str>> {
    match KNOWN.iter().find(|known| self::variable(known.key) == variable) {
        Some(known) => (known.is_read)(formats).then_some(known.key.into()),
        None => correlation_key(variable).filter(|_| formats.correlation).map(Cow::Owned),
    }
}

/// Returns the form of the values of a key, quoted after "it takes".
pub(super) fn form(key: &str) -> &'static str {
    KNOWN.iter().find(|known| known.key == key).map_or(ID_FORM, |known| known.form)
}

/// Returns the key of a correlation id, given the name of the variable. A `_` in the name becomes `-`, because the name
/// has no `-`, and most keys have no `_`.
fn correlation_key(variable: &str) -> Option<String> {
    let is_name = self::variable(variable) == variable && variable.len() > CORRELATION_PREFIX.len();
    (is_name && variable.starts_with(CORRELATION_PREFIX)).then(|| variable.to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_becomes_the_name_of_a_variable() {
        for (key, name, why) in [
            ("traceparent", "TRACEPARENT", "upper case"),
            ("x-b3-traceid", "X_B3_TRACEID", "the specification's example"),
            ("x-correlation-a.b_c", "X_CORRELATION_A_B_C", "other signs"),
            ("", "_", "an empty key"),
            ("3d", "_3D", "no name begins with a digit"),
            ("größe", "GR__E", "each sign outside of ASCII"),
            ("_X", "_X", "a name already"),
        ] {
            assert_eq!(variable(key), name, "{why}");
        }
    }

    #[test]
    fn a_variable_with_the_prefix_is_a_correlation_id() {
        for (name, key, why) in [
            ("X_CORRELATION_ORDER_ID", Some("x-correlation-order-id"), "an id"),
            ("X_CORRELATION_ID", Some("x-correlation-id"), "the id of the chain"),
            ("X_CORRELATION_", None, "no key"),
            ("X_CORRELATION", None, "no prefix"),
            ("x_correlation_order", None, "the specification reads normalised names alone"),
            ("X_CORRELATION_order", None, "in part"),
        ] {
            assert_eq!(correlation_key(name).as_deref(), key, "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_name_stays_once_normalised(key in "\\PC*") {
            let name = variable(&key);
            prop_assert_eq!(&variable(&name), &name);
            prop_assert!(name.starts_with(|sign: char| sign.is_ascii_uppercase() || sign == '_'));
        }
    }
}
