//! What is said about this program with every export: the OpenTelemetry resource.

use std::fmt;

use crate::otlp;
use crate::redact::{self, REDACTED};
use crate::{Env, Value, semconv};

/// What the name of the executable follows in [`service.name`] where the service has no name.
///
/// [`service.name`]: https://opentelemetry.io/docs/specs/semconv/resource/#service
const UNNAMED: &str = "unknown_service:";

/// The attributes of this program, encoded once.
///
/// On Lambda they come from its environment; elsewhere the service is named after the executable unless
/// `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` says more.
#[derive(Clone, PartialEq)]
pub struct Resource {
    attributes: Vec<(String, Value)>,
    encoded: Vec<u8>,
}

/// Shows no credentials that an attribute may hold.
impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.attributes.iter().map(|(key, value)| match redact::is_secret(key) {
            true => (key, REDACTED.into()),
            false => (key, redact::text(value.to_string())),
        });
        f.write_str("Resource ")?;
        f.debug_map().entries(shown).finish()
    }
}

impl Resource {
    /// A resource with just these attributes; of equal keys the last one counts.
    pub fn new(attributes: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut kept: Vec<(String, Value)> = Vec::new();
        for (key, value) in attributes {
            match kept.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) => slot.1 = value,
                None => kept.push((key, value)),
            }
        }
        let encoded = otlp::resource::encode(&kept);
        Resource { attributes: kept, encoded }
    }

    /// The attributes in order.
    pub fn attributes(&self) -> &[(String, Value)] {
        &self.attributes
    }

    /// The value of `service.name`.
    pub fn service_name(&self) -> &str {
        self.attributes.iter().find(|(key, _)| key == semconv::SERVICE_NAME).and_then(|(_, v)| v.as_str()).unwrap_or("")
    }

    /// The name of the program for people: that of the service, or of the executable where the service has no name.
    #[doc(hidden)]
    pub fn program_name(&self) -> &str {
        let name = self.service_name();
        name.strip_prefix(UNNAMED).unwrap_or(name)
    }

    /// The body of an OTLP `Resource` message.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    pub(crate) fn detect(env: &Env, configured: Vec<(String, String)>, service_name: Option<String>) -> Self {
        let mut attributes: Vec<(String, Value)> = vec![
            (semconv::TELEMETRY_SDK_NAME.into(), "opentelemetry".into()),
            (semconv::TELEMETRY_SDK_LANGUAGE.into(), "rust".into()),
            (semconv::TELEMETRY_SDK_VERSION.into(), env!("CARGO_PKG_VERSION").into()),
            (semconv::TELEMETRY_DISTRO_NAME.into(), "thundra".into()),
            (semconv::TELEMETRY_DISTRO_VERSION.into(), env!("CARGO_PKG_VERSION").into()),
        ];
        let function = env.get("AWS_LAMBDA_FUNCTION_NAME");
        let default_name = function.clone().unwrap_or_else(executable);
        attributes.push((semconv::SERVICE_NAME.into(), default_name.into()));
        if let Some(function) = function {
            attributes.push((semconv::CLOUD_PROVIDER.into(), "aws".into()));
            attributes.push((semconv::CLOUD_PLATFORM.into(), "aws_lambda".into()));
            attributes.push((semconv::FAAS_NAME.into(), function.into()));
            let text = [
                ("AWS_REGION", semconv::CLOUD_REGION),
                ("AWS_LAMBDA_FUNCTION_VERSION", semconv::FAAS_VERSION),
                ("AWS_LAMBDA_LOG_STREAM_NAME", semconv::FAAS_INSTANCE),
            ];
            attributes.extend(text.into_iter().filter_map(|(name, key)| Some((key.into(), env.get(name)?.into()))));
            let megabytes = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|size| size.parse::<i64>().ok());
            attributes.extend(
                megabytes.map(|size| (semconv::FAAS_MAX_MEMORY.into(), Value::I64(size.saturating_mul(1 << 20)))),
            );
            let lists = [
                ("AWS_LAMBDA_LOG_GROUP_NAME", semconv::AWS_LOG_GROUP_NAMES),
                ("AWS_LAMBDA_LOG_STREAM_NAME", semconv::AWS_LOG_STREAM_NAMES),
            ];
            attributes
                .extend(lists.into_iter().filter_map(|(name, key)| Some((key.into(), vec![env.get(name)?].into()))));
        }
        attributes.extend(configured.into_iter().map(|(key, value)| (key, value.into())));
        attributes.extend(service_name.map(|name| (semconv::SERVICE_NAME.into(), name.into())));
        Resource::new(attributes)
    }
}

fn executable() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
    format!("{UNNAMED}{}", name.unwrap_or("rust"))
}

/// Percent-decodes text; `None` when an escape is malformed or the result is not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high << 4 | low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
        resource.attributes().iter().find(|(k, _)| k == key).and_then(|(_, v)| v.as_str())
    }

    #[test]
    fn a_lambda_function_is_named_by_its_environment() {
        let env = Env::from_pairs([
            ("AWS_LAMBDA_FUNCTION_NAME", "billing"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_REGION", "eu-west-1"),
        ]);
        let resource = Resource::detect(&env, vec![("team".into(), "x".into())], None);
        assert_eq!(
            (resource.service_name(), text(&resource, "cloud.region"), text(&resource, "team")),
            ("billing", Some("eu-west-1"), Some("x"))
        );
        assert!(resource.attributes().contains(&("faas.max_memory".into(), Value::I64(134_217_728))));
    }

    #[test]
    fn the_service_name_is_decided_in_order() {
        let env = Env::from_pairs([("AWS_LAMBDA_FUNCTION_NAME", "f")]);
        let configured = vec![("service.name".into(), "from-attributes".into())];
        assert_eq!(Resource::detect(&env, configured.clone(), None).service_name(), "from-attributes");
        assert_eq!(Resource::detect(&env, configured.clone(), Some("own".into())).service_name(), "own");
        let unnamed = Resource::detect(&Env::from_pairs([("", "")]), vec![], None);
        assert_eq!(unnamed.service_name(), format!("unknown_service:{}", unnamed.program_name()));
        assert!(unnamed.program_name().starts_with("thundra_core-"), "the executable: {}", unnamed.program_name());
        assert_eq!(Resource::detect(&env, configured, None).program_name(), "from-attributes");
    }

    #[test]
    fn debug_shows_no_secret() {
        let configured = [("team", "x"), ("db.password", "pw"), ("db.url", "postgres://u:pw@h/x")];
        let configured = configured.map(|(key, value)| (key.to_owned(), Value::from(value)));
        assert_eq!(
            format!("{:?}", Resource::new(configured)),
            r#"Resource {"team": "x", "db.password": "REDACTED", "db.url": "postgres://REDACTED@h/x"}"#
        );
    }

    #[test]
    fn percent_decoding_refuses_what_is_malformed() {
        for (text, decoded) in
            [("a%2Cb", Some("a,b")), ("%", None), ("%f", None), ("%zz", None), ("%ff", None), ("é", Some("é"))]
        {
            assert_eq!(percent_decode(text).as_deref(), decoded, "{text}");
        }
    }
}
